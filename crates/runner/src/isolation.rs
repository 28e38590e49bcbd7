//! What is kept apart today, and what isn't: said plainly, so that nobody believes in more.
//!
//! It enforces nothing.

use crate::keeper::{self, Mode};

/// One kind of isolation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enforced {
    /// What it is about, in a word or two.
    pub what: &'static str,
    /// Whether it is enforced.
    pub enforced: bool,
    /// How, or what is missing: half a sentence.
    pub how: &'static str,
}

/// What is enforced for what this process starts.
#[must_use]
pub fn isolation() -> Vec<Enforced> {
    let yes = |what, how| Enforced { what, enforced: true, how };
    let no = |what, how| Enforced { what, enforced: false, how };
    let (end, processes) = match keeper::mode() {
        Mode::Namespace => (
            yes("end", "nothing that a server started survives, even if farmgate is killed"),
            yes("processes", "a server sees and signals only its own (PID namespace)"),
        ),
        Mode::Keeper => (
            yes(
                "end",
                "nothing survives, but for daemons if farmgate and a keeper are killed at once",
            ),
            no("processes", "a server sees, and may signal, all processes of this user"),
        ),
        Mode::Group => (
            no("end", "a server's process group is killed; daemons may survive"),
            no("processes", "a server sees, and may signal, all processes of this user"),
        ),
    };
    vec![
        end,
        yes("environment", "a server gets its own variables and secrets, and none of farmgate's"),
        yes("terminal", "a server has a session of its own and no terminal"),
        processes,
        no("network", "a server reaches whatever this machine reaches"),
        no("files", "a server reads and writes whatever this user may"),
        no("memory", "memory and processor time are measured, not limited"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_enforced_is_said() {
        let list = isolation();
        for what in ["network", "files", "memory"] {
            assert!(list.iter().any(|entry| entry.what == what && !entry.enforced), "{what}");
        }
    }
}
