//! Processes that end with whoever started them: each is a group of its own, killed when dropped.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A running process and all that it starts.
pub(crate) struct Group {
    child: Child,
    /// Whether the group may still be there.
    alive: bool,
}

impl Group {
    /// Starts a command; what it prints goes to the two files.
    pub(crate) fn start(command: &mut Command, out: &Path, err: &Path) -> io::Result<Self> {
        let command = command.stdout(File::create(out)?).stderr(File::create(err)?);
        let child = command.stdin(Stdio::piped()).process_group(0).spawn()?;
        Ok(Self { child, alive: true })
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        let ended = self.child.try_wait()?;
        self.alive &= ended.is_none();
        Ok(ended)
    }

    /// Waits for its end; `None` if it takes longer than `limit`, and then it is killed.
    pub(crate) fn wait(mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let start = Instant::now();
        // The command is told to expect nothing.
        drop(self.child.stdin.take());
        while start.elapsed() < limit {
            if let Some(status) = self.ended()? {
                return Ok(Some(status));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(None)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.alive {
            let group = format!("-{}", self.child.id());
            let _ = Command::new("kill").args(["-s", "KILL", "--", &group]).status();
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Where a program is: what the environment variable says, or the first in PATH of that name.
pub(crate) fn find(program: &str, variable: &str) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(variable).filter(|value| !value.is_empty()) {
        return Some(named.into()).filter(|path: &PathBuf| path.is_file());
    }
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|folder| folder.join(program)).find(|path| path.is_file())
}
