//! Roles, policies and keys.

use super::super::making::{Making, each, policy};
use super::super::value::Evaluated;

pub(super) fn translate(kind: &str, making: &mut Making<'_, '_>) -> bool {
    match kind {
        "IAM::Role" => role(making),
        "IAM::Policy" | "IAM::RolePolicy" => inline(making),
        "IAM::ManagedPolicy" => managed(making),
        "KMS::Key" => document(making, "KeyPolicy", "policy"),
        "SecretsManager::ResourcePolicy" => {
            making.copy(&[("SecretId", "secret_arn")]);
            document(making, "ResourcePolicy", "policy");
        }
        _ => return false,
    }
    true
}

fn document(making: &mut Making<'_, '_>, property: &str, name: &str) {
    if let Some(document) = making.get(property) {
        making.own().set(name, &policy(&document));
    }
}

fn role(making: &mut Making<'_, '_>) {
    making.copy_same(&["Path", "ManagedPolicyArns", "PermissionsBoundary"]);
    document(making, "AssumeRolePolicyDocument", "assume_role_policy");
    if let Some(policies) = making.get("Policies") {
        let policies = each(&policies, |of| {
            Evaluated::map([
                ("name", of.get("PolicyName").cloned()),
                ("policy", of.get("PolicyDocument").map(policy)),
            ])
        });
        making.own().set("inline_policy", &policies);
    }
}

/// A policy inside of each role that it names. Of users and groups nothing is read.
fn inline(making: &mut Making<'_, '_>) {
    let roles = making.get("Roles").or_else(|| making.get("RoleName"));
    let name = making.get("PolicyName");
    let document = making.get("PolicyDocument").map(|of| policy(&of));
    let Some(roles) = roles else {
        making.made.clear();
        return;
    };
    let all: Vec<Evaluated> = match roles.reason() {
        Some(_) => vec![roles.clone()],
        None => roles.items().to_vec(),
    };
    let key = making.own().key.clone();
    making.made.clear();
    for (at, role) in all.iter().enumerate() {
        let key = if at == 0 { key.clone() } else { format!("{key} Roles[{at}]") };
        let mut made = super::super::making::Made::new("aws_iam_role_policy", key);
        if let (Some(role), Some(name)) =
            (role.as_text(), name.as_ref().and_then(Evaluated::as_text))
        {
            made.text("id", &format!("{role}:{name}"));
        }
        made.set("role", role);
        made.set_any("name", name.as_ref());
        made.set_any("policy", document.as_ref());
        making.made.push(made);
    }
}

fn managed(making: &mut Making<'_, '_>) {
    making.copy_same(&["Path"]);
    document(making, "PolicyDocument", "policy");
    let arn = making.reference();
    let roles = making.get("Roles");
    for (at, role) in roles.iter().flat_map(Evaluated::items).enumerate() {
        let kind = "aws_iam_role_policy_attachment";
        let mut made = making.further(kind, &format!("Roles[{at}]"));
        made.set("role", role);
        made.set("policy_arn", &arn);
        making.made.push(made);
    }
}
