//! What the rules about fronts, detection, databases, cost and scaling find beside their case in
//! `cases/`, and when they are silent: edits of the clean example, small models, and real inputs.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    reason = "a test"
)]

#[path = "cases/clean.rs"]
mod clean;
#[path = "cases/mutation.rs"]
mod mutation;

use std::path::Path;

use clean::{clean, findings, report};
use farmgate_audit::check::{Options, check, check_by};
use farmgate_audit::prices::Prices;
use farmgate_audit::report::{Finding, Report};
use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{
    Key, Listener, Model, Origin, Source, SourceKind, Val, WafAssociation, WebAcl, WebAclRule,
    WebAclRuleKind,
};
use mutation::Mutation;
use serde_json::{Value, json};

/// The plan of a rule's case, with further edits.
#[track_caller]
fn plan_of(case: Option<&str>, edits: Value) -> Value {
    let mut plan = clean();
    if let Some(rule) = case {
        let path = clean::here("tests/cases").join(rule).join("mutation.json");
        let text = std::fs::read_to_string(path).unwrap();
        let mutation: Mutation = serde_json::from_str(&text).unwrap();
        mutation.apply(&mut plan).unwrap();
    }
    if edits.as_array().is_some_and(|edits| !edits.is_empty()) {
        let mutation = json!({ "about": "a test", "edits": edits });
        let mutation: Mutation = serde_json::from_value(mutation).expect("a mutation");
        mutation.apply(&mut plan).expect("edits that fit");
    }
    plan
}

fn model_of(plan: &Value) -> Model {
    let bytes = serde_json::to_vec(plan).unwrap();
    import(&[Input { name: "plan.json", bytes: &bytes }]).unwrap()
}

fn of_model(model: &Model) -> Report {
    check(model, &Options::default()).unwrap()
}

/// What is found in a case with further edits.
#[track_caller]
fn found(case: &str, edits: Value) -> String {
    findings(&report(&plan_of(Some(case), edits)).unwrap())
}

/// What is found in the clean example after these edits.
#[track_caller]
fn edited(edits: Value) -> String {
    findings(&report(&plan_of(None, edits)).unwrap())
}

/// What a rule finds.
fn by<'r>(report: &'r Report, rule: &str) -> Vec<&'r Finding> {
    report.findings.iter().filter(|finding| finding.rule == rule).collect()
}

fn set(resource: &str, attribute: &str, value: Value) -> Value {
    json!({ "resource": resource, "attribute": attribute, "set": value })
}

// === waf-missing, rate-limit-missing ===

const ASSOCIATION: &str = "aws_wafv2_web_acl_association.farm";

#[test]
fn an_allow_list_is_no_front_for_strangers() {
    // The clean example's own load balancer has no web ACL.
    assert_eq!(edited(json!([])), "");
}

#[test]
fn a_load_balancer_that_is_open_wants_a_web_acl_with_a_rate() {
    let found = found("listener-open-to-world", json!([{ "delete": ASSOCIATION }]));
    assert_eq!(
        found,
        "medium listener-open-to-world aws_lb_listener.https \
         aws_vpc_security_group_ingress_rule.alb[\"443\"]\n\
         low waf-missing aws_lb.farm\nlow rate-limit-missing aws_lb.farm\n"
    );
}

#[test]
fn an_association_that_may_be_anywhere_says_nothing() {
    let edits = json!([{
        "resource": ASSOCIATION, "attribute": "resource_arn",
        "references": ["var.resource"],
    }]);
    let found = found("listener-open-to-world", edits);
    assert!(!found.contains("waf-missing") && !found.contains("rate-limit"), "{found}");
}

/// The model of the case, with this web ACL.
fn with_acl(change: impl FnOnce(&mut WebAcl)) -> Report {
    let mut model = model_of(&plan_of(Some("listener-open-to-world"), json!([])));
    change(model.web_acls.get_mut("aws_wafv2_web_acl.farm").unwrap());
    of_model(&model)
}

fn managed(name: &str) -> WebAclRule {
    WebAclRule {
        name: "group".to_owned(),
        priority: Some(1),
        kind: WebAclRuleKind::Managed { name: Some(name.to_owned()), counted: Vec::new() },
        action: Some("none".to_owned()),
    }
}

#[test]
fn a_web_acl_that_only_counts_blocks_nothing() {
    let report = with_acl(|acl| acl.rules[0].action = Some("count".to_owned()));
    let finding = by(&report, "waf-missing")[0];
    assert_eq!(finding.title, "aws_wafv2_web_acl.farm before aws_lb.farm blocks nothing");
    assert_eq!(by(&report, "rate-limit-missing").len(), 1);
    let report = with_acl(|acl| acl.rules.clear());
    assert_eq!(by(&report, "waf-missing").len(), 1);
    // What is not read may block.
    let report = with_acl(|acl| {
        acl.rules.clear();
        acl.open = Some("a dynamic block".into());
    });
    assert!(by(&report, "waf-missing").is_empty() && by(&report, "rate-limit-missing").is_empty());
    let report = with_acl(|acl| {
        acl.rules.clear();
        acl.blocks_by_default = Val::Known(true);
    });
    assert!(by(&report, "waf-missing").is_empty() && by(&report, "rate-limit-missing").is_empty());
}

