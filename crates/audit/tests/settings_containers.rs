//! What the rules of containers, images, logs and secrets find beside their case in `cases/`, and when
//! they are silent: edits of the clean example, and what is found then.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    reason = "a test"
)]

#[path = "cases/clean.rs"]
mod clean;
#[path = "cases/mutation.rs"]
mod mutation;

use clean::{clean, findings, report};
use farmgate_audit::report::Report;
use mutation::Mutation;
use serde_json::{Map, Value, json};

/// The report on the clean example after these edits.
#[track_caller]
fn edited(edits: Value) -> Report {
    let mutation = json!({ "about": "a test", "edits": edits });
    let mutation: Mutation = serde_json::from_value(mutation).expect("a mutation");
    let mut plan = clean();
    mutation.apply(&mut plan).expect("edits that fit");
    report(&plan).expect("a report")
}

#[track_caller]
fn found(edits: Value) -> String {
    findings(&edited(edits))
}

/// The title of the only finding.
#[track_caller]
fn title(edits: Value) -> String {
    let report = edited(edits);
    assert_eq!(report.findings.len(), 1, "{}", findings(&report));
    report.findings[0].title.clone()
}

const DEFINITION: &str = "aws_ecs_task_definition.python";
const GROUP: &str = "aws_cloudwatch_log_group.python";
const REGISTRY: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

fn text_of_containers(plan: &Value) -> String {
    let resources = plan["planned_values"]["root_module"]["resources"].as_array().unwrap();
    let own = resources.iter().find(|it| it["address"] == DEFINITION).unwrap();
    own["values"]["container_definitions"].as_str().unwrap().to_owned()
}

/// The task definition with these changes of its container.
fn container(changes: Value) -> Value {
    let mut list: Vec<Value> = serde_json::from_str(&text_of_containers(&clean())).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        list[0][name] = value.clone();
    }
    let text = serde_json::to_string(&list).unwrap();
    json!({ "resource": DEFINITION, "attribute": "container_definitions", "set": text })
}

/// The container with one more variable.
fn variable(name: &str, value: &str) -> Value {
    container(json!({ "environment": [{ "name": name, "value": value }] }))
}

/// A resource of the root module; what is a text, a number or a boolean is written as a literal.
fn added(address: &str, values: Value, written: Value) -> Value {
    let mut expressions = Map::new();
    for (name, value) in values.as_object().unwrap() {
        let literal = |value: &Value| json!({ "constant_value": value });
        let block = |block: &Value| -> Value {
            let members = block.as_object().unwrap().iter();
            members
                .map(|(name, value)| (name.clone(), literal(value)))
                .collect::<Map<_, _>>()
                .into()
        };
        let expression = match value.as_array() {
            Some(blocks) => blocks.iter().map(block).collect(),
            None => literal(value),
        };
        expressions.insert(name.clone(), expression);
    }
    expressions.extend(written.as_object().unwrap().clone());
    json!({
        "add": address, "values": values, "expressions": expressions,
        "unknown": { "id": true, "arn": true },
    })
}

fn nothing() -> Value {
    json!({})
}

// === secret-in-environment ===

#[test]
fn credentials_are_named_and_never_told() {
    let token = format!("ghp_{}", "a1B2".repeat(9));
    let report = edited(json!([container(json!({
        "environment": [
            { "name": "DATABASE_URL", "value": "postgres://app:correct-horse@db/app" },
            { "name": "DB_PASSWORD", "value": "battery-staple" },
            { "name": "GH", "value": token },
        ],
        "command": ["server", "--key", "AKIAQ3EGRIT4XBCD5FGH"],
    }))]));
    let finding = report.findings.first().unwrap();
    assert_eq!(
        finding.title,
        "the task definition of aws_ecs_service.python holds credentials in clear: `DATABASE_URL` of \
         `python` (a URL with a password), `DB_PASSWORD` of `python`, `GH` of `python` (a token of \
         GitHub) and `command` of `python` (an access key of AWS)"
    );
    let whole = serde_json::to_string(&report).unwrap();
    for value in ["correct-horse", "battery-staple", token.as_str(), "AKIAQ3EGRIT4XBCD5FGH"] {
        assert!(!whole.contains(value), "{value}");
    }
}

