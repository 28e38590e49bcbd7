//! Builds small models by hand: one VPC with a public and a private subnet, and what a test puts in.
//!
//! Names are Terraform addresses, so that findings read as they do for a plan.

#![allow(dead_code, unreachable_pub)]

use farmgate_aws::model::{
    Action, Api, ApiKind, ApiRoute, Authorization, Container, Database, Direction, EcsService,
    HealthCheck, Instance, Integration, IntegrationTarget, InternetGateway, Key, Listener,
    ListenerRule, LoadBalancer, LoadBalancerKind, Model, NatGateway, Origin, Route,
    RouteDestination, RouteTable, RouteTarget, RuleList, RulePeers, SecurityGroup,
    SecurityGroupRule, ServiceTarget, SetVal, Subnet, TargetGroup, TaskDefinition, Val, Vpc,
    VpcLink,
};
use farmgate_net::service::ServiceSet;

pub const VPC: &str = "aws_vpc.main";
pub const PUBLIC: &str = "aws_subnet.public";
pub const PRIVATE: &str = "aws_subnet.private";

pub fn key(name: &str) -> Key {
    Key::new(name)
}

pub fn keys(names: &[&str]) -> SetVal<Key> {
    SetVal::known(names.iter().map(|name| Key::new(name)))
}

/// A VPC 10.0.0.0/16 in which a public subnet leads to the internet and a private one to a NAT
/// gateway.
pub fn network() -> Model {
    let mut model = Model { region: Some("eu-west-1".to_owned()), ..Model::default() };
    let vpc = Vpc {
        key: key(VPC),
        cidrs: SetVal::known(["10.0.0.0/16".parse().unwrap()]),
        dns_support: Val::Known(true),
        dns_hostnames: Val::Known(true),
        open: None,
        main_route_table: None,
        default_security_group: None,
        default_network_acl: None,
        flow_logs: Val::Known(true),
        tags: Default::default(),
    };
    model.vpcs.insert(key(VPC), vpc);
    let gateway = key("aws_internet_gateway.main");
    model.internet_gateways.insert(
        gateway.clone(),
        InternetGateway {
            key: gateway.clone(),
            vpc: Val::Known(Some(key(VPC))),
            egress_only: false,
        },
    );
    let nat = key("aws_nat_gateway.main");
    model.nat_gateways.insert(
        nat.clone(),
        NatGateway {
            key: nat.clone(),
            subnet: Val::Known(key(PUBLIC)),
            public: Val::Known(true),
            public_address: None,
            private_address: None,
        },
    );
    subnet(&mut model, PUBLIC, "10.0.100.0/24", Some(RouteTarget::InternetGateway(gateway)));
    subnet(&mut model, PRIVATE, "10.0.1.0/24", Some(RouteTarget::NatGateway(nat)));
    model
}

pub fn subnet(model: &mut Model, name: &str, cidr: &str, to: Option<RouteTarget>) {
    let table = key(&format!("{name}_table"));
    let routes = to.map(|target| Route {
        origin: Origin::at(&table, "route[0]"),
        destination: Val::Known(RouteDestination::Cidr("0.0.0.0/0".parse().unwrap())),
        target: Val::Known(target),
        propagated: false,
    });
    let routes: Vec<Route> = routes.into_iter().collect();
    let vpc = || Val::Known(key(VPC));
    model.route_tables.insert(
        table.clone(),
        RouteTable { key: table.clone(), vpc: vpc(), routes, open: None, assumed: None },
    );
    let made = Subnet {
        key: key(name),
        vpc: vpc(),
        cidrs: SetVal::known([cidr.parse().unwrap()]),
        zone: Val::default(),
        maps_public_ip: Val::Known(false),
        route_table: Val::Known(Some(table)),
        network_acl: Val::Known(None),
        tags: Default::default(),
    };
    model.subnets.insert(key(name), made);
}

/// A security group that lets nothing in or out.
pub fn group(model: &mut Model, name: &str) {
    let made = SecurityGroup {
        key: key(name),
        name: Val::Known(None),
        description: None,
        vpc: Val::Known(Some(key(VPC))),
        is_default: false,
        managed: true,
        ingress: RuleList::default(),
        egress: RuleList::default(),
        tags: Default::default(),
    };
    model.security_groups.insert(key(name), made);
}

