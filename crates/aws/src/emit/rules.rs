//! The rules of security groups, from flows: for each flow an egress rule of its source's group and
//! an ingress rule of its destination's, where these are groups.
//!
//! Flows between the same kinds of ends, as of all servers to a service, are one resource with
//! `for_each` over one side; the other side is fixed. So a rule's address is made of its own two ends
//! and nothing else, and another server moves none. (And a plan can be followed: it shows which group
//! `[each.key]` picks, and no other index.)

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::hcl::{Block, Body, Expr, Object, Template, call, indexed, list, object, raw};
use super::{members, names};
use crate::design::{Design, End, Flow, Party};

/// All rules, by whose group they are of: the label of its resource, or its id if it isn't ours.
pub(super) struct Rules {
    blocks: BTreeMap<String, Vec<Block>>,
}

impl Rules {
    /// Those of our groups of this label.
    pub(super) fn take(&mut self, label: &str) -> Vec<Block> {
        self.blocks.remove(label).unwrap_or_default()
    }

    /// Those that are left, by group.
    pub(super) fn rest(self) -> BTreeMap<String, Vec<Block>> {
        self.blocks
    }
}

/// The rules of a design.
pub(super) fn of(design: &Design) -> Rules {
    let mut rules: BTreeMap<(Way, String), Rule<'_>> = BTreeMap::new();
    for flow in &design.flows {
        let pair = Pair::of(design, flow);
        for way in [Way::In, Way::Out] {
            let Some(owner) = pair.owner(way) else { continue };
            let rule = rules.entry((way, pair.name(way))).or_insert_with(|| Rule {
                owner,
                moving: pair.moving(),
                group: pair.side(way.own()).expr.clone(),
                peer: pair.side(way.other()).clone(),
                members: BTreeMap::new(),
            });
            rule.members.insert(pair.key.clone().unwrap_or_default(), (flow.port, &flow.why));
        }
    }
    let mut blocks: BTreeMap<String, Vec<Block>> = BTreeMap::new();
    for ((way, name), rule) in &rules {
        blocks.entry(rule.owner.clone()).or_default().push(rule.block(design, *way, name));
    }
    Rules { blocks }
}

/// The addresses of the rules by which tasks of a label get what they need in order to start: images,
/// logs and secrets, by endpoints or by NAT.
pub(super) fn needed_to_start(design: &Design, label: &str) -> Vec<String> {
    let mut needed = BTreeSet::new();
    for flow in &design.flows {
        let ours = matches!(&flow.from, End::Party(party) if names::label(party).0 == label);
        let ways: &[Way] = match &flow.to {
            _ if !ours => &[],
            End::Party(Party::Endpoints | Party::Endpoint(_)) => &[Way::Out, Way::In],
            End::Gateway(_) => &[Way::Out],
            End::Cidr(block) if block.prefix_len() == 0 => &[Way::Out],
            _ => &[],
        };
        let pair = Pair::of(design, flow);
        needed.extend(ways.iter().map(|way| format!("{}.{}", way.kind(), pair.name(*way))));
    }
    needed.into_iter().collect()
}

/// Which way a rule looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    In,
    Out,
}

/// An end's place in a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    From,
    To,
}

impl Way {
    /// The place of whose group the rule is.
    const fn own(self) -> Place {
        match self {
            Self::In => Place::To,
            Self::Out => Place::From,
        }
    }

    const fn other(self) -> Place {
        match self {
            Self::In => Place::From,
            Self::Out => Place::To,
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::In => "aws_vpc_security_group_ingress_rule",
            Self::Out => "aws_vpc_security_group_egress_rule",
        }
    }
}

/// An end of a flow, as rules name it.
#[derive(Debug, Clone)]
struct Side {
    /// In the names of rules.
    label: String,
    /// The argument that names it as a rule's other end.
    argument: &'static str,
    /// What is behind that argument.
    expr: Expr,
}

/// An end that is one of several of its kind.
struct Several {
    /// The kind.
    label: &'static str,
    /// Which one.
    key: String,
    /// Any of them, by `each.key`.
    expr: Expr,
}

/// The two ends of a flow, one of which may be any of its kind.
struct Pair<'a> {
    flow: &'a Flow,
    from: Side,
    to: Side,
    /// The kind over which there is one rule for each.
    kind: Option<&'static str>,
    /// Which one.
    key: Option<String>,
    /// What follows the names of rules about another port than usual.
    suffix: String,
}

