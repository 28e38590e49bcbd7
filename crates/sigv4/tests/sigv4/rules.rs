//! The rules that need no key, one by one: each problem has its own fault, and what it tells.

use std::collections::BTreeSet;

use farmgate_sigv4::{Fault, SKEW, Signed, SigningKey};
use http::request::Parts;

use crate::gate::{KEY_ID, retarget, rules, verdict};
use crate::signers::{Bare, How, LIFE, NOW, PLAIN, signed};

fn call(headers: &[(&'static str, &str)]) -> Bare {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Bare { method: "POST", target: "/mcp".to_owned(), headers, body: b"{}".to_vec() }
}

fn put(head: &Parts, name: &'static str, value: &str) -> Parts {
    let mut head = head.clone();
    head.headers.append(name, value.parse().unwrap());
    head
}

#[test]
fn the_clock_may_be_five_minutes_off() {
    let head = signed(&call(&[]), &PLAIN);
    for (off, expected) in [
        (-SKEW - 1, Err(Fault::Skewed)),
        (-SKEW, Ok(())),
        (SKEW, Ok(())),
        (SKEW + 1, Err(Fault::Skewed)),
        (i64::MAX - NOW, Err(Fault::Skewed)),
        (i64::MIN, Err(Fault::Skewed)),
    ] {
        assert_eq!(verdict(&head, b"{}", NOW.saturating_add(off)), expected, "{off}");
    }
    let signed = Signed::of(&head).unwrap().unwrap();
    assert_eq!((signed.time(), signed.expires()), (NOW, NOW + SKEW));
    let told = Fault::Skewed.told().unwrap();
    assert!(told.contains("5 minutes off") && told.contains("`Date`"), "{told}");
}

#[test]
fn a_presigned_url_holds_for_its_life() {
    let head = signed(&call(&[]), &How { presigned: true, ..PLAIN });
    for (off, expected) in [
        (-SKEW - 1, Err(Fault::Skewed)),
        (-SKEW, Ok(())),
        (LIFE, Ok(())),
        (LIFE + 1, Err(Fault::Expired)),
    ] {
        assert_eq!(verdict(&head, b"{}", NOW + off), expected, "{off}");
    }
    let signed = Signed::of(&head).unwrap().unwrap();
    assert!(signed.is_presigned());
    assert_eq!((signed.time(), signed.expires()), (NOW, NOW + LIFE));
}

/// Requests signed around midnight are of the day of their own time.
#[test]
fn the_day_is_that_of_the_requests_time() {
    let midnight = 1_795_392_000;
    let head = signed(&call(&[]), &How { time: midnight - 1, ..PLAIN });
    assert_eq!(Signed::of(&head).unwrap().unwrap().date(), "20261122");
    assert_eq!(verdict(&head, b"{}", midnight + 200), Ok(()));
    let mut other = head;
    let text = other.headers["authorization"].to_str().unwrap().replace("20261122/", "20261123/");
    other.headers.insert("authorization", text.parse().unwrap());
    assert_eq!(verdict(&other, b"{}", midnight + 200), Err(Fault::ScopeDate));
}

#[test]
fn headers_that_matter_must_be_signed() {
    let head = signed(&call(&[]), &PLAIN);
    for (name, fault) in [
        ("content-type", Some(Fault::ContentTypeUnsigned)),
        ("x-amz-security-token", Some(Fault::AmzUnsigned)),
        ("x-amz-user-agent", Some(Fault::AmzUnsigned)),
        ("mcp-session-id", Some(Fault::McpUnsigned)),
        ("mcp-protocol-version", Some(Fault::McpUnsigned)),
        ("mcp-method", Some(Fault::McpUnsigned)),
        ("mcp-param-region", Some(Fault::McpUnsigned)),
        ("x-amzn-trace-id", None),
        ("x-forwarded-for", None),
        ("user-agent", None),
        ("last-event-id", None),
    ] {
        let head = put(&head, name, "v");
        assert_eq!(verdict(&head, b"{}", NOW), fault.map_or(Ok(()), Err), "{name}");
        let also = signed(&call(&[(name, "v")]), &PLAIN);
        assert_eq!(verdict(&also, b"{}", NOW), Ok(()), "{name}");
    }
    let mut hostless = head.clone();
    let text = head.headers["authorization"].to_str().unwrap().replace("host;", "");
    hostless.headers.insert("authorization", text.parse().unwrap());
    assert_eq!(verdict(&hostless, b"{}", NOW), Err(Fault::HostUnsigned));
}

#[test]
fn a_request_is_signed_once() {
    let in_header = signed(&call(&[]), &PLAIN);
    let in_query = signed(&call(&[]), &How { presigned: true, ..PLAIN });
    let text = in_header.headers["authorization"].to_str().unwrap();
    let mut both = in_query.clone();
    both.headers.insert("authorization", text.parse().unwrap());
    for head in [
        both,
        put(&in_header, "authorization", text),
        put(&in_header, "authorization", "Bearer token"),
    ] {
        assert_eq!(Signed::of(&head).map(drop), Err(Fault::Twice));
    }
    // Any of the parameters of a presigned URL makes one of it, in whatever case it is written.
    for parameter in [
        "X-Amz-Signature=0",
        "x-amz-signature=0",
        "X%2DAmz-Algorithm=AWS4-HMAC-SHA256",
        "X-Amz-Credential",
    ] {
        let mut head = in_header.clone();
        head.uri = format!("/mcp?{parameter}").parse().unwrap();
        assert_eq!(Signed::of(&head).map(drop), Err(Fault::Twice), "{parameter}");
        head.headers.remove("authorization");
        assert_eq!(Signed::of(&head).map(drop), Err(Fault::Query), "{parameter}");
    }
    let twice = format!("{}&X-Amz-Date=20261122T080910Z", in_query.uri);
    let twice = retarget(&in_query, &twice);
    assert_eq!(Signed::of(&twice).map(drop), Err(Fault::Query));
}

#[test]
fn authorization_is_read_as_aws_reads_it() {
    let good = signed(&call(&[]), &PLAIN);
    let text = good.headers["authorization"].to_str().unwrap().to_owned();
    let of = |text: &str| {
        let mut head = good.clone();
        head.headers.insert("authorization", text.parse().unwrap());
        head
    };
    let (scheme, rest) = text.split_once(' ').unwrap();
    let parts: Vec<&str> = rest.split(", ").collect();
    for same in [
        text.replace(", ", ","),
        text.replace(", ", "  ,   "),
        text.replacen(' ', "   ", 1),
        format!("{scheme} {},{},{}", parts[2], parts[0], parts[1]),
    ] {
        assert_eq!(verdict(&of(&same), b"{}", NOW), Ok(()), "{same}");
    }
    let credential = format!("{KEY_ID}/20261122/us-west-2/execute-api/aws4_request");
    let long = format!("{scheme} Credential={credential}, {}", "a".repeat(5000));
    let many: Vec<String> = (100..165).map(|number| format!("a{number}")).collect();
    for (other, fault) in [
        ("AWS4-HMAC-SHA256".to_owned(), Fault::Authorization),
        (text.replace("AWS4-HMAC-SHA256", "aws4-hmac-sha256"), Fault::Algorithm),
        (text.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), Fault::Algorithm),
        (text.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), Fault::Algorithm),
        (text.replace(", ", " "), Fault::Authorization),
        (format!("{text},"), Fault::Authorization),
        (format!("{text}, {}", parts[2]), Fault::Authorization),
        (format!("{text}, More=1"), Fault::Authorization),
        (format!("{scheme} {}, {}", parts[0], parts[1]), Fault::Authorization),
        (text.replace("/aws4_request", ""), Fault::Credential),
        (text.replace(KEY_ID, ""), Fault::Credential),
        (text.replace("host", "Host"), Fault::SignedHeaders),
        (text.replace("host;x-amz-date", "x-amz-date;host"), Fault::SignedHeaders),
        (text.replace("host", "host;host"), Fault::SignedHeaders),
        (text.replace("host;", "host;;"), Fault::SignedHeaders),
        (text.replace("host", "ho st"), Fault::SignedHeaders),
        (text.replace("host", &many.join(";")), Fault::TooLarge),
        (text[..text.len() - 1].to_owned(), Fault::SignatureText),
        (format!("{}AB", &text[..text.len() - 2]), Fault::SignatureText),
        (long, Fault::TooLarge),
    ] {
        let found = Signed::of(&of(&other)).map(drop);
        assert_eq!(found, Err(fault), "{other}");
    }
    let absent = text.replace("host;", "host;last-event-id;");
    assert_eq!(verdict(&of(&absent), b"{}", NOW), Err(Fault::Absent));
}

