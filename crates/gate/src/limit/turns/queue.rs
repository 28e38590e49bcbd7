//! Who waits for a server: one line for each principal, and lines take turns.
//!
//! Plain data; counting and locking are its owner's.

use std::collections::{HashMap, VecDeque};

use tokio::sync::oneshot;

use super::{Key, Permit};

/// A request that waits.
pub(super) struct Waiter {
    pub(super) principal: Key,
    /// Where it learns that its turn has come.
    pub(super) turn: oneshot::Sender<Permit>,
    ticket: u64,
}

/// All that wait for one server.
#[derive(Default)]
pub(super) struct Queue {
    lines: HashMap<Key, VecDeque<Waiter>>,
    /// Whose turn it is: every principal with a line, once.
    turns: VecDeque<Key>,
    length: usize,
    tickets: u64,
}

// === impl Queue ===

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Puts a request at the end of its principal's line.
    pub(super) fn push(&mut self, principal: Key, turn: oneshot::Sender<Permit>) -> u64 {
        self.tickets += 1;
        let ticket = self.tickets;
        let line = self.lines.entry(principal).or_default();
        if line.is_empty() {
            self.turns.push_back(principal);
        }
        line.push_back(Waiter { principal, turn, ticket });
        self.length += 1;
        ticket
    }

    /// The request whose turn it is: the first of the first line for which `may` holds, which then
    /// goes to the end.
    pub(super) fn next(&mut self, mut may: impl FnMut(Key) -> bool) -> Option<Waiter> {
        let at = self.turns.iter().position(|principal| may(*principal))?;
        let principal = self.turns.remove(at)?;
        let line = self.lines.get_mut(&principal)?;
        let waiter = line.pop_front()?;
        self.length -= 1;
        if line.is_empty() {
            self.lines.remove(&principal);
        } else {
            self.turns.push_back(principal);
        }
        Some(waiter)
    }

    /// Takes out the newest request of the longest line, if that is longer than the line of
    /// `newcomer` would be. Gives whose it was.
    pub(super) fn put_out(&mut self, newcomer: Key) -> Option<Key> {
        let own = self.lines.get(&newcomer).map_or(0, VecDeque::len);
        let (principal, line) = self.lines.iter_mut().max_by_key(|(_, line)| line.len())?;
        if line.len() <= own + 1 {
            return None;
        }
        let principal = *principal;
        line.pop_back()?;
        self.length -= 1;
        Some(principal)
    }

    /// Takes a request out; false if it isn't there any more.
    pub(super) fn leave(&mut self, principal: Key, ticket: u64) -> bool {
        let Some(line) = self.lines.get_mut(&principal) else { return false };
        let Some(at) = line.iter().position(|waiter| waiter.ticket == ticket) else { return false };
        line.remove(at);
        self.length -= 1;
        if line.is_empty() {
            self.lines.remove(&principal);
            self.turns.retain(|other| *other != principal);
        }
        true
    }
}
