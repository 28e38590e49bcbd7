//! The servers' targets.
