//! Every part that a signature covers, changed: none gets through. And what it doesn't cover, which
//! does: the documentation says so.

use crate::signer::{self, Signer, issued_keys, target};
use crate::support::backend::Backend;
use crate::support::client::Ask;

/// A call with something of every kind that is signed.
fn original() -> Ask {
    let mut ask = Ask::call(1, "x")
        .with("X-Amz-Meta", "a  b")
        .with("X-Many", "1")
        .with("X-Many", "2")
        .with("Mcp-Method", "tools/call")
        .with("Mcp-Name", "echo");
    ask.line = "POST /mcp/some%20path?b=2&a=%2F&a=1 HTTP/1.1".to_owned();
    ask
}

fn with_line(ask: &Ask, line: &str) -> Ask {
    Ask { line: line.to_owned(), ..ask.clone() }
}

/// With a header's value changed by a function.
fn with_header(ask: &Ask, name: &str, change: impl Fn(&str) -> String) -> Ask {
    let mut ask = ask.clone();
    let found = ask.headers.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let value = &mut found.unwrap().1;
    let changed = change(value);
    assert_ne!(*value, changed, "{name}");
    *value = changed;
    ask
}

/// Each with what was changed.
fn changed(ask: &Ask) -> Vec<(String, Ask)> {
    let mut all: Vec<(String, Ask)> = Vec::new();
    for line in [
        "DELETE /mcp/some%20path?b=2&a=%2F&a=1 HTTP/1.1",
        "POST /mcp?b=2&a=%2F&a=1 HTTP/1.1",
        "POST /mcp/some%20patH?b=2&a=%2F&a=1 HTTP/1.1",
        "POST /mcp/some%20path/?b=2&a=%2F&a=1 HTTP/1.1",
        "POST /mcp/some%21path?b=2&a=%2F&a=1 HTTP/1.1",
        "POST /mcp/some%20path HTTP/1.1",
        "POST /mcp/some%20path?b=2&a=%2F HTTP/1.1",
        "POST /mcp/some%20path?b=3&a=%2F&a=1 HTTP/1.1",
        "POST /mcp/some%20path?b=2&a=%252F&a=1 HTTP/1.1",
        "POST /mcp/some%20path?b=2&a=%2F&a=1&a=1 HTTP/1.1",
        "POST /mcp/some%20path?b=2&a=%2F&a=1&c HTTP/1.1",
        "POST /mcp/some%20path?B=2&a=%2F&a=1 HTTP/1.1",
    ] {
        all.push((line.to_owned(), with_line(ask, line)));
    }
    let mut signed: Vec<_> = ask.headers.iter().map(|(name, _)| name.clone()).collect();
    signed.retain(|name| !name.eq_ignore_ascii_case("authorization"));
    for name in &signed {
        if name.eq_ignore_ascii_case("content-length") {
            continue; // it says how the body is framed
        }
        all.push((
            format!("{name} has another value"),
            match name.to_lowercase().as_str() {
                "host" => ask.clone().instead(name, "localhost"),
                "x-amz-date" => {
                    with_header(ask, name, |value| value.replace("Z", "0Z").replacen("0", "", 1))
                }
                _ => with_header(ask, name, |value| format!("{value}x")),
            },
        ));
        if !name.eq_ignore_ascii_case("host") {
            all.push((format!("without {name}"), ask.clone().without(name)));
            all.push((format!("{name} twice"), ask.clone().with(name, "x")));
        }
    }
    all.push(("the values in another order".to_owned(), {
        let ask = ask.clone().without("X-Many");
        ask.with("X-Many", "2").with("X-Many", "1")
    }));
    let body = String::from_utf8(ask.body.clone()).unwrap();
    for place in (0..body.len()).step_by(7) {
        let mut bytes = body.clone().into_bytes();
        bytes[place] ^= 1;
        if let Ok(text) = String::from_utf8(bytes) {
            all.push((format!("byte {place} of the body"), ask.clone().body(&text)));
        }
    }
    all.push(("no body".to_owned(), ask.clone().body("")));
    all.push(("more body".to_owned(), ask.clone().body(&format!("{body} "))));
    all.extend(of_the_signature(ask));
    all
}

/// What `Authorization` says, changed.
fn of_the_signature(ask: &Ask) -> Vec<(String, Ask)> {
    let mut all = Vec::new();
    let mut change = |what: &str, to: &dyn Fn(&str) -> String| {
        all.push((what.to_owned(), with_header(ask, "authorization", to)));
    };
    let at = |value: &str| value.find("Signature=").unwrap() + "Signature=".len();
    for digit in 0..64 {
        change(&format!("digit {digit} of the signature"), &|value| {
            let place = at(value) + digit;
            let other = if &value[place..=place] == "0" { "1" } else { "0" };
            format!("{}{other}{}", &value[..place], &value[place + 1..])
        });
    }
    change("the signature in upper case", &|value| {
        let (head, signature) = value.split_at(at(value));
        format!("{head}{}", signature.to_uppercase())
    });
    change("the signature cut", &|value| value[..value.len() - 1].to_owned());
    change("the signature and more", &|value| format!("{value}0"));
    change("no signature", &|value| value[..at(value)].to_owned());
    change("a signature of zeros", &|value| format!("{}{}", &value[..at(value)], "0".repeat(64)));
    change("the region", &|value| value.replace("/us-west-2/", "/us-east-1/"));
    change("the service", &|value| value.replace("/execute-api/", "/sts/"));
    change("the end of the scope", &|value| value.replace("aws4_request", "aws5_request"));
    change("the algorithm", &|value| value.replace("SHA256", "SHA512"));
    change("the key", &|value| value.replacen("FGAK", "FGAA", 1));
    for name in ["host", "content-type", "mcp-name", "x-amz-date", "x-amz-meta", "x-many"] {
        change(&format!("{name} not signed"), &|value| {
            value.replace(&format!("{name};"), "").replace(&format!(";{name},"), ",")
        });
    }
    change("a header that isn't there", &|value| value.replace(";x-many", ";x-many;x-none"));
    change("a header signed twice", &|value| value.replace(";x-many", ";x-many;x-many"));
    change("in upper case", &|value| value.replace(";x-many", ";X-Many"));
    all
}

