//! Whatever is signed and changed afterwards is refused: every part that AWS's canonicalization
//! covers, in both forms.

use farmgate_sigv4::{Fault, Signed};
use http::HeaderValue;
use http::request::Parts;
use proptest::prelude::*;

use crate::gate::{KEY_ID, SECRET, head, retarget, rules, verdict, verdict_by};
use crate::signers::{Bare, How, NOW, PLAIN, bare, how, signed};

/// A changed head, and what was changed.
type Changed = (String, Parts);

/// The head with a header's values changed.
fn with(head: &Parts, name: &str, value: &str) -> Parts {
    let mut head = head.clone();
    head.headers.insert(
        http::HeaderName::try_from(name).unwrap(),
        HeaderValue::from_bytes(value.as_bytes()).unwrap(),
    );
    head
}

/// Another method, another path.
fn lines(head: &Parts) -> Vec<Changed> {
    let mut found = Vec::new();
    for method in ["POST", "GET", "DELETE", "post", "PUT"] {
        if method != head.method.as_str() {
            let mut head = head.clone();
            head.method = method.parse().unwrap();
            found.push((format!("method {method}"), head));
        }
    }
    let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = head.uri.path();
    for changed in [format!("{path}x"), format!("{path}/x"), format!("{path}%2F")] {
        found.push((format!("path {changed}"), retarget(head, &format!("{changed}{query}"))));
    }
    found
}

/// Each parameter of the query changed, left out and sent twice; and one more.
fn parameters(head: &Parts) -> Vec<Changed> {
    let path = head.uri.path();
    let query = head.uri.query().unwrap_or_default();
    let pieces: Vec<&str> = query.split('&').filter(|piece| !piece.is_empty()).collect();
    let mut found = Vec::new();
    let mut put = |pieces: &[String]| {
        let query = pieces.join("&");
        found.push((format!("query {query}"), retarget(head, &format!("{path}?{query}"))));
    };
    let all: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
    put(&[all.clone(), vec!["more=1".to_owned()]].concat());
    for at in 0..all.len() {
        let mut without = all.clone();
        let piece = without.remove(at);
        put(&without);
        put(&[all.clone(), vec![piece.clone()]].concat());
        for changed in [format!("{piece}x"), format!("x{piece}"), format!("x={piece}")] {
            let mut other = all.clone();
            other[at] = changed;
            put(&other);
        }
    }
    found
}

/// Each signed header changed, left out, and sent twice.
fn headers(head: &Parts) -> Vec<Changed> {
    let signed = Signed::of(head).unwrap().unwrap();
    let debug = format!("{signed:?}");
    let names: Vec<&str> = debug.split('"').filter(|part| part.contains("host")).collect();
    let mut found = Vec::new();
    for name in names[0].split(';') {
        let value = head.headers.get(name).unwrap().to_str().unwrap();
        for changed in
            [format!("{value}x"), format!("x{value}"), format!("{value},"), String::new()]
        {
            found.push((format!("{name}: {changed}"), with(head, name, &changed)));
        }
        let mut without = head.clone();
        without.headers.remove(name);
        found.push((format!("no {name}"), without));
        let mut twice = head.clone();
        let value = twice.headers.get(name).unwrap().clone();
        twice.headers.append(http::HeaderName::try_from(name).unwrap(), value);
        found.push((format!("twice {name}"), twice));
    }
    found
}

