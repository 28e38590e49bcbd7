//! Locations of SARIF: places in files, and addresses as logical locations.

use std::path::{Component, Path};

use farmgate_audit::report::Report;
use serde_json::{Value, json};

use crate::render::places::place;

/// How the standard input is called; it is no file of a repository.
const STANDARD_INPUT: &str = "standard-input";

/// The files of a report.
pub(super) struct Files<'r> {
    report: &'r Report,
    base: Option<&'r Path>,
}

impl<'r> Files<'r> {
    pub(super) fn new(report: &'r Report, base: Option<&'r Path>) -> Self {
        Self { report, base }
    }

    /// A file as an artifact location.
    pub(super) fn artifact(&self, name: &str) -> Value {
        let uri = uri(name, self.base);
        if uri.starts_with("file:") {
            return json!({ "uri": uri });
        }
        json!({ "uri": uri, "uriBaseId": "%SRCROOT%" })
    }

    /// Where something is written: its lines, or the first source as a whole, and its address.
    pub(super) fn location(&self, origin: &str) -> Value {
        json!({
            "physicalLocation": self.physical(origin),
            "logicalLocations": [{ "fullyQualifiedName": origin, "kind": "resource" }],
        })
    }

    /// The same, with what is to be said of it.
    pub(super) fn said(&self, origin: &str, text: &str) -> Value {
        let mut location = self.location(origin);
        if let Some(object) = location.as_object_mut() {
            object.insert("message".to_owned(), json!({ "text": text }));
        }
        location
    }

    fn physical(&self, origin: &str) -> Value {
        if let Some(place) = place(self.report, origin) {
            let mut region = json!({ "startLine": place.line });
            if let (Some(column), Some(region)) = (place.column, region.as_object_mut()) {
                region.insert("startColumn".to_owned(), json!(column));
            }
            return json!({ "artifactLocation": self.artifact(place.file), "region": region });
        }
        self.first()
    }

    /// The first source as a whole.
    pub(super) fn whole(&self) -> Value {
        json!({ "physicalLocation": self.first() })
    }

    fn first(&self) -> Value {
        let first = self.report.sources.first().map_or("-", |source| source.name.as_str());
        json!({ "artifactLocation": self.artifact(first), "region": { "startLine": 1 } })
    }

    /// Whether it is known in which line something is written.
    pub(super) fn has_line(&self, origin: &str) -> bool {
        place(self.report, origin).is_some()
    }
}

/// The name of a file as a URI reference (RFC 3986), relative where it can be.
fn uri(name: &str, base: Option<&Path>) -> String {
    if name == "-" {
        return STANDARD_INPUT.to_owned();
    }
    let path = Path::new(name);
    let relative = base.and_then(|base| path.strip_prefix(base).ok()).unwrap_or(path);
    let mut parts: Vec<String> = Vec::new();
    let mut rooted = false;
    for component in relative.components() {
        match component {
            Component::CurDir => {}
            Component::RootDir => rooted = true,
            Component::ParentDir => parts.push("..".to_owned()),
            Component::Prefix(prefix) => {
                rooted = true;
                parts.push(encoded(&prefix.as_os_str().to_string_lossy()));
            }
            Component::Normal(part) => parts.push(encoded(&part.to_string_lossy())),
        }
    }
    let joined = parts.join("/");
    if rooted { format!("file:///{joined}") } else { joined }
}

/// A path segment: what RFC 3986 leaves unreserved stays as it is.
fn encoded(part: &str) -> String {
    let mut all = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                all.push(char::from(byte));
            }
            other => all.push_str(&format!("%{other:02X}")),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_relative_uris() {
        let base = Path::new("/srv/farm");
        let of = |name| uri(name, Some(base));
        assert_eq!(of("./infra/plan.json"), "infra/plan.json");
        assert_eq!(of("/srv/farm/my plan.json"), "my%20plan.json");
        assert_eq!(of("/elsewhere/p#1.json"), "file:///elsewhere/p%231.json");
        assert_eq!(of("../p.json"), "../p.json");
        assert_eq!(of("a:b/ü"), "a%3Ab/%C3%BC");
        assert_eq!(of("-"), "standard-input");
    }
}
