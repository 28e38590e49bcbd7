//! For which region and service a signature must be, as the host's name says it. Pure.
//!
//! Names of AWS's own endpoints only: a domain of one's own says nothing, and whoever has one says it
//! by `--region` and `--service`, or goes by the defaults.

/// What a host's name says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// The region.
    pub region: Option<String>,
    /// The service's name in signatures.
    pub service: Option<String>,
}

/// The domains of AWS in which names end.
const DOMAINS: [&str; 4] = [".amazonaws.com", ".amazonaws.com.cn", ".on.aws", ".api.aws"];

/// Services whose endpoints have names of their own before them: label, and the name in signatures.
const SERVICES: [(&str, &str); 4] = [
    ("execute-api", "execute-api"),
    ("lambda-url", "lambda"),
    ("bedrock-agentcore", "bedrock-agentcore"),
    ("vpc-lattice-svcs", "vpc-lattice-svcs"),
];

/// Reads a host's name: `ID.execute-api.REGION.amazonaws.com`, `ID.lambda-url.REGION.on.aws`,
/// `bedrock-agentcore.REGION.amazonaws.com`, and others that have a region before AWS's domain.
#[must_use]
pub fn of_host(host: &str) -> Named {
    let Some(name) = DOMAINS.iter().find_map(|domain| host.strip_suffix(domain)) else {
        return Named::default();
    };
    let labels: Vec<&str> = name.split('.').collect();
    let Some(at) = labels.iter().rposition(|label| is_region(label)) else {
        return Named::default();
    };
    let region = labels.get(at).map(|region| (*region).to_owned());
    // A load balancer's name has its own word behind the region, and says nothing of a service.
    let last = at + 1 == labels.len();
    let before = at.checked_sub(1).and_then(|at| labels.get(at)).filter(|_| last);
    let service = before.and_then(|label| {
        let known = SERVICES.iter().find(|(word, _)| word == label).map(|(_, service)| *service);
        // `SERVICE.REGION.amazonaws.com` and `SERVICE.REGION.api.aws` alone name the service.
        known.or_else(|| (at == 1 && !host.ends_with(".on.aws")).then_some(*label))
    });
    Named { region, service: service.map(str::to_owned) }
}

/// `us-west-2`, `ap-southeast-3`, `us-gov-east-1`.
fn is_region(label: &str) -> bool {
    let mut parts = label.split('-');
    let letters = |part: Option<&str>, least: usize, most: usize| {
        part.is_some_and(|part| {
            (least..=most).contains(&part.len()) && part.bytes().all(|it| it.is_ascii_lowercase())
        })
    };
    if !letters(parts.next(), 2, 4) || !letters(parts.next(), 3, 12) {
        return false;
    }
    let rest: Vec<&str> = parts.collect();
    let number =
        |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|it| it.is_ascii_digit());
    match rest.as_slice() {
        [last] => number(last),
        [middle, last] => letters(Some(middle), 3, 12) && number(last),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_aws_say_region_and_service() {
        for (host, region, service) in [
            ("abc123.execute-api.us-west-2.amazonaws.com", "us-west-2", Some("execute-api")),
            ("abc-vpce-1.execute-api.eu-west-1.amazonaws.com", "eu-west-1", Some("execute-api")),
            ("x.execute-api.cn-north-1.amazonaws.com.cn", "cn-north-1", Some("execute-api")),
            ("abcdef.lambda-url.ap-southeast-3.on.aws", "ap-southeast-3", Some("lambda")),
            ("bedrock-agentcore.us-east-1.amazonaws.com", "us-east-1", Some("bedrock-agentcore")),
            (
                "gw-1.gateway.bedrock-agentcore.us-east-1.amazonaws.com",
                "us-east-1",
                Some("bedrock-agentcore"),
            ),
            ("s-1.abc.vpc-lattice-svcs.us-east-1.on.aws", "us-east-1", Some("vpc-lattice-svcs")),
            ("aws-mcp.us-east-1.api.aws", "us-east-1", Some("aws-mcp")),
            ("x.execute-api.us-gov-west-1.amazonaws.com", "us-gov-west-1", Some("execute-api")),
            ("farm-123.us-west-2.elb.amazonaws.com", "us-west-2", None),
        ] {
            let named = of_host(host);
            assert_eq!(named.region.as_deref(), Some(region), "{host}");
            assert_eq!(named.service.as_deref(), service, "{host}");
        }
    }

    #[test]
    fn other_hosts_say_nothing() {
        for host in [
            "farm.example.com",
            "localhost",
            "127.0.0.1",
            "execute-api.us-west-2.amazonaws.com.example.com",
            "us-west-2.example.com",
            "xamazonaws.com",
            "amazonaws.com",
            "sts.amazonaws.com",
        ] {
            assert_eq!(of_host(host), Named::default(), "{host}");
        }
    }
}
