//! Models compared: with themselves, with what was applied, and with one thing changed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::collections::BTreeMap;
use std::sync::Arc;

use farmgate_audit::compare::{Comparison, compare};
use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{
    Action, Direction, Gate, GateRoute, Key, ListenerRule, Model, NetworkAcl, NetworkAclEntry,
    Note, Opaque, Origin, PrefixList, RemovedRule, Route, RouteDestination, RouteTarget, RulePeers,
    ScalingTarget, SecurityGroupRule, SetVal, Val,
};
use farmgate_net::addr::AddrSet;
use farmgate_net::service::{ServiceSet, TCP};

const ALB: &str = "aws_lb.farm";
const HTTPS: &str = "aws_lb_listener.https";
const GROUP: &str = "aws_security_group.python";
const PYTHON: &str = "aws_ecs_service.python";
const TASK: &str = "aws_ecs_task_definition.python";
const TARGETS: &str = "aws_lb_target_group.python";

fn text(farm: &str, file: &str) -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    std::fs::read_to_string(root.join(farm).join(file)).unwrap()
}

fn model(text: &str) -> Model {
    import(&[Input { name: "-", bytes: text.as_bytes() }]).unwrap()
}

fn read(farm: &str, file: &str) -> Model {
    model(&text(farm, file))
}

/// The clean farm, with a rule on its listener.
fn clean_farm() -> Model {
    let mut model = read("clean-farm", "plan.json");
    let rule = ListenerRule {
        origin: Origin::of(&Key::new("aws_lb_listener_rule.python")),
        priority: Some(10),
        paths: vec!["/python/mcp".to_owned()],
        hosts: Vec::new(),
        sources: Vec::new(),
        other_conditions: Vec::new(),
        actions: vec![Action::Forward(SetVal::known([Key::new(TARGETS)]))],
    };
    model.listeners.get_mut(HTTPS).unwrap().rules.insert(0, rule);
    model
}

/// Every key by its own name.
fn same_names(model: &Model) -> BTreeMap<Key, Key> {
    let mut all: Vec<&Key> = Vec::new();
    macro_rules! keys {
        ($($of:ident),*) => {$( all.extend(model.$of.keys()); )*};
    }
    keys!(vpcs, subnets, route_tables, internet_gateways, nat_gateways, network_acls);
    keys!(security_groups, endpoints, load_balancers, listeners, target_groups, apis, vpc_links);
    keys!(distributions, waf, clusters, services, task_definitions, scaling_targets, functions);
    keys!(instances, databases, gates, discovery, repositories);
    keys!(web_acls, stages, api_domains, flow_logs, scaling_policies);
    all.extend(model.named.iter().map(|named| &named.key));
    all.into_iter().map(|key| (key.clone(), key.clone())).collect()
}

fn lines(found: &Comparison) -> String {
    let differences = found.differences.iter().map(|d| format!("differs: {d}\n"));
    differences.chain(found.open.iter().map(|d| format!("open: {d}\n"))).collect()
}

/// Compares the clean farm with itself changed; in both directions.
fn changed(change: impl Fn(&mut Model)) -> Comparison {
    let left = clean_farm();
    let mut right = clean_farm();
    change(&mut right);
    let names = same_names(&left);
    let found = compare(&left, &right, &names);
    let back = compare(&right, &left, &same_names(&right));
    assert_eq!(found.is_equal(), back.is_equal(), "{}\nand back:\n{}", lines(&found), lines(&back));
    found
}

/// The change is told as exactly these differences, and nothing is open.
#[track_caller]
fn differs(change: impl Fn(&mut Model), expected: &[&str]) {
    let found = changed(change);
    let told: Vec<String> = found.differences.iter().map(ToString::to_string).collect();
    assert_eq!(told, expected, "{}", lines(&found));
    assert!(found.open.is_empty(), "{}", lines(&found));
}

/// The change is told as open, exactly so, and as no difference.
#[track_caller]
fn open(change: impl Fn(&mut Model), expected: &[&str]) {
    let found = changed(change);
    let told: Vec<&str> = found.open.iter().map(|d| d.what.as_str()).collect();
    assert_eq!(told, expected, "{}", lines(&found));
    assert!(found.is_equal(), "{}", lines(&found));
    assert!(!found.is_settled());
}

/// The change is told as these differences among others.
#[track_caller]
fn among(change: impl Fn(&mut Model), expected: &[&str]) {
    let found = changed(change);
    let told: Vec<String> = found.differences.iter().map(ToString::to_string).collect();
    for line in expected {
        assert!(told.iter().any(|told| told == line), "{line}\nis not in\n{}", lines(&found));
    }
    assert!(found.open.is_empty(), "{}", lines(&found));
}

fn rule(services: ServiceSet, cidr: &str) -> SecurityGroupRule {
    SecurityGroupRule {
        origin: Origin::of(&Key::new("aws_vpc_security_group_ingress_rule.new")),
        services: Val::Known(services),
        peers: RulePeers { cidrs: SetVal::known([cidr.parse().unwrap()]), ..RulePeers::default() },
        description: None,
    }
}

fn note() -> Note {
    "known only after apply".into()
}

#[test]
fn a_farm_is_equal_to_itself() {
    for farm in ["clean-farm", "farm-with-a-hole"] {
        for file in ["plan.json", "state.json"] {
            let model = read(farm, file);
            let found = compare(&model, &model, &same_names(&model));
            assert!(found.is_settled(), "{farm} {file}: {}", lines(&found));
        }
    }
}

/// Ids have come instead of references, and defaults have been filled in.
#[test]
fn what_was_applied_is_what_was_planned() {
    let (plan, state) = (read("clean-farm", "plan.json"), read("clean-farm", "state.json"));
    let found = compare(&plan, &state, &same_names(&plan));
    assert!(found.is_settled(), "{}", lines(&found));
}