#[test]
fn which_groups_may_count_requests() {
    for (name, limits) in [
        ("AWSManagedRulesCommonRuleSet", false),
        ("AWSManagedRulesKnownBadInputsRuleSet", false),
        ("AWSManagedRulesBotControlRuleSet", true),
        ("AWSManagedRulesAntiDDoSRuleSet", true),
        ("OfSomebodyElse", true),
    ] {
        let report = with_acl(|acl| acl.rules = vec![managed(name)]);
        assert_eq!(by(&report, "rate-limit-missing").is_empty(), limits, "{name}");
        assert!(by(&report, "waf-missing").is_empty(), "{name}");
    }
    let group = WebAclRule { kind: WebAclRuleKind::Group, ..managed("") };
    let report = with_acl(|acl| acl.rules = vec![group]);
    assert!(by(&report, "rate-limit-missing").is_empty());
}

#[test]
fn what_aws_prints_says_nothing_of_what_was_not_asked() {
    let mut model = model_of(&plan_of(Some("listener-open-to-world"), json!([])));
    model.waf.clear();
    // The load balancer as `aws elbv2 describe-load-balancers` shows it.
    let arn =
        Key::new("arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/f/1");
    let mut balancer = model.load_balancers.remove("aws_lb.farm").unwrap();
    balancer.key = arn.clone();
    model.load_balancers.insert(arn.clone(), balancer);
    for listener in model.listeners.values_mut() {
        listener.load_balancer = Val::Known(arn.clone());
    }
    let kind = SourceKind::Described;
    model.sources = vec![Source { name: "describe/".to_owned(), kind, resources: 1 }];
    // What says that its web ACL was not asked for.
    let unasked = WafAssociation {
        key: Key::new("the web ACL"),
        resource: Val::Known(arn.clone()),
        web_acl: Val::Unknown("isn't shown".into()),
    };
    model.waf.insert(unasked.key.clone(), unasked);
    assert!(by(&of_model(&model), "waf-missing").is_empty());
    model.waf.clear();
    let report = of_model(&model);
    let finding = by(&report, "waf-missing")[0];
    assert_eq!(finding.origins, [arn.to_string()]);
    assert!(!finding.assumes.iter().any(|note| note.contains("no source shows")), "{finding:?}");
    // AWS WAF Classic wasn't asked, which is told; and where it was, it isn't.
    let told = |finding: &Finding| finding.assumes.iter().any(|note| note.contains("WAF Classic"));
    assert!(told(finding), "{finding:?}");
    model.detection.listed.insert("aws_wafregional_web_acl_association".to_owned());
    let report = of_model(&model);
    assert!(!told(by(&report, "waf-missing")[0]));
}

#[test]
fn apis_that_strangers_cannot_call() {
    let api = "aws_api_gateway_rest_api.tools";
    for edit in [
        set(api, "endpoint_configuration", json!([{ "types": ["PRIVATE"] }])),
        set(api, "policy", json!("{\"Statement\":[]}")),
        json!({ "delete": "aws_api_gateway_stage.prod" }),
        set("aws_api_gateway_integration.any", "type", json!("MOCK")),
    ] {
        for case in ["waf-missing", "rate-limit-missing"] {
            let found = found(case, json!([edit]));
            assert!(!found.contains("-missing"), "{edit}: {found}");
        }
    }
}

#[test]
fn a_limit_of_minus_one_is_none() {
    let settings = "aws_api_gateway_method_settings.all";
    let off = set(settings, "settings", json!([{ "throttling_rate_limit": -1 }]));
    assert!(found("waf-missing", json!([off])).contains("low rate-limit-missing"));
    let of_one = set(settings, "method_path", json!("tools/POST"));
    assert!(found("waf-missing", json!([of_one])).contains("low rate-limit-missing"));
    let metered = set("aws_api_gateway_method.any", "api_key_required", json!(true));
    let metered =
        json!([metered, set("aws_api_gateway_method.any", "authorization", json!("NONE"))]);
    assert!(!found("rate-limit-missing", metered).contains("rate-limit-missing"));
}

#[test]
fn stages_without_logs() {
    let off = json!([set("aws_api_gateway_stage.prod", "access_log_settings", json!([])),
        { "configuration": "aws_api_gateway_stage.prod", "attribute": "access_log_settings", "set": [] }]);
    let found = found("waf-missing", off);
    assert!(found.contains("low access-logs-off aws_api_gateway_stage.prod\n"), "{found}");
}

// === tls-policy-weak ===

const HTTPS: &str = "aws_lb_listener.https";

