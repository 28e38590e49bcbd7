//! One chain: its lines put together again, wherever they stood, and what is wrong with them.
//!
//! Lines that follow each other, and are chained to each other, are one *piece*; files in order make
//! one piece of a chain, so that all of this costs 32 bytes a line and little more, whatever numbers
//! lines claim to have. At the end the pieces are laid side by side.

use std::collections::HashMap;

use super::entry::{Entry, Kind, digits};
use super::report::{ChainReport, Problem, Start, Tail};
use super::{Anchor, Place};
use crate::audit::chain::{Hash, Head, NONE};
use crate::trace::hex;

/// The most problems of a chain that are told: the first ones say enough.
const PROBLEMS: usize = 100;

/// What is known of a chain.
#[derive(Default)]
pub(super) struct Chain {
    pieces: Vec<Piece>,
    /// The piece that ends with a line.
    ends: HashMap<u64, usize>,
    farm: Option<String>,
    version: Option<String>,
    /// For every source, the highest line since its file began.
    highest: HashMap<usize, u64>,
    /// The first line that came too late, and how many did.
    reordered: Option<(u64, Place, u64)>,
    first: Option<(u64, String)>,
    last: Option<(u64, String)>,
}

/// Lines that follow each other.
struct Piece {
    first: u64,
    /// What the first of them was chained to.
    prev: Hash,
    hashes: Vec<Hash>,
    /// Where the first line is; others are behind it.
    place: Place,
    /// The same for the last line.
    last_place: Place,
    /// Lines that are not requests.
    special: Vec<(u64, Kind)>,
}

/// The pieces side by side: what is there, and what is wrong between them.
#[derive(Default)]
struct Whole {
    /// Lines that are there, each once.
    lines: u64,
    repeated: u64,
    /// Lines that are not requests, in order.
    special: Vec<(u64, Kind)>,
    problems: Vec<Problem>,
}

// === impl Chain ===

impl Chain {
    /// Takes a line.
    pub(super) fn take(&mut self, entry: &Entry, place: Place) {
        self.note(entry, place);
        let before = entry.seq.checked_sub(1).and_then(|seq| self.ends.get(&seq).copied());
        let piece = before.and_then(|index| Some((index, self.pieces.get_mut(index)?)));
        if let Some((index, piece)) = piece
            && piece.hashes.last() == Some(&entry.prev)
        {
            piece.push(entry, place);
            self.ends.remove(&(entry.seq - 1));
            self.ends.entry(entry.seq).or_insert(index);
            return;
        }
        let mut piece = Piece {
            first: entry.seq,
            prev: entry.prev,
            hashes: Vec::new(),
            place,
            last_place: place,
            special: Vec::new(),
        };
        piece.push(entry, place);
        self.ends.entry(entry.seq).or_insert(self.pieces.len());
        self.pieces.push(piece);
    }

    /// Notes what a line says besides its place in the chain.
    fn note(&mut self, entry: &Entry, place: Place) {
        if let Some(farm) = &entry.farm {
            self.farm.get_or_insert_with(|| farm.clone());
            self.version = entry.version.clone().or(self.version.take());
        }
        let earlier = |known: &(u64, String)| entry.seq < known.0;
        if self.first.as_ref().is_none_or(earlier) {
            self.first = Some((entry.seq, entry.time.clone()));
        }
        let later = |known: &(u64, String)| entry.seq > known.0;
        if self.last.as_ref().is_none_or(later) {
            self.last = Some((entry.seq, entry.time.clone()));
        }
        // Files that were put into one begin with such lines, and may be in any order.
        let begins = matches!(entry.kind, Kind::Open | Kind::Continue);
        let highest = self.highest.entry(place.source).or_insert(entry.seq);
        if !begins && entry.seq < *highest {
            let reordered = self.reordered.get_or_insert((entry.seq, place, 0));
            reordered.2 += 1;
        } else {
            *highest = entry.seq;
        }
    }

