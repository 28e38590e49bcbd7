//! What changed between two descriptions: every change of who reaches whom shows up, and nothing
//! else does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    dead_code,
    reason = "a test"
)]

#[path = "cases/clean.rs"]
mod clean;
#[path = "cases/mutation.rs"]
mod mutation;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clean::{clean, here};
use farmgate_audit::diff::{About, Drift, Kind, diff};
use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{Instance, Key, Model, Val};
use mutation::Mutation;
use serde_json::{Value, json};

fn model(plan: &Value) -> Model {
    let bytes = plan.to_string();
    import(&[Input { name: "plan.json", bytes: bytes.as_bytes() }]).unwrap()
}

fn compared(before: &Value, after: &Value) -> Drift {
    diff(&model(before), &model(after), &BTreeMap::new())
}

/// The clean plan with edits as in `cases/mutation.rs`.
fn mutated(edits: &Value) -> Value {
    let mutation: Mutation =
        serde_json::from_value(json!({ "about": "a change", "edits": edits })).unwrap();
    let mut plan = clean();
    mutation.apply(&mut plan).unwrap();
    plan
}

fn case(rule: &str) -> Value {
    let text =
        std::fs::read_to_string(here("tests/cases").join(rule).join("mutation.json")).unwrap();
    let mutation: Mutation = serde_json::from_str(&text).unwrap();
    let mut plan = clean();
    mutation.apply(&mut plan).unwrap();
    plan
}

fn told(drift: &Drift) -> Vec<&str> {
    drift.changes.iter().map(|change| change.text.as_str()).collect()
}

fn real(name: &str) -> Option<Model> {
    let Some(folder) = std::env::var_os("FARMGATE_REAL_INPUTS") else {
        println!("skipped: FARMGATE_REAL_INPUTS is not set");
        return None;
    };
    let bytes = std::fs::read(PathBuf::from(folder).join(name)).unwrap();
    Some(import(&[Input { name, bytes: &bytes }]).unwrap())
}

#[test]
fn a_plan_is_what_it_is() {
    let drift = compared(&clean(), &clean());
    assert_eq!(told(&drift), [""; 0]);
    assert!(drift.only_left.is_empty() && drift.only_right.is_empty());
    assert!(drift.not_compared.is_empty());
}

#[test]
fn what_was_applied_is_what_was_planned() {
    let state = std::fs::read_to_string(here("../../examples/clean-farm/state.json")).unwrap();
    let drift = compared(&clean(), &serde_json::from_str(&state).unwrap());
    assert_eq!(told(&drift), [""; 0]);
}

#[test]
fn cosmetic_changes_are_none() {
    let group = "aws_vpc_security_group_ingress_rule.python_from_alb";
    let tags = mutated(&json!([
        { "resource": "aws_lb.farm", "attribute": "tags", "set": { "Name": "renamed", "Team": "b" } },
        { "resource": "aws_ecs_service.python", "attribute": "tags", "set": { "Team": "b" } },
    ]));
    assert_eq!(told(&compared(&clean(), &tags)), [""; 0], "tags");
    let description = mutated(&json!([
        { "resource": group, "attribute": "description", "set": "in other words" },
    ]));
    assert_eq!(told(&compared(&clean(), &description)), [""; 0], "a description");
    for rule in [
        "access-logs-off",
        "circuit-breaker-off",
        "flow-logs-off",
        "root-user",
        "rule-redundant",
        "rule-shadowed",
        "session-affinity-missing",
        "unprotected-from-deletion",
        "writable-root-filesystem",
    ] {
        assert_eq!(told(&compared(&clean(), &case(rule))), [""; 0], "{rule}");
    }
}