#[test]
fn a_time_is_needed_once() {
    let good = signed(&call(&[]), &PLAIN);
    let mut none = good.clone();
    none.headers.remove("x-amz-date");
    assert_eq!(verdict(&none, b"{}", NOW), Err(Fault::Time));
    assert_eq!(
        verdict(&put(&good, "x-amz-date", "20261122T080910Z"), b"{}", NOW),
        Err(Fault::Time)
    );
    for text in ["", "yesterday", "2026-11-22T08:09:10Z"] {
        assert_eq!(
            verdict(&put(&none, "x-amz-date", text), b"{}", NOW),
            Err(Fault::Time),
            "{text}"
        );
    }
    // `Date` counts only where there is no `X-Amz-Date`.
    let both = put(&good, "date", "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(verdict(&both, b"{}", NOW), Ok(()));
    for text in ["Sun, 22 Nov 2026 08:09:10 GMT", "20261122T080910Z"] {
        let dated = put(&none, "date", text);
        let signed = Signed::of(&dated).unwrap().unwrap();
        assert_eq!((signed.time(), signed.date()), (NOW, "20261122"), "{text}");
    }
}

/// The header says what the body's hash is, and the body says it, too.
#[test]
fn the_hash_that_is_said_is_the_bodys() {
    let head = signed(&call(&[]), &How { checksum: true, ..PLAIN });
    assert_eq!(verdict(&head, b"{}", NOW), Ok(()));
    assert_eq!(verdict(&head, b"{ }", NOW), Err(Fault::Payload));
    let hash = head.headers["x-amz-content-sha256"].to_str().unwrap();
    for (value, fault) in [
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", Fault::Streaming),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", Fault::Streaming),
        ("UNSIGNED-PAYLOAD", Fault::UnsignedPayload),
        ("unsigned-payload", Fault::Payload),
        ("", Fault::Payload),
        (hash.to_uppercase().as_str(), Fault::Payload),
    ] {
        let mut other = head.clone();
        other.headers.insert("x-amz-content-sha256", value.parse().unwrap());
        assert_eq!(verdict(&other, b"{}", NOW), Err(fault), "{value}");
    }
    assert_eq!(verdict(&put(&head, "x-amz-content-sha256", hash), b"{}", NOW), Err(Fault::Payload));
    let in_query = signed(&call(&[]), &How { presigned: true, ..PLAIN });
    for (value, fault) in [
        ("UNSIGNED-PAYLOAD", Fault::UnsignedPayload),
        ("STREAMING-", Fault::Streaming),
        ("", Fault::Payload),
        (hash, Fault::Signature),
    ] {
        let target = format!("{}&X-Amz-Content-Sha256={value}", in_query.uri);
        assert_eq!(verdict(&retarget(&in_query, &target), b"{}", NOW), Err(fault), "{value}");
    }
}

