//! Who calls: every way to prove it is an [`Authenticator`], and any one of a server's suffices.

mod api_keys;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use farmgate_keys::Principal;
use http::request::Parts;
use http::{HeaderName, HeaderValue};

pub use api_keys::ApiKeyHeader;

/// A way to prove who calls.
///
/// A request is asked at its head, before its body is read. A way whose proof covers the body says
/// [`Proof::Later`] and is asked again with it.
pub trait Authenticator: Send + Sync {
    /// What a request's head proves.
    fn at_head(&self, head: &Parts) -> Proof;

    /// What it proves with its body; asked only after [`Proof::Later`].
    fn with_body<'a>(
        &'a self,
        _head: &'a Parts,
        _body: &'a Bytes,
    ) -> Pin<Box<dyn Future<Output = Proof> + 'a>> {
        Box::pin(std::future::ready(Proof::Absent))
    }

    /// The headers that carry credentials. No server gets to see them.
    fn credentials(&self) -> &[HeaderName];

    /// What `WWW-Authenticate` says to those who bring nothing (RFC 9110, section 11.6.1).
    fn challenge(&self) -> HeaderValue;
}

/// What a request proves.
#[derive(Debug, Clone)]
pub enum Proof {
    /// It brings nothing of this kind.
    Absent,
    /// It brings something of this kind, which isn't right.
    Wrong(Wrong),
    /// Its head is well, and its body decides.
    Later,
    /// This principal calls.
    Is(Arc<Principal>),
}

/// What is wrong with a proof. The code is for the audit; clients see no more than the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong {
    /// A word for the audit: `api_key_unknown`.
    pub code: &'static str,
    /// Whether the caller is known and may not do this (403), rather than unknown (401).
    pub known: bool,
}

/// What several ways say of one request at its head: the first that proves something wins; one that
/// wants the body is asked with it; else what is wrong is told rather than what is absent.
pub(crate) enum AtHead {
    /// This principal calls.
    Is(Arc<Principal>),
    /// The way of this index wants the body.
    Later(usize),
    /// No way proves anything.
    No(Option<Wrong>),
}

/// Asks every way, in order.
pub(crate) fn at_head(ways: &[Arc<dyn Authenticator>], head: &Parts) -> AtHead {
    let mut later = None;
    let mut wrong: Option<Wrong> = None;
    for (index, way) in ways.iter().enumerate() {
        match way.at_head(head) {
            Proof::Is(principal) => return AtHead::Is(principal),
            Proof::Later => later = later.or(Some(index)),
            Proof::Wrong(this) => wrong = wrong.or(Some(this)),
            Proof::Absent => {}
        }
    }
    match later {
        Some(index) => AtHead::Later(index),
        None => AtHead::No(wrong),
    }
}
