//! References: to secrets, and to what a task reaches.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::name::text;
use super::{Cidr, Name};
use crate::diagnostic::{nearest, quoted};
use crate::record::{Bad, Word};

/// Where a secret is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretStore {
    /// Secrets Manager.
    SecretsManager,
    /// A parameter (`SecureString`) of Systems Manager.
    Parameter,
    /// The password that RDS made and manages for a database of the farm.
    Database,
}

/// A reference to a secret: `secretsmanager:NAME`, `secretsmanager:NAME#KEY`, `ssm:/NAME`,
/// `databases.NAME`. Never the value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretRef {
    /// Where it is kept.
    pub store: SecretStore,
    /// Its name there; of a database, the database's.
    pub name: String,
    /// The key in its JSON.
    pub key: Option<String>,
}

impl Word for SecretRef {
    const WHAT: &'static str = "a reference to a secret";
    const PATTERN: Option<&'static str> = Some(
        "^(secretsmanager:[A-Za-z0-9/_+=.@-]+(#[A-Za-z0-9_-]+)?|ssm:/[A-Za-z0-9_./-]+|databases\\.[a-z][a-z0-9-]*(#[A-Za-z0-9_-]+)?)$",
    );
    const EXAMPLES: &'static [&'static str] = &[
        "secretsmanager:mcp-farm/nova-act",
        "ssm:/nova-act-mcp/api-key",
        "databases.memories#password",
    ];

    fn parse(text: &str) -> Result<Self, Bad> {
        let unlike = || {
            Bad::new(
                "not-a-reference",
                "this is not a reference to a secret",
                "secrets are never written here; write `secretsmanager:NAME`, `ssm:/NAME` or \
                 `databases.NAME`",
            )
        };
        let (store, rest) = if let Some(rest) = text.strip_prefix("secretsmanager:") {
            (SecretStore::SecretsManager, rest)
        } else if let Some(rest) = text.strip_prefix("ssm:") {
            (SecretStore::Parameter, rest)
        } else if let Some(rest) = text.strip_prefix("databases.") {
            (SecretStore::Database, rest)
        } else {
            let prefix = text.split(':').next().unwrap_or_default();
            let near = nearest(prefix, ["secretsmanager", "ssm"]).filter(|_| text.contains(':'));
            return Err(match near {
                Some(near) => {
                    let title = format!("unknown word {}", quoted(prefix));
                    Bad::new("unknown-word", title, format!("did you mean `{near}:`?"))
                }
                None => unlike(),
            });
        };
        let (name, key) = match rest.split_once('#') {
            Some((name, key)) => (name, Some(key.to_owned())),
            None => (rest, None),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
        let key_fits = |key: &String| {
            !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
        };
        let good = match store {
            SecretStore::Parameter => {
                let fits = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
                name.starts_with('/') && name.len() > 1 && name.chars().all(fits) && key.is_none()
            }
            SecretStore::SecretsManager => !name.is_empty() && name.chars().all(fits),
            SecretStore::Database => Name::parse(name).is_ok(),
        };
        if !good || !key.as_ref().is_none_or(key_fits) {
            let title = format!("{} is not a secret's name", quoted(rest));
            let help = match store {
                SecretStore::Parameter => "write it as `ssm:/farm/api-key`",
                SecretStore::SecretsManager => "write it as `secretsmanager:farm/api-key`",
                SecretStore::Database => "write it as `databases.NAME#password`",
            };
            return Err(Bad::new("bad-secret", title, help));
        }
        Ok(Self { store, name: name.to_owned(), key })
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.store {
            SecretStore::SecretsManager => "secretsmanager:",
            SecretStore::Parameter => "ssm:",
            SecretStore::Database => "databases.",
        };
        write!(f, "{prefix}{}", self.name)?;
        self.key.as_ref().map_or(Ok(()), |key| write!(f, "#{key}"))
    }
}

/// What a task may connect to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// `internet:443`: any public address, on this TCP port.
    Internet(u16),
    /// `203.0.113.0/24:443`: these addresses, on this TCP port.
    Cidr(Cidr, u16),
    /// `services.api`.
    Service(Name),
    /// `databases.memories`.
    Database(Name),
    /// `aws:timestream.query-cell1`: a service of AWS, by endpoint or NAT.
    Aws(String),
}

