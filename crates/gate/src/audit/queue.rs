//! The lines that wait to be written: bounded in bytes, in parts so that workers hardly ever meet.
//!
//! A worker's thread always uses the same part, whose lock only the writer asks for as well, once in
//! some milliseconds and for as long as it takes to swap two buffers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bytes that may wait. Some 20,000 requests' lines.
pub(super) const MOST: usize = 8 << 20;
/// Bytes of waiting lines beyond which no requests should begin, if none may be lost. What is left
/// is for requests under way.
pub(super) const FULL: usize = MOST / 2;

/// Parts of the queue.
const PARTS: usize = 16;
/// Bytes of an empty buffer that are worth keeping.
const KEPT: usize = 256 << 10;

/// A queue of lines, each with a line feed at its end.
pub(super) struct Queue {
    parts: [Part; PARTS],
    /// Bytes in all parts, and those that were taken out and aren't written yet.
    bytes: AtomicUsize,
}

/// On a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
struct Part(Mutex<Vec<u8>>);

// === impl Queue ===

impl Queue {
    pub(super) fn new() -> Self {
        Self { parts: Default::default(), bytes: AtomicUsize::new(0) }
    }

    /// Bytes that wait, or are being written.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Puts a line in. False if there is no room.
    pub(super) fn put(&self, line: &[u8]) -> bool {
        let length = line.len() + 1;
        if self.bytes.fetch_add(length, Ordering::Relaxed) + length > MOST {
            self.bytes.fetch_sub(length, Ordering::Relaxed);
            return false;
        }
        let Some(part) = self.parts.get(own_part()) else { return false };
        let mut lines = part.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend_from_slice(line);
        lines.push(b'\n');
        true
    }

    /// Takes everything out, part by part. The bytes count until [`Queue::written`].
    pub(super) fn take(&self, to: &mut Vec<u8>) {
        for part in &self.parts {
            let mut lines = part.0.lock().unwrap_or_else(PoisonError::into_inner);
            to.extend_from_slice(&lines);
            lines.clear();
            if lines.capacity() > KEPT {
                lines.shrink_to(KEPT);
            }
        }
    }

    /// Counts bytes that were taken out as written.
    pub(super) fn written(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether nothing is in. (A part that is being filled counts, since its lock is asked for.)
    pub(super) fn is_empty(&self) -> bool {
        let empty = |part: &Part| part.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        self.parts.iter().all(empty)
    }
}

/// The part of this thread.
fn own_part() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static PART: usize = THREADS.fetch_add(1, Ordering::Relaxed) % PARTS;
    }
    PART.with(|part| *part)
}
