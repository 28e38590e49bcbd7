//! IAM: roles with their policies.
//!
//! `get-account-authorization-details` shows all of a role; `get-role` and `list-roles` show no
//! policies, which then are not known unless `get-role-policy` shows them.

use serde_json::{Map, Value, json};

use super::folder::{Item, Region};
use super::made::{Made, Making};
use super::value::{flag, list, policy, text, texts};

const DETAILS: &str = "iam get-account-authorization-details";

/// Reads roles and policies.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    for item in region.items(DETAILS) {
        for one in list(&item.value, "RoleDetailList") {
            let Some(mut made) = role(&item, one) else { continue };
            let inline: Vec<Value> = list(one, "RolePolicyList")
                .map(|inner| {
                    json!({ "name": text(inner, "PolicyName"), "policy": policy(inner.get("PolicyDocument")) })
                })
                .collect();
            made.set("inline_policy", inline);
            made.set("managed_policy_arns", texts(one, "AttachedManagedPolicies", "PolicyArn"));
            making.add_named(made, text(one, "RoleName").unwrap_or_default());
        }
        for one in list(&item.value, "Policies") {
            managed(&item, one, making);
        }
    }
    for operation in ["iam get-role", "iam list-roles"] {
        for item in region.items(operation) {
            let Some(arn) = text(&item.value, "Arn") else { continue };
            if making.has("aws_iam_role", arn) {
                continue;
            }
            let Some(mut made) = role(&item, &item.value) else { continue };
            let name = text(&item.value, "RoleName").unwrap_or_default();
            policies(region, name, &mut made);
            making.add_named(made, name);
        }
    }
    for item in region.items("iam get-policy-version") {
        let arn = item.page.request.parameter("PolicyArn");
        let default = flag(&item.value, "IsDefaultVersion") != Some(false);
        if let (Some(arn), true) = (arn, default) {
            let mut made = Made::new("aws_iam_policy", arn, &item);
            made.set("arn", arn).set("policy", policy(item.value.get("Document")));
            making.add(made);
        }
    }
}

fn role(item: &Item<'_>, one: &Value) -> Option<Made> {
    let (arn, name) = (text(one, "Arn")?, text(one, "RoleName")?);
    let mut made = Made::new("aws_iam_role", arn, item);
    made.set("arn", arn).set("name", name).copy(one, &[("path", "Path")]);
    made.set("assume_role_policy", policy(one.get("AssumeRolePolicyDocument")));
    let boundary =
        one.get("PermissionsBoundary").and_then(|inner| text(inner, "PermissionsBoundaryArn"));
    made.set("permissions_boundary", boundary);
    Some(made)
}

fn managed(item: &Item<'_>, one: &Value, making: &mut Making) {
    let Some(arn) = text(one, "Arn") else { return };
    let mut made = Made::new("aws_iam_policy", arn, item);
    made.set("arn", arn).copy(one, &[("name", "PolicyName")]);
    let versions = list(one, "PolicyVersionList");
    let current =
        versions.into_iter().find(|version| flag(version, "IsDefaultVersion") == Some(true));
    made.set_or("policy", current.and_then(|version| policy(version.get("Document"))), || {
        format!("isn't in what `aws {DETAILS}` shows")
    });
    making.add(made);
}

/// The policies of a role that no account's details show.
fn policies(region: &Region<'_>, role: &str, made: &mut Made) {
    let listed = region
        .pages("iam list-role-policies")
        .iter()
        .any(|page| page.request.parameter("RoleName") == Some(role));
    let mut inline: Vec<Value> = Vec::new();
    for item in region.items("iam get-role-policy") {
        if text(&item.value, "RoleName") == Some(role) {
            let mut one = Map::new();
            one.insert(
                "name".to_owned(),
                text(&item.value, "PolicyName").unwrap_or_default().into(),
            );
            one.insert(
                "policy".to_owned(),
                policy(item.value.get("PolicyDocument")).unwrap_or_default().into(),
            );
            inline.push(Value::Object(one));
        }
    }
    if listed {
        made.set("inline_policy", inline);
    } else {
        made.unsaid(
            "inline_policy",
            region.missing_of("iam list-role-policies", &format!("--role-name {role}")),
        );
    }
    let attached = region.pages("iam list-attached-role-policies").iter();
    let own: Vec<_> =
        attached.filter(|page| page.request.parameter("RoleName") == Some(role)).collect();
    let arns = own.iter().flat_map(|page| super::folder::items_of(page));
    let arns: Vec<String> =
        arns.filter_map(|item| text(&item.value, "PolicyArn").map(str::to_owned)).collect();
    made.set_or("managed_policy_arns", (!own.is_empty()).then_some(arns), || {
        region.missing_of("iam list-attached-role-policies", &format!("--role-name {role}"))
    });
}
