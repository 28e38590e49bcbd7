//! TLS as it is spoken: versions, suites, resumption, what is agreed on; and plain HTTP on its port.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use farmgate_wire::{Certificate, Settings};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};

use crate::support::{Client, Server, find, settings, tcp, until};

pub(crate) type Tls = StreamOwned<ClientConnection, TcpStream>;

pub(crate) fn tls_server() -> Server {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    Server::start(settings(), Some(Certificate::self_made(&names).unwrap()))
}

/// A client that believes one certificate, as PEM.
pub(crate) fn config(pem: &str, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

pub(crate) fn connect(server: &Server, config: &Arc<ClientConfig>, name: &str) -> Client<Tls> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let session = ClientConnection::new(Arc::clone(config), name).unwrap();
    Client::new(StreamOwned::new(session, tcp(server.address)))
}

/// A client that believes whoever is there.
pub(crate) fn tls_client(server: &Server) -> Client<Tls> {
    connect(
        server,
        &Arc::new(any(&[&rustls::version::TLS13, &rustls::version::TLS12])),
        "localhost",
    )
}

fn any(versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
    let mut config = config("", versions);
    config.dangerous().set_certificate_verifier(Arc::new(Anyone));
    config
}

#[derive(Debug)]
struct Anyone;

impl rustls::client::danger::ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

#[test]
fn both_versions_are_served_with_modern_suites() {
    let server = tls_server();
    for (version, name) in
        [(&rustls::version::TLS13, "TLSv1_3"), (&rustls::version::TLS12, "TLSv1_2")]
    {
        let mut client = connect(&server, &Arc::new(any(&[version])), "localhost");
        let answer = client.get("/peer");
        let facts = String::from_utf8(answer.body).unwrap();
        assert!(facts.contains(name) && facts.contains("localhost"), "{facts}");
        let suite = client.stream.conn.negotiated_cipher_suite().unwrap().suite();
        let suite = format!("{suite:?}");
        assert!(suite.contains("GCM") || suite.contains("CHACHA20"), "{suite}");
        if name == "TLSv1_2" {
            assert!(suite.contains("ECDHE"), "{suite}");
        }
    }
}

/// A ClientHello of TLS 1.0 or 1.1 with suites that were good then is answered with an alert
/// (`protocol_version`), and nothing else.
#[test]
fn older_versions_are_refused() {
    let server = tls_server();
    for version in [[3, 1], [3, 2]] {
        let mut hello = vec![1, 0, 0, 0, version[0], version[1]];
        hello.extend([7; 32]); // random
        hello.push(0); // session
        hello.extend([0, 4, 0xc0, 0x13, 0x00, 0x2f]); // ECDHE-RSA and RSA with AES-128-CBC-SHA
        hello.extend([1, 0]); // compression: none
        // P-256, uncompressed points, ECDSA with SHA-256: all that a server could wish for.
        let extensions = [0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0, 0, 13, 0, 4, 0, 2, 4, 3];
        hello.extend([0, extensions.len() as u8]);
        hello.extend(extensions);
        hello[3] = (hello.len() - 4) as u8;
        let mut record = vec![0x16, 3, 1, 0, hello.len() as u8];
        record.extend(hello);
        let mut stream = tcp(server.address);
        stream.write_all(&record).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let alert = [0x15, 3, 3, 0, 2, 2, 70];
        assert_eq!(answer, alert, "a fatal alert: protocol_version");
    }
    until("counted", || server.figures().handshake_failed == 2);
}

#[test]
fn sessions_are_resumed_by_tickets() {
    let server = tls_server();
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let config = Arc::new(any(&[version]));
        for round in 0..3 {
            let mut client = connect(&server, &config, "localhost");
            assert_eq!(client.get("/echo").status, 200);
            let kind = client.stream.conn.handshake_kind().unwrap();
            let resumed = kind == rustls::HandshakeKind::Resumed;
            assert_eq!(resumed, round > 0, "{version:?} {round}");
        }
    }
}

#[test]
fn http2_is_agreed_on_and_http1_is_the_default() {
    let server = tls_server();
    for (offered, agreed) in [
        (vec![], None),
        (vec![&b"http/1.1"[..]], Some(&b"http/1.1"[..])),
        (vec![b"http/1.1", b"h2"], Some(b"h2")),
    ] {
        let mut config = any(&[&rustls::version::TLS13]);
        config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
        let mut client = connect(&server, &Arc::new(config), "localhost");
        while client.stream.conn.is_handshaking() {
            client.stream.conn.complete_io(&mut client.stream.sock).unwrap();
        }
        assert_eq!(client.stream.conn.alpn_protocol(), agreed);
    }
    // Nothing in common: refused, so that nobody speaks another protocol to it (ALPACA).
    let mut config = any(&[&rustls::version::TLS13]);
    config.alpn_protocols = vec![b"ftp".to_vec()];
    let mut client = connect(&server, &Arc::new(config), "localhost");
    let refused = client.stream.conn.complete_io(&mut client.stream.sock);
    assert!(refused.unwrap_err().to_string().contains("NoApplicationProtocol"));
}

/// What a client says by SNI is told to the handler, and decides nothing.
#[test]
fn any_name_gets_the_same_certificate() {
    let server = tls_server();
    let mut client = connect(&server, &Arc::new(any(&[&rustls::version::TLS13])), "evil.example");
    let facts = String::from_utf8(client.get("/peer").body).unwrap();
    assert!(facts.contains("evil.example"), "{facts}");
}

#[test]
fn plain_http_is_sent_to_https() {
    let server = tls_server();
    for (request, location) in [
        ("GET /a?b=c HTTP/1.1\r\nHost: gate.example\r\n\r\n", "https://gate.example/a?b=c"),
        (
            "POST /a HTTP/1.1\r\nHost: a:8443\r\nContent-Length: 9\r\n\r\n{\"a\":1}\r\n",
            "https://a:8443/a",
        ),
        ("GET http://h/x HTTP/1.1\r\nHost: h\r\n\r\n", "https://h/x"),
        ("GET //evil.example/ HTTP/1.1\r\nHost: [::1]:1\r\n\r\n", "https://[::1]:1//evil.example/"),
    ] {
        let mut client = server.connect();
        let answer = client.ask(request);
        assert_eq!(answer.status, 308);
        assert!(answer.head.contains(&format!("location: {location}\r\n")), "{}", answer.head);
        assert!(answer.head.contains("connection: close"));
        client.is_closed();
    }
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn plain_http_without_a_valid_host_is_sent_nowhere() {
    let server = tls_server();
    let large = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    for request in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
        "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &large,
    ] {
        let mut client = server.connect();
        let _ = client.stream.write_all(request.as_bytes());
        let answer = client.rest();
        assert!(answer.starts_with(b"HTTP/1.1 400 "), "{request:?}: {}", answer.escape_ascii());
        assert_eq!(find(&answer, b"location"), None);
    }
}

#[test]
fn plain_http_is_closed_without_a_word_if_it_is_not_redirected() {
    let certificate = Certificate::self_made(&["localhost".to_owned()]).unwrap();
    let server = Server::start(Settings { redirect: false, ..settings() }, Some(certificate));
    let mut client = server.connect();
    client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.is_closed();
}
