//! Where a subnet's routes lead, as a check.

use super::filter::{Carried, Check, Setting, Side};
use super::leg::Scene;
use super::world::Seen;
use crate::addr::AddrSet;
use crate::packet::PacketSet;
use crate::route::{Content, Route, Via};
use crate::service::ServiceSet;
use crate::topology::{ListId, SubnetId};
use crate::uncertain::Note;

/// Where a route should lead: in words, and whether it does (`None`: it may).
pub(crate) type Wanted<'w> = (&'static str, &'w dyn Fn(&Via) -> Option<bool>);

/// Whether routes of a subnet lead to `wanted`, as a check over the addresses `to`. Where `wanted`
/// cannot tell (it answers `None`), the packet may get there.
pub(crate) fn route_check(
    scene: Scene<'_, '_>,
    subnet: SubnetId,
    to: &AddrSet,
    carried: &Carried,
    side: Side,
    wanted: Wanted<'_>,
) -> Check {
    let Scene { engine, world, .. } = scene;
    let mut check = Check {
        side,
        code: "NO_ROUTE_TO_DESTINATION",
        setting: Setting::Route { subnet, wanted: wanted.0, carried: carried.clone() },
        sure: PacketSet::empty(),
        possible: PacketSet::empty(),
        deciders: Default::default(),
        assumes: Default::default(),
    };
    let table = match world.table(engine.net, subnet) {
        Seen::Unknown(note) => {
            check.deciders.insert(note);
            check.possible = PacketSet::all();
            return check;
        }
        Seen::Value(id, note) => {
            check.assumes.extend(note);
            match engine.net.tables.get(id.index()) {
                Some(table) => table,
                None => return check,
            }
        }
    };
    check.assumes.extend(table.assumed.clone());
    let content = |list: ListId| Content {
        addresses: world.list(engine.net, list),
        within: match carried.off_lists.contains(&list) {
            true => AddrSet::empty(),
            false => engine.net.list_bound(list),
        },
    };
    let (mut sure, mut possible) = (AddrSet::empty(), AddrSet::empty());
    for part in table.lookup(to, &carried.lists, &content) {
        let fits: Vec<Option<bool>> =
            part.routes.iter().map(|r| r.map_or(Some(false), |r| (wanted.1)(&r.via))).collect();
        let routes = part.routes.iter().flatten();
        check.assumes.extend(routes.clone().filter_map(|route| route.assumed.clone()));
        if fits.iter().all(|fit| *fit == Some(true)) {
            sure = sure.union(&part.addresses);
        }
        if fits.iter().any(|fit| *fit != Some(false)) {
            possible = possible.union(&part.addresses);
        }
        if fits.contains(&None) {
            check.deciders.extend(routes.filter_map(|route| unfollowed_by(route)));
        }
        if part.routes.len() > 1 {
            check.deciders.insert(format!("the content of a prefix list in {}", table.name).into());
        }
    }
    if let Some(note) = &table.open {
        check.deciders.insert(note.clone());
        sure = AddrSet::empty();
        possible = to.clone();
    }
    check.sure = PacketSet::product(&ServiceSet::all(), &sure);
    check.possible = PacketSet::product(&ServiceSet::all(), &possible);
    check
}

/// What a route leads to that is not followed.
pub(crate) fn unfollowed_by(route: &Route) -> Option<Note> {
    match &route.via {
        Via::Opaque(note) => Some(note.clone()),
        Via::Interface(_) => Some(format!("what {} does with packets", route.name).into()),
        _ => None,
    }
}

pub(crate) fn is_local(via: &Via) -> Option<bool> {
    if is_unfollowed(via) { None } else { Some(*via == Via::Local) }
}

pub(crate) fn is_internet(via: &Via) -> Option<bool> {
    if is_unfollowed(via) { None } else { Some(*via == Via::InternetGateway) }
}

pub(crate) fn is_unfollowed(via: &Via) -> bool {
    matches!(via, Via::Opaque(_) | Via::Interface(_))
}
