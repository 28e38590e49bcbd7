//! AWS's own crate as the signer: whatever it signs verifies, in both forms, and its ways of writing
//! the same request differently don't matter.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use farmgate_sigv4::{Fault, Rules};
use http::request::Parts;
use http::{HeaderName, Request};
use proptest::prelude::*;

use crate::gate::{KEY_ID, REGION, SECRET, SERVICE, head, retarget, rules, verdict, verdict_by};

pub(crate) const NOW: i64 = 1_795_334_950;
pub(crate) const HOST: &str = "farm.example.com";
pub(crate) const LIFE: i64 = 900;

/// A request that isn't signed yet.
#[derive(Debug, Clone)]
pub(crate) struct Bare {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// How it is signed.
#[derive(Debug, Clone)]
pub(crate) struct How {
    pub(crate) presigned: bool,
    pub(crate) token: Option<String>,
    /// Whether `X-Amz-Content-Sha256` says what the body's hash is.
    pub(crate) checksum: bool,
    pub(crate) unsigned: bool,
    pub(crate) region: &'static str,
    pub(crate) service: &'static str,
    pub(crate) time: i64,
}

pub(crate) const PLAIN: How = How {
    presigned: false,
    token: None,
    checksum: false,
    unsigned: false,
    region: REGION,
    service: SERVICE,
    time: NOW,
};

/// The head of a request as AWS's crate signs it, as it arrives by HTTP/1.
pub(crate) fn signed(bare: &Bare, how: &How) -> Parts {
    signed_for(HOST, bare, how)
}

/// The same, for a host.
pub(crate) fn signed_for(host: &str, bare: &Bare, how: &How) -> Parts {
    let credentials = Credentials::new(KEY_ID, SECRET, how.token.clone(), None, "test");
    let identity = credentials.into();
    let mut settings = SigningSettings::default();
    if how.presigned {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(LIFE.unsigned_abs()));
    }
    if how.service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    if how.checksum {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let time = UNIX_EPOCH + Duration::from_secs(how.time.unsigned_abs());
    let params = SigningParams::builder()
        .identity(&identity)
        .region(how.region)
        .name(how.service)
        .time(time)
        .settings(settings)
        .build()
        .unwrap()
        .into();
    let headers = || bare.headers.iter().map(|(name, value)| (*name, value.as_str()));
    let body =
        if how.unsigned { SignableBody::UnsignedPayload } else { SignableBody::Bytes(&bare.body) };
    let uri = format!("https://{host}{}", bare.target);
    let signable = SignableRequest::new(bare.method, uri.as_str(), headers(), body).unwrap();
    let (instructions, _) = sign(signable, &params).unwrap().into_parts();
    let mut request = Request::builder().method(bare.method).uri(&uri).body(()).unwrap();
    for (name, value) in headers() {
        let name = HeaderName::try_from(name).unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    instructions.apply_to_request_http1x(&mut request);
    let head = request.into_parts().0;
    let target = head.uri.path_and_query().unwrap().to_string();
    let mut head = retarget(&head, &target);
    head.headers.insert("host", host.parse().unwrap());
    head
}

fn path() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z0-9._~-]{1,8}",
        Just(".".to_owned()),
        Just("..".to_owned()),
        Just(String::new()),
        Just("%2F.%2e%7E%20".to_owned()),
        Just("caf%C3%A9:@!$&'()*+,;=".to_owned()),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| format!("/{}", pieces.join("/")))
}

fn query() -> impl Strategy<Value = Option<String>> {
    let text = prop_oneof![
        "[a-zA-Z0-9._~-]{0,6}",
        Just("%C3%A9+%2B%20".to_owned()),
        Just("%2f%zz%".to_owned()),
        Just("a/b?c:d@e,;!'()*$".to_owned()),
    ];
    let pair = (text.clone(), prop::option::of(text)).prop_map(|(name, value)| match value {
        Some(value) => format!("{name}={value}"),
        None => name,
    });
    let pairs = prop::collection::vec(pair, 0..6).prop_map(|pairs| pairs.join("&"));
    prop::option::of(pairs)
}

pub(crate) fn bare() -> impl Strategy<Value = Bare> {
    let value = "[!-~]([ -~]{0,12}[!-~])?";
    let headers = (
        prop::option::of(value),
        prop::option::of(value),
        prop::collection::vec(value, 0..3),
        any::<bool>(),
    )
        .prop_map(|(session, amz, many, kind)| {
            let mut headers = vec![("accept", "application/json,  text/event-stream".to_owned())];
            headers.extend(session.map(|value| ("mcp-session-id", value)));
            headers.extend(amz.map(|value| ("x-amz-meta-a", value)));
            headers.extend(many.into_iter().map(|value| ("my-header", value)));
            if kind {
                headers.push(("content-type", "application/json".to_owned()));
            }
            headers
        });
    let method = prop_oneof![Just("POST"), Just("GET"), Just("DELETE")];
    let body = prop::collection::vec(any::<u8>(), 0..64);
    (method, path(), query(), headers, body).prop_map(|(method, path, query, headers, body)| {
        let target = query.map_or(path.clone(), |query| format!("{path}?{query}"));
        Bare { method, target, headers, body }
    })
}

