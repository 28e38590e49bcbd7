//! `tls-policy-weak`: listeners, domain names and distributions that take old TLS.
//!
//! Sources: Elastic Load Balancing User Guide, "Security policies for your Application Load Balancer"
//! and "... Network Load Balancer"; API Gateway Developer Guide, "Choose a security policy"; CloudFront
//! API Reference, `ViewerCertificate`.

use farmgate_aws::model::{ApiDomain, Distribution, Key, Listener, Model, Note};

use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "tls-policy-weak",
        severity: Severity::Medium,
        title: "a front takes old TLS versions or ciphers",
        why: "TLS 1.0 and 1.1 are broken and deprecated (RFC 8996), and a client that still speaks \
              them sends its tokens that way. Where none is written, a load balancer that was not made \
              in the console takes them as well.",
        page: include_str!("../../../../docs/rules/tls-policy-weak.md"),
    },
    run,
};

/// What a load balancer takes that was made by API, CLI, CloudFormation or Terraform without a policy.
const DEFAULT: &str = "ELBSecurityPolicy-2016-08";
/// What is advised.
const ADVISED: &str = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06";

/// Policies that take TLS 1.0 and 1.1.
const TLS_1_0: [&str; 9] = [
    DEFAULT,
    "ELBSecurityPolicy-2015-05",
    "ELBSecurityPolicy-TLS-1-0-2015-04",
    "ELBSecurityPolicy-FS-2018-06",
    "ELBSecurityPolicy-TLS13-1-0-2021-06",
    "ELBSecurityPolicy-TLS13-1-0-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04",
    "ELBSecurityPolicy-TLS13-1-0-FIPS-PQ-2025-09",
    "ELBSecurityPolicy-2015-03",
];
/// Policies that take TLS 1.1.
const TLS_1_1: [&str; 4] = [
    "ELBSecurityPolicy-TLS-1-1-2017-01",
    "ELBSecurityPolicy-FS-1-1-2019-08",
    "ELBSecurityPolicy-TLS13-1-1-2021-06",
    "ELBSecurityPolicy-TLS13-1-1-FIPS-2023-04",
];
/// Policies that take ciphers without forward secrecy: whoever gets the key later reads what was
/// recorded.
const WITHOUT_SECRECY: [&str; 10] = [
    "ELBSecurityPolicy-TLS-1-2-2017-01",
    "ELBSecurityPolicy-TLS-1-2-Ext-2018-06",
    "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Ext1-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-Ext2-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-2023-04",
    "ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-2023-04",
    "ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-PQ-2025-09",
];

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let listeners = model.listeners.values().filter_map(|it| listener(model, it));
    let domains = model.api_domains.values().filter_map(domain);
    let distributions = model.distributions.values().filter_map(distribution);
    listeners.chain(domains).chain(distributions).collect()
}

fn listener(model: &Model, listener: &Listener) -> Option<Finding> {
    let protocol = listener.protocol.get()?;
    if !matches!(protocol.as_str(), "HTTPS" | "TLS") {
        return None;
    }
    let written = listener.tls_policy.get()?;
    let policy = written.as_deref().unwrap_or(DEFAULT);
    let (takes, old) = if TLS_1_0.contains(&policy) {
        ("TLS 1.0 and 1.1", true)
    } else if TLS_1_1.contains(&policy) {
        ("TLS 1.1", true)
    } else if WITHOUT_SECRECY.contains(&policy) {
        ("ciphers without forward secrecy", false)
    } else {
        return None;
    };
    let balancer = listener.load_balancer.get().and_then(|key| model.load_balancers.get(key));
    let public = balancer.is_some_and(|balancer| balancer.internal.get() == Some(&false));
    let severity = match (old, public) {
        (true, true) => Severity::Medium,
        (true, false) | (false, true) => Severity::Low,
        (false, false) => Severity::Info,
    };
    let by = match written {
        Some(policy) => format!("its policy `{policy}`"),
        None => format!("no policy is written, and the default is `{DEFAULT}`"),
    };
    let title = format!("{} takes {takes}: {by}", listener.key);
    let fix = format!("set `ssl_policy = \"{ADVISED}\"`, or another that begins with TLS 1.2");
    Some(made(severity, &listener.key, title, &fix, listener.tls_policy.assumed()))
}

fn domain(domain: &ApiDomain) -> Option<Finding> {
    if domain.tls.get()?.as_deref() != Some("TLS_1_0") {
        return None;
    }
    let title = format!("{} takes TLS 1.0 and 1.1: its security policy `TLS_1_0`", domain.key);
    let fix = "set `security_policy = \"TLS_1_2\"`";
    Some(made(Severity::Medium, &domain.key, title, fix, domain.tls.assumed()))
}

/// What `MinimumProtocolVersion` calls what is older than TLS 1.2.
const OLD: [&str; 4] = ["SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016"];

fn distribution(distribution: &Distribution) -> Option<Finding> {
    let version = distribution.minimum_tls.get()?;
    if !OLD.contains(&version.as_str()) {
        return None;
    }
    let title = format!("{} takes old TLS: its viewers may speak `{version}`", distribution.key);
    let fix = "use a certificate of your own, with `minimum_protocol_version = \"TLSv1.2_2021\"`; \
               with CloudFront's own certificate it is `TLSv1` whatever is written";
    Some(made(Severity::Low, &distribution.key, title, fix, distribution.minimum_tls.assumed()))
}

fn made(severity: Severity, key: &Key, title: String, fix: &str, note: Option<&Note>) -> Finding {
    let mut finding = RULE.info.finding(severity, [key.clone()], title, fix);
    finding.assumes.extend(note.map(ToString::to_string));
    finding
}
