//! Collections against a server that says what AWS would say.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
