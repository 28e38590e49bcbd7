//! One process of a stdio server: lines in, lines out, and an end that is always told.
//!
//! It knows that lines are messages and not what they say. What it prints on its standard error goes
//! to the log.

use std::cell::Cell;
use std::process::ExitStatus;
use std::rc::Rc;
use std::time::Duration;

use farmgate_runner::Child;
use farmgate_runner::lines::Lines;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use super::pool::Permit;
use crate::settings::Log;

/// How many messages wait for a process that doesn't read.
const WAITING: usize = 4;

/// The longest line of its standard error that is logged.
const ERROR_LINE: usize = 8 << 10;

/// What a request is told whose answer is longer than a message may be.
pub(super) const TOO_LONG: &str = "the server's answer is too long";

/// How long its last words may take when it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Takes what a process prints.
pub(super) trait Listener: 'static {
    /// A line, without its end. The next one is read when this returns.
    fn printed(&self, line: Vec<u8>) -> impl Future<Output = ()>;

    /// The start of a line that is longer than a message may be. The rest was thrown away.
    fn too_long(&self, start: &[u8]);

    /// It has ended, or is about to: nothing more comes.
    fn gone(&self, why: &str);
}

/// A process that is being spoken to.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pub(super) number: u64,
    outgoing: mpsc::Sender<Vec<u8>>,
    stop: Rc<Notify>,
    said: Rc<Cell<bool>>,
}

/// The other ends, for the task that runs it.
#[derive(Debug)]
pub(super) struct Ends {
    number: u64,
    outgoing: mpsc::Receiver<Vec<u8>>,
    stop: Rc<Notify>,
    said: Rc<Cell<bool>>,
}

/// What the task needs to know.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    pub(super) log: Log,
    pub(super) message_bytes: usize,
    pub(super) patience: Duration,
}

/// It ended, or doesn't read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone;

// === impl Process ===

impl Process {
    pub(super) fn new(number: u64) -> (Self, Ends) {
        let (sender, receiver) = mpsc::channel(WAITING);
        let (stop, said) = (Rc::new(Notify::new()), Rc::new(Cell::new(false)));
        let process =
            Self { number, outgoing: sender, stop: Rc::clone(&stop), said: Rc::clone(&said) };
        (process, Ends { number, outgoing: receiver, stop, said })
    }

    /// Sends a line, when there is room.
    pub(super) async fn send(&self, line: Vec<u8>) -> Result<(), Gone> {
        self.outgoing.send(line).await.map_err(|_| Gone)
    }

    /// Ends it. Returns at once; its place is free when nothing is left of it.
    pub(super) fn stop(&self) {
        self.stop.notify_one();
    }

    /// It said something that is a message: it works.
    pub(super) fn works(&self) {
        self.said.set(true);
    }
}

// === impl Ends ===

impl Ends {
    /// Runs until the process ends or is to be stopped, and until nothing is left of it.
    pub(super) async fn run<L: Listener>(
        mut self,
        mut child: Child,
        listener: Rc<L>,
        manner: Manner,
        permit: Permit,
    ) {
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else { return };
        let errors = child.stderr.take().map(|from| {
            let (log, number) = (manner.log.clone(), self.number);
            tokio::task::spawn_local(async move {
                let mut lines = Lines::new(from, ERROR_LINE);
                while let Ok(Some(line)) = lines.next().await {
                    log.printed(number, line.text());
                }
            })
        });
        let end = self.converse(&mut child, stdin, stdout, &*listener, &manner).await;
        let asked = end.is_none();
        let why = end.unwrap_or_else(|| "it was ended".to_owned());
        listener.gone(&why);
        // What stdio servers are told to end by is the end of their standard input, which `converse`
        // has closed.
        let _ended = timeout(manner.patience, child.wait()).await;
        child.stop(manner.patience).await;
        if let Some(errors) = errors {
            let _read = timeout(LAST_WORDS, errors).await;
        }
        manner.log.say(Some(self.number), why);
        // One that we ended before it could say anything is no sign of trouble.
        if !asked || self.said.get() {
            permit.leave(self.said.get());
        }
    }

    /// Speaks with it until it ends, and tells why; nothing, if we were asked to end it.
    async fn converse<L: Listener>(
        &mut self,
        child: &mut Child,
        stdin: ChildStdin,
        stdout: ChildStdout,
        listener: &L,
        manner: &Manner,
    ) -> Option<String> {
        let reading = read(stdout, listener, manner, self.number);
        tokio::pin!(reading);
        let writing = write(stdin, &mut self.outgoing);
        tokio::pin!(writing);
        tokio::select! {
            () = &mut reading => {
                // Most of the time because it ends.
                let status = timeout(LAST_WORDS, child.wait()).await;
                let closed = |_| "it closed its standard output".to_owned();
                Some(status.map_or_else(closed, |status| words(status.ok())))
            }
            status = child.wait() => {
                // What it printed last is still in the pipe.
                let _rest = timeout(LAST_WORDS, &mut reading).await;
                Some(words(status.ok()))
            }
            () = self.stop.notified() => None,
            // It goes on reading, or nobody speaks to it any more: neither is an end.
            never = &mut writing => match never {},
        }
    }
}

/// Reads lines.
async fn read<L: Listener>(stdout: ChildStdout, listener: &L, manner: &Manner, number: u64) {
    let mut lines = Lines::new(stdout, manner.message_bytes);
    while let Ok(Some(line)) = lines.next().await {
        if line.cut > 0 {
            let what = format!("a message of more than {} bytes is left out", manner.message_bytes);
            manner.log.say(Some(number), what);
            listener.too_long(&line.bytes);
        } else if !line.bytes.trim_ascii().is_empty() {
            listener.printed(line.bytes).await;
        }
    }
}

enum Never {}

/// Writes lines, as long as they are taken; then throws them away until the process has ended.
async fn write(mut stdin: ChildStdin, outgoing: &mut mpsc::Receiver<Vec<u8>>) -> Never {
    while let Some(line) = outgoing.recv().await {
        if stdin.write_all(&line).await.is_err() {
            drop(stdin);
            while outgoing.recv().await.is_some() {}
            return std::future::pending().await;
        }
    }
    std::future::pending().await
}

fn words(status: Option<ExitStatus>) -> String {
    match status.and_then(|status| status.code()) {
        Some(code @ 129..=159) => format!("it was ended by signal {}", code - 128),
        Some(code) => format!("it ended with exit code {code}"),
        None => "it was killed".to_owned(),
    }
}
