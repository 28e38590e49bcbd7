//! Where lines go: the standard output, or whatever else takes whole lines.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::time::SystemTime;

/// Takes lines. It is used by one thread, which may block in it: no request waits for that.
pub trait Sink: Send {
    /// Appends lines, each with its line feed.
    ///
    /// # Errors
    /// If not all of them could be written. Then none counts, and the very same lines come again:
    /// it is for the sink not to write any part of them twice. [`io::ErrorKind::WouldBlock`] is no
    /// failure, but asks to come back soon.
    fn append(&mut self, lines: &[u8]) -> io::Result<()>;

    /// Makes sure that lines outlast the machine's next crash, if that is how the sink is meant.
    ///
    /// # Errors
    /// If that can't be said of all lines.
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Called before lines are appended, and now and then. True if what comes next begins a file.
    ///
    /// # Errors
    /// If that should be, and failed: lines go on to where they went.
    fn turn(&mut self, now: SystemTime) -> io::Result<bool> {
        let _ = now;
        Ok(false)
    }
}

/// A pipe, a terminal or a device: the standard output.
pub struct Output {
    file: File,
    /// Bytes of the lines at hand that were written before it failed.
    done: usize,
    /// Whether to keep others of this process from writing between.
    locks: bool,
}

// === impl Output ===

impl Output {
    /// The standard output. While lines are written, its lock is held.
    ///
    /// # Errors
    /// If there is none.
    pub fn stdout() -> io::Result<Self> {
        let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        Ok(Self { file, done: 0, locks: true })
    }

    /// A file that is only ever appended to, as `/dev/full`.
    #[must_use]
    pub fn to(file: File) -> Self {
        Self { file, done: 0, locks: false }
    }
}

impl Sink for Output {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut stdout = self.locks.then(|| io::stdout().lock());
        if let Some(stdout) = &mut stdout {
            // What others began comes first.
            stdout.flush()?;
        }
        while let Some(rest) = lines.get(self.done..).filter(|rest| !rest.is_empty()) {
            match self.file.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.done += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.done = 0;
        Ok(())
    }
}
