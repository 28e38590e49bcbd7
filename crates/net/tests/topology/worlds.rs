//! Every network that an uncertain one may be, with nothing uncertain left in it.

use farmgate_net::addr::AddrSet;
use farmgate_net::reach::Place;
use farmgate_net::rule::{Peers, Rule};
use farmgate_net::service::ServiceSet;
use farmgate_net::topology::{GroupId, Network, Public};
use farmgate_net::uncertain::Uncertain;

use super::random::{outside_v4, outside_v6, v4, v6};

type Change = Box<dyn Fn(&mut Network)>;

/// At most so many worlds; a case with more is passed over.
const MOST: usize = 20_000;

fn allow_all() -> Rule {
    Rule {
        name: "anything".to_owned(),
        services: ServiceSet::all(),
        peers: Peers::addresses(AddrSet::all()),
        maybe: None,
        assumed: None,
    }
}

fn addresses(set: &AddrSet) -> Vec<std::net::IpAddr> {
    let mut all: Vec<_> = (0..16).map(v4).collect();
    all.extend((0..16).map(v6));
    all.extend(outside_v4());
    all.extend(outside_v6());
    all.retain(|a| set.contains(*a));
    all
}

/// The choices of a network: for each uncertain part, what it may be.
fn axes(net: &Network) -> Vec<Vec<Change>> {
    let mut axes: Vec<Vec<Change>> = Vec::new();
    for (n, interface) in net.interfaces.iter().enumerate() {
        let own = addresses(&interface.addresses);
        let fours: Vec<_> = own.iter().copied().filter(|a| a.is_ipv4()).collect();
        if fours.len() > 1 {
            let keep = interface.addresses.only_v6();
            axes.push(
                fours
                    .into_iter()
                    .map(|address| {
                        let only = keep.union(&AddrSet::single(address));
                        Box::new(move |net: &mut Network| {
                            net.interfaces[n].addresses = only.clone()
                        }) as Change
                    })
                    .collect(),
            );
        }
        axes.push(
            publics(&interface.public)
                .into_iter()
                .map(|public| {
                    Box::new(move |net: &mut Network| {
                        net.interfaces[n].public = Uncertain::Known(public.clone());
                    }) as Change
                })
                .collect(),
        );
        let Some(groups) = &interface.groups else {
            continue;
        };
        for maybe in groups.maybe.clone() {
            axes.push(vec![
                Box::new(move |net: &mut Network| {
                    net.interfaces[n].groups.as_mut().unwrap().maybe.remove(&maybe);
                }),
                Box::new(move |net: &mut Network| {
                    let groups = net.interfaces[n].groups.as_mut().unwrap();
                    groups.maybe.remove(&maybe);
                    groups.sure.insert(maybe);
                }),
            ]);
        }
        if groups.open {
            let any = GroupId(net.groups.len() as u32);
            axes.push(vec![
                Box::new(move |net: &mut Network| {
                    net.interfaces[n].groups.as_mut().unwrap().open = false
                }),
                Box::new(move |net: &mut Network| {
                    let groups = net.interfaces[n].groups.as_mut().unwrap();
                    groups.open = false;
                    groups.sure.extend((0..=any.0).map(GroupId));
                }),
            ]);
        }
    }
    for (n, nat) in net.nats.iter().enumerate() {
        axes.push(
            publics(&nat.public)
                .into_iter()
                .map(|public| {
                    Box::new(move |net: &mut Network| {
                        net.nats[n].public = Uncertain::Known(public.clone())
                    }) as Change
                })
                .collect(),
        );
    }
    for (n, subnet) in net.subnets.iter().enumerate() {
        if let Uncertain::OneOf(all, _) = &subnet.acl {
            axes.push(
                all.iter()
                    .cloned()
                    .map(|acl| {
                        Box::new(move |net: &mut Network| {
                            net.subnets[n].acl = Uncertain::Known(acl)
                        }) as Change
                    })
                    .collect(),
            );
        }
        if let Uncertain::Unknown(_) = &subnet.acl {
            let denied = farmgate_net::topology::AclId(net.acls.len() as u32);
            axes.push(
                [None, Some(denied)]
                    .into_iter()
                    .map(|acl| {
                        Box::new(move |net: &mut Network| {
                            net.subnets[n].acl = Uncertain::Known(acl)
                        }) as Change
                    })
                    .collect(),
            );
        }
        if let Uncertain::OneOf(all, _) = &subnet.table {
            axes.push(
                all.iter()
                    .copied()
                    .map(|table| {
                        Box::new(move |net: &mut Network| {
                            net.subnets[n].table = Uncertain::Known(table)
                        }) as Change
                    })
                    .collect(),
            );
        }
    }
    for (n, list) in net.lists.iter().enumerate() {
        let contents: Vec<AddrSet> = match &list.addresses {
            Uncertain::Known(one) | Uncertain::Assumed(one, _) => vec![one.clone()],
            Uncertain::OneOf(all, _) => all.clone(),
            Uncertain::Unknown(_) => vec![AddrSet::empty(), AddrSet::all()],
        };
        axes.push(
            contents
                .into_iter()
                .map(|content| {
                    Box::new(move |net: &mut Network| {
                        net.lists[n].addresses = Uncertain::Known(content.clone())
                    }) as Change
                })
                .collect(),
        );
    }
    axes.extend(rule_axes(net));
    for (n, relay) in net.relays.iter().enumerate() {
        for (m, forward) in relay.forwards.iter().enumerate() {
            if forward.maybe.is_some() {
                axes.push(vec![
                    Box::new(move |net: &mut Network| net.relays[n].forwards[m].maybe = None),
                    Box::new(move |net: &mut Network| net.relays[n].forwards[m].targets.clear()),
                ]);
            }
        }
    }
    axes
}