#[test]
fn policies_by_what_they_take() {
    for (policy, expected) in [
        ("ELBSecurityPolicy-2016-08", "medium"),
        ("ELBSecurityPolicy-TLS13-1-0-2021-06", "medium"),
        ("ELBSecurityPolicy-TLS13-1-1-2021-06", "medium"),
        ("ELBSecurityPolicy-FS-1-1-2019-08", "medium"),
        ("ELBSecurityPolicy-TLS-1-2-2017-01", "low"),
        ("ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", "low"),
        ("ELBSecurityPolicy-TLS13-1-2-Res-2021-06", ""),
        ("ELBSecurityPolicy-FS-1-2-Res-2020-10", ""),
        ("ELBSecurityPolicy-TLS13-1-3-PQ-2025-09", ""),
        ("ELBSecurityPolicy-Of-Tomorrow", ""),
    ] {
        let found = edited(json!([set(HTTPS, "ssl_policy", json!(policy))]));
        let line = format!("{expected} tls-policy-weak {HTTPS}\n");
        assert_eq!(found, if expected.is_empty() { "" } else { &line }, "{policy}");
    }
}

#[test]
fn without_a_policy_the_default_takes_tls_1_0() {
    // The provider calls it known after apply.
    let mut plan =
        plan_of(None, json!([{ "resource": HTTPS, "attribute": "ssl_policy", "remove": true }]));
    let changes = plan["resource_changes"].as_array_mut().unwrap();
    let own = changes.iter_mut().find(|it| it["address"] == HTTPS).unwrap();
    own["change"]["after_unknown"]["ssl_policy"] = json!(true);
    let report = report(&plan).unwrap();
    let title = &by(&report, "tls-policy-weak")[0].title;
    assert_eq!(
        title,
        "aws_lb_listener.https takes TLS 1.0 and 1.1: no policy is written, and the default is \
         `ELBSecurityPolicy-2016-08`"
    );
    // One that a variable names is not known.
    let plan = plan_of(
        None,
        json!([{ "resource": HTTPS, "attribute": "ssl_policy", "references": ["var.policy"] }]),
    );
    assert_eq!(findings(&self_report(&plan)), "");
}

fn self_report(plan: &Value) -> Report {
    report(plan).unwrap()
}

#[test]
fn plain_listeners_carry_no_policy() {
    let mut model = model_of(&clean());
    let http: &mut Listener = model.listeners.get_mut("aws_lb_listener.http").unwrap();
    http.tls_policy = Val::Known(Some("ELBSecurityPolicy-2016-08".to_owned()));
    assert!(by(&of_model(&model), "tls-policy-weak").is_empty());
}

#[test]
fn domain_names_and_distributions() {
    let domain = |policy: &str| {
        json!({ "add": "aws_api_gateway_domain_name.api", "values": { "security_policy": policy },
            "unknown": { "id": true }, "expressions": { "security_policy": { "constant_value": policy } } })
    };
    assert_eq!(
        edited(json!([domain("TLS_1_0")])),
        "medium tls-policy-weak aws_api_gateway_domain_name.api\n"
    );
    assert_eq!(edited(json!([domain("TLS_1_2")])), "");
    assert_eq!(edited(json!([domain("SecurityPolicy_TLS13_1_3_2025_09")])), "");
    let distribution = |certificate: Value| {
        json!({ "add": "aws_cloudfront_distribution.web", "unknown": { "id": true }, "values": {
            "viewer_certificate": [certificate],
            "default_cache_behavior": [{ "viewer_protocol_policy": "https-only" }],
            "origin": [{ "domain_name": "static.example.com" }] }, "expressions": {} })
    };
    let own = |version: &str| json!({ "cloudfront_default_certificate": false, "minimum_protocol_version": version });
    let found = "low tls-policy-weak aws_cloudfront_distribution.web\n";
    assert_eq!(edited(json!([distribution(own("TLSv1.1_2016"))])), found);
    assert_eq!(edited(json!([distribution(own("TLSv1.2_2021"))])), "");
    let default = json!({ "cloudfront_default_certificate": true, "minimum_protocol_version": "TLSv1.2_2021" });
    assert_eq!(edited(json!([distribution(default)])), found);
}

// === databases ===

const DATABASE: &str = "aws_db_instance.notes";

#[test]
fn what_is_made_of_something_is_as_that() {
    let plain = json!({ "resource": DATABASE, "attribute": "storage_encrypted", "remove": true });
    let title = "medium database-unencrypted aws_db_instance.notes\n";
    assert_eq!(found("database-unencrypted", json!([plain])), title);
    for edit in [
        set(DATABASE, "snapshot_identifier", json!("rds:notes-2026")),
        set(DATABASE, "replicate_source_db", json!("notes-of-old")),
        set(
            DATABASE,
            "restore_to_point_in_time",
            json!([{ "source_db_instance_identifier": "x" }]),
        ),
        set(DATABASE, "engine", json!("aurora-postgresql")),
    ] {
        assert_eq!(found("database-unencrypted", json!([plain, edit])), "", "{edit}");
    }
}