#[test]
fn a_rule_in_two_halves_is_the_same_rule() {
    let wide = |from: &str, cidr: &str| {
        json!({ "add": format!("aws_vpc_security_group_ingress_rule.{from}"), "values": {
            "cidr_ipv4": cidr, "from_port": 8443, "to_port": 8443, "ip_protocol": "tcp",
        }, "unknown": { "security_group_id": true }, "expressions": {
            "security_group_id": { "references": ["aws_security_group.python.id", "aws_security_group.python"] },
        } })
    };
    let whole = mutated(&json!([wide("whole", "10.20.0.0/16")]));
    let halves = mutated(&json!([wide("low", "10.20.0.0/17"), wide("high", "10.20.128.0/17")]));
    let turned = mutated(&json!([wide("high", "10.20.128.0/17"), wide("low", "10.20.0.0/17")]));
    assert_eq!(told(&compared(&whole, &halves)), [""; 0]);
    assert_eq!(told(&compared(&halves, &turned)), [""; 0]);
    assert!(!told(&compared(&clean(), &whole)).is_empty(), "and it does say something");
    let half = mutated(&json!([wide("low", "10.20.0.0/17")]));
    let drift = compared(&whole, &half);
    assert_eq!(drift.totals.opened, 0);
    assert!(told(&drift).iter().any(|text| text.contains("10.20.128.0/17")), "{:?}", told(&drift));
}

/// What a rule's case opens or closes: words that a change of this kind holds.
const CHANGES: [(&str, Kind, About, &str); 10] = [
    (
        "target-open-to-network",
        Kind::Opened,
        About::Reach,
        "any host of the network reaches aws_ecs_service.python",
    ),
    ("listener-open-to-world", Kind::Opened, About::Reach, "the internet reaches aws_lb.farm"),
    (
        "egress-unrestricted",
        Kind::Opened,
        About::Reach,
        "reaches the internet on everything but tcp 443",
    ),
    (
        "egress-to-internet",
        Kind::Opened,
        About::Reach,
        "aws_ecs_service.python reaches AWS services without a prefix list",
    ),
    (
        "load-balancer-without-security-group",
        Kind::Opened,
        About::Reach,
        "any host of the network reaches aws_lb.bare",
    ),
    ("no-endpoint-for-service", Kind::Closed, About::Reach, "no longer reaches"),
    ("rule-removed-by-next-apply", Kind::Closed, About::Reach, "no longer reaches"),
    ("unauthenticated-path", Kind::Opened, About::Authentication, "nobody verifies"),
    ("plaintext-hop", Kind::Opened, About::Encryption, "is in plain text"),
    ("streaming-behind-http-api", Kind::Opened, About::Authentication, "is new"),
];

#[test]
fn every_change_of_who_reaches_whom_shows_up_and_back_again() {
    for (rule, kind, about, words) in CHANGES {
        let (before, after) = (clean(), case(rule));
        let drift = compared(&before, &after);
        let found = drift.changes.iter().find(|change| {
            change.kind == kind && change.about == about && change.text.contains(words)
        });
        assert!(found.is_some(), "{rule}: {:#?}", told(&drift));
        let back = compared(&after, &before);
        assert_eq!(drift.totals.opened, back.totals.closed, "{rule}: {:#?}", told(&back));
        assert_eq!(drift.totals.closed, back.totals.opened, "{rule}: {:#?}", told(&back));
        assert_eq!(drift.totals.unknown, 0, "{rule}: {:#?}", told(&drift));
    }
}

#[test]
fn causes_are_named_on_both_sides() {
    let drift = compared(&clean(), &case("target-open-to-network"));
    let change = &drift.changes[0];
    let names = |all: &[farmgate_audit::report::Because], origin: &str| {
        all.iter().any(|because| because.origin.contains(origin))
    };
    assert!(names(&change.left, "aws_security_group.python"), "{:?}", change.left);
    assert!(names(&change.right, "python_from_vpc"), "{:?}", change.right);
    assert!(change.witness.is_some());
}

