//! The keeper: a small process between us and each child, which sees to it that nothing survives.
//!
//! A program that farmgate starts may start others (`npx` starts a shell, which starts node), and
//! those may leave its process group, so nobody can list what has to end. The keeper can:
//! - It is a child subreaper (prctl(2)): whatever becomes an orphan below it becomes its child, and
//!   it ends only when it has no child left.
//! - It holds the reading end of a pipe, the **lifeline**, of which we hold the other. However we
//!   end, `SIGKILL` included, the kernel closes our end; it then kills all that is below it.
//! - Where the kernel allows it, it runs what it keeps in a PID namespace with a /proc of its own
//!   ([`Mode::Namespace`]). Whatever ends the namespace's first process, the kernel then kills all
//!   others, so that nothing survives even if we and the keeper are killed at once; and what is
//!   inside sees and signals no process outside.
//!
//! It is our own program, executed anew with [`WORD`] as its first argument and with the child's
//! environment: so it holds no key of ours, whose memory a fork would have copied. A program that
//! starts children calls [`serve_if_asked`] first of all in its `main`. One that doesn't (a test)
//! has no keepers: its children are then only a session of their own, which is killed as a group.
//!
//! It knows nothing of what it keeps. It isn't for protection against a child that runs as the same
//! user and means to kill its keeper, unless in a namespace.

mod family;
mod namespace;
mod watch;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::fd::{BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};

use std::os::unix::process::ExitStatusExt as _;

pub(crate) use family::hand_on;
pub use namespace::{Mode, VARIABLE, mode};

/// The first argument of our program when it is to be a keeper.
pub const WORD: &str = "keep-process";

/// Our own program, even if its file was replaced meanwhile.
pub(crate) const OWN_PROGRAM: &str = "/proc/self/exe";

/// The exit code of a program that could not be executed, and of one that wasn't there (as shells
/// say it: POSIX, "Exit Status for Commands").
const CANNOT_EXECUTE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Whether this program can be executed as a keeper.
static SERVES: AtomicBool = AtomicBool::new(false);

/// What a keeper is asked to do.
pub(crate) struct Task {
    pub(crate) role: Role,
    /// The reading end of the pipe whose end says that everything has to end.
    pub(crate) lifeline: OwnedFd,
    /// The file that is executed.
    pub(crate) file: OsString,
    /// What it is told that it is called.
    pub(crate) name: OsString,
    pub(crate) args: Vec<OsString>,
}

/// Which keeper it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It keeps the program itself, without namespaces.
    Plain,
    /// It makes namespaces and keeps the keeper in there.
    Outer,
    /// It is the first process of a PID namespace and keeps the program.
    Inner,
    /// It tries whether namespaces can be made, and ends.
    Try,
}

/// Serves as a keeper if this process was started as one, and then doesn't return. Otherwise notes
/// that this program can be one.
///
/// To be called first of all in `main`, before there is a second thread.
pub fn serve_if_asked() {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_none_or(|word| word != WORD) {
        SERVES.store(true, Ordering::Relaxed);
        return;
    }
    let code = match Task::read(args) {
        Ok(task) => serve(task),
        Err(error) => complain(&format!("this is not for calling by hand: {error}"), NOT_FOUND),
    };
    std::process::exit(i32::from(code));
}

/// Whether children get keepers: whether this program's `main` calls [`serve_if_asked`].
#[must_use]
pub fn serves() -> bool {
    SERVES.load(Ordering::Relaxed)
}

/// Whether a process is a keeper, by its first argument.
pub(crate) fn is_keeper(pid: u32) -> bool {
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    command.split(|byte| *byte == 0).nth(1) == Some(WORD.as_bytes())
}

fn serve(task: Task) -> u8 {
    match task.role {
        Role::Try => u8::from(namespace::attempt(&task.lifeline).is_err()),
        Role::Outer => namespace::keep(task),
        Role::Plain | Role::Inner => family::keep(task),
    }
}

/// Says on the standard error, which is the child's, why nothing was started.
fn complain(what: &str, code: u8) -> u8 {
    // Nobody reads it any more: there is nobody else to tell.
    let _unread = writeln!(io::stderr(), "farmgate: {what}");
    code
}

fn could_not_start(name: &OsString, error: &io::Error) -> u8 {
    let code = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { CANNOT_EXECUTE };
    complain(&format!("`{}` could not be started: {error}", name.display()), code)
}

/// A status as shells say it: the exit code, or 128 and the signal's number.
fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

// === impl Task ===

impl Task {
    /// The arguments behind [`WORD`].
    pub(crate) fn arguments(role: Role, lifeline: RawFd) -> [String; 3] {
        [WORD.to_owned(), role.word().to_owned(), lifeline.to_string()]
    }

    fn read(mut args: impl Iterator<Item = OsString>) -> Result<Self, &'static str> {
        let role = args.next().and_then(|word| Role::named(word.to_str()?)).ok_or("no role")?;
        let number = args.next().and_then(|word| word.to_str()?.parse::<RawFd>().ok());
        let number = number.filter(|number| *number > 2).ok_or("no lifeline")?;
        // SAFETY: the number is only looked at, and a number that is no open descriptor is an error
        // of fcntl. No other code of this process has run that could own it.
        let is_open = rustix::io::fcntl_setfd(
            unsafe { BorrowedFd::borrow_raw(number) },
            rustix::io::FdFlags::CLOEXEC,
        );
        is_open.map_err(|_| "the lifeline is not open")?;
        // SAFETY: it is open, as was just seen, and nothing else in this process owns it: whoever
        // executed us left it open for us.
        let lifeline = unsafe { OwnedFd::from_raw_fd(number) };
        let file = args.next().unwrap_or_default();
        let name = args.next().unwrap_or_default();
        Ok(Self { role, lifeline, file, name, args: args.collect() })
    }
}

// === impl Role ===

impl Role {
    const ALL: [Self; 4] = [Self::Plain, Self::Outer, Self::Inner, Self::Try];

    fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Outer => "outer",
            Self::Inner => "inner",
            Self::Try => "try",
        }
    }

    fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}
