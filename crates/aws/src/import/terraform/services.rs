//! Protocols and ports, as rules of security groups and network ACLs write them.
//!
//! A rule for one ICMP type counts as one for ICMP as a whole: types are not modelled. For an
//! allowing rule this errs on the side of admitting more. See the `protocol` argument of
//! <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group>.

use farmgate_net::service::{ICMP, ICMPV6, ServiceSet, TCP, UDP};

use super::place::Place;
use crate::model::Val;

/// The services of a rule whose protocol is the attribute `protocol`.
pub(super) fn of(place: &Place<'_>, protocol: &'static str) -> Val<ServiceSet> {
    let attribute = place.attribute(protocol);
    let number = match attribute.text() {
        Val::Known(Some(text)) => match self::protocol(&text) {
            Some(number) => number,
            None => return Val::Unknown(attribute.odd("is no protocol")),
        },
        Val::Known(None) => return Val::Unknown(attribute.odd("is not given")),
        Val::Unknown(note) => return Val::Unknown(note),
        Val::Assumed(_, note) | Val::OneOf(_, note) => return Val::Unknown(note),
    };
    let Some(number) = number else {
        return Val::Known(ServiceSet::all());
    };
    if number != TCP && number != UDP {
        return Val::Known(ServiceSet::protocol(number));
    }
    let (from, to) = (place.attribute("from_port"), place.attribute("to_port"));
    match (from.number::<i64>(), to.number::<i64>()) {
        (Val::Known(low), Val::Known(high)) => match ports(number, low, high) {
            Some(services) => Val::Known(services),
            None => Val::Unknown(from.odd("and `to_port` are no range of ports")),
        },
        (Val::Unknown(note), _) | (_, Val::Unknown(note)) => Val::Unknown(note),
        _ => Val::Unknown(from.pending()),
    }
}

/// The number of a protocol; `Some(None)` for all of them.
#[expect(clippy::option_option, reason = "no protocol, all protocols, one protocol")]
fn protocol(text: &str) -> Option<Option<u8>> {
    Some(match text.to_ascii_lowercase().as_str() {
        "-1" | "all" => None,
        "tcp" => Some(TCP),
        "udp" => Some(UDP),
        "icmp" => Some(ICMP),
        "icmpv6" | "ipv6-icmp" => Some(ICMPV6),
        number => Some(number.parse().ok()?),
    })
}

/// Without ports, or with -1: all of them.
fn ports(protocol: u8, low: Option<i64>, high: Option<i64>) -> Option<ServiceSet> {
    let (low, high) = (low.unwrap_or(-1), high.unwrap_or(-1));
    if low == -1 || high == -1 {
        return Some(ServiceSet::protocol(protocol));
    }
    let (low, high) = (u16::try_from(low).ok()?, u16::try_from(high).ok()?);
    (low <= high).then(|| ServiceSet::ports(protocol, low, high))
}