/// A VPC whose default group nobody manages has one all the same once it is there.
#[test]
fn a_group_that_no_source_manages_is_open() {
    let farm = "farm-with-a-hole";
    let (plan, state) = (read(farm, "plan.json"), read(farm, "state.json"));
    let found = compare(&plan, &state, &same_names(&plan));
    let whats: Vec<&str> = found.open.iter().map(|d| d.what.as_str()).collect();
    // Ids are new in every state.
    let is_group = |what: &&str| what.starts_with("security group sg-");
    assert!(whats.len() == 1 && whats.iter().all(is_group), "{}", lines(&found));
    assert!(found.is_equal(), "{}", lines(&found));
}

#[test]
fn two_farms_differ() {
    let (left, right) = (read("clean-farm", "plan.json"), read("farm-with-a-hole", "plan.json"));
    let found = compare(&left, &right, &same_names(&left));
    assert!(!found.is_equal());
    for what in [
        "packets the internet -> aws_lb.farm",
        "endpoint aws_vpc_endpoint.secrets",
        "setting aws_lb_listener.https default rule actions",
    ] {
        assert!(found.differences.iter().any(|d| d.what == what), "{what} in {}", lines(&found));
    }
}

/// The farm as applied with other addresses for the same things, and the names from these.
fn renamed() -> (Model, BTreeMap<Key, Key>) {
    let words = [(".python", ".snake"), (".private", ".inner"), ("aws_lb.farm", "aws_lb.entry")];
    let mut text = text("clean-farm", "state.json");
    for (old, new) in words {
        text = text.replace(old, new);
    }
    let model = model(&text);
    let names = same_names(&model).into_keys().map(|key| {
        let old = words.iter().fold(key.to_string(), |name, (old, new)| name.replace(new, old));
        (key, Key::new(&old))
    });
    let names = names.collect();
    (model, names)
}

#[test]
fn names_lead_from_one_model_to_the_other() {
    let right = read("clean-farm", "plan.json");
    let (left, mut names) = renamed();
    assert!(left.services.contains_key("aws_ecs_service.snake"));
    assert!(left.subnets.contains_key("aws_subnet.inner[\"a\"]"));
    let found = compare(&left, &right, &names);
    assert!(found.is_settled(), "{}", lines(&found));

    names.remove("aws_ecs_service.snake");
    let found = compare(&left, &right, &names);
    let told: Vec<String> = found.differences.iter().map(ToString::to_string).collect();
    let expected = [
        "service aws_ecs_service.snake: present on the left, missing (it has no name there) on the right",
        "service aws_ecs_service.python: missing on the left, present on the right",
    ];
    assert_eq!(told[..2], expected, "{}", lines(&found));
}

/// Two items cannot both be the same one.
#[test]
fn a_name_is_given_once() {
    let right = read("clean-farm", "plan.json");
    let mut left = right.clone();
    let mut second = left.clusters["aws_ecs_cluster.farm"].clone();
    second.key = Key::new("aws_ecs_cluster.second");
    left.clusters.insert(second.key.clone(), second);
    let mut names = same_names(&right);
    names.insert(Key::new("aws_ecs_cluster.second"), Key::new("aws_ecs_cluster.farm"));
    let found = compare(&left, &right, &names);
    assert_eq!(
        lines(&found),
        "differs: cluster aws_ecs_cluster.second: present on the left, missing (aws_ecs_cluster.farm \
         stands for another) on the right\n"
    );
}

#[test]
fn arns_that_one_side_resolves_are_no_difference() {
    let right = read("clean-farm", "state.json");
    let mut left = right.clone();
    let role = "arn:aws:iam::123456789012:role/farm-execution";
    let definition = left.task_definitions.get_mut(TASK).unwrap();
    definition.execution_role = Val::Known(Some(Key::new(role)));
    left.aliases = Default::default();
    let found = compare(&left, &right, &same_names(&right));
    assert!(found.is_settled(), "{}", lines(&found));
    let back = compare(&right, &left, &same_names(&right));
    assert!(!back.is_equal(), "nothing resolves it");
}

/// Three peers in one rule, or each in its own; two ports in one rule, or each in its own.
#[test]
fn rules_may_be_written_in_one_or_in_parts() {
    let mut left = clean_farm();
    let mut right = clean_farm();
    let ports = ServiceSet::tcp(8443).union(&ServiceSet::tcp(9443));
    let mut whole = rule(ports, "192.0.2.0/24");
    whole.peers.cidrs.sure.insert("198.51.100.0/24".parse().unwrap());
    whole.peers.groups = SetVal::known([Key::new("aws_security_group.rotation")]);
    left.security_groups.get_mut(GROUP).unwrap().ingress.rules.push(whole.clone());
    for port in [8443, 9443] {
        for cidr in &whole.peers.cidrs.sure {
            let part = rule(ServiceSet::tcp(port), &cidr.to_string());
            right.security_groups.get_mut(GROUP).unwrap().ingress.rules.push(part);
        }
        let mut part = rule(ServiceSet::tcp(port), "192.0.2.0/24");
        part.peers = RulePeers { groups: whole.peers.groups.clone(), ..RulePeers::default() };
        right.security_groups.get_mut(GROUP).unwrap().ingress.rules.push(part);
    }
    let found = compare(&left, &right, &same_names(&left));
    assert!(found.is_settled(), "{}", lines(&found));
}

// === packets ===

#[test]
fn a_rule_for_the_network() {
    differs(
        |right| {
            let group = right.security_groups.get_mut(GROUP).unwrap();
            group.ingress.rules.push(rule(ServiceSet::tcp(22), "10.20.0.0/16"));
        },
        &[
            "setting aws_security_group.python ingress rule tcp 22 from 10.20.0.0/16: missing on the left, present on the right",
            "packets any host of the network -> aws_ecs_service.python: nothing on the left, tcp 22 from 10.20.0.0/16 on the right",
        ],
    );
}

