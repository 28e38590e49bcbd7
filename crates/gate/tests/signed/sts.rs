//! A small STS on loopback that really checks signatures, and says what AWS's says. It speaks TLS
//! under the names of AWS's hosts, with a certificate of an authority that only these tests have.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use farmgate_gate::Sts;
use farmgate_sigv4::sts::{self, BODY, Proof};
use farmgate_sigv4::{Rules, Signed, SigningKey};
use http::Request;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use secrecy::SecretString;

use crate::signer::Signer;
use crate::support::PATIENCE;
use crate::support::client::Ask;
use crate::support::farm::now;

pub(crate) const AUDIENCE: &str = "mcp.example.com";
pub(crate) const REGION: &str = "eu-central-1";

/// How it behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It checks the signature and says whose it is.
    Honest,
    /// It answers with these bytes.
    Says(String),
    /// It answers after so long.
    Slow(Duration),
    /// It takes the request and says nothing.
    Silent,
}

pub(crate) struct Stub {
    address: SocketAddr,
    pub(crate) authority: Authority,
    shared: Arc<Shared>,
}

struct Shared {
    /// Keys with the ARNs of whose they are.
    known: Mutex<Vec<(Signer, String)>>,
    mood: Mutex<Mood>,
    /// Heads of requests, as they came.
    seen: Mutex<Vec<String>>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    stopped: AtomicBool,
}

/// Whom these tests believe, and what it signed.
pub(crate) struct Authority {
    pub(crate) roots: Arc<RootCertStore>,
    pub(crate) certificate_pem: String,
    pub(crate) key_pem: String,
    config: Arc<ServerConfig>,
}

// === impl Authority ===

impl Authority {
    /// With a certificate for these names.
    pub(crate) fn new(names: &[String]) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(names.to_vec()).unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(issuer.der().clone()).unwrap();
        let chain: Vec<CertificateDer<'static>> = vec![leaf.der().clone()];
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .unwrap();
        Self {
            roots: Arc::new(roots),
            certificate_pem: leaf.pem(),
            key_pem: key.serialize_pem(),
            config: Arc::new(config),
        }
    }

    /// With the names of STS in the regions of these tests.
    pub(crate) fn of_sts() -> Self {
        Self::new(&[REGION, "us-west-2"].map(sts::host))
    }
}

// === impl Stub ===

impl Stub {
    pub(crate) fn start() -> Self {
        Self::with(Authority::of_sts())
    }

    pub(crate) fn with(authority: Authority) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            known: Mutex::default(),
            mood: Mutex::new(Mood::Honest),
            seen: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let (own, config) = (Arc::clone(&shared), Arc::clone(&authority.config));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if own.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), own, config) = (stream, Arc::clone(&own), Arc::clone(&config))
                else {
                    continue;
                };
                thread::spawn(move || own.serve(stream, config));
            }
        });
        Self { address, authority, shared }
    }

    /// A principal of AWS with a key that this knows.
    pub(crate) fn know(&self, arn: &str) -> Signer {
        let mut known = self.shared.known.lock().unwrap();
        let signer = Signer::new(&format!("AKIA{:016}", known.len()), &format!("secret {arn}"));
        let signer = signer.for_scope(REGION, "sts");
        known.push((signer.clone(), arn.to_owned()));
        signer
    }

    /// For [`farmgate_gate::Options`].
    pub(crate) fn sts(&self) -> Sts {
        Sts::At { address: self.address, roots: Arc::clone(&self.authority.roots) }
    }

    pub(crate) fn mood(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.shared.seen.lock().unwrap().len()
    }

    /// The most requests that were under way at a time.
    pub(crate) fn most_under_way(&self) -> usize {
        self.shared.most_under_way.load(Ordering::SeqCst)
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let _woken = TcpStream::connect(self.address);
    }
}

// === impl Shared ===