    /// What is known of it, given the heads that name it.
    pub(super) fn report(
        &self,
        id: &str,
        heads: &[(&Head, Anchor)],
        sources: &[String],
    ) -> ChainReport {
        let pieces = self.in_order();
        let mut whole = Whole::of(&pieces, sources);
        let first = pieces.first().map_or(0, |piece| piece.first);
        let end = pieces.iter().max_by_key(|piece| piece.end());
        let (last, hash) = end.map_or((0, NONE), |piece| (piece.end(), piece.last_hash()));
        self.check_order(sources, &mut whole);
        whole.check_start(&pieces, sources);
        let closed = whole.check_end(last);
        let tail = whole.check_heads(heads, &pieces, (first, last), closed);
        whole.problems.truncate(PROBLEMS);
        let special = u64::try_from(whole.special.len()).unwrap_or_default();
        let lost = whole.special.iter().map(|(_, kind)| kind.lost());
        let time = |of: &Option<(u64, String)>| of.clone().unwrap_or_default().1;
        ChainReport {
            chain: id.to_owned(),
            farm: self.farm.clone(),
            version: self.version.clone(),
            lines: whole.lines,
            requests: whole.lines.saturating_sub(special),
            lost: lost.fold(0, u64::saturating_add),
            repeated: whole.repeated,
            start: if first == 0 { Start::Opened } else { Start::Later { line: first } },
            first_time: time(&self.first),
            last_time: time(&self.last),
            last,
            head: format!("{id}:{last}:{}", hex(&hash)),
            tail,
            problems: whole.problems,
        }
    }

    /// The pieces by their first lines, longer ones first.
    fn in_order(&self) -> Vec<&Piece> {
        let mut pieces: Vec<&Piece> = self.pieces.iter().collect();
        pieces.sort_by_key(|piece| (piece.first, std::cmp::Reverse(piece.hashes.len())));
        pieces
    }

    fn check_order(&self, sources: &[String], whole: &mut Whole) {
        if let Some((line, place, lines)) = self.reordered {
            // What was read twice is in order each time.
            if lines > whole.repeated {
                let place = place.shown(sources);
                whole.problems.push(Problem::Reordered { line, place, lines });
            }
        }
    }
}

// === impl Piece ===

impl Piece {
    fn push(&mut self, entry: &Entry, place: Place) {
        self.hashes.push(entry.hash);
        self.last_place = place;
        if entry.kind != Kind::Request {
            self.special.push((entry.seq, entry.kind));
        }
    }

    /// The number of its last line. INVARIANT: a piece has one line at least.
    fn end(&self) -> u64 {
        self.first.saturating_add((self.hashes.len() as u64).saturating_sub(1))
    }

    fn last_hash(&self) -> Hash {
        self.hashes.last().copied().unwrap_or(NONE)
    }

    fn hash(&self, line: u64) -> Option<&Hash> {
        self.hashes.get(usize::try_from(line.checked_sub(self.first)?).ok()?)
    }
}

// === impl Whole ===

impl Whole {
    fn of(pieces: &[&Piece], sources: &[String]) -> Self {
        let mut whole = Self::default();
        let mut before: Option<&Piece> = None;
        for piece in pieces {
            if let Some(before) = before {
                whole.lay(piece, before, sources);
            } else {
                whole.lines += piece.hashes.len() as u64;
            }
            whole.special.extend(&piece.special);
            if before.is_none_or(|before| before.end() < piece.end()) {
                before = Some(piece);
            }
        }
        whole.special.sort_by_key(|(line, _)| *line);
        whole.special.dedup();
        whole
    }