#[test]
fn a_public_database_in_private_subnets_is_low() {
    let report = report(&plan_of(Some("database-public"), json!([]))).unwrap();
    let finding = by(&report, "database-public")[0];
    let title = "aws_db_instance.notes is publicly accessible, and its groups and routes let nothing \
                 of the internet in";
    assert_eq!(finding.title, title);
    assert_eq!(finding.statements, ["only-through-ingress:aws_db_instance.notes"]);
    assert!(finding.fix.tried[0].works);
}

// === detection ===

#[test]
fn a_plan_without_detection_says_nothing() {
    for rule in ["cloudtrail-weak", "guardduty-off", "security-hub-off"] {
        assert!(by(&report(&clean()).unwrap(), rule).is_empty());
    }
}

#[test]
fn what_is_listed_and_not_there_is_off() {
    let mut model = model_of(&clean());
    for kind in [
        "aws_cloudtrail",
        "aws_guardduty_detector",
        "aws_securityhub_account",
        "aws_config_configuration_recorder",
    ] {
        model.detection.listed.insert(kind.to_owned());
    }
    let report = of_model(&model);
    let titles: Vec<&str> = report.findings.iter().map(|it| it.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "the account has no trail of CloudTrail",
            "GuardDuty has no detector in eu-central-1",
            "Security Hub is off in eu-central-1",
            "AWS Config has no recorder in eu-central-1",
        ]
    );
}

#[test]
fn one_good_trail_is_enough() {
    let good = json!({ "add": "aws_cloudtrail.account", "values": {
        "name": "account", "is_multi_region_trail": true, "enable_log_file_validation": true,
    }, "unknown": { "id": true }, "expressions": {} });
    assert_eq!(found("cloudtrail-weak", json!([good])), "");
    let off = set("aws_cloudtrail.farm", "enable_logging", json!(false));
    assert_eq!(
        found("cloudtrail-weak", json!([off])),
        "medium cloudtrail-weak aws_cloudtrail.farm\n"
    );
    let reads = json!([{ "include_management_events": true, "read_write_type": "ReadOnly" }]);
    let edits = json!([set("aws_cloudtrail.farm", "event_selector", reads)]);
    let report = report(&plan_of(Some("cloudtrail-weak"), edits)).unwrap();
    assert_eq!(
        by(&report, "cloudtrail-weak")[0].title,
        "aws_cloudtrail.farm records one region, leaves out changes to the account and has no log \
         file validation"
    );
}

#[test]
fn a_hub_without_standards_checks_nothing() {
    let hub = json!({ "add": "aws_securityhub_account.farm", "values": { "enable_default_standards": false },
        "unknown": { "id": true },
        "expressions": { "enable_default_standards": { "constant_value": false } } });
    assert_eq!(edited(json!([hub])), "low security-hub-off aws_securityhub_account.farm\n");
    let subscription = json!({ "add": "aws_securityhub_standards_subscription.best",
        "values": { "standards_arn": "arn:aws:securityhub:eu-central-1::standards/x" },
        "unknown": { "id": true }, "expressions": {} });
    assert_eq!(edited(json!([hub, subscription])), "");
}

// === flow-logs-rejects-only ===

#[test]
fn accepted_flows_too_are_enough() {
    let all = set("aws_flow_log.rejected", "traffic_type", json!("ALL"));
    assert_eq!(found("flow-logs-rejects-only", json!([all])), "");
    let accepted = json!({ "add": "aws_flow_log.accepted", "values": { "traffic_type": "ACCEPT" },
        "unknown": { "id": true, "vpc_id": true },
        "expressions": { "vpc_id": { "references": ["aws_vpc.farm.id", "aws_vpc.farm"] } } });
    assert_eq!(found("flow-logs-rejects-only", json!([accepted])), "");
}

#[test]
fn without_a_way_out_rejects_are_enough() {
    let closed = json!([{ "delete": "aws_route.out" }]);
    assert_eq!(found("flow-logs-rejects-only", closed), "");
    // A rule for a prefix list of AWS's is no way to the internet.
    let narrow = json!([{ "delete": "aws_vpc_security_group_egress_rule.python_out" }]);
    assert_eq!(found("flow-logs-rejects-only", narrow), "");
}

// === scaling-without-bound ===

const TARGET: &str = "aws_appautoscaling_target.python";

/// A policy of the service.
fn policy(name: &str, only_out: bool) -> Value {
    json!({ "add": format!("aws_appautoscaling_policy.{name}"), "values": {
        "policy_type": "TargetTrackingScaling", "resource_id": "service/farm/python",
        "service_namespace": "ecs",
        "target_tracking_scaling_policy_configuration": [{
            "disable_scale_in": only_out, "target_value": 70,
            "predefined_metric_specification": [{ "predefined_metric_type": "ECSServiceAverageCPUUtilization" }],
        }],
    }, "unknown": { "id": true }, "expressions": {} })
}

