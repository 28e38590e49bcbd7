//! How calls are made and what of their answers is kept: the table that `shapes/generate.py` writes
//! from botocore's models.
//!
//! What the table doesn't name is dropped from answers, so what must not be kept isn't in it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The table.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Api(BTreeMap<String, Service>);

/// One service.
#[derive(Debug, Deserialize)]
pub(super) struct Service {
    pub(super) protocol: Protocol,
    /// As variables of the environment name it: `ELASTIC_LOAD_BALANCING_V2`.
    pub(super) id: String,
    /// The first part of its host's name.
    pub(super) host: String,
    /// Its name in signatures.
    pub(super) signs: String,
    /// The version of its API.
    pub(super) version: String,
    /// The first part of `X-Amz-Target`.
    #[serde(default)]
    pub(super) target: String,
    /// The version of its JSON.
    #[serde(default)]
    pub(super) json: String,
    calls: BTreeMap<String, Call>,
    pub(super) shapes: BTreeMap<String, Shape>,
}

/// How a service is spoken to (<https://smithy.io/2.0/aws/protocols/>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Protocol {
    Ec2,
    Query,
    Json,
    RestJson,
    RestXml,
}

/// One operation.
#[derive(Debug, Deserialize)]
pub(super) struct Call {
    /// In the API: `DescribeVpcs`.
    pub(super) name: String,
    pub(super) method: String,
    /// With parameters in it: `/v2/apis/{apiId}/routes`.
    pub(super) path: String,
    /// Where each parameter goes, and as what.
    pub(super) parameters: BTreeMap<String, (Spot, String)>,
    /// The element that an answer is in.
    pub(super) wrapper: Option<String>,
    /// The member that an answer is.
    pub(super) payload: Option<String>,
    /// The shape of an answer.
    pub(super) output: String,
    pub(super) pages: Option<Pages>,
}

/// Where a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Spot {
    Body,
    Uri,
    QueryString,
    Header,
}

/// How answers come in pages. Members may be within others: `DistributionList.Items`.
#[derive(Debug, Deserialize)]
pub(super) struct Pages {
    /// The member that says where the next begins.
    pub(super) give: String,
    /// The parameter that takes it.
    pub(super) take: String,
    /// The lists that are joined; nothing else is kept but what is in [`Pages::first`].
    pub(super) lists: Vec<String>,
    /// The member that says whether there is a next.
    pub(super) more: Option<String>,
    /// What the first page says for all.
    #[serde(default)]
    pub(super) first: Vec<String>,
}

/// What a value looks like. A word for another shape is its name or a primitive's, see
/// `answer::value`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Shape {
    /// Members: their names, their names on the wire, their shapes.
    Members(Vec<(String, String, String)>),
    /// The name of an element on the wire, and the shape of each.
    List((String, String)),
    /// The shape of each value.
    Map(String),
}

// === impl Api ===

impl Api {
    /// The table that is compiled in. It can't be read only if it was written wrongly, which a test
    /// would have found.
    pub(super) fn read() -> Result<Self, serde_json::Error> {
        serde_json::from_str(include_str!("api.json"))
    }

    pub(super) fn call(&self, service: &str, operation: &str) -> Option<(&Service, &Call)> {
        let service = self.0.get(service)?;
        Some((service, service.calls.get(operation)?))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test")]
mod tests {
    use std::collections::BTreeSet;

    use super::super::operations::OPERATIONS;
    use super::*;

    #[test]
    fn the_table_has_every_operation_and_no_other() {
        let api = Api::read().unwrap();
        let mut named = BTreeSet::new();
        for operation in OPERATIONS {
            let Some((_, call)) = api.call(operation.service, operation.name) else {
                panic!("{} {} is not in the table", operation.service, operation.name);
            };
            named.insert((operation.service, operation.name));
            for (parameter, _) in operation.fixed {
                assert!(call.parameters.contains_key(*parameter), "{parameter}");
            }
        }
        let written: usize = api.0.values().map(|service| service.calls.len()).sum();
        assert_eq!(written, named.len());
    }

    #[test]
    fn every_word_for_a_shape_is_one() {
        let primitives = ["text", "int", "float", "bool", "time", "blob", "policy", "any"];
        let api = Api::read().unwrap();
        for (name, service) in &api.0 {
            let known = |word: &String| {
                service.shapes.contains_key(word) || primitives.contains(&word.as_str())
            };
            for call in service.calls.values() {
                assert!(known(&call.output), "{name} {}", call.name);
            }
            for shape in service.shapes.values() {
                let words: Vec<&String> = match shape {
                    Shape::Members(members) => members.iter().map(|(_, _, word)| word).collect(),
                    Shape::List((_, word)) | Shape::Map(word) => vec![word],
                };
                assert!(words.into_iter().all(known), "{name}");
            }
        }
    }
}
