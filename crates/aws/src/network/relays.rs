//! Load balancers, APIs, distributions and gates: hops that end a connection and open another.
//!
//! Sources of the rules: Elastic Load Balancing User Guides, "Client IP preservation" (network load
//! balancers), API Gateway Developer Guide, "VPC links".

mod gates;

use farmgate_net::addr::AddrSet;
use farmgate_net::service::{ServiceSet, TCP, UDP};
use farmgate_net::topology::{Back, Forward, Front, InterfaceId, Outside, Relay, RelayId};
use farmgate_net::uncertain::Note;

use super::{Lowered, len};
use crate::model::{
    Action, Api, Attachment, IntegrationTarget, Key, Listener, LoadBalancerKind, Model,
    TargetGroup, Val,
};

pub use gates::{Led, led_to};

/// A target group's registered interfaces and the port on which they are met.
#[derive(Debug, Clone)]
pub struct Targets {
    /// What is registered.
    pub owner: Key,
    /// Its interfaces.
    pub interfaces: Vec<InterfaceId>,
    /// The port, if it is known.
    pub port: Option<u16>,
    /// What was assumed in order to say so.
    pub assumed: Vec<Note>,
    /// What decides over whether it is registered at all.
    pub maybe: Option<Note>,
}

impl Lowered {
    pub(super) fn add_relays(&mut self, model: &Model) {
        for (key, lb) in &model.load_balancers {
            if lb.kind == LoadBalancerKind::Gateway {
                continue;
            }
            let own = self.interfaces_of(key).to_vec();
            let mut forwards = Vec::new();
            for (listener_key, listener) in &model.listeners {
                let Some(maybe) = named(&listener.load_balancer, key) else { continue };
                for mut forward in self.listener_forwards(model, listener_key, listener) {
                    forward.maybe = forward.maybe.or_else(|| maybe.clone());
                    forwards.push(forward);
                }
            }
            let relay = Relay {
                name: key.to_string(),
                front: Front::Interfaces(own.clone()),
                back: Back::Interfaces(own),
                forwards,
            };
            self.add_relay(key, relay);
        }
        for (key, api) in &model.apis {
            self.add_api(model, key, api);
        }
        self.add_distributions(model);
        self.add_gates(model);
    }

    fn add_relay(&mut self, key: &Key, relay: Relay) {
        let id = RelayId(len(&self.net.relays));
        self.net.relays.push(relay);
        self.relay_owners.push(key.clone());
        self.relays.entry(key.clone()).or_default().push(id);
    }

    fn listener_forwards(&self, model: &Model, key: &Key, listener: &Listener) -> Vec<Forward> {
        let listen = listen(listener);
        // On some port, nobody knows on which.
        let hidden = listener.port.missing().cloned();
        let mut forwards = Vec::new();
        for (group_key, maybe) in forwarded_groups(model, listener) {
            let Some(group) = model.target_groups.get(&group_key) else {
                continue;
            };
            let preserves_client = preserves_client(group);
            for targets in self.targets(model, &group_key, group) {
                let mut assumed = targets.assumed.clone();
                assumed.extend(listener.load_balancer.assumed().cloned());
                forwards.push(Forward {
                    name: key.to_string(),
                    listen: listen.clone(),
                    targets: targets.interfaces,
                    service: service(group.protocol.get().map(String::as_str), targets.port),
                    preserves_client,
                    assumed,
                    maybe: maybe.clone().or(targets.maybe).or_else(|| hidden.clone()),
                });
            }
        }
        forwards
    }

    /// What is registered in a target group.
    #[must_use]
    pub fn targets(&self, model: &Model, key: &Key, group: &TargetGroup) -> Vec<Targets> {
        let mut all = Vec::new();
        for (service_key, service) in &model.services {
            for block in &service.load_balancers {
                if let Some(maybe) = named(&block.target_group, key) {
                    all.push(Targets {
                        maybe,
                        owner: service_key.clone(),
                        interfaces: self.interfaces_of(service_key).to_vec(),
                        port: block.port.get().copied(),
                        assumed: block.target_group.assumed().into_iter().cloned().collect(),
                    });
                }
            }
        }
        for attachment in &group.attachments {
            let Some(target) = attachment.target.get() else {
                all.extend(self.any_target(model, key, group, attachment));
                continue;
            };
            all.push(Targets {
                owner: target.clone(),
                interfaces: self.interfaces_of(target).to_vec(),
                port: attachment.port.or(group.port.get().copied().flatten()),
                assumed: attachment.target.assumed().into_iter().cloned().collect(),
                maybe: None,
            });
        }
        all
    }

