//! Every source says the same: a blueprint is planned, applied to an emulation of AWS and collected; the
//! farm, the plan, the state and what was collected allow the same.
//!
//! What only one side says is listed with its cause, and counts as open. Without terraform, its
//! AWS provider or moto_server the test says so and passes.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "a test; of the harness it uses a part"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use farmgate_audit::compare::{Comparison, Difference, compare};
use farmgate_aws::design::Design;
use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{Key, Model};
use farmgate_aws::{emit, lower};
use serde_json::Value;

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
use terraform::{Module, Tools};

/// What `farmgate collect` saves of the emulation: names and texts.
fn collected(moto: &Moto, region: &str, folder: &Path) -> Result<Vec<(String, Vec<u8>)>, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_farmgate"))
        .args(["collect", "-o", "there", "--region", region])
        .current_dir(folder)
        .env("AWS_ENDPOINT_URL", moto.url())
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "made-up")
        .env("AWS_MAX_ATTEMPTS", "1")
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let mut found = Vec::new();
    for part in [region, "global"] {
        for file in fs::read_dir(folder.join("there").join(part)).map_err(|e| e.to_string())? {
            let path = file.map_err(|e| e.to_string())?.path();
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            found.push((name, fs::read(path).map_err(|e| e.to_string())?));
        }
    }
    found.sort();
    Ok(found)
}

fn imported(inputs: &[(String, Vec<u8>)]) -> Result<Model, String> {
    let inputs: Vec<Input<'_>> = inputs.iter().map(|(name, bytes)| Input { name, bytes }).collect();
    import(&inputs).map_err(|errors| format!("{errors:#?}"))
}

// === names ===

/// The ids and ARNs of what a state has, by address.
fn identities(state: &Value) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    let mut modules = vec![&state["values"]["root_module"]];
    while let Some(module) = modules.pop() {
        modules.extend(module["child_modules"].as_array().into_iter().flatten());
        for resource in module["resources"].as_array().into_iter().flatten() {
            let text = |name: &str| resource["values"][name].as_str().map(str::to_owned);
            let all = match resource["type"].as_str() {
                // AWS has no name for it.
                Some("aws_wafv2_web_acl_association") => {
                    vec![format!("the web ACL of {}", text("resource_arn").unwrap())]
                }
                _ => ["arn", "id"].into_iter().filter_map(text).collect(),
            };
            found.insert(resource["address"].as_str().unwrap().to_owned(), all);
        }
    }
    found
}

/// By which key what was collected has each of what another model has, whose keys are addresses or,
/// through `addresses`, have one.
fn names(
    keys: impl IntoIterator<Item = (Key, String)>,
    identities: &BTreeMap<String, Vec<String>>,
    collected: &Model,
) -> BTreeMap<Key, Key> {
    let mut names = BTreeMap::new();
    for (key, address) in keys {
        let Some(all) = identities.get(&address) else { continue };
        let known = all.iter().find(|text| collected.aliases.contains_key(text.as_str()));
        if let Some(text) = known.or_else(|| all.first()) {
            names.insert(key, collected.resolve(text));
        }
    }
    names
}

/// AWS's own prefix lists, which a farm and a plan name by what they are for.
fn lists(documents: &[(String, Vec<u8>)]) -> BTreeMap<Key, Key> {
    let (_, text) = documents
        .iter()
        .find(|(name, _)| name.ends_with("ec2-describe-managed-prefix-lists.json"))
        .expect("prefix lists");
    let all: Value = serde_json::from_slice(text).unwrap();
    let text = |list: &Value, name: &str| Key::new(list[name].as_str().unwrap());
    let lists = all["PrefixLists"].as_array().unwrap().iter();
    lists.map(|list| (text(list, "PrefixListName"), text(list, "PrefixListId"))).collect()
}

// === what one side doesn't say ===

/// Things of which an account has more than a farm: its default VPC and what is in it, what AWS makes
/// with every VPC. That they admit nothing is what the packets show.
const MORE: [&str; 5] = ["VPC ", "subnet ", "route table ", "network ACL ", "security group "];

/// Secrets are made before the module, and RDS makes its own: a farm says only how they are turned over
/// or read. (That the module's own are there, the plan and the farm say of each other.)
const OF_OTHERS: [&str; 2] = ["secret arn:", "name secret "];

/// Settings that AWS makes with every VPC, and of which farms and plans say nothing.
const OF_VPC: [&str; 3] = [" main_route_table", " default_network_acl", " network_acl"];

