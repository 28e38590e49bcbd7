//! Answers as the `aws` command prints them: members by their names, lists as lists, numbers as
//! numbers, times as ISO 8601.
//!
//! What no shape names is dropped. A value that isn't what its shape says is kept as the text that it
//! is; nothing is made up.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::api::{Call, Protocol, Service, Shape};
use super::xml::Element;

/// Reads the body of an answer; none if it is no answer of this service.
pub(super) fn read(service: &Service, call: &Call, body: &[u8]) -> Option<Value> {
    let read = match service.protocol {
        Protocol::Json | Protocol::RestJson => {
            let value: Value = match body {
                [] => Value::Object(Map::new()),
                body => serde_json::from_slice(body).ok()?,
            };
            value.is_object().then(|| of_json(service, &call.output, value))?
        }
        Protocol::Ec2 | Protocol::Query | Protocol::RestXml => {
            let root = Element::read(body)?;
            let within = match &call.wrapper {
                Some(wrapper) => root.child(wrapper)?,
                None => &root,
            };
            match &call.payload {
                Some(payload) => {
                    let shape = member(service, &call.output, payload)?;
                    let mut only = Map::new();
                    only.insert(payload.clone(), of_xml(service, shape, within));
                    Value::Object(only)
                }
                None => of_xml(service, &call.output, within),
            }
        }
    };
    Some(read)
}

/// The shape of a member.
fn member<'a>(service: &'a Service, shape: &str, name: &str) -> Option<&'a str> {
    match service.shapes.get(shape)? {
        Shape::Members(members) => {
            members.iter().find(|(member, _, _)| member == name).map(|(_, _, word)| word.as_str())
        }
        Shape::List(_) | Shape::Map(_) => None,
    }
}

// === XML ===

/// As deep as the document is, which is bounded.
fn of_xml(service: &Service, word: &str, element: &Element) -> Value {
    match service.shapes.get(word) {
        Some(Shape::Members(members)) => {
            let mut object = Map::new();
            for (name, wire, word) in members {
                if let Some(child) = element.child(wire) {
                    object.insert(name.clone(), of_xml(service, word, child));
                }
            }
            Value::Object(object)
        }
        Some(Shape::List((wire, word))) => {
            let items = element.children.iter().filter(|child| child.name == *wire);
            Value::Array(items.map(|child| of_xml(service, word, child)).collect())
        }
        // The protocols' maps are in none of the answers.
        Some(Shape::Map(_)) => Value::Object(Map::new()),
        None => primitive(word, &element.text),
    }
}

fn primitive(word: &str, text: &str) -> Value {
    let text_value = || Value::String(text.to_owned());
    let trimmed = text.trim();
    match word {
        "int" => trimmed.parse::<i64>().map_or_else(|_| text_value(), Value::from),
        "float" => trimmed.parse::<f64>().map_or_else(|_| text_value(), Value::from),
        "bool" => match trimmed {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => text_value(),
        },
        "time" => Value::String(time_of_text(trimmed).unwrap_or_else(|| text.to_owned())),
        "policy" => policy(text),
        _ => text_value(),
    }
}

/// A policy is JSON, with signs of percent for what URLs don't have.
fn policy(text: &str) -> Value {
    let decoded = percent_decode_str(text).decode_utf8_lossy();
    serde_json::from_str(&decoded).unwrap_or_else(|_| Value::String(decoded.into_owned()))
}

// === JSON ===

/// As deep as the document is, which is bounded.
fn of_json(service: &Service, word: &str, value: Value) -> Value {
    match (service.shapes.get(word), value) {
        (Some(Shape::Members(members)), Value::Object(mut from)) => {
            let mut object = Map::new();
            for (name, wire, word) in members {
                if let Some(value) = from.remove(wire).filter(|value| !value.is_null()) {
                    object.insert(name.clone(), of_json(service, word, value));
                }
            }
            Value::Object(object)
        }
        (Some(Shape::List((_, word))), Value::Array(items)) => {
            Value::Array(items.into_iter().map(|item| of_json(service, word, item)).collect())
        }
        (Some(Shape::Map(word)), Value::Object(entries)) => {
            let each = |(name, value)| (name, of_json(service, word, value));
            Value::Object(entries.into_iter().map(each).collect())
        }
        (None, value) if word == "time" => time(value),
        (_, value) => value,
    }
}