#[test]
fn a_range_that_something_moves() {
    assert_eq!(found("scaling-without-bound", json!([policy("cpu", false)])), "");
    let grows =
        report(&plan_of(Some("scaling-without-bound"), json!([policy("cpu", true)]))).unwrap();
    let title = &by(&grows, "scaling-without-bound")[0].title;
    assert_eq!(
        title,
        "aws_appautoscaling_target.python only grows: every policy has `disable_scale_in`"
    );
    let both = json!([policy("cpu", true), policy("memory", false)]);
    assert_eq!(found("scaling-without-bound", both), "");
    let by_clock = json!({ "add": "aws_appautoscaling_scheduled_action.night", "values": {
        "resource_id": "service/farm/python", "service_namespace": "ecs" },
        "unknown": { "id": true }, "expressions": {} });
    assert_eq!(found("scaling-without-bound", json!([by_clock])), "");
}

#[test]
fn bounds_that_contradict() {
    let edits = json!([
        set(TARGET, "max_capacity", json!(9000)),
        set(TARGET, "min_capacity", json!(2)),
        policy("cpu", false)
    ]);
    let report = report(&plan_of(Some("scaling-without-bound"), edits)).unwrap();
    assert_eq!(
        by(&report, "scaling-without-bound")[0].title,
        "aws_appautoscaling_target.python may grow to 9000 tasks, more than the 5000 of the quota: \
         nothing bounds it and keeps 2 to 9000 tasks, and aws_ecs_service.python asks for 1"
    );
}

// === timestream-closed, hard-coded-prefix-list, endpoint-cost ===

#[test]
fn only_the_service_that_is_closed() {
    let endpoint = |service: &str| {
        set(
            "aws_vpc_endpoint.interface[\"logs\"]",
            "service_name",
            json!(format!("com.amazonaws.eu-central-1.{service}")),
        )
    };
    let found = |service| {
        let report = report(&plan_of(None, json!([endpoint(service)]))).unwrap();
        by(&report, "timestream-closed").len()
    };
    assert_eq!(found("timestream.ingest-cell1"), 1);
    assert_eq!(found("timestream.query-cell3"), 1);
    assert_eq!(found("timestream-influxdb"), 0);
}

#[test]
fn lists_that_are_looked_up_are_not_hard_coded() {
    let rule = "aws_vpc_security_group_egress_rule.python_to_s3";
    // A customer's own.
    let own = set(rule, "prefix_list_id", json!("pl-0123456789abcdef0"));
    assert!(!edited(json!([own])).contains("hard-coded"));
    // Known, since a data source was read; its expression names that.
    let mut plan = plan_of(Some("hard-coded-prefix-list"), json!([]));
    let written = plan.pointer_mut("/configuration/root_module/resources").unwrap();
    let written = written.as_array_mut().unwrap();
    let own = written.iter_mut().find(|it| it["address"] == rule).unwrap();
    own["expressions"]["prefix_list_id"] = json!({ "references": ["data.aws_prefix_list.s3.id"] });
    assert_eq!(findings(&self_report(&plan)), "");
}

#[test]
fn cloudfront_block_by_block() {
    let mut model = model_of(&clean());
    let group = model.security_groups.get_mut("aws_security_group.alb").unwrap();
    let mut rule = group.ingress.rules[0].clone();
    rule.origin = Origin::of(&Key::new("aws_security_group_rule.cloudfront"));
    for blocks in [
        vec!["13.32.0.0/15", "99.84.0.0/16"],
        vec!["13.32.0.0/15", "99.84.0.0/16", "143.204.7.0/24"],
    ] {
        let expected = usize::from(blocks.len() > 2);
        rule.peers.cidrs.sure = blocks.iter().map(|block| block.parse().unwrap()).collect();
        let mut model = model.clone();
        model
            .security_groups
            .get_mut("aws_security_group.alb")
            .unwrap()
            .ingress
            .rules
            .push(rule.clone());
        assert_eq!(by(&of_model(&model), "hard-coded-prefix-list").len(), expected);
    }
}

/// The finding on the case, in another region and by other prices.
fn cost(region: &str, prices: &Prices) -> Option<Finding> {
    let mut model = model_of(&plan_of(Some("endpoint-cost"), json!([])));
    model.region = Some(region.to_owned());
    let report = check_by(&model, &Options::default(), prices).unwrap();
    by(&report, "endpoint-cost").first().map(|finding| (*finding).clone())
}

#[test]
fn the_arithmetic_of_the_document() {
    let prices = Prices::default();
    let finding = cost("us-east-1", &prices).unwrap();
    assert_eq!(
        finding.title,
        "4 interface endpoints in 2 zones of aws_vpc.farm cost $58.40 a month, more than NAT below \
         1,669 GB"
    );
    let text = &finding.fix.text;
    assert!(
        text.ends_with("in one zone they cost $29.20, and NAT is cheaper below 834 GB"),
        "{text}"
    );
    assert!(finding.assumes.contains(&"prices are AWS's list prices of 2026-11-01".to_owned()));
    assert!(
        cost("eu-west-1", &prices)
            .unwrap()
            .title
            .ends_with("$64.24 a month, more than NAT below 1,691 GB")
    );
    assert!(cost("mars-north-1", &prices).is_none());
    let own = br#"{ "source": "our contract", "regions": { "mars-north-1":
        { "endpoint_hour": 0.02, "endpoint_gb": 0.01, "nat_gb": 0.045 } } }"#;
    let own = Prices::read(own).unwrap();
    assert!(cost("mars-north-1", &own).unwrap().title.contains("$116.80 a month"));
    assert!(cost("us-east-1", &own).is_none());
}