#[test]
fn things_of_other_addresses_are_matched_by_their_ids() {
    let text = std::fs::read_to_string(here("../../examples/clean-farm/state.json")).unwrap();
    let state: Value = serde_json::from_str(&text).unwrap();
    let mut renamed = state.clone();
    for resource in renamed["values"]["root_module"]["resources"].as_array_mut().unwrap() {
        let (address, name) =
            (resource["address"].as_str().unwrap(), resource["name"].as_str().unwrap());
        let (kind, index) = (resource["type"].as_str().unwrap(), address.split_once('['));
        let index = index.map(|(_, index)| format!("[{index}")).unwrap_or_default();
        let data = if resource["mode"] == "data" { "data." } else { "" };
        let address = format!("{data}{kind}.{name}_of_another{index}");
        resource["name"] = json!(format!("{name}_of_another"));
        resource["address"] = json!(address);
    }
    let drift = compared(&state, &renamed);
    assert_eq!(told(&drift), [""; 0]);
    assert!(drift.only_left.is_empty(), "{:?}", drift.only_left);
    assert!(drift.pairs.iter().all(|pair| pair.right.contains("_of_another")));
    assert!(drift.pairs.len() > 10);
}

/// Renames the service everywhere: in changes, values and configuration.
fn rename(value: &mut Value) {
    if value.is_object() && value["type"] == "aws_ecs_service" && value["name"] == "python" {
        value["name"] = json!("snake");
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(rename),
        Value::Array(items) => items.iter_mut().for_each(rename),
        _ => {}
    }
}

#[test]
fn what_is_not_known_to_be_the_same_is_never_told_for_certain() {
    // Another service, of which the plan doesn't say the name, in place of the first.
    let text = clean().to_string().replace("aws_ecs_service.python", "aws_ecs_service.snake");
    let mut other: Value = serde_json::from_str(&text).unwrap();
    rename(&mut other);
    let drift = compared(&clean(), &other);
    assert_eq!(told(&drift), [""; 0], "it has the same name in the same cluster");
    let pair = drift.pairs.iter().find(|pair| pair.left == "aws_ecs_service.python").unwrap();
    assert_eq!((pair.right.as_str(), pair.by.as_str()), ("aws_ecs_service.snake", "name"));

    let ends = |drift: &Drift| -> Vec<Kind> {
        let own = |end: &str| end.contains("aws_ecs_service");
        let about = drift.changes.iter().filter(|change| own(&change.from) || own(&change.to));
        about.map(|change| change.kind).collect()
    };
    let service = "aws_ecs_service.snake";
    let named =
        edited(&other, &json!({ "resource": service, "attribute": "name", "set": "snake" }));
    let drift = compared(&clean(), &named);
    assert!(ends(&drift).contains(&Kind::Opened) && ends(&drift).contains(&Kind::Closed));
    assert!(!ends(&drift).contains(&Kind::Unknown), "AWS never renames a service");
    assert!(drift.only_left.iter().any(|lone| lone.key == "aws_ecs_service.python"));
    let same = BTreeMap::from([(Key::new("aws_ecs_service.python"), Key::new(service))]);
    let settled = diff(&model(&clean()), &model(&named), &same);
    assert_eq!(told(&settled), [""; 0], "once somebody says that they are one");
}

fn edited(plan: &Value, edit: &Value) -> Value {
    let mutation: Mutation =
        serde_json::from_value(json!({ "about": "a change", "edits": [edit] })).unwrap();
    let mut plan = plan.clone();
    mutation.apply(&mut plan).unwrap();
    plan
}

#[test]
fn a_rule_that_the_next_apply_removes_is_closed() {
    let (Some(state), Some(plan)) =
        (real("bus-simulator/state.json"), real("bus-simulator/plan-after-apply.json"))
    else {
        return;
    };
    let drift = diff(&state, &plan, &BTreeMap::new());
    assert_eq!(drift.changes.len(), 1, "{:?}", told(&drift));
    let change = &drift.changes[0];
    assert_eq!((change.kind, change.about), (Kind::Closed, About::Admission));
    assert!(change.text.contains("tcp 8080 from module.supporting.aws_security_group.vpc_link[0]"));
}

