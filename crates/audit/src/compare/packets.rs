//! Packets compared: both networks are asked the same questions, and must answer alike.
//!
//! The questions: between any two interfaces; from any host of the network, and from the internet,
//! directly and through relays, to every interface; from every interface to every address outside
//! and inside of the network, and to every AWS service. Answers are sets of packets by their source,
//! so questions about destinations are asked once for every part of the address space that some
//! rule, list or route tells from the rest (`cells`). Both the packets that surely get through and
//! those that possibly do are compared.
//!
//! Interfaces are matched by their owner and subnet. One without a match is not asked about: that
//! its subnets differ is told as a setting. A connection from one owner to another through a load
//! balancer is not asked about as a whole: its two halves are, and what the load balancer does
//! between is compared as settings.

mod cells;
pub(crate) mod changes;
mod doubt;
mod ends;
mod ledger;
mod parties;
mod same;
mod ways;

use std::collections::BTreeSet;

use farmgate_aws::model::{Key, Model, PrefixList};
use farmgate_aws::network::Lowered;
use farmgate_net::addr::AddrSet;
use farmgate_net::packet::PacketSet;
use farmgate_net::reach::{Answer, Engine, Place, Question};
use farmgate_net::service::ServiceSet;
use farmgate_net::topology::{InterfaceId, ListId, Network, Outside};

use super::diff::Diff;
use super::names::{Names, is_address};
use cells::{Probes, outside_cells};
use doubt::About;
use ends::{End, ends};
use ledger::{Book, Ledger, Met};
use same::Same;

