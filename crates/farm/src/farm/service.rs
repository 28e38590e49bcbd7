//! `services:`.

use crate::record::{Number, choice, record};
use crate::word::{Arn, HostName, Port, ResourceId, Text};

use super::container::Container;
use super::server::Health;

record! {
    /// Something that servers call and that speaks no MCP. Only those reach it that list it.
    Service {
        /// How it is found.
        behind: Behind = Behind::Name;
        /// Where it listens; needed, unless it exists.
        port: Option<Port> = None;
        /// Whether it serves HTTPS at `port`.
        tls: bool = false;
        /// The name of its load balancer, in a private zone of the VPC: it resolves to private
        /// addresses, and to nothing elsewhere. Needed with `behind: alb`.
        domain: Option<HostName> = None;
        /// The certificate of its load balancer, in ACM, for `domain`. Needed with `behind: alb`.
        certificate: Option<Arn> = None;
        /// How its load balancer probes it.
        health: Health, record;
        /// Something that exists, in place of what is made.
        existing: Option<Existing> = None;
        ..
        /// Its container.
        container: Container;
    }
}

choice! {
    /// How a service is found.
    Behind {
        /// By its name in the VPC, `NAME.FARM.local`: callers connect to its tasks.
        Name = "name",
        /// By an internal application load balancer of its own, with HTTPS.
        Alb = "alb",
    }
}

record! {
    /// Something that exists and isn't the farm's: a load balancer or a host, by its security group.
    ///
    /// Its rules stay its owner's; the farm adds one rule for each of its callers.
    Existing {
        /// Its security group's id.
        security_group: ResourceId;
        /// Its URL, as `https://api.internal.example.com`.
        url: Text;
        /// Whether that name resolves to private addresses in the VPC. Rules that name a security
        /// group match private addresses only, so a public name can't be reached by them.
        private: bool;
        /// The private subnets in which it is, if they are the farm's own: `true`. Otherwise where
        /// it is isn't known, and what depends on it is an assumption.
        here: bool = true;
        /// Further ports that callers need, besides the URL's own.
        ports: Vec<Number<1, 65535>> = Vec::new();
    }
}

impl Existing {
    /// The port of its URL.
    #[must_use]
    pub fn url_port(&self) -> Option<u16> {
        let (scheme, rest) = self.url.as_str().split_once("://")?;
        let host = rest.split('/').next()?;
        match host.rsplit_once(':') {
            Some((_, port)) => port.parse().ok(),
            None => match scheme {
                "https" => Some(443),
                "http" => Some(80),
                _ => None,
            },
        }
    }

    /// All ports that callers need, in order.
    #[must_use]
    pub fn all_ports(&self) -> std::collections::BTreeSet<u16> {
        let more = self.ports.iter().filter_map(|port| u16::try_from(port.get()).ok());
        self.url_port().into_iter().chain(more).collect()
    }

    /// The host of its URL.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.url.as_str().split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['/', ':']).next().unwrap_or_default()
    }
}

impl Text {
    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }
}