/// Why two sides say different things that are no difference; none if it is one.
fn cause(difference: &Difference, names: &BTreeMap<Key, Key>) -> Option<&'static str> {
    let Difference { what, left, right, right_keys, .. } = difference;
    let named = |key: &Key| names.values().any(|name| name == key);
    if left == "missing" && OF_OTHERS.iter().any(|it| what.starts_with(it)) {
        return Some("secrets are made by others");
    }
    if left == "missing" && MORE.iter().any(|it| what.starts_with(it)) {
        return (!right_keys.iter().any(named)).then_some("an account has more than a farm");
    }
    if left == "not set" && OF_VPC.iter().any(|it| what.ends_with(it)) {
        return Some("AWS makes it with the VPC");
    }
    if left == "not set" && what.contains(" tag ") {
        return Some("the provider adds tags to all, and keeps them apart");
    }
    if left == "missing" && what.starts_with("registry scanning ") {
        return Some("every account has a setting of what its registry scans");
    }
    // AWS does: `PrefixListId.Description` in the EC2 API Reference.
    if right == "``" && what.contains(" to com.amazonaws.") && what.ends_with(" description") {
        return Some("moto keeps no description of a rule for a prefix list");
    }
    (right == "not set" && what.ends_with(" tag Name"))
        .then_some("describe-load-balancers shows no tags")
}

// === the test ===

/// Applies one blueprint, and compares; what is wrong, line by line.
fn life(tools: &Tools, blueprint: &str, more: &str) -> Result<String, String> {
    let told = |failure: terraform::Failure| failure.to_string();
    let design = design(blueprint, more);
    let moto = Moto::start(&ZONES).map_err(told)?.ok_or("moto_server not found")?;
    let module = Module::of(tools, &emit::terraform::module(&design), Some(&moto)).map_err(told)?;
    module.init().map_err(told)?;
    let plan = module.plan().map_err(told)?;
    let lacking = moto::lacking(&plan);
    if !lacking.is_empty() {
        return Ok(format!("{blueprint}: not applied: {}", lacking.join("; ")));
    }
    module.apply().map_err(told)?;
    let state = module.state_json().map_err(told)?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let region = design.farm.region.to_string();
    let documents = collected(&moto, &region, folder.path())?;
    module.destroy().map_err(told)?;
    compared(blueprint, &design, &plan, &state, &documents)
}

/// Compares farm, plan and state with what was collected.
fn compared(
    blueprint: &str,
    design: &Design,
    plan: &Value,
    state: &Value,
    documents: &[(String, Vec<u8>)],
) -> Result<String, String> {
    let one = |name: &str, value: &Value| imported(&[(name.to_owned(), value.to_string().into())]);
    let (planned, applied) = (one("plan", plan)?, one("state", state)?);
    let seen = imported(documents)?;
    let identities = identities(state);
    let farm = lower::model(design, &|at| (blueprint.to_owned(), at));
    let of_farm = emit::names::names(design).into_iter();
    let of_farm = of_farm.map(|(key, address)| (key, address.as_str().to_owned()));
    let mut of_farm = names(of_farm, &identities, &seen);
    of_farm.extend(lists(documents));
    let of_addresses = identities.keys().map(|address| (Key::new(address), address.clone()));
    let mut of_addresses = names(of_addresses, &identities, &seen);
    of_addresses.extend(lists(documents));
    let mut wrong = String::new();
    let mut open = BTreeSet::new();
    let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, left, names) in [
        ("farm", &farm, &of_farm),
        ("plan", &planned, &of_addresses),
        ("state", &applied, &of_addresses),
    ] {
        let Comparison { differences, open: unknown } = compare(left, &seen, names);
        for difference in differences {
            match cause(&difference, names) {
                Some(cause) => *causes.entry(cause).or_default() += 1,
                None => {
                    let _ = writeln!(wrong, "{blueprint}, {name}: {difference}");
                }
            }
        }
        open.extend(unknown.into_iter().map(|it| format!("{name}: {}", it.what)));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let told = format!("{blueprint}: {} documents, equal to farm, plan and state", documents.len());
    Ok(format!("{told}; on one side only: {causes:#?}; open: {open:#?}"))
}

#[test]
fn what_is_collected_allows_what_farm_plan_and_state_do() {
    let tools = match Tools::find() {
        Ok(tools) => tools,
        Err(missing) => return println!("skipped: {missing} not found"),
    };
    if matches!(Moto::start(&ZONES), Ok(None)) {
        return println!("skipped: moto_server not found");
    }
    let only = std::env::var("FARMGATE_BLUEPRINT").ok();
    // Most of the time is the provider's polling, so all live at once.
    let ended: Vec<Result<String, String>> = std::thread::scope(|scope| {
        let chosen =
            BLUEPRINTS.iter().filter(|(name, _)| only.as_deref().is_none_or(|o| o == *name));
        let lives: Vec<_> =
            chosen.map(|(blueprint, more)| scope.spawn(|| life(&tools, blueprint, more))).collect();
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
