//! The blueprints as they are applied to an emulation of AWS, so that they can be destroyed again.

use std::path::Path;

use farmgate_aws::design::Design;
use farmgate_farm::layers::{self, Layer};

/// Blueprints, each with what its overlay has to say so that it can be destroyed again.
pub(crate) const BLUEPRINTS: [(&str, &str); 4] = [
    ("quickstart", ""),
    ("mcp-farm", ""),
    ("mem-brain", "databases: { memories: { deletion_protection: false } }\n"),
    ("bus-simulator", ""),
];

/// The hosted zone that the blueprints expect to be there.
pub(crate) const ZONES: [(&str, &str); 1] = [("Z0123456789ABCDEFGHIJ", "example.com")];

/// The design of a blueprint with this overlay.
pub(crate) fn design(blueprint: &str, more: &str) -> Design {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../blueprints")
        .join(blueprint)
        .join("farm.yaml");
    let text = std::fs::read_to_string(path).expect("the blueprint");
    let over = format!("ingress: {{ deletion_protection: false }}\n{more}");
    let layers =
        [Layer { name: "farm.yaml", text: &text }, Layer { name: "farm.test.yaml", text: &over }];
    let rules: Vec<&str> = farmgate_audit::rules::catalogue().map(|rule| rule.id).collect();
    match layers::read(&layers, &rules) {
        Ok(farm) => Design::of(&farm),
        Err(problems) => panic!("{}", problems.render(false)),
    }
}
