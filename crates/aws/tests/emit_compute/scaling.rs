//! Scaling: what counts requests, and that a number that doesn't move is kept all the same.

use super::{INSIDE, LITTLE, everything, module};

/// The block with this head.
fn block<'a>(text: &'a str, head: &str) -> &'a str {
    let start = text.find(head).unwrap_or_else(|| panic!("{head}\n{text}"));
    let rest = &text[start..];
    &rest[..rest.find("\n}\n").expect("an end") + 3]
}

#[test]
fn requests_of_the_gate_are_those_of_the_load_balancer() {
    let module = module(&everything());
    let policy =
        block(&module["scaling.tf"], "resource \"aws_appautoscaling_policy\" \"gate_requests\"");
    assert!(policy.contains("\"ALBRequestCountPerTarget\""));
    assert!(
        policy.contains("\"${aws_lb.ingress.arn_suffix}/${aws_lb_target_group.gate.arn_suffix}\"")
    );
    assert!(policy.contains("target_value       = 6000"));
    assert!(policy.contains("scale_in_cooldown  = 600"));
    assert!(policy.contains("scale_out_cooldown = 60"));
}

#[test]
fn requests_of_servers_are_those_that_the_gate_counts_over_running_tasks() {
    let module = module(&everything());
    let policy =
        block(&module["scaling.tf"], "resource \"aws_appautoscaling_policy\" \"server_requests\"");
    for part in [
        "namespace   = \"farmgate\"",
        "metric_name = \"Requests\"",
        "name  = \"Farm\"\n              value = \"everything\"",
        "name  = \"Server\"\n              value = each.key",
        "namespace   = \"ECS/ContainerInsights\"",
        "metric_name = \"RunningTaskCount\"",
        "value = aws_ecs_service.server[each.key].name",
    ] {
        assert!(policy.contains(part), "{part}\n{policy}");
    }
}

#[test]
fn without_container_insights_tasks_are_counted_by_their_reports() {
    let module = module(INSIDE);
    let policy =
        block(&module["scaling.tf"], "resource \"aws_appautoscaling_policy\" \"server_requests\"");
    assert!(policy.contains("stat = \"SampleCount\"") && policy.contains("\"CPUUtilization\""));
    assert!(!policy.contains("ContainerInsights"));
}

#[test]
fn requests_of_a_service_behind_a_load_balancer_are_its_own() {
    let module = module(&everything());
    let policy =
        block(&module["scaling.tf"], "resource \"aws_appautoscaling_policy\" \"service_requests\"");
    assert!(policy.contains("service.arn_suffix") || policy.contains("aws_lb.service[each.key]"));
    assert!(policy.contains("local.services[name].behind == \"alb\""));
}

#[test]
fn a_number_that_does_not_move_is_held_by_a_target_without_policies() {
    let scaling = &module(LITTLE)["scaling.tf"];
    assert!(scaling.contains("resource \"aws_appautoscaling_target\" \"server\""));
    assert!(!scaling.contains("\"server_cpu\"") && !scaling.contains("\"server_requests\""));
    // Who scales within no bounds has no policy either.
    let inside = &module(INSIDE)["scaling.tf"];
    assert!(inside.contains("\"aws_appautoscaling_target\" \"gate\""));
    assert!(!inside.contains("\"gate_cpu\""));
}
