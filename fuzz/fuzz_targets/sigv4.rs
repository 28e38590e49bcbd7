//! Any bytes as a request that is signed: what it says is read, judged and made canonical without a
//! panic. Then it is signed rightly, and verifies; so it does however else the same request may be
//! written, and doesn't as soon as it is another one.

#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use farmgate_sigv4::{Checked, Rules, Signed, SigningKey, strip_presigned, sts};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

const SECRET: &str = "fgsk_secret";
const DATE: &str = "20261122";
const TIME: &str = "20261122T080910Z";
const NOW: i64 = 1_795_334_950;

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    region: "us-west-2".to_owned(),
    service: "execute-api".to_owned(),
    unsigned_payload: true,
});

static SIGNING_KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::derive(&SecretString::from(SECRET), DATE, &RULES.region, &RULES.service)
});

/// The same key, derived here as AWS's pages say, to sign with.
static KEY: LazyLock<Key> = LazyLock::new(|| {
    let parts = [DATE, &RULES.region, &RULES.service, "aws4_request"];
    parts
        .into_iter()
        .fold(Key::new(HMAC_SHA256, format!("AWS4{SECRET}").as_bytes()), |key, part| {
            Key::new(HMAC_SHA256, sign(&key, part.as_bytes()).as_ref())
        })
});

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = sts::Proof::parse(text);
        let stripped = strip_presigned(text).unwrap_or_default();
        assert_eq!(strip_presigned(&stripped).unwrap_or_default(), stripped);
    }
    let Some((head, body)) = request(input) else { return };
    if let Ok(Some(signed)) = Signed::of(&head) {
        let rules = Rules {
            region: signed.region().to_owned(),
            service: signed.service().to_owned(),
            unsigned_payload: true,
        };
        let time = signed.time();
        if let Ok(checked) = signed.check(&head, &rules, time) {
            let _ = checked.canonical_request(&head, body);
            assert!(checked.verify(&head, body, &SigningKey::nobody()).is_err());
        }
    }
    if let Some(head) = rightly_signed(head, body) {
        assert!(verifies(&head, body), "{head:?}");
        let same = rewritten(&head);
        assert!(verifies(&same, body), "{head:?} and {same:?}");
        for other in others(&head) {
            assert!(!verifies(&other, body), "{head:?} and {other:?}");
        }
        let unsigned = head.headers.get("x-amz-content-sha256");
        let longer = [body, b" "].concat();
        assert!(unsigned.is_some() || !verifies(&head, &longer), "{head:?}");
    }
});

/// A method and a target, lines of headers, and behind an empty line a body.
fn request(input: &[u8]) -> Option<(Parts, &[u8])> {
    let end = input.windows(2).position(|two| two == b"\n\n")?;
    let (lines, body) = (input.get(..end)?, input.get(end + 2..)?);
    let mut lines = lines.split(|byte| *byte == b'\n');
    let mut words = lines.next()?.splitn(2, |byte| *byte == b' ');
    let method = Method::from_bytes(words.next()?).ok()?;
    let uri = Uri::try_from(words.next()?).ok()?;
    let mut head = Request::builder().method(method).uri(uri).body(()).ok()?.into_parts().0;
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(line.get(..colon)?).ok()?;
        head.headers.append(name, HeaderValue::from_bytes(line.get(colon + 1..)?).ok()?);
    }
    Some((head, body))
}

/// The request with all its headers signed; nothing if it can't be signed.
fn rightly_signed(mut head: Parts, body: &[u8]) -> Option<Parts> {
    for name in ["authorization", "x-amz-date", "host"] {
        head.headers.remove(name);
    }
    head.headers.insert("x-amz-date", HeaderValue::from_static(TIME));
    let host = head.uri.authority().map_or("h", |authority| authority.as_str());
    let host = HeaderValue::from_str(host).ok()?;
    head.headers.insert("host", host);
    let names: BTreeSet<&str> = head.headers.keys().map(HeaderName::as_str).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let authorization = |signature: &str| {
        HeaderValue::try_from(format!(
            "AWS4-HMAC-SHA256 Credential=FGAKEXAMPLE/{DATE}/us-west-2/execute-api/aws4_request, SignedHeaders={}, Signature={signature}",
            names.join(";")
        ))
    };
    let unsigned = authorization(&"0".repeat(64)).ok()?;
    let mut with = head.clone();
    with.headers.insert("authorization", unsigned);
    let checked = checked(&with)?;
    let canonical = checked.canonical_request(&with, body).ok()?;
    let signature = sign(&KEY, checked.string_to_sign(&canonical).as_bytes());
    let hex: String = signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    with.headers.insert("authorization", authorization(&hex).ok()?);
    Some(with)
}

fn checked(head: &Parts) -> Option<Checked> {
    Signed::of(head).ok()??.check(head, &RULES, NOW).ok()
}

fn verifies(head: &Parts, body: &[u8]) -> bool {
    checked(head).is_some_and(|checked| checked.verify(head, body, &SIGNING_KEY).is_ok())
}

/// The head with another target of the same host.
fn retargeted(head: &Parts, target: &str) -> Option<Parts> {
    let mut uri = head.uri.clone().into_parts();
    uri.path_and_query = Some(target.parse().ok()?);
    let mut head = head.clone();
    head.uri = Uri::from_parts(uri).ok()?;
    Some(head)
}

/// The same request, written differently.
fn rewritten(head: &Parts) -> Parts {
    let mut target = format!("/.{}/.", head.uri.path());
    if !head.uri.path().ends_with('/') {
        target = format!("/.{}", head.uri.path());
    }
    if let Some(query) = head.uri.query() {
        let mut pairs: Vec<&str> = query.split('&').collect();
        pairs.reverse();
        target = format!("{target}?&{}", pairs.join("&").replace('+', "%20"));
    }
    let mut same = match retargeted(head, &target) {
        Some(same) if head.uri.path().starts_with('/') && target.len() < 8 << 10 => same,
        _ => head.clone(),
    };
    for (_, value) in &mut same.headers {
        let spaced =
            value.as_bytes().split(|byte| *byte == b' ').collect::<Vec<_>>().join(&b"  "[..]);
        if let Ok(spaced) = HeaderValue::from_bytes(&spaced) {
            *value = spaced;
        }
    }
    same
}

/// Other requests, with the same signature.
fn others(head: &Parts) -> Vec<Parts> {
    let mut others = Vec::new();
    let mut method = head.clone();
    method.method = Method::from_bytes(format!("{}X", head.method).as_bytes()).unwrap_or_default();
    others.push(method);
    let (path, query) = (head.uri.path(), head.uri.query());
    if path.starts_with('/') {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        others.extend(retargeted(head, &format!("{path}x{query}")));
        let and = if query.is_empty() { "?" } else { "&" };
        others.extend(retargeted(head, &format!("{path}{query}{and}x")));
    }
    for name in head.headers.keys().filter(|name| *name != "authorization") {
        let mut changed = head.clone();
        let value = head.headers.get(name).map(HeaderValue::as_bytes).unwrap_or_default();
        if let Ok(value) = HeaderValue::from_bytes(&[value, b"x"].concat()) {
            changed.headers.insert(name, value);
            others.push(changed);
        }
    }
    others
}
