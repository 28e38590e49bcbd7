//! The part of a model that decides over some of its resources.
//!
//! A change is tried on a copy (see `fix` in the audit room). Copying and lowering a whole account
//! for each of some hundred findings would take longer than everything else together, so only the
//! part is copied that can make a difference to statements about the resources in question.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{IntegrationTarget, Key, Model, SecurityGroup, SetVal, Val};

impl Model {
    /// A copy of what decides over statements about `keys`: these resources, what is attached to
    /// them, and the VPCs in which they are with all that routes and filters there. Other services,
    /// load balancers and databases are left out.
    #[must_use]
    pub fn around(&self, keys: &BTreeSet<Key>) -> Self {
        let mut part = Self {
            region: self.region.clone(),
            account: self.account.clone(),
            prefix_lists: self.prefix_lists.clone(),
            repositories: self.repositories.clone(),
            opaque: self.opaque.clone(),
            aliases: Arc::clone(&self.aliases),
            named: Arc::clone(&self.named),
            ..Self::default()
        };
        self.owners(&self.with_gates(keys), &mut part);
        self.gates_behind(&mut part);
        self.roles_of(&mut part);
        let vpcs = self.vpcs_around(&part, keys);
        self.network(&vpcs, &mut part);
        self.groups(keys, &mut part);
        part
    }

    /// These, the gates that lead to any of them, and what the gates among them lead to.
    fn with_gates(&self, keys: &BTreeSet<Key>) -> BTreeSet<Key> {
        let mut all = keys.clone();
        for (key, gate) in &self.gates {
            let own = keys.contains(key);
            for route in &gate.routes {
                let led = crate::network::relays::led_to(self, gate, route);
                if own {
                    all.extend(led.iter().map(|led| led.to.clone()));
                }
                if led.iter().any(|led| keys.contains(&led.to)) {
                    all.insert(key.clone());
                }
            }
        }
        all
    }

    /// The gates in the part, and those behind its load balancers: it is they who verify callers.
    fn gates_behind(&self, part: &mut Self) {
        for (key, gate) in &self.gates {
            let service = self.services.get(key);
            let groups = service.into_iter().flat_map(|service| &service.load_balancers);
            let mut groups = groups.filter_map(|block| block.target_group.get());
            let behind = groups.any(|group| part.target_groups.contains_key(group));
            if behind || part.services.contains_key(key) {
                copy(&self.services, key, &mut part.services);
                part.gates.insert(key.clone(), gate.clone());
                let definition = service.and_then(|service| service.task_definition.get());
                if let Some(Some(definition)) = definition {
                    copy(&self.task_definitions, definition, &mut part.task_definitions);
                }
            }
        }
    }

    /// The roles of the tasks in the part, with what has a say in what they may do.
    fn roles_of(&self, part: &mut Self) {
        for definition in part.task_definitions.values() {
            for role in [&definition.execution_role, &definition.task_role] {
                if let Some(Some(role)) = role.get() {
                    copy(&self.roles, role, &mut part.roles);
                }
            }
        }
        part.resource_policies.clone_from(&self.resource_policies);
        part.encrypted.clone_from(&self.encrypted);
    }

    /// The services, databases and load balancers in question, and what is attached to them.
    fn owners(&self, keys: &BTreeSet<Key>, part: &mut Self) {
        let mut groups: BTreeSet<&Key> = BTreeSet::new();
        for (key, service) in within(&self.services, keys) {
            groups.extend(service.load_balancers.iter().filter_map(|b| b.target_group.get()));
            if let Some(Some(definition)) = service.task_definition.get() {
                copy(&self.task_definitions, definition, &mut part.task_definitions);
            }
            part.services.insert(key.clone(), service.clone());
        }
        for (key, database) in within(&self.databases, keys) {
            part.databases.insert(key.clone(), database.clone());
        }
        for (key, listener) in &self.listeners {
            let lb = listener.load_balancer.get();
            let forwards = crate::network::relays::forwarded_groups(self, listener);
            let leads = forwards.iter().any(|(group, _)| groups.contains(group));
            let unsure = listener.load_balancer.missing().is_some();
            if leads || unsure || lb.is_some_and(|lb| keys.contains(lb)) {
                part.listeners.insert(key.clone(), listener.clone());
                if let Some(lb) = lb {
                    copy(&self.load_balancers, lb, &mut part.load_balancers);
                }
                for (group, _) in &forwards {
                    copy(&self.target_groups, group, &mut part.target_groups);
                }
            }
        }
        for key in keys {
            copy(&self.load_balancers, key, &mut part.load_balancers);
        }
        for (key, api) in &self.apis {
            let leads = api.routes.iter().any(|route| match route.integration.get() {
                Some(Some(integration)) => match &integration.target {
                    IntegrationTarget::VpcLink { link, to } => {
                        if let Some(link) = link.get() {
                            copy(&self.vpc_links, link, &mut part.vpc_links);
                        }
                        to.get().is_some_and(|to| {
                            part.listeners.contains_key(to)
                                || part.load_balancers.contains_key(to)
                                || self.discovery.contains_key(to)
                        })
                    }
                    _ => false,
                },
                _ => false,
            });
            if leads || keys.contains(key) {
                part.apis.insert(key.clone(), api.clone());
            }
        }
        for (key, distribution) in &self.distributions {
            if distribution.origins.mentioned().any(|o| part.load_balancers.contains_key(o)) {
                part.distributions.insert(key.clone(), distribution.clone());
            }
        }
    }

