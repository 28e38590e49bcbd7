//! Prefix lists, security groups and network ACLs.

use farmgate_net::acl::{Acl, Entry};
use farmgate_net::addr::AddrSet;
use farmgate_net::rule::{Direction, Group, Peers, Rule};
use farmgate_net::service::ServiceSet;
use farmgate_net::topology::{AclId, GroupId, ListId, PrefixList};
use farmgate_net::uncertain::{Note, Uncertain, UncertainSet};

use super::{Lowered, joined, len};
use crate::model::{Key, Model, NetworkAcl, RuleList, SecurityGroupRule, SetVal, Val};

impl Lowered {
    pub(super) fn add_lists(&mut self, model: &Model) {
        for (key, list) in &model.prefix_lists {
            let id = ListId(len(&self.net.lists));
            let entries: AddrSet = list.entries.sure.iter().copied().collect();
            let addresses = match (&list.entries.unknown, &list.entries.assumed) {
                (Some(note), _) => Uncertain::Unknown(note.clone()),
                (None, Some(note)) => Uncertain::Assumed(entries, note.clone()),
                (None, None) => Uncertain::Known(entries),
            };
            let within = if list.aws_managed { self.of_aws() } else { AddrSet::all() };
            self.net.lists.push(PrefixList { name: key.to_string(), addresses, within });
            self.lists.insert(key.clone(), id);
            if list.aws_managed {
                self.aws_lists.insert(id);
            }
            // AWS's lists are named after the service whose addresses they hold.
            if let Some(Some(name)) = list.name.get() {
                self.lists.insert(Key::new(name), id);
            }
        }
    }

    pub(super) fn add_groups(&mut self, model: &Model) {
        for key in model.security_groups.keys() {
            let id = GroupId(len(&self.net.groups));
            self.groups.insert(key.clone(), id);
            self.net.groups.push(Group::default());
        }
        for (key, group) in &model.security_groups {
            let ingress = self.rules(&group.ingress);
            let egress = self.rules(&group.egress);
            let made = Group {
                name: key.to_string(),
                ingress,
                egress,
                ingress_open: group.ingress.open.clone(),
                egress_open: group.egress.open.clone(),
                ingress_assumed: group.ingress.assumed.clone(),
                egress_assumed: group.egress.assumed.clone(),
            };
            let id = self.groups.get(key).copied();
            if let Some(slot) = id.and_then(|id| self.net.groups.get_mut(id.index())) {
                *slot = made;
            }
        }
    }

    fn rules(&mut self, list: &RuleList) -> Vec<Rule> {
        list.rules.iter().flat_map(|rule| self.rule(rule)).collect()
    }

    /// A rule as the part that holds for certain, and the part that may hold.
    fn rule(&mut self, rule: &SecurityGroupRule) -> Vec<Rule> {
        let name = rule.origin.to_string();
        let (services, services_missing) = match &rule.services {
            Val::Known(services) | Val::Assumed(services, _) => (services.clone(), None),
            Val::OneOf(_, note) | Val::Unknown(note) => (ServiceSet::all(), Some(note.clone())),
        };
        let peers = &rule.peers;
        let assumed = joined(
            [&peers.cidrs.assumed, &peers.groups.assumed, &peers.prefix_lists.assumed]
                .into_iter()
                .flatten()
                .chain(rule.services.assumed()),
        );
        let sure = Peers {
            addresses: peers.cidrs.sure.iter().copied().collect(),
            groups: peers.groups.sure.iter().map(|key| self.group(key)).collect(),
            lists: peers.prefix_lists.sure.iter().map(|key| self.list(key)).collect(),
        };
        let mut all = vec![Rule {
            name: name.clone(),
            services: services.clone(),
            peers: sure,
            maybe: services_missing,
            assumed: assumed.clone(),
        }];
        let open = peers.cidrs.open || peers.groups.open || peers.prefix_lists.open;
        let missing = joined(
            [&peers.cidrs.unknown, &peers.groups.unknown, &peers.prefix_lists.unknown]
                .into_iter()
                .flatten(),
        );
        let possible = Peers {
            addresses: if open {
                AddrSet::all()
            } else {
                peers.cidrs.maybe.iter().copied().collect()
            },
            groups: peers.groups.maybe.iter().map(|key| self.group(key)).collect(),
            lists: peers.prefix_lists.maybe.iter().map(|key| self.list(key)).collect(),
        };
        if possible != Peers::default() {
            let maybe = missing.unwrap_or_else(|| format!("the peers of {name}").into());
            all.push(Rule { name, services, peers: possible, maybe: Some(maybe), assumed });
        }
        all
    }

    /// The id of a group; one that no source shows may hold any rules.
    pub(super) fn group(&mut self, key: &Key) -> GroupId {
        if let Some(id) = self.groups.get(key) {
            return *id;
        }
        let id = GroupId(len(&self.net.groups));
        let note: Note = format!("the rules of {key}, which no source shows").into();
        self.net.groups.push(Group {
            name: key.to_string(),
            ingress_open: Some(note.clone()),
            egress_open: Some(note),
            ..Group::default()
        });
        self.groups.insert(key.clone(), id);
        id
    }

    fn list(&mut self, key: &Key) -> ListId {
        self.lists.get(key).copied().unwrap_or_else(|| self.list_of_service(key.as_str()))
    }

    pub(super) fn group_set(&mut self, set: &SetVal<Key>) -> UncertainSet<GroupId> {
        UncertainSet {
            sure: set.sure.iter().map(|key| self.group(key)).collect(),
            maybe: set.maybe.iter().map(|key| self.group(key)).collect(),
            open: set.open,
            unknown: set.unknown.clone(),
            assumed: set.assumed.clone(),
        }
    }

    pub(super) fn add_acls(&mut self, model: &Model) {
        for (key, acl) in &model.network_acls {
            let id = AclId(len(&self.net.acls));
            self.acls.insert(key.clone(), id);
            self.net.acls.push(lower_acl(acl));
        }
    }
}

fn lower_acl(acl: &NetworkAcl) -> Acl {
    let entries = |direction: Direction| -> Vec<Entry> {
        let these = acl.entries.iter().filter(|e| e.direction == direction);
        these
            .map(|entry| Entry {
                name: entry.origin.to_string(),
                number: entry.number,
                allow: entry.allow,
                services: entry.services.clone(),
                addresses: entry.addresses.clone(),
            })
            .collect()
    };
    Acl {
        name: acl.key.to_string(),
        ingress: entries(Direction::Ingress),
        egress: entries(Direction::Egress),
        open: acl.open.clone(),
        assumed: acl.assumed.clone(),
    }
}
