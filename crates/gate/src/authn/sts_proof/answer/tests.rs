//! What of an answer counts, and what only looks like one.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const ARN: &str = "arn:aws:sts::123456789012:assumed-role/agents-a/session";

fn response(result: &str) -> String {
    format!(
        r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    {result}
  </GetCallerIdentityResult>
  <ResponseMetadata>
    <RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId>
  </ResponseMetadata>
</GetCallerIdentityResponse>
"#
    )
}

fn good() -> String {
    response(&format!(
        "<Arn>{ARN}</Arn><UserId>AROA123:session</UserId><Account>123456789012</Account>"
    ))
}

fn error(code: &str) -> String {
    format!(
        r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>"#
    )
}

#[test]
fn the_caller_is_read() {
    assert_eq!(caller(good().as_bytes()).as_deref(), Some(ARN));
    let declared = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", good());
    assert_eq!(caller(declared.as_bytes()).as_deref(), Some(ARN));
}

#[test]
fn cve_2020_16250_what_only_looks_like_an_answer_says_nobody() {
    let inside = format!("<Arn>{ARN}</Arn><Account>123456789012</Account>");
    for (what, text) in [
        ("nothing", String::new()),
        (
            "JSON, which a client could ask for",
            format!(
                r#"{{"GetCallerIdentityResponse":{{"GetCallerIdentityResult":{{"Arn":"{ARN}"}}}}}}"#
            ),
        ),
        ("another action", good().replace("GetCallerIdentity", "GetSessionToken")),
        ("another namespace", good().replace("2011-06-15", "2011-06-16")),
        (
            "no namespace",
            good().replace(" xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"", ""),
        ),
        ("an ARN that a client got into a message", error(&inside)),
        (
            "an ARN in the wrong place",
            format!(
                "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">{inside}</GetCallerIdentityResponse>"
            ),
        ),
        ("two ARNs", response(&format!("{inside}<Arn>{ARN}</Arn>"))),
        (
            "two ARNs, one elsewhere",
            good().replace("<RequestId>", &format!("<Arn>{ARN}</Arn><RequestId>")),
        ),
        ("no account", response(&format!("<Arn>{ARN}</Arn>"))),
        ("another account", good().replace("<Account>1", "<Account>2")),
        ("no ARN", response("<Arn>me</Arn><Account>123456789012</Account>")),
        ("an ARN of something else", good().replace(":sts:", ":s3:")),
        ("an entity", good().replace("agents-a", "agents-&#97;")),
        ("a document type", format!("<!DOCTYPE a [<!ENTITY b \"c\">]>{}", good())),
        ("a comment in the ARN", good().replace("agents-a", "agents-<!-- -->a")),
        ("CDATA", good().replace(ARN, &format!("<![CDATA[{ARN}]]>"))),
        ("an instruction", good().replace("<Account>", "<?a b?><Account>")),
        ("two documents", good() + &good()),
        ("text behind it", good() + "x"),
        ("half of it", good()[..200].to_owned()),
        ("the wrong end", good().replace("</Arn>", "</Arm>")),
        ("another namespace inside", good().replace("<Arn>", "<Arn xmlns=\"urn:x\">")),
        ("a prefix", good().replace("<Arn>", "<a:Arn>").replace("</Arn>", "</a:Arn>")),
        ("deep", "<a>".repeat(5000)),
        ("wide", response(&"<a>b</a>".repeat(5000))),
    ] {
        assert_eq!(caller(text.as_bytes()), None, "{what}");
    }
    assert_eq!(caller(b"\xff\xfe<\x00"), None);
}

#[test]
fn a_refusal_for_the_signature_is_one_and_being_too_busy_is_not() {
    for code in [
        "SignatureDoesNotMatch",
        "InvalidClientTokenId",
        "ExpiredToken",
        "ExpiredTokenException",
        "AccessDenied",
        "IncompleteSignature",
    ] {
        assert_eq!(refusal(error(code).as_bytes()), Some(Answer::Wrong), "{code}");
    }
    for code in ["Throttling", "ThrottlingException", "RequestLimitExceeded", "InternalFailure", ""]
    {
        assert_eq!(refusal(error(code).as_bytes()), None, "{code}");
    }
    assert_eq!(refusal(good().as_bytes()), None);
    assert_eq!(refusal(b"no"), None);
}

proptest! {
    #[test]
    fn nothing_makes_it_panic_or_find_somebody_else(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        at in 0_usize..600,
        gone in 0_usize..40,
    ) {
        prop_assert_eq!(caller(&bytes), None);
        prop_assert_eq!(refusal(&bytes), None);
        // Something in the place of a part of a good answer: if it still says somebody, it is one
        // whose account it says, too.
        let mut text = good().into_bytes();
        let at = at.min(text.len());
        let end = (at + gone).min(text.len());
        text.splice(at..end, bytes);
        if let Some(arn) = caller(&text) {
            prop_assert!(arn.contains(":123456789012:"), "{}", arn);
        }
    }
}