fn time(value: Value) -> Value {
    let text = match &value {
        Value::Number(number) => number.as_f64().and_then(time_of_seconds),
        Value::String(text) => match text.parse() {
            Ok(seconds) => time_of_seconds(seconds),
            Err(_) => time_of_text(text),
        },
        _ => None,
    };
    text.map_or(value, Value::String)
}

// === times ===

/// Seconds since 1970, as ISO 8601 in UTC with no more digits than there are.
#[allow(clippy::cast_possible_truncation, reason = "the range is checked")]
fn time_of_seconds(seconds: f64) -> Option<String> {
    let micros = (seconds * 1e6).round();
    // The years 0 to 9999 and something.
    if !(-6.3e16..2.6e17).contains(&micros) {
        return None;
    }
    shown(jiff::Timestamp::from_microsecond(micros as i64).ok()?)
}

fn time_of_text(text: &str) -> Option<String> {
    shown(text.parse().ok()?)
}

fn shown(time: jiff::Timestamp) -> Option<String> {
    let micros = time.subsec_microsecond();
    let format = if micros == 0 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S.%6f" };
    Some(format!("{}+00:00", time.strftime(format)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
mod tests {
    use serde_json::json;

    use super::super::api::Api;
    use super::*;

    fn answer(service: &str, operation: &str, body: &str) -> Option<Value> {
        let api = Api::read().unwrap();
        let (service, call) = api.call(service, operation).unwrap();
        read(service, call, body.as_bytes())
    }

    #[test]
    fn lists_of_none_and_one_are_lists() {
        let body = "<DescribeVpcsResponse><requestId>x</requestId><vpcSet><item>\
            <vpcId>vpc-1</vpcId><isDefault>false</isDefault><unheardOf>1</unheardOf>\
            <tagSet/></item></vpcSet></DescribeVpcsResponse>";
        assert_eq!(
            answer("ec2", "describe-vpcs", body),
            Some(json!({ "Vpcs": [{ "IsDefault": false, "VpcId": "vpc-1", "Tags": [] }] }))
        );
        let body = "<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>";
        assert_eq!(answer("ec2", "describe-vpcs", body), Some(json!({ "Vpcs": [] })));
        assert_eq!(answer("ec2", "describe-vpcs", "<html><br></html>"), None);
    }

    #[test]
    fn times_are_as_the_aws_command_prints_them() {
        assert_eq!(time(json!(1_435_857_440)), json!("2015-07-02T17:17:20+00:00"));
        assert_eq!(time(json!(1_435_857_440.5)), json!("2015-07-02T17:17:20.500000+00:00"));
        assert_eq!(time(json!("2015-07-02T17:17:20.000Z")), json!("2015-07-02T17:17:20+00:00"));
        for kept in [json!(1e300), json!("yesterday"), json!([1])] {
            assert_eq!(time(kept.clone()), kept);
        }
    }

    #[test]
    fn policies_are_objects_and_lambdas_have_no_environment() {
        let body = "<R><GetAccountAuthorizationDetailsResult><RoleDetailList><member>\
            <RoleName>r</RoleName><AssumeRolePolicyDocument>%7B%22Statement%22%3A%5B%5D%7D\
            </AssumeRolePolicyDocument></member></RoleDetailList>\
            </GetAccountAuthorizationDetailsResult></R>";
        let read = answer("iam", "get-account-authorization-details", body).unwrap();
        let role = &read["RoleDetailList"][0];
        assert_eq!(role["AssumeRolePolicyDocument"], json!({ "Statement": [] }));
        let body = r#"{"Functions":[{"FunctionName":"f","Environment":{"Variables":{"A":"b"}}}]}"#;
        let read = answer("lambda", "list-functions", body).unwrap();
        assert_eq!(read, json!({ "Functions": [{ "FunctionName": "f" }] }));
    }

    #[test]
    fn members_have_the_names_of_the_command_and_not_of_the_wire() {
        let body = r#"{"items":[{"apiId":"a","corsConfiguration":null}],"nextToken":null}"#;
        let read = answer("apigatewayv2", "get-apis", body);
        assert_eq!(read, Some(json!({ "Items": [{ "ApiId": "a" }] })));
    }
}
