//! Headers that concern one connection only and are not passed on.

use http::header::{self, HeaderMap, HeaderName};

/// Takes out `Connection`, what it names, and all other headers that concern one connection only
/// (RFC 9110, 7.6.1, and those of older proxies).
///
/// A sender may name any header in `Connection`, so this comes first and what the caller adds comes
/// after. `Content-Length` and `Host` stay even if they are named: without them the message would be
/// another.
pub fn strip_hop_by_hop(headers: &mut HeaderMap) {
    // Most messages have none, and then this is one look at each name.
    if !headers.keys().any(is_hop_by_hop) {
        return;
    }
    for name in named(headers) {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

const HOP_BY_HOP: [&str; 11] = [
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fn is_hop_by_hop(name: &HeaderName) -> bool {
    HOP_BY_HOP.contains(&name.as_str())
}

/// What `Connection` names.
fn named(headers: &HeaderMap) -> Vec<HeaderName> {
    let values = headers.get_all(header::CONNECTION).iter();
    let words = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    words
        .map(<[u8]>::trim_ascii)
        .filter(|word| !word.eq_ignore_ascii_case(b"close"))
        .filter_map(|word| HeaderName::from_bytes(word).ok())
        .filter(|name| name != header::CONTENT_LENGTH && name != header::HOST)
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn stripped(pairs: &[(&str, &str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        strip_hop_by_hop(&mut headers);
        let mut names: Vec<_> = headers.keys().map(ToString::to_string).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn what_concerns_one_connection_goes() {
        for name in HOP_BY_HOP {
            assert_eq!(stripped(&[("host", "a"), (name, "x")]), ["host"], "{name}");
        }
    }

    #[test]
    fn what_connection_names_goes_in_all_its_values() {
        let headers = [
            ("connection", "keep-alive, X-One"),
            ("connection", " x-two ,,close"),
            ("x-one", "1"),
            ("x-two", "2"),
            ("x-three", "3"),
        ];
        assert_eq!(stripped(&headers), ["x-three"]);
    }

    #[test]
    fn length_and_host_stay_even_if_named() {
        let headers =
            [("connection", "content-length, host"), ("content-length", "5"), ("host", "a")];
        assert_eq!(stripped(&headers), ["content-length", "host"]);
    }

    #[test]
    fn a_value_that_is_no_list_of_names_is_no_trouble() {
        assert_eq!(stripped(&[("connection", "@@, \"x\""), ("x", "1")]), ["x"]);
    }
}
