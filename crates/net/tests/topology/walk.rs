//! One packet through one world, step by step: plain code over single addresses.

use std::collections::BTreeSet;
use std::net::IpAddr;

use farmgate_net::acl::{Acl, Entry};
use farmgate_net::reach::{Question, Replies};
use farmgate_net::route::{Destination, Via};
use farmgate_net::rule::Direction;
use farmgate_net::service::{Service, ServiceSet, TCP, UDP};
use farmgate_net::topology::{
    Back, Front, GroupId, InterfaceId, ListId, Network, Public, RelayId, SubnetId,
};
use farmgate_net::uncertain::Uncertain;

use super::random::{REPLY_PORTS, outside_v4, services};

fn known<T>(value: &Uncertain<T>) -> &T {
    match value {
        Uncertain::Known(value) => value,
        _ => panic!("a world with something unknown"),
    }
}

/// Whether for one reply port, or for all of them, `passes`.
fn ports(replies: Replies, mut passes: impl FnMut(u16) -> bool) -> bool {
    match replies {
        Replies::Some => REPLY_PORTS.iter().any(|port| passes(*port)),
        Replies::All => REPLY_PORTS.iter().all(|port| passes(*port)),
    }
}

pub(crate) struct Walk<'n> {
    pub(crate) net: &'n Network,
    pub(crate) replies: Replies,
    /// Whether what is not followed carries everything, or nothing.
    pub(crate) carries: bool,
}

/// What a group's rule can know of the other end.
#[derive(Clone, Default)]
struct Peer {
    groups: BTreeSet<GroupId>,
    lists: Vec<ListId>,
}