pub(crate) fn how() -> impl Strategy<Value = How> {
    let token = prop::option::of("[a-zA-Z0-9/+=]{1,80}");
    (any::<bool>(), token, any::<bool>()).prop_map(|(presigned, token, checksum)| How {
        presigned,
        token,
        checksum,
        ..PLAIN
    })
}

/// The same request written in another way.
fn rewritten(head: &Parts) -> Parts {
    let mut target = head.uri.path().replacen('/', "//./", 1);
    if let Some(query) = head.uri.query() {
        // `sort` of a query leaves parameters of one name in their order, and so does AWS's sorting.
        let mut pairs: Vec<&str> = query.split('&').collect();
        pairs.reverse();
        target = format!("{target}?{}", pairs.join("&&").replace("%2F", "%2f").replace('+', "%20"));
    }
    let mut other = retarget(head, &target);
    other.headers.clear();
    let mut names: Vec<_> = head.headers.keys().collect();
    names.reverse();
    for name in names {
        for value in head.headers.get_all(name) {
            let value = value.to_str().unwrap().replace(' ', "   ");
            other.headers.append(name, format!(" {value} ").parse().unwrap());
        }
    }
    other.headers.insert("x-forwarded-for", "192.0.2.1".parse().unwrap());
    other.headers.insert("user-agent", "other".parse().unwrap());
    other
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_aws_signs_verifies((bare, how) in (bare(), how())) {
        let head = signed(&bare, &how);
        prop_assert_eq!(verdict(&head, &bare.body, NOW), Ok(()), "{:?}", head);
        let other = rewritten(&head);
        prop_assert_eq!(verdict(&other, &bare.body, NOW), Ok(()), "{:?}", other);
    }
}

fn call() -> Bare {
    Bare {
        method: "POST",
        target: "/nova-act/mcp".to_owned(),
        headers: vec![
            ("accept", "application/json, text/event-stream".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("mcp-protocol-version", "2025-11-25".to_owned()),
        ],
        body: br#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#.to_vec(),
    }
}

#[test]
fn http2_names_its_host_in_the_target() {
    let mut head = signed(&call(), &PLAIN);
    head.headers.remove("host");
    assert_eq!(verdict(&head, &call().body, NOW), Err(Fault::Host));
    let uri = |host: &str| format!("https://{host}/nova-act/mcp");
    let there = retarget(&head, &uri(HOST));
    assert_eq!(verdict(&there, &call().body, NOW), Ok(()));
    let elsewhere = retarget(&head, &uri("evil.example.com"));
    assert_eq!(verdict(&elsewhere, &call().body, NOW), Err(Fault::Signature));
    // One host for the signature and another one for whoever routes.
    let mut both = elsewhere;
    both.headers.insert("host", HOST.parse().unwrap());
    assert_eq!(verdict(&both, &call().body, NOW), Err(Fault::Host));
    both.uri = uri(HOST).parse().unwrap();
    assert_eq!(verdict(&both, &call().body, NOW), Ok(()));
    both.headers.append("host", HOST.parse().unwrap());
    assert_eq!(verdict(&both, &call().body, NOW), Err(Fault::Host));
}

#[test]
fn a_body_may_stay_unsigned_only_if_the_farm_says_so() {
    let unsigned = How { unsigned: true, checksum: true, ..PLAIN };
    let head = signed(&call(), &unsigned);
    assert_eq!(verdict(&head, &call().body, NOW), Err(Fault::UnsignedPayload));
    let rules = Rules { unsigned_payload: true, ..rules() };
    let open = |body: &[u8]| verdict_by(&rules, (KEY_ID, SECRET), &head, body, NOW);
    assert_eq!((open(&call().body), open(b"another")), (Ok(()), Ok(())));
    // That bodies may be unsigned leaves those that are as they were.
    let head = signed(&call(), &How { checksum: true, ..PLAIN });
    let other = verdict_by(&rules, (KEY_ID, SECRET), &head, b"another", NOW);
    assert_eq!(other, Err(Fault::Payload));
}

/// S3's paths are neither normalized nor encoded again; no farm names it, but the rule is whole.
#[test]
fn s3_signs_paths_as_they_are_sent() {
    let rules = Rules { service: "s3".to_owned(), ..rules() };
    let bare = Bare { target: "/a/./b%20c".to_owned(), ..call() };
    let head = signed(&bare, &How { service: "s3", ..PLAIN });
    let verdict =
        |target| verdict_by(&rules, (KEY_ID, SECRET), &retarget(&head, target), &bare.body, NOW);
    assert_eq!(verdict("/a/./b%20c"), Ok(()));
    assert_eq!(verdict("/a/b%20c"), Err(Fault::Signature));
}

#[test]
fn nothing_of_sigv4_is_for_others() {
    use farmgate_sigv4::Signed;
    for (target, authorization) in [
        ("/mcp", None),
        ("/mcp", Some("Bearer AWS4-HMAC-SHA256")),
        ("/mcp", Some("")),
        ("/mcp?a=%41&X-Amz-Date=1&X-Amz-Security-Token=2", None),
        ("/mcp?q=X-Amz-Signature", Some("Basic YTpi")),
    ] {
        let mut head = head("POST", target, &[("host", HOST)]);
        if let Some(text) = authorization {
            head.headers.insert("authorization", text.parse().unwrap());
        }
        assert!(matches!(Signed::of(&head), Ok(None)), "{target} {authorization:?}");
    }
}