/// Where the signature stands, every part of it.
fn authorization(head: &Parts) -> Vec<Changed> {
    let Some(value) = head.headers.get("authorization") else { return Vec::new() };
    let value = value.to_str().unwrap();
    let mut texts = Vec::new();
    for (one, other) in [
        ("20261122/", "20261123/"),
        ("us-west-2", "us-east-1"),
        ("execute-api", "bedrock-agentcore"),
        ("aws4_request", "aws4_requests"),
        (KEY_ID, "FGAKABCDEFGHIJ234566"),
        (";host", ""),
        ("host;", ""),
        ("host", "host;host"),
        ("host", "Host"),
        ("=accept;", "=a;accept;"),
        (";x-amz-date", ""),
        ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
        ("Credential=", "credential="),
        ("Signature=", "Signature=0"),
    ] {
        texts.push(value.replacen(one, other, 1));
    }
    let signature = value.split("Signature=").nth(1).unwrap();
    texts.push(value.replace(signature, &signature.to_uppercase()));
    texts.push(value.replace(signature, &signature[..62]));
    for at in 0..signature.len() {
        for bit in 0..4 {
            let digit = u8::from_str_radix(&signature[at..=at], 16).unwrap() ^ (1 << bit);
            let other = format!("{}{digit:x}{}", &signature[..at], &signature[at + 1..]);
            texts.push(value.replace(signature, &other));
        }
    }
    let changed = texts.into_iter().filter(|text| text != value);
    changed.map(|text| (text.clone(), with(head, "authorization", &text))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_changed_is_refused((bare, how) in (bare(), how())) {
        let head = signed(&bare, &how);
        prop_assert_eq!(verdict(&head, &bare.body, NOW), Ok(()));
        for (what, changed) in
            [lines(&head), parameters(&head), headers(&head), authorization(&head)].concat()
        {
            let verdict = verdict(&changed, &bare.body, NOW);
            prop_assert!(verdict.is_err(), "{what} of {head:?}");
        }
        let longer = [&bare.body[..], b" "].concat();
        prop_assert!(verdict(&head, &longer, NOW).is_err());
        for at in 0..bare.body.len() {
            let mut body = bare.body.clone();
            body[at] ^= 1;
            prop_assert!(verdict(&head, &body, NOW).is_err(), "body at {at}");
        }
        let other = "fgsk_c29tZSByYW5kb20gYnl0ZXMgZm9yIGEgdGVzdCBvbmx5ISF";
        let with_other = verdict_by(&rules(), (KEY_ID, other), &head, &bare.body, NOW);
        prop_assert_eq!(with_other, Err(Fault::Signature));
    }

    /// What is signed for another place is refused, and isn't let in by writing this one over it.
    #[test]
    fn a_signature_for_another_place_is_refused(bare in bare(), presigned in any::<bool>()) {
        let how = How { presigned, ..PLAIN };
        for (other, fault, from, to) in [
            (How { region: "us-east-1", ..how.clone() }, Fault::Region, "us-east-1", "us-west-2"),
            (How { service: "sts", ..how }, Fault::Service, "sts", "execute-api"),
        ] {
            let head = signed(&bare, &other);
            prop_assert_eq!(verdict(&head, &bare.body, NOW), Err(fault));
            let head = match head.headers.get("authorization") {
                Some(value) => with(&head, "authorization", &value.to_str().unwrap().replace(from, to)),
                None => retarget(&head, &head.uri.to_string().replace(from, to)),
            };
            prop_assert_eq!(verdict(&head, &bare.body, NOW), Err(Fault::Signature));
        }
    }

    /// Any text where the signature stands is read or refused.
    #[test]
    fn any_authorization_is_read_or_refused(text in "(AWS4-HMAC-SHA256)?[ -~\t]{0,120}") {
        let head = head("POST", "/mcp", &[("host", "h"), ("x-amz-date", "20261122T080910Z"), ("authorization", text.trim())]);
        prop_assert!(verdict(&head, b"", NOW).is_err());
    }

    #[test]
    fn any_query_is_read_or_refused(text in "(X-Amz-(Signature|Credential|Date|Algorithm)=)?[!-~&&[^#]]{0,120}") {
        if let Ok(uri) = format!("/mcp?{text}").parse::<http::Uri>() {
            let head = head("POST", &uri.to_string(), &[("host", "h")]);
            prop_assert!(verdict(&head, b"", NOW).is_err());
        }
    }
}

/// The presigned form says everything in its query; each of it counts.
#[test]
fn what_a_presigned_url_says_can_not_be_changed() {
    let bare =
        Bare { method: "GET", target: "/mcp".to_owned(), headers: Vec::new(), body: Vec::new() };
    let token = Some("FwoGZXIvYXdzEXAMPLE".to_owned());
    let head = signed(&bare, &How { presigned: true, token, ..PLAIN });
    assert_eq!(verdict(&head, b"", NOW), Ok(()));
    let target = head.uri.to_string();
    for (from, to) in [
        ("X-Amz-Expires=900", "X-Amz-Expires=604800"),
        ("X-Amz-Expires=900", "X-Amz-Expires=0"),
        ("X-Amz-Expires=900", "X-Amz-Expires=604801"),
        ("X-Amz-Expires=900", "X-Amz-Expires=+900"),
        ("X-Amz-Expires=900", "x-amz-expires=900"),
        ("X-Amz-Expires=900&", ""),
        ("T080910Z", "T080911Z"),
        ("20261122%2F", "20261123%2F"),
        ("us-west-2", "us-east-1"),
        ("FwoGZXIvYXdzEXAMPLE", "FwoGZXIvYXdzEXAMPLF"),
        ("X-Amz-Security-Token=FwoGZXIvYXdzEXAMPLE", "a=1"),
        ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=accept"),
        ("X-Amz-Signature=", "X-Amz-Signature=0"),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        (KEY_ID, "FGAKABCDEFGHIJ234566"),
    ] {
        assert!(target.contains(from), "{from} in {target}");
        let head = retarget(&head, &target.replace(from, to));
        assert!(verdict(&head, b"", NOW).is_err(), "{from} -> {to}");
    }
    // The id isn't under the signature's key alone: another one's secret is nobody's.
    assert_eq!(
        verdict_by(&rules(), ("FGAKABCDEFGHIJ234566", SECRET), &head, b"", NOW),
        Err(Fault::Signature)
    );
}
