//! Reads lines of audits again and says whether they are those that were written.
//!
//! It takes what there is: several files in any order, chains of several gates in one file, with
//! lines of others between them, as a log group of many tasks is exported. A chain proves that
//! nothing inside it was changed, removed or put elsewhere; that nothing was cut off at its end, it
//! proves only with its last line or with a head that was kept elsewhere. Of what came before the
//! first line that is there, it says nothing. (`docs/audit.md` says what that is worth.)

mod chains;
mod entry;
mod report;

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read as _};

use chains::Chain;
use entry::{Entry, Found};

pub use report::{ChainReport, Problem, Report, Start, Tail};

use super::chain::Head;

/// The longest line that can be one of ours.
const LONGEST: usize = 1 << 20;

/// Reads lines and remembers 32 bytes of each.
#[derive(Default)]
pub struct Verifier {
    chains: BTreeMap<String, Chain>,
    /// Heads that were given, or found between the lines.
    heads: Vec<(Head, Anchor)>,
    sources: Vec<String>,
    others: u64,
}

/// Where a head comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    /// Whoever asks kept it.
    Kept,
    /// It stood among the lines, where whoever changes those can change it as well. So it can only
    /// refute.
    Found,
}

// === impl Verifier ===

impl Verifier {
    /// With heads that were kept where nobody who may have changed the lines could reach them.
    #[must_use]
    pub fn new(heads: Vec<Head>) -> Self {
        let heads = heads.into_iter().map(|head| (head, Anchor::Kept)).collect();
        Self { heads, ..Self::default() }
    }

    /// Reads a file. Its name is for the report.
    ///
    /// # Errors
    /// If it can't be read to its end.
    pub fn read(&mut self, name: &str, mut from: impl BufRead) -> io::Result<()> {
        let source = self.sources.len();
        self.sources.push(name.to_owned());
        let mut buffer = Vec::new();
        let mut number = 0;
        loop {
            buffer.clear();
            let most = LONGEST as u64 + 1;
            if from.by_ref().take(most).read_until(b'\n', &mut buffer)? == 0 {
                return Ok(());
            }
            number += 1;
            if buffer.len() > LONGEST && !buffer.ends_with(b"\n") {
                skip_line(&mut from)?;
                self.others += 1;
                continue;
            }
            let line = buffer.strip_suffix(b"\n").unwrap_or(&buffer);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match Found::of(line) {
                Found::Line(entry) => self.take(&entry, Place { source, number }),
                Found::Head(head) => self.heads.push((head, Anchor::Found)),
                Found::Blank => {}
                Found::Other => self.others += 1,
            }
        }
    }

    fn take(&mut self, entry: &Entry, place: Place) {
        if !self.chains.contains_key(&entry.chain) {
            self.chains.insert(entry.chain.clone(), Chain::default());
        }
        if let Some(chain) = self.chains.get_mut(&entry.chain) {
            chain.take(entry, place);
        }
    }

    /// What was found.
    #[must_use]
    pub fn finish(self) -> Report {
        let mut unknown = Vec::new();
        let mut heads: BTreeMap<&str, Vec<(&Head, Anchor)>> = BTreeMap::new();
        for (head, anchor) in &self.heads {
            if self.chains.contains_key(&head.chain) {
                heads.entry(&head.chain).or_default().push((head, *anchor));
            } else if *anchor == Anchor::Kept {
                unknown.push(head.to_string());
            }
        }
        let report = |(id, chain): (&String, &Chain)| {
            let heads = heads.get(id.as_str()).map_or(&[][..], Vec::as_slice);
            chain.report(id, heads, &self.sources)
        };
        let mut chains: Vec<ChainReport> = self.chains.iter().map(report).collect();
        chains.sort_by(|a, b| a.first_time.cmp(&b.first_time));
        let intact = unknown.is_empty() && chains.iter().all(|chain| chain.problems.is_empty());
        Report { intact, chains, heads_without_lines: unknown, other_lines: self.others }
    }
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    source: usize,
    /// From 1.
    number: u64,
}

/// Reads on to the end of a line that is too long to keep.
fn skip_line(from: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = from.fill_buf()?;
        let (used, ended) = match memchr::memchr(b'\n', buffer) {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        from.consume(used);
        if ended {
            return Ok(());
        }
    }
}
