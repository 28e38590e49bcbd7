//! What a probe from inside the farm's network is told: plain data in an environment variable.
//!
//! `build` writes it into the task definition `FARM-probe`; `farmgate probe --task` reads it there.
//! It holds no secret, and the task has none: it asks what answers to somebody who merely is in the
//! network.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The environment variable that holds it.
pub const PROBE_VARIABLE: &str = "FARMGATE_PROBE";

/// The version of its format.
pub const PROBE_VERSION: u32 = 1;

/// Where a probe from inside the network looks. Every place is `HOST:PORT`, by a name of the farm's
/// private namespace or by an address; nothing else is probed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbeTask {
    /// The version of this format.
    pub version: u32,
    /// The farm's name.
    pub farm: String,
    /// The farm's URL, for the record: it is not asked.
    pub url: String,
    /// Each server's own places, by its name: where it, or the bridge beside it, listens; and its own
    /// port behind a bridge.
    pub servers: BTreeMap<String, Vec<String>>,
    /// Where the gate itself listens, past what stands before it; empty if it has no name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gate: Vec<String>,
    /// Where the gate's admin port would be; empty if the gate has no name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub admin: Vec<String>,
}

// === impl ProbeTask ===

impl ProbeTask {
    /// What a text of [`PROBE_VARIABLE`] says.
    ///
    /// # Errors
    /// If it isn't JSON of this format and version.
    pub fn parse(text: &str) -> Result<Self, String> {
        let task: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if task.version == PROBE_VERSION {
            return Ok(task);
        }
        Err(format!("version {} of what is to be probed is not known", task.version))
    }

    /// As the text of [`PROBE_VARIABLE`]: on one line.
    #[must_use]
    pub fn text(&self) -> String {
        // A tree of texts and lists can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}
