//! CloudFront.

use serde_json::{Map, Value, json};

use super::folder::Region;
use super::made::{Made, Making};
use super::value::{list, text};

/// Reads distributions.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    for operation in ["cloudfront list-distributions", "cloudfront get-distribution"] {
        for item in region.items(operation) {
            let (Some(id), Some(arn)) = (text(&item.value, "Id"), text(&item.value, "ARN")) else {
                continue;
            };
            // `get-distribution` has one more level.
            let config = item.value.get("DistributionConfig").unwrap_or(&item.value);
            let mut made = Made::new("aws_cloudfront_distribution", arn, &item);
            made.set("id", id).set("arn", arn).copy(&item.value, &[("domain_name", "DomainName")]);
            made.copy(config, &[("web_acl_id", "WebACLId"), ("enabled", "Enabled")]);
            let inner =
                |name: &str| config.get(name).into_iter().flat_map(|all| list(all, "Items"));
            made.set("origin", inner("Origins").map(origin).collect::<Vec<Value>>());
            if let Some(default) = config.get("DefaultCacheBehavior") {
                made.set("default_cache_behavior", json!([behaviour(default)]));
            }
            let others: Vec<Value> = inner("CacheBehaviors").map(behaviour).collect();
            made.set("ordered_cache_behavior", others);
            making.add(made);
        }
    }
}

fn origin(origin: &Value) -> Value {
    let mut block = Map::new();
    for (ours, theirs) in [("domain_name", "DomainName"), ("origin_id", "Id")] {
        if let Some(value) = text(origin, theirs) {
            block.insert(ours.to_owned(), value.into());
        }
    }
    if let Some(custom) = origin.get("CustomOriginConfig").filter(|custom| custom.is_object()) {
        let policy = text(custom, "OriginProtocolPolicy");
        block.insert(
            "custom_origin_config".to_owned(),
            json!([{ "origin_protocol_policy": policy }]),
        );
    }
    if let Some(inside) = origin.get("VpcOriginConfig").filter(|inside| inside.is_object()) {
        let id = text(inside, "VpcOriginId");
        block.insert("vpc_origin_config".to_owned(), json!([{ "vpc_origin_id": id }]));
    }
    Value::Object(block)
}

fn behaviour(behaviour: &Value) -> Value {
    let events = |name: &str| -> Vec<Value> {
        let all = behaviour.get(name).into_iter().flat_map(|all| list(all, "Items"));
        all.filter_map(|one| Some(json!({ "event_type": text(one, "EventType")? }))).collect()
    };
    json!({
        "viewer_protocol_policy": text(behaviour, "ViewerProtocolPolicy"),
        "path_pattern": text(behaviour, "PathPattern"),
        "target_origin_id": text(behaviour, "TargetOriginId"),
        "lambda_function_association": events("LambdaFunctionAssociations"),
        "function_association": events("FunctionAssociations"),
    })
}
