//! One place to which lines go: its queue, and the thread that empties it.
//!
//! The thread takes what waits some hundred times a second, so that a request neither writes nor
//! wakes anyone: only the first line after a pause does. When the sink fails, the lines at hand are
//! kept and tried again, longer and longer apart; the rest waits in the queue, and what finds no
//! room there is counted and told in the chain when it works again. A line is chained only when it
//! is about to be written, so that the chain has no gaps, whatever is lost.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant, SystemTime};

use super::chain::{Chain, Head};
use super::queue::{FULL, Queue};
use super::sink::Sink;
use super::{Figures, line};
use crate::metrics::AuditMetrics;
use crate::trace::{hex, random};

/// How long lines are collected before they are written.
const COLLECT: Duration = Duration::from_millis(5);
/// How often a sink is asked to make its lines durable, if there are any.
const SYNC: Duration = Duration::from_secs(1);
/// How often a sink without lines is asked whether it wants another file.
const TURN: Duration = Duration::from_secs(60);
/// The first and the longest pause between tries.
const RETRY: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));
/// Bytes that are handed to a sink at a time, more or less.
const BATCH: usize = 256 << 10;
/// Bytes of lines that are no part of the audit and wait.
const ASIDE: usize = 256 << 10;

/// A place to which lines go.
pub(super) struct Outlet {
    shared: Arc<Shared>,
    thread: Thread,
    handle: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread and the others know.
struct Shared {
    name: &'static str,
    queue: Queue,
    /// Lines that belong to no chain.
    aside: Mutex<Vec<u8>>,
    asleep: AtomicBool,
    failing: AtomicBool,
    /// When to end, and until when to try.
    end: Mutex<Option<Instant>>,
    ending: AtomicBool,
    /// Whether everything was written when it ended.
    complete: AtomicBool,
    written: AtomicU64,
    lost: AtomicU64,
    failure: Mutex<Option<String>>,
    head: Mutex<Option<Head>>,
    metrics: AuditMetrics,
}

/// The thread.
struct Writer {
    shared: Arc<Shared>,
    farm: String,
    sink: Box<dyn Sink>,
    chain: Chain,
    /// What was taken from the queue, and how much of it is chained.
    taken: Vec<u8>,
    used: usize,
    /// Chained lines that aren't written yet, how many, and what they take in the queue.
    pending: Vec<u8>,
    pending_lines: u64,
    pending_queued: usize,
    /// Lost lines that a line tells of.
    told: u64,
    /// Since when there are lines that are not durable.
    unsynced: Option<Instant>,
    sync_failed: bool,
    retry: Duration,
    turned: Instant,
}

/// How a round ended.
enum Round {
    /// There may be more to write.
    Busy,
    /// There was nothing.
    Idle,
    /// It failed, and should be tried again after this time.
    Failed(Duration),
}

// === impl Outlet ===

impl Outlet {
    /// Starts the thread, which opens the chain.
    pub(super) fn start(
        name: &'static str,
        farm: &str,
        sink: Box<dyn Sink>,
        metrics: AuditMetrics,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            name,
            queue: Queue::new(),
            aside: Mutex::default(),
            asleep: AtomicBool::new(false),
            failing: AtomicBool::new(false),
            end: Mutex::default(),
            ending: AtomicBool::new(false),
            complete: AtomicBool::new(false),
            written: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            failure: Mutex::default(),
            head: Mutex::default(),
            metrics,
        });
        let writer = Writer::new(Arc::clone(&shared), farm, sink);
        let handle = thread::Builder::new().name("gate-audit".into()).spawn(|| writer.run())?;
        let thread = handle.thread().clone();
        Ok(Self { shared, thread, handle: Mutex::new(Some(handle)) })
    }

    /// Whether it is the one for the standard output.
    pub(super) fn is_output(&self) -> bool {
        self.shared.name != super::FILE
    }

    /// Whether there is room for the lines of more requests, and they will be written.
    pub(super) fn accepts(&self) -> bool {
        !self.shared.failing.load(Ordering::Relaxed) && self.shared.queue.bytes() <= FULL
    }

    /// Puts a line into the queue, or counts it as lost.
    pub(super) fn put(&self, line: &[u8]) {
        let late = self.shared.ending.load(Ordering::Relaxed);
        if late || !self.shared.queue.put(line) {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            self.shared.metrics.lost.inc();
        }
        self.wake();
    }

    /// Takes a line that belongs to no chain.
    pub(super) fn say(&self, line: &str) -> bool {
        let mut aside = lock(&self.shared.aside);
        if aside.len() + line.len() > ASIDE || line.contains('\n') {
            return false;
        }
        aside.extend_from_slice(line.as_bytes());
        aside.push(b'\n');
        drop(aside);
        self.wake();
        true
    }

    pub(super) fn head(&self) -> Option<Head> {
        lock(&self.shared.head).clone()
    }

    pub(super) fn add_to(&self, figures: &mut Figures) {
        figures.written += self.shared.written.load(Ordering::Relaxed);
        figures.lost += self.shared.lost.load(Ordering::Relaxed);
        figures.queued += self.shared.queue.bytes() as u64;
        if let Some(failure) = lock(&self.shared.failure).as_ref() {
            figures.failures.push(format!("{}: {failure}", self.shared.name));
        }
    }

    /// Asks the thread to end when it has written everything, or when time is up.
    pub(super) fn end(&self, patience: Duration) {
        lock(&self.shared.end).get_or_insert(Instant::now() + patience);
        self.shared.ending.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }

    /// Waits for the thread, which a sink that blocks can keep; true if everything is written.
    pub(super) fn join(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience + COLLECT;
        let Some(handle) = lock(&self.handle).take() else { return self.is_complete() };
        while !handle.is_finished() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        if handle.is_finished() && handle.join().is_err() {
            return false;
        }
        self.is_complete()
    }

    fn is_complete(&self) -> bool {
        self.shared.complete.load(Ordering::SeqCst)
    }

    /// Wakes the thread if it sleeps. INVARIANT: it says that it sleeps before it looks into the
    /// queue for the last time, and lines are put in before this is asked; both under the locks of
    /// the queue's parts, so one of the two sees the other.
    fn wake(&self) {
        if self.shared.asleep.load(Ordering::SeqCst)
            && self.shared.asleep.swap(false, Ordering::SeqCst)
        {
            self.thread.unpark();
        }
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.end(RETRY.1);
    }
}

