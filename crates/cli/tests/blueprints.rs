//! Every blueprint as its user has it: checked, built, formatted, validated, planned, applied against
//! an emulation of AWS, planned again without a change, and destroyed; and what is applied allows
//! exactly what the farm says.
//!
//! Without terraform, its AWS provider or moto_server the tests say so and pass.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "a test; of the harness it uses a part"
)]

use std::fmt::Write as _;

use farmgate_audit::compare::compare;
use farmgate_aws::import::{Input, import};
use farmgate_aws::{emit, lower};

#[path = "support/applied.rs"]
mod applied;
#[path = "support/moto.rs"]
mod moto;
#[path = "support/process.rs"]
mod process;
#[path = "support/terraform.rs"]
mod terraform;

use applied::{BLUEPRINTS, ZONES, design};
use moto::Moto;
use terraform::{Change, Module, Tools};

/// Runs one blueprint through its life; what is wrong, line by line.
fn live(tools: &Tools, blueprint: &str, more: &str) -> Result<String, String> {
    let design = design(blueprint, more);
    let files = emit::terraform::module(&design);
    let moto = Moto::start(&ZONES).map_err(|e| e.to_string())?.ok_or("moto_server not found")?;
    let module = Module::of(tools, &files, Some(&moto)).map_err(|e| e.to_string())?;
    let run = |result: Result<(), terraform::Failure>| result.map_err(|e| e.to_string());
    run(module.fmt_check())?;
    run(module.init())?;
    run(module.validate())?;
    let plan = module.plan().map_err(|e| e.to_string())?;
    let planned = terraform::changes(&plan).len();
    let lacking = moto::lacking(&plan);
    if !lacking.is_empty() {
        return Ok(format!("{blueprint}: {planned} changes planned only: {}", lacking.join("; ")));
    }
    run(module.apply())?;
    let state = module.state_json().map_err(|e| e.to_string())?;
    let mut wrong = String::new();
    let again = module.second_plan().map_err(|e| e.to_string())?;
    for change in moto::unexplained(again) {
        let _ =
            writeln!(wrong, "{blueprint}: a second plan changes {}", Change::to_string(&change));
    }
    let bytes = serde_json::to_vec(&state).map_err(|e| e.to_string())?;
    let applied =
        import(&[Input { name: "state", bytes: &bytes }]).map_err(|e| format!("{e:?}"))?;
    let model = lower::model(&design, &|at| (blueprint.to_owned(), at));
    let found = compare(&model, &applied, &emit::names::names(&design));
    // The farm doesn't know the address that its NAT gateway will get, the state does.
    let nat = |open: &&farmgate_audit::compare::Difference| open.left.contains("network.nat-");
    for difference in found.differences.iter().chain(found.open.iter().filter(|o| !nat(o))) {
        let _ = writeln!(wrong, "{blueprint}: {difference}");
    }
    run(module.destroy())?;
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(format!("{blueprint}: {planned} changes planned, applied, equal to the farm, destroyed"))
}

#[test]
fn blueprints_live_and_what_is_applied_allows_what_the_farm_says() {
    let tools = match Tools::find() {
        Ok(tools) => tools,
        Err(missing) => {
            println!("skipped: {missing} not found");
            return;
        }
    };
    if matches!(Moto::start(&ZONES), Ok(None)) {
        println!("skipped: moto_server not found");
        return;
    }
    let only = std::env::var("FARMGATE_BLUEPRINT").ok();
    // Most of the time is the provider's polling, so all live at once.
    let ended: Vec<Result<String, String>> = std::thread::scope(|scope| {
        let chosen =
            BLUEPRINTS.iter().filter(|(name, _)| only.as_deref().is_none_or(|o| o == *name));
        let lives: Vec<_> =
            chosen.map(|(blueprint, more)| scope.spawn(|| live(&tools, blueprint, more))).collect();
        lives.into_iter().map(|life| life.join().expect("a life ends")).collect()
    });
    let mut wrong = Vec::new();
    for end in ended {
        match end {
            Ok(told) => println!("{told}"),
            Err(told) => wrong.push(told),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
