//! The harness that runs real Terraform against an emulation of AWS, on a module that uses much.
//!
//! Without terraform, its AWS provider or moto_server the tests say so and pass.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

#[path = "support/moto.rs"]
mod moto;
#[path = "support/process.rs"]
mod process;
#[path = "support/terraform.rs"]
mod terraform;

use moto::{KNOWN, Moto};
use terraform::{Change, Failure, Module, Tools, changes};

/// Terraform; if it isn't there, that is said.
fn tools() -> Option<Tools> {
    Tools::find().map_err(|missing| println!("skipped: {missing} not found")).ok()
}

/// An emulation of AWS; if there is none, that is said.
fn emulation() -> Result<Option<Moto>, Failure> {
    let moto = Moto::start(&[("Z0123456789ABCDEFGHIJ", "example.org")])?;
    if moto.is_none() {
        println!("skipped: moto_server not found");
    }
    Ok(moto)
}

fn everything() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/modules/everything")
}

#[test]
fn a_module_is_planned_applied_and_destroyed() -> Result<(), Failure> {
    if std::env::var_os("FARMGATE_SLOW_TESTS").is_none() {
        println!("skipped: it takes minutes, and the blueprints' test applies real modules");
        println!("         (FARMGATE_SLOW_TESTS is not set)");
        return Ok(());
    }
    let (Some(tools), Some(moto)) = (tools(), emulation()?) else {
        return Ok(());
    };
    let mut module = Module::new(&tools, &everything(), Some(&moto))?;
    module.set("database", true)?;
    module.fmt_check()?;
    module.init()?;
    module.validate()?;
    let plan = module.plan()?;
    let planned = changes(&plan);
    assert!(planned.len() > 100, "{} changes", planned.len());
    assert!(planned.iter().all(|change| change.actions == ["create"]), "{planned:#?}");
    assert_eq!(moto::lacking(&plan), Vec::<String>::new());

    module.apply()?;
    let state = module.state_json()?;
    assert_eq!(state["values"]["outputs"]["url"]["value"], "https://mcp.example.com/mcp");
    let left = moto::unexplained(module.second_plan()?);
    let left: Vec<String> = left.iter().map(Change::to_string).collect();
    assert!(left.is_empty(), "a second plan changes:\n{}", left.join("\n"));

    module.set("name", "renamed")?;
    let renamed = module.second_plan()?;
    let group = renamed.iter().find(|change| change.address == "aws_security_group.alb");
    let group = group.expect("its name is made of the variable");
    assert_eq!(group.actions, ["delete", "create"]);
    assert!(group.attributes.contains(&"name".to_owned()), "{group}");

    module.set("name", "everything")?;
    module.destroy()?;
    assert_eq!(module.state_json()?.get("values"), None);
    Ok(())
}

#[test]
fn what_fails_says_why() -> Result<(), Failure> {
    let Some(tools) = tools() else {
        return Ok(());
    };
    let files = [("main.tf".to_owned(), "locals {\n  a = var.b\n}\n".to_owned())].into();
    let module = Module::of(&tools, &files, None)?;
    module.fmt_check()?;
    module.init()?;
    let failure = module.validate().expect_err("there is no such variable").to_string();
    assert!(failure.starts_with("terraform validate -no-color: exit status: 1\n"), "{failure}");
    assert!(failure.contains("Reference to undeclared input variable"), "{failure}");
    Ok(())
}

#[test]
fn changes_are_read_from_plans() {
    let change = |kind: &str, actions: Value, before: Value, after: Value| {
        json!({
            "address": format!("{kind}.x"),
            "type": kind,
            "change": { "actions": actions, "before": before, "after": after, "after_unknown": {} },
        })
    };
    let plan = json!({
        "resource_changes": [
            change("aws_vpc", json!(["no-op"]), json!({ "a": 1 }), json!({ "a": 1 })),
            change("aws_ami", json!(["read"]), Value::Null, json!({ "a": 1 })),
            change("aws_eip", json!(["delete"]), json!({ "a": 1 }), Value::Null),
            change("aws_lb", json!(["update"]), json!({ "a": 1, "b": 1 }), json!({ "a": 2, "b": 1 })),
        ],
        "output_changes": { "url": { "actions": ["create"], "before": null, "after": "x" } },
    });
    let found: Vec<String> = changes(&plan).iter().map(Change::to_string).collect();
    assert_eq!(found, ["aws_eip.x: delete ", "aws_lb.x: update a", "output.url: create "]);
}

#[test]
fn known_faults_explain_their_attributes_only() {
    let known = KNOWN.first().expect("at least one");
    let change = |actions: &[&str], attributes: &[&str]| Change {
        address: format!("{}.x", known.kind),
        kind: known.kind.to_owned(),
        actions: actions.iter().map(|&action| action.to_owned()).collect(),
        attributes: attributes.iter().map(|&attribute| attribute.to_owned()).collect(),
    };
    let left = |change| moto::unexplained(vec![change]);
    assert!(left(change(&["update"], &[known.attribute])).is_empty(), "{}", known.cause);
    assert_eq!(left(change(&["update"], &[known.attribute, "tags"]))[0].attributes, ["tags"]);
    assert_eq!(left(change(&["delete", "create"], &[known.attribute])).len(), 1);
    assert_eq!(left(change(&["update"], &[])).len(), 1);
}