#[test]
fn a_rule_less() {
    differs(
        |right| {
            let group = right.security_groups.get_mut("aws_security_group.endpoints").unwrap();
            group.ingress.rules.retain(|rule| !rule.origin.key.as_str().contains("rotation"));
        },
        &[
            "setting aws_security_group.endpoints ingress rule tcp 443 from aws_security_group.rotation: present on the left, missing on the right",
            "packets aws_lambda_function.rotation -> aws_vpc_endpoint.interface[\"ecr.api\"]: tcp 443 from 10.20.10.0/23 on the left, nothing on the right",
            "packets aws_lambda_function.rotation -> aws_vpc_endpoint.interface[\"ecr.dkr\"]: tcp 443 from 10.20.10.0/23 on the left, nothing on the right",
            "packets aws_lambda_function.rotation -> aws_vpc_endpoint.interface[\"logs\"]: tcp 443 from 10.20.10.0/23 on the left, nothing on the right",
            "packets aws_lambda_function.rotation -> aws_vpc_endpoint.interface[\"secretsmanager\"]: tcp 443 from 10.20.10.0/23 on the left, nothing on the right",
        ],
    );
}

#[test]
fn a_wider_port() {
    differs(
        |right| {
            for key in [GROUP, "aws_security_group.alb"] {
                let group = right.security_groups.get_mut(key).unwrap();
                for rule in group.ingress.rules.iter_mut().chain(&mut group.egress.rules) {
                    if rule.services.get() == Some(&ServiceSet::tcp(8443)) {
                        rule.services = Val::Known(ServiceSet::ports(TCP, 8000, 8443));
                    }
                }
            }
        },
        &[
            "setting aws_security_group.alb egress rule aws_security_group.python: tcp 8443 on the left, tcp 8000-8443 on the right",
            "setting aws_security_group.python ingress rule aws_security_group.alb: tcp 8443 on the left, tcp 8000-8443 on the right",
            "packets aws_lb.farm -> aws_ecs_service.python: tcp 8443 from 10.20.0.0/23 on the left, tcp 8000-8443 from 10.20.0.0/23 on the right",
        ],
    );
}

#[test]
fn a_wider_destination() {
    differs(
        |right| {
            let group = right.security_groups.get_mut("aws_security_group.alb").unwrap();
            for rule in group.egress.rules.iter_mut().filter(|r| !r.peers.cidrs.sure.is_empty()) {
                rule.peers.cidrs.sure = ["198.51.100.0/23".parse().unwrap()].into();
            }
        },
        &[
            "setting aws_security_group.alb egress rule tcp 443 to 198.51.100.0/24: present on the left, missing on the right",
            "setting aws_security_group.alb egress rule tcp 443 to 198.51.100.0/23: missing on the left, present on the right",
            "packets aws_lb.farm -> the internet: nothing on the left, tcp 443 to 198.51.101.0/24 on the right",
        ],
    );
}

/// A part of a subnet is told apart from a part of that part.
#[test]
fn a_narrower_destination_within_a_subnet() {
    let with = |cidr: &'static str| {
        move |model: &mut Model| {
            let group = model.security_groups.get_mut(GROUP).unwrap();
            group.egress.rules.push(rule(ServiceSet::tcp(5432), cidr));
        }
    };
    let (mut left, mut right) = (clean_farm(), clean_farm());
    with("10.20.10.0/25")(&mut left);
    with("10.20.10.0/26")(&mut right);
    let found = compare(&left, &right, &same_names(&left));
    let packets = found.differences.iter().filter(|d| d.what.starts_with("packets"));
    let told: Vec<String> = packets.map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "packets aws_ecs_service.python -> any address of the network: tcp 5432 to 10.20.10.64/26 on the left, nothing on the right"
        ]
    );
}

#[test]
fn a_narrower_client() {
    differs(
        |right| {
            let group = right.security_groups.get_mut("aws_security_group.alb").unwrap();
            for rule in &mut group.ingress.rules {
                rule.peers.cidrs.sure = ["203.0.113.0/25".parse().unwrap()].into();
            }
        },
        &[
            "setting aws_security_group.alb ingress rule tcp 80, 443 from 203.0.113.0/24: present on the left, missing on the right",
            "setting aws_security_group.alb ingress rule tcp 80, 443 from 203.0.113.0/25: missing on the left, present on the right",
            "packets the internet -> aws_ecs_service.python: tcp 443 from 203.0.113.0/24 on the left, tcp 443 from 203.0.113.0/25 on the right",
            "packets the internet -> aws_lb.farm: tcp 80, 443 from 203.0.113.0/24 on the left, tcp 80, 443 from 203.0.113.0/25 on the right",
        ],
    );
}

#[test]
fn a_route_to_the_internet() {
    differs(
        |right| {
            let table = right.route_tables.get_mut("aws_route_table.private").unwrap();
            let gateway = Key::new("aws_internet_gateway.farm");
            table.routes.push(Route {
                origin: Origin::of(&Key::new("aws_route.new")),
                destination: Val::Known(RouteDestination::Cidr("0.0.0.0/0".parse().unwrap())),
                target: Val::Known(RouteTarget::InternetGateway(gateway)),
                propagated: false,
            });
            let service = right.services.get_mut(PYTHON).unwrap();
            service.assign_public_ip = Val::Known(true);
        },
        &[
            "setting aws_route_table.private route 0.0.0.0/0: missing on the left, present on the right",
            "setting aws_ecs_service.python assign_public_ip: false on the left, true on the right",
            "packets aws_ecs_service.python -> aws_lb.farm: nothing on the left, tcp 443 from 10.20.10.0/23 on the right",
            "packets aws_ecs_service.python -> the internet by the internet gateway: nothing on the left, tcp 443 to the internet (IPv4) on the right",
        ],
    );
}