    /// What may be registered where a source shows that something may be, and not what: whatever has
    /// an interface in the group's VPC.
    fn any_target(
        &self,
        model: &Model,
        key: &Key,
        group: &TargetGroup,
        attachment: &Attachment,
    ) -> Option<Targets> {
        let note = attachment.target.missing()?.clone();
        let among: Option<&Vec<Key>> = match &attachment.target {
            Val::OneOf(keys, _) => Some(keys),
            _ => None,
        };
        let vpc = group.vpc.get().and_then(Option::as_ref).and_then(|vpc| self.sites.get(vpc));
        let behind_itself = group.target_type.get().is_none_or(|kind| kind == "alb");
        let fits = |(owner, interface): (&Key, InterfaceId)| {
            let balancer = model.load_balancers.contains_key(owner);
            let place = self.net.interfaces.get(interface.index());
            let subnet = place.and_then(|it| self.net.subnets.get(it.subnet.index()));
            let site = subnet.map(|subnet| subnet.site);
            (behind_itself || !balancer)
                && among.is_none_or(|keys| keys.contains(owner))
                && (vpc.is_none() || site.is_none() || vpc.copied() == site)
        };
        let owned = |(owner, ids): (&Key, &Vec<InterfaceId>)| -> Vec<InterfaceId> {
            ids.iter().copied().filter(|id| fits((owner, *id))).collect()
        };
        let interfaces: Vec<InterfaceId> = self.interfaces.iter().flat_map(owned).collect();
        // Whoever isn't known may be met on a port of its own.
        let port = attachment.port.filter(|_| among.is_some());
        (!interfaces.is_empty()).then(|| Targets {
            owner: key.clone(),
            interfaces,
            port,
            assumed: Vec::new(),
            maybe: Some(note),
        })
    }

    fn add_api(&mut self, model: &Model, key: &Key, api: &Api) {
        let mut seen = Vec::new();
        for route in &api.routes {
            let Some(Some(integration)) = route.integration.get() else {
                continue;
            };
            let IntegrationTarget::VpcLink { link, to } = &integration.target else {
                let relay = self.public_integration(key, api, &integration.target);
                if let Some(relay) = relay
                    && !seen.contains(&integration.origin)
                {
                    seen.push(integration.origin.clone());
                    self.add_relay(key, relay);
                }
                continue;
            };
            if seen.contains(&integration.origin) {
                continue;
            }
            seen.push(integration.origin.clone());
            let Some(link_key) = link.get() else { continue };
            let assumed: Vec<Note> = [route.integration.assumed(), link.assumed(), to.assumed()]
                .into_iter()
                .flatten()
                .cloned()
                .collect();
            let v1 = model.vpc_links.get(link_key).is_some_and(|l| l.v1);
            let Some(to) = to.get() else { continue };
            let name = integration.origin.to_string();
            let (back, forwards) = if v1 {
                self.private_link_forwards(model, to, &name, &assumed)
            } else {
                let back = self.interfaces_of(link_key).to_vec();
                (back, self.link_forwards(model, to, &name, &assumed))
            };
            let relay = Relay {
                name: key.to_string(),
                front: front(api),
                back: Back::Interfaces(back),
                forwards,
            };
            self.add_relay(key, relay);
        }
    }

