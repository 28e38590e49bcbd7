//! The ways to prove who calls, as they are put on a request.
//!
//! Secrets are read once, by whoever makes an [`Identity`]; AWS's credentials are the chain's, which
//! finds them again when they are about to expire or were refused.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use farmgate_farm::gate::{SIGV4_SERVICE, STS_PROOF_HEADER};
use farmgate_live::{Chain, Credentials, Renewed, Scope, Url, proof, sign};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use super::explain::Who;
use super::scope::{Named, of_host};
use super::trouble::Trouble;

/// How long a proof for STS is used again; it is good for 300 s.
const PROOF_LIFE: Duration = Duration::from_secs(120);

/// How to prove who calls.
pub enum Identity {
    /// Not at all.
    None,
    /// A key of the farm's store.
    ApiKey {
        /// The environment variable that it is from: for what is said.
        variable: String,
        /// The key.
        key: SecretString,
        /// The header that carries it.
        header: HeaderName,
        /// The group, and the header that carries it.
        group: Option<(HeaderName, String)>,
    },
    /// A bearer token.
    Token {
        /// The environment variable that it is from: for what is said.
        variable: String,
        /// The token.
        token: SecretString,
    },
    /// A SigV4 signature over each request.
    Sigv4 {
        /// Where credentials come from.
        chain: Rc<Chain>,
        /// The region, if it is neither the host's nor the environment's.
        region: Option<String>,
        /// The service, if it is neither the host's nor the default.
        service: Option<String>,
    },
    /// A signed `sts:GetCallerIdentity`.
    StsProof(StsProof),
}

/// Proofs for STS, each used for a while.
pub struct StsProof {
    chain: Rc<Chain>,
    audience: Option<String>,
    made: RefCell<Option<Made>>,
}

struct Made {
    proof: SecretString,
    at: SystemTime,
    credentials: Credentials,
}

/// What a request proved.
pub(crate) struct Proved {
    pub(crate) who: Who,
    credentials: Option<Credentials>,
}

// === impl StsProof ===

impl StsProof {
    /// Proofs for the farm `audience`; by default that is the host of the URL.
    #[must_use]
    pub fn new(chain: Rc<Chain>, audience: Option<String>) -> Self {
        Self { chain, audience, made: RefCell::default() }
    }

    async fn prove(&self, head: &mut Parts, url: &Url) -> Result<Proved, Trouble> {
        let now = SystemTime::now();
        let region =
            self.chain.region().await.map_err(|error| Trouble::local(error.to_string()))?;
        let credentials = self.chain.credentials().await;
        let credentials = credentials.map_err(|error| Trouble::local(error.to_string()))?;
        let audience = self.audience.as_deref().unwrap_or(url.host());
        let text = match self.kept(&credentials, now) {
            Some(text) => text,
            None => {
                let text = proof(&region, audience, &credentials, now)
                    .map_err(|error| Trouble::local(error.to_string()))?;
                let credentials = credentials.clone();
                *self.made.borrow_mut() = Some(Made { proof: text.clone(), at: now, credentials });
                text
            }
        };
        put(head, HeaderName::from_static(STS_PROOF_HEADER), text.expose_secret())?;
        let key_id = credentials.access_key_id().to_owned();
        let who = Who::Proof { key_id, region, audience: audience.to_owned() };
        Ok(Proved { who, credentials: Some(credentials) })
    }

    fn kept(&self, credentials: &Credentials, now: SystemTime) -> Option<SecretString> {
        let made = self.made.borrow();
        let made = made.as_ref()?;
        let young = now.duration_since(made.at).is_ok_and(|age| age < PROOF_LIFE);
        let same = made.credentials.access_key_id() == credentials.access_key_id()
            && made.credentials.session_token() == credentials.session_token();
        (young && same).then(|| made.proof.clone())
    }
}

// === impl Identity ===

impl Identity {
    /// Puts the proof on a request that is otherwise ready: a signature covers what is there by now.
    pub(crate) async fn prove(
        &self,
        head: &mut Parts,
        url: &Url,
        body: &[u8],
    ) -> Result<Proved, Trouble> {
        let who = match self {
            Self::None => Who::Nobody,
            Self::ApiKey { variable, key, header, group } => {
                put(head, header.clone(), key.expose_secret())?;
                if let Some((name, group)) = group {
                    put(head, name.clone(), group)?;
                }
                let header = header.to_string();
                let group = group.as_ref().map(|(_, group)| group.clone());
                Who::Key { variable: variable.clone(), header, group }
            }
            Self::Token { variable, token } => {
                let text: SecretString = format!("Bearer {}", token.expose_secret()).into();
                put(head, AUTHORIZATION, text.expose_secret())?;
                Who::Token { variable: variable.clone() }
            }
            Self::StsProof(proofs) => return proofs.prove(head, url).await,
            Self::Sigv4 { chain, region, service } => {
                let named = of_host(url.host());
                let scope = scope(chain, region.as_ref(), service.as_ref(), &named).await?;
                let credentials = chain.credentials().await;
                let credentials = credentials.map_err(|error| Trouble::local(error.to_string()))?;
                sign(head, url, body, &credentials, &scope, SystemTime::now())
                    .map_err(|error| Trouble::local(error.to_string()))?;
                let Scope { region, service } = scope;
                let key_id = credentials.access_key_id().to_owned();
                let who = Who::Signed { key_id, region, service, named };
                return Ok(Proved { who, credentials: Some(credentials) });
            }
        };
        Ok(Proved { who, credentials: None })
    }

    /// Looks for other credentials than those that were refused.
    pub(crate) async fn renew(&self, refused: &Proved) -> bool {
        let (Self::Sigv4 { chain, .. } | Self::StsProof(StsProof { chain, .. })) = self else {
            return false;
        };
        match &refused.credentials {
            Some(credentials) => chain.renew(credentials).await == Renewed::Other,
            None => false,
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "Identity::None",
            Self::ApiKey { .. } => "Identity::ApiKey",
            Self::Token { .. } => "Identity::Token",
            Self::Sigv4 { .. } => "Identity::Sigv4",
            Self::StsProof(_) => "Identity::StsProof",
        })
    }
}

/// What is said by an argument wins; then what the host's name says; then the environment.
async fn scope(
    chain: &Chain,
    region: Option<&String>,
    service: Option<&String>,
    named: &Named,
) -> Result<Scope, Trouble> {
    let region = match region.or(named.region.as_ref()) {
        Some(region) => region.clone(),
        None => chain.region().await.map_err(|error| Trouble::local(error.to_string()))?,
    };
    let service = service.or(named.service.as_ref());
    Ok(Scope { region, service: service.map_or_else(|| SIGV4_SERVICE.to_owned(), Clone::clone) })
}

/// Sets a header whose value is nobody's business.
fn put(head: &mut Parts, name: HeaderName, value: &str) -> Result<(), Trouble> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| Trouble::local(format!("what belongs into `{name}` can't be in a header")))?;
    value.set_sensitive(true);
    head.headers.insert(name, value);
    Ok(())
}
