//! What security groups admit that nothing shown carries: whatever gets them later is opened by it.
//!
//! Groups that an interface has count by what reaches that interface, and not here.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Direction, Key, Model, RulePeers, SecurityGroup, SecurityGroupRule};
use farmgate_aws::network::Lowered;
use farmgate_net::addr::AddrSet;
use farmgate_net::packet::PacketSet;
use farmgate_net::service::ServiceSet;

use super::{About, Change, Kind};
use crate::report::Because;

/// What one direction of a group admits.
#[derive(Debug, Default)]
struct Admits {
    addresses: PacketSet,
    /// Groups and prefix lists, by names that both sides share.
    named: BTreeMap<String, ServiceSet>,
    missing: BTreeSet<String>,
}

/// All changes of groups that no interface has.
pub(super) fn changes(left: &Model, right: &Model, names: &BTreeMap<Key, Key>) -> Vec<Change> {
    let carried = [carried(left), carried(right)];
    let [ours, theirs] = &carried;
    let mut all = Vec::new();
    for (own, before) in left.security_groups.iter().filter(|(key, _)| !ours.contains(key)) {
        let Some(other) = names.get(own).filter(|other| !theirs.contains(other)) else { continue };
        let Some(after) = right.security_groups.get(other) else { continue };
        if before.managed && after.managed {
            for direction in [Direction::Ingress, Direction::Egress] {
                compared((left, before), (right, after), direction, names, &mut all);
            }
        }
    }
    all
}

/// The groups that some interface has, or may have.
fn carried(model: &Model) -> BTreeSet<&Key> {
    let lowered = Lowered::new(model);
    let mut ids = BTreeSet::new();
    for groups in lowered.net.interfaces.iter().filter_map(|it| it.groups.as_ref()) {
        ids.extend(groups.mentioned().copied());
    }
    let carried = lowered.groups.iter().filter(|(_, id)| ids.contains(id));
    carried.filter_map(|(key, _)| Some(model.security_groups.get_key_value(key)?.0)).collect()
}

fn compared(
    (left, before): (&Model, &SecurityGroup),
    (right, after): (&Model, &SecurityGroup),
    direction: Direction,
    names: &BTreeMap<Key, Key>,
    all: &mut Vec<Change>,
) {
    let ours = admits(left, before.rules(direction), Some(names));
    let theirs = admits(right, after.rules(direction), None);
    for (here, there, kind) in [(&ours, &theirs, Kind::Closed), (&theirs, &ours, Kind::Opened)] {
        let mut gone: Vec<String> = Vec::new();
        let addresses = here.addresses.subtract(&there.addresses);
        if !addresses.is_empty() {
            gone.push(addresses.to_string());
        }
        for (peer, services) in &here.named {
            let rest = match there.named.get(peer) {
                Some(admitted) => services.subtract(admitted),
                None => services.clone(),
            };
            // What the other side admits to all addresses, it admits to this peer too.
            let rest = rest.subtract(&there.addresses.services_for_all(&AddrSet::all()));
            if !rest.is_empty() {
                gone.push(format!("{rest} from {peer}"));
            }
        }
        for what in gone {
            let (group, list) = match kind {
                Kind::Closed => (before, before.rules(direction)),
                _ => (after, after.rules(direction)),
            };
            let because: Vec<Because> = list.rules.iter().map(admitted_by).collect();
            let what = match direction {
                Direction::Ingress => what,
                Direction::Egress => what.replace(" from ", " to "),
            };
            let word = match (direction, kind) {
                (Direction::Ingress, Kind::Opened) => "admits",
                (Direction::Ingress, _) => "no longer admits",
                (Direction::Egress, Kind::Opened) => "lets out",
                (Direction::Egress, _) => "no longer lets out",
            };
            let unknown = !there.missing.is_empty();
            let (left, right) =
                if kind == Kind::Opened { (Vec::new(), because) } else { (because, Vec::new()) };
            all.push(Change {
                kind: if unknown { Kind::Unknown } else { kind },
                about: About::Admission,
                from: group.key.to_string(),
                to: group.key.to_string(),
                text: format!("{} {word} {what}; nothing shown here has the group", group.key),
                what,
                left,
                right,
                witness: None,
                missing: there.missing.iter().cloned().collect(),
                assumes: Vec::new(),
            });
        }
    }
}

fn admitted_by(rule: &SecurityGroupRule) -> Because {
    let services = rule.services.get().map_or("what isn't known".to_owned(), ToString::to_string);
    let RulePeers { cidrs, groups, prefix_lists } = &rule.peers;
    let peers: Vec<String> = cidrs
        .sure
        .iter()
        .map(ToString::to_string)
        .chain(groups.sure.iter().chain(&prefix_lists.sure).map(ToString::to_string))
        .collect();
    Because {
        code: "RULE".to_owned(),
        origin: rule.origin.to_string(),
        text: format!("{services} with {}", peers.join(", ")),
    }
}

/// What a list admits. `names`: of the left model, what its things are called on the right.
fn admits(
    model: &Model,
    list: &farmgate_aws::model::RuleList,
    names: Option<&BTreeMap<Key, Key>>,
) -> Admits {
    let mut all = Admits::default();
    let called = |key: &Key| {
        let own = model.resolve(key.as_str());
        names.and_then(|names| names.get(&own)).unwrap_or(&own).to_string()
    };
    all.missing.extend(list.open.iter().map(ToString::to_string));
    for rule in &list.rules {
        let RulePeers { cidrs, groups, prefix_lists } = &rule.peers;
        let notes = [&cidrs.unknown, &groups.unknown, &prefix_lists.unknown];
        all.missing.extend(notes.into_iter().flatten().map(ToString::to_string));
        let Some(services) = rule.services.get() else {
            all.missing.extend(rule.services.missing().map(ToString::to_string));
            continue;
        };
        for cidr in &cidrs.sure {
            let more = PacketSet::product(services, &AddrSet::prefix(*cidr));
            all.addresses = all.addresses.union(&more);
        }
        for peer in groups.sure.iter().chain(&prefix_lists.sure) {
            let entry = all.named.entry(called(peer)).or_insert_with(ServiceSet::empty);
            *entry = entry.union(services);
        }
    }
    all
}