    /// An integration that goes out to a load balancer's public address.
    fn public_integration(
        &self,
        key: &Key,
        api: &Api,
        target: &IntegrationTarget,
    ) -> Option<Relay> {
        let IntegrationTarget::Internet(Val::Known(host) | Val::Assumed(host, _)) = target else {
            return None;
        };
        let targets = self.interfaces.get(host.as_str())?.clone();
        Some(Relay {
            name: key.to_string(),
            front: front(api),
            back: Back::Outside(Outside {
                name: "API Gateway".to_owned(),
                addresses: AddrSet::internet().only_v4(),
                lists: Vec::new(),
                off_lists: Vec::new(),
            }),
            forwards: vec![Forward {
                name: key.to_string(),
                listen: ServiceSet::tcp(443),
                targets,
                service: ServiceSet::tcp(443).union(&ServiceSet::tcp(80)),
                preserves_client: false,
                assumed: Vec::new(),
                maybe: None,
            }],
        })
    }

    /// What a VPC link (v2) of an API connects to.
    fn link_forwards(&self, model: &Model, to: &Key, name: &str, assumed: &[Note]) -> Vec<Forward> {
        let forward = |targets: &[InterfaceId], service: ServiceSet, more: Option<&Note>| Forward {
            name: name.to_owned(),
            listen: ServiceSet::tcp(443),
            targets: targets.to_vec(),
            service,
            preserves_client: false,
            assumed: assumed.iter().chain(more).cloned().collect(),
            maybe: None,
        };
        if let Some(listener) = model.listeners.get(to) {
            let lb = listener.load_balancer.get();
            let nodes = lb.map(|lb| self.interfaces_of(lb)).unwrap_or_default();
            let more = listener.load_balancer.assumed();
            return vec![forward(nodes, listen(listener), more)];
        }
        let mut all = Vec::new();
        for (service_key, service) in &model.services {
            if service.registries.iter().any(|r| r.get() == Some(to)) {
                let ports = service_ports(model, service_key);
                all.push(forward(self.interfaces_of(service_key), ports, None));
            }
        }
        all
    }

    /// A REST API's VPC link is PrivateLink to a network load balancer: the connection appears at
    /// the load balancer's nodes without crossing the VPC.
    fn private_link_forwards(
        &self,
        model: &Model,
        lb: &Key,
        name: &str,
        assumed: &[Note],
    ) -> (Vec<InterfaceId>, Vec<Forward>) {
        let mut forwards = Vec::new();
        for (key, listener) in &model.listeners {
            if listener.load_balancer.get() != Some(lb) {
                continue;
            }
            for mut forward in self.listener_forwards(model, key, listener) {
                forward.name = name.to_owned();
                forward.listen = ServiceSet::tcp(443);
                forward.preserves_client = false;
                forward.assumed.extend(assumed.iter().cloned());
                forwards.push(forward);
            }
        }
        (self.interfaces_of(lb).to_vec(), forwards)
    }

    fn add_distributions(&mut self, model: &Model) {
        for (key, distribution) in &model.distributions {
            let mut forwards = Vec::new();
            for origin in distribution.origins.mentioned() {
                let targets = self.interfaces_of(origin).to_vec();
                if targets.is_empty() {
                    continue;
                }
                let assumed = distribution.origins.assumed.clone();
                forwards.push(Forward {
                    name: key.to_string(),
                    listen: ServiceSet::tcp(443).union(&ServiceSet::tcp(80)),
                    targets,
                    service: ServiceSet::tcp(443).union(&ServiceSet::tcp(80)),
                    preserves_client: false,
                    assumed: assumed.into_iter().collect(),
                    maybe: None,
                });
            }
            let list = self.list_of_service("com.amazonaws.global.cloudfront.origin-facing");
            let relay = Relay {
                name: key.to_string(),
                front: Front::Managed(AddrSet::internet()),
                back: Back::Outside(Outside {
                    name: "CloudFront".to_owned(),
                    addresses: AddrSet::internet().only_v4(),
                    lists: vec![list],
                    off_lists: Vec::new(),
                }),
                forwards,
            };
            self.add_relay(key, relay);
        }
    }
}

/// Whether a value names this key: `Some(None)` if it does, `Some` with what decides if it may.
#[allow(clippy::option_option, reason = "whether, and if so what decides")]
fn named(value: &Val<Key>, key: &Key) -> Option<Option<Note>> {
    match value {
        Val::Known(found) | Val::Assumed(found, _) => (found == key).then_some(None),
        Val::OneOf(found, note) => found.contains(key).then(|| Some(note.clone())),
        Val::Unknown(note) => Some(Some(note.clone())),
    }
}