#[test]
fn a_route_elsewhere() {
    differs(
        |right| {
            let table = right.route_tables.get_mut("aws_route_table.public").unwrap();
            table.routes[0].target = Val::Known(RouteTarget::Blackhole);
        },
        &[
            "setting aws_route_table.public route 0.0.0.0/0 target: aws_internet_gateway.farm on the left, nowhere on the right",
            "packets aws_lb.farm -> AWS services without a prefix list: tcp 443 from 10.20.0.0/23 on the left, nothing on the right",
            "packets aws_lb.farm -> aws_lb.farm: tcp 443 from 10.20.0.0/23 on the left, nothing on the right",
            "packets aws_lb.farm -> com.amazonaws.eu-central-1.s3: tcp 443 from 10.20.0.0/23 on the left, nothing on the right",
            "packets aws_lb.farm -> the internet: tcp 443 to 198.51.100.0/24 on the left, nothing on the right",
            "packets the internet -> aws_ecs_service.python: tcp 443 from 203.0.113.0/24 on the left, nothing on the right",
            "packets the internet -> aws_lb.farm: tcp 80, 443 from 203.0.113.0/24 on the left, nothing on the right",
        ],
    );
}

#[test]
fn a_second_group_on_a_service() {
    differs(
        |right| {
            let service = right.services.get_mut(PYTHON).unwrap();
            service.security_groups.sure.insert(Key::new("aws_security_group.endpoints"));
        },
        &[
            "setting aws_ecs_service.python security_groups: {aws_security_group.python} on the left, {aws_security_group.endpoints, aws_security_group.python} on the right",
            "packets aws_ecs_service.python -> aws_ecs_service.python: nothing on the left, tcp 443 from 10.20.10.0/23 on the right",
            "packets aws_lambda_function.rotation -> aws_ecs_service.python: nothing on the left, tcp 443 from 10.20.10.0/23 on the right",
        ],
    );
}

#[test]
fn a_second_group_on_the_load_balancer() {
    differs(
        |right| {
            let lb = right.load_balancers.get_mut(ALB).unwrap();
            let groups = lb.security_groups.as_mut().unwrap();
            groups.sure.insert(Key::new("aws_security_group.endpoints"));
        },
        &[
            "setting aws_lb.farm security_groups: {aws_security_group.alb} on the left, {aws_security_group.alb, aws_security_group.endpoints} on the right",
            "packets aws_ecs_service.python -> aws_lb.farm: nothing on the left, tcp 443 from 10.20.10.0/23 on the right",
            "packets aws_lambda_function.rotation -> aws_lb.farm: nothing on the left, tcp 443 from 10.20.10.0/23 on the right",
        ],
    );
}

#[test]
fn a_subnet_elsewhere() {
    differs(
        |right| {
            let subnet = right.subnets.get_mut("aws_subnet.private[\"a\"]").unwrap();
            subnet.cidrs = SetVal::known(["10.20.12.0/24".parse().unwrap()]);
        },
        &[
            "setting aws_subnet.private[\"a\"] cidrs: {10.20.10.0/24} on the left, {10.20.12.0/24} on the right",
        ],
    );
}

#[test]
fn a_service_in_other_subnets() {
    differs(
        |right| {
            let service = right.services.get_mut(PYTHON).unwrap();
            service.subnets = SetVal::known([Key::new("aws_subnet.private[\"a\"]")]);
        },
        &[
            "setting aws_ecs_service.python subnets: {aws_subnet.private[\"a\"], aws_subnet.private[\"b\"]} on the left, {aws_subnet.private[\"a\"]} on the right",
        ],
    );
}

#[test]
fn an_endpoint_without_its_route_table() {
    differs(
        |right| {
            let endpoint = right.endpoints.get_mut("aws_vpc_endpoint.s3").unwrap();
            endpoint.route_tables = SetVal::default();
        },
        &[
            "setting aws_vpc_endpoint.s3 route_tables: {aws_route_table.private} on the left, none on the right",
            "packets aws_ecs_service.python -> com.amazonaws.eu-central-1.s3: tcp 443 from 10.20.10.0/23 on the left, nothing on the right",
            "packets aws_ecs_service.python -> the internet: tcp 443 to the internet (IPv4) on the left, nothing on the right",
        ],
    );
}

#[test]
fn a_network_acl() {
    among(
        |right| {
            let key = Key::new("aws_network_acl.new");
            let acl = NetworkAcl {
                key: key.clone(),
                vpc: Val::Known(Key::new("aws_vpc.farm")),
                is_default: false,
                entries: Vec::new(),
                open: None,
                assumed: None,
            };
            right.network_acls.insert(key.clone(), acl);
            let subnet = right.subnets.get_mut("aws_subnet.private[\"b\"]").unwrap();
            subnet.network_acl = Val::Known(Some(key));
        },
        &[
            "network ACL aws_network_acl.new: missing on the left, present on the right",
            "setting aws_subnet.private[\"b\"] network_acl: not set on the left, aws_network_acl.new on the right",
            "packets aws_lb.farm -> aws_ecs_service.python: tcp 8443 from 10.20.0.0/23 on the left, nothing on the right",
        ],
    );
}

#[test]
fn another_port_of_the_targets() {
    differs(
        |right| {
            let service = right.services.get_mut(PYTHON).unwrap();
            service.load_balancers[0].port = Val::Known(8444);
        },
        &[
            "setting aws_ecs_service.python load balancer aws_lb_target_group.python port: 8443 on the left, 8444 on the right",
            "packets the internet -> aws_ecs_service.python: tcp 443 from 203.0.113.0/24 on the left, nothing on the right",
        ],
    );
}

