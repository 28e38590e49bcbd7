//! What verification says: plain data, for people and programs.

use serde::Serialize;

/// What is known of all lines that were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing is wrong with any chain, and every head that was given has its line.
    pub intact: bool,
    /// The chains, the oldest first.
    pub chains: Vec<ChainReport>,
    /// Heads that were given, and of whose chains no line was read.
    pub heads_without_lines: Vec<String>,
    /// Lines that belong to no audit: other programs', or ones that can't be read any more.
    pub other_lines: u64,
}

/// What is known of one chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainReport {
    /// Its id.
    pub chain: String,
    /// The farm whose gate wrote it, if its first line or that of a later file is there.
    pub farm: Option<String>,
    /// The program that wrote it.
    pub version: Option<String>,
    /// Lines that were read, each once.
    pub lines: u64,
    /// Of which are requests.
    pub requests: u64,
    /// Requests whose lines could not be written when they should have been, as the chain itself
    /// tells.
    pub lost: u64,
    /// Lines that were read more than once, each time the same.
    pub repeated: u64,
    /// Where it starts.
    pub start: Start,
    /// The time in the first line that is there.
    pub first_time: String,
    /// The time in the last line that is there.
    pub last_time: String,
    /// The number of the last line that is there.
    pub last: u64,
    /// Its hash, to be kept as a head: `CHAIN:LAST:HASH`.
    pub head: String,
    /// How it ends.
    pub tail: Tail,
    /// What is wrong; nothing if it is intact.
    pub problems: Vec<Problem>,
}

/// Where a chain starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Start {
    /// With its first line.
    Opened,
    /// Later: of earlier lines nothing is known. They may be in an older file.
    Later {
        /// The first line that is there.
        line: u64,
    },
}

/// How a chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Tail {
    /// With its last line: the gate ended, and nothing was cut off.
    Closed,
    /// A head that was kept says that at least the lines up to it are there; later ones may have
    /// been cut off.
    Anchored {
        /// The line of the head.
        line: u64,
    },
    /// Nobody can say whether there was more: the gate may still run, it may have crashed, or the
    /// tail may have been cut off.
    Unanchored {
        /// The last line that is there.
        line: u64,
    },
    /// Lines are missing that were there once.
    Cut {
        /// The last line that is there.
        line: u64,
        /// The last line that a head names.
        head: u64,
    },
}

/// Something that is wrong with a chain. Lines are numbered as in their `seq`, from 0; a place is a
/// file with a line of it, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Problem {
    /// The line is not the one that the next line was chained to: one of the two was changed.
    Changed {
        /// The line.
        line: u64,
        /// Where it is.
        place: String,
    },
    /// Lines are missing.
    Missing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
        /// Where the next line is.
        before: String,
    },
    /// Two lines have one number and are not the same.
    Forked {
        /// The number.
        line: u64,
        /// Where one of them is.
        place: String,
    },
    /// Within one file, a line stands behind a later one.
    Reordered {
        /// The line that came too late.
        line: u64,
        /// Where it is.
        place: String,
        /// How many did.
        lines: u64,
    },
    /// The first line of all is not as a first line is.
    BadStart {
        /// Where it is.
        place: String,
    },
    /// A line stands behind the one with which the chain ended, or that one counts other lines.
    BadEnd {
        /// The last line.
        line: u64,
    },
    /// A head names this line with another hash.
    HeadRefuted {
        /// The line.
        line: u64,
    },
    /// A head names a line behind the last one: what came between is cut off.
    CutOff {
        /// The first line that is missing.
        from: u64,
        /// The line of the head.
        head: u64,
    },
    /// A head that was given names a line before the first that is there, so it proves nothing.
    HeadBefore {
        /// The line of the head.
        line: u64,
    },
}
