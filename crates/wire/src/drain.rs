//! The word that it is time to end, given once and heard by all.

use std::sync::Arc;

use tokio::sync::watch;

/// Says that what runs should come to its end: nothing new is accepted, what is under way goes on.
/// All clones are one; it can be begun from any thread, and can't be taken back.
#[derive(Debug, Clone)]
pub struct Drain {
    begun: Arc<watch::Sender<bool>>,
}

impl Drain {
    /// One that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self { begun: Arc::new(watch::Sender::new(false)) }
    }

    /// Begins; again does nothing.
    pub fn begin(&self) {
        self.begun.send_if_modified(|begun| !std::mem::replace(begun, true));
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.begun.borrow()
    }

    /// Waits until it begins; returns at once if it has.
    pub async fn begun(&self) {
        // The sender lives as long as `self`, so this can't fail.
        let _ = self.begun.subscribe().wait_for(|begun| *begun).await;
    }
}

impl Default for Drain {
    fn default() -> Self {
        Self::new()
    }
}
