//! AWS's published test suite, in both forms.

mod cases;

use cases::{CASES, Case, STS_TOKEN, UNNORMALIZED};
use farmgate_sigv4::{Fault, Rules, Signed};
use http::request::Parts;

use crate::gate::{head, retarget, verdict_by};

const KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SCOPE: &str = "20150830/us-east-1/service/aws4_request";
const TIME: &str = "20150830T123600Z";
const NOW: i64 = 1_440_938_160;
const LIFE: i64 = 3600;

fn rules(region: &str, service: &str) -> Rules {
    let (region, service) = (region.to_owned(), service.to_owned());
    Rules { region, service, unsigned_payload: false }
}

fn verdict(head: &Parts, body: &str, now: i64) -> Result<(), Fault> {
    let rules = rules("us-east-1", "service");
    verdict_by(&rules, (KEY_ID, SECRET), head, body.as_bytes(), now)
}

/// A request signed in its header.
fn in_header(case: &Case, signature: &str) -> Parts {
    let mut head = head(case.method, case.target, case.headers);
    let hash = case.lines.split('\n').find_map(|line| line.strip_prefix("x-amz-content-sha256:"));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={KEY_ID}/{SCOPE}, SignedHeaders={}, Signature={signature}",
        case.signed
    );
    for (name, value) in [
        ("x-amz-date", Some(TIME)),
        ("x-amz-security-token", case.token),
        ("x-amz-content-sha256", hash),
        ("authorization", Some(authorization.as_str())),
    ] {
        if let Some(value) = value {
            head.headers.insert(name, value.parse().unwrap());
        }
    }
    head
}

/// The same as a presigned URL.
fn in_query(case: &Case, signature: &str) -> Parts {
    let encoded = |text: &str| {
        text.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D").replace(';', "%3B")
    };
    let signed: Vec<&str> =
        case.signed.split(';').filter(|name| !name.starts_with("x-amz-")).collect();
    let credential = encoded(&format!("{KEY_ID}/{SCOPE}"));
    let names = encoded(&signed.join(";"));
    let token = case.token.map(|token| format!("&X-Amz-Security-Token={}", encoded(token)));
    let and = if case.target.contains('?') { "&" } else { "?" };
    let target = format!(
        "{}{and}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={TIME}\
         &X-Amz-SignedHeaders={names}&X-Amz-Expires={LIFE}{}&X-Amz-Signature={signature}",
        case.target,
        token.unwrap_or_default()
    );
    head(case.method, &target, case.headers)
}

#[test]
fn what_the_suite_signs_in_the_header_verifies() {
    for case in CASES {
        let head = in_header(case, case.signature);
        assert_eq!(verdict(&head, case.body, NOW), Ok(()), "{}", case.name);
        let body = format!("{}.", case.body);
        assert!(verdict(&head, &body, NOW).is_err(), "{}", case.name);
    }
}

#[test]
fn what_the_suite_presigns_verifies_for_its_life() {
    for case in CASES {
        let head = in_query(case, case.presigned);
        for now in [NOW, NOW + LIFE] {
            assert_eq!(verdict(&head, case.body, now), Ok(()), "{}", case.name);
        }
        assert_eq!(verdict(&head, case.body, NOW + LIFE + 1), Err(Fault::Expired), "{}", case.name);
    }
}

#[test]
fn what_is_canonical_is_what_the_suite_says() {
    for case in CASES {
        let head = in_header(case, case.signature);
        let checked = Signed::of(&head).unwrap().unwrap();
        let checked = checked.check(&head, &rules("us-east-1", "service"), NOW).unwrap();
        let canonical = checked.canonical_request(&head, case.body.as_bytes()).unwrap();
        let canonical = String::from_utf8(canonical).unwrap();
        let hash = canonical.rsplit('\n').next().unwrap();
        let lines = case.lines.replace("{STS}", STS_TOKEN);
        let expected = format!(
            "{}\n{}\n{}\n{lines}\n\n{}\n{hash}",
            case.method, case.path, case.query, case.signed
        );
        assert_eq!(canonical, expected, "{}", case.name);
        let text = checked.string_to_sign(canonical.as_bytes());
        assert!(text.starts_with(&format!("AWS4-HMAC-SHA256\n{TIME}\n{SCOPE}\n")), "{text}");
    }
    // The first case's is printed in whole in AWS's documentation.
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let vanilla = CASES.iter().find(|case| case.name == "get-vanilla").unwrap();
    let head = in_header(vanilla, vanilla.signature);
    let signed = Signed::of(&head).unwrap().unwrap();
    let checked = signed.check(&head, &rules("us-east-1", "service"), NOW).unwrap();
    let canonical = checked.canonical_request(&head, b"").unwrap();
    assert!(canonical.ends_with(empty.as_bytes()));
    let text = checked.string_to_sign(&canonical);
    assert!(text.ends_with("bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63"));
}

/// Other services than S3 normalize: a signature over a path as it was sent is wrong.
#[test]
fn paths_that_the_suite_does_not_normalize_are_refused() {
    let vanilla = CASES.iter().find(|case| case.name == "get-vanilla").unwrap();
    for (target, signature, presigned) in UNNORMALIZED {
        let case = Case { target, ..*vanilla };
        assert_eq!(verdict(&in_header(&case, signature), "", NOW), Err(Fault::Signature));
        assert_eq!(verdict(&in_query(&case, presigned), "", NOW), Err(Fault::Signature));
    }
}

/// The suite's `post-sts-header-after`: a token that is sent and isn't signed.
#[test]
fn a_token_must_be_signed() {
    let vanilla = CASES.iter().find(|case| case.name == "post-vanilla").unwrap();
    let case = Case { token: Some(STS_TOKEN), ..*vanilla };
    let unsigned = in_header(&case, vanilla.signature);
    assert_eq!(verdict(&unsigned, "", NOW), Err(Fault::AmzUnsigned));
    assert_eq!(verdict(&in_query(&case, vanilla.presigned), "", NOW), Err(Fault::Signature));
}

/// The suite's older cases of paths that are encoded before they are sent.
#[test]
fn encoded_paths_are_encoded_once_more() {
    let lambda = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A892717189312%3Afunction%3Amy-rusty-fun/invocations";
    for (target, path) in [
        ("/test/@connections/JBDvjfGEIAMCERw%3D", "/test/%40connections/JBDvjfGEIAMCERw%253D"),
        (
            lambda,
            "/2015-03-31/functions/arn%253Aaws%253Alambda%253Aus-west-2%253A892717189312%253Afunction%253Amy-rusty-fun/invocations",
        ),
    ] {
        let vanilla = CASES.iter().find(|case| case.name == "post-vanilla").unwrap();
        let head = retarget(&in_header(vanilla, vanilla.signature), target);
        let signed = Signed::of(&head).unwrap().unwrap();
        let checked = signed.check(&head, &rules("us-east-1", "service"), NOW).unwrap();
        let canonical = checked.canonical_request(&head, b"").unwrap();
        assert!(canonical.starts_with(format!("POST\n{path}\n").as_bytes()), "{target}");
    }
}
