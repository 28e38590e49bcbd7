//! Security groups, from the design's flows.

use farmgate_net::service::ServiceSet;

use super::Lowering;
use super::network::tag;
use crate::design::{End, Flow, Party, keys};
use crate::emit::names;
use crate::model::{
    Direction, Key, Model, Origin, PrefixList, RuleList, RulePeers, SecurityGroup,
    SecurityGroupRule, SetVal, Tags, Val,
};

impl Lowering<'_> {
    pub(super) fn groups(&self, model: &mut Model) {
        if self.design.farm.network.existing.is_none() {
            let group = default_group();
            model.security_groups.insert(group.key.clone(), group);
        }
        for party in self.design.groups() {
            let group = self.group(party);
            model.security_groups.insert(group.key.clone(), group);
        }
        for flow in &self.design.flows {
            for end in [&flow.from, &flow.to] {
                if let End::PrefixList(id) = end {
                    let list = prefix_list(id);
                    model.prefix_lists.insert(list.key.clone(), list);
                }
            }
            self.rule(flow, Direction::Egress, model);
            self.rule(flow, Direction::Ingress, model);
        }
    }

    fn group(&self, party: &Party) -> SecurityGroup {
        let name = names::physical(self.design, &names::words(party));
        SecurityGroup {
            key: keys::group(party),
            name: Val::Known(Some(name.clone())),
            description: Some(description(party)),
            vpc: Val::Known(Some(keys::vpc())),
            is_default: false,
            managed: true,
            ingress: RuleList::default(),
            egress: RuleList::default(),
            tags: tag(name),
        }
    }

    /// The rule of a flow, in the group of the end at which it is.
    fn rule(&self, flow: &Flow, direction: Direction, model: &mut Model) {
        let (own, peer) = match direction {
            Direction::Egress => (&flow.from, &flow.to),
            Direction::Ingress => (&flow.to, &flow.from),
        };
        let End::Party(party) = own else { return };
        let key = self.group_key(party);
        let group = model.security_groups.entry(key.clone()).or_insert_with(|| foreign(&key));
        let peers = match peer {
            End::Party(party) => {
                RulePeers { groups: SetVal::known([self.group_key(party)]), ..RulePeers::default() }
            }
            End::Cidr(block) => {
                RulePeers { cidrs: SetVal::known([*block]), ..RulePeers::default() }
            }
            End::PrefixList(id) => {
                RulePeers { prefix_lists: SetVal::known([Key::new(id)]), ..RulePeers::default() }
            }
            End::Gateway(service) => {
                let list = Key::new(&self.design.service_name(service));
                RulePeers { prefix_lists: SetVal::known([list]), ..RulePeers::default() }
            }
        };
        let word = match direction {
            Direction::Egress => "to",
            Direction::Ingress => "from",
        };
        let peer = match peer {
            End::Cidr(block) => block.to_string(),
            other => other.word(),
        };
        let path = format!("{} tcp {} {word} {peer}", self.line(flow.at), flow.port);
        group.rules_mut(direction).rules.push(SecurityGroupRule {
            origin: Origin::at(&key, path),
            services: Val::Known(ServiceSet::tcp(flow.port)),
            peers,
            description: Some(flow.why.clone()),
        });
    }

    /// The key of a party's group; of one that exists, its id.
    pub(super) fn group_key(&self, party: &Party) -> Key {
        let Party::Existing(name) = party else { return keys::group(party) };
        let existing = names::existing(self.design, name);
        existing.map_or_else(|| keys::group(party), |it| Key::new(it.security_group.as_str()))
    }
}

/// A group that isn't the farm's: its other rules are its owner's.
pub(super) fn foreign(key: &Key) -> SecurityGroup {
    let note: crate::model::Note = format!("the rules of {key} that its owner gave it").into();
    let open = || RuleList { open: Some(note.clone()), ..RuleList::default() };
    SecurityGroup {
        key: key.clone(),
        name: Val::Unknown(format!("the name of {key}").into()),
        description: None,
        vpc: Val::Assumed(Some(keys::vpc()), format!("{key} is of the farm's VPC").into()),
        is_default: false,
        managed: false,
        ingress: open(),
        egress: open(),
        tags: Tags::new(),
    }
}

/// The VPC's default group, which has no rule.
fn default_group() -> SecurityGroup {
    SecurityGroup {
        key: keys::default_group(),
        name: Val::Known(Some("default".to_owned())),
        description: None,
        vpc: Val::Known(Some(keys::vpc())),
        is_default: true,
        managed: true,
        ingress: RuleList::default(),
        egress: RuleList::default(),
        tags: Tags::new(),
    }
}

/// A prefix list whose entries the farm file does not say.
fn prefix_list(id: &str) -> PrefixList {
    PrefixList {
        key: Key::new(id),
        name: Val::Unknown(format!("the name of {id}").into()),
        aws_managed: false,
        entries: SetVal::unknown(format!("the entries of {id}").into()),
    }
}

/// What a group is for, in a few words; it can't change without a new group.
fn description(party: &Party) -> String {
    match party {
        Party::Ingress => "Load balancer in front".to_owned(),
        Party::Gate => "Gate".to_owned(),
        Party::Probe => "Probe".to_owned(),
        Party::Server(name) => format!("MCP server {name}"),
        Party::Service(name) | Party::Existing(name) => format!("Service {name}"),
        Party::Balancer(name) => format!("Load balancer of service {name}"),
        Party::Database(name) => format!("Database {name}"),
        Party::Endpoints => "Endpoints for images and logs".to_owned(),
        Party::Endpoint(service) => format!("Endpoint {service}"),
    }
}
