//! Kills everything that can be killed, in every order, and looks for survivors.
//!
//! Regression test for what stdio bridges are known for: children that leak ("one report: 55 GB of
//! swap"). Processes are found by a mark in their environment, which they all inherit; the program
//! under test does what real ones do: a shell that starts a shell, children in the background, one
//! in a session of its own, and a daemon whose parent is gone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Sleeps for longer than any test, in five ways.
const FAMILY: &str = "sleep 987 & setsid sleep 986 & (setsid sh -c 'sleep 985 & sleep 984' &) ; \
                      sh -c 'sleep 983 & sleep 982' & echo up; sleep 981; true";

/// The same, deaf to what can be ignored.
const DEAF: &str = "trap '' TERM INT HUP QUIT; sh -c 'sleep 983 & sleep 982' & \
                    (setsid sh -c 'sleep 985; true' &) ; echo up; sleep 981; sleep 980";

/// How long the kernel and a keeper may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Namespace,
    Keeper,
}

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Farmgate,
    Keeper,
    /// The keeper inside the namespace; there is none otherwise.
    Inner,
    Program,
    Grandchild,
    Daemon,
}

const VICTIMS: [Victim; 6] = [
    Victim::Farmgate,
    Victim::Keeper,
    Victim::Inner,
    Victim::Program,
    Victim::Grandchild,
    Victim::Daemon,
];

struct Held {
    farmgate: Child,
    mark: String,
    /// Kept open: what is printed isn't to fail.
    printed: BufReader<std::process::ChildStdout>,
}

// === impl Held ===

impl Held {
    fn start(mode: Mode, program: &str) -> Option<Self> {
        Self::start_as(Command::new(env!("CARGO_BIN_EXE_farmgate-hold")), mode, program)
    }

    /// None if the kernel allows no namespace here.
    fn start_as(mut command: Command, mode: Mode, program: &str) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mark = format!("mark-{}-{number}-end", std::process::id());
        if mode == Mode::Keeper {
            command.env("FARMGATE_NAMESPACES", "off");
        }
        command.arg(&mark).arg("adopt").args(["sh", "-c", program]);
        let mut farmgate =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the stand-in");
        let mut printed = BufReader::new(farmgate.stdout.take().unwrap());
        let mut line = String::new();
        printed.read_line(&mut line).unwrap();
        assert!(line.starts_with("held "), "{line}");
        let mut held = Self { farmgate, mark, printed };
        if mode == Mode::Namespace && line.trim_end() != "held Namespace" {
            held.end();
            return None;
        }
        assert_eq!(line.trim_end(), format!("held {mode:?}"));
        // The family is complete when the last of it sleeps.
        held.until("the family runs", |held| {
            held.survivors().iter().any(|(_, command)| command.starts_with("sleep 98"))
                && held.find(Victim::Daemon).is_some()
                && held.find(Victim::Grandchild).is_some()
        });
        Some(held)
    }

    /// All processes with the mark, with their command lines.
    fn survivors(&self) -> Vec<(u32, String)> {
        let mark = format!("MARK={}", self.mark);
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let marked = pids.filter(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
        });
        let with_command = marked.map(|pid| {
            let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            (pid, String::from_utf8_lossy(&command).replace('\0', " "))
        });
        with_command.collect()
    }

    fn find(&self, victim: Victim) -> Option<u32> {
        if victim == Victim::Farmgate {
            return Some(self.farmgate.id());
        }
        let survivors = self.survivors();
        let starting = |start: &str| {
            survivors.iter().find(|(_, command)| command.starts_with(start)).map(|(pid, _)| *pid)
        };
        match victim {
            Victim::Farmgate => None,
            Victim::Keeper => starting("farmgate keep-process outer")
                .or_else(|| starting("farmgate keep-process plain")),
            Victim::Inner => survivors
                .iter()
                .find(|(_, command)| command.contains("keep-process inner"))
                .map(|(pid, _)| *pid),
            Victim::Program => survivors
                .iter()
                .find(|(_, command)| command.starts_with("sh -c") && command.contains("echo up"))
                .map(|(pid, _)| *pid),
            Victim::Grandchild => starting("sleep 982"),
            Victim::Daemon => starting("sh -c sleep 985"),
        }
    }

    fn kill(&self, victim: Victim, signal: Signal) {
        let pid = self.find(victim).and_then(|pid| Pid::from_raw(i32::try_from(pid).unwrap()));
        if let Some(pid) = pid {
            let _gone = kill_process(pid, signal);
        }
    }

    fn until(&mut self, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(began.elapsed() < PATIENCE, "{what}: not so, left are {:#?}", self.survivors());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn until_nobody_is_left(&mut self, what: &str) {
        self.until(what, |held| {
            // A zombie has no environment, and waits for us.
            let _ended = held.farmgate.try_wait();
            held.survivors().is_empty()
        });
    }

    fn kill_survivors(&self) {
        for (pid, _) in self.survivors() {
            let _gone =
                kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL);
        }
    }

    /// Ends the stand-in as a machine that fails would.
    fn end(&mut self) {
        let _gone = self.farmgate.kill();
        let _status = self.farmgate.wait();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.end();
        // Keepers get their time: one that is killed now leaves a daemon, without a namespace.
        let began = Instant::now();
        while !self.survivors().is_empty() && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.kill_survivors();
    }
}