/// Both networks, ready to be asked.
struct Nets<'a> {
    names: &'a Names<'a>,
    /// As lowered: for the ids of things.
    lowered: [&'a Lowered; 2],
    engines: [Engine<'a>; 2],
    ends: Vec<End>,
    probes: Probes,
    /// What need not be asked.
    same: Same,
    /// The prefix lists of which neither network knows the content.
    unlisted: [BTreeSet<ListId>; 2],
    /// Whether some network ACL may let a reply pass at one port and not at another.
    lists: bool,
}

/// Compares all packets.
pub(super) fn packets(diff: &mut Diff<'_>) {
    let names = diff.names;
    let (left, right) = lowered(names);
    let lowered = [&left, &right];
    let ends = ends(diff, lowered);
    let mut ledger = Ledger::new();
    ask_all(names, lowered, ends, &mut ledger);
    ledger.tell(diff);
}

/// Asks everything about these ends, and lets `book` take the answers in.
fn ask_all(names: &Names<'_>, lowered: [&Lowered; 2], ends: Vec<End>, book: &mut dyn Book) {
    let same = Same::new(names, lowered, &ends);
    ask_but(names, lowered, (ends, same), book);
}

/// The same, without what is known to be answered alike.
fn ask_but(
    names: &Names<'_>,
    lowered: [&Lowered; 2],
    (ends, same): (Vec<End>, Same),
    book: &mut dyn Book,
) {
    let [left, right] = lowered;
    let (mut net_left, mut net_right) = (left.net.clone(), right.net.clone());
    let probes = Probes::new(lowered, names, &ends, &same, [&mut net_left, &mut net_right]);
    let nets = Nets {
        names,
        lowered,
        unlisted: doubt::unknown_in_both(names, lowered),
        engines: [Engine::new(&net_left), Engine::new(&net_right)],
        ends,
        probes,
        same,
        lists: !net_left.acls.is_empty() || !net_right.acls.is_empty(),
    };
    let services = services(lowered);
    for (at, end) in nets.ends.iter().enumerate() {
        between(&nets, (at, end), book);
        from_network(&nets, (at, end), book);
        from_internet(&nets, (at, end), book);
        to_network(&nets, (at, end), book);
        if !nets.same.outside(at) {
            to_internet(&nets, end, book);
            to_services(&nets, end, &services, book);
        }
    }
    book.close(&nets);
}

/// Both models lowered; a prefix list that one of them knows by its id is in the other too, where it
/// may only be mentioned.
fn lowered(names: &Names<'_>) -> (Lowered, Lowered) {
    let ids = |of: &Model| -> Vec<PrefixList> {
        of.prefix_lists.values().filter(|list| !is_address(&list.key)).cloned().collect()
    };
    let with = |model: &Model, mut lists: Vec<PrefixList>| {
        lists.retain(|list| !model.prefix_lists.contains_key(&list.key));
        if lists.is_empty() {
            return Lowered::new(model);
        }
        let mut model = model.clone();
        for list in lists {
            model.prefix_lists.entry(list.key.clone()).or_insert(list);
        }
        Lowered::new(&model)
    };
    (with(names.left, ids(names.right)), with(names.right, ids(names.left)))
}

/// Everyone and everything outside.
pub(crate) const INTERNET: &str = "the internet";

/// Whoever has an address of the network.
pub(crate) const ANY_HOST: &str = "any host of the network";

/// Whatever has an address of the network.
const ANY_ADDRESS: &str = "any address of the network";

/// Stands for all AWS services that have no prefix list: their addresses are told from none.
const UNLISTED: &str = "AWS services without a prefix list";

/// The full names of all AWS services that have a prefix list, and what stands for the others.
fn services(lowered: [&Lowered; 2]) -> BTreeSet<String> {
    let of_aws = |key: &&Key| key.as_str().starts_with("com.amazonaws.");
    let lists = lowered.into_iter().flat_map(|side| side.lists.keys()).filter(of_aws);
    lists.map(ToString::to_string).chain([UNLISTED.to_owned()]).collect()
}

impl Nets<'_> {
    /// Both answers to a question about places of each network.
    fn ask(&self, question: [&Question; 2]) -> [Answer; 2] {
        let [left, right] = &self.engines;
        let [ours, theirs] = question;
        [left.ask(ours), right.ask(theirs)]
    }

    /// The networks that are asked.
    fn networks(&self) -> [&Network; 2] {
        let [left, right] = &self.engines;
        [left.network(), right.network()]
    }

    /// Asks directly, and again for all replies if some list may tell them apart.
    fn direct(
        &self,
        (from, to): ([Place; 2], [Place; 2]),
        book: &mut dyn Book,
        met: impl Fn([Answer; 2], bool) -> Met,
    ) {
        let [from_left, from_right] = from;
        let [to_left, to_right] = to;
        let left = Question::new(from_left, to_left, ServiceSet::all()).direct().quietly();
        let right = Question::new(from_right, to_right, ServiceSet::all()).direct().quietly();
        let mut once = |left: Question, right: Question, reliably| {
            let mut met = met(self.ask([&left, &right]), reliably);
            met.asked = [Some(left), Some(right)];
            book.add(self, &met);
        };
        once(left.clone(), right.clone(), false);
        if self.lists {
            once(left.reliably(), right.reliably(), true);
        }
    }
}

/// An interface of each network as a place.
fn places(ids: [InterfaceId; 2]) -> [Place; 2] {
    ids.map(Place::Interface)
}

/// What decides over an answer about interfaces.
fn about(ends: &[[InterfaceId; 2]]) -> [About; 2] {
    let (left, right) = ends.iter().map(|[left, right]| (*left, *right)).unzip();
    [left, right].map(|interfaces| About { interfaces, relays: Vec::new() })
}

/// Of an answer, what surely and what possibly gets through.
fn sets(answer: Answer) -> [PacketSet; 2] {
    [answer.sure, answer.possible]
}

/// From an interface to every other, and to its own kind.
fn between(nets: &Nets<'_>, (at, from): (usize, &End), book: &mut dyn Book) {
    let others = nets.ends.iter().enumerate();
    for (_, to) in others.filter(|(to, _)| !nets.same.between(at, *to)) {
        nets.direct((places(from.ids), places(to.ids)), book, |answers, reliably| {
            let mut met = Met::new(from.owner().as_str(), to.owner().as_str(), reliably);
            met.about = about(&[from.ids, to.ids]);
            met.keys = [from, to].map(End::keys).to_vec();
            met.sets = answers.map(sets);
            if !from.same_addresses() {
                // That the source has other addresses is told as a setting.
                met.forget_sources();
            }
            met
        });
    }
}

