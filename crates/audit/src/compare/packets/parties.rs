//! Owners whose interfaces don't pair up: they are on one side only, or in other subnets.
//!
//! They are compared as a whole: what some interface of the owner may do or suffer on the left with
//! what some interface may on the right. An owner that moves to another subnet and is filtered the
//! same there reaches whom it reached. Towards addresses of the network at which nothing is that a
//! source shows, they are not asked about.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::Key;
use farmgate_aws::network::Lowered;
use farmgate_net::addr::AddrSet;
use farmgate_net::packet::PacketSet;
use farmgate_net::reach::{Place, Question};
use farmgate_net::service::ServiceSet;
use farmgate_net::topology::{InterfaceId, Outside};

use super::cells::cells_of;
use super::doubt::About;
use super::ends::End;
use super::ledger::{Book, Met};
use super::{ANY_HOST, INTERNET, Nets, sets};
use crate::compare::names::{Names, Side};

/// An owner with its interfaces in each network.
#[derive(Debug, Clone)]
pub(super) struct Party {
    /// Its name: the left model's, if that has it.
    pub(super) name: Key,
    ids: [Vec<InterfaceId>; 2],
}

/// The owners that don't pair up; of `ends` only those of the others are kept.
pub(super) fn parties(
    names: &Names<'_>,
    lowered: [&Lowered; 2],
    ends: &mut Vec<End>,
) -> Vec<Party> {
    let [left, right] = lowered;
    let mut paired: BTreeMap<Key, usize> = BTreeMap::new();
    for end in ends.iter() {
        *paired.entry(end.owner().clone()).or_default() += 1;
    }
    let mut all = Vec::new();
    let mut met = BTreeSet::new();
    for (owner, ids) in &left.interfaces {
        let partner = names.key(Side::Left, owner);
        let others = right.interfaces.get_key_value(&partner);
        if let Some((key, _)) = others {
            met.insert(key);
        }
        let theirs = others.map(|(_, ids)| ids.clone()).unwrap_or_default();
        let whole = paired.get(owner).copied().unwrap_or(0);
        if whole == ids.len() && whole == theirs.len() {
            continue;
        }
        all.push(Party { name: owner.clone(), ids: [ids.clone(), theirs] });
    }
    for (owner, ids) in right.interfaces.iter().filter(|(owner, _)| !met.contains(owner)) {
        all.push(Party { name: owner.clone(), ids: [Vec::new(), ids.clone()] });
    }
    let apart: BTreeSet<&Key> = all.iter().map(|party| &party.name).collect();
    ends.retain(|end| !apart.contains(end.owner()));
    all
}

/// Asks everything about them.
pub(super) fn ask(nets: &Nets<'_>, parties: &[Party], book: &mut dyn Book) {
    let mut others: BTreeMap<&Key, [Vec<InterfaceId>; 2]> = BTreeMap::new();
    for end in &nets.ends {
        let entry = others.entry(end.owner()).or_default();
        for (ids, id) in entry.iter_mut().zip(end.ids) {
            ids.push(id);
        }
    }
    for party in parties {
        from_outside(nets, party, book);
        to_outside(nets, party, book);
        for (name, ids) in &others {
            between(nets, (&party.name, &party.ids), (name, ids), book);
            between(nets, (name, ids), (&party.name, &party.ids), book);
        }
        // Of what is on one side only, that it reaches its like is no news.
        let alone = party.ids.iter().any(Vec::is_empty);
        for other in parties.iter().filter(|other| !alone || other.name != party.name) {
            between(nets, (&party.name, &party.ids), (&other.name, &other.ids), book);
        }
    }
}

type Named<'n> = (&'n Key, &'n [Vec<InterfaceId>; 2]);

