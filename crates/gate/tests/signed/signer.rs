//! Signs requests with AWS's own signer, and sets up farms that verify them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use farmgate_farm::gate::{Authentication, Replay, SIGV4_SERVICE};
use farmgate_keys::{AccessKeys, GateKeys, NewKey};
use secrecy::ExposeSecret as _;

use crate::support::backend::Backend;
use crate::support::client::Ask;
use crate::support::farm::{ACCESS, Setup, now};

pub(crate) const REGION: &str = "us-west-2";

/// Whoever signs, with what, for where and when.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
    pub(crate) region: String,
    pub(crate) service: String,
    /// In seconds since 1970; now if absent.
    pub(crate) at: Option<i64>,
}

// === impl Signer ===

impl Signer {
    pub(crate) fn new(id: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            token: None,
            region: REGION.to_owned(),
            service: SIGV4_SERVICE.to_owned(),
            at: None,
        }
    }

    /// With a new key in a store.
    pub(crate) fn issued(store: &mut AccessKeys, keys: &GateKeys, name: &str, group: &str) -> Self {
        let new = NewKey { name: Some(name.into()), group: Some(group.into()), expires: None };
        let (pair, _) = store.issue(&new, keys, now()).unwrap();
        Self::new(&pair.id, pair.secret.expose_secret())
    }

    /// As of so many seconds from now.
    pub(crate) fn off(&self, seconds: i64) -> Self {
        Self { at: Some(now() + seconds), ..self.clone() }
    }

    pub(crate) fn for_scope(&self, region: &str, service: &str) -> Self {
        Self { region: region.into(), service: service.into(), ..self.clone() }
    }

    /// Signs all headers that a request has.
    pub(crate) fn signs(&self, ask: Ask) -> Ask {
        let settings = SigningSettings::default();
        let body = ask.body.clone();
        let (headers, _) = self.signature(&ask, SignableBody::Bytes(&body), settings);
        headers.into_iter().fold(ask, |ask, (name, value)| ask.with(&name, &value))
    }

    /// Signs all but the body.
    pub(crate) fn signs_unsigned_payload(&self, ask: Ask) -> Ask {
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = aws_sigv4::http_request::PayloadChecksumKind::XAmzSha256;
        let (headers, _) = self.signature(&ask, SignableBody::UnsignedPayload, settings);
        headers.into_iter().fold(ask, |ask, (name, value)| ask.with(&name, &value))
    }

    /// Signs in the query, for so many seconds.
    pub(crate) fn presigns(&self, mut ask: Ask, seconds: u64) -> Ask {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(seconds));
        let body = ask.body.clone();
        let (_, parameters) = self.signature(&ask, SignableBody::Bytes(&body), settings);
        let encoded = parameters.iter().map(|(name, value)| {
            let value: String = value.bytes().map(encode).collect();
            format!("{name}={value}")
        });
        let encoded: Vec<_> = encoded.collect();
        let (method, target) = target(&ask);
        let sign = if target.contains('?') { '&' } else { '?' };
        ask.line = format!("{method} {target}{sign}{} HTTP/1.1", encoded.join("&"));
        ask
    }

    /// The headers and the parameters that make a request a signed one.
    fn signature(
        &self,
        ask: &Ask,
        body: SignableBody<'_>,
        settings: SigningSettings,
    ) -> (Pairs, Pairs) {
        let credentials =
            Credentials::new(&self.id, &self.secret, self.token.clone(), None, "tests");
        let identity = credentials.into();
        let seconds = u64::try_from(self.at.unwrap_or_else(now)).unwrap();
        let time: SystemTime = UNIX_EPOCH + Duration::from_secs(seconds);
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(time)
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let (method, target) = target(ask);
        let host = ask.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
        let uri = format!("http://{}{target}", host.unwrap().1);
        // The signer wants names in lower case, as HTTP/2 has them.
        let headers: Vec<_> =
            ask.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let request = SignableRequest::new(method, uri, headers, body).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let (headers, parameters) = instructions.into_parts();
        let headers = headers.iter().map(|it| (it.name().to_owned(), it.value().to_owned()));
        let parameters =
            parameters.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
        (headers.collect(), parameters.collect())
    }
}

type Pairs = Vec<(String, String)>;

/// The method and the target of a request's first line.
pub(crate) fn target(ask: &Ask) -> (&str, &str) {
    let mut words = ask.line.split(' ');
    (words.next().unwrap(), words.next().unwrap())
}

/// A byte of a query's value (RFC 3986, 2.3).
fn encode(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    }
}

/// Keys of the farm's own, in the window, with the body signed.
pub(crate) fn issued_keys() -> Authentication {
    with_rules(Replay::Window, false)
}

pub(crate) fn with_rules(replay: Replay, unsigned_payload: bool) -> Authentication {
    Authentication::Sigv4IssuedKeys {
        store: ACCESS.to_owned(),
        region: REGION.to_owned(),
        service: SIGV4_SERVICE.to_owned(),
        replay,
        unsigned_payload,
    }
}

/// A farm whose `echo` answers at `/mcp` and below, for those who prove it in this way; and who has
/// an access key, of the group of researchers.
pub(crate) fn farm(backend: &Backend, way: Authentication) -> (Setup, Signer) {
    let mut setup = Setup::of(&[("echo", backend)]);
    let carol = Signer::issued(&mut setup.access, &setup.keys, "carol", "researchers");
    let server = setup.config.servers.get_mut("echo").unwrap();
    server.authentication = vec![way];
    server.route = "/mcp*".to_owned();
    (setup, carol)
}