/// A list that lets the connection pass, and replies to some ports only.
#[test]
fn a_network_acl_that_loses_replies() {
    let entry = |direction, number, services| NetworkAclEntry {
        origin: Origin::of(&Key::new("aws_network_acl.new")),
        direction,
        number,
        allow: true,
        services,
        addresses: AddrSet::all(),
    };
    let with = |high: u16| {
        let mut model = clean_farm();
        let key = Key::new("aws_network_acl.new");
        let acl = NetworkAcl {
            key: key.clone(),
            vpc: Val::Known(Key::new("aws_vpc.farm")),
            is_default: false,
            entries: vec![
                entry(Direction::Ingress, 100, ServiceSet::all()),
                entry(Direction::Egress, 100, ServiceSet::ports(TCP, 1024, high)),
            ],
            open: None,
            assumed: None,
        };
        model.network_acls.insert(key.clone(), acl);
        for subnet in model.subnets.values_mut() {
            subnet.network_acl = Val::Known(Some(key.clone()));
        }
        model
    };
    let (left, right) = (with(u16::MAX), with(32767));
    let found = compare(&left, &right, &same_names(&left));
    let whats: Vec<&str> = found.differences.iter().map(|d| d.what.as_str()).collect();
    let of = |from: &str, to: &str| {
        whats.iter().filter(|w| w.starts_with(&format!("packets {from} -> {to}"))).count()
    };
    assert_eq!(whats[0], "setting aws_network_acl.new entry egress 100 services");
    assert_eq!(of(ALB, PYTHON), 1, "{}", lines(&found));
    assert!(whats.contains(&"packets aws_lb.farm -> aws_ecs_service.python and every reply"));
}

// === settings ===

#[test]
fn a_public_address() {
    differs(
        |right| right.services.get_mut(PYTHON).unwrap().assign_public_ip = Val::Known(true),
        &["setting aws_ecs_service.python assign_public_ip: false on the left, true on the right"],
    );
}

#[test]
fn a_listener_more() {
    differs(
        |right| {
            let mut listener = right.listeners[HTTPS].clone();
            listener.key = Key::new("aws_lb_listener.second");
            listener.port = Val::Known(8080);
            right.listeners.insert(listener.key.clone(), listener);
        },
        &["listener aws_lb_listener.second: missing on the left, present on the right"],
    );
}

#[test]
fn another_path() {
    differs(
        |right| right.listeners.get_mut(HTTPS).unwrap().rules[0].paths = vec!["/*".to_owned()],
        &[
            "setting aws_lb_listener.https rule 10 {`/python/mcp`} paths: {`/python/mcp`} on the left, {`/*`} on the right",
        ],
    );
}

#[test]
fn another_priority() {
    differs(
        |right| right.listeners.get_mut(HTTPS).unwrap().rules[0].priority = Some(20),
        &[
            "setting aws_lb_listener.https rule 10 {`/python/mcp`} priority: 10 on the left, 20 on the right",
        ],
    );
}

#[test]
fn another_condition() {
    differs(
        |right| {
            let rule = &mut right.listeners.get_mut(HTTPS).unwrap().rules[0];
            rule.hosts = vec!["farm.example.com".to_owned()];
            rule.sources = vec!["203.0.113.7/32".parse().unwrap()];
            rule.other_conditions = vec!["http-header x-api-key".to_owned()];
        },
        &[
            "setting aws_lb_listener.https rule 10 {`/python/mcp`} sources: none on the left, {203.0.113.7/32} on the right",
            "setting aws_lb_listener.https rule 10 {`/python/mcp`} hosts: none on the left, {`farm.example.com`} on the right",
            "setting aws_lb_listener.https rule 10 {`/python/mcp`} conditions: none on the left, {`http-header x-api-key`} on the right",
        ],
    );
}

#[test]
fn another_rule_and_no_default_authentication() {
    differs(
        |right| {
            let rules = &mut right.listeners.get_mut(HTTPS).unwrap().rules;
            let mut second = rules[0].clone();
            second.priority = Some(11);
            second.paths = vec!["/health".to_owned()];
            second.actions = vec![Action::FixedResponse];
            rules.insert(1, second);
            rules[2].actions.remove(0);
        },
        &[
            "setting aws_lb_listener.https rule 11 {`/health`}: missing on the left, present on the right",
            "setting aws_lb_listener.https default rule actions: authenticate-oidc, then forward to {aws_lb_target_group.python} on the left, forward to {aws_lb_target_group.python} on the right",
        ],
    );
}

#[test]
fn another_action() {
    differs(
        |right| {
            let http = right.listeners.get_mut("aws_lb_listener.http").unwrap();
            http.rules[0].actions = vec![Action::Redirect { https: false }];
            let https = right.listeners.get_mut(HTTPS).unwrap();
            https.rules[0].actions =
                vec![Action::Forward(SetVal::known([Key::new("aws_lb_target_group.other")]))];
        },
        &[
            "setting aws_lb_listener.http default rule action: redirect to https on the left, redirect, not to https on the right",
            "setting aws_lb_listener.https rule 10 {`/python/mcp`} forwards to: {aws_lb_target_group.python} on the left, {aws_lb_target_group.other} on the right",
        ],
    );
}

#[test]
fn another_tls_policy() {
    differs(
        |right| right.listeners.get_mut(HTTPS).unwrap().tls_policy = Val::Known(None),
        &[
            "setting aws_lb_listener.https tls_policy: `ELBSecurityPolicy-TLS13-1-2-2021-06` on the left, not set on the right",
        ],
    );
}

#[test]
fn another_load_balancer() {
    differs(
        |right| {
            let lb = right.load_balancers.get_mut(ALB).unwrap();
            lb.idle_timeout = Val::Known(None);
            lb.tags.insert("Team".to_owned(), "tools".to_owned());
        },
        &[
            "setting aws_lb.farm idle_timeout: 3600 on the left, not set on the right",
            "setting aws_lb.farm tag Team: not set on the left, `tools` on the right",
        ],
    );
}

