//! Signatures that an API Gateway before the gate verified (`AWS_IAM` authorization): it says whose
//! they were, and proves with a secret that it is the one that says so.
//!
//! Without the right secret the caller's header is nothing: whoever reaches the gate past the API
//! Gateway could write any name into it. The API Gateway overwrites what clients send under both
//! names; the gate gives neither on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use farmgate_farm::gate::{GATEWAY_CALLER_HEADER, GATEWAY_SECRET_HEADER};
use farmgate_keys::Principal;
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use super::callers::{self, Callers};
use super::{Authenticator, Proof, Wrong, only};

/// Characters of a secret.
const SHORTEST: usize = 32;
/// Different ones among them: 32 random digits of hex have 13 of 16.
const LEAST_DIFFERENT: usize = 8;
/// The longest header that is looked at.
const LONGEST: usize = 2048;
/// Secrets that hold at a time: the one and, during a rotation, the other.
const MOST: usize = 2;

/// Callers that are kept; then all are made anew.
const MOST_KEPT: usize = 4096;

/// An API Gateway that says who calls.
pub(crate) struct ApiGateway {
    secrets: Vec<SecretString>,
    callers: Callers,
    /// Who called, by ARN: what is signed for servers is kept by the principal's place in memory.
    kept: Mutex<HashMap<String, Arc<Principal>>>,
    credentials: [HeaderName; 2],
}

// === impl ApiGateway ===

impl ApiGateway {
    /// Believes who sends one of these secrets (one, or two with white space between them, during a
    /// rotation), and lets in callers whose ARN one of the patterns matches.
    ///
    /// # Errors
    /// If a secret could be guessed, or a pattern can match nobody; it never says what a secret is.
    pub(crate) fn new(secret: &SecretString, principals: &[String]) -> Result<Self, String> {
        let secrets: Vec<&str> = secret.expose_secret().split_ascii_whitespace().collect();
        if secrets.is_empty() || secrets.len() > MOST {
            return Err("the API Gateway's secret is one word, or two during a rotation".to_owned());
        }
        for secret in &secrets {
            judge(secret).map_err(|why| format!("the API Gateway's secret is refused: {why}"))?;
        }
        Ok(Self {
            secrets: secrets.into_iter().map(SecretString::from).collect(),
            callers: Callers::new(principals)?,
            kept: Mutex::default(),
            credentials: [GATEWAY_CALLER_HEADER, GATEWAY_SECRET_HEADER]
                .map(HeaderName::from_static),
        })
    }

    fn look(&self, head: &Parts) -> Result<Proof, Wrong> {
        let malformed = Wrong::unknown("apigw_iam_malformed");
        let Some(secret) = only(head, GATEWAY_SECRET_HEADER, LONGEST).map_err(|()| malformed)?
        else {
            return Ok(Proof::Absent);
        };
        let mut right = false;
        for known in &self.secrets {
            let equal =
                verify_slices_are_equal(known.expose_secret().as_bytes(), secret.as_bytes());
            right |= equal.is_ok();
        }
        if !right {
            return Err(Wrong::unknown("apigw_iam_secret"));
        }
        let caller = only(head, GATEWAY_CALLER_HEADER, LONGEST).map_err(|()| malformed)?;
        // An API Gateway that authorizes nobody says no ARN: the route has no `AWS_IAM`.
        let caller = caller.filter(|caller| callers::is_caller(caller)).ok_or(malformed)?;
        if !self.callers.has(caller) {
            return Err(Wrong::known("apigw_iam_principal"));
        }
        Ok(Proof::Is(self.principal(caller)))
    }

    fn principal(&self, arn: &str) -> Arc<Principal> {
        // A panic leaves whole entries behind.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.get(arn) {
            return Arc::clone(known);
        }
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        let principal =
            Arc::new(Principal { subject: arn.to_owned(), groups: Vec::new(), kind: "apigw_iam" });
        kept.insert(arn.to_owned(), Arc::clone(&principal));
        principal
    }
}

/// Whether a secret could be guessed.
fn judge(secret: &str) -> Result<(), &'static str> {
    let bytes = secret.as_bytes();
    if bytes.len() < SHORTEST {
        return Err("it is shorter than 32 characters");
    }
    if bytes.len() > LONGEST || !bytes.iter().all(u8::is_ascii_graphic) {
        return Err("it has characters that no header carries, or very many");
    }
    let mut different = bytes.to_vec();
    different.sort_unstable();
    different.dedup();
    let repeats = |period: usize| bytes.iter().zip(bytes.iter().skip(period)).all(|(a, b)| a == b);
    if different.len() < LEAST_DIFFERENT || (1..=SHORTEST / 2).any(repeats) {
        return Err("it is a pattern and not random");
    }
    Ok(())
}

impl Authenticator for ApiGateway {
    fn at_head(&self, head: &Parts) -> Proof {
        self.look(head).unwrap_or_else(Proof::Wrong)
    }

    fn credentials(&self) -> &[HeaderName] {
        &self.credentials
    }

    fn challenge(&self) -> HeaderValue {
        // The signature is the API Gateway's to ask for; to the gate itself nobody signs.
        HeaderValue::from_static("AWS4-HMAC-SHA256 service=\"execute-api\"")
    }
}

#[cfg(test)]
mod tests;
