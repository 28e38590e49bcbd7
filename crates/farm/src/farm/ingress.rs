//! `ingress:`.

use crate::diagnostic::Diagnostic;
use crate::record::{Number, Read, Shape, Spanned, choice, record};
use crate::word::{Arn, Client, Duration, HostName, HostedZone, Rate, Text};
use crate::yaml::{Node, Value};

record! {
    /// Where clients come in: an application load balancer, which ends TLS, and forwards the
    /// servers' paths to the gate. It answers everything else itself.
    Ingress {
        /// Whether the load balancer has public addresses.
        scheme: Scheme = Scheme::InternetFacing;
        /// Who may connect: CIDR blocks, prefix lists, or the word `internet`. Nobody else can.
        allow: Vec<Spanned<Client>>;
        /// The name by which clients call the farm.
        domain: Domain;
        /// TLS at the load balancer.
        tls: Tls, record;
        /// For how long a connection may be silent; at most 4000 seconds.
        idle_timeout: Duration = Duration::hours(1);
        /// Access logs in an S3 bucket that the farm owns.
        access_logs: AccessLogs, record;
        /// A web ACL of AWS WAF before the load balancer; none if absent.
        waf: Option<Waf> = None;
        /// What the load balancer answers where no server's path matches.
        default: Answer, record;
        /// Whether the load balancer is protected from deletion.
        deletion_protection: bool = true;
    }
}

choice! {
    /// Whether a load balancer has public addresses.
    Scheme {
        /// It has.
        InternetFacing = "internet-facing",
        /// It has not: only the VPC, and what is connected to it, can come in.
        Internal = "internal",
    }
}

record! {
    /// The name by which clients call the farm.
    Domain {
        /// A DNS name, as `farm.example.com`; the certificate must cover it.
        name: HostName;
        /// The hosted zone of Route 53 in which its record is made. Without it you make the record.
        zone: Option<HostedZone> = None;
    }
}

record! {
    /// TLS at the load balancer.
    Tls {
        /// The certificate's ARN, in ACM. Without it, one is made and validated in `domain.zone`.
        certificate: Option<Arn> = None;
        /// The security policy.
        policy: TlsPolicy = TlsPolicy::Tls13;
        /// Whether port 80 redirects to HTTPS. Otherwise it is closed.
        redirect: bool = true;
    }
}

choice! {
    /// A security policy of Elastic Load Balancing. Older ones, with TLS 1.0 and 1.1, are not offered.
    TlsPolicy {
        /// TLS 1.2 and 1.3.
        Tls13 = "ELBSecurityPolicy-TLS13-1-2-2021-06",
        /// TLS 1.2 and 1.3, without CBC.
        Tls13Restricted = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
        /// TLS 1.3 alone.
        Tls13Only = "ELBSecurityPolicy-TLS13-1-3-2021-06",
        /// TLS 1.2 and 1.3 with algorithms that FIPS approves.
        Fips = "ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04",
    }
}

record! {
    /// Access logs of the load balancer, in an S3 bucket that the farm owns: encrypted, closed to
    /// the public, deleted after a time.
    AccessLogs {
        /// Whether there are any.
        enabled: bool = true;
        /// For how long they are kept.
        retention: Duration = Duration::days(90);
    }
}

record! {
    /// A web ACL of AWS WAF.
    Waf {
        /// AWS's managed rule groups, in order.
        managed: Vec<ManagedRules> = Vec::new();
        /// How many requests one address may send, as `2000 per 5m`; more are blocked. The time is
        /// 1, 2, 5 or 10 minutes.
        rate: Option<Rate> = None;
        /// The rate rule's priority; after the managed groups if absent.
        rate_priority: Option<Number<0, 1000>> = None;
        /// Countries from which requests are taken, or refused.
        geo: Option<Geo> = None;
        /// Whether its metrics go to CloudWatch.
        metrics: bool = true;
        /// Whether samples of requests are kept.
        samples: bool = true;
    }
}

/// A managed rule group: its word alone, or with settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedRules {
    /// Which.
    pub group: ManagedGroup,
    /// Its priority; in order of the list, from 1, if absent.
    pub priority: Option<u64>,
    /// Rules that only count.
    pub count: Vec<String>,
    /// Where it is written.
    pub span: std::ops::Range<usize>,
}

record! {
    /// A managed rule group of AWS WAF.
    ManagedSettings {
        /// Which.
        group: ManagedGroup;
        /// Its priority; in order of the list, from 1, if absent.
        priority: Option<Number<0, 1000>> = None;
        /// Rules of it that count and do not block. `core` counts `SizeRestrictions_BODY` if absent,
        /// which would block every message over 8 KiB.
        count: Option<Vec<Text>> = None;
    }
}

choice! {
    /// A managed rule group of AWS WAF.
    ManagedGroup {
        /// AWSManagedRulesCommonRuleSet.
        Core = "core",
        /// AWSManagedRulesKnownBadInputsRuleSet.
        KnownBadInputs = "known-bad-inputs",
        /// AWSManagedRulesSQLiRuleSet.
        Sql = "sql",
        /// AWSManagedRulesLinuxRuleSet.
        Linux = "linux",
        /// AWSManagedRulesAmazonIpReputationList.
        IpReputation = "ip-reputation",
        /// AWSManagedRulesAnonymousIpList.
        AnonymousIp = "anonymous-ip",
    }
}

impl ManagedGroup {
    /// Its name in AWS WAF.
    #[must_use]
    pub fn aws_name(self) -> &'static str {
        match self {
            Self::Core => "AWSManagedRulesCommonRuleSet",
            Self::KnownBadInputs => "AWSManagedRulesKnownBadInputsRuleSet",
            Self::Sql => "AWSManagedRulesSQLiRuleSet",
            Self::Linux => "AWSManagedRulesLinuxRuleSet",
            Self::IpReputation => "AWSManagedRulesAmazonIpReputationList",
            Self::AnonymousIp => "AWSManagedRulesAnonymousIpList",
        }
    }

    /// The rules that count and do not block unless the file says otherwise.
    fn counted(self) -> Vec<String> {
        match self {
            Self::Core => vec!["SizeRestrictions_BODY".to_owned()],
            _ => Vec::new(),
        }
    }
}

impl Read for ManagedRules {
    fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let span = node.mark();
        if let Value::Mapping(_) = node.value {
            let read = ManagedSettings::read(node, problems)?;
            let count = read.count.map_or_else(
                || read.group.counted(),
                |count| count.iter().map(|rule| rule.as_str().to_owned()).collect(),
            );
            let priority = read.priority.map(Number::get);
            return Some(Self { group: read.group, priority, count, span });
        }
        let group = ManagedGroup::read(node, problems)?;
        Some(Self { group, priority: None, count: group.counted(), span })
    }

    fn shape() -> Shape {
        Shape::AnyOf(vec![ManagedGroup::shape(), ManagedSettings::shape()])
    }

    fn show(&self) -> String {
        self.group.word().to_owned()
    }
}

record! {
    /// Countries, as ISO 3166-1 codes of two letters.
    Geo {
        /// Only from these.
        allow: Vec<Spanned<Text>> = Vec::new();
        /// Not from these.
        block: Vec<Spanned<Text>> = Vec::new();
    }
}

record! {
    /// What the load balancer answers by itself.
    Answer {
        /// The status code.
        status: Number<200, 599> = Number(404);
        /// The body, as JSON; at most 1024 bytes.
        body: Text = default_body();
    }
}

fn default_body() -> Text {
    Text::of(r#"{"error":"not found"}"#)
}
