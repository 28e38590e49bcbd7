//! What the real `aws` printed of real systems, which are no part of the project:
//! `FARMGATE_REAL_INPUTS` names their folder.

use std::path::PathBuf;

use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{Direction, Key, Model, RouteDestination, RouteTarget, Val};

use crate::plans::{key, sure};

fn model(system: &str, names: &[&str]) -> Option<Model> {
    let Some(folder) = std::env::var_os("FARMGATE_REAL_INPUTS").filter(|folder| !folder.is_empty())
    else {
        println!("skipped: FARMGATE_REAL_INPUTS not set");
        return None;
    };
    let folder = PathBuf::from(folder).join(system);
    let read = |name: &str| std::fs::read(folder.join(name)).expect("a readable file");
    let files: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (*name, read(name))).collect();
    let inputs: Vec<Input<'_>> = files.iter().map(|(name, bytes)| Input { name, bytes }).collect();
    Some(import(&inputs).expect("documents that are read"))
}

const BUS: [&str; 4] = [
    "describe-route-tables.json",
    "describe-security-groups.json",
    "describe-subnets.json",
    "describe-vpc-endpoints.json",
];

/// A key as the id that it has at AWS, so that models of different sources can be compared.
fn id(model: &Model, of: &Key) -> String {
    let mut ids: Vec<&str> = model
        .aliases
        .iter()
        .filter(|(name, key)| *key == of && !name.starts_with("arn:") && !name.contains('.'))
        .map(|(name, _)| name.as_str())
        .collect();
    ids.sort_by_key(|name| (name.len(), *name));
    ids.first().map_or_else(|| of.to_string(), |id| (*id).to_owned())
}

/// All rules of a group: direction, services, peers.
fn rules(model: &Model) -> Vec<String> {
    let mut all = Vec::new();
    for group in model.security_groups.values().filter(|group| !group.is_default) {
        for direction in [Direction::Ingress, Direction::Egress] {
            let list = group.rules(direction);
            assert_eq!((&list.open, &list.assumed), (&None, &None), "{}", group.key);
            for rule in &list.rules {
                let peers = &rule.peers;
                let services = rule.services.known().expect("known services");
                let own = id(model, &group.key);
                all.extend(
                    peers.cidrs.sure.iter().map(|c| format!("{own} {direction:?} {services} {c}")),
                );
                let groups = peers.groups.sure.iter().map(|peer| id(model, peer));
                all.extend(groups.map(|peer| format!("{own} {direction:?} {services} {peer}")));
                assert!(peers.cidrs.is_settled() && peers.groups.is_settled());
            }
        }
    }
    all.sort();
    all
}

fn routes(model: &Model) -> Vec<String> {
    let mut all = Vec::new();
    for table in model.route_tables.values() {
        assert_eq!(table.open, None);
        for route in &table.routes {
            let Some(RouteDestination::Cidr(to)) = route.destination.known() else {
                panic!("{route:?}")
            };
            let through = match route.target.known().expect("a known target") {
                RouteTarget::InternetGateway(key) | RouteTarget::NatGateway(key) => id(model, key),
                other => panic!("{other:?}"),
            };
            all.push(format!("{} {to} {through}", id(model, &table.key)));
        }
    }
    for subnet in model.subnets.values() {
        let table = subnet.route_table.known().cloned().flatten().expect("a known table");
        let blocks: Vec<String> = subnet.cidrs.sure.iter().map(ToString::to_string).collect();
        let zone = subnet.zone.known();
        let public = subnet.maps_public_ip.known();
        all.push(format!(
            "{} {} {blocks:?} {zone:?} {public:?}",
            id(model, &subnet.key),
            id(model, &table)
        ));
    }
    all.sort();
    all
}

fn endpoints(model: &Model) -> Vec<String> {
    let ids = |keys: &farmgate_aws::model::SetVal<Key>| -> Vec<String> {
        let mut all: Vec<String> = keys.sure.iter().map(|key| id(model, key)).collect();
        all.sort();
        all
    };
    let mut all: Vec<String> = model
        .endpoints
        .values()
        .map(|endpoint| {
            format!(
                "{} {:?} {:?} {:?} {:?} {:?} {}",
                id(model, &endpoint.key),
                endpoint.kind,
                endpoint.service_name.known(),
                endpoint.private_dns.known(),
                ids(&endpoint.subnets),
                ids(&endpoint.security_groups),
                id(model, endpoint.vpc.known().expect("a known VPC")),
            )
        })
        .collect();
    all.sort();
    all
}

