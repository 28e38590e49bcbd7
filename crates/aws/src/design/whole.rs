//! A farm's design as a whole.

use std::collections::BTreeMap;

use farmgate_farm::farm::{Auth, Farm, FlowTraffic, Nat, Scheme, Server, ServerTls};
use farmgate_farm::gate::{self, Config, Upstream};
use farmgate_farm::subnets;
use farmgate_farm::word::Name;
use ipnet::{IpNet, Ipv4Net};

use super::base::{self, Arns, Base};
use super::{
    Design, End, LogGroup, MetadataRule, Party, RouteDesign, SubnetDesign, endpoints, flows, tasks,
};

/// Where clients of OAuth look for what a server wants of them (RFC 9728, section 3).
const METADATA_PATH: &str = "/.well-known/oauth-protected-resource*";

/// Whose the log group of flow logs is, in [`LogGroup::of`].
pub const FLOW_LOGS: &str = "flow logs";

/// The last priority of a listener's rules.
const LAST_PRIORITY: u32 = 50_000;

impl Design {
    /// What a farm comes to on AWS.
    #[must_use]
    pub fn of(farm: &Farm) -> Self {
        let account = base::account(farm);
        let base = Base { farm, arns: Arns::new(farm, account.as_deref()) };
        let (public, private) = all_subnets(farm);
        let config = config(farm, &public, &private);
        let tasks = tasks::all(&base, &config);
        let probe = tasks::probe(&base, &tasks);
        let all = || tasks.iter().chain([&probe]);
        let uses = endpoints::uses(&base, all());
        let mut logs: BTreeMap<String, LogGroup> =
            all().map(|task| (task.log_group.clone(), tasks::logs(&base, task))).collect();
        logs.extend(other_logs(farm));
        let routes = routes(farm);
        let (nat, internet) = nat(farm, &private);
        let flows = flows::all(&base, &tasks, &probe, &uses);
        let databases = farm.databases.keys().map(|name| Party::Database(name.clone()));
        let reached = |party: &Party| {
            flows.iter().any(|flow| matches!(&flow.to, End::Party(to) if to == party))
        };
        let unreached = databases.filter(|party| !reached(party)).collect();
        Self {
            partition: farm.region.partition(),
            metadata: metadata(farm, &routes),
            nat,
            internet,
            endpoints: endpoints::all(&base, &uses),
            flows,
            unreached,
            account,
            public,
            private,
            tasks,
            probe,
            routes,
            gate: config,
            logs,
            farm: farm.clone(),
        }
    }

    /// How ARNs of the farm's account and region are made.
    #[must_use]
    pub fn arns(&self) -> Arns {
        Arns::new(&self.farm, self.account.as_deref())
    }

    /// The Cloud Map namespace: `FARM.local`.
    #[must_use]
    pub fn namespace(&self) -> String {
        namespace(&self.farm)
    }
}

pub(super) fn namespace(farm: &Farm) -> String {
    format!("{}.local", farm.farm)
}

fn all_subnets(farm: &Farm) -> (Vec<SubnetDesign>, Vec<SubnetDesign>) {
    let subnets = subnets::subnets(farm);
    let existing = farm.network.existing.as_ref();
    let design = |(letter, cidr): (char, Ipv4Net),
                  written: &[farmgate_farm::farm::ExistingSubnet]| {
        let same = written.iter().find(|subnet| subnet.zone.as_str().starts_with(letter));
        let ids = same.map(|it| (it.id.as_str().to_owned(), it.route_table.as_str().to_owned()));
        SubnetDesign { letter, zone: format!("{}{letter}", farm.region), cidr, existing: ids }
    };
    let public_ids = existing.map(|it| it.public_subnets.as_slice()).unwrap_or_default();
    let private_ids = existing.map(|it| it.private_subnets.as_slice()).unwrap_or_default();
    // In a VPC that exists, public subnets are there for the load balancer alone.
    let unused = existing.is_some() && farm.ingress.scheme == Scheme::Internal;
    let public = subnets.public.into_iter().filter(|_| !unused);
    (
        public.map(|subnet| design(subnet, public_ids)).collect(),
        subnets.private.into_iter().map(|subnet| design(subnet, private_ids)).collect(),
    )
}

