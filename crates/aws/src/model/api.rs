//! API Gateway, v2 (HTTP, WebSocket) and v1 (REST), as far as routes, authorizers, integrations and
//! VPC links go.

use super::{Key, Note, Origin, SetVal, Val};

/// The kind of an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiKind {
    /// v2, `protocol_type = "HTTP"`.
    Http,
    /// v2, `protocol_type = "WEBSOCKET"`: callers are authorized at `$connect` only.
    WebSocket,
    /// v1.
    Rest,
}

/// An API.
#[derive(Debug, Clone)]
pub struct Api {
    /// Its own key.
    pub key: Key,
    /// Its kind.
    pub kind: ApiKind,
    /// Its name.
    pub name: Val<Option<String>>,
    /// Whether it can only be reached through an endpoint in a VPC (REST, `PRIVATE`).
    pub private: Val<bool>,
    /// Its resource policy as JSON text (REST).
    pub policy: Val<Option<String>>,
    /// Its routes (v2) or methods (v1).
    pub routes: Vec<ApiRoute>,
    /// Its stages.
    pub stages: Vec<Key>,
    /// Set if there may be routes not listed (an OpenAPI `body`).
    pub open: Option<Note>,
}

/// How callers of a route prove who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorization {
    /// Not at all.
    None,
    /// SigV4, verified by AWS.
    Iam,
    /// A JWT authorizer, or a Cognito one.
    Jwt(Option<Key>),
    /// A Lambda authorizer.
    Lambda(Option<Key>),
    /// An API key of a usage plan alone (`api_key_required`), which AWS says is no authorization.
    ApiKeyOnly,
}

/// A route of an API.
#[derive(Debug, Clone)]
pub struct ApiRoute {
    /// Where it is written.
    pub origin: Origin,
    /// `POST /mcp`, `$default`, `$connect`.
    pub route: Val<String>,
    /// How callers prove who they are.
    pub authorization: Val<Authorization>,
    /// What it leads to.
    pub integration: Val<Option<Integration>>,
}

/// What a route leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integration {
    /// Where it is written.
    pub origin: Origin,
    /// `HTTP_PROXY`, `AWS_PROXY`, `MOCK` ...
    pub kind: String,
    /// Where it goes.
    pub target: IntegrationTarget,
    /// The port that its address names, or its scheme's; `None` if it names none or is not known.
    pub port: Option<u16>,
    /// `timeout_milliseconds`.
    pub timeout_ms: Option<u64>,
    /// `response_transfer_mode` is `STREAM` (REST, since 2025-11).
    pub streams: bool,
    /// Whether the hop is encrypted: a `tls_config`, or an https address. `None` if not known.
    pub tls: Option<bool>,
}

/// The target of an integration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntegrationTarget {
    /// Through a VPC link to a listener, a load balancer or a Cloud Map service.
    VpcLink {
        /// The link.
        link: Val<Key>,
        /// The listener, load balancer or discovery service.
        to: Val<Key>,
    },
    /// To a public address.
    Internet(Val<String>),
    /// A Lambda function.
    Lambda(Val<Key>),
    /// None: answered by API Gateway itself.
    Mock,
    /// Another AWS service.
    Aws(String),
}

/// A VPC link.
#[derive(Debug, Clone)]
pub struct VpcLink {
    /// Its own key.
    pub key: Key,
    /// Its subnets (v2).
    pub subnets: SetVal<Key>,
    /// Its security groups (v2).
    pub security_groups: SetVal<Key>,
    /// The network load balancers that it leads to (v1); these see the address of AWS's endpoint.
    pub targets: SetVal<Key>,
    /// Whether it is a v1 link.
    pub v1: bool,
}
