//! Requests, as each protocol writes them. Nothing is sent here.

use http::request::Parts;
use http::{HeaderValue, Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::api::{Call, Protocol, Service, Spot};
use super::each::Parameters;
use crate::Url;

/// All but what never needs it (RFC 3986, section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A request's head, without a signature, and its body; none if a parameter can't be written.
pub(super) fn build(
    service: &Service,
    call: &Call,
    parameters: &Parameters,
    url: &Url,
) -> Option<(Parts, String)> {
    let (target, body, kind) = match service.protocol {
        Protocol::Ec2 | Protocol::Query => {
            let body = form(service, call, parameters)?;
            ("/".to_owned(), body, "application/x-www-form-urlencoded; charset=utf-8".to_owned())
        }
        Protocol::Json => {
            let body = serde_json::to_string(parameters).ok()?;
            ("/".to_owned(), body, format!("application/x-amz-json-{}", service.json))
        }
        Protocol::RestJson | Protocol::RestXml => {
            (rest(call, parameters)?, String::new(), String::new())
        }
    };
    let base = url.target().split('?').next().unwrap_or_default().trim_end_matches('/');
    let method = Method::from_bytes(call.method.as_bytes()).ok()?;
    let mut request = Request::builder().method(method).uri(format!("{base}{target}"));
    if !kind.is_empty() {
        request = request.header("content-type", kind);
    }
    if service.protocol == Protocol::Json {
        request = request.header("x-amz-target", format!("{}.{}", service.target, call.name));
    }
    if service.protocol == Protocol::RestJson {
        // API Gateway answers in another form to those who don't say it.
        request = request.header("accept", "application/json");
    }
    request = request.header("user-agent", concat!("farmgate/", env!("CARGO_PKG_VERSION")));
    let (mut head, ()) = request.body(()).ok()?.into_parts();
    head.headers.insert(http::header::HOST, HeaderValue::from_str(url.authority()).ok()?);
    Some((head, body))
}

/// Names and values of a form.
fn form(service: &Service, call: &Call, parameters: &Parameters) -> Option<String> {
    let mut pairs =
        vec![("Action".to_owned(), call.name.as_str()), ("Version".to_owned(), &service.version)];
    for (name, value) in parameters {
        let (_, wire) = call.parameters.get(name)?;
        match value {
            Value::String(text) => pairs.push((wire.clone(), text)),
            Value::Array(items) => {
                let list = if service.protocol == Protocol::Ec2 { "" } else { ".member" };
                for (index, item) in items.iter().enumerate() {
                    pairs.push((format!("{wire}{list}.{}", index + 1), item.as_str()?));
                }
            }
            _ => return None,
        }
    }
    let pair = |(name, value): &(String, &str)| format!("{}={}", encoded(name), encoded(value));
    Some(pairs.iter().map(pair).collect::<Vec<_>>().join("&"))
}

/// A path with its parameters in it, and the rest in its query.
fn rest(call: &Call, parameters: &Parameters) -> Option<String> {
    let mut path = call.path.clone();
    let mut query = Vec::new();
    for (name, value) in parameters {
        let (spot, wire) = call.parameters.get(name)?;
        let texts: Vec<&str> = match value {
            Value::String(text) => vec![text],
            Value::Array(items) => items.iter().map(Value::as_str).collect::<Option<_>>()?,
            _ => return None,
        };
        for text in texts {
            match spot {
                Spot::Uri => path = path.replace(&format!("{{{wire}}}"), &encoded(text)),
                Spot::QueryString => query.push(format!("{}={}", encoded(wire), encoded(text))),
                Spot::Body | Spot::Header => return None,
            }
        }
    }
    if path.contains('{') {
        return None;
    }
    Some(if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) })
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use serde_json::json;

    use super::super::api::Api;
    use super::*;

    fn built(service: &str, operation: &str, parameters: &Value) -> (String, String) {
        let api = Api::read().unwrap();
        let (service, call) = api.call(service, operation).unwrap();
        let url = Url::parse("https://example.com").unwrap();
        let parameters = parameters.as_object().unwrap();
        let (head, body) = build(service, call, parameters, &url).unwrap();
        (format!("{} {}", head.method, head.uri), body)
    }

    #[test]
    fn each_protocol_writes_parameters_in_its_own_way() {
        let asked = built(
            "iam",
            "get-account-authorization-details",
            &json!({ "Filter": ["Role", "User"], "Marker": "a/b=" }),
        );
        let body = "Action=GetAccountAuthorizationDetails&Version=2010-05-08\
            &Filter.member.1=Role&Filter.member.2=User&Marker=a%2Fb%3D";
        assert_eq!(asked, ("POST /".to_owned(), body.to_owned()));
        let asked =
            built("ec2", "get-managed-prefix-list-entries", &json!({ "PrefixListId": "pl-1" }));
        assert!(asked.1.ends_with("&PrefixListId=pl-1"), "{}", asked.1);
        let asked = built("ecs", "list-services", &json!({ "cluster": "c" }));
        assert_eq!(asked, ("POST /".to_owned(), r#"{"cluster":"c"}"#.to_owned()));
        let parameters = json!({ "restApiId": "a b", "embed": ["methods"], "position": "p" });
        let (line, body) = built("apigateway", "get-resources", &parameters);
        assert_eq!(line, "GET /restapis/a%20b/resources?embed=methods&position=p");
        assert_eq!(body, "");
    }
}
