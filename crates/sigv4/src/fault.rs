//! Every way in which a signed request is refused: the audit's word for it, and what the client may
//! be told.
//!
//! All but a wrong signature follow from what the client sent and from the clock, so it may know
//! them. Of a wrong signature nobody is told anything: it looks the same whether the key exists or
//! not.

use std::fmt;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Several signatures: in the header and in the query, or several `Authorization`.
    Twice,
    /// An algorithm that isn't `AWS4-HMAC-SHA256`.
    Algorithm,
    /// `Authorization` isn't of the form.
    Authorization,
    /// The query has not each of the parameters of a presigned URL once.
    Query,
    /// The credential isn't `KEY/DATE/REGION/SERVICE/aws4_request`.
    Credential,
    /// The signature isn't 64 digits of lower-case hex.
    SignatureText,
    /// The list of signed headers isn't lower case, sorted, and without repetition.
    SignedHeaders,
    /// More headers or parameters, or a longer path, than is looked at.
    TooLarge,
    /// No time, several, or none that can be read.
    Time,
    /// The credential is for another day than the request's time.
    ScopeDate,
    /// Signed for another region.
    Region,
    /// Signed for another service.
    Service,
    /// The request's time is more than [`crate::SKEW`] off the clock.
    Skewed,
    /// A presigned URL is over.
    Expired,
    /// A presigned URL would hold for no time, or for more than [`crate::MAX_PRESIGNED`] seconds.
    Life,
    /// `host` isn't signed.
    HostUnsigned,
    /// `content-type` is there and isn't signed.
    ContentTypeUnsigned,
    /// An `x-amz-*` header is there and isn't signed.
    AmzUnsigned,
    /// An `mcp-*` header is there and isn't signed.
    McpUnsigned,
    /// A header that is named as signed isn't there.
    Absent,
    /// No host, or several that differ.
    Host,
    /// `X-Amz-Content-Sha256` is there more than once, or isn't the body's hash.
    Payload,
    /// The body isn't signed, and must be.
    UnsignedPayload,
    /// The body is signed in pieces, which isn't supported.
    Streaming,
    /// The signature is wrong, or its key isn't known.
    Signature,
    /// A proof for STS isn't of the form.
    Proof,
    /// A proof for STS is for another farm.
    ProofAudience,
    /// A proof for STS doesn't sign the farm that it is for, or not the rest of what it must.
    ProofUnsigned,
}

// === impl Fault ===

impl Fault {
    /// The audit's word: one of a fixed few.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Twice => "sigv4_twice",
            Self::Algorithm => "sigv4_algorithm",
            Self::Authorization
            | Self::Query
            | Self::Credential
            | Self::SignatureText
            | Self::SignedHeaders
            | Self::Life => "sigv4_malformed",
            Self::TooLarge => "sigv4_too_large",
            Self::Time => "sigv4_time",
            Self::ScopeDate | Self::Region | Self::Service => "sigv4_scope",
            Self::Skewed => "sigv4_skewed",
            Self::Expired => "sigv4_expired",
            Self::HostUnsigned
            | Self::ContentTypeUnsigned
            | Self::AmzUnsigned
            | Self::McpUnsigned => "sigv4_unsigned_header",
            Self::Absent => "sigv4_header_absent",
            Self::Host => "sigv4_host",
            Self::Payload => "sigv4_payload",
            Self::UnsignedPayload => "sigv4_unsigned_payload",
            Self::Streaming => "sigv4_streaming",
            Self::Signature => "sigv4_wrong",
            Self::Proof => "sts_proof_malformed",
            Self::ProofAudience => "sts_proof_audience",
            Self::ProofUnsigned => "sts_proof_unsigned",
        }
    }

    /// What the client may be told; nothing of a wrong signature.
    #[must_use]
    pub fn told(self) -> Option<&'static str> {
        (self != Self::Signature).then(|| self.sentence())
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Twice => "sign the request once, in `Authorization` or in the query",
            Self::Algorithm => "the request is not signed with `AWS4-HMAC-SHA256`",
            Self::Authorization => {
                "`Authorization` is not `AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...`"
            }
            Self::Query => "a presigned URL needs each of its `X-Amz-` parameters once",
            Self::Credential => "the credential is not `KEY/DATE/REGION/SERVICE/aws4_request`",
            Self::SignatureText => "the signature is not 64 digits of hex in lower case",
            Self::SignedHeaders => {
                "the signed headers are not in lower case, sorted, each named once"
            }
            Self::TooLarge => {
                "the request has more headers or parameters, or a longer path, than is verified"
            }
            Self::Time => "`X-Amz-Date` is not there once, as a time like `20261122T080000Z`",
            Self::ScopeDate => "the credential is for another day than the request's time",
            Self::Region => "the request is signed for another region",
            Self::Service => "the request is signed for another service",
            Self::Skewed => {
                "the request's time is more than 5 minutes off the gate's clock: see `Date`"
            }
            Self::Expired => "the presigned URL has expired",
            Self::Life => "`X-Amz-Expires` is not a number from 1 to 604800",
            Self::HostUnsigned => "`host` must be signed",
            Self::ContentTypeUnsigned => "`content-type` must be signed where it is sent",
            Self::AmzUnsigned => "every `x-amz-*` header that is sent must be signed",
            Self::McpUnsigned => "every `mcp-*` header that is sent must be signed",
            Self::Absent => "a header that is named as signed is not in the request",
            Self::Host => "the request has no host, or several that differ",
            Self::Payload => "`X-Amz-Content-Sha256` is not the hash of the body",
            Self::UnsignedPayload => "the body must be signed",
            Self::Streaming => "a body that is signed in pieces (`STREAMING-...`) is not supported",
            Self::Signature => "the signature is wrong, or its key is not known",
            Self::Proof => "the proof for STS is malformed",
            Self::ProofAudience => "the proof for STS is for another farm",
            Self::ProofUnsigned => {
                "a proof for STS signs `content-type`, `host`, `x-amz-date`, `x-farmgate-audience` and its `x-amz-security-token`, and nothing else"
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl std::error::Error for Fault {}