fn in_both_modes(check: impl Fn(Mode)) {
    check(Mode::Keeper);
    check(Mode::Namespace);
}

#[test]
fn one_is_killed_and_then_farmgate() {
    in_both_modes(|mode| {
        for victim in VICTIMS {
            for signal in [Signal::KILL, Signal::TERM, Signal::INT] {
                let Some(mut held) = Held::start(mode, FAMILY) else { return };
                let what = format!("{mode:?}: {victim:?} by {signal:?}");
                let Some(pid) = held.find(victim) else { continue };
                held.kill(victim, signal);
                match victim {
                    // The end of one of these is the end of all, with nothing more done.
                    Victim::Farmgate => held.until_nobody_is_left(&what),
                    // (A shell that waits for another program may ignore SIGINT.)
                    Victim::Program if signal != Signal::INT => held.until_nobody_is_left(&what),
                    // A keeper that is asked to end asks the program to.
                    Victim::Keeper | Victim::Inner => {
                        held.until_nobody_is_left(&format!("{what} ({pid})"));
                    }
                    _ => {}
                }
                held.end();
                held.until_nobody_is_left(&format!("{what}, then farmgate"));
            }
        }
    });
}

#[test]
fn a_keeper_that_is_killed_takes_all_with_it_while_farmgate_lives() {
    in_both_modes(|mode| {
        let Some(mut held) = Held::start(mode, FAMILY) else { return };
        held.kill(Victim::Keeper, Signal::KILL);
        held.until_nobody_is_left(&format!("{mode:?}"));
    });
}

#[test]
fn two_are_killed_at_once_in_every_order() {
    in_both_modes(|mode| {
        for first in VICTIMS {
            for second in VICTIMS {
                let both = [first, second];
                let farmgate = both.contains(&Victim::Farmgate);
                // Without a namespace nobody is left then who could end a daemon: docs/bridge.md
                // says so.
                let hopeless = mode == Mode::Keeper && farmgate && both.contains(&Victim::Keeper);
                if first == second || hopeless {
                    continue;
                }
                let Some(mut held) = Held::start(mode, FAMILY) else { return };
                held.kill(first, Signal::KILL);
                held.kill(second, Signal::KILL);
                let what = format!("{mode:?}: {first:?} and {second:?}");
                if mode == Mode::Keeper && both.contains(&Victim::Keeper) {
                    held.until_nobody_is_left(&what);
                }
                held.end();
                held.until_nobody_is_left(&what);
            }
        }
    });
}

#[test]
fn without_a_namespace_the_program_itself_dies_with_farmgate_and_keeper() {
    let mut held = Held::start(Mode::Keeper, FAMILY).unwrap();
    held.kill(Victim::Keeper, Signal::STOP);
    held.kill(Victim::Farmgate, Signal::KILL);
    held.kill(Victim::Keeper, Signal::KILL);
    held.until("the program is gone", |held| held.find(Victim::Program).is_none());
    held.kill_survivors();
}

