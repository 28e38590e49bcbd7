//! What an intermediary has to know of the Model Context Protocol: messages, headers, errors, event
//! streams, lists of tools. It does no I/O.
//!
//! It reads and never rewrites: whoever uses it sends on the bytes that came. The one exception is
//! [`tools`], which takes entries out of a list and leaves every other byte where it was.

pub mod fault;
pub mod headers;
mod json;
pub mod message;
pub mod sse;
pub mod tools;

pub use fault::Fault;
pub use headers::{Era, check};
pub use message::{Kind, Message};

/// The newest revision of the protocol that is known here.
pub const LATEST: &str = "2026-07-28";
