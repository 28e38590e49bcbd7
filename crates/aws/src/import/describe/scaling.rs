//! Application Auto Scaling.

use serde_json::json;

use super::folder::Region;
use super::made::{Made, Making};
use super::value::{block, text};

/// Reads scaling targets and policies.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    for item in region.items("application-autoscaling describe-scalable-targets") {
        let Some(id) = text(&item.value, "ResourceId") else { continue };
        let dimension = text(&item.value, "ScalableDimension").unwrap_or_default();
        let mut made = Made::new("aws_appautoscaling_target", &format!("{id} {dimension}"), &item);
        made.copy(
            &item.value,
            &[
                ("arn", "ScalableTargetARN"),
                ("resource_id", "ResourceId"),
                ("min_capacity", "MinCapacity"),
                ("max_capacity", "MaxCapacity"),
                ("service_namespace", "ServiceNamespace"),
                ("scalable_dimension", "ScalableDimension"),
            ],
        );
        let of_ecs = text(&item.value, "ServiceNamespace") == Some("ecs");
        match of_ecs {
            true => making.add_named(made, id),
            false => making.add(made),
        }
    }
    for item in region.items("application-autoscaling describe-scaling-policies") {
        let Some(arn) = text(&item.value, "PolicyARN") else { continue };
        let mut made = Made::new("aws_appautoscaling_policy", arn, &item);
        made.set("arn", arn).copy(
            &item.value,
            &[
                ("name", "PolicyName"),
                ("policy_type", "PolicyType"),
                ("resource_id", "ResourceId"),
                ("scalable_dimension", "ScalableDimension"),
                ("service_namespace", "ServiceNamespace"),
            ],
        );
        for (ours, theirs) in [
            (
                "target_tracking_scaling_policy_configuration",
                "TargetTrackingScalingPolicyConfiguration",
            ),
            ("step_scaling_policy_configuration", "StepScalingPolicyConfiguration"),
        ] {
            if let Some(inner) = item.value.get(theirs).filter(|inner| inner.is_object()) {
                made.set(ours, json!([block(inner)]));
            }
        }
        making.add(made);
    }
}
