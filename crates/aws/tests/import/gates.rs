//! Gates: how one is recognised, and to which services its routes lead.

use std::path::Path;

use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{Gate, Model, Origin, Val};
use serde_json::{Value, json};

use crate::plans::{key, read, shown_state, sure};

/// A configuration with one server for each of these: name, host, priority, authentication.
fn config(servers: &[(&str, &str, u32, Value)]) -> Value {
    let server = |(name, host, priority, authentication): &(&str, &str, u32, Value)| {
        let server = json!({
            "route": format!("/{name}/mcp"), "priority": priority, "drain": 30,
            "upstream": { "host": host, "port": 8443, "tls": true, "bridge": true },
            "authentication": authentication,
            "health": { "path": "/health", "codes": "200", "interval": 30, "timeout": 5,
                "healthy": 2, "unhealthy": 3 },
        });
        ((*name).to_owned(), server)
    };
    let servers: serde_json::Map<String, Value> = servers.iter().map(server).collect();
    json!({
        "version": 1, "farm": "f", "port": 8443, "hosts": [], "trusted_proxies": ["10.0.0.0/24"],
        "allow": [], "idle_timeout": 3600, "tools": [], "servers": servers,
    })
}

fn api_keys() -> Value {
    json!([{ "kind": "api_keys", "store": "KEYS", "header": "x-api-key", "group_header": null }])
}

/// A state with a gate of this configuration, and `python.f.local` of two registered services.
fn state(config: &str) -> Vec<u8> {
    let containers = json!([{ "name": "gate", "image": "gate", "environment": [
        { "name": "OTHER", "value": "x" }, { "name": "FARMGATE_CONFIG", "value": config } ] }]);
    let service = |definition: &str, registry: Option<&str>| {
        let registries: Vec<Value> =
            registry.map(|arn| json!({ "registry_arn": arn })).into_iter().collect();
        json!({ "task_definition": definition, "launch_type": "FARGATE",
            "service_registries": registries })
    };
    let discovery = |name: &str| {
        json!({ "id": name, "arn": format!("arn:sd:{name}"), "name": name,
            "dns_config": [{ "namespace_id": "ns-1" }] })
    };
    shown_state(&[
        (
            "aws_ecs_task_definition.gate",
            json!({ "id": "gate", "arn": "arn:td", "family": "gate",
                "container_definitions": containers.to_string() }),
        ),
        (
            "aws_service_discovery_private_dns_namespace.f",
            json!({ "id": "ns-1", "name": "f.local" }),
        ),
        ("aws_service_discovery_service.python", discovery("python")),
        ("aws_service_discovery_service.twice", discovery("twice")),
        ("aws_ecs_service.gate", service("arn:td", None)),
        ("aws_ecs_service.python", service("arn:other", Some("arn:sd:python"))),
        ("aws_ecs_service.one", service("arn:other", Some("arn:sd:twice"))),
        ("aws_ecs_service.two", service("arn:other", Some("arn:sd:twice"))),
    ])
}

fn model(config: &str) -> Model {
    read(&[("s", &state(config))])
}

#[test]
fn a_gate_is_what_is_given_a_gates_configuration() {
    let servers = [
        ("python", "python.f.local", 20, api_keys()),
        ("browser", "PYTHON.f.local.", 10, json!([])),
    ];
    let model = model(&config(&servers).to_string());
    assert!(model.warnings.is_empty(), "{:?}", model.warnings);
    let [(at, gate)] = Vec::from_iter(&model.gates).try_into().expect("one gate");
    assert_eq!((at.as_str(), at), ("aws_ecs_service.gate", &gate.key));
    assert_eq!(gate.port, 8443);
    assert_eq!(gate.origin, Origin::at(&key("aws_ecs_task_definition.gate"), "FARMGATE_CONFIG"));
    let [first, second] = gate.routes.as_slice() else { panic!("routes") };
    // By priority, whatever their names are.
    assert_eq!((first.path.as_str(), second.path.as_str()), ("/browser/mcp", "/python/mcp"));
    assert!(first.authentication.is_empty());
    assert_eq!(second.authentication, ["API keys"]);
    assert_eq!((second.port, second.tls, second.health_path.as_str()), (8443, true, "/health"));
    assert_eq!(second.to, Val::Known(key("aws_ecs_service.python")));
    // Names of hosts know no case, and may end in a dot.
    assert_eq!(first.to, second.to);
    assert_eq!(
        second.origin.to_string(),
        "aws_ecs_task_definition.gate FARMGATE_CONFIG servers.python"
    );
}