// === impl Writer ===

impl Writer {
    fn new(shared: Arc<Shared>, farm: &str, sink: Box<dyn Sink>) -> Self {
        let mut writer = Self {
            shared,
            farm: farm.to_owned(),
            sink,
            chain: Chain::new(),
            taken: Vec::new(),
            used: 0,
            pending: Vec::new(),
            pending_lines: 0,
            pending_queued: 0,
            told: 0,
            unsynced: None,
            sync_failed: false,
            retry: RETRY.0,
            turned: Instant::now(),
        };
        let process = hex(&random::<8>());
        writer.chain_own(|farm, to| line::open(farm, &process, to));
        writer
    }

    fn run(mut self) {
        // Whoever depends on lines being written must not go on when this thread is gone.
        let _guard = Gone(Arc::clone(&self.shared));
        loop {
            let ending = self.shared.ending.load(Ordering::SeqCst);
            match self.round() {
                Round::Idle if ending => break,
                Round::Idle => self.sleep(),
                Round::Busy if ending => {}
                Round::Busy => thread::park_timeout(COLLECT),
                Round::Failed(_) if ending && self.is_late() => return,
                Round::Failed(pause) => thread::park_timeout(pause),
            }
        }
        self.finish();
    }

    /// The line that ends the chain.
    fn finish(&mut self) {
        let lines = self.chain.next() + 1;
        self.chain_own(|_, to| line::close(lines, to));
        while let Err(pause) = self.flush().and_then(|()| self.sync()) {
            if self.is_late() {
                return;
            }
            thread::park_timeout(pause);
        }
        self.shared.complete.store(true, Ordering::SeqCst);
    }

    fn is_late(&self) -> bool {
        lock(&self.shared.end).is_some_and(|end| Instant::now() >= end)
    }

    /// Writes what is at hand, and takes more.
    fn round(&mut self) -> Round {
        if let Err(pause) = self.flush() {
            return Round::Failed(pause);
        }
        self.turn();
        if self.used >= self.taken.len() {
            self.taken.clear();
            self.used = 0;
            self.shared.queue.take(&mut self.taken);
        }
        self.tell_lost();
        let aside = std::mem::take(&mut *lock(&self.shared.aside));
        self.pending.extend_from_slice(&aside);
        self.chain_taken();
        if self.pending.is_empty() {
            return match self.sync_if_due() {
                Ok(()) => Round::Idle,
                Err(pause) => Round::Failed(pause),
            };
        }
        match self.flush().and_then(|()| self.sync_if_due()) {
            Ok(()) => Round::Busy,
            Err(pause) => Round::Failed(pause),
        }
    }