#[test]
fn another_health_check() {
    differs(
        |right| {
            let group = right.target_groups.get_mut(TARGETS).unwrap();
            group.health.path = Some("/".to_owned());
            group.health.timeout = Some(9);
            group.port = Val::Known(Some(80));
            group.protocol = Val::Known("HTTP".to_owned());
        },
        &[
            "setting aws_lb_target_group.python port: 8443 on the left, 80 on the right",
            "setting aws_lb_target_group.python protocol: `HTTPS` on the left, `HTTP` on the right",
            "setting aws_lb_target_group.python health path: `/health` on the left, `/` on the right",
            "setting aws_lb_target_group.python health timeout: not set on the left, 9 on the right",
        ],
    );
}

/// Values of environment variables may be secret: they are not told.
#[test]
fn another_container() {
    differs(
        |right| {
            let definition = right.task_definitions.get_mut(TASK).unwrap();
            let Val::Known(containers) = &mut definition.containers else { panic!("not known") };
            let container = &mut containers[0];
            container.image = Some("example.com/python:latest".to_owned());
            container.environment.insert("MCP_PATH".to_owned(), "hunter2".to_owned());
            container.environment.insert("DEBUG".to_owned(), "1".to_owned());
            container.secrets.clear();
            container.ports.push((9000, "tcp".to_owned()));
            container.log_options.remove("awslogs-region");
            container.health_command = vec!["CMD".to_owned(), "true".to_owned()];
            let mut second = container.clone();
            second.name = "sidecar".to_owned();
            containers.push(second);
        },
        &[
            "setting aws_ecs_task_definition.python container python image: `123456789012.dkr.ecr.eu-central-1.amazonaws.com/python-mcp@sha256:9b2a7c1d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccddeef` on the left, `example.com/python:latest` on the right",
            "setting aws_ecs_task_definition.python container python ports: {`tcp 8443`} on the left, {`tcp 8443`, `tcp 9000`} on the right",
            "setting aws_ecs_task_definition.python container python environment DEBUG: not set on the left, another value on the right",
            "setting aws_ecs_task_definition.python container python environment MCP_PATH: one value on the left, another value on the right",
            "setting aws_ecs_task_definition.python container python secret API_KEY: arn:aws:secretsmanager:eu-central-1:123456789012:secret:farm/python-Kx3fQz on the left, not set on the right",
            "setting aws_ecs_task_definition.python container python log option awslogs-region: eu-central-1 on the left, not set on the right",
            "setting aws_ecs_task_definition.python container python health_command: none on the left, {`CMD`, `true`} on the right",
            "setting aws_ecs_task_definition.python container sidecar: missing on the left, present on the right",
        ],
    );
}

#[test]
fn other_roles_and_counts() {
    differs(
        |right| {
            let definition = right.task_definitions.get_mut(TASK).unwrap();
            definition.task_role = Val::Known(Some(Key::new("aws_iam_role.rotation")));
            right.services.get_mut(PYTHON).unwrap().desired_count = Val::Known(Some(9));
            let key = Key::new("aws_appautoscaling_target.new");
            let target = ScalingTarget {
                key: key.clone(),
                service: Val::Known(Key::new(PYTHON)),
                min: Val::Known(1),
                max: Val::Known(50),
            };
            right.scaling_targets.insert(key, target);
        },
        &[
            "setting aws_ecs_service.python desired_count: 1 on the left, 9 on the right",
            "setting aws_ecs_task_definition.python task_role: not set on the left, aws_iam_role.rotation on the right",
            "scaling target aws_appautoscaling_target.new: missing on the left, present on the right",
        ],
    );
}

#[test]
fn private_dns_off() {
    differs(
        |right| {
            let endpoint = right.endpoints.get_mut("aws_vpc_endpoint.interface[\"logs\"]").unwrap();
            endpoint.private_dns = Val::Known(false);
            right.vpcs.get_mut("aws_vpc.farm").unwrap().dns_hostnames = Val::Known(false);
        },
        &[
            "setting aws_vpc.farm dns_hostnames: true on the left, false on the right",
            "setting aws_vpc_endpoint.interface[\"logs\"] private_dns: true on the left, false on the right",
        ],
    );
}

#[test]
fn an_endpoint_less() {
    differs(
        |right| drop(right.endpoints.remove("aws_vpc_endpoint.interface[\"logs\"]")),
        &[
            "endpoint aws_vpc_endpoint.interface[\"logs\"]: present on the left, missing (there is no aws_vpc_endpoint.interface[\"logs\"]) on the right",
        ],
    );
}

