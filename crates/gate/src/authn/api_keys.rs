//! API keys in a header, and the group to which a key is bound.

use std::collections::HashMap;
use std::sync::Arc;

use farmgate_keys::{ApiKeys, NotAccepted, Principal};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Authenticator, Proof, Wrong};
use crate::principal::unix_now;

/// The longest header that is looked at: a key has some sixty characters.
const LONGEST: usize = 256;

/// A key in a header and, if the farm wants it, its group in another one.
pub struct ApiKeyHeader {
    keys: ApiKeys,
    /// Who presents a key, by its id: made once.
    principals: HashMap<String, Arc<Principal>>,
    key: HeaderName,
    group: Option<HeaderName>,
    credentials: Vec<HeaderName>,
    challenge: HeaderValue,
}

// === impl ApiKeyHeader ===

impl ApiKeyHeader {
    /// Takes keys of this store in the header `key`. With `group`, a request has to name the key's
    /// own group there.
    ///
    /// # Errors
    /// If a header's name isn't one.
    pub fn new(keys: ApiKeys, key: &str, group: Option<&str>) -> Result<Self, String> {
        let name = |text: &str| {
            HeaderName::try_from(text).map_err(|_| format!("`{text}` is not a header's name"))
        };
        let key = name(key)?;
        let group = group.map(name).transpose()?;
        let challenge = HeaderValue::try_from(format!("ApiKey header=\"{key}\""))
            .map_err(|_| format!("`{key}` can't be told in a challenge"))?;
        let credentials = std::iter::once(key.clone()).chain(group.clone()).collect();
        let principals = keys.keys().iter().map(|key| (key.id.clone(), Arc::new(key.principal())));
        let principals = principals.collect();
        Ok(Self { keys, principals, key, group, credentials, challenge })
    }

    /// Whether the request names the group of its key, if it has to.
    fn group_is_right(&self, headers: &HeaderMap, of_key: Option<&str>) -> bool {
        let Some(header) = &self.group else { return true };
        let mut said = headers.get_all(header).iter();
        match (said.next(), said.next()) {
            (Some(said), None) => of_key.is_some_and(|group| said.as_bytes() == group.as_bytes()),
            _ => false,
        }
    }
}

impl Authenticator for ApiKeyHeader {
    fn at_head(&self, head: &Parts) -> Proof {
        let mut values = head.headers.get_all(&self.key).iter();
        let value = match (values.next(), values.next()) {
            (None, _) => return Proof::Absent,
            (Some(value), None) if value.len() <= LONGEST => value,
            _ => return Proof::Wrong(Wrong::unknown("api_key_malformed")),
        };
        let Ok(presented) = value.to_str() else {
            return Proof::Wrong(Wrong::unknown("api_key_malformed"));
        };
        let key = match self.keys.look_up(presented, unix_now()) {
            Ok(key) => key,
            Err(error) => return Proof::Wrong(Wrong::unknown(word(error))),
        };
        if !self.group_is_right(&head.headers, key.group.as_deref()) {
            return Proof::Wrong(Wrong::known("group_forged"));
        }
        match self.principals.get(&key.id) {
            Some(principal) => Proof::Is(Arc::clone(principal)),
            // Both are made of the same store.
            None => Proof::Absent,
        }
    }

    fn credentials(&self) -> &[HeaderName] {
        &self.credentials
    }

    fn challenge(&self) -> HeaderValue {
        self.challenge.clone()
    }
}

/// The audit's word.
fn word(error: NotAccepted) -> &'static str {
    match error {
        NotAccepted::Malformed => "api_key_malformed",
        NotAccepted::Unknown => "api_key_unknown",
        NotAccepted::Expired => "api_key_expired",
    }
}