/// The zones with a NAT gateway of the farm's own, and whether there is a way to the internet.
fn nat(farm: &Farm, private: &[SubnetDesign]) -> (Vec<char>, bool) {
    if let Some(existing) = &farm.network.existing {
        return (Vec::new(), existing.nat);
    }
    let letters = private.iter().map(|subnet| subnet.letter);
    let letters: Vec<char> = match farm.network.nat {
        Nat::None => Vec::new(),
        Nat::One => letters.take(1).collect(),
        Nat::PerZone => letters.collect(),
    };
    let internet = !letters.is_empty();
    (letters, internet)
}

fn config(farm: &Farm, public: &[SubnetDesign], private: &[SubnetDesign]) -> Config {
    let before = match farm.ingress.scheme {
        Scheme::InternetFacing => public,
        Scheme::Internal => private,
    };
    let proxies = before.iter().map(|subnet| IpNet::V4(subnet.cidr)).collect();
    gate::config(farm, proxies, |name: &Name, server: &Server| {
        let bridge = server.tls == ServerTls::Bridge;
        let port = if bridge { u64::from(gate::PORT) } else { server.port.get() };
        Upstream {
            host: format!("{name}.{}", namespace(farm)),
            port: u16::try_from(port).unwrap_or_default(),
            tls: true,
            bridge,
            also: Vec::new(),
            ca: None,
            pins: Vec::new(),
            host_header: None,
        }
    })
}

/// The listener's rules, by priority.
fn routes(farm: &Farm) -> Vec<RouteDesign> {
    let priorities = farmgate_farm::routes::priorities(farm);
    let routes = gate::enabled(farm).map(|(name, server)| RouteDesign {
        server: name.clone(),
        path: server.route.as_str().to_owned(),
        priority: priorities.get(name).copied().unwrap_or_default(),
        url: gate::url(farm, server),
        parameter: farmgate_farm::routes::parameter(farm, name, server),
    });
    let mut routes: Vec<RouteDesign> = routes.collect();
    routes.sort_by(|a, b| (a.priority, &a.server).cmp(&(b.priority, &b.server)));
    routes
}

/// The rule for what clients of OAuth ask first, if some server takes its tokens.
fn metadata(farm: &Farm, routes: &[RouteDesign]) -> Option<MetadataRule> {
    let mut auth = gate::enabled(farm).flat_map(|(_, server)| gate::auth(farm, server));
    if !auth.any(|auth| matches!(auth, Auth::Oauth(_))) {
        return None;
    }
    let taken = |priority: &u32| routes.iter().any(|route| route.priority == *priority);
    let priority = (1..=LAST_PRIORITY).rev().find(|priority| !taken(priority))?;
    Some(MetadataRule { path: METADATA_PATH.to_owned(), priority })
}

/// Logs that PostgreSQL ships to CloudWatch.
const DATABASE_LOGS: [&str; 2] = ["postgresql", "upgrade"];

/// The log groups of what isn't a task: flow logs (a VPC that exists has its owner's), the web ACL's,
/// and databases'. Who writes there says what they are called.
fn other_logs(farm: &Farm) -> Vec<(String, LogGroup)> {
    let settings = &farm.network.flow_logs;
    let kept = |of: &str, retention: u64| LogGroup {
        retention,
        kms_key: farm.logs.kms_key.as_ref().map(|key| key.as_str().to_owned()),
        of: of.to_owned(),
    };
    let mut groups = Vec::new();
    if settings.traffic != FlowTraffic::None && farm.network.existing.is_none() {
        let group = kept(FLOW_LOGS, settings.retention.as_days());
        groups.push((format!("/aws/vpc/{}/flow", farm.farm), group));
    }
    let days = farm.logs.retention.as_days();
    if farm.ingress.waf.is_some() {
        groups.push((format!("aws-waf-logs-{}", farm.farm), kept("web ACL", days)));
    }
    for name in farm.databases.keys() {
        let of = Party::Database(name.clone()).word();
        for log in DATABASE_LOGS {
            let group = format!("/aws/rds/instance/{}-{name}/{log}", farm.farm);
            groups.push((group, kept(&of, days)));
        }
    }
    groups
}