/// Two policies that say the same in other words are equal; one that allows more is not.
#[test]
fn a_wider_policy() {
    let with = |text: String| {
        let mut model = clean_farm();
        let endpoint = model.endpoints.get_mut("aws_vpc_endpoint.s3").unwrap();
        endpoint.policy = Val::Known(Some(text));
        model
    };
    let bucket = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":["arn:aws:s3:::a/*"]}]}"#;
    let left = with(bucket.to_owned());
    let found = |text: String| compare(&left, &with(text), &same_names(&left));
    let reordered = r#"{"Statement":{"Sid":"Layers","Resource":"arn:aws:s3:::a/*","Action":["s3:GetObject"],"Principal":{"AWS":"*"},"Effect":"Allow"},"Version":"2012-10-17"}"#;
    assert!(found(reordered.to_owned()).is_settled());
    let wider = found(bucket.replace("a/*", "*"));
    assert_eq!(wider.differences.len(), 1, "{}", lines(&wider));
    assert_eq!(wider.differences[0].what, "setting aws_vpc_endpoint.s3 policy");
}

#[test]
fn a_subnet_that_gives_out_addresses() {
    differs(
        |right| {
            let subnet = right.subnets.get_mut("aws_subnet.private[\"a\"]").unwrap();
            subnet.maps_public_ip = Val::Known(true);
            subnet.zone = Val::Known(Some("eu-central-1c".to_owned()));
        },
        &[
            "setting aws_subnet.private[\"a\"] zone: `eu-central-1a` on the left, `eu-central-1c` on the right",
            "setting aws_subnet.private[\"a\"] map_public_ip: false on the left, true on the right",
        ],
    );
}

#[test]
fn another_description() {
    differs(
        |right| {
            let group = right.security_groups.get_mut(GROUP).unwrap();
            group.ingress.rules[0].description = Some("Anybody".to_owned());
            group.description = None;
        },
        &[
            "setting aws_security_group.python description: `The Python server` on the left, not set on the right",
            "setting aws_security_group.python ingress rule tcp 8443 from aws_security_group.alb description: `Only the load balancer` on the left, `Anybody` on the right",
        ],
    );
}

#[test]
fn what_only_the_right_side_has() {
    differs(
        |right| {
            let key = Key::new("aws_ec2_transit_gateway_vpc_attachment.new");
            let kind = "aws_ec2_transit_gateway_vpc_attachment".to_owned();
            right.unmodelled.insert(kind.clone(), vec![key.clone()]);
            let touches = vec![Key::new("aws_vpc.farm")];
            right.opaque.push(Opaque { key, kind, touches });
            right.removed_rules.push(RemovedRule {
                group: Key::new(GROUP),
                declared_by: Key::new("aws_security_group_rule.old"),
                rule: rule(ServiceSet::tcp(22), "192.0.2.0/24"),
                direction: Direction::Ingress,
            });
            let mut named = right.named[0].clone();
            named.name = "/ecs/other".to_owned();
            Arc::make_mut(&mut right.named).push(named);
            let mut group = right.security_groups[GROUP].clone();
            group.key = Key::new("aws_security_group.new");
            right.security_groups.insert(group.key.clone(), group);
            let mut cluster = right.clusters["aws_ecs_cluster.farm"].clone();
            cluster.key = Key::new("aws_ecs_cluster.new");
            right.clusters.insert(cluster.key.clone(), cluster);
        },
        &[
            "security group aws_security_group.new: missing on the left, present on the right",
            "setting removed rule tcp 22 with {192.0.2.0/24} of aws_security_group.python: missing on the left, present on the right",
            "cluster aws_ecs_cluster.new: missing on the left, present on the right",
            "name log group `/ecs/other` of aws_cloudwatch_log_group.python: missing on the left, present on the right",
            "unmodelled aws_ec2_transit_gateway_vpc_attachment aws_ec2_transit_gateway_vpc_attachment.new: missing on the left, present on the right",
            "aws_ec2_transit_gateway_vpc_attachment aws_ec2_transit_gateway_vpc_attachment.new, which touches {aws_vpc.farm}: missing on the left, present on the right",
        ],
    );
}

fn with_gate(routes: &[(&str, u16)], authentication: &[&str]) -> Model {
    let mut model = clean_farm();
    let key = Key::new(PYTHON);
    let origin = Origin::of(&key);
    let routes = routes.iter().map(|(path, port)| GateRoute {
        origin: origin.clone(),
        path: (*path).to_owned(),
        to: Val::Known(key.clone()),
        port: *port,
        tls: true,
        health_path: "/health".to_owned(),
        authentication: authentication.iter().map(|word| (*word).to_owned()).collect(),
        vouched: false,
    });
    let routes = routes.collect();
    model.gates.insert(key.clone(), Gate { key: key.clone(), origin, port: 8443, routes });
    model
}

#[test]
fn gates() {
    let left = with_gate(&[("/a/*", 8000), ("/b", 8001)], &["API keys"]);
    let told = |right: &Model| -> Vec<String> {
        let found = compare(&left, right, &same_names(&left));
        found.differences.iter().map(ToString::to_string).collect()
    };
    let swapped = with_gate(&[("/b", 8001), ("/a/*", 8000)], &["API keys"]);
    assert_eq!(
        told(&swapped),
        [
            "setting aws_ecs_service.python order of routes: /a/*, /b on the left, /b, /a/* on the right"
        ]
    );
    let open = with_gate(&[("/a/*", 8000), ("/b", 9001), ("/c", 1)], &[]);
    assert_eq!(
        told(&open),
        [
            "setting aws_ecs_service.python route /a/* authentication: {`API keys`} on the left, none on the right",
            "setting aws_ecs_service.python route /b port: 8001 on the left, 9001 on the right",
            "setting aws_ecs_service.python route /b authentication: {`API keys`} on the left, none on the right",
            "setting aws_ecs_service.python route /c: missing on the left, present on the right",
        ]
    );
    assert_eq!(
        told(&clean_farm()),
        [
            "gate aws_ecs_service.python: present on the left, missing (there is no aws_ecs_service.python) on the right"
        ]
    );
}

// === what is not known ===

#[test]
fn containers_that_are_not_known_yet() {
    open(
        |right| {
            let definition = right.task_definitions.get_mut(TASK).unwrap();
            definition.containers = Val::Unknown(note());
        },
        &["setting aws_ecs_task_definition.python containers"],
    );
}

#[test]
fn groups_that_are_not_known_yet() {
    open(
        |right| {
            let service = right.services.get_mut(PYTHON).unwrap();
            service.security_groups = SetVal::unknown(note());
        },
        &[
            "setting aws_ecs_service.python security_groups",
            "packets any host of the network -> aws_ecs_service.python",
            "packets aws_ecs_service.python -> any address of the network",
            "packets aws_ecs_service.python -> aws_ecs_service.python",
            "packets aws_ecs_service.python -> aws_vpc_endpoint.interface[\"ecr.api\"], for certain",
            "packets aws_ecs_service.python -> aws_vpc_endpoint.interface[\"ecr.dkr\"], for certain",
            "packets aws_ecs_service.python -> aws_vpc_endpoint.interface[\"logs\"], for certain",
            "packets aws_ecs_service.python -> aws_vpc_endpoint.interface[\"secretsmanager\"], for certain",
            "packets aws_ecs_service.python -> com.amazonaws.eu-central-1.s3",
            "packets aws_ecs_service.python -> the internet",
            "packets aws_lambda_function.rotation -> aws_ecs_service.python",
            "packets aws_lb.farm -> aws_ecs_service.python, for certain",
            "packets the internet -> aws_ecs_service.python, for certain",
        ],
    );
}

#[test]
fn rules_that_are_not_known_yet() {
    open(
        |right| {
            let group = right.security_groups.get_mut(GROUP).unwrap();
            group.ingress.rules[0].peers.groups = SetVal::unknown(note());
        },
        &[
            "setting aws_security_group.python ingress rule tcp 8443 from aws_security_group.alb",
            "setting aws_security_group.python ingress rules",
            "packets any host of the network -> aws_ecs_service.python",
            "packets aws_lb.farm -> aws_ecs_service.python, for certain",
            "packets the internet -> aws_ecs_service.python, for certain",
        ],
    );
}

#[test]
fn subnets_that_are_not_known_yet() {
    open(
        |right| right.services.get_mut(PYTHON).unwrap().subnets = SetVal::unknown(note()),
        &["setting aws_ecs_service.python subnets", "packets of aws_ecs_service.python"],
    );
}

#[test]
fn a_condition_that_is_not_known_yet() {
    open(
        |right| {
            let rule = &mut right.listeners.get_mut(HTTPS).unwrap().rules[0];
            rule.paths.clear();
            rule.other_conditions = vec!["path-pattern (not known yet)".to_owned()];
        },
        &["setting aws_lb_listener.https rule 10 {`/python/mcp`} conditions"],
    );
}

#[test]
fn a_rule_of_some_listener() {
    open(
        |right| right.listeners.get_mut(HTTPS).unwrap().open = Some(note()),
        &["setting aws_lb_listener.https rule list"],
    );
}

/// What may be the same is open; what cannot be is a difference.
#[test]
fn one_of_several() {
    let one_of = |keys: [&'static str; 2]| {
        move |right: &mut Model| {
            let all = keys.map(|key| Some(Key::new(key))).to_vec();
            let service = right.services.get_mut(PYTHON).unwrap();
            service.task_definition = Val::OneOf(all, note());
        }
    };
    open(
        one_of([TASK, "aws_ecs_task_definition.b"]),
        &["setting aws_ecs_service.python task_definition"],
    );
    assert!(
        !changed(one_of(["aws_ecs_task_definition.a", "aws_ecs_task_definition.b"])).is_equal()
    );
}

/// That something is not known does not hide what is.
#[test]
fn a_wide_rule_beside_an_unknown_one() {
    let found = changed(|right| {
        let group = right.security_groups.get_mut(GROUP).unwrap();
        group.ingress.open = Some(note());
        group.ingress.rules.push(rule(ServiceSet::tcp(22), "10.20.0.0/16"));
    });
    let whats: Vec<&str> = found.differences.iter().map(|d| d.what.as_str()).collect();
    assert_eq!(
        whats,
        [
            "setting aws_security_group.python ingress rule tcp 22 from 10.20.0.0/16",
            "packets any host of the network -> aws_ecs_service.python"
        ]
    );
}

// === what exists already ===

/// The left model describes subnets that the right one only mentions.
#[test]
fn what_exists_already_is_open() {
    let left = clean_farm();
    let mut right = clean_farm();
    let mut names = same_names(&left);
    for (number, key) in left.subnets.keys().enumerate() {
        let id = Key::new(&format!("subnet-{number}"));
        right.subnets.remove(key);
        for set in right
            .services
            .values_mut()
            .map(|it| &mut it.subnets)
            .chain(right.endpoints.values_mut().map(|it| &mut it.subnets))
            .chain(right.load_balancers.values_mut().map(|it| &mut it.subnets))
            .chain(right.functions.values_mut().map(|it| &mut it.subnets))
        {
            if set.sure.remove(key) {
                set.sure.insert(id.clone());
            }
        }
        names.insert(key.clone(), id);
    }
    let found = compare(&left, &right, &names);
    assert!(found.is_equal(), "{}", lines(&found));
    let whats = || found.open.iter().map(|d| d.what.as_str());
    assert_eq!(whats().filter(|what| what.starts_with("subnet")).count(), 4);
    let sure = "packets aws_lb.farm -> aws_ecs_service.python, for certain";
    assert!(whats().any(|what| what == sure), "{}", lines(&found));
}

/// A list of which nobody but its owner knows more than the id.
#[test]
fn a_prefix_list_by_its_id() {
    let with = |listed: bool, port: u16| {
        let mut model = clean_farm();
        let id = Key::new("pl-0123456789abcdef0");
        let mut known = rule(ServiceSet::tcp(port), "0.0.0.0/0");
        let prefix_lists = SetVal::known([id.clone()]);
        known.peers = RulePeers { prefix_lists, ..RulePeers::default() };
        model.security_groups.get_mut("aws_security_group.alb").unwrap().ingress.rules.push(known);
        if listed {
            let list = PrefixList {
                key: id.clone(),
                name: Val::Unknown(note()),
                aws_managed: false,
                entries: SetVal::unknown(note()),
            };
            model.prefix_lists.insert(id, list);
        }
        model
    };
    let left = with(true, 8443);
    let found = compare(&left, &with(false, 8443), &same_names(&left));
    assert!(found.is_settled(), "{}", lines(&found));
    let found = compare(&left, &with(false, 9443), &same_names(&left));
    let whats: Vec<&str> = found.differences.iter().map(|d| d.what.as_str()).collect();
    assert_eq!(
        whats,
        [
            "setting aws_security_group.alb ingress rule pl-0123456789abcdef0",
            "packets any host of the network -> aws_lb.farm",
            "packets the internet -> aws_lb.farm",
        ]
    );
}