#[test]
fn a_log_driver_may_hold_a_token() {
    let options = json!({ "splunk-url": "https://splunk.example.com:8088",
        "splunk-token": "b0221cd8-c4b4-465a-9a3c-273e3a75aa29" });
    let driver = json!({ "logConfiguration": { "logDriver": "splunk", "options": options } });
    let found = edited(json!([container(driver)])).findings;
    let ours = found.iter().find(|it| it.rule == "secret-in-environment").unwrap();
    assert!(ours.title.contains("the log option `splunk-token` of `python`"), "{}", ours.title);
}

#[test]
fn what_is_no_credential_is_not_found() {
    for (name, value) in [
        ("API_KEY_NAME", "prod-key-0123456789ab"),
        ("DB_PASSWORD", "changeme"),
        ("DB_PASSWORD", "<password>"),
        ("API_KEY", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:a-Kx3fQz"),
        ("SESSION_SECRET", "prod/app/session"),
        ("TOKEN_URL", "https://id.example.com/oauth2/token"),
        ("MAX_TOKENS", "4096"),
        ("PUBLIC_KEY", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
        ("GIT_COMMIT", "9b2a7c1d3e4f5061728394a5b6c7d8e9f0011223"),
        ("MCP_PATH", "/python/mcp"),
    ] {
        assert_eq!(found(json!([variable(name, value)])), "", "{name}={value}");
    }
}

// === plaintext-parameter ===

fn parameter(kind: &str, name: &str, value: Value) -> Value {
    added("aws_ssm_parameter.it", json!({ "type": kind, "name": name }), json!({ "value": value }))
}

#[test]
fn where_the_value_comes_from_decides_how_bad_it_is() {
    let literal = json!({ "constant_value": "never-print-this" });
    let made = json!({ "references": ["random_password.key.result", "random_password.key"] });
    let written = parameter("String", "/farm/api-key", literal.clone());
    assert_eq!(
        title(json!([written])),
        "aws_ssm_parameter.it holds a secret as `String`, which isn't encrypted, and its value is \
         written in the source"
    );
    let elsewhere = parameter("String", "/farm/api-key", made);
    assert_eq!(found(json!([elsewhere])), "medium plaintext-parameter aws_ssm_parameter.it\n");
    for (kind, name) in [("SecureString", "/farm/api-key"), ("String", "/farm/endpoint")] {
        assert_eq!(found(json!([parameter(kind, name, literal.clone())])), "", "{kind} {name}");
    }
}

#[test]
fn a_variables_default_is_written_unless_another_value_is_given() {
    let of = |value: &str| {
        let mut plan = clean();
        let variable = json!({ "default": "never-print-this" });
        plan["configuration"]["root_module"]["variables"]["api_key"] = variable;
        plan["variables"]["api_key"] = json!({ "value": value });
        let expression = json!({ "references": ["var.api_key"] });
        let edits = json!([parameter("String", "/farm/api-key", expression)]);
        let mutation = json!({ "about": "a test", "edits": edits });
        let mutation: Mutation = serde_json::from_value(mutation).unwrap();
        mutation.apply(&mut plan).unwrap();
        let report = report(&plan).unwrap();
        assert!(!serde_json::to_string(&report).unwrap().contains("never-print-this"));
        findings(&report)
    };
    assert_eq!(of("never-print-this"), "high plaintext-parameter aws_ssm_parameter.it\n");
    assert_eq!(of("given"), "medium plaintext-parameter aws_ssm_parameter.it\n");
}

#[test]
fn who_gets_it_says_what_it_is() {
    let literal = json!({ "constant_value": "never-print-this" });
    let arn = "arn:aws:ssm:eu-central-1:123456789012:parameter/farm/setting";
    for from in [arn, "/farm/setting"] {
        let gets = |name: &str| json!({ "secrets": [{ "name": name, "valueFrom": from }] });
        let edits = json!([
            container(gets("NOVA_ACT_API_KEY")),
            parameter("String", "/farm/setting", literal.clone()),
        ]);
        let report = edited(edits);
        let ours = report.findings.iter().find(|it| it.rule == "plaintext-parameter").unwrap();
        assert!(
            ours.title
                .ends_with(", from which aws_ecs_task_definition.python gets `NOVA_ACT_API_KEY`"),
            "{}",
            ours.title
        );
        let setting = json!([
            container(gets("API_BASE_URL")),
            parameter("String", "/farm/setting", literal.clone()),
        ]);
        assert!(!found(setting).contains("plaintext-parameter"), "{from}");
    }
}

// === secret-without-rotation ===

#[test]
fn a_rotation_is_one_unless_it_is_off() {
    let secret = added("aws_secretsmanager_secret.it", json!({ "name": "farm/key" }), nothing());
    let rotation = |unknown: &str| {
        json!({
            "add": "aws_secretsmanager_secret_rotation.it",
            "values": { "rotation_rules": [{ "automatically_after_days": 30 }] },
            "unknown": { "id": true, "secret_id": true, "rotation_enabled": true },
            "expressions": { "secret_id": { "references": [format!("{unknown}.id"), unknown] } },
        })
    };
    assert_eq!(found(json!([secret, rotation("aws_secretsmanager_secret.it")])), "");
    // Which secret it is for isn't known: perhaps this one.
    assert_eq!(found(json!([secret, rotation("aws_thing.unknown")])), "");
}

// === mutable-image-tag ===

fn image(image: &str) -> Value {
    container(json!({ "image": image }))
}

#[test]
fn tags_are_as_bad_as_they_are_loose() {
    let ecr = |name: &str| format!("{REGISTRY}/{name}");
    let hash = "e34c442015b7a06ec598fbc9741a97b341005fc7dd981cde8a7b82de3a96c199";
    let cdk = format!("cdk-hnb659fds-container-assets-123456789012-eu-central-1:{hash}");
    for (name, severity) in [
        (ecr("python-mcp"), Some("medium")),
        (ecr("python-mcp:latest"), Some("medium")),
        (ecr("python-mcp:1.4.2"), Some("info")),
        (ecr(&cdk), None),
        (ecr(&format!("python-mcp@sha256:{hash}")), None),
        (ecr(&format!("python-mcp:1.4.2@sha256:{hash}")), None),
    ] {
        let expected = severity.map(|it| format!("{it} mutable-image-tag {DEFINITION}\n"));
        assert_eq!(found(json!([image(&name)])), expected.unwrap_or_default(), "{name}");
    }
}

fn repository(name: &str, mutability: &str, scan: bool) -> Value {
    let values = json!({
        "name": name, "image_tag_mutability": mutability,
        "image_scanning_configuration": [{ "scan_on_push": scan }],
    });
    added(&format!("aws_ecr_repository.{name}"), values, nothing())
}

#[test]
fn the_repository_decides_whether_tags_move() {
    let image = image(&format!("{REGISTRY}/python:1.4.2"));
    assert_eq!(found(json!([image, repository("python", "IMMUTABLE", true)])), "");
    let found = found(json!([image, repository("python", "MUTABLE", true)]));
    assert_eq!(found, format!("low mutable-image-tag {DEFINITION}\n"));
}

// === image-not-scanned, repository-unused ===

fn registry_scans(filter: &str) -> Value {
    let rule = json!([{
        "scan_frequency": "SCAN_ON_PUSH",
        "repository_filter": [{ "filter": filter, "filter_type": "WILDCARD" }],
    }]);
    let values = json!({ "scan_type": "BASIC", "rule": rule });
    json!({
        "add": "aws_ecr_registry_scanning_configuration.it", "values": values,
        "unknown": { "id": true, "registry_id": true },
        "expressions": { "scan_type": { "constant_value": "BASIC" } },
    })
}

#[test]
fn a_registry_may_scan_what_a_repository_doesnt() {
    let unscanned = repository("python-mcp", "IMMUTABLE", false);
    for filter in ["*", "python-*", "mcp"] {
        assert_eq!(found(json!([unscanned, registry_scans(filter)])), "", "{filter}");
    }
    let report = edited(json!([unscanned, registry_scans("prod-*")]));
    let found = findings(&report);
    let both = "aws_ecr_registry_scanning_configuration.it aws_ecr_repository.python-mcp";
    assert_eq!(found, format!("medium image-not-scanned {both}\n"));
    assert_eq!(report.findings[0].assumes, Vec::<String>::new());
}

#[test]
fn what_is_scanned_isnt_what_runs() {
    let report = edited(json!([repository("mcp", "IMMUTABLE", true)]));
    let titles: Vec<&str> = report.findings.iter().map(|it| it.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "the image of aws_ecs_service.python comes from `python-mcp`, and not from what is scanned \
             (aws_ecr_repository.mcp)",
            "nothing runs an image from aws_ecr_repository.mcp",
        ]
    );
}

#[test]
fn an_image_that_is_not_known_may_come_from_anywhere() {
    let unknown = json!({
        "resource": DEFINITION, "attribute": "container_definitions",
        "references": ["aws_ecr_repository.mcp.repository_url", "aws_ecr_repository.mcp"],
    });
    let found = found(json!([repository("mcp", "IMMUTABLE", true), unknown]));
    assert!(!found.contains("repository-unused"), "{found}");
    assert!(!found.contains("image-not-scanned"), "{found}");
}

#[test]
fn others_run_images_too() {
    let other = added("aws_apprunner_service.it", json!({ "service_name": "it" }), nothing());
    assert_eq!(found(json!([repository("mcp", "IMMUTABLE", true), other])), "");
}

// === privileged-container, dead-configuration ===

#[test]
fn what_only_the_host_should_do_is_named() {
    let edits = json!([
        container(json!({ "privileged": true, "linuxParameters": { "capabilities": {
            "add": ["SYS_PTRACE", "CAP_SYS_ADMIN", "NET_ADMIN"] } } })),
        { "resource": DEFINITION, "attribute": "pid_mode", "set": "host" },
        { "resource": DEFINITION, "attribute": "requires_compatibilities", "set": ["EC2"] },
        { "resource": "aws_ecs_service.python", "attribute": "launch_type", "set": "EC2" },
    ]);
    let report = edited(edits);
    let ours = report.findings.iter().find(|it| it.rule == "privileged-container").unwrap();
    assert_eq!(
        ours.title,
        "aws_ecs_service.python may do what only the host should: `python` is privileged, `python` has \
         NET_ADMIN and SYS_ADMIN and its tasks see the host's processes"
    );
    assert!(!report.findings.iter().any(|it| it.rule == "dead-configuration"));
    let traced = json!({ "linuxParameters": { "capabilities": { "add": ["SYS_PTRACE"] } } });
    assert_eq!(found(json!([container(traced)])), "");
}

#[test]
fn fargate_and_awsvpc_have_less() {
    let edits = json!([container(json!({ "privileged": true, "links": ["redis"] }))]);
    let report = edited(edits);
    let ours = report.findings.iter().find(|it| it.rule == "dead-configuration").unwrap();
    assert!(
        ours.title.contains("`python` is privileged, which Fargate doesn't have"),
        "{}",
        ours.title
    );
    assert!(
        ours.title.contains("`python` has links, which `awsvpc` doesn't have"),
        "{}",
        ours.title
    );
    let empty =
        json!({ "resource": DEFINITION, "attribute": "volume", "set": [{ "name": "tmp" }] });
    assert_eq!(found(json!([empty])), "");
}

/// A rule of the listener by paths.
fn listener_rule(name: &str, priority: u32, paths: &[&str]) -> Value {
    let forward = json!([{ "type": "forward", "order": 1 }]);
    let target = "aws_lb_target_group.python";
    json!({
        "add": format!("aws_lb_listener_rule.{name}"),
        "values": {
            "priority": priority, "action": forward,
            "condition": [{ "path_pattern": [{ "values": paths }] }],
        },
        "unknown": {
            "id": true, "arn": true, "listener_arn": true,
            "action": [{ "target_group_arn": true }],
        },
        "expressions": {
            "priority": { "constant_value": priority },
            "listener_arn": { "references": ["aws_lb_listener.https.arn", "aws_lb_listener.https"] },
            "action": [{
                "type": { "constant_value": "forward" },
                "target_group_arn": { "references": [format!("{target}.arn"), target] },
            }],
            "condition": [{ "path_pattern": [{ "values": { "constant_value": paths } }] }],
        },
    })
}

#[test]
fn a_rule_that_an_earlier_one_covers_never_matches() {
    let of = |first: &[&str], second: &[&str]| {
        let report =
            edited(json!(
                [listener_rule("first", 10, first), listener_rule("second", 20, second),]
            ));
        let dead = report.findings.into_iter().filter(|it| it.rule == "dead-configuration");
        dead.map(|it| it.title).collect::<Vec<_>>()
    };
    let title = "aws_lb_listener_rule.second never matches: aws_lb_listener_rule.first comes first and \
                 takes all that it would";
    assert_eq!(of(&["/*"], &["/python/mcp"]), [title]);
    assert_eq!(of(&["/python/*", "/nova/*"], &["/python/mcp", "/nova/mcp"]), [title]);
    assert_eq!(of(&["/python/*"], &["/python/mcp", "/nova/mcp"]), Vec::<String>::new());
    assert_eq!(of(&["/python/mcp"], &["/python/*"]), Vec::<String>::new());
}

// === stdio-without-bridge ===

#[test]
fn a_transport_that_is_named_is_certain() {
    let stdio = format!("high stdio-without-bridge {DEFINITION}\n");
    let command = |words: &[&str]| found(json!([container(json!({ "command": words }))]));
    assert_eq!(found(json!([variable("FASTMCP_TRANSPORT", "stdio")])), stdio);
    assert_eq!(command(&["python", "server.py", "--transport", "stdio"]), stdio);
    assert_eq!(command(&["npx", "-y", "@modelcontextprotocol/server-github@2025.4.8"]), stdio);
    assert_eq!(command(&["sh", "-c", "uvx mcp-server-time --local-timezone UTC"]), stdio);
    assert_eq!(command(&["python", "-m", "mcp_server_fetch"]), stdio);
    for words in [
        &["npx", "-y", "supergateway", "--stdio", "npx -y @modelcontextprotocol/server-github"][..],
        &["farmgate", "bridge", "--", "uvx", "mcp-server-time"],
        &["mcp-proxy", "--port", "8443", "uvx", "mcp-server-fetch"],
        &["python", "server.py", "--transport", "streamable-http"],
        &["npx", "-y", "@modelcontextprotocol/server-everything", "streamableHttp"],
        &["python", "-m", "my_server"],
    ] {
        assert_eq!(command(words), "", "{words:?}");
    }
}

// === health-check-ignored ===

#[test]
fn codes_may_say_that_nothing_is_there() {
    let codes = |codes: &str| {
        let health = "health_check/0/matcher";
        found(
            json!([{ "resource": "aws_lb_target_group.python", "attribute": health, "set": codes }]),
        )
    };
    assert_eq!(codes("200-499"), "low health-check-ignored aws_lb_target_group.python\n");
    assert_eq!(codes("200,400,406"), "");
    assert_eq!(codes("200-399,401"), "");
}

// === log groups ===

#[test]
fn a_group_that_the_driver_makes_is_kept_for_ever() {
    let options = |group: &str| {
        let options = json!({
            "awslogs-group": group, "awslogs-region": "eu-central-1",
            "awslogs-stream-prefix": "python", "awslogs-create-group": "true",
        });
        container(json!({ "logConfiguration": { "logDriver": "awslogs", "options": options } }))
    };
    // The sources make this one, with a retention.
    assert_eq!(found(json!([options("/ecs/python")])), "");
    let found = found(json!([options("/ecs/other")]));
    assert!(found.contains(&format!("low log-group-without-retention {DEFINITION}\n")), "{found}");
}

fn log_group(name: &str) -> Value {
    let values = json!({ "name": name, "retention_in_days": 30 });
    added("aws_cloudwatch_log_group.it", values, nothing())
}

#[test]
fn a_group_that_nothing_names_is_unused_as_far_as_the_sources_go() {
    let found_in = |name: &str| found(json!([log_group(name)]));
    assert_eq!(found_in("/app/audit"), "info log-group-unused aws_cloudwatch_log_group.it\n");
    // A function elsewhere may log there.
    assert_eq!(found_in("/aws/lambda/other"), "");
    let told = json!([log_group("/app/audit"), variable("AUDIT", "group=/app/audit,stream=x")]);
    assert_eq!(found(told), "");
    let exported = json!({
        "add": "aws_cloudwatch_log_subscription_filter.it", "values": { "name": "it" },
        "unknown": { "id": true },
        "expressions": { "log_group_name": {
            "references": ["aws_cloudwatch_log_group.it.name", "aws_cloudwatch_log_group.it"] } },
    });
    assert_eq!(found(json!([log_group("/app/audit"), exported])), "");
}

#[test]
fn who_logs_where_must_be_known() {
    let unknown = json!({
        "resource": DEFINITION, "attribute": "container_definitions",
        "references": ["aws_cloudwatch_log_group.python.name", GROUP],
    });
    let found = found(json!([log_group("/aws/alb/farm"), unknown]));
    assert!(!found.contains("log-group-unused"), "{found}");
}

// === container-insights-off ===

#[test]
fn without_a_setting_the_account_decides() {
    let cluster = "aws_ecs_cluster.farm";
    let report = edited(json!([{ "resource": cluster, "attribute": "setting", "remove": true }]));
    assert_eq!(findings(&report), "info container-insights-off aws_ecs_cluster.farm\n");
    let assumed = "the account's default for Container Insights is off, as AWS's is";
    assert!(report.findings[0].assumes.iter().any(|it| it == assumed), "{:?}", report.findings[0]);
    let set = |value: &str| json!([{ "resource": cluster, "attribute": "setting/0/value", "set": value }]);
    assert_eq!(found(set("enhanced")), "");
}

// === in templates ===

/// What is found in a template with one task definition whose environment has these.
fn in_template(environment: Value, more: Value) -> Report {
    let image = format!("{REGISTRY}/it@sha256:{}", "0".repeat(64));
    let mut resources = json!({
        "Cluster": { "Type": "AWS::ECS::Cluster", "Properties": {
            "ClusterSettings": [{ "Name": "containerInsights", "Value": "enabled" }] } },
        "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": {
            "NetworkMode": "awsvpc", "RequiresCompatibilities": ["FARGATE"],
            "ContainerDefinitions": [{
                "Name": "it", "Image": image, "User": "10001",
                "ReadonlyRootFilesystem": true, "Environment": environment,
            }],
        } },
    });
    resources.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let template = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {
            "Given": { "Type": "String", "NoEcho": true },
            "Default": { "Type": "String", "Default": "correct-horse" },
        },
        "Resources": resources,
    });
    let bytes = serde_json::to_vec(&template).unwrap();
    let input = farmgate_aws::import::Input { name: "it.json", bytes: &bytes };
    let model = farmgate_aws::import::import(&[input]).unwrap();
    farmgate_audit::check::check(&model, &Default::default()).unwrap()
}

