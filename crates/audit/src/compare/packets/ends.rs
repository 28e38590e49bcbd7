//! The interfaces of both networks that stand for each other: by owner and subnet.

use std::collections::BTreeMap;

use farmgate_aws::model::Key;
use farmgate_aws::network::Lowered;
use farmgate_net::addr::AddrSet;
use farmgate_net::topology::{InterfaceId, SiteId, SubnetId};

use crate::compare::Difference;
use crate::compare::diff::Diff;
use crate::compare::names::Side;

/// One interface in both networks.
#[derive(Debug, Clone)]
pub(super) struct End {
    /// Its owner's keys.
    pub(super) owners: [Key; 2],
    /// It, in each network.
    pub(super) ids: [InterfaceId; 2],
    /// Its site, in each.
    pub(super) sites: [SiteId; 2],
    /// The addresses that it may have, in each.
    addresses: [AddrSet; 2],
}

impl End {
    /// The owner in the left model's words.
    pub(super) fn owner(&self) -> &Key {
        let [left, _] = &self.owners;
        left
    }

    /// The owner's keys.
    pub(super) fn keys(&self) -> [Key; 2] {
        self.owners.clone()
    }

    /// Whether it may have the same addresses in both.
    pub(super) fn same_addresses(&self) -> bool {
        let [left, right] = &self.addresses;
        left == right
    }
}

/// An interface with where it is.
type Placed = (InterfaceId, SiteId, AddrSet);

/// All interfaces that both networks have. Those of an owner that both have and of which one does
/// not know the subnets are told as open.
pub(super) fn ends(diff: &mut Diff<'_>, [left, right]: [&Lowered; 2]) -> Vec<End> {
    let names = diff.names;
    let (subnets_left, subnets_right) = (subnet_keys(left), subnet_keys(right));
    let mut all = Vec::new();
    for (owner, ids) in &left.interfaces {
        let partner = names.key(Side::Left, owner);
        let Some(other_ids) = right.interfaces.get(&partner) else { continue };
        let (ours, lost_left) = placed(left, &subnets_left, ids);
        let (theirs, lost_right) = placed(right, &subnets_right, other_ids);
        for (subnet, own) in ours {
            if let Some(other) = theirs.get(&names.key(Side::Left, &subnet)) {
                all.push(End {
                    owners: [owner.clone(), partner.clone()],
                    ids: [own.0, other.0],
                    sites: [own.1, other.1],
                    addresses: [own.2, other.2.clone()],
                });
            }
        }
        if !lost_left.is_empty() || !lost_right.is_empty() {
            let words = |lost: &[String]| match lost {
                [] => "in known subnets".to_owned(),
                some => format!("in {}", some.join(" and ")),
            };
            let found = Difference {
                what: format!("packets of {owner}"),
                left: words(&lost_left),
                right: words(&lost_right),
                left_keys: vec![owner.clone()],
                right_keys: vec![partner],
            };
            diff.push(false, found);
        }
    }
    all
}

fn subnet_keys(lowered: &Lowered) -> BTreeMap<SubnetId, &Key> {
    lowered.subnets.iter().map(|(key, id)| (*id, key)).collect()
}

/// An owner's interfaces by subnet, and the names of subnets that no source shows.
fn placed(
    lowered: &Lowered,
    keys: &BTreeMap<SubnetId, &Key>,
    ids: &[InterfaceId],
) -> (BTreeMap<Key, Placed>, Vec<String>) {
    let (mut all, mut lost) = (BTreeMap::new(), Vec::new());
    for id in ids {
        let Some(interface) = lowered.net.interfaces.get(id.index()) else { continue };
        let subnet = interface.subnet;
        let Some(found) = lowered.net.subnets.get(subnet.index()) else { continue };
        match keys.get(&subnet) {
            Some(key) => {
                let addresses = interface.addresses.clone();
                all.insert((*key).clone(), (*id, found.site, addresses));
            }
            None => lost.push(found.name.clone()),
        }
    }
    (all, lost)
}
