//! The keeper that starts the program, and kills all that is below itself when its time has come.
//!
//! It ends with the program: what the program left behind (a daemon, say) is killed then, too.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus};

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, kill_process_group, set_child_subreaper,
    set_parent_process_death_signal, wait,
};

use super::watch::{self, Event, Watch};
use super::{Role, Task, code, complain, could_not_start};
use crate::table;

/// Keeps a program until it ends or everything has to; gives the exit code.
pub(super) fn keep(task: Task) -> u8 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    match runtime {
        Ok(runtime) => runtime.block_on(keep_in(task)),
        Err(error) => complain(&format!("no runtime: {error}"), 1),
    }
}

async fn keep_in(task: Task) -> u8 {
    if let Err(error) = prepare(task.role) {
        return complain(&format!("can't keep a process: {error}"), 1);
    }
    let mut watch = match Watch::new(task.lifeline) {
        Ok(watch) => watch,
        Err(error) => return complain(&format!("can't keep a process: {error}"), 1),
    };
    let child = match start(&task.file, &task.name, &task.args) {
        Ok(child) => child,
        Err(error) => return could_not_start(&task.name, &error),
    };
    watch::let_go_of_stdio();
    let code = loop {
        match watch.next().await {
            Event::Ended => break 128 + 9,
            Event::Stop => {
                // A group that is gone already needs no signal.
                let _gone = kill_process_group(child, Signal::TERM);
            }
            Event::Child => {
                if let Some(status) = reap(child) {
                    break code(status);
                }
            }
        }
    };
    kill_all();
    code
}

fn prepare(role: Role) -> io::Result<()> {
    if role == Role::Inner {
        // The first process of a namespace: when its own parent dies, so does the namespace. (The
        // signal of the outer keeper's death was asked for before it executed us, too.)
        set_parent_process_death_signal(Some(Signal::KILL))?;
    } else {
        set_child_subreaper(Some(getpid()))?;
    }
    Ok(())
}

/// Starts the program in a process group of its own.
fn start(file: &OsStr, name: &OsStr, args: &[OsString]) -> io::Result<Pid> {
    let mut command = Command::new(file);
    command.arg0(name).args(args).process_group(0);
    // SAFETY: between fork and exec only prctl is called, which is a system call and nothing more
    // (no allocation, no lock). This process has one thread, so that the parent whose death is
    // meant is the process and not a thread that ends earlier.
    unsafe {
        command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
    }
    let child = command.spawn()?;
    pid(child.id()).ok_or_else(|| io::Error::other("a process without a number"))
}

fn pid(number: u32) -> Option<Pid> {
    i32::try_from(number).ok().and_then(Pid::from_raw)
}

/// Waits for all that have ended, orphans too; the status of `child` if it is among them.
fn reap(child: Pid) -> Option<ExitStatus> {
    let mut found = None;
    while let Ok(Some((ended, status))) = wait(WaitOptions::NOHANG) {
        if ended == child {
            found = Some(ExitStatus::from_raw(status.as_raw()));
        }
    }
    found
}

/// Kills until there is nobody left. Only children have to be listed: what they leave behind
/// becomes ours in its turn.
fn kill_all() {
    loop {
        for entry in table::children(std::process::id()) {
            if let Some(pid) = pid(entry.pid) {
                // It may just have ended by itself.
                let _gone = kill_process(pid, Signal::KILL);
            }
        }
        match wait(WaitOptions::empty()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            // ECHILD: no child, and so no descendant either.
            Err(_) => return,
        }
    }
}

/// Lets the next program that is executed have a descriptor. (Between fork and exec: one system
/// call each, no allocation.)
pub(crate) fn hand_on(descriptor: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::io::fcntl_setfd(descriptor, rustix::io::FdFlags::empty())?)
}
