//! Everything that reaches an interface, and everything that it reaches, by classes.

use std::collections::BTreeMap;

use super::{Answer, Engine, Place, Question, Verdict};
use crate::addr::AddrSet;
use crate::packet::PacketSet;
use crate::service::ServiceSet;
use crate::topology::{InterfaceId, Public, SubnetId};
use crate::uncertain::{Uncertain, UncertainSet};

/// Interfaces that differ in nothing but their name.
#[derive(Debug, Clone)]
pub struct Class {
    /// The members; the first stands for all.
    pub members: Vec<InterfaceId>,
}

/// Something that reaches, or is reached by, an interface.
#[derive(Debug, Clone)]
pub struct Reacher {
    /// The class that does.
    pub class: Class,
    /// How, for its first member.
    pub answer: Answer,
}

/// All that decides over an interface's connections but its name.
type Kind = (SubnetId, AddrSet, String, Option<Vec<u32>>, Vec<(crate::topology::RelayId, usize)>);

impl Engine<'_> {
    /// The interfaces in classes. Members of a class share subnet, possible addresses, groups, kind
    /// of public address and the relays that lead to them, so that no rule, list or route tells them
    /// apart: what holds for one holds for all. Tasks of one service in one subnet are one
    /// interface of the network already, which stands for all of them.
    #[must_use]
    pub fn classes(&self) -> Vec<Class> {
        let mut classes: BTreeMap<Kind, Vec<InterfaceId>> = BTreeMap::new();
        for (interface, id) in self.net.interfaces.iter().zip(0..) {
            let id = InterfaceId(id);
            let groups = interface.groups.as_ref().map(|set| {
                let UncertainSet { sure, maybe, open, .. } = set;
                let mut key: Vec<u32> = sure.iter().map(|g| g.0).collect();
                key.push(u32::MAX);
                key.extend(maybe.iter().map(|g| g.0));
                key.push(u32::from(*open));
                key
            });
            let public = match &interface.public {
                Uncertain::Known(Public::None) => "none".to_owned(),
                other => format!("{other:?}"),
            };
            let relays = self.forwards.get(&id).cloned().unwrap_or_default();
            let addresses = interface.addresses.clone();
            let kind = (interface.subnet, addresses, public, groups, relays);
            classes.entry(kind).or_default().push(id);
        }
        classes.into_values().map(|members| Class { members }).collect()
    }

    /// Every class of interfaces that surely or possibly opens a connection to `to`, directly.
    #[must_use]
    pub fn reaching(&self, to: InterfaceId, services: &ServiceSet) -> Vec<Reacher> {
        self.survey(|class| {
            let from = *class.members.iter().find(|m| **m != to)?;
            let place = Place::Interface(from);
            Some(Question::new(place, Place::Interface(to), services.clone()).direct())
        })
    }

    /// Every class of interfaces to which `from` surely or possibly opens a connection, directly.
    #[must_use]
    pub fn reached(&self, from: InterfaceId, services: &ServiceSet) -> Vec<Reacher> {
        self.survey(|class| {
            let to = *class.members.iter().find(|m| **m != from)?;
            let place = Place::Interface(from);
            Some(Question::new(place, Place::Interface(to), services.clone()).direct())
        })
    }

    fn survey(&self, question: impl Fn(&Class) -> Option<Question>) -> Vec<Reacher> {
        let classes = self.classes().into_iter();
        let asked = classes.filter_map(|class| {
            let answer = self.ask(&question(&class)?);
            (answer.verdict != Verdict::No).then_some(Reacher { class, answer })
        });
        asked.collect()
    }

    /// The exact set of addresses and services that any host in the interface's own site can open
    /// to it, whatever else that host is: sure, and possible.
    #[must_use]
    pub fn open_to_site(&self, to: InterfaceId, services: &ServiceSet) -> (PacketSet, PacketSet) {
        let net = self.net;
        let site = net.interfaces.get(to.index()).and_then(|i| self.site_of(i.subnet));
        let Some((id, site)) = site.and_then(|id| Some((id, net.sites.get(id.index())?))) else {
            return (PacketSet::empty(), PacketSet::empty());
        };
        let hosts = Place::Hosts(id, site.addresses.clone());
        let answer =
            self.ask(&Question::new(hosts, Place::Interface(to), services.clone()).direct());
        (answer.sure, answer.possible)
    }
}
