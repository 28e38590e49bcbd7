//! The rules that need neither a key nor the body: scope, clock, which headers must be signed.
//!
//! Only what passed them can be verified, so nobody forgets them. Replays within the window are the
//! caller's to refuse.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::request::Parts;

use crate::canonical;
use crate::fault::Fault;
use crate::key::SigningKey;
use crate::payload::{Payload, hex, sha256};
use crate::signed::Signed;

/// Seconds by which a client's clock may differ, in both directions, as AWS has it.
pub const SKEW: i64 = 300;

/// What the signatures of a gate must be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The region, as `us-west-2`.
    pub region: String,
    /// The service, as `execute-api`.
    pub service: String,
    /// Whether a request may leave its body out of what it signs (`UNSIGNED-PAYLOAD`).
    pub unsigned_payload: bool,
}

/// A signature that may be verified: its request keeps the rules.
#[derive(Debug, Clone)]
pub struct Checked {
    signed: Signed,
}

// === impl Signed ===

impl Signed {
    /// Judges all that needs neither a key nor the body, at `now` (seconds since 1970).
    ///
    /// # Errors
    /// If it is for another day, region or service; if it is too old, or not yet; if a header that
    /// is there and must be signed isn't (`host`, `content-type`, `x-amz-*`, `mcp-*`); if the body
    /// isn't signed and must be.
    pub fn check(self, head: &Parts, rules: &Rules, now: i64) -> Result<Checked, Fault> {
        self.check_scope(rules)?;
        self.check_clock(now)?;
        self.check_headers(head)?;
        if self.payload == Payload::Unsigned && !rules.unsigned_payload {
            return Err(Fault::UnsignedPayload);
        }
        canonical::host(head)?;
        Ok(Checked { signed: self })
    }

    fn check_scope(&self, rules: &Rules) -> Result<(), Fault> {
        let scope = &self.scope;
        if scope.region != rules.region {
            return Err(Fault::Region);
        }
        if scope.service != rules.service {
            return Err(Fault::Service);
        }
        if scope.date != self.time.date() {
            return Err(Fault::ScopeDate);
        }
        Ok(())
    }

    fn check_clock(&self, now: i64) -> Result<(), Fault> {
        // A presigned URL begins when it was signed, and may be old.
        let old = now.saturating_sub(self.time());
        if old < -SKEW || (self.life.is_none() && old > SKEW) {
            return Err(Fault::Skewed);
        }
        if now > self.expires() {
            return Err(Fault::Expired);
        }
        Ok(())
    }

    fn check_headers(&self, head: &Parts) -> Result<(), Fault> {
        if !self.headers.has("host") {
            return Err(Fault::HostUnsigned);
        }
        for name in head.headers.keys().map(http::HeaderName::as_str) {
            let fault = match name {
                "content-type" => Fault::ContentTypeUnsigned,
                _ if name.starts_with("x-amz-") => Fault::AmzUnsigned,
                _ if name.starts_with("mcp-") => Fault::McpUnsigned,
                _ => continue,
            };
            if !self.headers.has(name) {
                return Err(fault);
            }
        }
        Ok(())
    }
}

// === impl Checked ===

impl Checked {
    /// What the request says of its signature.
    #[must_use]
    pub fn signed(&self) -> &Signed {
        &self.signed
    }

    /// Whether the signature is right, over the head that was checked, as it came, and the real
    /// body. The signatures are compared in a time that doesn't depend on where they differ.
    ///
    /// # Errors
    /// [`Fault::Signature`] if it is wrong; [`Fault::Payload`] if the body isn't what the request
    /// says of it; [`Fault::Absent`] if a header that should be signed isn't there.
    pub fn verify(&self, head: &Parts, body: &[u8], key: &SigningKey) -> Result<(), Fault> {
        let canonical = self.canonical_request(head, body)?;
        let right = key.sign(self.string_to_sign(&canonical).as_bytes());
        let equal = verify_slices_are_equal(&right, &self.signed.signature).is_ok();
        if equal && !key.is_nobodys() { Ok(()) } else { Err(Fault::Signature) }
    }

    /// The canonical request: what is signed of the request, as "Create a signed AWS API request"
    /// says, step 1. Whoever looks for the difference to a client's own finds it here; it holds the
    /// values of headers, session tokens among them, and belongs into no log.
    ///
    /// # Errors
    /// As [`Checked::verify`], but for the signature.
    pub fn canonical_request(&self, head: &Parts, body: &[u8]) -> Result<Vec<u8>, Fault> {
        canonical::request(&self.signed, head, body)
    }

    /// The string to sign: step 3.
    #[must_use]
    pub fn string_to_sign(&self, canonical: &[u8]) -> String {
        let hash = hex(&sha256(canonical));
        let (time, scope) = (self.signed.time.text(), self.signed.scope.text());
        [crate::ALGORITHM, time, &scope, &hash].join("\n")
    }
}
