//! The oracle: what is evaluated of our examples and known to their plans is the same, all of it.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test")]

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::super::super::Input;
use super::super::super::detect::{self, Found};
use super::super::super::source::{Shown, Source};
use super::super::plan;
use super::super::raw::Parsed;
use super::{CONTAINERS, agree, known, schema, values};

fn parsed(bytes: &[u8]) -> Parsed {
    match detect::read(bytes) {
        Ok(Found::Plan(members)) => plan::parse("plan.json", &members).expect("a plan"),
        _ => panic!("no plan"),
    }
}

/// How many leaves both know, and how many the source alone.
fn leaves(planned: &Value, unknown: &Value, shown: &Shown, both: &mut usize, alone: &mut usize) {
    let inner = |of: &Value, name: &str| of.get(name).cloned().unwrap_or(Value::Null);
    match (&shown.value, unknown) {
        (_, Value::Bool(true)) if !matches!(shown.mask, Value::String(_)) => *alone += 1,
        (Value::Null, _) | (_, Value::Bool(true) | Value::String(_)) => {}
        (Value::Object(members), _) => {
            for (name, member) in members {
                let shown = Shown { value: member.clone(), mask: inner(&shown.mask, name) };
                leaves(&inner(planned, name), &inner(unknown, name), &shown, both, alone);
            }
        }
        (Value::Array(items), _) if items.iter().any(Value::is_object) && items.len() == 1 => {
            let part = |of: &Value| of.get(0).cloned().unwrap_or(Value::Null);
            let shown = Shown { value: part(&shown.value), mask: part(&shown.mask) };
            leaves(&part(planned), &part(unknown), &shown, both, alone);
        }
        _ => *both += 1,
    }
}

#[test]
fn what_is_evaluated_is_what_is_planned() {
    let (mut both, mut alone) = (0, 0);
    for name in ["farm-with-a-hole", "gated-farm", "clean-farm"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
        let parsed = parsed(&fs::read(folder.join("plan.json")).expect("a plan"));
        let files = ["main.tf", "terraform.tfvars"];
        let files = files.map(|name| (name, fs::read(folder.join(name)).unwrap_or_default()));
        let inputs = files.each_ref().map(|(name, bytes)| Input { name, bytes });
        let source = Source::read(&inputs);
        let known = known(&parsed);
        let looking = source.look(&known);
        assert!(values(&parsed, &source, &looking).warning.is_none(), "{name}");
        for (at, raw) in parsed.resources.iter().enumerate().filter(|(_, raw)| !raw.data) {
            for name in schema::attributes(&raw.kind, false).expect("attributes") {
                let Some(shown) = looking.part(at, name) else { continue };
                let shown = if *name == CONTAINERS { agree::parsed(shown) } else { shown };
                let planned = raw.after.get(*name).unwrap_or(&Value::Null);
                let unknown = raw.unknown.get(name).unwrap_or(&Value::Null);
                assert!(agree::agrees(name, planned, unknown, &shown), "{name} of {}", raw.address);
                leaves(planned, unknown, &shown, &mut both, &mut alone);
            }
        }
    }
    println!("{both} values are known to the plans and the same, {alone} are settled");
    assert!(both > 450, "{both}");
    assert!(alone > 100, "{alone}");
}

#[test]
fn a_source_of_another_day_settles_nothing() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/clean-farm");
    let parsed = parsed(&fs::read(folder.join("plan.json")).expect("a plan"));
    let own = fs::read_to_string(folder.join("main.tf")).expect("a source");
    let values_of = fs::read(folder.join("terraform.tfvars")).expect("values");
    let differs = |text: &str| {
        let inputs = [
            Input { name: "main.tf", bytes: text.as_bytes() },
            Input { name: "terraform.tfvars", bytes: &values_of },
        ];
        let source = Source::read(&inputs);
        let known = known(&parsed);
        let found = values(&parsed, &source, &source.look(&known));
        assert!(found.warning.is_none() || found.by.is_empty());
        found.warning.map(|warning| warning.text)
    };
    assert_eq!(differs(&own), None);
    // Another value, another reference, and a resource less.
    let other = own.replace("assign_public_ip = false", "assign_public_ip = true");
    assert!(
        other != own && differs(&other).is_some_and(|text| text.contains("network_configuration"))
    );
    let other = own.replace("vpc_id            = aws_vpc.farm.id", "vpc_id = aws_vpc.other.id");
    let other =
        if other == own { own.replacen("aws_vpc.farm.id", "aws_vpc.other.id", 1) } else { other };
    assert!(other != own && differs(&other).is_some(), "another reference");
    let other = own.replacen("resource \"aws_lb\" ", "resource \"aws_alb\" ", 1);
    assert!(other != own && differs(&other).is_some(), "a resource less");
}
