//! AWS Signature Version 4: what a request says of its signature, and whether it is right.
//!
//! Pure and synchronous: no I/O, no clock, no store. [`Signed::of`] reads what a request says,
//! [`Signed::check`] judges all that needs neither a key nor the body, and only what passed it can
//! be verified ([`Checked::verify`]). Whose key it is, and whether the same signature came before,
//! is for the caller. Nothing is signed here either: clients use AWS's own signer, and the tests
//! hold this verifier against it.
//!
//! Reading order: `signed` (what a request says), `check` (the rules), `canonical` (what is
//! signed), `key`, `fault` (every way to be refused), `sts` (a proof that STS verifies).

mod canonical;
mod check;
mod fault;
mod key;
mod payload;
mod query;
mod scope;
mod signed;
pub mod sts;
mod time;

pub use check::{Checked, Rules, SKEW};
pub use fault::Fault;
pub use key::SigningKey;
pub use query::strip_presigned;
pub use signed::{MAX_PRESIGNED, Signed};

/// The only algorithm that is taken. (SigV4A, with elliptic curves, is another one.)
pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// More lines of headers than this are refused.
pub(crate) const MAX_HEADERS: usize = 128;

/// More names than this under `SignedHeaders` are refused.
pub(crate) const MAX_SIGNED: usize = 64;

/// More parameters of a query than this are refused.
pub(crate) const MAX_PARAMETERS: usize = 256;

/// A path with its query over this many bytes is refused: a session token in it has up to 4 KiB.
pub(crate) const MAX_TARGET: usize = 16 << 10;
