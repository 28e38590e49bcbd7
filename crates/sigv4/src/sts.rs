//! A proof that STS verifies: the fields of a signed `sts:GetCallerIdentity`, bound to one farm.
//!
//! The client signs a request that it doesn't send; the gate rebuilds it from these fields alone and
//! sends it to STS, which says whose key signed it. It is a bearer credential for as long as it
//! holds, and covers nothing of the request that it comes with. Who asks STS is elsewhere.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::check::{Checked, Rules};
use crate::fault::Fault;
use crate::signed::Signed;

/// The body of the request.
pub const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// Its type.
pub const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// The header that is signed in it and names the farm.
pub const AUDIENCE_HEADER: &str = "x-farmgate-audience";

/// A text over this many bytes is no proof.
pub const MAX_TEXT: usize = 8 << 10;

/// The service for which it is signed.
pub const SERVICE: &str = "sts";

const PREFIX: &str = "v1.";

/// The fields of a signed request that aren't the same in all of them.
pub struct Proof {
    /// The region whose STS it is for, as `us-west-2`.
    pub region: String,
    /// `Authorization`, in the header form. Whoever has it can ask STS in the signer's name who the
    /// signer is.
    pub authorization: SecretString,
    /// `X-Amz-Date`.
    pub date: String,
    /// `X-Amz-Security-Token`, of session credentials.
    pub token: Option<SecretString>,
    /// The farm that it is for: the domain name of its ingress.
    pub audience: String,
}

/// The proof as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    region: String,
    authorization: String,
    date: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    audience: String,
}

impl Drop for Written {
    fn drop(&mut self) {
        self.authorization.zeroize();
        self.token.zeroize();
    }
}

// === impl Proof ===

impl Proof {
    /// Reads a proof: `v1.` and JSON in base64url.
    ///
    /// # Errors
    /// [`Fault::Proof`] if it is too long or isn't of the form: the region isn't written as one, or
    /// a field can't be a header's value.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let read = || {
            let text = Some(text).filter(|text| text.len() <= MAX_TEXT)?.strip_prefix(PREFIX)?;
            let json = Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?);
            let written: Written = serde_json::from_slice(&json).ok()?;
            Some(Self {
                region: written.region.clone(),
                authorization: SecretString::from(written.authorization.as_str()),
                date: written.date.clone(),
                token: written.token.as_deref().map(SecretString::from),
                audience: written.audience.clone(),
            })
        };
        read().filter(Self::is_well_formed).ok_or(Fault::Proof)
    }

    /// The proof as a header's value. It is a credential.
    #[must_use]
    pub fn text(&self) -> SecretString {
        let secret = |text: &SecretString| text.expose_secret().to_owned();
        let written = Written {
            region: self.region.clone(),
            authorization: secret(&self.authorization),
            date: self.date.clone(),
            token: self.token.as_ref().map(secret),
            audience: self.audience.clone(),
        };
        // Texts can always be written.
        let json = Zeroizing::new(serde_json::to_vec(&written).unwrap_or_default());
        let mut text = PREFIX.to_owned();
        URL_SAFE_NO_PAD.encode_string(&*json, &mut text);
        SecretString::from(text)
    }

    fn is_well_formed(&self) -> bool {
        let token = self.token.as_ref().map(ExposeSecret::expose_secret);
        let values = [self.authorization.expose_secret(), &self.date, &self.audience];
        let visible = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        };
        is_region(&self.region) && values.into_iter().chain(token).all(visible)
    }

    /// The head of the request, as it was signed: a `POST` to the region's STS, whose body is
    /// [`BODY`].
    ///
    /// # Errors
    /// [`Fault::Proof`] if a field isn't what [`Proof::parse`] lets in.
    pub fn head(&self) -> Result<Parts, Fault> {
        if !self.is_well_formed() {
            return Err(Fault::Proof);
        }
        let host = host(&self.region);
        let request = Request::builder().method(Method::POST).uri(format!("https://{host}/"));
        let (mut head, ()) = request.body(()).map_err(|_| Fault::Proof)?.into_parts();
        let token = self.token.as_ref().map(ExposeSecret::expose_secret);
        let headers = [
            ("host", Some(host.as_str())),
            ("content-type", Some(CONTENT_TYPE)),
            ("x-amz-date", Some(&self.date)),
            (AUDIENCE_HEADER, Some(&self.audience)),
            ("x-amz-security-token", token),
            ("authorization", Some(self.authorization.expose_secret())),
        ];
        for (name, value) in headers {
            let Some(value) = value else { continue };
            let mut value = HeaderValue::from_str(value).map_err(|_| Fault::Proof)?;
            value.set_sensitive(matches!(name, "authorization" | "x-amz-security-token"));
            head.headers.insert(HeaderName::from_static(name), value);
        }
        Ok(head)
    }

    /// Judges all that needs no STS, at `now` (seconds since 1970): that it is for this farm, young
    /// enough, for the STS of its region, and signs all of [`Proof::head`]. Whether the farm wants
    /// the region is the caller's to say.
    ///
    /// # Errors
    /// [`Fault::ProofAudience`] if it is for another farm, [`Fault::ProofUnsigned`] if it signs more
    /// or less than it must, and what [`Signed::check`] refuses.
    pub fn check(&self, audience: &str, now: i64) -> Result<Checked, Fault> {
        if self.audience != audience {
            return Err(Fault::ProofAudience);
        }
        let head = self.head()?;
        let signed = Signed::of(&head)?.ok_or(Fault::Proof)?;
        let mut must: Vec<&str> = head.headers.keys().map(HeaderName::as_str).collect();
        must.retain(|name| *name != "authorization");
        must.sort_unstable();
        if !signed.headers.names().eq(must) {
            return Err(Fault::ProofUnsigned);
        }
        let (region, service) = (self.region.clone(), SERVICE.to_owned());
        signed.check(&head, &Rules { region, service, unsigned_payload: false }, now)
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof")
            .field("region", &self.region)
            .field("date", &self.date)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

/// Whether a text is written as a region: nothing that could lead to another host.
fn is_region(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    text.len() <= 32 && text.split('-').count() >= 3 && text.split('-').all(part)
}

/// The host of a region's STS, in the partition to which the region belongs.
#[must_use]
pub fn host(region: &str) -> String {
    const PARTITIONS: [(&str, &str); 7] = [
        ("cn-", "amazonaws.com.cn"),
        ("eusc-", "amazonaws.eu"),
        ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"),
        ("eu-isoe-", "cloud.adc-e.uk"),
        ("us-isof-", "csp.hci.ic.gov"),
        ("eu-isof-", "csp.hci.ic.gov"),
    ];
    let found = PARTITIONS.iter().find(|(prefix, _)| region.starts_with(prefix));
    format!("sts.{region}.{}", found.map_or("amazonaws.com", |(_, domain)| domain))
}