impl<'a> Pair<'a> {
    fn of(design: &Design, flow: &'a Flow) -> Self {
        let (mut from, mut to) = (fixed(design, &flow.from), fixed(design, &flow.to));
        let (first, second) = (several(&flow.from, Place::From), several(&flow.to, Place::To));
        let (mut kind, mut key, mut any_port) = (None, None, false);
        let mut vary = |side: &mut Side, several: &Several| {
            side.label = several.label.to_owned();
            side.expr = several.expr.clone();
            (kind, key) = (Some(several.label), Some(several.key.clone()));
        };
        match (&first, &second) {
            // A load balancer and the tasks behind it have the same key.
            (Some(one), Some(other)) if one.label == "balancer" && one.key == other.key => {
                vary(&mut to, other);
                vary(&mut from, one);
                any_port = true;
            }
            (Some(one), _) => vary(&mut from, one),
            (None, Some(other)) => {
                vary(&mut to, other);
                any_port = true;
            }
            (None, None) => {}
        }
        let usual = any_port || usual_port(design, &flow.to) == Some(flow.port);
        let suffix = if usual { String::new() } else { format!("_{}", flow.port) };
        Self { flow, from, to, kind, key, suffix }
    }

    const fn side(&self, place: Place) -> &Side {
        match place {
            Place::From => &self.from,
            Place::To => &self.to,
        }
    }

    /// Whose group a rule of this way is of, if there is one.
    fn owner(&self, way: Way) -> Option<String> {
        let end = match way {
            Way::In => &self.flow.to,
            Way::Out => &self.flow.from,
        };
        match (end, way) {
            (End::Party(Party::Existing(_)), Way::In) => match &self.to.expr {
                Expr::String(id) => Some(id.clone()),
                _ => None,
            },
            (End::Party(Party::Existing(_)), Way::Out) => None,
            (End::Party(party), _) => Some(names::label(party).0.to_owned()),
            _ => None,
        }
    }

    fn moving(&self) -> Option<&'static str> {
        self.kind
    }

    fn name(&self, way: Way) -> String {
        let (own, other) = (&self.side(way.own()).label, &self.side(way.other()).label);
        let word = match way {
            Way::In => "from",
            Way::Out => "to",
        };
        format!("{own}_{word}_{other}{}", self.suffix)
    }
}

/// An end as what it is.
fn fixed(design: &Design, end: &End) -> Side {
    let side = |label: String, argument, expr| Side { label, argument, expr };
    match end {
        End::Party(party) => {
            let label = match (party, names::label(party)) {
                // What exists is a service to those that reach it.
                (Party::Existing(name), _) => format!("service_{name}"),
                (_, (label, Some(key))) => format!("{label}_{}", identifier(key)),
                (_, (label, None)) => label.to_owned(),
            };
            side(label, "referenced_security_group_id", names::group(design, party))
        }
        End::Cidr(block) => {
            let argument = match block {
                IpNet::V4(_) => "cidr_ipv4",
                IpNet::V6(_) => "cidr_ipv6",
            };
            let label = match (block.prefix_len(), block) {
                (0, IpNet::V4(_)) => "internet".to_owned(),
                (0, IpNet::V6(_)) => "internet_ipv6".to_owned(),
                _ => identifier(&block.to_string()),
            };
            side(label, argument, block.to_string().into())
        }
        End::PrefixList(id) => side(identifier(id), "prefix_list_id", id.into()),
        End::Gateway(service) => {
            let endpoint = indexed("aws_vpc_endpoint.gateway", service);
            side(identifier(service), "prefix_list_id", endpoint.dot("prefix_list_id"))
        }
    }
}

/// An end as one of several of its kind.
fn several(end: &End, place: Place) -> Option<Several> {
    match end {
        End::Party(Party::Existing(_)) => None,
        End::Party(party) => {
            let (label, key) = names::label(party);
            let expr = raw(format!("aws_security_group.{label}[each.key].id"));
            Some(Several { label, key: key?.to_owned(), expr })
        }
        _ if place == Place::To => None,
        End::Cidr(block) if block.prefix_len() == 0 => None,
        End::Cidr(block) => {
            let label = match block {
                IpNet::V4(_) => "clients",
                IpNet::V6(_) => "clients_ipv6",
            };
            Some(Several { label, key: block.to_string(), expr: raw("each.key") })
        }
        End::PrefixList(id) => {
            Some(Several { label: "client_lists", key: id.clone(), expr: raw("each.key") })
        }
        End::Gateway(_) => None,
    }
}