fn secrets_in(report: &Report) -> Vec<String> {
    let ours = report.findings.iter().filter(|it| it.rule == "secret-in-environment");
    ours.map(|it| it.title.clone()).collect()
}

#[test]
fn what_a_template_makes_or_is_given_is_no_literal() {
    let made = json!({
        "Made": { "Type": "Custom::Password", "Properties": { "ServiceToken": "arn:aws:lambda:x" } },
        "Secret": { "Type": "AWS::SecretsManager::Secret", "Properties": {
            "GenerateSecretString": { "PasswordLength": 32 } } },
    });
    for value in [
        json!({ "Fn::GetAtt": ["Made", "Password"] }),
        json!({ "Fn::Sub": "${Made.Password}-suffix" }),
        json!({ "Ref": "Made" }),
        json!({ "Ref": "Secret" }),
        json!({ "Ref": "Given" }),
        json!({ "Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password}}" }),
        json!("{{resolve:ssm-secure:/db/password:1}}"),
    ] {
        let environment = json!([{ "Name": "DB_PASSWORD", "Value": value }]);
        assert_eq!(
            secrets_in(&in_template(environment, made.clone())),
            Vec::<String>::new(),
            "{value}"
        );
    }
}

#[test]
fn a_parameters_default_is_a_literal() {
    let environment = json!([{ "Name": "DB_PASSWORD", "Value": { "Ref": "Default" } }]);
    let report = in_template(environment, nothing());
    assert_eq!(secrets_in(&report).len(), 1, "{:#?}", report.findings);
    assert!(!serde_json::to_string(&report).unwrap().contains("correct-horse"));
}