#[test]
fn what_is_looked_at_is_bounded() {
    let head = signed(&call(&[]), &PLAIN);
    let mut many = head.clone();
    for number in 0..200 {
        many.headers.append("x-more", number.to_string().parse().unwrap());
    }
    assert_eq!(verdict(&many, b"{}", NOW), Err(Fault::TooLarge));
    for target in [format!("/mcp?{}", "a&".repeat(300)), format!("/{}", "a".repeat(20_000))] {
        let long = retarget(&head, &target);
        assert_eq!(verdict(&long, b"{}", NOW), Err(Fault::TooLarge), "{}", target.len());
    }
    // Requests that aren't ours aren't measured.
    let mut other = retarget(&many, &format!("/mcp?{}", "a=%20&".repeat(300)));
    other.headers.remove("authorization");
    assert!(matches!(Signed::of(&other), Ok(None)));
}

#[test]
fn nobodys_key_makes_no_signature_right() {
    let head = signed(&call(&[]), &PLAIN);
    let checked = Signed::of(&head).unwrap().unwrap().check(&head, &rules(), NOW).unwrap();
    let nobody = SigningKey::nobody();
    assert_eq!(checked.verify(&head, b"{}", &nobody), Err(Fault::Signature));
    // Not even one that is made with the same bytes: here 32 zeros, as a key of HMAC, which shorter
    // ones of zeros are, too.
    let canonical = checked.canonical_request(&head, b"{}").unwrap();
    let text = checked.string_to_sign(&canonical);
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &[0; 32]);
    let tag = aws_lc_rs::hmac::sign(&key, text.as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forged = head;
    let text = forged.headers["authorization"].to_str().unwrap();
    let text = format!("{}Signature={hex}", text.split("Signature=").next().unwrap());
    forged.headers.insert("authorization", text.parse().unwrap());
    let checked = Signed::of(&forged).unwrap().unwrap().check(&forged, &rules(), NOW).unwrap();
    assert_eq!(checked.verify(&forged, b"{}", &nobody), Err(Fault::Signature));
}