/// Adds a rule to a group; each peer is a CIDR, or else the name of a group.
pub fn rule(model: &mut Model, group: &str, way: Direction, services: ServiceSet, peers: &[&str]) {
    let cidrs: Vec<_> = peers.iter().filter_map(|peer| peer.parse().ok()).collect();
    let groups = peers.iter().filter(|peer| peer.parse::<ipnet::IpNet>().is_err());
    let groups = SetVal::known(groups.map(|name| key(name)));
    let list = model.security_groups.get_mut(group).unwrap().rules_mut(way);
    let word = if way == Direction::Ingress { "ingress" } else { "egress" };
    list.rules.push(SecurityGroupRule {
        origin: Origin::at(&key(group), format!("{word}[{}]", list.rules.len())),
        services: Val::Known(services),
        peers: RulePeers { cidrs: SetVal::known(cidrs), groups, ..RulePeers::default() },
        description: None,
    });
}

pub fn ingress(model: &mut Model, group: &str, services: ServiceSet, peers: &[&str]) {
    rule(model, group, Direction::Ingress, services, peers);
}

pub fn egress(model: &mut Model, group: &str, services: ServiceSet, peers: &[&str]) {
    rule(model, group, Direction::Egress, services, peers);
}

/// A Fargate service whose image is in ECR and which logs to CloudWatch Logs.
pub fn service(model: &mut Model, name: &str, subnet: &str, groups: &[&str]) {
    let definition = key(&format!("{name}_task"));
    let container = Container {
        name: "server".to_owned(),
        image: Some("123456789012.dkr.ecr.eu-west-1.amazonaws.com/server:1".to_owned()),
        ports: vec![(8080, "tcp".to_owned())],
        log_driver: Some("awslogs".to_owned()),
        ..Container::default()
    };
    model.task_definitions.insert(
        definition.clone(),
        TaskDefinition {
            key: definition.clone(),
            family: Val::Known(None),
            network_mode: Val::Known(Some("awsvpc".to_owned())),
            containers: Val::Known(vec![container]),
            mentions: Vec::new(),
            execution_role: Val::Known(None),
            task_role: Val::Known(None),
            file_systems: Vec::new(),
            volumes: Vec::new(),
            for_fargate: Val::Known(true),
            windows: Val::Known(false),
            pid_mode: Val::Known(None),
        },
    );
    let made = EcsService {
        key: key(name),
        name: Val::Known(None),
        cluster: Val::Known(None),
        task_definition: Val::Known(Some(definition)),
        desired_count: Val::Known(Some(1)),
        fargate: Val::Known(true),
        subnets: keys(&[subnet]),
        security_groups: keys(groups),
        assign_public_ip: Val::Known(false),
        load_balancers: Vec::new(),
        registries: Vec::new(),
        rolls_back: Val::Known(true),
        tags: Default::default(),
    };
    model.services.insert(key(name), made);
}

pub fn load_balancer(
    model: &mut Model,
    name: &str,
    network: bool,
    internal: bool,
    groups: &[&str],
) {
    let kind = if network { LoadBalancerKind::Network } else { LoadBalancerKind::Application };
    let made = LoadBalancer {
        key: key(name),
        kind,
        name: Val::Known(None),
        internal: Val::Known(internal),
        subnets: keys(&[if internal { PRIVATE } else { PUBLIC }]),
        security_groups: (!groups.is_empty()).then(|| keys(groups)),
        idle_timeout: Val::Known(None),
        access_logs: Val::Known(true),
        deletion_protection: Val::Known(true),
        tags: Default::default(),
    };
    model.load_balancers.insert(key(name), made);
}

