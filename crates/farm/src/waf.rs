//! The order of a web ACL's rules: the priorities that are written, and those that are derived.

use crate::farm::Waf;

/// The priorities of a web ACL's rules; lower comes first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WafPriorities {
    /// Of the rule about countries, if there is one: the lowest that is free, so that it comes as
    /// early as it can.
    pub geo: Option<u64>,
    /// Of the managed groups, in the order of the list.
    pub managed: Vec<u64>,
    /// Of the rate rule, if there is one: after the managed groups, unless one is written.
    pub rate: Option<u64>,
}

/// The priorities of a web ACL's rules.
#[must_use]
pub fn priorities(waf: &Waf) -> WafPriorities {
    let managed: Vec<u64> =
        (1..).zip(&waf.managed).map(|(place, rules)| rules.priority.unwrap_or(place)).collect();
    let after = managed.iter().max().map_or(1, |last| last + 1);
    let rate = waf.rate.map(|_| waf.rate_priority.map_or(after, crate::record::Number::get));
    let free = (0..).find(|it| !managed.contains(it) && rate != Some(*it));
    WafPriorities { geo: waf.geo.as_ref().and(free), managed, rate }
}
