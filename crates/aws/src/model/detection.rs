//! What watches an account: trails, detectors, Security Hub, Config, and flow logs.
//!
//! An account has each of these whether a source shows it or not: that none is shown says something
//! only where a source lists all of its kind ([`Detection::listed`]).

use std::collections::{BTreeMap, BTreeSet};

use super::{Key, Val};

/// What the sources show of detection.
#[derive(Debug, Clone, Default)]
pub struct Detection {
    /// CloudTrail's trails.
    pub trails: BTreeMap<Key, Trail>,
    /// GuardDuty's detectors.
    pub detectors: BTreeMap<Key, Detector>,
    /// Where Security Hub is on.
    pub hubs: BTreeMap<Key, Hub>,
    /// AWS Config's recorders.
    pub recorders: BTreeMap<Key, Recorder>,
    /// Kinds of resources, by their type in the AWS provider, of which a source lists all that the
    /// account has in its region. No plan, state, template or farm file does.
    pub listed: BTreeSet<String>,
}

impl Detection {
    /// Whether a source lists all resources of this type.
    #[must_use]
    pub fn lists(&self, kind: &str) -> bool {
        self.listed.contains(kind)
    }
}

/// A trail of CloudTrail.
#[derive(Debug, Clone)]
pub struct Trail {
    /// Its own key.
    pub key: Key,
    /// Its name.
    pub name: Val<Option<String>>,
    /// `is_multi_region_trail`.
    pub multi_region: Val<bool>,
    /// `include_global_service_events`.
    pub global_events: Val<bool>,
    /// `enable_log_file_validation`.
    pub validates: Val<bool>,
    /// `enable_logging`.
    pub logging: Val<bool>,
    /// Whether its files are encrypted with a key of the account (`kms_key_id`).
    pub own_key: Val<bool>,
    /// Whether it records management events: what changes the account. Without event selectors it
    /// does.
    pub management: Val<bool>,
}

/// A detector of GuardDuty.
#[derive(Debug, Clone)]
pub struct Detector {
    /// Its own key.
    pub key: Key,
    /// `enable`.
    pub enabled: Val<bool>,
}

/// Security Hub in one region.
#[derive(Debug, Clone)]
pub struct Hub {
    /// Its own key.
    pub key: Key,
    /// Whether any standard is subscribed to; without one it checks nothing by itself.
    pub standards: Val<bool>,
}

/// A recorder of AWS Config.
#[derive(Debug, Clone)]
pub struct Recorder {
    /// Its own key.
    pub key: Key,
    /// Its name.
    pub name: Val<Option<String>>,
    /// Whether it records (`aws_config_configuration_recorder_status.is_enabled`).
    pub recording: Val<bool>,
}

/// A flow log of a whole VPC.
#[derive(Debug, Clone)]
pub struct FlowLog {
    /// Its own key.
    pub key: Key,
    /// The VPC; `None`: it is of a subnet or an interface.
    pub vpc: Val<Option<Key>>,
    /// `ACCEPT`, `REJECT` or `ALL`.
    pub traffic: Val<Option<String>>,
}
