//! Load balancers of the second generation, and of the first as far as they are not followed.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::folder::{Page, Region, items_of};
use super::made::{Made, Making};
use super::value::{scalar, text, texts, words};

pub(super) const BALANCERS: &str = "elbv2 describe-load-balancers";
const ATTRIBUTES: &str = "elbv2 describe-load-balancer-attributes";

/// Reads load balancers.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    let total = region.items(BALANCERS).count();
    let attributes = Attributes::new(region, ATTRIBUTES, "LoadBalancerArn", total, making);
    for item in region.items(BALANCERS) {
        let Some(arn) = text(&item.value, "LoadBalancerArn") else { continue };
        let failed =
            item.value.get("State").and_then(|state| text(state, "Code")) == Some("failed");
        if failed {
            continue;
        }
        let mut made = Made::new("aws_lb", arn, &item);
        made.copy(
            &item.value,
            &[
                ("name", "LoadBalancerName"),
                ("dns_name", "DNSName"),
                ("vpc_id", "VpcId"),
                ("load_balancer_type", "Type"),
            ],
        )
        .set("arn", arn)
        .set("internal", text(&item.value, "Scheme").map(|scheme| scheme == "internal"))
        .set("subnets", texts(&item.value, "AvailabilityZones", "SubnetId"))
        .set("security_groups", words(&item.value, "SecurityGroups"));
        settings(region, attributes.of(arn), arn, &mut made);
        making.add(made);
    }
    for item in region.items("elb describe-load-balancers") {
        let Some(name) = text(&item.value, "LoadBalancerName") else { continue };
        let mut made = Made::new("aws_elb", name, &item);
        made.copy(&item.value, &[("name", "LoadBalancerName"), ("dns_name", "DNSName")])
            .set("subnets", words(&item.value, "Subnets"))
            .set("security_groups", words(&item.value, "SecurityGroups"));
        making.add(made);
    }
}

fn settings(region: &Region<'_>, known: Option<&Values>, arn: &str, made: &mut Made) {
    const NAMES: [(&str, &str); 2] = [
        ("idle_timeout", "idle_timeout.timeout_seconds"),
        ("enable_deletion_protection", "deletion_protection.enabled"),
    ];
    let Some(known) = known else {
        let reason = region.missing_of(ATTRIBUTES, &format!("--load-balancer-arn {arn}"));
        for name in ["idle_timeout", "enable_deletion_protection", "access_logs"] {
            made.unsaid(name, reason.clone());
        }
        return;
    };
    for (ours, theirs) in NAMES {
        made.set(ours, known.get(theirs).cloned());
    }
    if let Some(enabled) = known.get("access_logs.s3.enabled") {
        let bucket = known.get("access_logs.s3.bucket").cloned().unwrap_or_default();
        made.set("access_logs", json!([{ "enabled": enabled, "bucket": bucket }]));
    }
}

/// Attributes of one thing, by AWS's names.
pub(super) type Values = BTreeMap<String, String>;

/// Attributes of load balancers or target groups. Only the request says of which.
pub(super) struct Attributes {
    by_arn: BTreeMap<String, Values>,
    /// Those of the only thing that there is.
    lone: Option<Values>,
}

impl Attributes {
    /// Of `total` things: of one alone, a document without a request is about that.
    pub(super) fn new(
        region: &Region<'_>,
        operation: &str,
        parameter: &str,
        total: usize,
        making: &mut Making,
    ) -> Self {
        let (mut by_arn, mut nameless) = (BTreeMap::new(), Vec::new());
        for page in region.pages(operation) {
            match page.request.parameter(parameter) {
                Some(arn) => {
                    by_arn.insert(arn.to_owned(), values(page));
                }
                None => nameless.push(page),
            }
        }
        let lone = match nameless.as_slice() {
            [only] if total == 1 && by_arn.is_empty() => Some(values(only)),
            others => {
                for page in others {
                    let which = match total {
                        0 => "what".to_owned(),
                        _ => format!("which of {total} things"),
                    };
                    let text = format!(
                        "{} doesn't say of {which} the attributes are, so they are not used; \
                         `farmgate collect` writes that down",
                        page.name
                    );
                    making.warn("document-not-told", text, None);
                }
                None
            }
        };
        Self { by_arn, lone }
    }

    pub(super) fn of(&self, arn: &str) -> Option<&Values> {
        self.by_arn.get(arn).or(self.lone.as_ref())
    }
}

fn values(page: &Page<'_>) -> Values {
    items_of(page)
        .filter_map(|item| Some((scalar(&item.value, "Key")?, scalar(&item.value, "Value")?)))
        .collect()
}

/// An action of a listener or a rule, as a block.
pub(super) fn action(action: &Value) -> Value {
    let mut block = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            block.insert(name.to_owned(), value);
        }
    };
    put("type", text(action, "Type").map(Value::from));
    put("order", action.get("Order").cloned());
    put("target_group_arn", text(action, "TargetGroupArn").map(Value::from));
    let nested = [
        ("redirect", "RedirectConfig"),
        ("fixed_response", "FixedResponseConfig"),
        ("authenticate_oidc", "AuthenticateOidcConfig"),
        ("authenticate_cognito", "AuthenticateCognitoConfig"),
        ("jwt_validation", "JwtValidationConfig"),
    ];
    for (ours, theirs) in nested {
        let inner = action.get(theirs).filter(|inner| inner.is_object());
        put(ours, inner.map(|inner| json!([super::value::block(inner)])));
    }
    // AWS prints a single target group in both places.
    let forward = action.get("ForwardConfig").filter(|_| text(action, "TargetGroupArn").is_none());
    put(
        "forward",
        forward.map(|forward| {
            let groups = super::value::list(forward, "TargetGroups");
            let groups = groups.filter_map(|one| {
                let arn = text(one, "TargetGroupArn")?;
                let weight = one.get("Weight").cloned().unwrap_or_else(|| 1.into());
                Some(json!({ "arn": arn, "weight": weight }))
            });
            json!([{ "target_group": groups.collect::<Vec<Value>>() }])
        }),
    );
    Value::Object(block)
}
