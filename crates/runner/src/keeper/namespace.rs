//! PID namespaces: whether there can be one, and the keeper that stands before it.
//!
//! As root (with `CAP_SYS_ADMIN`) a PID and a mount namespace are made; as anybody else a user
//! namespace first, in which the user is who he is outside and nobody else is known. Networks, files
//! and users are not kept apart here.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::sync::OnceLock;

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::process::{Pid, Signal, getgid, getuid, kill_process, set_parent_process_death_signal};
use rustix::thread::{UnshareFlags, unshare_unsafe};

use super::family::hand_on;
use super::watch::{self, Event, Watch};
use super::{OWN_PROGRAM, Role, Task, code, complain, could_not_start};

/// The environment variable that turns namespaces off (`off`), for a server that can't live in one.
pub const VARIABLE: &str = "FARMGATE_NAMESPACES";

/// How what we start is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A keeper, and a PID namespace with its own /proc.
    Namespace,
    /// A keeper; the kernel, or [`VARIABLE`], allows no namespace.
    Keeper,
    /// No keeper: this program can't be one. The session is killed as a group.
    Group,
}

/// How what this process starts is kept. Tried once: a namespace is made and left.
#[must_use]
pub fn mode() -> Mode {
    static MODE: OnceLock<Mode> = OnceLock::new();
    if !super::serves() {
        return Mode::Group;
    }
    *MODE.get_or_init(|| {
        let off = std::env::var_os(VARIABLE).is_some_and(|value| value == "off");
        if !off && can_be_made() { Mode::Namespace } else { Mode::Keeper }
    })
}

/// Whether a keeper that is asked to try it succeeds.
fn can_be_made() -> bool {
    // Held, so that nobody takes the one who tries it for an orphan.
    let _ours = crate::orphans::ours();
    let Ok((lifeline, _other_end)) = io::pipe() else { return false };
    let lifeline = OwnedFd::from(lifeline);
    let mut command = Command::new(OWN_PROGRAM);
    command.args(Task::arguments(Role::Try, lifeline.as_raw_fd())).env_clear();
    command.stdin(std::process::Stdio::null());
    command.stdout(std::process::Stdio::null());
    command.stderr(std::process::Stdio::null());
    // SAFETY: between fork and exec only fcntl is called, on a descriptor that is open.
    unsafe {
        command.pre_exec(move || hand_on(lifeline.as_fd()));
    }
    command.status().is_ok_and(|status| status.success())
}

/// Makes namespaces and starts something in there that ends at once.
pub(super) fn attempt(lifeline: &OwnedFd) -> io::Result<()> {
    enter()?;
    // It knows no role of that name, and so does nothing; that it ran at all is what counts.
    let mut inside = inside(lifeline, "nothing", &[])?;
    inside.wait().map(|_| ())
}

/// Makes the namespaces, keeps the keeper in there, and hands signals on to it.
pub(super) fn keep(task: Task) -> u8 {
    if let Err(error) = enter() {
        return complain(&format!("no namespace: {error}"), 1);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    match runtime {
        Ok(runtime) => runtime.block_on(keep_in(task)),
        Err(error) => complain(&format!("no runtime: {error}"), 1),
    }
}

async fn keep_in(task: Task) -> u8 {
    let ours = task.lifeline.try_clone().and_then(Watch::new);
    let mut watch = match ours {
        Ok(watch) => watch,
        Err(error) => return complain(&format!("can't keep a process: {error}"), 1),
    };
    let words: Vec<&OsString> = [&task.file, &task.name].into_iter().chain(&task.args).collect();
    let mut inside = match inside(&task.lifeline, Role::Inner.word(), &words) {
        Ok(inside) => inside,
        Err(error) => return could_not_start(&task.name, &error),
    };
    drop(task);
    watch::let_go_of_stdio();
    loop {
        match watch.next().await {
            Event::Ended => {
                // The kernel kills all of the namespace with its first process.
                let _gone = inside.kill();
                return inside.wait().map_or(1, code);
            }
            Event::Stop => {
                let pid = i32::try_from(inside.id()).ok().and_then(Pid::from_raw);
                let _gone = pid.map(|pid| kill_process(pid, Signal::TERM));
            }
            Event::Child => match inside.try_wait() {
                Ok(Some(status)) => return code(status),
                Ok(None) => {}
                Err(_) => return 1,
            },
        }
    }
}

/// Makes the namespaces. The next process that is started is the first in the PID namespace.
fn enter() -> io::Result<()> {
    let (user, group) = (getuid(), getgid());
    let spaces = UnshareFlags::NEWPID | UnshareFlags::NEWNS;
    // SAFETY: this process has one thread (a keeper does nothing before this) and no other thread's
    // view of file descriptors or folders can therefore change.
    if unsafe { unshare_unsafe(spaces) }.is_ok() {
        return Ok(());
    }
    // SAFETY: as above.
    unsafe { unshare_unsafe(spaces | UnshareFlags::NEWUSER) }?;
    // user_namespaces(7): without privileges, groups have to be given up before they are mapped.
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{0} {0} 1", user.as_raw()))?;
    fs::write("/proc/self/gid_map", format!("{0} {0} 1", group.as_raw()))
}

/// Starts ourselves in the namespaces that were made.
fn inside(lifeline: &OwnedFd, role: &str, words: &[&OsString]) -> io::Result<Child> {
    let mut command = Command::new(OWN_PROGRAM);
    let [word, _, number] = Task::arguments(Role::Inner, lifeline.as_raw_fd());
    command.arg0("farmgate").args([word.as_str(), role, number.as_str()]).args(words);
    let lifeline = lifeline.as_raw_fd();
    // SAFETY: between fork and exec only system calls are made (prctl, mount, fcntl): their
    // arguments are constants, and nothing is allocated or locked. The caller's borrow keeps the
    // lifeline open until `spawn` has returned.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // What is mounted later outside is seen inside, and not the other way round.
            let downstream = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
            mount_change(c"/", downstream)?;
            let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
            mount(c"proc", c"/proc", c"proc", flags, None)?;
            hand_on(BorrowedFd::borrow_raw(lifeline))
        });
    }
    command.spawn()
}