    fn vpcs_around(&self, part: &Self, keys: &BTreeSet<Key>) -> BTreeSet<Key> {
        let subnets = part
            .services
            .values()
            .map(|s| &s.subnets)
            .chain(part.load_balancers.values().map(|s| &s.subnets))
            .chain(part.databases.values().map(|s| &s.subnets))
            .chain(part.vpc_links.values().map(|s| &s.subnets));
        let mut vpcs: BTreeSet<Key> =
            keys.iter().filter(|k| self.vpcs.contains_key(*k)).cloned().collect();
        for subnet in subnets.flat_map(SetVal::mentioned) {
            let vpc = self.subnets.get(subnet).and_then(|s| s.vpc.get());
            vpcs.extend(vpc.cloned());
        }
        for key in keys {
            let vpc =
                self.security_groups.get(key).and_then(|g| g.vpc.get()).and_then(Option::as_ref);
            vpcs.extend(vpc.cloned());
        }
        vpcs
    }

    /// All that routes and filters in these VPCs; of what is in none for certain, everything.
    fn network(&self, vpcs: &BTreeSet<Key>, part: &mut Self) {
        let inside = |vpc: &Val<Key>| vpc.get().is_none_or(|vpc| vpcs.contains(vpc));
        for (key, vpc) in within(&self.vpcs, vpcs) {
            part.vpcs.insert(key.clone(), vpc.clone());
        }
        part.subnets = kept(&self.subnets, |s| inside(&s.vpc));
        part.route_tables = kept(&self.route_tables, |t| inside(&t.vpc));
        part.network_acls = kept(&self.network_acls, |a| inside(&a.vpc));
        part.endpoints = kept(&self.endpoints, |e| inside(&e.vpc));
        part.internet_gateways = kept(&self.internet_gateways, |g| match g.vpc.get() {
            Some(Some(vpc)) => vpcs.contains(vpc),
            _ => true,
        });
        let subnets = &part.subnets;
        part.nat_gateways = kept(&self.nat_gateways, |n| {
            n.subnet.get().is_none_or(|subnet| subnets.contains_key(subnet))
        });
    }

    /// The groups that anything in the part carries, and those that their rules name.
    fn groups(&self, keys: &BTreeSet<Key>, part: &mut Self) {
        let carried = part
            .services
            .values()
            .map(|s| &s.security_groups)
            .chain(part.databases.values().map(|s| &s.security_groups))
            .chain(part.endpoints.values().map(|s| &s.security_groups))
            .chain(part.vpc_links.values().map(|s| &s.security_groups))
            .chain(part.load_balancers.values().filter_map(|s| s.security_groups.as_ref()));
        let mut wanted: Vec<Key> = carried.flat_map(SetVal::mentioned).cloned().collect();
        wanted.extend(keys.iter().filter(|k| self.security_groups.contains_key(*k)).cloned());
        while let Some(key) = wanted.pop() {
            let Some(group) = self.security_groups.get(&key) else {
                continue;
            };
            if part.security_groups.contains_key(&key) {
                continue;
            }
            wanted.extend(peers(group).cloned());
            part.security_groups.insert(key, group.clone());
        }
    }
}

fn peers(group: &SecurityGroup) -> impl Iterator<Item = &Key> {
    let rules = group.ingress.rules.iter().chain(&group.egress.rules);
    rules.flat_map(|rule| rule.peers.groups.mentioned())
}

/// The entries with these keys.
fn within<'m, T>(
    all: &'m BTreeMap<Key, T>,
    keys: &'m BTreeSet<Key>,
) -> impl Iterator<Item = (&'m Key, &'m T)> {
    keys.iter().filter_map(|key| all.get_key_value(key))
}

fn kept<T: Clone>(all: &BTreeMap<Key, T>, keep: impl Fn(&T) -> bool) -> BTreeMap<Key, T> {
    let kept = all.iter().filter(|(_, value)| keep(value));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn copy<T: Clone>(all: &BTreeMap<Key, T>, key: &Key, into: &mut BTreeMap<Key, T>) {
    if let Some((key, value)) = all.get_key_value(key)
        && !into.contains_key(key)
    {
        into.insert(key.clone(), value.clone());
    }
}
