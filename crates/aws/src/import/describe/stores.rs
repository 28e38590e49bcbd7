//! Parameters, secrets, log groups and keys: their names and settings, never what they hold.

use serde_json::{Value, json};

use super::folder::{Page, Region, items_of};
use super::made::{Made, Making};
use super::value::{flag, policy, scalar, text};

/// Reads parameters, secrets, log groups and keys.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    for item in region.items("ssm describe-parameters") {
        let Some(name) = text(&item.value, "Name") else { continue };
        let arn = text(&item.value, "ARN");
        let mut made = Made::new("aws_ssm_parameter", arn.unwrap_or(name), &item);
        made.set("name", name).set("arn", arn);
        made.copy(&item.value, &[("type", "Type"), ("key_id", "KeyId")]);
        making.add_named(made, name);
    }
    secrets(region, making);
    for item in region.items("logs describe-log-groups") {
        let Some(name) = text(&item.value, "logGroupName") else { continue };
        let arn = text(&item.value, "logGroupArn").or_else(|| text(&item.value, "arn"));
        let arn = arn.map(|arn| arn.strip_suffix(":*").unwrap_or(arn));
        let mut made = Made::new("aws_cloudwatch_log_group", arn.unwrap_or(name), &item);
        made.set("name", name).set("arn", arn);
        made.copy(
            &item.value,
            &[("retention_in_days", "retentionInDays"), ("kms_key_id", "kmsKeyId")],
        );
        making.add_named(made, name);
    }
    keys(region, making);
}

/// Keys of KMS, with their policies.
fn keys(region: &Region<'_>, making: &mut Making) {
    let total = region.items("kms describe-key").count();
    for item in region.items("kms describe-key") {
        let (Some(id), Some(arn)) = (text(&item.value, "KeyId"), text(&item.value, "Arn")) else {
            continue;
        };
        if let Some(name) = item.page.request.parameter("KeyId").filter(|it| is_alias(it)) {
            let mut made = Made::new("aws_kms_alias", name, &item);
            made.set("name", name).set("target_key_id", arn);
            making.add(made);
        }
        let mut made = Made::new("aws_kms_key", arn, &item);
        made.set("arn", arn).set("key_id", id).copy(&item.value, &[("key_manager", "KeyManager")]);
        let own = |page: &&Page<'_>| match page.request.parameter("KeyId") {
            Some(asked) => asked == id || asked == arn,
            None => total == 1,
        };
        let page = region.pages("kms get-key-policy").iter().find(own);
        let found = page.and_then(|page| {
            items_of(page).next().and_then(|item| policy(item.value.get("Policy")))
        });
        made.set_or("policy", found, || {
            region.missing_of("kms get-key-policy", &format!("--policy-name default --key-id {id}"))
        });
        making.add_named(made, id);
    }
}

fn is_alias(text: &str) -> bool {
    text.starts_with("alias/") || text.contains(":alias/")
}

fn secrets(region: &Region<'_>, making: &mut Making) {
    for item in region.items("secretsmanager list-secrets") {
        let (Some(arn), Some(name)) = (text(&item.value, "ARN"), text(&item.value, "Name")) else {
            continue;
        };
        if item.value.get("DeletedDate").is_some_and(|date| !date.is_null()) {
            continue;
        }
        let mut made = Made::new("aws_secretsmanager_secret", arn, &item);
        made.set("arn", arn).set("name", name).copy(&item.value, &[("kms_key_id", "KmsKeyId")]);
        making.add(made);
        // It is printed only where it ever was turned on.
        let rotates = flag(&item.value, "RotationEnabled") == Some(true);
        let mut made = Made::new(
            "aws_secretsmanager_secret_rotation",
            &format!("the rotation of {arn}"),
            &item,
        );
        made.set("id", arn).set("secret_id", arn).set("rotation_enabled", rotates);
        let rules = item.value.get("RotationRules").filter(|rules| rules.is_object());
        made.set(
            "rotation_rules",
            rules.map(|rules| {
                json!([{
                    "automatically_after_days": scalar(rules, "AutomaticallyAfterDays"),
                    "schedule_expression": text(rules, "ScheduleExpression"),
                }])
            }),
        );
        making.add(made);
    }
    for item in region.items("secretsmanager get-resource-policy") {
        if let (Some(arn), Some(policy)) =
            (text(&item.value, "ARN"), policy(item.value.get("ResourcePolicy")))
        {
            let mut made = Made::new(
                "aws_secretsmanager_secret_policy",
                &format!("the policy of {arn}"),
                &item,
            );
            made.set("id", arn).set("secret_arn", arn).set("policy", Value::String(policy));
            making.add(made);
        }
    }
}
