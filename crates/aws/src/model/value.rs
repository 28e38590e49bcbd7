//! Keys, origins, and values that may be known, assumed or unknown.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

pub use farmgate_net::uncertain::{Note, Uncertain as Val, UncertainSet as SetVal};

/// The name of a resource: a Terraform address, or a bare id or ARN.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// The key of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The Terraform resource type, for an address: `aws_lb` of `module.a.aws_lb.b["c"]`.
    #[must_use]
    pub fn resource_type(&self) -> Option<&str> {
        let mut rest = self.as_str();
        while let Some(after) = rest.strip_prefix("module.") {
            let mut quoted = false;
            let end = after.find(|c: char| {
                if c == '"' {
                    quoted = !quoted;
                }
                c == '.' && !quoted
            })?;
            rest = after.get(end + 1..)?;
        }
        let rest = rest.strip_prefix("data.").unwrap_or(rest);
        rest.split_once('.').map(|(kind, _)| kind)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Key {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// Where an item is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The resource that says it.
    pub key: Key,
    /// The place in that resource, as `ingress[0]`; empty for the whole.
    pub path: String,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file's name, as it was given; shared by all places in it.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Origin {
    /// A whole resource.
    #[must_use]
    pub fn of(key: &Key) -> Self {
        Self { key: key.clone(), path: String::new() }
    }

    /// A place in a resource.
    pub fn at(key: &Key, path: impl Into<String>) -> Self {
        Self { key: key.clone(), path: path.into() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { self.key.fmt(f) } else { write!(f, "{} {}", self.key, self.path) }
    }
}
