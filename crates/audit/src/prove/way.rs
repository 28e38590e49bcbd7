//! The way from a task to an AWS service: by an interface endpoint that captures the service's
//! name, by a gateway endpoint, by NAT, or by a public address.
//!
//! Sources of the rules: AWS PrivateLink Guide, "Access an AWS service using an interface VPC
//! endpoint" (private DNS needs both DNS attributes of the VPC) and "Endpoint policies"; Amazon ECR
//! User Guide, "Interface VPC endpoints".

use std::collections::BTreeSet;

use farmgate_aws::model::{EndpointKind, Key, Val, Vpc, VpcEndpoint};
use farmgate_net::reach::{Alternative, Place, Question, Verdict as Reached};
use farmgate_net::service::ServiceSet;
use farmgate_net::topology::{InterfaceId, Outside};

use super::policy::{Effect, Policy};
use super::tally::{Tally, Wanted};
use super::{Proof, listed};
use crate::report::Verdict;

/// How a service is reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// An interface or gateway endpoint.
    Endpoint(Key),
    /// Over the internet, in the words of the way (`by nat`).
    Internet(String),
    /// Not at all, or not known.
    Nothing,
}

/// The way from an owner's interfaces to one AWS service.
pub(crate) struct Way {
    pub(crate) tally: Tally,
    pub(crate) by: BTreeSet<By>,
}

/// What a task asks of an AWS service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need<'a> {
    /// `ecr.api`, `secretsmanager`.
    pub(crate) service: &'a str,
    /// What it does there, which an endpoint's policy has to allow.
    pub(crate) asks: &'a [Ask],
}

/// An action on a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    /// The action, as policies name it.
    pub(crate) action: &'static str,
    /// The resource, where it is known; `*` of an action that no resource limits.
    pub(crate) resource: Option<String>,
}

/// Stands for the account in an ARN while it is not known.
pub(crate) const ACCOUNT: &str = "ACCOUNT";

pub(crate) const HTTPS: u16 = 443;