#[test]
fn the_described_network_is_that_of_the_state_and_the_plan() {
    let Some(seen) = model("bus-simulator", &BUS) else { return };
    for source in ["state.json", "plan-after-apply.json"] {
        let made = model("bus-simulator", &[source]).expect("the same folder");
        assert_eq!(routes(&seen), routes(&made), "{source}");
        assert_eq!(endpoints(&seen), endpoints(&made), "{source}");
        assert_eq!((routes(&seen).len(), endpoints(&seen).len()), (6, 4));
        if source == "state.json" {
            assert_eq!(rules(&seen), rules(&made));
            assert_eq!(rules(&seen).len(), 6);
        } else {
            // That plan removes one rule again.
            let removed = &made.removed_rules[0];
            assert_eq!(id(&made, &removed.group), "sg-1f4cfa4b33c7d3bb8");
            assert_eq!(rules(&seen).len(), rules(&made).len() + 1);
        }
    }
}

#[test]
fn what_is_seen_and_what_is_written_are_one_thing() {
    let Some(made) = model("bus-simulator", &["state.json"]) else { return };
    let names: Vec<&str> = ["state.json"].into_iter().chain(BUS).collect();
    let both = model("bus-simulator", &names).expect("the same folder");
    assert!(
        both.warnings.iter().all(|warning| warning.code != "sources-disagree"),
        "{:?}",
        both.warnings
    );
    assert_eq!(
        made.security_groups.keys().collect::<Vec<_>>(),
        both.security_groups.keys().collect::<Vec<_>>()
    );
    assert_eq!(
        made.endpoints.keys().collect::<Vec<_>>(),
        both.endpoints.keys().collect::<Vec<_>>()
    );
    assert_eq!(
        made.route_tables.keys().collect::<Vec<_>>(),
        both.route_tables.keys().collect::<Vec<_>>()
    );
    assert_eq!(made.subnets.keys().collect::<Vec<_>>(), both.subnets.keys().collect::<Vec<_>>());
    assert_eq!(rules(&made), rules(&both));
    assert_eq!(routes(&made), routes(&both));
}

const GROUP: &str = "sg-ae81b271b2af0cc0f";

#[test]
fn the_group_as_documented_and_as_intended() {
    let Some(seen) = model("mem-brain", &["describe-security-groups-as-documented.json"]) else {
        return;
    };
    assert_eq!(seen.security_groups[&key(GROUP)].egress.rules.len(), 3);
    let seen = model("mem-brain", &["ecs-sg-intended-egress.json"]).expect("the same folder");
    let group = &seen.security_groups[&key("sg-3ebbbf3d0787d7925")];
    assert_eq!(group.egress.open, None);
    for rule in &group.egress.rules {
        // Nothing but members of one group, by their private addresses: no ECR, no S3, no logs.
        assert_eq!(rule.peers.cidrs.sure.len(), 0);
        assert_eq!(sure(&rule.peers.groups), ["sg-c9313cfb351890085"]);
        assert!(rule.peers.prefix_lists.sure.is_empty());
    }
}

#[test]
fn a_folder_of_two_moments_is_told_of() {
    let names = ["describe-security-groups-as-documented.json", "ecs-sg-before-egress.json"];
    let Some(seen) = model("mem-brain", &names) else { return };
    let told: Vec<_> = seen.warnings.iter().filter(|w| w.code == "sources-disagree").collect();
    let [told] = told.as_slice() else { panic!("{:?}", seen.warnings) };
    assert_eq!(told.on, Some(key(GROUP)));
    assert_eq!(seen.security_groups[&key(GROUP)].egress.rules.len(), 3);
}

#[test]
fn listeners_that_no_rule_shows() {
    let names = [
        "describe-listeners.json",
        "describe-load-balancers.json",
        "describe-subnets.json",
        "describe-target-groups.json",
    ];
    let Some(seen) = model("mem-brain", &names) else { return };
    let [listener] = seen.listeners.values().collect::<Vec<_>>()[..] else {
        panic!("one listener")
    };
    assert_eq!((&listener.port, &listener.tls_policy), (&Val::Known(80), &Val::Known(None)));
    assert!(
        listener
            .open
            .as_ref()
            .expect("open")
            .contains("aws elbv2 describe-rules --listener-arn arn:")
    );
    let balancer = seen.load_balancers.values().next().expect("a load balancer");
    assert_eq!(balancer.internal, Val::Known(false));
    assert!(balancer.access_logs.missing().is_some());
    let group = seen.target_groups.values().next().expect("a target group");
    assert_eq!((group.health.path.as_deref(), group.health.unhealthy), (Some("/health"), Some(3)));
    assert!(
        group.attachments[0]
            .target
            .missing()
            .expect("not known")
            .contains("describe-target-health")
    );
}
