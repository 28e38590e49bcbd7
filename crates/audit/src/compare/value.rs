//! Values of settings: how they read, and how the keys in them are told in the right model's names.

use std::net::IpAddr;

use farmgate_aws::model::{
    ApiKind, Authorization, Direction, EndpointKind, Key, LoadBalancerKind, RouteDestination,
    RouteTarget, SetVal, Val,
};
use farmgate_net::addr::AddrSet;
use farmgate_net::service::ServiceSet;
use ipnet::IpNet;

use super::names::{Names, Side};

/// So many members of a list are printed in full.
const IN_FULL: usize = 12;

/// The value of a setting.
pub(super) trait Value: Clone + PartialEq {
    /// The value in words.
    fn words(&self) -> String;

    /// The value with its keys in the right model's names.
    #[must_use]
    fn named(&self, _side: Side, _names: &Names<'_>) -> Self {
        self.clone()
    }
}

macro_rules! values {
    ($($kind:ty => $words:expr),* $(,)?) => {$(
        impl Value for $kind {
            fn words(&self) -> String {
                let words: fn(&$kind) -> String = $words;
                words(self)
            }
        }
    )*};
}

values! {
    bool => ToString::to_string,
    u16 => ToString::to_string,
    u32 => ToString::to_string,
    u64 => ToString::to_string,
    IpAddr => ToString::to_string,
    IpNet => ToString::to_string,
    ServiceSet => ToString::to_string,
    AddrSet => ToString::to_string,
    String => |text| format!("`{text}`"),
    ApiKind => |kind| format!("{kind:?}"),
    Direction => |way| format!("{way:?}"),
    EndpointKind => |kind| format!("{kind:?}"),
    LoadBalancerKind => |kind| format!("{kind:?}"),
}

impl Value for Key {
    fn words(&self) -> String {
        self.to_string()
    }

    fn named(&self, side: Side, names: &Names<'_>) -> Self {
        names.key(side, self)
    }
}

impl<T: Value> Value for Option<T> {
    fn words(&self) -> String {
        self.as_ref().map_or_else(|| "not set".to_owned(), Value::words)
    }

    fn named(&self, side: Side, names: &Names<'_>) -> Self {
        self.as_ref().map(|value| value.named(side, names))
    }
}

impl<T: Value> Value for Vec<T> {
    fn words(&self) -> String {
        braced(self.iter())
    }

    fn named(&self, side: Side, names: &Names<'_>) -> Self {
        self.iter().map(|value| value.named(side, names)).collect()
    }
}

impl Value for RouteDestination {
    fn words(&self) -> String {
        match self {
            Self::Cidr(cidr) => cidr.to_string(),
            Self::PrefixList(list) => list.to_string(),
        }
    }

    fn named(&self, side: Side, names: &Names<'_>) -> Self {
        match self {
            Self::Cidr(cidr) => Self::Cidr(*cidr),
            Self::PrefixList(list) => Self::PrefixList(names.key(side, list)),
        }
    }
}

impl Value for RouteTarget {
    fn words(&self) -> String {
        match self {
            Self::Local => "the VPC itself".to_owned(),
            Self::Blackhole => "nowhere".to_owned(),
            Self::InternetGateway(key)
            | Self::EgressOnlyGateway(key)
            | Self::NatGateway(key)
            | Self::GatewayEndpoint(key)
            | Self::Interface(key) => key.to_string(),
            Self::Opaque(what) => what.clone(),
        }
    }

    fn named(&self, side: Side, names: &Names<'_>) -> Self {
        let named = |key: &Key| names.key(side, key);
        match self {
            Self::Local => Self::Local,
            Self::Blackhole => Self::Blackhole,
            Self::InternetGateway(key) => Self::InternetGateway(named(key)),
            Self::EgressOnlyGateway(key) => Self::EgressOnlyGateway(named(key)),
            Self::NatGateway(key) => Self::NatGateway(named(key)),
            Self::GatewayEndpoint(key) => Self::GatewayEndpoint(named(key)),
            Self::Interface(key) => Self::Interface(named(key)),
            Self::Opaque(what) => Self::Opaque(named(&Key::new(what)).to_string()),
        }
    }
}

impl Value for Authorization {
    fn words(&self) -> String {
        let by = |kind: &str, key: &Option<Key>| match key {
            Some(key) => format!("{kind} {key}"),
            None => kind.to_owned(),
        };
        match self {
            Self::None => "no authorization".to_owned(),
            Self::Iam => "IAM".to_owned(),
            Self::Jwt(key) => by("JWT", key),
            Self::Lambda(key) => by("Lambda", key),
            Self::ApiKeyOnly => "an API key alone".to_owned(),
        }
    }

    fn named(&self, side: Side, names: &Names<'_>) -> Self {
        match self {
            Self::None => Self::None,
            Self::Iam => Self::Iam,
            Self::Jwt(key) => Self::Jwt(key.named(side, names)),
            Self::Lambda(key) => Self::Lambda(key.named(side, names)),
            Self::ApiKeyOnly => Self::ApiKeyOnly,
        }
    }
}

/// `{a, b}`, or `none`.
pub(super) fn braced<'v, T: Value + 'v>(values: impl ExactSizeIterator<Item = &'v T>) -> String {
    let count = values.len();
    if count == 0 {
        return "none".to_owned();
    }
    let shown: Vec<String> = values.take(IN_FULL).map(Value::words).collect();
    let more = count.saturating_sub(IN_FULL);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{{{}{rest}}}", shown.join(", "))
}

/// What is known of a value, in words.
pub(super) fn told<T>(value: &Val<T>, words: impl Fn(&T) -> String) -> String {
    match value {
        Val::Known(value) | Val::Assumed(value, _) => words(value),
        Val::OneOf(values, note) => {
            let all: Vec<String> = values.iter().map(words).collect();
            format!("one of {} ({note})", all.join(", "))
        }
        Val::Unknown(note) => format!("not known ({note})"),
    }
}

/// What is known of a set, in words.
pub(super) fn told_set<T: Value + Ord>(set: &SetVal<T>) -> String {
    let sure = braced(set.sure.iter());
    if set.is_settled() {
        return sure;
    }
    let maybe = match (set.open, set.maybe.is_empty()) {
        (true, _) => "anything".to_owned(),
        (false, false) => braced(set.maybe.iter()),
        (false, true) => return sure,
    };
    let why = set.unknown.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
    format!("{sure} and perhaps {maybe}{why}")
}