#[test]
fn endpoints_with_policies_are_there_for_these() {
    let policy = |statement: &str| {
        let text = format!("{{\"Statement\":[{statement}]}}");
        ["ecr.api", "ecr.dkr", "logs", "secretsmanager"].map(|name| {
            set(&format!("aws_vpc_endpoint.interface[\"{name}\"]"), "policy", json!(text))
        })
    };
    let open = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
    assert!(found("endpoint-cost", json!(policy(open))).contains("endpoint-cost"));
    let narrow = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*",
        "Condition":{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}}"#;
    assert_eq!(found("endpoint-cost", json!(policy(narrow))), "");
}

// === Real inputs ===

fn real(files: &[&str]) -> Option<Report> {
    let Some(folder) = std::env::var_os("FARMGATE_REAL_INPUTS") else {
        println!("skipped: FARMGATE_REAL_INPUTS is not set");
        return None;
    };
    let read =
        |file: &&str| (file.to_string(), std::fs::read(Path::new(&folder).join(file)).unwrap());
    let read: Vec<(String, Vec<u8>)> = files.iter().map(read).collect();
    let inputs: Vec<Input<'_>> = read.iter().map(|(name, bytes)| Input { name, bytes }).collect();
    let model = import(&inputs).unwrap_or_else(|errors| panic!("{errors:?}"));
    Some(of_model(&model))
}

#[test]
fn the_bus_simulator() {
    let Some(report) = real(&["bus-simulator/plan.json"]) else { return };
    // Defect 13.
    assert_eq!(
        by(&report, "endpoint-cost")[0].title,
        "4 interface endpoints in 2 zones of module.supporting.aws_vpc.main[0] cost $64.24 a month, \
         more than NAT below 1,691 GB"
    );
    // Defect 14.
    assert_eq!(by(&report, "timestream-closed")[0].origins.len(), 6);
    // Defect 19: what has no web ACL, and can't have one.
    let titles: Vec<&str> = by(&report, "waf-missing").iter().map(|it| it.title.as_str()).collect();
    assert!(titles.contains(
        &"module.mcp_server.aws_apigatewayv2_api.mcp is an HTTP API, before which there can be no web ACL"
    ));
    // Its own stage has a limit; the others have none.
    let unlimited: Vec<&str> =
        by(&report, "rate-limit-missing").iter().map(|it| it.origins[0].as_str()).collect();
    assert_eq!(
        unlimited,
        [
            "module.api_gateway.aws_api_gateway_rest_api.main",
            "module.api_gateway.aws_apigatewayv2_api.websocket",
        ]
    );
    for rule in ["cloudtrail-weak", "guardduty-off", "security-hub-off", "hard-coded-prefix-list"] {
        assert!(by(&report, rule).is_empty(), "{rule}");
    }
}

// === Templates and what `aws` prints ===

/// The report on these files.
#[track_caller]
fn of_files(files: &[(&str, Value)]) -> Report {
    let texts: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, value)| (*name, serde_json::to_vec(value).unwrap())).collect();
    let inputs: Vec<Input<'_>> = texts.iter().map(|(name, bytes)| Input { name, bytes }).collect();
    of_model(&import(&inputs).unwrap_or_else(|errors| panic!("{errors:?}")))
}

fn titles(report: &Report, rule: &str) -> Vec<String> {
    by(report, rule).iter().map(|finding| finding.title.clone()).collect()
}