#[test]
fn nothing_that_can_be_replayed_is_shown() {
    let token = "FwoGZXIvYXdzEXAMPLE";
    for presigned in [true, false] {
        let how = How { presigned, token: Some(token.to_owned()), ..PLAIN };
        let head = signed(&call(&[]), &how);
        let signed = Signed::of(&head).unwrap().unwrap();
        let hex: String = signed.signature().iter().map(|byte| format!("{byte:02x}")).collect();
        let bytes = format!("{:?}", signed.signature());
        let checked = signed.clone().check(&head, &rules(), NOW).unwrap();
        let shown = format!("{signed:?} {checked:?}");
        assert!(shown.contains(KEY_ID), "{shown}");
        for hidden in [&hex, &bytes, token] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}

const ALL: [Fault; 28] = [
    Fault::Twice,
    Fault::Algorithm,
    Fault::Authorization,
    Fault::Query,
    Fault::Credential,
    Fault::SignatureText,
    Fault::SignedHeaders,
    Fault::TooLarge,
    Fault::Time,
    Fault::ScopeDate,
    Fault::Region,
    Fault::Service,
    Fault::Skewed,
    Fault::Expired,
    Fault::Life,
    Fault::HostUnsigned,
    Fault::ContentTypeUnsigned,
    Fault::AmzUnsigned,
    Fault::McpUnsigned,
    Fault::Absent,
    Fault::Host,
    Fault::Payload,
    Fault::UnsignedPayload,
    Fault::Streaming,
    Fault::Signature,
    Fault::Proof,
    Fault::ProofAudience,
    Fault::ProofUnsigned,
];

/// A client learns what it did wrong, but for one thing: whether its key exists.
#[test]
fn clients_are_told_all_but_of_keys() {
    let untold: Vec<Fault> = ALL.into_iter().filter(|fault| fault.told().is_none()).collect();
    assert_eq!(untold, [Fault::Signature]);
    let words: BTreeSet<String> = ALL.iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), ALL.len(), "each problem has words of its own");
    for fault in ALL {
        let code = fault.code();
        assert!(code.starts_with("sigv4_") || code.starts_with("sts_proof_"), "{code}");
        assert!(!fault.to_string().ends_with('.'), "{fault}");
    }
}
