//! Settings of load balancers, target groups, web ACLs and distributions.

use farmgate_aws::model::{
    Attachment, Distribution, HealthCheck, LoadBalancer, LoadBalancerKind, TargetGroup,
    WafAssociation,
};

use super::diff::{Diff, Entry, Item};
use super::names::{Names, Side};
use super::value::{Value, told};

/// `idle_timeout.timeout_seconds`, Elastic Load Balancing API, `LoadBalancerAttribute`.
const IDLE_TIMEOUT: u64 = 60;

impl Item for LoadBalancer {
    const KIND: &'static str = "load balancer";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self {
            key: _,
            kind,
            name,
            internal,
            subnets,
            security_groups,
            idle_timeout,
            access_logs,
            deletion_protection,
            tags,
        } = left;
        diff.plain("kind", kind, &right.kind);
        diff.val("name", name, &right.name);
        diff.val("internal", internal, &right.internal);
        diff.set("subnets", subnets, &right.subnets);
        match (security_groups, &right.security_groups) {
            (Some(own), Some(other)) => diff.set("security_groups", own, other),
            (None, None) => {}
            (own, _) => {
                let words = |some: bool| if some { "some" } else { "none, for good" }.to_owned();
                diff.differs("security_groups", words(own.is_some()), words(own.is_none()));
            }
        }
        if *kind == LoadBalancerKind::Application {
            diff.val_or("idle_timeout", idle_timeout, &right.idle_timeout, &IDLE_TIMEOUT);
        } else {
            diff.val("idle_timeout", idle_timeout, &right.idle_timeout);
        }
        diff.val("access_logs", access_logs, &right.access_logs);
        diff.val("deletion_protection", deletion_protection, &right.deletion_protection);
        diff.tags(tags, &right.tags);
    }
}

impl Item for TargetGroup {
    const KIND: &'static str = "target group";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self {
            key: _,
            name,
            vpc,
            port,
            protocol,
            protocol_version,
            target_type,
            preserve_client_ip,
            health,
            sticky,
            attachments,
        } = left;
        diff.val("name", name, &right.name);
        diff.val("vpc", vpc, &right.vpc);
        diff.val("port", port, &right.port);
        diff.val("protocol", protocol, &right.protocol);
        // `ProtocolVersion` of `CreateTargetGroup`: "the default is HTTP1", for these protocols.
        let speaks_http = protocol.get().is_some_and(|p| matches!(p.as_str(), "HTTP" | "HTTPS"));
        let version = speaks_http.then(|| "HTTP1".to_owned());
        diff.written(
            "protocol_version",
            protocol_version,
            &right.protocol_version,
            version.as_ref(),
        );
        diff.val("target_type", target_type, &right.target_type);
        diff.val("preserve_client_ip", preserve_client_ip, &right.preserve_client_ip);
        diff.within("health".to_owned(), |d| health_check(d, health, &right.health, speaks_http));
        diff.val("sticky", sticky, &right.sticky);
        diff.entries("target", (attachments, &right.attachments), (None, None));
    }
}

/// Defaults of `CreateTargetGroup`, Elastic Load Balancing API.
fn health_check(diff: &mut Diff<'_>, left: &HealthCheck, right: &HealthCheck, http: bool) {
    let HealthCheck { enabled, protocol, port, path, codes, interval, timeout, healthy, unhealthy } =
        left;
    diff.plain("enabled", enabled, &right.enabled);
    diff.written("protocol", protocol, &right.protocol, None);
    diff.written("port", port, &right.port, None);
    diff.written("path", path, &right.path, None);
    diff.written("codes", codes, &right.codes, None);
    diff.written("interval", interval, &right.interval, Some(&30));
    let probes_http = protocol.as_deref() == Some("HTTP");
    let default = match (http, probes_http) {
        (true, _) => 5,
        (false, true) => 6,
        (false, false) => 10,
    };
    diff.written("timeout", timeout, &right.timeout, Some(&default));
    diff.written("healthy", healthy, &right.healthy, None);
    diff.written("unhealthy", unhealthy, &right.unhealthy, None);
}

impl Entry for Attachment {
    fn same(left: &Self, right: &Self, names: &Names<'_>) -> bool {
        match (left.target.get(), right.target.get()) {
            (Some(own), Some(other)) => {
                names.key(Side::Left, own) == names.key(Side::Right, other)
                    && left.port == right.port
            }
            _ => false,
        }
    }

    fn alike(left: &Self, right: &Self, names: &Names<'_>) -> bool {
        match (left.target.get(), right.target.get()) {
            (Some(own), Some(other)) => names.key(Side::Left, own) == names.key(Side::Right, other),
            _ => false,
        }
    }

    fn is_loose(&self) -> bool {
        self.target.get().is_none()
    }

    fn words(&self) -> String {
        told(&self.target, Value::words)
    }

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { origin: _, target: _, port } = left;
        diff.plain("port", port, &right.port);
    }
}

impl Item for WafAssociation {
    const KIND: &'static str = "web ACL association";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, resource, web_acl } = left;
        diff.val("resource", resource, &right.resource);
        diff.val("web_acl", web_acl, &right.web_acl);
    }
}

impl Item for Distribution {
    const KIND: &'static str = "distribution";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, origins, https_only, origin_protocols, has_edge_function, minimum_tls } =
            left;
        diff.set("origins", origins, &right.origins);
        diff.val("https_only", https_only, &right.https_only);
        diff.unordered("origin_protocols", origin_protocols, &right.origin_protocols);
        diff.plain("has_edge_function", has_edge_function, &right.has_edge_function);
        diff.val("minimum_tls", minimum_tls, &right.minimum_tls);
    }
}