/// A template with one thing of each family; `good` has all settings.
fn template(good: bool) -> Value {
    let or = |value: Value, other: Value| if good { value } else { other };
    let logs = json!({ "DestinationArn": "arn:aws:logs:eu-west-1:123456789012:log-group:api", "Format": "$context.requestId" });
    json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": {
        "Api": { "Type": "AWS::ApiGateway::RestApi", "Properties": { "Name": "tools" } },
        "Method": { "Type": "AWS::ApiGateway::Method", "Properties": {
            "RestApiId": { "Ref": "Api" }, "ResourceId": { "Fn::GetAtt": ["Api", "RootResourceId"] },
            "HttpMethod": "POST", "AuthorizationType": "AWS_IAM",
            "Integration": { "Type": "HTTP_PROXY", "IntegrationHttpMethod": "POST", "Uri": "https://tools.example.com/" } } },
        "Stage": { "Type": "AWS::ApiGateway::Stage", "Properties": {
            "RestApiId": { "Ref": "Api" }, "StageName": "prod",
            "AccessLogSetting": or(logs, Value::Null),
            "MethodSettings": or(json!([{ "HttpMethod": "*", "ResourcePath": "/*", "ThrottlingRateLimit": 50 }]), Value::Null) } },
        "Acl": { "Type": "AWS::WAFv2::WebACL", "Properties": {
            "Scope": "REGIONAL", "DefaultAction": { "Allow": {} }, "Rules": [{
                "Name": "rate", "Priority": 1, "Action": or(json!({ "Block": {} }), json!({ "Count": {} })),
                "Statement": { "RateBasedStatement": { "AggregateKeyType": "IP", "Limit": 2000 } } }] } },
        "AclOfStage": { "Type": "AWS::WAFv2::WebACLAssociation", "Properties": {
            "ResourceArn": { "Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${Api}/stages/${Stage}" },
            "WebACLArn": { "Fn::GetAtt": ["Acl", "Arn"] } } },
        "Domain": { "Type": "AWS::ApiGateway::DomainName", "Properties": {
            "DomainName": "tools.example.org", "SecurityPolicy": or(json!("TLS_1_2"), json!("TLS_1_0")) } },
        "Web": { "Type": "AWS::CloudFront::Distribution", "Properties": { "DistributionConfig": {
            "Enabled": true,
            "DefaultCacheBehavior": { "TargetOriginId": "web", "ViewerProtocolPolicy": "https-only" },
            "Origins": [{ "Id": "web", "DomainName": "static.example.com", "CustomOriginConfig": { "OriginProtocolPolicy": "https-only" } }],
            "ViewerCertificate": or(json!({ "AcmCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1", "MinimumProtocolVersion": "TLSv1.2_2021" }), Value::Null) } } },
        "Detector": { "Type": "AWS::GuardDuty::Detector", "Properties": { "Enable": good } },
        "Trail": { "Type": "AWS::CloudTrail::Trail", "Properties": {
            "S3BucketName": "trail", "IsLogging": true, "IsMultiRegionTrail": good, "EnableLogFileValidation": good } },
        "Hub": { "Type": "AWS::SecurityHub::Hub", "Properties": { "EnableDefaultStandards": good } },
        "Cluster": { "Type": "AWS::ECS::Cluster", "Properties": { "ClusterName": "farm" } },
        "Service": { "Type": "AWS::ECS::Service", "Properties": {
            "ServiceName": "tools", "Cluster": { "Ref": "Cluster" }, "DesiredCount": 1 } },
        "Target": { "Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
            "MinCapacity": 1, "MaxCapacity": 5, "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": { "Fn::Join": ["/", ["service", { "Ref": "Cluster" }, { "Fn::GetAtt": ["Service", "Name"] }]] } } },
        "Policy": { "Type": "AWS::ApplicationAutoScaling::ScalingPolicy", "Properties": {
            "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "ScalingTargetId": { "Ref": "Target" },
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 70, "DisableScaleIn": !good,
                "PredefinedMetricSpecification": { "PredefinedMetricType": "ECSServiceAverageCPUUtilization" } } } },
    } })
}

#[test]
fn a_template_says_all_of_it() {
    const MINE: [&str; 9] = [
        "access-logs-off",
        "waf-missing",
        "rate-limit-missing",
        "tls-policy-weak",
        "cloudtrail-weak",
        "guardduty-off",
        "security-hub-off",
        "scaling-without-bound",
        "hard-coded-prefix-list",
    ];
    let without_nulls = |good| {
        let mut template = template(good);
        for (_, resource) in template["Resources"].as_object_mut().unwrap() {
            if let Some(properties) = resource.get_mut("Properties").and_then(Value::as_object_mut)
            {
                properties.retain(|_, value| !value.is_null());
            }
        }
        let config = &mut template["Resources"]["Web"]["Properties"]["DistributionConfig"];
        config.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        template
    };
    let good = of_files(&[("tools.json", without_nulls(true))]);
    let found = MINE.map(|rule| titles(&good, rule)).concat();
    assert!(found.is_empty(), "{found:#?}");
    let bad = of_files(&[("tools.json", without_nulls(false))]);
    let found = MINE.map(|rule| titles(&bad, rule)).concat();
    assert_eq!(
        found,
        [
            "tools/Stage writes no access logs",
            "tools/Acl before tools/Api blocks nothing",
            "tools/Api has no limit of its own: it takes what the whole account may",
            "tools/Domain takes TLS 1.0 and 1.1: its security policy `TLS_1_0`",
            "tools/Web takes old TLS: its viewers may speak `TLSv1`",
            "tools/Trail records one region and has no log file validation",
            "tools/Detector is switched off",
            "tools/Hub has no standard, so that Security Hub checks nothing itself",
            "tools/Target only grows: every policy has `disable_scale_in`",
        ]
    );
}

