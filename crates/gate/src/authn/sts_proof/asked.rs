//! What STS said of proofs, remembered for as long as they hold, and how often it is asked: once for
//! each proof, however many requests bring it at a time, and so many at a time in all.
//!
//! What is kept is the hash of a proof and never the proof. A refusal is remembered, too. All tables
//! are bounded; what doesn't fit is asked again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use farmgate_keys::Principal;
use http::request::Parts;
use tokio::sync::{Semaphore, watch};

use super::answer::Answer;
use super::ask::{Endpoint, PATIENCE};
use super::{Callers, Sts, principal};
use crate::principal::unix_now;

/// Proofs of callers whom the farm wants, of which as many are kept.
const MOST_CALLERS: usize = 16 << 10;
/// Others: whoever has any credentials of AWS, or none, can make those. They have a table of their
/// own so that they push nobody out.
const MOST_OTHERS: usize = 4 << 10;
/// Questions under way at a time.
const AT_ONCE: usize = 16;
/// Questions that are under way or wait for that.
const MOST_WAITING: usize = 256;
/// Seconds for which nobody asks again when STS couldn't be asked.
const PAUSE: i64 = 2;

/// A proof's hash.
pub(super) type Key = [u8; 32];

/// What is known of a proof.
#[derive(Debug, Clone)]
pub(super) enum Said {
    /// Who signed it.
    Caller(Arc<Principal>),
    /// STS refuses it.
    Nobody,
    /// STS couldn't be asked; a word for the audit.
    Unclear(&'static str),
}

/// A proof to ask about.
pub(super) struct Question {
    pub(super) key: Key,
    /// The last second in which the proof holds.
    pub(super) expires: i64,
    pub(super) head: Parts,
    pub(super) endpoint: Arc<Endpoint>,
    /// Whom the farm wants.
    pub(super) callers: Arc<Callers>,
}

/// What STS said, and what it is being asked.
pub(crate) struct Asked {
    sts: Sts,
    turns: Semaphore,
    known: Mutex<Known>,
}

struct Known {
    callers: Table,
    others: Table,
    under_way: HashMap<Key, watch::Receiver<Option<Said>>>,
}

/// Answers with the last second in which they hold.
struct Table {
    said: HashMap<Key, (Said, i64)>,
    most: usize,
}

/// A question under way. However it ends, those that wait for it learn so.
struct UnderWay {
    asked: Arc<Asked>,
    key: Key,
    tell: watch::Sender<Option<Said>>,
}

/// The hash of a proof's text.
pub(super) fn key(text: &str) -> Key {
    let mut key = Key::default();
    key.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    key
}

// === impl Asked ===

impl Asked {
    pub(crate) fn new(sts: Sts) -> Self {
        let known = Known {
            callers: Table::of(MOST_CALLERS),
            others: Table::of(MOST_OTHERS),
            under_way: HashMap::new(),
        };
        Self { sts, turns: Semaphore::new(AT_ONCE), known: Mutex::new(known) }
    }

    pub(super) fn sts(&self) -> &Sts {
        &self.sts
    }

    /// What STS said of this proof before.
    pub(super) fn known(&self, key: &Key, now: i64) -> Option<Said> {
        let known = self.lock();
        known.callers.get(key, now).or_else(|| known.others.get(key, now))
    }

    /// What STS says of it; asks unless somebody does already. The question goes on if the caller
    /// goes away, since others may wait for it. Must run within a `LocalSet`.
    pub(super) async fn ask(this: &Arc<Self>, question: Question) -> Said {
        let (mut answered, tell) = {
            let mut known = this.lock();
            if let Some(said) = known.get(&question.key) {
                return said;
            }
            match known.under_way.get(&question.key) {
                Some(answered) => (answered.clone(), None),
                None if known.under_way.len() >= MOST_WAITING => return Said::Unclear("sts_busy"),
                None => {
                    let (tell, answered) = watch::channel(None);
                    known.under_way.insert(question.key, answered.clone());
                    (answered, Some(tell))
                }
            }
        };
        if let Some(tell) = tell {
            let under_way = UnderWay { asked: Arc::clone(this), key: question.key, tell };
            tokio::task::spawn_local(under_way.run(question));
        }
        let said = answered.wait_for(Option::is_some).await;
        said.ok().and_then(|said| said.clone()).unwrap_or(Said::Unclear("sts_unreachable"))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Every table is written as a whole: what a panic left behind is sound.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl UnderWay ===

impl UnderWay {
    async fn run(self, question: Question) {
        let Question { expires, head, endpoint, callers, .. } = question;
        let turn = tokio::time::timeout(PATIENCE, self.asked.turns.acquire()).await;
        let said = match turn {
            Ok(Ok(_turn)) => match endpoint.ask(&self.asked.sts, head).await {
                Ok(Answer::Caller(arn)) => Said::Caller(Arc::new(principal(arn))),
                Ok(Answer::Wrong) => Said::Nobody,
                Err(_) => Said::Unclear("sts_unreachable"),
            },
            _ => Said::Unclear("sts_busy"),
        };
        let now = unix_now();
        {
            let mut known = self.asked.lock();
            match &said {
                Said::Caller(principal) if callers.has(&principal.subject) => {
                    known.callers.put(self.key, &said, expires, now);
                }
                Said::Caller(_) | Said::Nobody => known.others.put(self.key, &said, expires, now),
                Said::Unclear(_) => known.others.put(self.key, &said, now + PAUSE, now),
            }
        }
        self.tell.send_replace(Some(said));
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.asked.lock().under_way.remove(&self.key);
    }
}

// === impl Known ===

impl Known {
    fn get(&self, key: &Key) -> Option<Said> {
        let now = unix_now();
        self.callers.get(key, now).or_else(|| self.others.get(key, now))
    }
}

// === impl Table ===

impl Table {
    fn of(most: usize) -> Self {
        Self { said: HashMap::new(), most }
    }

    fn get(&self, key: &Key, now: i64) -> Option<Said> {
        let (said, until) = self.said.get(key)?;
        (now <= *until).then(|| said.clone())
    }

    fn put(&mut self, key: Key, said: &Said, until: i64, now: i64) {
        if self.said.len() >= self.most {
            self.said.retain(|_, (_, until)| now <= *until);
        }
        if self.said.len() < self.most {
            self.said.insert(key, (said.clone(), until));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_table_is_bounded_and_forgets_what_is_over() {
        let mut table = Table::of(3);
        let now = 1_800_000_000;
        for number in 0..10 {
            table.put([number; 32], &Said::Nobody, now + i64::from(number), now);
        }
        assert_eq!(table.said.len(), 3);
        assert!(table.get(&[2; 32], now + 2).is_some());
        assert!(table.get(&[2; 32], now + 3).is_none(), "it is over");
        assert!(table.get(&[9; 32], now).is_none(), "there was no room");
        table.put([9; 32], &Said::Nobody, now + 9, now + 2);
        assert!(table.get(&[9; 32], now + 9).is_some());
        assert_eq!(table.said.len(), 2);
    }
}