#[test]
fn whatever_is_changed_of_what_is_signed_gets_nowhere() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let farm = setup.start();
    let ask = carol.signs(original());
    assert!(farm.ask(&ask).echoes(1, "x"), "{:?}", farm.ask(&ask));
    let before = backend.count();
    let changed = changed(&ask);
    assert!(changed.len() > 120, "{}", changed.len());
    for (what, ask) in &changed {
        let answer = farm.ask(ask);
        assert_eq!(answer.status, 401, "{what}: {answer:?}");
    }
    assert_eq!(backend.count(), before, "something got through");
    farm.stop();
}

#[test]
fn what_means_the_same_is_the_same() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let farm = setup.start();
    let ask = carol.signs(original());
    for (what, same) in [
        ("another order of the parameters", {
            with_line(&ask, "POST /mcp/some%20path?a=1&b=2&a=%2F HTTP/1.1")
        }),
        ("blanks around and inside a value", {
            with_header(&ask, "x-amz-meta", |_| "   a      b  ".to_owned())
        }),
        ("values of one name on one line", { ask.clone().without("X-Many").with("X-Many", "1,2") }),
        ("names in another case", {
            let value =
                ask.headers.iter().find(|(name, _)| name == "X-Amz-Meta").unwrap().1.clone();
            ask.clone().without("X-Amz-Meta").with("x-amz-META", &value)
        }),
        // What isn't signed isn't covered: docs/sigv4.md says so.
        ("a header that isn't signed", ask.with("X-Other", "1")),
    ] {
        let answer = farm.ask(&same);
        assert!(answer.echoes(1, "x"), "{what}: {answer:?}");
    }
    farm.stop();
}

#[test]
fn a_header_that_must_be_signed_and_is_not_is_named() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let farm = setup.start();
    for (name, value) in [
        ("Mcp-Name", "echo"),
        ("Mcp-Session-Id", "x"),
        ("Mcp-Anything", "x"),
        ("X-Amz-Target", "x"),
        ("X-Amz-Security-Token", "x"),
    ] {
        let answer = farm.ask(&carol.signs(Ask::call(1, "x")).with(name, value));
        assert_eq!(answer.status, 401, "{name}");
        assert!(answer.text().contains("must be signed"), "{name}: {answer:?}");
    }
    let without = |name: &str| {
        let value = Ask::call(1, "x");
        let kept = value.headers.iter().find(|(known, _)| known == name).unwrap().1.clone();
        carol.signs(value.without(name)).with(name, &kept)
    };
    let answer = farm.ask(&without("Content-Type"));
    assert!(answer.text().contains("`content-type` must be signed"), "{answer:?}");
    let answer = farm.ask(&without("MCP-Protocol-Version"));
    assert!(answer.text().contains("`mcp-*`"), "{answer:?}");
    assert_eq!(backend.count(), 0);
    farm.stop();
}

#[test]
fn no_part_of_a_presigned_query_can_be_changed() {
    let backend = Backend::echo();
    let (setup, carol) = signer::farm(&backend, issued_keys());
    let carol = Signer { token: Some("token".to_owned()), ..carol };
    let farm = setup.start();
    let ask = carol.presigns(Ask::new("GET", "/mcp?a=1"), 100);
    assert_eq!(farm.ask(&ask).status, 200);
    let (_, whole) = target(&ask);
    let (path, query) = whole.split_once('?').unwrap();
    let parameters: Vec<&str> = query.split('&').collect();
    assert!(parameters.len() >= 8, "{query}");
    for place in 0..parameters.len() {
        for (what, other) in [
            ("gone", None),
            ("twice", Some(format!("{0}&{0}", parameters[place]))),
            ("changed", Some(format!("{}1", parameters[place]))),
            ("empty", Some(parameters[place].split('=').next().unwrap().to_owned())),
            (
                "in lower case",
                Some(parameters[place].to_lowercase()).filter(|it| it != parameters[place]),
            ),
        ] {
            if what == "in lower case" && other.is_none() {
                continue;
            }
            let mut changed: Vec<String> = parameters.iter().map(|&it| it.to_owned()).collect();
            match other {
                Some(other) => changed[place] = other,
                None => drop(changed.remove(place)),
            }
            let line = format!("GET {path}?{} HTTP/1.1", changed.join("&"));
            let answer = farm.ask(&with_line(&ask, &line));
            assert_eq!(answer.status, 401, "{} {what}: {answer:?}", parameters[place]);
        }
    }
    assert_eq!(backend.count(), 1);
    farm.stop();
}
