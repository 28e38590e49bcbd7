//! `farmgate init`, and the blueprints that it writes.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use farmgate_audit::check::{Options, check};
use farmgate_audit::report::{Report, Verdict};
use farmgate_audit::rules;
use farmgate_aws::design::Design;
use farmgate_aws::lower;
use farmgate_farm::farm::Farm;
use farmgate_farm::layers::{self, Layer};

fn blueprints() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../blueprints")
}

/// A blueprint, with an overlay.
fn farm(blueprint: &str, overlay: Option<&str>) -> Farm {
    let folder = blueprints().join(blueprint);
    let texts: Vec<(String, String)> = std::iter::once("farm.yaml".to_owned())
        .chain(overlay.map(|name| format!("farm.{name}.yaml")))
        .map(|name| (name.clone(), fs::read_to_string(folder.join(name)).unwrap()))
        .collect();
    let layers: Vec<Layer<'_>> = texts.iter().map(|(name, text)| Layer { name, text }).collect();
    let ids: Vec<&str> = rules::catalogue().map(|rule| rule.id).collect();
    layers::read(&layers, &ids).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

fn report(farm: &Farm) -> Report {
    let design = Design::of(farm);
    let model = lower::model(&design, &|at| ("farm.yaml".to_owned(), at));
    let options = Options { expectations: vec![farm.expect.clone()] };
    check(&model, &options).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

#[test]
fn show() {
    for (name, overlay) in [
        ("quickstart", None),
        ("mcp-farm", None),
        ("mem-brain", None),
        ("mem-brain", Some("existing")),
        ("bus-simulator", None),
    ] {
        let report = report(&farm(name, overlay));
        println!("=== {name} {overlay:?} {:?}", report.totals);
        for s in &report.statements {
            if s.verdict != Verdict::Proved || std::env::var_os("V").is_some() {
                println!("{:?} {} | {}", s.verdict, s.id, s.text);
                println!("    missing {:?} assumes {:?}", s.missing, s.assumes);
            }
        }
        for f in &report.findings {
            println!("{:?} {} {:?} {}", f.severity, f.rule, f.origins, f.title);
        }
    }
}
