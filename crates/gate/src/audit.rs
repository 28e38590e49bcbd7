//! The audit: one line of JSON for every request, chained by hash, written without holding up a
//! request. `docs/audit.md` describes the lines and says what the chain proves and what not.
//!
//! Workers put lines into a bounded queue (`queue`); for each place to which lines go there is a
//! thread (`writer`) that chains them (`chain`) and writes them to a [`Sink`]. [`verify`] reads
//! them again. What is in a line is decided by `record` alone, and no header, query or body is.

mod chain;
mod file;
mod heads;
mod line;
mod queue;
mod record;
mod redact;
mod sink;
pub mod verify;
mod writer;

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use farmgate_farm::gate::{Audit, OnFailure};
use thiserror::Error;

use crate::metrics::Metrics;
use file::RotatedFile;
use writer::Outlet;

pub use chain::{Head, NotAHead};
pub use heads::tell_heads;
#[cfg(feature = "otlp")]
pub(crate) use line::cut;
pub use record::{Decision, Record, RequestId, SessionName};
pub use sink::{Output, Sink};

/// For how long the end of a gate waits until its last lines are written.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the two places are called to which lines go.
const OUTPUT: &str = "the standard output";
const FILE: &str = "the file";

/// Why the audit can't be started.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The file can't be made, or what lies in its place can't be put aside.
    #[error("`{0}` can't be written: {1}")]
    File(PathBuf, io::Error),
    /// Another gate writes this file.
    #[error("`{0}` is being written by another process")]
    Taken(PathBuf),
    /// The standard output can't be had.
    #[error("the standard output can't be written: {0}")]
    Output(io::Error),
    /// A thread can't be started.
    #[error("a thread can't be started: {0}")]
    Thread(io::Error),
}

/// The audit of one gate. Clones write to the same.
#[derive(Clone)]
pub struct Log {
    inner: Arc<Inner>,
}

struct Inner {
    /// Where lines go: each with a chain of its own.
    outlets: Vec<Outlet>,
    closed_on_failure: bool,
    arguments: bool,
}

/// How the audit is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Lines that were written, of all outlets.
    pub written: u64,
    /// Lines that could be written nowhere, and are counted in a later line.
    pub lost: u64,
    /// Bytes that wait to be written.
    pub queued: u64,
    /// What is wrong, for every outlet that can't be written at the moment.
    pub failures: Vec<String>,
}

// === impl Log ===

impl Log {
    /// Starts the audit of a farm's gate: makes the file, starts the threads. `output` takes the
    /// lines that are meant for the standard output, in its place.
    ///
    /// # Errors
    /// If what is set can't be written from the start.
    pub fn start(
        settings: &Audit,
        farm: &str,
        output: Option<Box<dyn Sink>>,
        metrics: &Metrics,
    ) -> Result<Self, AuditError> {
        let mut sinks: Vec<(&'static str, Box<dyn Sink>)> = Vec::new();
        if settings.stdout {
            let output = match output {
                Some(output) => output,
                None => Box::new(Output::stdout().map_err(AuditError::Output)?),
            };
            sinks.push((OUTPUT, output));
        }
        if let Some(file) = &settings.file {
            sinks.push((FILE, Box::new(RotatedFile::open(file)?)));
        }
        let start = |(name, sink)| Outlet::start(name, farm, sink, metrics.audit(name));
        let outlets = sinks.into_iter().map(start).collect::<Result<_, _>>();
        let inner = Inner {
            outlets: outlets.map_err(AuditError::Thread)?,
            closed_on_failure: settings.fail == OnFailure::Closed,
            arguments: settings.arguments,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Whether requests may be served: not while lines can't be written, if that is to stop them,
    /// nor while so many wait that those of requests under way might find no room.
    #[must_use]
    pub fn accepts(&self) -> bool {
        !self.inner.closed_on_failure || self.inner.outlets.iter().all(Outlet::accepts)
    }

    /// Writes a line, soon. It never waits; if there is no room, the line is lost and counted.
    pub fn write(&self, record: &Record) {
        thread_local! {
            static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        LINE.with_borrow_mut(|line| {
            line.clear();
            line::request(record, line);
            for outlet in &self.inner.outlets {
                outlet.put(line);
            }
        });
    }

    /// Writes a line that is no part of the audit to where its lines for the standard output go,
    /// between them: there, whoever else writes might cut one in two. False if there is no such
    /// place or no room.
    #[must_use]
    pub fn say(&self, line: &str) -> bool {
        let output = self.inner.outlets.iter().find(|outlet| outlet.is_output());
        output.is_some_and(|outlet| outlet.say(line))
    }

    /// A tool's arguments as they go into a line: only if asked for, with what looks like a secret
    /// blacked out, and not more than 2 KiB.
    #[must_use]
    pub fn arguments(&self, raw: &str) -> Option<String> {
        self.inner.arguments.then(|| redact::arguments(raw))
    }

    /// The last line that was written, of each chain: to be kept where whoever can change the lines
    /// can't reach it.
    #[must_use]
    pub fn heads(&self) -> Vec<Head> {
        self.inner.outlets.iter().filter_map(Outlet::head).collect()
    }

    /// How it is doing.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        for outlet in &self.inner.outlets {
            outlet.add_to(&mut figures);
        }
        figures
    }

    /// Writes what waits, and the lines with which the chains end. Blocks, for five seconds at the
    /// most. Lines that come later are lost.
    ///
    /// True if everything is written.
    pub fn close(&self) -> bool {
        self.inner.outlets.iter().for_each(|outlet| outlet.end(PATIENCE));
        self.inner.outlets.iter().all(|outlet| outlet.join(PATIENCE))
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("figures", &self.figures()).finish_non_exhaustive()
    }
}