impl Walk<'_> {
    fn groups_of(&self, id: InterfaceId) -> Peer {
        let groups = self.net.interfaces[id.index()].groups.as_ref();
        Peer { groups: groups.map(|g| g.sure.clone()).unwrap_or_default(), lists: vec![] }
    }

    fn address(&self, id: InterfaceId, v4: bool) -> Option<IpAddr> {
        let all = &self.net.interfaces[id.index()].addresses;
        if v4 { all.only_v4().first() } else { all.only_v6().first() }
    }

    fn public(&self, id: InterfaceId) -> Option<IpAddr> {
        match known(&self.net.interfaces[id.index()].public) {
            Public::None => None,
            Public::Address(set) => set.first(),
        }
    }

    fn group_admits(
        &self,
        id: InterfaceId,
        direction: Direction,
        peer: IpAddr,
        by: &Peer,
        service: Service,
    ) -> bool {
        let Some(groups) = &self.net.interfaces[id.index()].groups else {
            return true;
        };
        groups.sure.iter().any(|group| {
            let group = &self.net.groups[group.index()];
            group.rules(direction).iter().any(|rule| {
                rule.services.contains(service)
                    && (rule.peers.addresses.contains(peer)
                        || rule.peers.groups.iter().any(|g| by.groups.contains(g))
                        || rule.peers.lists.iter().any(|l| {
                            by.lists.contains(l)
                                || known(&self.net.lists[l.index()].addresses).contains(peer)
                        }))
            })
        })
    }

    fn acl(&self, subnet: SubnetId) -> Option<&Acl> {
        known(&self.net.subnets[subnet.index()].acl).map(|id| &self.net.acls[id.index()])
    }

    fn acl_admits(
        &self,
        subnet: SubnetId,
        direction: Direction,
        peer: IpAddr,
        service: Service,
    ) -> bool {
        let Some(acl) = self.acl(subnet) else {
            return true;
        };
        let mut entries: Vec<&Entry> = match direction {
            Direction::Ingress => acl.ingress.iter().collect(),
            Direction::Egress => acl.egress.iter().collect(),
        };
        entries.sort_by_key(|e| e.number);
        let first =
            entries.iter().find(|e| e.services.contains(service) && e.addresses.contains(peer));
        first.is_some_and(|e| e.allow)
    }

    fn reply_admitted(
        &self,
        subnet: SubnetId,
        direction: Direction,
        peer: IpAddr,
        service: Service,
        port: u16,
    ) -> bool {
        let reply = match service.protocol {
            TCP | UDP => Service { protocol: service.protocol, port },
            _ => service,
        };
        self.acl_admits(subnet, direction, peer, reply)
    }

    fn via(&self, subnet: SubnetId, to: IpAddr) -> Option<&Via> {
        let table = &self.net.tables[known(&self.net.subnets[subnet.index()].table).index()];
        let fits = table.routes.iter().filter_map(|route| match &route.destination {
            Destination::Prefix(prefix) if prefix.contains(&to) => {
                Some((prefix.prefix_len(), &route.via))
            }
            _ => None,
        });
        fits.max_by_key(|(length, _)| *length).map(|(_, via)| via)
    }

    fn is_carried(&self, via: Option<&Via>) -> bool {
        self.carries && matches!(via, Some(Via::Opaque(_)))
    }

    /// Whether a packet stays in the site, or comes back to it.
    fn stays(&self, subnet: SubnetId, to: IpAddr) -> bool {
        let via = self.via(subnet, to);
        via == Some(&Via::Local) || self.is_carried(via)
    }

    /// By private addresses within the site. `client` is whom the target sees, if not the sender.
    fn local(
        &self,
        from: InterfaceId,
        to: InterfaceId,
        client: Option<IpAddr>,
        service: Service,
    ) -> bool {
        [true, false].into_iter().any(|v4| {
            let (Some(a), Some(d)) = (self.address(from, v4), self.address(to, v4)) else {
                return false;
            };
            let s = match client {
                None => a,
                Some(client) if client.is_ipv4() == v4 => client,
                Some(_) => return false,
            };
            let (x, y) =
                (self.net.interfaces[from.index()].subnet, self.net.interfaces[to.index()].subnet);
            let there = self.group_admits(from, Direction::Egress, d, &self.groups_of(to), service)
                && (x == y || self.stays(x, d))
                && self.group_admits(to, Direction::Ingress, s, &self.groups_of(from), service)
                && (client.is_some() || x == y || self.stays(y, s));
            if x == y {
                return there;
            }
            there
                && self.acl_admits(x, Direction::Egress, d, service)
                && self.acl_admits(y, Direction::Ingress, s, service)
                && ports(self.replies, |port| {
                    self.reply_admitted(y, Direction::Egress, s, service, port)
                        && self.reply_admitted(x, Direction::Ingress, d, service, port)
                })
        })
    }

    fn host_to(&self, s: IpAddr, to: InterfaceId, service: Service) -> bool {
        let y = self.net.interfaces[to.index()].subnet;
        let near = self.net.subnets[y.index()].addresses.contains(s);
        self.address(to, s.is_ipv4()).is_some()
            && self.group_admits(to, Direction::Ingress, s, &Peer::default(), service)
            && (near || self.stays(y, s))
            && (near
                || self.acl_admits(y, Direction::Ingress, s, service)
                    && ports(self.replies, |port| {
                        self.reply_admitted(y, Direction::Egress, s, service, port)
                    }))
    }

    /// What a packet from outside meets behind the internet gateway, but for the replies.
    fn enters(&self, s: IpAddr, by: &Peer, to: InterfaceId, service: Service) -> bool {
        let y = self.net.interfaces[to.index()].subnet;
        (self.via(y, s) == Some(&Via::InternetGateway) || self.is_carried(self.via(y, s)))
            && self.acl_admits(y, Direction::Ingress, s, service)
            && self.group_admits(to, Direction::Ingress, s, by, service)
    }

    fn inbound(&self, s: IpAddr, lists: &[ListId], to: InterfaceId, service: Service) -> bool {
        let met =
            if s.is_ipv4() { self.public(to).is_some() } else { self.address(to, false).is_some() };
        let by = Peer { lists: lists.to_vec(), ..Peer::default() };
        let y = self.net.interfaces[to.index()].subnet;
        let carried = self.is_carried(self.via(y, s)) && self.address(to, s.is_ipv4()).is_some();
        (met || carried)
            && self.enters(s, &by, to, service)
            && ports(self.replies, |port| {
                self.reply_admitted(y, Direction::Egress, s, service, port)
            })
    }

    /// Out to `d`: the addresses under which it arrives there, each with the subnet that its replies
    /// enter first.
    fn outbound(
        &self,
        from: InterfaceId,
        d: IpAddr,
        lists: &[ListId],
        service: Service,
    ) -> Vec<(IpAddr, SubnetId)> {
        let Some(a) = self.address(from, d.is_ipv4()) else {
            return vec![];
        };
        let x = self.net.interfaces[from.index()].subnet;
        let by = Peer { lists: lists.to_vec(), ..Peer::default() };
        if !self.group_admits(from, Direction::Egress, d, &by, service) {
            return vec![];
        }
        let own_list = || {
            self.acl_admits(x, Direction::Egress, d, service)
                && ports(self.replies, |port| {
                    self.reply_admitted(x, Direction::Ingress, d, service, port)
                })
        };
        match self.via(x, d) {
            Some(Via::InternetGateway) if own_list() => match (d.is_ipv4(), self.public(from)) {
                (true, Some(public)) => vec![(public, x)],
                (true, None) => vec![],
                (false, _) => vec![(a, x)],
            },
            Some(Via::EgressOnlyGateway) if !d.is_ipv4() && own_list() => vec![(a, x)],
            Some(Via::Nat(id)) if d.is_ipv4() => {
                let nat = &self.net.nats[id.index()];
                if ![TCP, UDP, 1].contains(&service.protocol) {
                    return vec![];
                }
                let Public::Address(public) = known(&nat.public) else {
                    return vec![];
                };
                let n = nat.subnet;
                let inner = x == n
                    || self.acl_admits(x, Direction::Egress, d, service)
                        && self.acl_admits(n, Direction::Ingress, a, service)
                        && ports(self.replies, |port| {
                            self.reply_admitted(n, Direction::Egress, a, service, port)
                                && self.reply_admitted(x, Direction::Ingress, d, service, port)
                        });
                let outer = self.acl_admits(n, Direction::Egress, d, service)
                    && ports(self.replies, |port| {
                        self.reply_admitted(n, Direction::Ingress, d, service, port)
                    })
                    && (self.via(n, d) == Some(&Via::InternetGateway)
                        || self.is_carried(self.via(n, d)));
                if inner && outer {
                    public.first().map(|p| (p, n)).into_iter().collect()
                } else {
                    vec![]
                }
            }
            // Whatever address it arrives with there.
            via @ Some(Via::Opaque(_)) if self.is_carried(via) && own_list() => {
                outside_v4().into_iter().map(|t| (t, x)).collect()
            }
            _ => vec![],
        }
    }

    pub(crate) fn leaves(
        &self,
        from: InterfaceId,
        d: IpAddr,
        lists: &[ListId],
        service: Service,
    ) -> bool {
        !self.outbound(from, d, lists, service).is_empty()
    }

    /// Out and in again at the public address.
    fn hairpin(&self, from: InterfaceId, to: InterfaceId, service: Service) -> bool {
        let Some(d) = self.public(to) else {
            return false;
        };
        let y = self.net.interfaces[to.index()].subnet;
        self.outbound(from, d, &[], service).into_iter().any(|(t, last)| {
            self.enters(t, &Peer::default(), to, service)
                && ports(self.replies, |port| {
                    self.reply_admitted(y, Direction::Egress, t, service, port)
                        && self.reply_admitted(last, Direction::Ingress, d, service, port)
                })
        })
    }

    /// One leg without relays. `s` is the source's address if it is no interface.
    fn leg(&self, from: &Source, to: InterfaceId, service: Service) -> bool {
        match from {
            Source::Interface(from) => {
                self.local(*from, to, None, service) || self.hairpin(*from, to, service)
            }
            Source::Outside(s, lists) => self.inbound(*s, lists, to, service),
            Source::Host(s) => self.host_to(*s, to, service),
        }
    }

    /// The services, as the source sees them, on which it gets to an interface.
    pub(crate) fn reach(
        &self,
        from: &Source,
        to: InterfaceId,
        on: &ServiceSet,
        question: &Question,
        visited: &BTreeSet<RelayId>,
    ) -> BTreeSet<Service> {
        let wanted = |set: &ServiceSet| {
            services().into_iter().filter(|s| set.contains(*s)).collect::<Vec<_>>()
        };
        let mut all: BTreeSet<Service> =
            wanted(on).into_iter().filter(|s| self.leg(from, to, *s)).collect();
        if !question.relays {
            return all;
        }
        for (relay, id) in self.net.relays.iter().zip(0..) {
            let id = RelayId(id);
            if visited.contains(&id) || question.avoid.contains(&id) {
                continue;
            }
            let mut visited = visited.clone();
            visited.insert(id);
            for forward in relay.forwards.iter().filter(|f| f.targets.contains(&to)) {
                let onward = wanted(&forward.service.intersect(on));
                let client = |s: IpAddr| forward.preserves_client.then_some(s);
                let Back::Interfaces(backs) = &relay.back else {
                    continue;
                };
                let seen = self.seen(from);
                let connects = |back: InterfaceId| {
                    onward.iter().any(|service| {
                        seen.iter().any(|s| self.local(back, to, client(*s), *service))
                    })
                };
                match &relay.front {
                    Front::Interfaces(fronts) => {
                        for front in fronts {
                            // What a node accepts it sends on by itself.
                            let sent = match backs.contains(front) {
                                true => connects(*front),
                                false => backs.iter().any(|back| connects(*back)),
                            };
                            if !sent {
                                continue;
                            }
                            all.extend(self.reach(
                                from,
                                *front,
                                &forward.listen,
                                question,
                                &visited,
                            ));
                        }
                    }
                    Front::Managed(sources) => {
                        if let Source::Outside(s, _) = from
                            && sources.contains(*s)
                            && backs.iter().any(|back| connects(*back))
                        {
                            all.extend(wanted(&forward.listen));
                        }
                    }
                }
            }
        }
        all
    }

    /// The addresses by which a source may be seen.
    fn seen(&self, from: &Source) -> Vec<IpAddr> {
        match from {
            Source::Interface(id) => {
                [true, false].into_iter().filter_map(|v4| self.address(*id, v4)).collect()
            }
            Source::Outside(s, _) | Source::Host(s) => vec![*s],
        }
    }
}

/// Who opens a connection, down to its address.
pub(crate) enum Source {
    Interface(InterfaceId),
    Outside(IpAddr, Vec<ListId>),
    Host(IpAddr),
}