#[test]
fn all_at_once_by_a_group_kill_of_farmgates_own() {
    in_both_modes(|mode| {
        let Some(mut held) = Held::start(mode, FAMILY) else { return };
        for (pid, _) in held.survivors() {
            let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
            let _gone = kill_process(pid, Signal::TERM);
        }
        held.end();
        held.until_nobody_is_left(&format!("{mode:?}: SIGTERM to all"));
    });
}

#[test]
fn who_ignores_signals_is_killed_after_the_patience() {
    in_both_modes(|mode| {
        for signal in [Signal::TERM, Signal::INT] {
            let Some(mut held) = Held::start(mode, DEAF) else { return };
            held.kill(Victim::Farmgate, signal);
            held.until_nobody_is_left(&format!("{mode:?}: {signal:?}"));
            assert_eq!(held.farmgate.wait().unwrap().code(), Some(0));
        }
    });
}

#[test]
fn an_ordinary_user_leaves_nobody_either() {
    let setpriv = Command::new("setpriv").arg("--version").stdout(Stdio::null()).status();
    if !rustix::process::getuid().is_root() || !setpriv.is_ok_and(|status| status.success()) {
        eprintln!("skipped: needs root and setpriv, to become somebody else");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("hold");
    fs::copy(env!("CARGO_BIN_EXE_farmgate-hold"), &program).unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode;
    fs::set_permissions(folder.path(), open(0o755)).unwrap();
    in_both_modes(|mode| {
        for victim in [Victim::Farmgate, Victim::Keeper, Victim::Inner, Victim::Program] {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&program);
            let Some(mut held) = Held::start_as(command, mode, FAMILY) else {
                eprintln!("skipped: no user namespaces here");
                return;
            };
            if victim == Victim::Inner && mode == Mode::Keeper {
                continue;
            }
            held.kill(victim, Signal::KILL);
            held.until_nobody_is_left(&format!("{mode:?}: {victim:?}"));
        }
    });
}

#[test]
fn in_a_namespace_farmgate_can_neither_be_seen_nor_signalled() {
    // The shell's own number is small, and that of farmgate is not to be found.
    let look = "for it in 1 2 3 4 5; do :; done; ls /proc | grep -c '^[0-9]*$'; \
                sleep 985 & sleep 982 & sh -c 'sleep 985; true' & sleep 981";
    let Some(mut held) = Held::start(Mode::Namespace, look) else { return };
    let pid = held.find(Victim::Farmgate).unwrap();
    assert!(held.survivors().len() > 3 && pid > 1);
    let inside = held.find(Victim::Inner).unwrap();
    let own = fs::read_link(format!("/proc/{inside}/ns/pid")).unwrap();
    assert_ne!(own, fs::read_link(format!("/proc/{pid}/ns/pid")).unwrap());
    let status = fs::read_to_string(format!("/proc/{inside}/status")).unwrap();
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap();
    assert_eq!(numbers.split_whitespace().last(), Some("1"));
    held.end();
    held.until_nobody_is_left("after the end");
}

#[test]
fn figures_are_those_of_the_whole_family() {
    in_both_modes(|mode| {
        let busy = "sh -c 'while :; do :; done' & sleep 985 & sleep 982 & \
                    sh -c 'sleep 985; true' & echo up; wait";
        let Some(mut held) = Held::start(mode, busy) else { return };
        let mut seconds = 0.0;
        held.until("a processor's time passes", |held| {
            held.farmgate.stdin.as_mut().unwrap().write_all(b"?\n").unwrap();
            let mut line = String::new();
            held.printed.read_line(&mut line).unwrap();
            let number = |key: &str| -> f64 {
                let (_, after) = line.split_once(key).unwrap_or_else(|| panic!("{key} in {line}"));
                after.split([',', ' ', '}']).next().unwrap().parse().unwrap()
            };
            // The shell, the busy one, two that sleep, and the shell of a third.
            assert!(number("processes: ") >= 5.0 && number("processes: ") <= 6.0, "{line}");
            assert!(number("resident: ") > 1_000_000.0, "{line}");
            assert!(number("cpu: ") >= seconds, "{line}");
            seconds = number("cpu: ");
            seconds > 0.1
        });
    });
}
