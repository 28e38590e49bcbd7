//! The deploy policy: valid, small enough, and never wider than it must be.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{farms, module};

/// The policies of a farm, by the names of their files.
fn policies(source: &str) -> Vec<(String, Value)> {
    let module = module(source).into_iter();
    let files = module.filter(|(name, _)| name.ends_with(".json"));
    files.map(|(name, text)| (name, serde_json::from_str(&text).expect("JSON"))).collect()
}

fn statements(source: &str) -> Vec<Value> {
    let policies = policies(source).into_iter();
    policies.flat_map(|(_, policy)| policy["Statement"].as_array().unwrap().clone()).collect()
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().map(|it| it.as_str().unwrap().to_owned()).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn each_document_fits_into_a_managed_policy() {
    for (farm, source) in farms() {
        let policies = policies(&source);
        assert!(!policies.is_empty(), "{farm}");
        for (number, (name, policy)) in policies.iter().enumerate() {
            assert_eq!(policy["Version"], "2012-10-17");
            assert!(policy.to_string().len() <= 6144, "{farm} {name}");
            let expected = format!("deploy-policy-{}.json", number + 1);
            assert!(*name == expected || policies.len() == 1 && name == "deploy-policy.json");
        }
    }
}

#[test]
fn no_action_has_a_wildcard_and_few_have_any_resource() {
    for (farm, source) in farms() {
        let mut sids = BTreeSet::new();
        for statement in statements(&source) {
            let sid = statement["Sid"].as_str().unwrap().to_owned();
            assert!(sid.chars().all(|c| c.is_ascii_alphanumeric()));
            assert!(sids.insert(sid.clone()), "{farm}: {sid} twice");
            assert_eq!(statement["Effect"], "Allow");
            for action in texts(&statement["Action"]) {
                assert!(action.contains(':') && !action.contains('*'), "{farm}: {action}");
                let (_, what) = action.split_once(':').unwrap();
                let takes_away = ["Delete", "Put", "Terminate", "Detach", "Release"];
                if sid == "Any" && takes_away.iter().any(|word| what.starts_with(word)) {
                    // AWS knows no resource for these.
                    let known = [
                        "config:PutDeliveryChannel",
                        "config:DeleteDeliveryChannel",
                        "logs:DeleteLogDelivery",
                        "logs:PutResourcePolicy",
                        "logs:DeleteResourcePolicy",
                    ];
                    assert!(known.contains(&action.as_str()), "{farm}: {action} on anything");
                }
            }
            if texts(&statement["Resource"]).contains(&"*".to_owned()) {
                assert!(["Any", "NewKeys"].contains(&sid.as_str()), "{farm}: {sid}");
            }
        }
    }
}

#[test]
fn roles_are_handed_to_the_services_that_take_them_and_to_no_other() {
    for (farm, source) in farms() {
        let statements = statements(&source);
        let passing: Vec<&Value> = statements
            .iter()
            .filter(|it| texts(&it["Action"]).iter().any(|action| action == "iam:PassRole"))
            .collect();
        let [only] = passing.as_slice() else { panic!("{farm}: {passing:?}") };
        assert_eq!(texts(&only["Action"]), ["iam:PassRole"]);
        let resources = texts(&only["Resource"]);
        assert!(resources.iter().all(|arn| arn.contains(":role/") && arn.ends_with("-*")));
        let to = texts(&only["Condition"]["StringEquals"]["iam:PassedToService"]);
        assert!(to.contains(&"ecs-tasks.amazonaws.com".to_owned()));
        assert_eq!(to.contains(&"config.amazonaws.com".to_owned()), farm == "everything");
        assert_eq!(to.contains(&"vpc-flow-logs.amazonaws.com".to_owned()), farm != "inside");
    }
}

#[test]
fn what_takes_parts_of_a_vpc_away_takes_the_farms_own() {
    for (farm, source) in farms() {
        for statement in statements(&source) {
            let own = statement["Condition"]["StringEquals"]["aws:ResourceTag/Farm"].is_string();
            for action in texts(&statement["Action"]) {
                if action.starts_with("ec2:Delete") || action == "kms:ScheduleKeyDeletion" {
                    assert!(own, "{farm}: {action}");
                }
            }
        }
    }
}

#[test]
fn a_farm_names_no_service_that_it_does_not_have() {
    let actions = |source: &str| -> BTreeSet<String> {
        let statements = statements(source);
        let actions = statements.iter().flat_map(|it| texts(&it["Action"]));
        actions.map(|action| action.split(':').next().unwrap().to_owned()).collect()
    };
    let little = actions(super::LITTLE);
    for absent in
        ["rds", "sns", "kms", "guardduty", "securityhub", "config", "cloudtrail", "wafv2", "lambda"]
    {
        assert!(!little.contains(absent), "{absent}");
    }
    let everything = actions(&super::everything());
    for present in
        ["rds", "sns", "kms", "guardduty", "securityhub", "config", "cloudtrail", "wafv2"]
    {
        assert!(everything.contains(present), "{present}");
    }
}
