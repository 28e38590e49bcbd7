//! Proofs that STS verifies: a signed `sts:GetCallerIdentity` in a header, which the gate replays to
//! STS to learn who signed it.
//!
//! A proof is a bearer credential for as long as it holds, some minutes: it covers neither the body
//! nor the path of the request that it comes with. So it is bound to one farm by a signed audience,
//! is refused where a proxy says that it came in plain HTTP, and no server gets to see it. What it is
//! like is `farmgate-sigv4`'s business (`sts::Proof`); here it is looked at, asked about and
//! remembered. The request to STS is made of the proof's few fields alone: no header, host, path or
//! body of a client's choice gets there.

mod answer;
mod ask;
mod asked;
mod roots;

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use farmgate_farm::gate::STS_PROOF_HEADER;
use farmgate_keys::Principal;
use farmgate_sigv4::Fault;
use farmgate_sigv4::sts::{self, MAX_TEXT};
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use rustls::RootCertStore;

use super::callers::Callers;
use super::{Authenticator, Memory, Proof, Wrong, only};
use crate::principal::unix_now;
use ask::Endpoint;
pub(super) use asked::Asked;
use asked::{Key, Question, Said};

/// Where STS is.
#[derive(Debug, Clone, Default)]
pub enum Sts {
    /// At AWS, in each region under its own name, believed by Amazon's own authorities.
    #[default]
    Aws,
    /// At an address, for tests: with the same names, over TLS, believed by these authorities.
    /// Nothing in a configuration or in the environment leads here.
    At {
        /// The address.
        address: SocketAddr,
        /// Who signs its certificate.
        roots: Arc<RootCertStore>,
    },
}

/// Proofs for one farm.
pub(crate) struct StsProof {
    callers: Arc<Callers>,
    /// By region.
    endpoints: BTreeMap<String, Arc<Endpoint>>,
    audience: String,
    asked: Arc<Asked>,
    credentials: [HeaderName; 1],
    challenge: HeaderValue,
}

/// A proof whose fields are as they must be.
struct Sound {
    key: Key,
    /// The last second in which it holds.
    expires: i64,
    /// The request as it goes to STS.
    head: Parts,
    endpoint: Arc<Endpoint>,
}

// === impl StsProof ===

impl StsProof {
    /// Lets in callers whose ARN one of the patterns matches, by proofs for this audience and for
    /// STS in these regions.
    ///
    /// # Errors
    /// If there is no region, or a pattern can match nobody.
    pub(crate) fn new(
        principals: &[String],
        regions: &[String],
        audience: &str,
        memory: &Memory,
    ) -> Result<Self, String> {
        if regions.is_empty() || audience.is_empty() {
            return Err("a proof for STS needs `regions` and an `audience`".to_owned());
        }
        let asked = Arc::clone(&memory.asked);
        let endpoints = regions.iter().map(|region| {
            let endpoint = Endpoint::new(region, asked.sts());
            let endpoint = endpoint.map_err(|why| format!("STS of `{region}`: {why}"))?;
            Ok((region.clone(), Arc::new(endpoint)))
        });
        let endpoints = endpoints.collect::<Result<_, String>>()?;
        let challenge = format!(
            "StsProof header=\"{STS_PROOF_HEADER}\", audience=\"{audience}\", regions=\"{}\"",
            regions.join(" ")
        );
        let challenge = HeaderValue::try_from(challenge)
            .map_err(|_| "`regions` and `audience` can't be told in a challenge")?;
        Ok(Self {
            callers: Arc::new(Callers::new(principals)?),
            endpoints,
            audience: audience.to_owned(),
            asked,
            credentials: [HeaderName::from_static(STS_PROOF_HEADER)],
            challenge,
        })
    }

    /// All that needs no STS; none if there is no proof.
    fn sound(&self, head: &Parts) -> Result<Option<Sound>, Wrong> {
        let text = only(head, STS_PROOF_HEADER, MAX_TEXT).map_err(|()| wrong(Fault::Proof))?;
        let Some(text) = text else { return Ok(None) };
        if came_in_plain_text(head) {
            let told = "a proof for STS is a bearer credential: send it over https alone";
            return Err(Wrong::unknown("sts_proof_plain").telling(Some(told)));
        }
        let proof = sts::Proof::parse(text).map_err(wrong)?;
        let Some(endpoint) = self.endpoints.get(&proof.region) else {
            let told = "the proof is for STS of a region that this farm doesn't take";
            return Err(Wrong::unknown("sts_proof_region").telling(Some(told)));
        };
        let checked = proof.check(&self.audience, unix_now()).map_err(wrong)?;
        Ok(Some(Sound {
            key: asked::key(text),
            expires: checked.signed().expires(),
            head: proof.head().map_err(wrong)?,
            endpoint: Arc::clone(endpoint),
        }))
    }

    /// What STS said, as far as this farm wants the caller.
    fn judge(&self, said: Said) -> Proof {
        match said {
            Said::Caller(principal) if self.callers.has(&principal.subject) => Proof::Is(principal),
            Said::Caller(_) => Proof::Wrong(Wrong::known("sts_proof_principal")),
            Said::Nobody => Proof::Wrong(Wrong::unknown("sts_proof_refused")),
            Said::Unclear(code) => {
                Proof::Wrong(Wrong::unclear(code, "STS can't be asked at the moment"))
            }
        }
    }
}

impl Authenticator for StsProof {
    fn at_head(&self, head: &Parts) -> Proof {
        match self.sound(head) {
            Ok(None) => Proof::Absent,
            Ok(Some(sound)) => {
                let known = self.asked.known(&sound.key, unix_now());
                known.map_or(Proof::Later, |said| self.judge(said))
            }
            Err(wrong) => Proof::Wrong(wrong),
        }
    }

    fn with_body<'a>(
        &'a self,
        head: &'a Parts,
        _body: &'a Bytes,
    ) -> Pin<Box<dyn Future<Output = Proof> + 'a>> {
        Box::pin(async move {
            let sound = match self.sound(head) {
                Ok(Some(sound)) => sound,
                Ok(None) => return Proof::Absent,
                Err(wrong) => return Proof::Wrong(wrong),
            };
            let Sound { key, expires, head, endpoint } = sound;
            let callers = Arc::clone(&self.callers);
            let question = Question { key, expires, head, endpoint, callers };
            self.judge(Asked::ask(&self.asked, question).await)
        })
    }

    fn credentials(&self) -> &[HeaderName] {
        &self.credentials
    }

    fn challenge(&self) -> HeaderValue {
        self.challenge.clone()
    }
}

/// Whether a proxy says that the client came in plain HTTP. Whoever says so of itself only shuts
/// itself out. (The gate itself serves plain HTTP on loopback alone.)
fn came_in_plain_text(head: &Parts) -> bool {
    let said = head.headers.get_all("x-forwarded-proto").iter();
    let mut schemes = said.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    schemes.any(|scheme| !scheme.trim_ascii().eq_ignore_ascii_case(b"https"))
}

fn wrong(fault: Fault) -> Wrong {
    Wrong::unknown(fault.code()).telling(fault.told())
}

/// Whoever STS says it is.
fn principal(arn: String) -> Principal {
    Principal { subject: arn, groups: Vec::new(), kind: "sts_proof" }
}