/// From any host of the network that has an address in both models.
fn from_network(nets: &Nets<'_>, (at, to): (usize, &End), book: &mut dyn Book) {
    let [left, right] = to.sites;
    if nets.same.hosts_of(left, at) {
        return;
    }
    let site = |side: &Lowered, id: farmgate_net::topology::SiteId| {
        side.net.sites.get(id.index()).map(|site| site.addresses.clone()).unwrap_or_default()
    };
    let [ours, theirs] = nets.lowered;
    let both = site(ours, left).intersect(&site(theirs, right));
    let from = [left, right].map(|id| Place::Hosts(id, both.clone()));
    nets.direct((from, places(to.ids)), book, |answers, reliably| {
        let mut met = Met::new(ANY_HOST, to.owner().as_str(), reliably);
        met.about = about(&[to.ids]);
        met.keys = vec![to.keys()];
        met.sets = answers.map(sets);
        met
    });
}

/// From an interface to any address of the network, whoever has it.
fn to_network(nets: &Nets<'_>, (at, from): (usize, &End), book: &mut dyn Book) {
    for probe in nets.probes.of(at) {
        nets.direct((places(from.ids), places(probe.ids)), book, |answers, reliably| {
            let mut met = Met::new(from.owner().as_str(), ANY_ADDRESS, reliably);
            met.about = about(&[from.ids, probe.ids]);
            met.keys = vec![from.keys()];
            met.sets = answers.map(sets);
            met.towards(&probe.addresses);
            met
        });
    }
}

/// From an interface to every part of the internet that anything tells apart.
fn to_internet(nets: &Nets<'_>, from: &End, book: &mut dyn Book) {
    for cell in outside_cells(nets.networks(), from) {
        let outside = || Outside { addresses: cell.clone(), ..Lowered::internet() };
        let to = [Place::Outside(outside()), Place::Outside(outside())];
        leaving(nets, from, (to, INTERNET, Some(&cell)), book);
    }
}

/// From an interface to the public side of AWS services.
fn to_services(nets: &Nets<'_>, from: &End, services: &BTreeSet<String>, book: &mut dyn Book) {
    for service in services {
        let to = nets.lowered.map(|side| Place::Outside(side.public_service(service)));
        leaving(nets, from, (to, service, None), book);
    }
}

fn leaving(
    nets: &Nets<'_>,
    from: &End,
    (to, word, cell): ([Place; 2], &str, Option<&AddrSet>),
    book: &mut dyn Book,
) {
    nets.direct((places(from.ids), to), book, |answers, reliably| {
        let mut met = Met::new(from.owner().as_str(), word, reliably);
        met.about = about(&[from.ids]);
        met.keys = vec![from.keys()];
        met.ways = ways::exits(nets.names, &answers);
        met.sets = answers.map(sets);
        if !from.same_addresses() {
            met.forget_sources();
        }
        if let Some(cell) = cell {
            met.towards(cell);
        }
        met
    });
}

/// From the internet to an interface: directly, and through every chain of relays.
fn from_internet(nets: &Nets<'_>, (at, to): (usize, &End), book: &mut dyn Book) {
    let internet = || Place::Anywhere(Lowered::internet());
    let owner = to.owner().as_str();
    if !nets.same.outside(at) {
        nets.direct(([internet(), internet()], places(to.ids)), book, |answers, reliably| {
            let mut met = Met::new(INTERNET, owner, reliably).directly();
            met.about = about(&[to.ids]);
            met.keys = vec![to.keys()];
            met.sets = answers.map(sets);
            met
        });
    }
    let question = |id| Question::new(internet(), Place::Interface(id), ServiceSet::all());
    let [left, right] = to.ids.map(|id| question(id).quietly());
    let answers = nets.ask([&left, &right]);
    let mut met = Met::new(INTERNET, owner, false);
    met.asked = [Some(left), Some(right)];
    met.ways = ways::chains(nets.names, nets.lowered, &answers);
    let [left, right] = about(&[to.ids]);
    let [ours, theirs] = nets.networks();
    let [own, other] = answers.each_ref().map(ways::relays);
    met.about = [left.with_relays(ours, own), right.with_relays(theirs, other)];
    met.keys = vec![to.keys()];
    met.sets = answers.map(sets);
    book.add(nets, &met);
}
