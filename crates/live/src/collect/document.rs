//! What was collected: documents as the `aws` command prints them, each with what was asked.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::each::Parameters;
use super::operations::Operation;
use super::refusal::Refusal;

/// What was asked of an account and answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The region's name, or `global`.
    pub folder: String,
    /// The file in it: `ec2-describe-vpcs.json`.
    pub file: String,
    /// What the operation answered, with `farmgateRequest` before it; or `farmgateError` instead.
    pub content: Value,
}

/// A call that is made.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) operation: &'static Operation,
    /// In signatures.
    pub(super) region: String,
    /// Whether it is asked once for all regions.
    pub(super) global: bool,
    pub(super) parameters: Parameters,
}

/// What came of it.
pub(super) type Outcome = (Asked, Result<Value, Refusal>);

// === impl Document ===

impl Document {
    /// Its path below the folder of a collection, with `/`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", self.folder, self.file)
    }

    /// The text of its file.
    #[must_use]
    pub fn text(&self) -> String {
        // A tree of texts and numbers can always be written.
        let mut text = serde_json::to_string_pretty(&self.content).unwrap_or_default();
        text.push('\n');
        text
    }
}

// === impl Asked ===

impl Asked {
    /// What it is, so that nothing is asked twice.
    pub(super) fn id(&self) -> (String, &'static str, &'static str, String) {
        let parameters = Value::Object(self.parameters.clone()).to_string();
        (self.folder().to_owned(), self.operation.service, self.operation.name, parameters)
    }

    fn folder(&self) -> &str {
        if self.global { "global" } else { &self.region }
    }
}

/// The documents of what came, in an order that depends on nothing but that.
pub(super) fn documents(outcomes: Vec<Outcome>, account: Option<&str>) -> Vec<Document> {
    let mut sorted: BTreeMap<_, Outcome> = BTreeMap::new();
    for outcome in outcomes {
        sorted.insert(outcome.0.id(), outcome);
    }
    let mut numbers: BTreeMap<(String, String), usize> = BTreeMap::new();
    let document = |(asked, result): Outcome| {
        let folder = asked.folder().to_owned();
        let stem = format!("{}-{}", asked.operation.service, asked.operation.name);
        let number = numbers.entry((folder.clone(), stem.clone())).or_default();
        *number += 1;
        let file = match asked.operation.per_what() {
            Some(_) => format!("{stem}-{number}.json"),
            None => format!("{stem}.json"),
        };
        Document { folder, file, content: content(asked, result, account) }
    };
    sorted.into_values().map(document).collect()
}

fn content(asked: Asked, result: Result<Value, Refusal>, account: Option<&str>) -> Value {
    let mut request = Map::new();
    request.insert("service".to_owned(), asked.operation.service.into());
    request.insert("operation".to_owned(), asked.operation.name.into());
    request.insert("region".to_owned(), asked.folder().into());
    if let Some(account) = account {
        request.insert("account".to_owned(), account.into());
    }
    request.insert("parameters".to_owned(), Value::Object(asked.parameters));
    let mut content = Map::new();
    content.insert("farmgateRequest".to_owned(), Value::Object(request));
    match result {
        Ok(Value::Object(members)) => content.extend(members),
        // Every output is a structure.
        Ok(_) => {}
        Err(Refusal { code, message }) => {
            let error = json!({ "code": code, "message": message });
            content.insert("farmgateError".to_owned(), error);
        }
    }
    Value::Object(content)
}
