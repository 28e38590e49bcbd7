//! Who calls: every way to prove it is an [`Authenticator`], and any one of a server's suffices.
//!
//! What a way remembers beyond one configuration (signatures that were used, what STS answered) is in
//! `memory`. What a caller may do is not decided here.

mod api_keys;
mod apigw_iam;
mod callers;
mod memory;
mod sigv4;
mod sts_proof;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use farmgate_keys::Principal;
use http::request::Parts;
use http::{HeaderName, HeaderValue};

pub use api_keys::ApiKeyHeader;
pub(crate) use apigw_iam::ApiGateway;
pub(crate) use memory::Memory;
pub(crate) use sigv4::IssuedKeys;
pub use sts_proof::Sts;
pub(crate) use sts_proof::StsProof;

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

/// What is wrong with a proof. The code is for the audit; clients see the status and, where it helps
/// whoever is right and harms nobody, a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong {
    /// A word for the audit: `api_key_unknown`.
    pub code: &'static str,
    /// What it says of the caller, and so which status is answered.
    pub caller: Caller,
    /// What the client is told, without quotes: that its clock is wrong, say. Never whether a key
    /// exists.
    pub told: Option<&'static str>,
}

/// What is known of a caller whose proof isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Nothing: 401.
    Unknown,
    /// Who it is, and that it may not do this: 403.
    Known,
    /// Nothing yet: it can't be verified at the moment, and may be in a while: 503.
    Unclear,
}

// === impl Wrong ===

impl Wrong {
    /// Nobody is proved: 401.
    pub(crate) const fn unknown(code: &'static str) -> Self {
        Self { code, caller: Caller::Unknown, told: None }
    }

    /// Somebody is, who may not do this: 403.
    pub(crate) const fn known(code: &'static str) -> Self {
        Self { code, caller: Caller::Known, told: None }
    }

    /// It can't be verified at the moment: 503.
    pub(crate) const fn unclear(code: &'static str, told: &'static str) -> Self {
        Self { code, caller: Caller::Unclear, told: Some(told) }
    }

    /// With what the client is told.
    pub(crate) const fn telling(mut self, told: Option<&'static str>) -> Self {
        self.told = told;
        self
    }
}

/// What several ways say of one request at its head: the first that proves something wins; those
/// that want the body are asked with it; else what is wrong is told rather than what is absent.
pub(crate) enum AtHead {
    /// This principal calls.
    Is(Arc<Principal>),
    /// The ways of these indices want the body, in order.
    Later(Vec<usize>),
    /// No way proves anything.
    No(Option<Wrong>),
}

/// Asks every way, in order.
pub(crate) fn at_head(ways: &[Arc<dyn Authenticator>], head: &Parts) -> AtHead {
    let mut later = Vec::new();
    let mut wrong: Option<Wrong> = None;
    for (index, way) in ways.iter().enumerate() {
        match way.at_head(head) {
            Proof::Is(principal) => return AtHead::Is(principal),
            Proof::Later => later.push(index),
            Proof::Wrong(this) => wrong = wrong.or(Some(this)),
            Proof::Absent => {}
        }
    }
    if later.is_empty() { AtHead::No(wrong) } else { AtHead::Later(later) }
}

/// Asks those that want the body, in order; the first that proves something wins.
pub(crate) async fn with_body(
    ways: &[Arc<dyn Authenticator>],
    later: &[usize],
    head: &Parts,
    body: &Bytes,
) -> Result<Arc<Principal>, Option<Wrong>> {
    let mut wrong: Option<Wrong> = None;
    for way in later.iter().filter_map(|index| ways.get(*index)) {
        match way.with_body(head, body).await {
            Proof::Is(principal) => return Ok(principal),
            Proof::Wrong(this) => wrong = wrong.or(Some(this)),
            Proof::Absent | Proof::Later => {}
        }
    }
    Err(wrong)
}

/// The value of a header that may come once: none if it is absent.
///
/// # Errors
/// If it comes more than once, is longer than `longest` bytes, or isn't visible ASCII.
fn only<'a>(head: &'a Parts, name: &str, longest: usize) -> Result<Option<&'a str>, ()> {
    let mut values = head.headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) if value.len() <= longest => value.to_str().map(Some).map_err(|_| ()),
        _ => Err(()),
    }
}
