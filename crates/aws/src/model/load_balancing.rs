//! Elastic Load Balancing v2.

use super::{Key, Note, Origin, SetVal, Tags, Val};

/// The kind of a load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadBalancerKind {
    /// Application (HTTP, HTTPS).
    Application,
    /// Network (TCP, UDP, TLS).
    Network,
    /// Gateway: not followed.
    Gateway,
}

/// A load balancer.
#[derive(Debug, Clone)]
pub struct LoadBalancer {
    /// Its own key.
    pub key: Key,
    /// Its kind.
    pub kind: LoadBalancerKind,
    /// Its name.
    pub name: Val<Option<String>>,
    /// `internal`; false: its nodes have public addresses.
    pub internal: Val<bool>,
    /// Its subnets.
    pub subnets: SetVal<Key>,
    /// Its security groups. `None`: a network load balancer made without any, for good. An
    /// application load balancer without any gets the VPC's default group.
    pub security_groups: Option<SetVal<Key>>,
    /// `idle_timeout`, seconds (application).
    pub idle_timeout: Val<Option<u64>>,
    /// Whether it writes access logs.
    pub access_logs: Val<bool>,
    /// `enable_deletion_protection`.
    pub deletion_protection: Val<bool>,
    /// Tags.
    pub tags: Tags,
}

/// What a listener or a listener rule does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Forwards to these target groups.
    Forward(SetVal<Key>),
    /// Redirects; whether to HTTPS.
    Redirect {
        /// Whether the new location is https.
        https: bool,
    },
    /// Answers by itself.
    FixedResponse,
    /// Authenticates by OIDC or Cognito first (browsers); `on_unauthenticated_request` is `deny` or
    /// `authenticate`, not `allow`.
    Authenticate {
        /// `authenticate-oidc`, `authenticate-cognito` or `jwt-validation`.
        kind: String,
        /// Whether a request without valid credentials is let through all the same.
        allows_anonymous: bool,
    },
    /// Something else, or not known.
    Other(Note),
}

/// A rule of a listener, or its default action (`priority: None`).
#[derive(Debug, Clone)]
pub struct ListenerRule {
    /// Where it is written.
    pub origin: Origin,
    /// Its priority; the default action has none and comes last.
    pub priority: Option<u32>,
    /// `path-pattern` values; empty: any path.
    pub paths: Vec<String>,
    /// `host-header` values; empty: any host.
    pub hosts: Vec<String>,
    /// `source-ip` CIDRs; empty: any.
    pub sources: Vec<ipnet::IpNet>,
    /// Conditions of other kinds, in words (`http-header x-key`).
    pub other_conditions: Vec<String>,
    /// Its actions in order.
    pub actions: Vec<Action>,
}

/// A listener.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Its own key.
    pub key: Key,
    /// Its load balancer.
    pub load_balancer: Val<Key>,
    /// Its port.
    pub port: Val<u16>,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS`, `UDP`, `TCP_UDP`.
    pub protocol: Val<String>,
    /// `ssl_policy`; `None`: none is written, so that AWS takes its default.
    pub tls_policy: Val<Option<String>>,
    /// `mutual_authentication.mode` is `verify`.
    pub verifies_clients: bool,
    /// Its rules, by priority, the default action last.
    pub rules: Vec<ListenerRule>,
    /// Set if there may be further rules.
    pub open: Option<Note>,
}

/// A target group.
#[derive(Debug, Clone)]
pub struct TargetGroup {
    /// Its own key.
    pub key: Key,
    /// Its name.
    pub name: Val<Option<String>>,
    /// Its VPC.
    pub vpc: Val<Option<Key>>,
    /// Its default port.
    pub port: Val<Option<u16>>,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS`, `UDP`, `TCP_UDP`.
    pub protocol: Val<String>,
    /// `protocol_version`: `HTTP1`, `HTTP2`, `GRPC`.
    pub protocol_version: Option<String>,
    /// `ip`, `instance`, `lambda`, `alb`.
    pub target_type: Val<String>,
    /// `preserve_client_ip`, where it is written; the default depends on type and protocol.
    pub preserve_client_ip: Val<Option<bool>>,
    /// The health check.
    pub health: HealthCheck,
    /// `stickiness.enabled`.
    pub sticky: Val<bool>,
    /// Targets registered one by one (`aws_lb_target_group_attachment`): address, instance, load
    /// balancer or function, and port if it differs.
    pub attachments: Vec<Attachment>,
}

/// A target registered by itself.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Where it is written.
    pub origin: Origin,
    /// The target: an instance's or load balancer's key, or an address as text.
    pub target: Val<Key>,
    /// Its port, if it is not the group's.
    pub port: Option<u16>,
}

/// A target group's health check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthCheck {
    /// Whether it is on.
    pub enabled: bool,
    /// `HTTP`, `HTTPS`, `TCP`.
    pub protocol: Option<String>,
    /// Its port; `None`: the traffic port.
    pub port: Option<u16>,
    /// Its path.
    pub path: Option<String>,
    /// The codes that count as healthy, as written.
    pub codes: Option<String>,
    /// Seconds between checks.
    pub interval: Option<u64>,
    /// Seconds to wait for an answer.
    pub timeout: Option<u64>,
    /// Successes in a row to be healthy.
    pub healthy: Option<u64>,
    /// Failures in a row to be unhealthy.
    pub unhealthy: Option<u64>,
}

/// A web ACL on a resource.
#[derive(Debug, Clone)]
pub struct WafAssociation {
    /// Its own key.
    pub key: Key,
    /// What it protects.
    pub resource: Val<Key>,
    /// The web ACL.
    pub web_acl: Val<Key>,
}

/// A CloudFront distribution, as far as it is a front of an origin.
#[derive(Debug, Clone)]
pub struct Distribution {
    /// Its own key.
    pub key: Key,
    /// What it forwards to: load balancers or APIs by key, or host names.
    pub origins: SetVal<Key>,
    /// `viewer_protocol_policy` of every behaviour is `https-only` or `redirect-to-https`.
    pub https_only: Val<bool>,
    /// `origin_protocol_policy` values.
    pub origin_protocols: Vec<String>,
    /// Whether a Lambda@Edge or CloudFront function sees viewer requests.
    pub has_edge_function: bool,
    /// The oldest TLS that viewers may speak: `minimum_protocol_version`; `TLSv1` with the certificate
    /// of CloudFront.
    pub minimum_tls: Val<String>,
}
