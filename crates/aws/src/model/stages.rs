//! What stands before an API's routes: stages with their logs and limits, and domain names.

use super::{Key, Val};

/// A stage of an API.
#[derive(Debug, Clone)]
pub struct ApiStage {
    /// Its own key.
    pub key: Key,
    /// The API.
    pub api: Val<Key>,
    /// Its name.
    pub name: Val<Option<String>>,
    /// Whether it writes access logs.
    pub access_logs: Val<bool>,
    /// Requests a second that all of its routes take together unless a route has a limit of its own;
    /// `None`: only what the account may have in the region, for all its APIs.
    pub rate: Val<Option<u64>>,
}

/// A domain name of API Gateway.
#[derive(Debug, Clone)]
pub struct ApiDomain {
    /// Its own key.
    pub key: Key,
    /// Its security policy: `TLS_1_0`, `TLS_1_2`, or one that begins with `SecurityPolicy_`. `None`: as
    /// API Gateway decides.
    pub tls: Val<Option<String>>,
}
