//! CDK's `manifest.json`. Only what says which template is which stack, and where it goes.

use serde_json::Value;

use super::Manifest;
use super::environment::{self, Environment};

/// A template that is a stack of this name.
#[derive(Debug)]
pub(super) struct Named {
    /// The path of the template, as the inputs name theirs.
    pub(super) file: String,
    pub(super) stack: String,
    pub(super) environment: Environment,
}

/// The stacks that a manifest names.
pub(super) fn stacks(manifest: &Manifest<'_>) -> Vec<Named> {
    let artifacts = manifest.members.get("artifacts").map_or("{}", |raw| raw.get());
    let Ok(Value::Object(artifacts)) = serde_json::from_str(artifacts) else {
        return Vec::new();
    };
    let folder = manifest.name.rsplit_once('/').map(|(folder, _)| folder);
    let stack = |(id, artifact): (&String, &Value)| {
        let text = |path: &str| artifact.pointer(path).and_then(Value::as_str);
        if text("/type") != Some("aws:cloudformation:stack") {
            return None;
        }
        let file = text("/properties/templateFile")?;
        Some(Named {
            file: folder.map_or_else(|| file.to_owned(), |folder| format!("{folder}/{file}")),
            stack: text("/properties/stackName").unwrap_or(id).to_owned(),
            environment: text("/environment").map(environment::of_manifest).unwrap_or_default(),
        })
    };
    artifacts.iter().filter_map(stack).collect()
}