impl Word for Reach {
    const WHAT: &'static str = "what is reached";
    const PATTERN: Option<&'static str> = Some(
        "^(internet:[0-9]{1,5}|[0-9a-f.:]+/[0-9]{1,3}:[0-9]{1,5}|(services|databases)\\.[a-z][a-z0-9-]*|aws:[a-z0-9.-]+)$",
    );
    const EXAMPLES: &'static [&'static str] =
        &["internet:443", "services.api", "databases.memories", "aws:s3", "203.0.113.0/24:443"];

    fn parse(text: &str) -> Result<Self, Bad> {
        const HELP: &str = "write `internet:443`, `services.NAME`, `databases.NAME`, \
                            `aws:SERVICE`, or `203.0.113.0/24:443`";
        let name = |name: &str| Name::parse(name).map_err(|bad| Bad { code: "bad-reach", ..bad });
        if let Some(rest) = text.strip_prefix("services.") {
            return name(rest).map(Self::Service);
        }
        if let Some(rest) = text.strip_prefix("databases.") {
            return name(rest).map(Self::Database);
        }
        if let Some(service) = text.strip_prefix("aws:") {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
            if !service.is_empty() && service.chars().all(fits) {
                return Ok(Self::Aws(service.to_owned()));
            }
            let title = format!("{} is not a service of AWS", quoted(service));
            return Err(Bad::new("bad-reach", title, "write it as `aws:s3`"));
        }
        if text == "internet" {
            let title = "`internet` needs a port";
            return Err(Bad::new("bad-reach", title, "write `internet:443`"));
        }
        if text.starts_with("servers.") {
            return Err(Bad::new(
                "bad-reach",
                format!("{} is a server, and servers are reached by the gate alone", quoted(text)),
                "let what both need be a service",
            ));
        }
        let Some((to, port)) = text.rsplit_once(':') else {
            return Err(Bad::new("bad-reach", format!("unknown word {}", quoted(text)), HELP));
        };
        let digits = !port.is_empty() && port.chars().all(|c| c.is_ascii_digit());
        let number = port.parse::<u16>().ok().filter(|port| digits && *port > 0);
        let Some(number) = number else {
            let title = format!("{} is not a port", quoted(port));
            return Err(Bad::new("bad-reach", title, "ports are from 1 to 65535"));
        };
        if to == "internet" {
            return Ok(Self::Internet(number));
        }
        if let Ok(address) = to.parse::<IpAddr>() {
            let title = format!("{} has no prefix length", quoted(to));
            let help = format!("write `{}:{number}`", IpNet::from(address));
            return Err(Bad::new("bad-cidr", title, help));
        }
        match Cidr::parse(to) {
            Ok(block) if block.0.prefix_len() == 0 => Err(Bad::new(
                "any-address",
                format!("{} is every address", quoted(to)),
                format!("write `internet:{number}` if that is meant"),
            )),
            Ok(block) => Ok(Self::Cidr(block, number)),
            Err(bad) if to.contains('/') => Err(bad),
            Err(_) => match nearest(to, ["internet"]) {
                Some(near) => Err(Bad::new(
                    "unknown-word",
                    format!("unknown word {}", quoted(to)),
                    format!("did you mean `{near}:{number}`?"),
                )),
                None => Err(Bad::new("bad-reach", format!("unknown word {}", quoted(to)), HELP)),
            },
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Internet(port) => write!(f, "internet:{port}"),
            Self::Cidr(block, port) => write!(f, "{block}:{port}"),
            Self::Service(name) => write!(f, "services.{name}"),
            Self::Database(name) => write!(f, "databases.{name}"),
            Self::Aws(service) => write!(f, "aws:{service}"),
        }
    }
}

text! {
    /// Who a container runs as: a number, or two with a colon (`10001:10001`).
    User
}

impl User {
    /// Whether it is root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.split(':').next() == Some("0")
    }
}

impl Word for User {
    const WHAT: &'static str = "a user's number";
    const PATTERN: Option<&'static str> = Some("^[0-9]{1,10}(:[0-9]{1,10})?$");
    const EXAMPLES: &'static [&'static str] = &["10001", "10001:10001"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let number = |part: &str| {
            !part.is_empty() && part.len() <= 10 && part.chars().all(|c| c.is_ascii_digit())
        };
        if text.split(':').all(number) && text.split(':').count() <= 2 {
            return Ok(Self(text.to_owned()));
        }
        let title = format!("{} is not a user's number", quoted(text));
        Err(Bad::new(
            "bad-user",
            title,
            "write numbers, as names depend on the image: `10001:10001`",
        ))
    }
}