impl Proof<'_> {
    /// The full name of an AWS service in the model's region.
    pub(crate) fn service_name(&self, service: &str) -> String {
        let region = self.model.region.as_deref().unwrap_or("REGION");
        format!("com.amazonaws.{region}.{service}")
    }

    /// The endpoints for a service in a VPC.
    pub(crate) fn endpoints_for(
        &self,
        vpc: Option<&Key>,
        service: &str,
    ) -> Vec<(&Key, &VpcEndpoint)> {
        let suffix = format!(".{service}");
        let fits = |endpoint: &VpcEndpoint| {
            let name = endpoint.service_name.get();
            let named = name.is_some_and(|n| {
                let bare = n.strip_prefix("com.amazonaws.").unwrap_or(n);
                bare.split_once('.').is_some_and(|(_, rest)| format!(".{rest}") == suffix)
            });
            named && (vpc.is_none() || endpoint.vpc.get() == vpc)
        };
        self.model.endpoints.iter().filter(|(_, endpoint)| fits(endpoint)).collect()
    }

    /// The VPC of an interface, as far as it is in the model.
    pub(crate) fn vpc_of(&self, interface: InterfaceId) -> Option<&Vpc> {
        let net = &self.lowered.net;
        let subnet = net.subnets.get(net.interfaces.get(interface.index())?.subnet.index())?;
        let name = &net.sites.get(subnet.site.index())?.name;
        self.model.vpcs.get(name.as_str())
    }

    /// The way from everything that `owner` runs to a service.
    pub(crate) fn way(&self, owner: &Key, need: Need<'_>) -> Way {
        let mut way = Way { tally: Tally::new(), by: BTreeSet::new() };
        let interfaces = self.lowered.interfaces_of(owner);
        if interfaces.is_empty() {
            way.tally.unknown(format!("the subnets of {owner}"));
        }
        for interface in interfaces {
            self.way_of(owner, *interface, need, &mut way);
        }
        way
    }

    fn way_of(&self, owner: &Key, interface: InterfaceId, need: Need<'_>, way: &mut Way) {
        let vpc = self.vpc_of(interface);
        if let Some(vpc) = vpc {
            match &vpc.dns_support {
                Val::Known(false) | Val::Assumed(false, _) => {
                    let text = format!("without DNS support {} is not resolved", need.service);
                    way.tally.fact(Verdict::Refuted, "VPC_DNS_DISABLED", &vpc.key, text);
                    way.by.insert(By::Nothing);
                    return;
                }
                Val::OneOf(_, note) | Val::Unknown(note) => way.tally.unknown(note),
                Val::Known(true) | Val::Assumed(true, _) => {}
            }
        }
        let mut unused = Vec::new();
        for (key, endpoint) in self.endpoints_for(vpc.map(|v| &v.key), need.service) {
            if endpoint.kind != EndpointKind::Interface {
                continue;
            }
            match &endpoint.private_dns {
                Val::Known(true) | Val::Assumed(true, _) => {
                    self.by_endpoint(owner, interface, (key, endpoint), vpc, need, way);
                    return;
                }
                Val::Known(false) | Val::Assumed(false, _) => unused.push(key),
                Val::OneOf(_, note) | Val::Unknown(note) => {
                    way.tally.unknown(note);
                    unused.push(key);
                }
            }
        }
        let outside = self.lowered.public_service(&self.service_name(need.service));
        self.by_internet(owner, interface, (need, outside, HTTPS), &unused, way);
    }

    /// The endpoint's private DNS captures the name: there is no falling back to NAT.
    fn by_endpoint(
        &self,
        owner: &Key,
        interface: InterfaceId,
        (key, endpoint): (&Key, &VpcEndpoint),
        vpc: Option<&Vpc>,
        need: Need<'_>,
        way: &mut Way,
    ) {
        way.by.insert(By::Endpoint(key.clone()));
        if let Some(vpc) = vpc {
            match &vpc.dns_hostnames {
                Val::Known(false) | Val::Assumed(false, _) => {
                    let text = format!("private DNS of {key} needs DNS hostnames");
                    way.tally.fact(Verdict::Refuted, "VPC_DNS_DISABLED", &vpc.key, text);
                }
                Val::OneOf(_, note) | Val::Unknown(note) => way.tally.unknown(note),
                Val::Known(true) | Val::Assumed(true, _) => {}
            }
        }
        way.tally.assume_all(endpoint.private_dns.assumed());
        way.tally.assume_all(endpoint.vpc.assumed());
        let ends = self.lowered.interfaces_of(key);
        if ends.is_empty() {
            way.tally.unknown(format!("the subnets of {key}"));
        }
        for end in ends {
            let answer = self.connects(interface, *end, &ServiceSet::tcp(HTTPS));
            if answer.verdict == Reached::No {
                let admits_nothing = "captures the service's name by private DNS, and its groups \
                     do not let the task in";
                way.tally.fact(Verdict::Refuted, "ENDPOINT_SG_MISMATCH", key, admits_nothing);
            }
            way.tally.answer(&answer, Wanted::Open, owner.as_str(), key.as_str());
        }
        self.policy_allows(key, endpoint, need, way);
    }

    fn by_internet(
        &self,
        owner: &Key,
        interface: InterfaceId,
        (need, outside, port): (Need<'_>, Outside, u16),
        unused: &[&Key],
        way: &mut Way,
    ) {
        let question = Question::new(
            Place::Interface(interface),
            Place::Outside(outside),
            ServiceSet::tcp(port),
        );
        let answer = self.ask(&question.direct().reliably());
        if answer.verdict == Reached::No {
            for key in unused {
                let text = "its private DNS is off, so the service's name does not lead to it";
                way.tally.fact(Verdict::Refuted, "PRIVATE_DNS_DISABLED", key, text);
            }
            let text =
                format!("no endpoint, NAT gateway or public address leads to {}", need.service);
            way.tally.fact(Verdict::Refuted, "NO_WAY_TO_SERVICE", owner, text);
        }
        way.tally.answer(&answer, Wanted::Open, owner.as_str(), need.service);
        way.tally.assume_all(self.lowered.own_public_note().as_ref());
        match answer.alternatives.first().filter(|_| answer.verdict == Reached::Yes) {
            Some(first) => {
                let by = self.by_of(first);
                if let By::Endpoint(key) = &by
                    && let Some(endpoint) = self.model.endpoints.get(key)
                {
                    self.policy_allows(key, endpoint, need, way);
                }
                way.by.insert(by);
            }
            None => {
                way.by.insert(By::Nothing);
            }
        }
    }

    /// The way to a host that no endpoint stands for.
    pub(crate) fn internet_way(&self, owner: &Key, host: &str, port: u16) -> Way {
        let mut way = Way { tally: Tally::new(), by: BTreeSet::new() };
        for interface in self.lowered.interfaces_of(owner) {
            let need = Need { service: host, asks: &[] };
            let outside = self.lowered.public_service(host);
            self.by_internet(owner, *interface, (need, outside, port), &[], &mut way);
        }
        way
    }

    fn policy_allows(&self, key: &Key, endpoint: &VpcEndpoint, need: Need<'_>, way: &mut Way) {
        let text = match &endpoint.policy {
            Val::Known(None) | Val::Assumed(None, _) => return,
            Val::Known(Some(text)) | Val::Assumed(Some(text), _) => text,
            Val::OneOf(_, note) | Val::Unknown(note) => return way.tally.unknown(note),
        };
        let policy = self.policy(key, text);
        for Ask { action, resource } in need.asks {
            let resource = resource.as_deref().and_then(|it| of_account(it, &policy, key, way));
            match policy.evaluate(action, resource.as_deref()) {
                Effect::Allows => {}
                Effect::Denies => {
                    let on = resource.filter(|it| it != "*").map(|it| format!(" on {it}"));
                    let on = on.unwrap_or_default();
                    let text = format!("its policy does not allow {action}{on}");
                    way.tally.fact(Verdict::Refuted, "ENDPOINT_POLICY_DENIES", key, text);
                }
                Effect::Depends(on) => {
                    let question = format!("whether the policy of {key} allows {action}");
                    way.tally.unknown(format!("{question}: {on}"));
                }
            }
        }
    }

    fn by_of(&self, way: &Alternative) -> By {
        let name = way.title.strip_prefix("by ").unwrap_or(&way.title);
        match self.model.endpoints.get_key_value(name) {
            Some((key, _)) => By::Endpoint(key.clone()),
            None => By::Internet(name.to_owned()),
        }
    }
}

