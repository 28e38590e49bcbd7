//! What all sessions of one server share: who is told of changes, and the key for request states.
//!
//! Nothing here grows: changes are broadcast and forgotten.

use rmcp::ErrorData;
use rmcp::model::RequestStateCodec;
use tokio::sync::broadcast;

/// How many changes a slow subscriber may be behind before it misses some.
const CHANGES: usize = 16;

/// A list that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// That of the tools.
    Tools,
    /// That of the prompts.
    Prompts,
}

/// What all sessions share.
pub(crate) struct Shared {
    changes: broadcast::Sender<Change>,
    states: RequestStateCodec,
}

// === impl Shared ===

impl Shared {
    /// With a key of its own.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub(crate) fn new() -> std::io::Result<Self> {
        let mut key = [0u8; 32];
        aws_lc_rs::rand::fill(&mut key).map_err(std::io::Error::other)?;
        Ok(Self {
            changes: broadcast::channel(CHANGES).0,
            states: RequestStateCodec::try_new(key).map_err(std::io::Error::other)?,
        })
    }

    /// Tells everybody who listens.
    pub(crate) fn changed(&self, change: Change) {
        // It fails if nobody listens.
        let _ = self.changes.send(change);
    }

    /// The changes from now on.
    pub(crate) fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// What a server has to remember between two rounds of a request, for the client to bring back:
    /// it can read it, and can't change it or use it with another tool.
    pub(crate) fn seal(&self, tool: &str, step: &str) -> String {
        let options = rmcp::model::SealOptions::new().associated_data(tool.as_bytes());
        self.states.seal_with(step.as_bytes(), &options)
    }

    /// The step in a state that a client brought back.
    ///
    /// # Errors
    /// If it isn't one of this server and of this tool, as it was given: -32602.
    pub(crate) fn open(&self, tool: &str, state: &str) -> Result<String, ErrorData> {
        let opened = self.states.open_with(state, tool.as_bytes());
        let step = opened.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        step.ok_or_else(|| ErrorData::invalid_params("`requestState` is not what was given", None))
    }
}
