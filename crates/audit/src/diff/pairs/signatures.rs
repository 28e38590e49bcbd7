//! By what AWS tells things apart: signatures that only one thing of a kind can have.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Model, SetVal, Tags, Val};

use super::By;

/// What was found so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'p> {
    pub(super) map: &'p BTreeMap<Key, (Key, By)>,
    pub(super) taken: &'p BTreeSet<Key>,
}

/// One of the two models, with what its things are called on the right.
struct Side<'m> {
    model: &'m Model,
    /// Of the left model; the right one's things are called what they are.
    names: Option<&'m BTreeMap<Key, (Key, By)>>,
}

impl Side<'_> {
    /// What something is called on the right, if it is known there.
    fn called(&self, key: &Key) -> Option<String> {
        match self.names {
            None => Some(self.model.resolve(key.as_str()).to_string()),
            Some(names) => {
                let own = self.model.resolve(key.as_str());
                names.get(&own).map(|(other, _)| other.to_string())
            }
        }
    }

    fn called_val(&self, key: &Val<Key>) -> Option<String> {
        self.called(key.get()?)
    }

    fn called_opt(&self, key: &Val<Option<Key>>) -> Option<String> {
        self.called(key.get()?.as_ref()?)
    }

    /// A set that is known as a whole, and all of it on the right.
    fn called_set(&self, keys: &SetVal<Key>) -> Option<String> {
        if !keys.is_settled() || keys.sure.is_empty() {
            return None;
        }
        let mut names: Vec<String> =
            keys.sure.iter().map(|key| self.called(key)).collect::<Option<_>>()?;
        names.sort_unstable();
        Some(names.join(" "))
    }
}

/// The kinds of things that are matched, in words, with their keys; the same kinds for every model.
pub(super) fn kinds(model: &Model) -> Vec<(&'static str, BTreeSet<&Key>)> {
    fn keys<T>(items: &BTreeMap<Key, T>) -> BTreeSet<&Key> {
        items.keys().collect()
    }
    // Groups that are only mentioned are known by their id, if at all.
    let managed = model.security_groups.iter().filter(|(_, group)| group.managed);
    let managed = managed.map(|(key, _)| key).collect();
    vec![
        ("VPCs", keys(&model.vpcs)),
        ("subnets", keys(&model.subnets)),
        ("internet gateways", keys(&model.internet_gateways)),
        ("NAT gateways", keys(&model.nat_gateways)),
        ("prefix lists", keys(&model.prefix_lists)),
        ("security groups", managed),
        ("VPC endpoints", keys(&model.endpoints)),
        ("load balancers", keys(&model.load_balancers)),
        ("listeners", keys(&model.listeners)),
        ("target groups", keys(&model.target_groups)),
        ("APIs", keys(&model.apis)),
        ("VPC links", keys(&model.vpc_links)),
        ("distributions", keys(&model.distributions)),
        ("ECS clusters", keys(&model.clusters)),
        ("ECS services", keys(&model.services)),
        ("functions", keys(&model.functions)),
        ("instances", keys(&model.instances)),
        ("databases", keys(&model.databases)),
    ]
}

/// New pairs, by what only one thing can have; with `loosely` by what only one thing has here.
pub(super) fn pairs(
    left: &Model,
    right: &Model,
    found: &Found<'_>,
    loosely: bool,
) -> Vec<(Key, Key, By)> {
    let ours = Side { model: left, names: Some(found.map) };
    let theirs = Side { model: right, names: None };
    let of = |side: &Side<'_>| if loosely { loose(side) } else { strict(side) };
    let by = if loosely { By::OnlyOne } else { By::Name };
    let (mut left_index, mut right_index) = (index(of(&ours)), index(of(&theirs)));
    left_index.retain(|_, keys| keys.iter().all(|key| !found.map.contains_key(key)));
    right_index.retain(|_, keys| keys.iter().all(|key| !found.taken.contains(key)));
    let mut all: Vec<(Key, Key, By)> = left_index
        .into_iter()
        .filter_map(|(signature, own)| {
            let other = right_index.get(&signature)?;
            match (own.as_slice(), other.as_slice()) {
                ([own], [other]) => Some((own.clone(), other.clone(), by)),
                _ => None,
            }
        })
        .collect();
    all.extend(around(left, right, found));
    all
}

fn index(all: Vec<(String, Key)>) -> BTreeMap<String, Vec<Key>> {
    let mut by_signature: BTreeMap<String, Vec<Key>> = BTreeMap::new();
    for (signature, key) in all {
        by_signature.entry(signature).or_default().push(key);
    }
    by_signature
}