fn between(
    nets: &Nets<'_>,
    (from, openers): Named<'_>,
    (to, targets): Named<'_>,
    book: &mut dyn Book,
) {
    for reliably in replies(nets) {
        let mut met = Met::new(from.as_str(), to.as_str(), reliably);
        for side in [0, 1] {
            let (Some(openers), Some(targets)) = (openers.get(side), targets.get(side)) else {
                continue;
            };
            for opener in openers {
                for target in targets {
                    let places = (Place::Interface(*opener), Place::Interface(*target));
                    one(nets, side, places, (reliably, false), &mut met);
                }
            }
        }
        met.forget_sources();
        book.add(nets, &met);
    }
}

/// Whether to ask for every reply, too: only lists of a network tell replies apart.
fn replies(nets: &Nets<'_>) -> impl Iterator<Item = bool> + use<> {
    [false, true].into_iter().take(if nets.lists { 2 } else { 1 })
}

/// From the internet, through relays as well, and from any host of the network.
fn from_outside(nets: &Nets<'_>, party: &Party, book: &mut dyn Book) {
    for (word, relays) in [(INTERNET, true), (ANY_HOST, false)] {
        let mut met = Met::new(word, party.name.as_str(), false);
        for (side, ids) in party.ids.iter().enumerate() {
            for id in ids {
                let from = if relays {
                    Place::Anywhere(Lowered::internet())
                } else {
                    match hosts(nets, side, *id) {
                        Some(place) => place,
                        None => continue,
                    }
                };
                one(nets, side, (from, Place::Interface(*id)), (false, relays), &mut met);
            }
        }
        book.add(nets, &met);
    }
}

/// To every part of the internet that anything tells apart.
fn to_outside(nets: &Nets<'_>, party: &Party, book: &mut dyn Book) {
    let [left, right] = nets.networks();
    let [ours, theirs] = &party.ids;
    for cell in cells_of(&[(left, ours), (right, theirs)]) {
        for reliably in replies(nets) {
            let mut met = Met::new(party.name.as_str(), INTERNET, reliably);
            for (side, ids) in party.ids.iter().enumerate() {
                for id in ids {
                    let outside = Outside { addresses: cell.clone(), ..Lowered::internet() };
                    let places = (Place::Interface(*id), Place::Outside(outside));
                    one(nets, side, places, (reliably, false), &mut met);
                }
            }
            met.forget_sources();
            met.towards(&cell);
            book.add(nets, &met);
        }
    }
}

/// Any host of the network in which an interface is.
fn hosts(nets: &Nets<'_>, side: usize, id: InterfaceId) -> Option<Place> {
    let net = *nets.networks().get(side)?;
    let subnet = net.interfaces.get(id.index())?.subnet;
    let site = net.subnets.get(subnet.index())?.site;
    let addresses: AddrSet = net.sites.get(site.index())?.addresses.clone();
    Some(Place::Hosts(site, addresses))
}

/// Asks one side, and adds what it answers.
fn one(
    nets: &Nets<'_>,
    side: usize,
    (from, to): (Place, Place),
    (reliably, relays): (bool, bool),
    met: &mut Met,
) {
    let interfaces: Vec<InterfaceId> = [&from, &to]
        .into_iter()
        .filter_map(|place| match place {
            Place::Interface(id) => Some(*id),
            _ => None,
        })
        .collect();
    let mut question = Question::new(from, to, ServiceSet::all()).quietly();
    question.relays = relays;
    if reliably {
        question = question.reliably();
    }
    let Some(engine) = nets.engines.get(side) else { return };
    let answer = engine.ask(&question);
    let crossed = super::ways::relays(&answer);
    let [sure, possible] = sets(answer);
    let slots = (met.sets.get_mut(side), met.about.get_mut(side), met.asked.get_mut(side));
    if let (Some([all_sure, all_possible]), Some(about), Some(asked)) = slots {
        if asked.is_none() || (all_possible.is_empty() && !possible.is_empty()) {
            *asked = Some(question);
        }
        let union = |all: &mut PacketSet, more: &PacketSet| *all = all.union(more);
        union(all_sure, &sure);
        union(all_possible, &possible);
        about.interfaces.extend(interfaces);
        if let Some(net) = nets.networks().get(side) {
            *about = std::mem::take::<About>(about).with_relays(net, crossed);
        }
    }
}