/// The port at which something is usually reached, about which the names of rules say nothing.
fn usual_port(design: &Design, to: &End) -> Option<u16> {
    let farm = &design.farm;
    match to {
        End::Party(Party::Gate) => Some(farmgate_farm::gate::PORT),
        End::Party(party @ (Party::Server(_) | Party::Service(_))) => {
            design.task(party).map(|task| task.port)
        }
        End::Party(Party::Existing(name)) => names::existing(design, name)?.url_port(),
        End::Party(Party::Database(name)) => {
            u16::try_from(farm.databases.get(name)?.port.get()).ok()
        }
        _ => Some(443),
    }
}

/// Part of a resource's name.
fn identifier(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.chars().map(|c| if fits(c) { c } else { '_' }).collect()
}

/// A resource of rules.
struct Rule<'a> {
    owner: String,
    moving: Option<&'static str>,
    group: Expr,
    peer: Side,
    /// Port and description by key; of a single rule, of no key.
    members: BTreeMap<String, (u16, &'a str)>,
}

impl Rule<'_> {
    fn block(&self, design: &Design, way: Way, name: &str) -> Block {
        let (each, port, why) = self.varying(design);
        let tag = names::physical(design, &[&name.replace('_', "-")]);
        let tag: Expr = match each {
            None => tag.into(),
            Some(_) => Template::new().text(format!("{tag}-")).value(raw("each.key")).into(),
        };
        let block = Block::resource(way.kind(), name);
        let block = each.into_iter().fold(block, Block::for_each);
        block.extend(
            Body::new()
                .attr("security_group_id", self.group.clone())
                .attr("description", why)
                .attr("ip_protocol", "tcp")
                .attr("from_port", port.clone())
                .attr("to_port", port)
                .attr(self.peer.argument, self.peer.expr.clone())
                .blank()
                .attr("tags", object().attr("Name", tag)),
        )
    }

    /// Over what there are rules, and their port and description: written once where all have the
    /// same.
    fn varying(&self, design: &Design) -> (Option<Expr>, Expr, Expr) {
        let ports: BTreeSet<u16> = self.members.values().map(|(port, _)| *port).collect();
        let (port, ports) = (ports.first().copied().unwrap_or_default(), ports.len());
        let Some(kind) = self.moving else {
            let why = self.members.values().next().map_or("", |(_, why)| *why);
            return (None, port.into(), why.into());
        };
        let whys: BTreeSet<Vec<&str>> =
            self.members.iter().map(|(key, (_, why))| around(why, key)).collect();
        let why = whys.first().filter(|_| whys.len() == 1).map(|parts| each_key(parts));
        let keys: BTreeSet<&str> = self.members.keys().map(String::as_str).collect();
        let entries = |value: &dyn Fn(u16, &str) -> Expr| -> Option<Expr> {
            let members = self.members.iter();
            let values = members.map(|(key, (port, why))| (key.as_str(), value(*port, why)));
            Some(Object::new().attrs(values).into())
        };
        let each = || raw("each.value");
        match (ports, why) {
            (1, Some(why)) => {
                let named = members::local(kind).is_some();
                let over = if named {
                    members::each(design, kind, &keys)
                } else {
                    call("toset", [list(keys)])
                };
                (Some(over), port.into(), why)
            }
            (_, Some(why)) => (entries(&|port, _| port.into()), each(), why),
            (1, None) => (entries(&|_, why| why.into()), port.into(), each()),
            (_, None) => {
                let both = |port: u16, why: &str| object().attr("port", port).attr("why", why);
                let over = entries(&|port, why| both(port, why).into());
                (over, each().dot("port"), each().dot("why"))
            }
        }
    }
}

/// What stands around a word in a text.
fn around<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, found) in text.match_indices(word) {
        let (before, after) = (text.get(..at), text.get(at + found.len()..));
        let inside = before.is_some_and(|before| before.ends_with(part))
            || after.is_some_and(|after| after.starts_with(part));
        if !inside {
            parts.push(text.get(start..at).unwrap_or_default());
            start = at + found.len();
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// A text with `${each.key}` between its parts.
fn each_key(parts: &[&str]) -> Expr {
    let mut parts = parts.iter();
    let first = Template::new().text(parts.next().unwrap_or(&""));
    parts.fold(first, |text, part| text.value(raw("each.key")).text(part)).into()
}