/// What AWS keeps unique, for everything of which it is known.
fn strict(side: &Side<'_>) -> Vec<(String, Key)> {
    let model = side.model;
    let mut all = Vec::new();
    let mut add = |key: &Key, signature: Option<String>| {
        if let Some(signature) = signature {
            all.push((signature, key.clone()));
        }
    };
    let named = |name: &Val<Option<String>>| name.get().cloned().flatten();
    for (key, subnet) in &model.subnets {
        let vpc = side.called_val(&subnet.vpc);
        add(key, vpc.and_then(|vpc| Some(format!("subnet {vpc} {}", settled(&subnet.cidrs)?))));
    }
    for (key, gateway) in &model.internet_gateways {
        let vpc = side.called_opt(&gateway.vpc);
        add(key, vpc.map(|vpc| format!("igw {vpc} {}", gateway.egress_only)));
    }
    for (key, group) in model.security_groups.iter().filter(|(_, group)| group.managed) {
        let signature = || {
            let vpc = side.called_opt(&group.vpc)?;
            let name = if group.is_default { "default".to_owned() } else { named(&group.name)? };
            Some(format!("group {vpc} {name}"))
        };
        add(key, signature());
    }
    for (key, lb) in &model.load_balancers {
        add(key, named(&lb.name).map(|name| format!("lb {name}")));
    }
    for (key, listener) in &model.listeners {
        let signature = || {
            let lb = side.called_val(&listener.load_balancer)?;
            Some(format!("listener {lb} {}", listener.port.get()?))
        };
        add(key, signature());
    }
    for (key, group) in &model.target_groups {
        add(key, named(&group.name).map(|name| format!("target group {name}")));
    }
    for (key, cluster) in &model.clusters {
        add(key, named(&cluster.name).map(|name| format!("cluster {name}")));
    }
    for (key, service) in &model.services {
        let signature = || {
            let cluster = match service.cluster.get()? {
                Some(cluster) => side.called(cluster)?,
                None => "default".to_owned(),
            };
            Some(format!("service {cluster} {}", named(&service.name)?))
        };
        add(key, signature());
    }
    for (key, function) in &model.functions {
        add(key, named(&function.name).map(|name| format!("function {name}")));
    }
    all
}

/// What only one thing has here, though AWS would allow several.
fn loose(side: &Side<'_>) -> Vec<(String, Key)> {
    let model = side.model;
    let mut all = Vec::new();
    let mut add = |key: &Key, signature: Option<String>| {
        if let Some(signature) = signature {
            all.push((signature, key.clone()));
        }
    };
    let tagged = |tags: &Tags| tags.get("Name").cloned();
    for (key, vpc) in &model.vpcs {
        let tagged = tagged(&vpc.tags);
        add(key, tagged.and_then(|name| Some(format!("vpc {name} {}", settled(&vpc.cidrs)?))));
    }
    for (key, subnet) in &model.subnets {
        let tagged = tagged(&subnet.tags);
        add(
            key,
            tagged.and_then(|name| Some(format!("subnet {name} {}", settled(&subnet.cidrs)?))),
        );
    }
    for (key, endpoint) in &model.endpoints {
        let signature = || {
            let vpc = side.called_val(&endpoint.vpc)?;
            Some(format!("endpoint {vpc} {}", endpoint.service_name.get()?))
        };
        add(key, signature());
    }
    for (key, nat) in &model.nat_gateways {
        add(key, side.called_val(&nat.subnet).map(|subnet| format!("nat {subnet}")));
    }
    for (key, api) in &model.apis {
        let name = api.name.get().cloned().flatten();
        add(key, name.map(|name| format!("api {:?} {name}", api.kind)));
    }
    for (key, link) in &model.vpc_links {
        let subnets = side.called_set(&link.subnets);
        add(key, subnets.map(|subnets| format!("link {} {subnets}", link.v1)));
    }
    for (key, instance) in &model.instances {
        let signature = || {
            let subnet = side.called_opt(&instance.subnet)?;
            Some(format!("instance {subnet} {}", tagged(&instance.tags)?))
        };
        add(key, signature());
    }
    for (key, database) in &model.databases {
        let signature = || {
            let subnets = side.called_set(&database.subnets)?;
            let engine = database.engine.get().cloned().flatten()?;
            Some(format!("database {engine} {subnets}"))
        };
        add(key, signature());
    }
    all
}