pub fn listener(
    model: &mut Model,
    name: &str,
    lb: &str,
    (protocol, port): (&str, u16),
    do_: Action,
) {
    let rule = ListenerRule {
        origin: Origin::at(&key(name), "default_action[0]"),
        priority: None,
        paths: Vec::new(),
        hosts: Vec::new(),
        sources: Vec::new(),
        other_conditions: Vec::new(),
        actions: vec![do_],
    };
    let made = Listener {
        key: key(name),
        load_balancer: Val::Known(key(lb)),
        port: Val::Known(port),
        protocol: Val::Known(protocol.to_owned()),
        tls_policy: Val::Known(None),
        verifies_clients: false,
        rules: vec![rule],
        open: None,
    };
    model.listeners.insert(key(name), made);
}

pub fn forward(group: &str) -> Action {
    Action::Forward(keys(&[group]))
}

pub fn verify() -> Action {
    Action::Authenticate { kind: "jwt-validation".to_owned(), allows_anonymous: false }
}

/// A target group in which a service is registered on 8080.
pub fn target_group(model: &mut Model, name: &str, protocol: &str, service: &str) {
    let made = TargetGroup {
        key: key(name),
        name: Val::Known(None),
        vpc: Val::Known(Some(key(VPC))),
        port: Val::Known(Some(8080)),
        protocol: Val::Known(protocol.to_owned()),
        protocol_version: None,
        target_type: Val::Known("ip".to_owned()),
        preserve_client_ip: Val::Known(None),
        health: HealthCheck { enabled: true, ..HealthCheck::default() },
        sticky: Val::Known(false),
        attachments: Vec::new(),
    };
    model.target_groups.insert(key(name), made);
    let target = ServiceTarget {
        origin: Origin::at(&key(service), "load_balancer[0]"),
        target_group: Val::Known(key(name)),
        container: "server".to_owned(),
        port: Val::Known(8080),
    };
    model.services.get_mut(service).unwrap().load_balancers.push(target);
}

/// An API without routes.
pub fn api(model: &mut Model, name: &str, kind: ApiKind) {
    let made = Api {
        key: key(name),
        kind,
        name: Val::Known(None),
        private: Val::Known(false),
        policy: Val::Known(None),
        routes: Vec::new(),
        stages: Vec::new(),
        open: None,
    };
    model.apis.insert(key(name), made);
}

pub fn route(
    model: &mut Model,
    (api, name): (&str, &str),
    route: &str,
    how: Authorization,
    to: Option<Integration>,
) {
    model.apis.get_mut(api).unwrap().routes.push(ApiRoute {
        origin: Origin::of(&key(name)),
        route: Val::Known(route.to_owned()),
        authorization: Val::Known(how),
        integration: Val::Known(to),
    });
}

pub fn integration(name: &str, target: IntegrationTarget) -> Integration {
    Integration {
        origin: Origin::of(&key(name)),
        kind: "HTTP_PROXY".to_owned(),
        target,
        timeout_ms: None,
        streams: false,
        tls: Some(false),
        port: Some(80),
    }
}

/// An integration through a VPC link, which is made too.
pub fn linked(model: &mut Model, name: &str, group: &str, listener: &str) -> Integration {
    let link = key("aws_apigatewayv2_vpc_link.main");
    model.vpc_links.insert(
        link.clone(),
        VpcLink {
            key: link.clone(),
            subnets: keys(&[PRIVATE]),
            security_groups: keys(&[group]),
            targets: SetVal::default(),
            v1: false,
        },
    );
    let target =
        IntegrationTarget::VpcLink { link: Val::Known(link), to: Val::Known(key(listener)) };
    integration(name, target)
}

pub fn database(model: &mut Model, name: &str, subnet: &str, group: &str) {
    let made = Database {
        key: key(name),
        engine: Val::Known(Some("postgres".to_owned())),
        port: Val::Known(Some(5432)),
        subnets: keys(&[subnet]),
        security_groups: keys(&[group]),
        public: Val::Known(false),
        encrypted: Val::Known(true),
        deletion_protection: Val::Known(true),
        tags: Default::default(),
    };
    model.databases.insert(key(name), made);
}

pub fn instance(model: &mut Model, name: &str, group: &str, public: bool) {
    let made = Instance {
        key: key(name),
        subnet: Val::Known(Some(key(PUBLIC))),
        security_groups: keys(&[group]),
        public: Val::Known(public),
        address: None,
        tags: Default::default(),
    };
    model.instances.insert(key(name), made);
}