impl Shared {
    fn serve(&self, stream: TcpStream, config: Arc<ServerConfig>) {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
        // Whoever doesn't believe the certificate goes away.
        let Some((head, body)) = read(&mut stream) else { return };
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        self.seen.lock().unwrap().push(format!("{head}\r\n\r\n{body}"));
        let mood = self.mood.lock().unwrap().clone();
        let answer = match mood {
            Mood::Honest => self.judge(&head, &body),
            Mood::Says(text) => text,
            Mood::Slow(time) => {
                let until = Instant::now() + time;
                while Instant::now() < until {
                    thread::sleep(Duration::from_millis(5));
                }
                self.judge(&head, &body)
            }
            Mood::Silent => {
                let _gone = stream.read(&mut [0]);
                String::new()
            }
        };
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        let _sent = stream.write_all(answer.as_bytes());
        stream.conn.send_close_notify();
        let _sent = stream.flush();
    }

    /// As STS does: by the signature alone.
    fn judge(&self, head: &str, body: &str) -> String {
        let mut lines = head.split("\r\n");
        let first: Vec<&str> = lines.next().unwrap().split(' ').collect();
        let mut request = Request::builder().method(first[0]).uri(first[1]);
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            request = request.header(name, value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let Ok(Some(signed)) = Signed::of(&parts) else { return refusal("IncompleteSignature") };
        let known = self.known.lock().unwrap();
        let found = known.iter().find(|(signer, _)| signer.id == signed.key_id());
        let Some((signer, arn)) = found else { return refusal("InvalidClientTokenId") };
        let region = signed.region().to_owned();
        let host = parts.headers.get("host").unwrap().to_str().unwrap();
        assert_eq!(host, sts::host(&region), "sent to the STS of its region");
        assert_eq!(body, BODY, "nothing but GetCallerIdentity is ever asked");
        let secret = SecretString::from(signer.secret.as_str());
        let key = SigningKey::derive(&secret, signed.date(), &region, "sts");
        let token = parts.headers.get("x-amz-security-token").map(|it| it.to_str().unwrap());
        let rules = Rules { region, service: "sts".to_owned(), unsigned_payload: false };
        let checked = signed.check(&parts, &rules, now());
        let right = checked.and_then(|it| it.verify(&parts, body.as_bytes(), &key)).is_ok();
        if !right || token != signer.token.as_deref() {
            return refusal("SignatureDoesNotMatch");
        }
        caller(arn)
    }
}

/// What STS says of a caller.
pub(crate) fn caller(arn: &str) -> String {
    let account = arn.split(':').nth(4).unwrap();
    answer(
        "200 OK",
        &format!(
            r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>{arn}</Arn>
    <UserId>AROA:x</UserId>
    <Account>{account}</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>
"#
        ),
    )
}

pub(crate) fn refusal(code: &str) -> String {
    let status = if code.starts_with("Throttl") { "400 Bad Request" } else { "403 Forbidden" };
    answer(
        status,
        &format!(
            r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>
  <RequestId>1</RequestId>
</ErrorResponse>
"#
        ),
    )
}

pub(crate) fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn read(stream: &mut StreamOwned<ServerConnection, TcpStream>) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or_default() {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(length) => bytes.extend_from_slice(&part[..length]),
        }
    }
}

// === proofs ===

/// A proof for an audience by somebody whom AWS knows.
pub(crate) fn proof_for(signer: &Signer, audience: &str) -> Proof {
    let host = sts::host(&signer.region);
    let mut ask = Ask { line: "POST / HTTP/1.1".to_owned(), headers: Vec::new(), body: Vec::new() };
    ask.body = BODY.as_bytes().to_vec();
    let ask = ask
        .with("host", &host)
        .with("content-type", sts::CONTENT_TYPE)
        .with(sts::AUDIENCE_HEADER, audience);
    let signed = signer.signs(ask);
    let header = |name: &str| {
        let found = signed.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    };
    Proof {
        region: signer.region.clone(),
        authorization: header("authorization").unwrap().into(),
        date: header("x-amz-date").unwrap(),
        token: header("x-amz-security-token").map(SecretString::from),
        audience: audience.to_owned(),
    }
}
