//! Log groups of CloudWatch Logs.

use super::{Key, Val};

/// A log group.
#[derive(Debug, Clone)]
pub struct LogGroup {
    /// Its own key.
    pub key: Key,
    /// Its name.
    pub name: Val<Option<String>>,
    /// Days for which it keeps what is logged; none: for ever.
    pub retention: Val<Option<u32>>,
    /// Whether anything else that its source writes names it.
    pub named: Val<bool>,
}