fn front(api: &Api) -> Front {
    match api.private.get() {
        Some(true) => Front::Managed(AddrSet::empty()),
        _ => Front::Managed(AddrSet::internet()),
    }
}

/// The ports of the containers of a service that is found by name.
fn service_ports(model: &Model, service: &Key) -> ServiceSet {
    let found = model.services.get(service);
    let definition = found.and_then(|s| s.task_definition.get()).and_then(|d| d.as_ref());
    let containers =
        definition.and_then(|d| model.task_definitions.get(d)).and_then(|d| d.containers.get());
    let Some(containers) = containers else {
        return ServiceSet::protocol(TCP);
    };
    containers
        .iter()
        .flat_map(|c| &c.ports)
        .fold(ServiceSet::empty(), |all, (port, _)| all.union(&ServiceSet::tcp(*port)))
}

/// The services on which a listener listens.
#[must_use]
pub fn listen(listener: &Listener) -> ServiceSet {
    service(listener.protocol.get().map(String::as_str), listener.port.get().copied())
}

fn service(protocol: Option<&str>, port: Option<u16>) -> ServiceSet {
    let protocols: &[u8] = match protocol {
        Some("UDP") => &[UDP],
        Some("TCP_UDP") => &[TCP, UDP],
        _ => &[TCP],
    };
    protocols.iter().fold(ServiceSet::empty(), |all, protocol| {
        all.union(&match port {
            Some(port) => ServiceSet::ports(*protocol, port, port),
            None => ServiceSet::protocol(*protocol),
        })
    })
}

/// Every target group to which some rule of a listener forwards, and what decides if it may.
#[must_use]
pub fn forwarded_groups(model: &Model, listener: &Listener) -> Vec<(Key, Option<Note>)> {
    let mut all: Vec<(Key, Option<Note>)> = Vec::new();
    let mut possible: Vec<(Key, Note)> = Vec::new();
    for action in listener.rules.iter().flat_map(|rule| &rule.actions) {
        let (groups, anything) = match action {
            Action::Forward(groups) => {
                (Some(groups), groups.unknown.clone().filter(|_| groups.open))
            }
            Action::Other(note) => (None, Some(note.clone())),
            _ => continue,
        };
        for group in groups.into_iter().flat_map(|groups| &groups.sure) {
            if !all.iter().any(|(key, _)| key == group) {
                all.push((group.clone(), None));
            }
        }
        if let Some(groups) = groups {
            let note = groups.unknown.clone();
            let note = note.unwrap_or_else(|| "what the rule forwards to".into());
            possible.extend(groups.maybe.iter().map(|group| (group.clone(), note.clone())));
        }
        if let Some(note) = anything {
            possible.extend(model.target_groups.keys().map(|key| (key.clone(), note.clone())));
        }
    }
    if let Some(note) = &listener.open {
        possible.extend(model.target_groups.keys().map(|key| (key.clone(), note.clone())));
    }
    for (group, note) in possible {
        if !all.iter().any(|(key, _)| *key == group) {
            all.push((group, Some(note)));
        }
    }
    all
}

/// Whether targets see the client's address: never behind an application load balancer; behind a
/// network one by default for instance targets, and for ip targets over UDP.
fn preserves_client(group: &TargetGroup) -> bool {
    if let Some(Some(written)) = group.preserve_client_ip.get() {
        return *written;
    }
    let protocol = group.protocol.get().map(String::as_str).unwrap_or_default();
    let network = matches!(protocol, "TCP" | "TLS" | "UDP" | "TCP_UDP" | "QUIC" | "TCP_QUIC");
    let target_type = group.target_type.get().map(String::as_str).unwrap_or_default();
    match (network, target_type) {
        (true, "instance") => true,
        (true, "ip") => matches!(protocol, "UDP" | "TCP_UDP" | "QUIC" | "TCP_QUIC"),
        _ => false,
    }
}
