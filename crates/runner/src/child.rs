//! A child: a program that runs, with a keeper that sees to it that it doesn't outlive us.
//!
//! It isn't restarted (see `supervise`), and what it prints is the caller's to read.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group, setsid};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::figures::Figures;
use crate::keeper::{self, Mode, OWN_PROGRAM, Role, Task};
use crate::orphans;
use crate::start::Start;

/// How long a keeper may take to kill all that is below it before it is killed itself.
const KEEPER_TIME: Duration = Duration::from_secs(5);

/// How often orphans of a killed keeper are looked for.
const ROUNDS: u32 = 200;

/// A program that runs in a session of its own. Dropped, it is killed with all that it started.
#[derive(Debug)]
pub struct Child {
    /// Its standard input; closed when dropped.
    pub stdin: Option<ChildStdin>,
    /// Its standard output.
    pub stdout: Option<ChildStdout>,
    /// Its standard error.
    pub stderr: Option<ChildStderr>,
    process: tokio::process::Child,
    pid: u32,
    mode: Mode,
    /// Our end of the pipe to the keeper: it kills everything when this is closed.
    lifeline: Option<OwnedFd>,
}

// === impl Child ===

impl Child {
    /// Starts a program. To be called in a tokio runtime.
    ///
    /// # Errors
    /// If there is no such program, or if no process can be made. What can only be seen when the
    /// program is executed (a script whose interpreter is missing) is said on its standard error,
    /// and the exit code is 126 or 127, as in a shell.
    pub fn start(start: &Start) -> io::Result<Self> {
        let file = start.find()?;
        let mode = keeper::mode();
        let (theirs, lifeline) = io::pipe()?;
        let theirs = OwnedFd::from(theirs);
        let mut command = command(mode, file.into_os_string(), start, &theirs);
        command.env_clear().envs(start.whole_environment());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(folder) = &start.folder {
            command.current_dir(folder);
        }
        let raw = theirs.as_raw_fd();
        // SAFETY: between fork and exec only setsid and fcntl are called: system calls, without
        // allocation or lock. `theirs` stays open until `spawn` has returned.
        unsafe {
            command.pre_exec(move || {
                setsid()?;
                keeper::hand_on(std::os::fd::BorrowedFd::borrow_raw(raw))
            });
        }
        let mut ours = orphans::ours();
        let mut process = command.spawn()?;
        let pid = process.id().unwrap_or_default();
        ours.add(pid);
        drop(ours);
        drop(theirs);
        Ok(Self {
            stdin: process.stdin.take(),
            stdout: process.stdout.take(),
            stderr: process.stderr.take(),
            process,
            pid,
            mode,
            lifeline: Some(lifeline.into()),
        })
    }

    /// The number of the keeper's process, or of the program's if it has no keeper.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.pid
    }

    /// Waits until the program has ended, and all that it started with it. A program that was ended
    /// by a signal has the exit code 128 and the signal's number.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    /// If it can't be waited for.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.process.wait().await?;
        self.bury().await;
        Ok(status)
    }

    /// How it ended, if it did. Does not wait.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().ok().flatten()
    }

    /// Ends it: closes its standard input if that is still here, asks it with SIGTERM, kills
    /// whatever is left of it after `patience`. Returns when there is nothing left.
    pub async fn stop(&mut self, patience: Duration) -> Option<ExitStatus> {
        drop(self.stdin.take());
        if let Some(status) = self.ended() {
            self.bury().await;
            return Some(status);
        }
        self.signal(Signal::TERM);
        if let Ok(status) = timeout(patience, self.process.wait()).await {
            self.bury().await;
            return status.ok();
        }
        self.kill_now();
        let mut status = timeout(KEEPER_TIME, self.process.wait()).await.ok();
        if status.is_none() {
            // Something below it can't be killed by it: another user's. Not waited for any longer.
            self.signal_keeper(Signal::KILL);
            status = timeout(KEEPER_TIME, self.process.wait()).await.ok();
        }
        self.bury().await;
        status.and_then(Result::ok)
    }

    /// Kills it and all that it started, and doesn't wait.
    pub fn kill_now(&mut self) {
        self.lifeline = None;
        if self.mode == Mode::Group {
            self.signal(Signal::KILL);
        }
    }

    /// What it uses, with all that it started; none if it has ended.
    #[must_use]
    pub fn figures(&self) -> Option<Figures> {
        self.process.id()?;
        Figures::read(self.pid, self.mode != Mode::Group)
    }

    /// To the keeper, which hands it on to the program's process group; or to the group itself.
    fn signal(&self, signal: Signal) {
        if self.mode != Mode::Group {
            self.signal_keeper(signal);
        } else if let Some(pid) = self.living() {
            let _gone = kill_process_group(pid, signal);
        }
    }

    fn signal_keeper(&self, signal: Signal) {
        if let Some(pid) = self.living() {
            let _gone = kill_process(pid, signal);
        }
    }

    /// Its number, while nobody else can have it: until it was waited for.
    fn living(&self) -> Option<Pid> {
        i32::try_from(self.process.id()?).ok().and_then(Pid::from_raw)
    }

    /// After the end: what a keeper that was killed left behind has come to us.
    async fn bury(&mut self) {
        self.lifeline = None;
        if self.mode == Mode::Group {
            // The leader is gone; its session's other processes may not be.
            if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
                let _gone = kill_process_group(pid, Signal::KILL);
            }
        }
        orphans::sweep_all(ROUNDS).await;
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill_now();
    }
}

/// The keeper with the program as its arguments, or the program.
fn command(mode: Mode, file: OsString, start: &Start, lifeline: &OwnedFd) -> Command {
    let role = match mode {
        Mode::Namespace => Role::Outer,
        Mode::Keeper => Role::Plain,
        Mode::Group => {
            let mut command = Command::new(file);
            command.arg0(&start.program).args(&start.args);
            return command;
        }
    };
    let mut command = Command::new(OWN_PROGRAM);
    command.arg0("farmgate").args(Task::arguments(role, lifeline.as_raw_fd()));
    command.arg(file).arg(&start.program).args(&start.args);
    command
}
