//! Load balancers, their listeners and target groups, and the web ACL.

use farmgate_farm::farm::{Behind, Scheme, Service};
use farmgate_farm::gate;
use farmgate_farm::word::Name;

use super::Lowering;
use super::network::tag;
use crate::design::{Party, keys};
use crate::emit::names;
use crate::model::{
    Action, HealthCheck, Key, Listener, ListenerRule, LoadBalancer, LoadBalancerKind, Model,
    Origin, SetVal, TargetGroup, Val, WafAssociation,
};

/// Seconds that a connection of a service's own load balancer may be silent: Elastic Load
/// Balancing's default.
const IDLE_TIMEOUT: u64 = 60;

impl Lowering<'_> {
    pub(super) fn fronts(&self, model: &mut Model) {
        self.ingress(model);
        for (name, service) in &self.design.farm.services {
            let made = service.existing.is_none() && service.container.enabled;
            if made && service.behind == Behind::Alb {
                self.balancer(name, service, model);
            }
        }
    }

    fn ingress(&self, model: &mut Model) {
        let farm = &self.design.farm;
        let ingress = &farm.ingress;
        let public = ingress.scheme == Scheme::InternetFacing;
        let subnets = if public { self.public_subnets() } else { self.private_subnets() };
        let idle = ingress.idle_timeout.as_seconds();
        let balancer = self.load_balancer(&Party::Ingress, subnets, !public, idle);
        model.load_balancers.insert(balancer.key.clone(), balancer);

        let health = HealthCheck {
            path: Some(gate::HEALTH_PATH.to_owned()),
            codes: Some("200".to_owned()),
            protocol: Some("HTTPS".to_owned()),
            ..checked()
        };
        let group = self.target_group(&Party::Ingress, gate::PORT, "HTTPS", health);
        let targets = group.key.clone();
        model.target_groups.insert(targets.clone(), group);

        let https = keys::listener(&Party::Ingress, 443);
        let mut rules = self.rules(&https, &targets);
        rules.push(default(
            &https,
            self.line(ingress.at.of("default").start),
            Action::FixedResponse,
        ));
        let policy = Some(ingress.tls.policy.word().to_owned());
        let listener = listener(https, &Party::Ingress, (443, "HTTPS"), policy, rules);
        model.listeners.insert(listener.key.clone(), listener);
        if ingress.tls.redirect {
            let http = keys::listener(&Party::Ingress, 80);
            let line = self.line(ingress.tls.at.own().start);
            let rules = vec![default(&http, line, Action::Redirect { https: true })];
            let listener = self::listener(http, &Party::Ingress, (80, "HTTP"), None, rules);
            model.listeners.insert(listener.key.clone(), listener);
        }
        if ingress.waf.is_some() {
            let association = WafAssociation {
                key: keys::waf(),
                resource: Val::Known(keys::party(&Party::Ingress)),
                web_acl: Val::Known(keys::web_acl()),
            };
            model.waf.insert(association.key.clone(), association);
        }
    }

    /// The rules of the listener in front: the servers' paths, and that of OAuth's metadata.
    fn rules(&self, listener: &Key, targets: &Key) -> Vec<ListenerRule> {
        let design = self.design;
        let rule = |origin: Origin, priority: u32, path: &str| ListenerRule {
            origin,
            priority: Some(priority),
            paths: vec![path.to_owned()],
            hosts: Vec::new(),
            sources: Vec::new(),
            other_conditions: Vec::new(),
            actions: vec![Action::Forward(SetVal::known([targets.clone()]))],
        };
        let mut rules: Vec<ListenerRule> = Vec::new();
        for route in &design.routes {
            let server = design.farm.servers.get(&route.server);
            let at = server.map(|it| it.at.of("route").start).unwrap_or_default();
            let origin = Origin::at(listener, format!("{} {}", self.line(at), route.path));
            rules.push(rule(origin, route.priority, &route.path));
        }
        if let Some(metadata) = &design.metadata {
            let line = self.line(design.farm.at.of("auth").start);
            let origin = Origin::at(listener, format!("{line} {}", metadata.path));
            rules.push(rule(origin, metadata.priority, &metadata.path));
        }
        rules
    }

    /// A service's own load balancer.
    fn balancer(&self, name: &Name, service: &Service, model: &mut Model) {
        let party = Party::Balancer(name.clone());
        let subnets = self.private_subnets();
        let balancer = self.load_balancer(&party, subnets, true, IDLE_TIMEOUT);
        model.load_balancers.insert(balancer.key.clone(), balancer);

        let protocol = if service.tls { "HTTPS" } else { "HTTP" };
        let written = &service.health;
        let path = written.path.as_ref().map_or("/health", |path| path.as_str());
        let health = HealthCheck {
            enabled: true,
            protocol: Some(protocol.to_owned()),
            port: None,
            path: Some(path.to_owned()),
            codes: Some(written.codes.as_str().to_owned()),
            interval: Some(written.interval.as_seconds()),
            timeout: Some(written.timeout.as_seconds()),
            healthy: Some(written.healthy.get()),
            unhealthy: Some(written.unhealthy.get()),
        };
        let task = Party::Service(name.clone());
        let port = self.design.task(&task).map(|task| task.port).unwrap_or_default();
        let group = self.target_group(&party, port, protocol, health);
        let targets = group.key.clone();
        model.target_groups.insert(targets.clone(), group);

        let key = keys::listener(&party, 443);
        let forward = Action::Forward(SetVal::known([targets]));
        let rules = vec![default(&key, self.line(service.at.own().start), forward)];
        let policy = Some(self.design.farm.ingress.tls.policy.word().to_owned());
        let listener = listener(key, &party, (443, "HTTPS"), policy, rules);
        model.listeners.insert(listener.key.clone(), listener);
    }

    fn load_balancer(
        &self,
        party: &Party,
        subnets: SetVal<Key>,
        internal: bool,
        idle_timeout: u64,
    ) -> LoadBalancer {
        let ingress = &self.design.farm.ingress;
        let name = names::balancer_name(self.design, party);
        let tags = match party {
            Party::Balancer(_) => tag(&name),
            _ => tag(format!("{}-ingress", self.design.farm.farm)),
        };
        LoadBalancer {
            key: keys::party(party),
            kind: LoadBalancerKind::Application,
            name: Val::Known(Some(name)),
            internal: Val::Known(internal),
            subnets,
            security_groups: Some(SetVal::known([keys::group(party)])),
            idle_timeout: Val::Known(Some(idle_timeout)),
            access_logs: Val::Known(ingress.access_logs.enabled),
            deletion_protection: Val::Known(ingress.deletion_protection),
            tags,
        }
    }

    fn target_group(
        &self,
        party: &Party,
        port: u16,
        protocol: &str,
        health: HealthCheck,
    ) -> TargetGroup {
        let name = names::targets_name(self.design, party);
        TargetGroup {
            key: keys::targets(party),
            name: Val::Known(Some(name)),
            vpc: Val::Known(Some(keys::vpc())),
            port: Val::Known(Some(port)),
            protocol: Val::Known(protocol.to_owned()),
            protocol_version: None,
            target_type: Val::Known("ip".to_owned()),
            preserve_client_ip: Val::Known(None),
            health,
            sticky: Val::Known(false),
            attachments: Vec::new(),
        }
    }
}

/// A health check with the figures of the gate's.
fn checked() -> HealthCheck {
    HealthCheck {
        enabled: true,
        interval: Some(15),
        timeout: Some(5),
        healthy: Some(2),
        unhealthy: Some(2),
        ..HealthCheck::default()
    }
}

/// A listener's default action.
fn default(listener: &Key, line: String, action: Action) -> ListenerRule {
    ListenerRule {
        origin: Origin::at(listener, line),
        priority: None,
        paths: Vec::new(),
        hosts: Vec::new(),
        sources: Vec::new(),
        other_conditions: Vec::new(),
        actions: vec![action],
    }
}

fn listener(
    key: Key,
    party: &Party,
    (port, protocol): (u16, &str),
    tls_policy: Option<String>,
    rules: Vec<ListenerRule>,
) -> Listener {
    Listener {
        key,
        load_balancer: Val::Known(keys::party(party)),
        port: Val::Known(port),
        protocol: Val::Known(protocol.to_owned()),
        tls_policy: Val::Known(tls_policy),
        verifies_clients: false,
        rules,
        open: None,
    }
}
