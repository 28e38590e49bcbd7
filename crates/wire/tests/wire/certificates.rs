//! Certificates: made, signed by a constrained authority, read from files and reloaded.

use std::fs;
use std::sync::Arc;

use farmgate_wire::{Authority, Certificate, CertificateError};
use secrecy::{ExposeSecret as _, SecretString};

use crate::support::{Server, settings};
use crate::versions::{config, connect};

const BOTH: &[&rustls::SupportedProtocolVersion] =
    &[&rustls::version::TLS13, &rustls::version::TLS12];

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Whether a client that trusts `root` gets an answer by that name.
fn believed(server: &Server, root: &str, name: &str) -> bool {
    let mut client = connect(server, &Arc::new(config(root, BOTH)), name);
    let sent = std::io::Write::write_all(
        &mut client.stream,
        b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    sent.is_ok() && client.rest().starts_with(b"HTTP/1.1 200")
}

#[test]
fn a_self_made_certificate_is_for_its_names() {
    let certificate = Certificate::self_made(&names(&["localhost", "127.0.0.1", "::1"])).unwrap();
    let server = Server::start(settings(), Some(certificate.clone()));
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert!(believed(&server, &certificate.pem(), name), "{name}");
    }
    assert!(!believed(&server, &certificate.pem(), "other.example"));
    assert!(!believed(
        &server,
        &Certificate::self_made(&names(&["localhost"])).unwrap().pem(),
        "localhost"
    ));
}

#[test]
fn an_authority_signs_for_its_names_and_is_believed_for_no_others() {
    let made =
        Authority::make("farmgate of this machine", &names(&["farm.test", "10.0.0.1"])).unwrap();
    // As it is kept: the second run reads what the first one wrote.
    let authority = Authority::parse(made.certificate_pem(), &made.key_pem()).unwrap();
    let wanted = names(&["localhost", "127.0.0.1", "farm.test", "a.farm.test", "10.0.0.1"]);
    let good =
        Server::start(settings(), Some(Certificate::signed_by(&authority, &wanted).unwrap()));
    for name in &wanted {
        assert!(believed(&good, authority.certificate_pem(), name), "{name}");
    }
    // It may sign anything; no one who checks constraints believes it.
    for name in ["bank.example", "10.0.0.2"] {
        let abused = Certificate::signed_by(&authority, &names(&[name])).unwrap();
        let abused = Server::start(settings(), Some(abused));
        assert!(!believed(&abused, authority.certificate_pem(), name), "{name}");
    }
}

#[test]
fn an_authority_is_not_read_from_what_is_none() {
    let made = Authority::make("a", &[]).unwrap();
    let other = Authority::make("a", &[]).unwrap();
    let mixed = Authority::parse(made.certificate_pem(), &other.key_pem());
    assert!(matches!(mixed, Err(CertificateError::Unusable(_))), "{mixed:?}");
    let nothing = Authority::parse("", &made.key_pem());
    assert!(matches!(nothing, Err(CertificateError::NoCertificate)));
    let no_key = Authority::parse(made.certificate_pem(), &SecretString::from("x"));
    assert!(matches!(no_key, Err(CertificateError::NoKey)));
    // Names with longer lengths in DER are read, too.
    let long = "x".repeat(60);
    let made = Authority::make(&long, &[]).unwrap();
    assert!(Authority::parse(made.certificate_pem(), &made.key_pem()).is_ok());
}

#[test]
fn keys_are_in_no_debug_and_no_error() {
    let made = Authority::make("a", &[]).unwrap();
    let key = made.key_pem();
    let line = key.expose_secret().lines().nth(1).unwrap();
    assert!(!format!("{made:?}").contains(line));
    let folder = tempfile::tempdir().unwrap();
    let (certificate, file) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    fs::write(&certificate, Authority::make("b", &[]).unwrap().certificate_pem()).unwrap();
    fs::write(&file, key.expose_secret()).unwrap();
    let error = Certificate::files(&certificate, &file).unwrap_err();
    assert!(!format!("{error:?} {error}").contains(line), "{error:?}");
}

/// A pair in PEM, for files.
fn pair(name: &str) -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[test]
fn files_are_read_again_when_they_change_and_taken_only_if_they_are_good() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let (first, first_key) = pair("localhost");
    fs::write(&certificate, &first).unwrap();
    fs::write(&key, &first_key).unwrap();
    let served = Certificate::files(&certificate, &key).unwrap();
    let server = Server::start(settings(), Some(served.clone()));
    assert!(believed(&server, &first, "localhost"));
    assert!(!served.changed());
    let mut open = connect(&server, &Arc::new(config(&first, BOTH)), "localhost");
    assert_eq!(open.get("/echo").status, 200);

    // Half of a new pair: it changed, and is not taken.
    let (second, second_key) = pair("localhost");
    replace(&certificate, &second);
    assert!(served.changed());
    let error = served.reload().unwrap_err();
    assert!(matches!(error, CertificateError::Unusable(_)), "{error:?}");
    assert!(served.changed(), "it is to be tried again");
    assert!(believed(&server, &first, "localhost"));

    // The other half.
    replace(&key, &second_key);
    assert!(served.changed() && served.reload().unwrap() && !served.changed());
    assert!(believed(&server, &second, "localhost") && !believed(&server, &first, "localhost"));
    assert_eq!(served.pem(), second);
    // Connections that are open stay.
    assert_eq!(open.get("/echo").status, 200);

    // Garbage, and nothing.
    replace(&certificate, "garbage");
    assert!(matches!(served.reload(), Err(CertificateError::NoCertificate)));
    fs::remove_file(&certificate).unwrap();
    assert!(served.changed());
    assert!(matches!(served.reload(), Err(CertificateError::Read { .. })));
    assert!(believed(&server, &second, "localhost"));
}

/// As tools replace files: another inode, at once.
fn replace(path: &std::path::Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(&new, path).unwrap();
}

#[test]
fn what_is_not_from_files_is_not_reloaded() {
    let made = Certificate::self_made(&names(&["localhost"])).unwrap();
    assert!(!made.changed() && !made.reload().unwrap());
}
