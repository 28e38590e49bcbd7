//! Fixes of what a CloudFormation template declares, in CloudFormation's words.
//!
//! Rules advise in the words of the Terraform provider, in which everything is read. Those words stand
//! between backticks, and a template's are made of them by rule: `desired_count = 1` is
//! `DesiredCount: 1`, and a type is found by its name. The table holds what has another name there.

use farmgate_aws::import::template_type;
use farmgate_aws::model::{Key, Model, Origin, SourceKind};

use crate::report::Finding;

/// What has another name, or is no word of Terraform's.
const WORDS: [(&str, &str); 30] = [
    ("enable_deletion_protection", "`deletion_protection.enabled` of its attributes"),
    ("health_check.port", "`HealthCheckPort`"),
    ("certificate_arn", "`CertificateArn`"),
    ("enable_logging", "`IsLogging`"),
    ("authorization", "`AuthorizationType`"),
    ("access_log_settings", "`AccessLogSettings` (`AccessLogSetting` of a REST API)"),
    ("load_balancer", "`LoadBalancers`"),
    ("internal = true", "`Scheme: internal`"),
    ("protocol = \"HTTPS\"", "`Protocol: HTTPS`"),
    ("user", "`User`"),
    ("readonlyRootFilesystem", "`ReadonlyRootFilesystem`"),
    ("containerPort", "`ContainerPort`"),
    ("containerInsights", "`containerInsights`"),
    ("ingress", "`SecurityGroupIngress`"),
    ("egress", "`SecurityGroupEgress`"),
    ("min_capacity", "`MinCapacity`"),
    ("assign_public_ip = false", "`AssignPublicIp: DISABLED`"),
    ("assign_public_ip = true", "`AssignPublicIp: ENABLED`"),
    ("scan_on_push", "`ScanOnPush`"),
    (
        "stickiness { type = \"lb_cookie\" }",
        "`stickiness.enabled` with `stickiness.type: lb_cookie`",
    ),
    (
        "stickiness { type = \"source_ip\" }",
        "`stickiness.enabled` with `stickiness.type: source_ip`",
    ),
    ("aws_api_gateway_integration", "`Integration`"),
    ("aws_lb_target_group", "`AWS::ElasticLoadBalancingV2::TargetGroup`"),
    ("aws_securityhub_standards_subscription", "`AWS::SecurityHub::Standard`"),
    ("aws_config_configuration_recorder_status", "`AWS::Config::DeliveryChannel`"),
    ("aws_default_security_group", "`aws_default_security_group`"),
    ("data \"aws_ec2_managed_prefix_list\"", "`data \"aws_ec2_managed_prefix_list\"`"),
    ("add_listener", "`add_listener`"),
    ("sts_proof", "`sts_proof`"),
    ("apigw_iam", "`apigw_iam`"),
];

/// Says the fixes of what templates declare in their words.
pub(crate) fn say(model: &Model, findings: &mut [Finding]) {
    let templates: Vec<&str> = model
        .sources
        .iter()
        .filter(|source| source.kind == SourceKind::CloudFormation)
        .map(|source| source.name.as_str())
        .collect();
    if templates.is_empty() {
        return;
    }
    let in_template = |key: &String| {
        let place = model.location(&Origin::of(&Key::new(key)));
        place.is_some_and(|place| templates.contains(&&*place.file))
    };
    for finding in findings {
        if finding.origins.is_empty() || !finding.origins.iter().all(in_template) {
            continue;
        }
        finding.fix.text = said(&finding.fix.text);
        for trial in &mut finding.fix.tried {
            trial.change = said(&trial.change);
        }
    }
}

/// A text with the words between backticks said anew.
fn said(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 0 {
            all.push_str(part);
        } else if let Some(word) = word(part) {
            all.push_str(&word);
        } else {
            all.extend(["`", part, "`"]);
        }
    }
    all
}

/// A word of Terraform's as a template has it; none if it is the same there.
fn word(of: &str) -> Option<String> {
    if let Some((_, word)) = WORDS.iter().find(|(name, _)| *name == of) {
        return Some((*word).to_owned());
    }
    if let Some(name) = template_type(of) {
        return Some(format!("`{name}`"));
    }
    let plain = |name: &str| {
        let snake = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit());
        snake && name.contains('_')
    };
    if let Some((name, inner)) = of.split_once(" { ") {
        let (inner, value) = inner.strip_suffix(" }")?.split_once(" = ")?;
        let value = value.trim_matches('"');
        return plain(name)
            .then(|| format!("`{}: {{ {}: {value} }}`", pascal(name), pascal(inner)));
    }
    if let Some((name, value)) = of.split_once(" = ") {
        let value = value.trim_matches('"');
        return plain(name).then(|| format!("`{}: {value}`", pascal(name)));
    }
    (plain(of) && !of.starts_with("aws_")).then(|| format!("`{}`", pascal(of)))
}

fn pascal(name: &str) -> String {
    let mut all = String::with_capacity(name.len());
    for part in name.split('_') {
        let mut letters = part.chars();
        all.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        all.extend(letters);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn words_are_those_of_templates() {
        let pairs = [
            ("set `desired_count = 1`", "set `DesiredCount: 1`"),
            ("`throttling_rate_limit` for the stage", "`ThrottlingRateLimit` for the stage"),
            ("(`aws_wafv2_web_acl_association`)", "(`AWS::WAFv2::WebACLAssociation`)"),
            (
                "`mutual_authentication { mode = \"verify\" }` on it",
                "`MutualAuthentication: { Mode: verify }` on it",
            ),
            (
                "set `enable_deletion_protection` to true",
                "set `deletion_protection.enabled` of its attributes to true",
            ),
            (
                "make it `internal = true`, or `jwt-validation`",
                "make it `Scheme: internal`, or `jwt-validation`",
            ),
            (
                "on each `aws_api_gateway_method` to `AWS_IAM`",
                "on each `AWS::ApiGateway::Method` to `AWS_IAM`",
            ),
            (
                "in `stack/Group ingress[0]` and an odd `",
                "in `stack/Group ingress[0]` and an odd ``",
            ),
            (
                "nothing `here:443` is `sg-12` Terraform's",
                "nothing `here:443` is `sg-12` Terraform's",
            ),
        ];
        for (terraform, template) in pairs {
            assert_eq!(said(terraform), template);
        }
    }
}