#[test]
fn a_real_plan_without_its_endpoints() {
    let (Some(with), Some(without)) =
        (real("bus-simulator/plan.json"), real("bus-simulator/plan-no-endpoints.json"))
    else {
        return;
    };
    assert_eq!(told(&diff(&with, &with, &BTreeMap::new())), [""; 0]);
    let drift = diff(&with, &without, &BTreeMap::new());
    assert_eq!((drift.totals.opened, drift.totals.unknown), (0, 0), "{:?}", told(&drift));
    let endpoints = |change: &farmgate_audit::diff::Change| change.to.contains("aws_vpc_endpoint");
    assert!(drift.changes.iter().all(endpoints), "{:?}", told(&drift));
    assert_eq!(drift.only_left.iter().filter(|lone| lone.kind == "VPC endpoints").count(), 4);
}

#[test]
fn what_exists_is_told_apart_from_what_was_not_asked_for() {
    let Some(folder) = std::env::var_os("FARMGATE_REAL_INPUTS") else {
        println!("skipped: FARMGATE_REAL_INPUTS is not set");
        return;
    };
    let folder = PathBuf::from(folder).join("bus-simulator");
    let files: Vec<(String, Vec<u8>)> =
        ["route-tables", "security-groups", "subnets", "vpc-endpoints"]
            .into_iter()
            .map(|name| format!("describe-{name}.json"))
            .map(|name| (name.clone(), std::fs::read(folder.join(&name)).unwrap()))
            .collect();
    let inputs: Vec<Input<'_>> = files.iter().map(|(name, bytes)| Input { name, bytes }).collect();
    let exists = import(&inputs).unwrap();
    let Some(state) = real("bus-simulator/state.json") else { return };
    let drift = diff(&state, &exists, &BTreeMap::new());
    // What is there is as the state says; of what nobody asked for nothing is said for certain.
    assert_eq!((drift.totals.opened, drift.totals.closed), (0, 0), "{:#?}", told(&drift));
    let endpoints = |lone: &farmgate_audit::diff::Lone| lone.kind == "VPC endpoints";
    assert!(!drift.only_left.iter().chain(&drift.only_right).any(endpoints));
    assert_eq!(told(&diff(&exists, &exists, &BTreeMap::new())), [""; 0]);

    let Some(plan) = real("bus-simulator/plan.json") else { return };
    let drift = diff(&plan, &exists, &BTreeMap::new());
    assert_eq!((drift.totals.opened, drift.totals.closed), (0, 0), "{:#?}", told(&drift));
    let services = |note: &farmgate_audit::diff::NotCompared| note.kind == "ECS services";
    assert!(drift.not_compared.iter().any(services), "{:?}", drift.not_compared);
}

/// A mount target of EFS is counted in a plan, and is an interface of nobody in an account.
#[test]
fn an_interface_may_be_of_what_is_not_modelled() {
    let left = model(&clean());
    let mut right = left.clone();
    let service = &right.services["aws_ecs_service.python"];
    let key = Key::new("eni-0123456789abcdef0");
    let instance = Instance {
        key: key.clone(),
        subnet: Val::Known(service.subnets.sure.first().cloned()),
        security_groups: service.security_groups.clone(),
        public: Val::Known(false),
        address: None,
        tags: BTreeMap::new(),
    };
    right.instances.insert(key, instance);
    let found = diff(&left, &right, &BTreeMap::new());
    assert!(found.totals.opened > 0, "{:?}", told(&found));
    let mut counted = left;
    let target = Key::new("aws_efs_mount_target.a");
    counted.unmodelled.insert("aws_efs_mount_target".to_owned(), vec![target]);
    let found = diff(&counted, &right, &BTreeMap::new());
    assert_eq!((found.totals.opened, found.totals.closed), (0, 0), "{:?}", told(&found));
    assert!(found.changes.iter().all(|change| {
        change.missing.contains(
            &"whether eni-0123456789abcdef0 is of aws_efs_mount_target.a, which isn't modelled"
                .to_owned(),
        )
    }));
}