/// VPCs in which something is that is the same: nothing is in two.
fn around(left: &Model, right: &Model, found: &Found<'_>) -> Vec<(Key, Key, By)> {
    let mut all = Vec::new();
    let mut both = |own: Option<Key>, other: Option<Key>| {
        if let (Some(own), Some(other)) = (own, other) {
            let (own, other) = (left.resolve(own.as_str()), right.resolve(other.as_str()));
            all.push((own, other, By::Content));
        }
    };
    for (own, (other, _)) in found.map {
        if let (Some(a), Some(b)) = (left.subnets.get(own), right.subnets.get(other)) {
            both(a.vpc.get().cloned(), b.vpc.get().cloned());
        }
        if let (Some(a), Some(b)) =
            (left.security_groups.get(own), right.security_groups.get(other))
        {
            both(a.vpc.get().cloned().flatten(), b.vpc.get().cloned().flatten());
        }
        if let (Some(a), Some(b)) = (left.target_groups.get(own), right.target_groups.get(other)) {
            both(a.vpc.get().cloned().flatten(), b.vpc.get().cloned().flatten());
        }
        if let (Some(a), Some(b)) = (left.endpoints.get(own), right.endpoints.get(other)) {
            both(a.vpc.get().cloned(), b.vpc.get().cloned());
        }
        let (a, b) = (subnets_of(left, own), subnets_of(right, other));
        both(vpc_of(left, a), vpc_of(right, b));
    }
    all.retain(|(own, other, _)| !found.map.contains_key(own) && !found.taken.contains(other));
    // Where what is the same would be in several VPCs at once, nothing follows.
    let mut ours: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
    for (own, other, _) in &all {
        ours.entry(own.clone()).or_default().insert(other.clone());
    }
    all.retain(|(own, _, _)| ours.get(own).is_some_and(|others| others.len() == 1));
    all
}

fn subnets_of<'m>(model: &'m Model, key: &Key) -> Option<&'m SetVal<Key>> {
    let services = model.services.get(key).map(|it| &it.subnets);
    services
        .or_else(|| model.load_balancers.get(key).map(|it| &it.subnets))
        .or_else(|| model.functions.get(key).map(|it| &it.subnets))
        .or_else(|| model.databases.get(key).map(|it| &it.subnets))
}

fn vpc_of(model: &Model, subnets: Option<&SetVal<Key>>) -> Option<Key> {
    let first = subnets?.sure.iter().next()?;
    model.subnets.get(&model.resolve(first.as_str()))?.vpc.get().cloned()
}

fn settled<T: ToString + Ord>(set: &SetVal<T>) -> Option<String> {
    if !set.is_settled() || set.sure.is_empty() {
        return None;
    }
    let all: Vec<String> = set.sure.iter().map(ToString::to_string).collect();
    Some(all.join(" "))
}

/// Whether two things that nothing pairs are surely not the same: AWS keeps a name of theirs unique,
/// or never changes it, and it differs.
pub(super) fn excluded((left, own): (&Model, &Key), (right, other): (&Model, &Key)) -> bool {
    let name = |model: &Model, key: &Key| -> Option<String> {
        let named = |name: &Val<Option<String>>| name.get().cloned().flatten();
        None.or_else(|| model.services.get(key).and_then(|it| named(&it.name)))
            .or_else(|| model.load_balancers.get(key).and_then(|it| named(&it.name)))
            .or_else(|| model.functions.get(key).and_then(|it| named(&it.name)))
            .or_else(|| model.target_groups.get(key).and_then(|it| named(&it.name)))
            .or_else(|| model.clusters.get(key).and_then(|it| named(&it.name)))
            .or_else(|| model.security_groups.get(key).and_then(|it| named(&it.name)))
            .or_else(|| model.apis.get(key).and_then(|it| named(&it.name)))
            .or_else(|| model.endpoints.get(key).and_then(|it| it.service_name.get().cloned()))
            .or_else(|| model.databases.get(key).and_then(|it| named(&it.engine)))
            .or_else(|| model.listeners.get(key).and_then(|it| Some(it.port.get()?.to_string())))
            .or_else(|| model.vpcs.get(key).and_then(|it| settled(&it.cidrs)))
            .or_else(|| model.subnets.get(key).and_then(|it| settled(&it.cidrs)))
    };
    if let (Some(own), Some(other)) = (name(left, own), name(right, other)) {
        return own != other;
    }
    // Two addresses of sources that manage things are two things.
    let address = |key: &Key| key.resource_type().is_some_and(|kind| kind.starts_with("aws_"));
    address(own) && address(other)
}