/// What a call of `farmgate collect` saved.
fn asked(service: &str, operation: &str, parameters: Value, answer: Value) -> Value {
    let mut document = json!({ "farmgateRequest": { "service": service, "operation": operation,
        "region": "eu-west-1", "account": "123456789012", "parameters": parameters } });
    document.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
    document
}

#[test]
fn what_is_seen_to_be_missing_is_off() {
    let error = json!({ "farmgateError": { "code": "InvalidAccessException", "message": "not subscribed" } });
    let recorders = "describe-configuration-recorders";
    let files = [
        ("1.json", asked("cloudtrail", "describe-trails", json!({}), json!({ "trailList": [] }))),
        ("2.json", asked("guardduty", "list-detectors", json!({}), json!({ "DetectorIds": [] }))),
        (
            "3.json",
            asked("configservice", recorders, json!({}), json!({ "ConfigurationRecorders": [] })),
        ),
        ("4.json", asked("securityhub", "describe-hub", json!({}), error)),
    ];
    let report = of_files(&files);
    assert_eq!(titles(&report, "cloudtrail-weak"), ["123456789012 has no trail of CloudTrail"]);
    assert_eq!(titles(&report, "guardduty-off"), ["GuardDuty has no detector in eu-west-1"]);
    assert_eq!(
        titles(&report, "security-hub-off"),
        ["Security Hub is off in eu-west-1", "AWS Config has no recorder in eu-west-1"]
    );
    // Nobody was asked, or nobody answered.
    let denied = json!({ "farmgateError": { "code": "AccessDenied", "message": "no" } });
    let clusters = asked("ecs", "list-clusters", json!({}), json!({ "clusterArns": [] }));
    let refused = asked("guardduty", "list-detectors", json!({}), denied.clone());
    let hub = asked("securityhub", "describe-hub", json!({}), denied);
    let report = of_files(&[("1.json", clusters), ("2.json", refused), ("3.json", hub)]);
    for rule in ["cloudtrail-weak", "guardduty-off", "security-hub-off"] {
        assert!(by(&report, rule).is_empty(), "{rule}");
    }
}

#[test]
fn detectors_that_are_listed_and_not_shown_say_nothing() {
    let listed = json!({ "DetectorIds": ["12abc34d567e8fa901bc2d34e56789f0"] });
    let list = asked("guardduty", "list-detectors", json!({}), listed);
    assert!(by(&of_files(&[("1.json", list.clone())]), "guardduty-off").is_empty());
    let id = json!({ "DetectorId": "12abc34d567e8fa901bc2d34e56789f0" });
    let answer = json!({ "Status": "DISABLED", "FindingPublishingFrequency": "SIX_HOURS" });
    let off = asked("guardduty", "get-detector", id, answer);
    assert_eq!(by(&of_files(&[("1.json", list), ("2.json", off)]), "guardduty-off").len(), 1);
}

#[test]
fn the_mcp_farm() {
    let Some(report) = real(&[
        "mcp-farm/ChatbotStack.template.json",
        "mcp-farm/McpFarmAlbStack.template.json",
        "mcp-farm/nova-act-mcp-fargate.template.json",
        "mcp-farm/python-mcp-fargate.template.json",
    ]) else {
        return;
    };
    // Defect 30: CloudFront's list by its id, beside a rule for everybody.
    let lists = titles(&report, "hard-coded-prefix-list");
    assert_eq!(lists.len(), 1);
    assert!(lists[0].starts_with("`pl-82a045eb` is written by its id"), "{lists:?}");
    // Defect 35.
    let logs: Vec<&str> =
        by(&report, "access-logs-off").iter().map(|it| it.origins[0].as_str()).collect();
    assert_eq!(logs.len(), 2, "{logs:?}");
    // What the document asks for and nobody made.
    assert_eq!(by(&report, "waf-missing").len(), 3, "{:#?}", titles(&report, "waf-missing"));
    assert_eq!(by(&report, "rate-limit-missing").len(), 3);
    assert_eq!(by(&report, "flow-logs-off").len(), 1);
    // Two policies move each service.
    assert!(by(&report, "scaling-without-bound").is_empty());
    for rule in ["cloudtrail-weak", "guardduty-off", "security-hub-off", "endpoint-cost"] {
        assert!(by(&report, rule).is_empty(), "{rule}");
    }
}

#[test]
fn mem_brain_says_little_of_what_was_not_asked() {
    let Some(report) = real(&[
        "mem-brain/describe-listeners.json",
        "mem-brain/describe-load-balancers.json",
        "mem-brain/describe-security-groups-as-documented.json",
        "mem-brain/describe-subnets.json",
        "mem-brain/describe-target-groups.json",
    ]) else {
        return;
    };
    for rule in [
        "waf-missing",
        "rate-limit-missing",
        "access-logs-off",
        "flow-logs-off",
        "tls-policy-weak",
        "cloudtrail-weak",
        "guardduty-off",
        "security-hub-off",
        "scaling-without-bound",
    ] {
        assert!(by(&report, rule).is_empty(), "{rule}: {:?}", titles(&report, rule));
    }
}
