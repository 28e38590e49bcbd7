//! Secrets of Secrets Manager and parameters of Systems Manager: what is said of them, never what
//! they hold.

use super::{Key, Val};

/// A secret of Secrets Manager.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Its own key.
    pub key: Key,
    /// Its name.
    pub name: Val<Option<String>>,
    /// Whether it is rotated by a schedule.
    pub rotates: Val<bool>,
}

/// A parameter of Systems Manager.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its own key.
    pub key: Key,
    /// Its name.
    pub name: Val<Option<String>>,
    /// `String`, `StringList` or `SecureString`.
    pub kind: Val<String>,
    /// Whether the source itself holds the value in clear.
    pub written: Val<bool>,
}