    /// Chains what was taken from the queue, up to a batch.
    fn chain_taken(&mut self) {
        while self.pending.len() < BATCH {
            let Some(rest) = self.taken.get(self.used..) else { return };
            let Some(end) = memchr::memchr(b'\n', rest) else { return };
            let line = rest.get(..end).unwrap_or_default();
            self.chain.append(line, &mut self.pending);
            self.used += end + 1;
            self.pending_lines += 1;
            self.pending_queued += end + 1;
        }
    }

    /// Chains a line of its own.
    fn chain_own(&mut self, write: impl FnOnce(&str, &mut Vec<u8>)) {
        let mut line = Vec::new();
        write(&self.farm, &mut line);
        self.chain.append(&line, &mut self.pending);
        self.pending_lines += 1;
    }

    fn tell_lost(&mut self) {
        let lost = self.shared.lost.load(Ordering::Relaxed);
        if lost > self.told {
            let count = lost - self.told;
            self.told = lost;
            self.chain_own(|_, to| line::lost(count, to));
        }
    }

    /// Asks the sink whether another file begins. One that can't be had is asked for again later:
    /// lines go on to where they went.
    fn turn(&mut self) {
        if self.shared.queue.bytes() == 0 && self.turned.elapsed() < TURN {
            return;
        }
        self.turned = Instant::now();
        if let Ok(true) = self.sink.turn(SystemTime::now()) {
            self.chain_own(line::go_on);
        }
    }

    /// Hands the lines at hand to the sink. If it fails: for how long to wait.
    fn flush(&mut self) -> Result<(), Duration> {
        if self.pending.is_empty() {
            return Ok(());
        }
        match self.sink.append(&self.pending) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(COLLECT),
            Err(error) => return Err(self.failed(&error)),
        }
        let shared = &self.shared;
        shared.written.fetch_add(self.pending_lines, Ordering::Relaxed);
        shared.metrics.written.inc_by(self.pending_lines);
        shared.queue.written(self.pending_queued);
        *lock(&shared.head) = self.chain.head();
        self.pending.clear();
        self.pending.shrink_to(2 * BATCH);
        (self.pending_lines, self.pending_queued) = (0, 0);
        self.unsynced.get_or_insert_with(Instant::now);
        if self.taken.len() <= self.used {
            self.taken.clear();
            self.taken.shrink_to(2 * BATCH);
            self.used = 0;
        }
        if !self.sync_failed {
            self.works();
        }
        Ok(())
    }

    fn sync_if_due(&mut self) -> Result<(), Duration> {
        match self.unsynced {
            Some(since) if since.elapsed() >= SYNC => self.sync(),
            _ => Ok(()),
        }
    }

    fn sync(&mut self) -> Result<(), Duration> {
        if self.unsynced.is_none() {
            return Ok(());
        }
        match self.sink.sync() {
            Ok(()) => {
                self.unsynced = None;
                self.sync_failed = false;
                self.works();
                Ok(())
            }
            Err(error) => {
                self.sync_failed = true;
                Err(self.failed(&error))
            }
        }
    }

    fn failed(&mut self, error: &io::Error) -> Duration {
        *lock(&self.shared.failure) = Some(error.to_string());
        self.shared.failing.store(true, Ordering::SeqCst);
        self.shared.metrics.failing.set(1);
        let pause = self.retry;
        self.retry = (2 * self.retry).min(RETRY.1);
        pause
    }

    fn works(&mut self) {
        self.retry = RETRY.0;
        if self.shared.failing.swap(false, Ordering::SeqCst) {
            *lock(&self.shared.failure) = None;
            self.shared.metrics.failing.set(0);
        }
    }

    /// Waits until someone puts a line in, or something else is due.
    fn sleep(&mut self) {
        let shared = &self.shared;
        shared.asleep.store(true, Ordering::SeqCst);
        let aside = !lock(&shared.aside).is_empty();
        if shared.queue.is_empty() && !aside && !shared.ending.load(Ordering::SeqCst) {
            thread::park_timeout(if self.unsynced.is_some() { SYNC } else { TURN });
        }
        shared.asleep.store(false, Ordering::SeqCst);
    }
}

/// Says that the thread is gone, also if it panicked.
struct Gone(Arc<Shared>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.failing.store(true, Ordering::SeqCst);
        if !self.0.complete.load(Ordering::SeqCst) {
            lock(&self.0.failure).get_or_insert_with(|| "its writer is gone".to_owned());
        }
    }
}

/// What a panic left behind is whole: each lock holds one value that is replaced.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