/// A resource whose account is not known, in the one account that the policy names; none if it
/// names several, or if the region isn't known either.
fn of_account(resource: &str, policy: &Policy, key: &Key, way: &mut Way) -> Option<String> {
    let mut parts: Vec<&str> = resource.splitn(6, ':').collect();
    let [_, _, _, region, account, _] = parts.as_mut_slice() else {
        return Some(resource.to_owned());
    };
    if *region == "*" {
        return None;
    }
    if ![ACCOUNT, "*"].contains(account) {
        return Some(resource.to_owned());
    }
    let accounts = policy.accounts();
    let mut named = accounts.iter();
    match (named.next(), named.next()) {
        (None, _) => Some(resource.to_owned()),
        (Some(one), None) => {
            way.tally.assume(format!("the account is {one}, which the policy of {key} names"));
            *account = one;
            Some(parts.join(":"))
        }
        (Some(_), Some(_)) => None,
    }
}

impl Way {
    /// In words: `by aws_vpc_endpoint.x`, `over the internet by aws_nat_gateway.y`.
    pub(crate) fn words(&self) -> String {
        let words = self.by.iter().map(|by| match by {
            By::Endpoint(key) => key.to_string(),
            By::Internet(name) => format!("the internet ({name})"),
            By::Nothing => "no way".to_owned(),
        });
        listed(words)
    }
}