    /// Lays a piece behind, or over, the one that reaches farthest so far. INVARIANT: pieces come by
    /// their first lines, so whatever of it is there already is in that one.
    fn lay(&mut self, piece: &Piece, before: &Piece, sources: &[String]) {
        let next = before.end().saturating_add(1);
        if piece.first > next {
            let before = piece.place.shown(sources);
            self.problems.push(Problem::Missing { from: next, to: piece.first - 1, before });
        } else if piece.first == next && piece.prev != before.last_hash() {
            let place = before.last_place.shown(sources);
            self.problems.push(Problem::Changed { line: before.end(), place });
        }
        let mut forked = false;
        for (line, hash) in (piece.first..).zip(&piece.hashes) {
            match before.hash(line) {
                Some(known) if known == hash => self.repeated += 1,
                Some(_) if forked => {}
                Some(_) => {
                    forked = true;
                    let place = piece.place.shown(sources);
                    self.problems.push(Problem::Forked { line, place });
                }
                None => self.lines += 1,
            }
        }
    }

    /// The first line of all opens the chain, and no other does.
    fn check_start(&mut self, pieces: &[&Piece], sources: &[String]) {
        let is_first = |piece: &&&Piece| piece.first == 0;
        let chained_to_none = pieces.iter().filter(is_first).all(|piece| piece.prev == NONE);
        let opens: Vec<u64> =
            self.special.iter().filter(|(_, kind)| *kind == Kind::Open).map(|it| it.0).collect();
        let Some(first) = pieces.first() else { return };
        let wanted: &[u64] = if first.first == 0 { &[0] } else { &[] };
        if !chained_to_none || opens != wanted {
            self.problems.push(Problem::BadStart { place: first.place.shown(sources) });
        }
    }

    /// Whether the last line ends the chain, and nothing stands behind such a line.
    fn check_end(&mut self, last: u64) -> bool {
        let closes = self.special.iter().filter_map(|(line, kind)| match kind {
            Kind::Close(lines) => Some((*line, *lines)),
            _ => None,
        });
        let closes: Vec<_> = closes.collect();
        let bad = closes
            .iter()
            .find(|(line, lines)| *line != last || Some(*lines) != last.checked_add(1));
        if let Some((line, _)) = bad {
            self.problems.push(Problem::BadEnd { line: *line });
        }
        bad.is_none() && !closes.is_empty()
    }

    /// Holds the chain against its heads, and says how it ends.
    fn check_heads(
        &mut self,
        heads: &[(&Head, Anchor)],
        pieces: &[&Piece],
        (first, last): (u64, u64),
        closed: bool,
    ) -> Tail {
        let mut kept = None;
        let mut cut = None;
        for (head, anchor) in heads {
            let line = head.seq;
            if line > last {
                cut = cut.max(Some(line));
                continue;
            }
            if line < first {
                if *anchor == Anchor::Kept {
                    self.problems.push(Problem::HeadBefore { line });
                }
                continue;
            }
            let hash = digits(&head.hash);
            let mut there = pieces.iter().filter_map(|piece| piece.hash(line)).peekable();
            // If the line itself is missing, that is told already.
            let missing = there.peek().is_none();
            if there.any(|known| Some(known) == hash.as_ref()) {
                if *anchor == Anchor::Kept {
                    kept = kept.max(Some(line));
                }
            } else if !missing {
                self.problems.push(Problem::HeadRefuted { line });
            }
        }
        if let Some(head) = cut {
            self.problems.push(Problem::CutOff { from: last.saturating_add(1), head });
            return Tail::Cut { line: last, head };
        }
        match kept {
            _ if closed => Tail::Closed,
            Some(line) => Tail::Anchored { line },
            None => Tail::Unanchored { line: last },
        }
    }
}

// === impl Kind ===

impl Kind {
    /// How many lines it says are lost.
    fn lost(self) -> u64 {
        if let Kind::Lost(count) = self { count } else { 0 }
    }
}

// === impl Place ===

impl Place {
    fn shown(self, sources: &[String]) -> String {
        let name = sources.get(self.source).map_or("", String::as_str);
        format!("{name}:{}", self.number)
    }
}
