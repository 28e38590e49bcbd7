//! CDK's `manifest.json` and its lists of assets. Only what says which template is which stack, and
//! where it goes.

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

/// The names under which files are put into CDK's bucket, each with the file's path.
pub(super) fn assets(manifest: &Manifest<'_>) -> Vec<(String, String)> {
    let files = manifest.members.get("files").map_or("{}", |raw| raw.get());
    let Ok(Value::Object(files)) = serde_json::from_str(files) else {
        return Vec::new();
    };
    let folder = manifest.name.rsplit_once('/').map(|(folder, _)| folder);
    let mut all = Vec::new();
    for file in files.values() {
        let Some(path) = file.pointer("/source/path").and_then(Value::as_str) else { continue };
        let path = folder.map_or_else(|| path.to_owned(), |folder| format!("{folder}/{path}"));
        let to = file.get("destinations").and_then(Value::as_object).into_iter().flatten();
        let names = to.filter_map(|(_, to)| to.get("objectKey")?.as_str());
        all.extend(names.map(|name| (name.to_owned(), path.clone())));
    }
    all
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