fn only_route(model: &Model) -> Val<farmgate_aws::model::Key> {
    let gate: &Gate = model.gates.values().next().expect("a gate");
    gate.routes[0].to.clone()
}

#[test]
fn a_host_that_nobody_is_registered_for_is_unknown() {
    for host in ["snake.f.local", "python.g.local", "python", "10.0.0.7", "f.local"] {
        let model = model(&config(&[("python", host, 1, api_keys())]).to_string());
        let Val::Unknown(note) = only_route(&model) else { panic!("{host}") };
        assert!(note.contains(&format!("`{host}`")), "{note}");
    }
}

#[test]
fn of_several_that_are_registered_it_is_one() {
    let model = model(&config(&[("python", "twice.f.local", 1, api_keys())]).to_string());
    let Val::OneOf(keys, note) = only_route(&model) else { panic!("one of two") };
    assert_eq!(keys, [key("aws_ecs_service.one"), key("aws_ecs_service.two")]);
    assert!(note.contains("twice.f.local"), "{note}");
}

#[test]
fn what_is_no_configuration_is_told() {
    let mut later = config(&[]);
    later["version"] = 99.into();
    let mut odd = config(&[]);
    odd["secret"] = "x".into();
    for text in ["", "{", "[]", &later.to_string(), &odd.to_string()] {
        let model = model(text);
        assert!(model.gates.is_empty(), "{text}");
        let [warning] = model.warnings.as_slice() else { panic!("{text}: {:?}", model.warnings) };
        assert_eq!(warning.code, "gate-configuration");
        assert_eq!(warning.on, Some(key("aws_ecs_task_definition.gate")));
        assert!(warning.text.contains("`FARMGATE_CONFIG`"), "{}", warning.text);
    }
}

/// `examples/gated-farm`: every join over `for_each` leads to the instance of the same key.
#[test]
fn a_real_plan_joins_by_each_key() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/gated-farm/plan.json");
    let bytes = std::fs::read(path).expect("the plan");
    let model = import(&[Input { name: "plan.json", bytes: &bytes }]).expect("a model");
    assert!(model.warnings.is_empty(), "{:?}", model.warnings);
    let gate = &model.gates[&key("aws_ecs_service.gate")];
    for (name, route) in ["browser", "python"].into_iter().zip(&gate.routes) {
        let own = |kind: &str| format!("{kind}.server[\"{name}\"]");
        assert_eq!(route.to.get().map(ToString::to_string), Some(own("aws_ecs_service")));
        let service = &model.services[&key(&own("aws_ecs_service"))];
        assert_eq!(sure(&service.security_groups), [own("aws_security_group")]);
        assert_eq!(
            sure(&service.subnets),
            [r#"aws_subnet.private["a"]"#, r#"aws_subnet.private["b"]"#]
        );
        assert_eq!(
            service.task_definition.get(),
            Some(&Some(key(&own("aws_ecs_task_definition"))))
        );
        let registry = service.registries[0].get().expect("a registry");
        assert_eq!(*registry, key(&own("aws_service_discovery_service")));
        let discovery = &model.discovery[registry];
        assert_eq!(discovery.namespace.get(), Some(&Some("gated.local".to_owned())));
        let group = &model.security_groups[&key(&own("aws_security_group"))];
        let peers: Vec<&str> =
            group.ingress.rules.iter().flat_map(|rule| sure(&rule.peers.groups)).collect();
        assert_eq!(peers, ["aws_security_group.gate"]);
        let zone = if name == "browser" { "a" } else { "b" };
        let subnet = &model.subnets[&key(&format!("aws_subnet.private[\"{zone}\"]"))];
        let table = subnet.route_table.get().and_then(Option::as_ref).expect("a route table");
        assert_eq!(table.to_string(), format!("aws_route_table.private[\"{zone}\"]"));
    }
    let out = &model.security_groups[&key("aws_security_group.gate")].egress.rules;
    let peers: Vec<&str> = out.iter().flat_map(|rule| sure(&rule.peers.groups)).collect();
    assert_eq!(
        peers,
        [
            "aws_security_group.endpoints",
            r#"aws_security_group.server["browser"]"#,
            r#"aws_security_group.server["python"]"#
        ]
    );
}
