//! The kernel's table of processes, read from /proc.
//!
//! Linux only, as the whole crate. A process that ends while it is read is left out.

use std::collections::BTreeSet;
use std::fs;

/// A process, as /proc/PID/stat says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    /// `Z` for one that ended and wasn't waited for.
    pub(crate) state: u8,
    /// Clock ticks that it ran, in user mode and in the kernel.
    pub(crate) ticks: u64,
    /// Clock ticks of those of its children that it waited for.
    pub(crate) reaped_ticks: u64,
    /// Resident pages.
    pub(crate) pages: u64,
}

/// All processes; none if /proc can't be read.
pub(crate) fn all() -> Vec<Entry> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter_map(one).collect()
}

/// One process.
pub(crate) fn one(pid: u32) -> Option<Entry> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The children of a process.
pub(crate) fn children(of: u32) -> Vec<Entry> {
    all().into_iter().filter(|entry| entry.parent == of).collect()
}

/// Everything below a process: its children, theirs, and so on.
pub(crate) fn descendants(of: u32) -> Vec<Entry> {
    let mut rest = all();
    let mut above = BTreeSet::from([of]);
    let mut found = Vec::new();
    loop {
        let (next, others): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|entry| above.contains(&entry.parent));
        if next.is_empty() {
            return found;
        }
        above = next.iter().map(|entry| entry.pid).collect();
        found.extend(next);
        rest = others;
    }
}

/// A line of /proc/PID/stat (proc_pid_stat(5)). The name, in parentheses, may hold anything, so what
/// follows is counted from the last parenthesis.
fn parse(stat: &str) -> Option<Entry> {
    let (before, after) = stat.rsplit_once(')')?;
    let pid = before.split(' ').next()?.parse().ok()?;
    let fields: Vec<&str> = after.split_ascii_whitespace().collect();
    // Field 3 of the manual page is the first here.
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Entry {
        pid,
        parent: u32::try_from(number(4)?).ok()?,
        state: fields.first()?.bytes().next()?,
        ticks: number(14)?.saturating_add(number(15)?),
        reaped_ticks: number(16)?.saturating_add(number(17)?),
        pages: number(24)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let stat = "42 (a) R 1 (b) S 7 42 42 0 -1 4194560 100 0 0 0 3 4 5 6 20 0 1 0 100 1000 25 1";
        let entry = parse(stat).unwrap();
        assert_eq!((entry.pid, entry.parent, entry.state), (42, 7, b'S'));
        assert_eq!((entry.ticks, entry.reaped_ticks, entry.pages), (7, 11, 25));
        assert!(parse("").is_none() && parse("1 (x) S").is_none());
    }

    #[test]
    fn we_are_in_the_table_below_our_parent() {
        let own = std::process::id();
        let parent = one(own).unwrap().parent;
        assert!(children(parent).iter().any(|entry| entry.pid == own));
        assert!(descendants(1).iter().any(|entry| entry.pid == own) || own == 1);
    }
}