fn rule_axes(net: &Network) -> Vec<Vec<Change>> {
    let mut axes: Vec<Vec<Change>> = Vec::new();
    for (n, acl) in net.acls.iter().enumerate() {
        if acl.open.is_some() {
            axes.push(vec![
                Box::new(move |net: &mut Network| {
                    net.acls[n].ingress.clear();
                    net.acls[n].egress.clear();
                }),
                Box::new(move |net: &mut Network| {
                    net.acls[n] = farmgate_net::acl::Acl::admit_all("all")
                }),
            ]);
        }
    }
    for (n, group) in net.groups.iter().enumerate() {
        for ingress in [true, false] {
            let (open, rules) = match ingress {
                true => (&group.ingress_open, &group.ingress),
                false => (&group.egress_open, &group.egress),
            };
            if open.is_some() {
                axes.push(vec![
                    Box::new(|_: &mut Network| {}),
                    Box::new(move |net: &mut Network| {
                        let group = &mut net.groups[n];
                        if ingress {
                            group.ingress.push(allow_all())
                        } else {
                            group.egress.push(allow_all())
                        }
                    }),
                ]);
            }
            for (m, rule) in rules.iter().enumerate() {
                if rule.maybe.is_some() {
                    axes.push(vec![
                        Box::new(|_: &mut Network| {}),
                        Box::new(move |net: &mut Network| {
                            let group = &mut net.groups[n];
                            let rules =
                                if ingress { &mut group.ingress } else { &mut group.egress };
                            rules[m].services = ServiceSet::empty();
                        }),
                    ]);
                }
            }
        }
    }
    axes
}

fn publics(public: &Uncertain<Public>) -> Vec<Public> {
    match public {
        Uncertain::Known(one) | Uncertain::Assumed(one, _) => vec![one.clone()],
        Uncertain::OneOf(all, _) => all.clone(),
        Uncertain::Unknown(_) => {
            let mut all = vec![Public::None];
            all.extend(outside_v4().into_iter().map(|a| Public::Address(AddrSet::single(a))));
            all
        }
    }
}

/// Calls `each` for every world of a network; false if there are too many.
pub(crate) fn each(net: &Network, mut each: impl FnMut(&Network)) -> bool {
    let mut base = net.clone();
    // What an open set of groups may hold: a group that admits everything.
    base.groups.push(farmgate_net::rule::Group {
        name: "any".to_owned(),
        ingress: vec![allow_all()],
        egress: vec![allow_all()],
        ..Default::default()
    });
    base.acls.push(farmgate_net::acl::Acl::default());
    let axes = axes(net);
    let count = axes.iter().try_fold(1_usize, |all, axis| {
        let all = all.checked_mul(axis.len())?;
        (all <= MOST).then_some(all)
    });
    let Some(count) = count else { return false };
    for index in 0..count {
        let mut world = base.clone();
        let mut rest = index;
        for axis in &axes {
            axis[rest % axis.len()](&mut world);
            rest /= axis.len();
        }
        each(&world);
    }
    true
}

/// The places that an end may be, with one address each where it is one host.
pub(crate) fn hosts(place: &Place) -> Vec<std::net::IpAddr> {
    match place {
        Place::Outside(o) | Place::Anywhere(o) => addresses(&o.addresses),
        Place::Hosts(_, set) => addresses(set),
        Place::Interface(_) => Vec::new(),
    }
}
