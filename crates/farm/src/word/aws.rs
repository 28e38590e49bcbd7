//! AWS's names: regions, accounts, ARNs, ids, images.

use std::fmt;

use super::name::text;
use crate::diagnostic::quoted;
use crate::record::{Bad, Word};

text! {
    /// A region.
    Region
}

impl Region {
    /// The partition in which it is: `aws`, `aws-cn`, `aws-us-gov`.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        match self.0.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// The suffix of DNS names of its services.
    #[must_use]
    pub fn dns_suffix(&self) -> &'static str {
        if self.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
    }
}

impl Word for Region {
    const WHAT: &'static str = "a region";
    const PATTERN: Option<&'static str> = Some("^[a-z]{2}(-[a-z]+)+-[1-9]$");
    const EXAMPLES: &'static [&'static str] = &["us-west-2", "eu-west-1"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let parts: Vec<&str> = text.split('-').collect();
        let good = match parts.as_slice() {
            [land, middle @ .., number] => {
                land.len() == 2
                    && !middle.is_empty()
                    && std::iter::once(land)
                        .chain(middle)
                        .all(|p| !p.is_empty() && p.chars().all(|c| c.is_ascii_lowercase()))
                    && number.len() == 1
                    && number.chars().all(|c| ('1'..='9').contains(&c))
            }
            _ => false,
        };
        if good {
            return Ok(Self(text.to_owned()));
        }
        let zone = text.strip_suffix(|c: char| c.is_ascii_lowercase());
        let help = match zone.filter(|z| z.ends_with(|c: char| c.is_ascii_digit())) {
            Some(region) => format!("that is a zone; its region is `{region}`"),
            None => "write it as `us-west-2`".to_owned(),
        };
        Err(Bad::new("bad-region", format!("{} is not a region", quoted(text)), help))
    }
}

text! {
    /// An account's number, of 12 digits.
    AccountId
}

impl Word for AccountId {
    const WHAT: &'static str = "an account's number";
    const PATTERN: Option<&'static str> = Some("^[0-9]{12}$");
    const EXAMPLES: &'static [&'static str] = &["123456789012"];

    fn parse(text: &str) -> Result<Self, Bad> {
        if text.len() == 12 && text.chars().all(|c| c.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        let title = format!("{} is not an account's number", quoted(text));
        Err(Bad::new("bad-account", title, "write its 12 digits, in quotes: `\"123456789012\"`"))
    }
}

text! {
    /// An ARN, with wildcards where a pattern is wanted.
    Arn
}

impl Arn {
    /// Its service: `acm`.
    #[must_use]
    pub fn service(&self) -> &str {
        self.0.split(':').nth(2).unwrap_or_default()
    }

    /// Its region, which may be empty.
    #[must_use]
    pub fn region(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }

    /// Its account, which may be empty.
    #[must_use]
    pub fn account(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }

    /// What follows the account.
    #[must_use]
    pub fn resource(&self) -> &str {
        self.0.splitn(6, ':').nth(5).unwrap_or_default()
    }
}

impl Word for Arn {
    const WHAT: &'static str = "an ARN";
    const PATTERN: Option<&'static str> = Some("^arn:[a-z-]+:[^:\\s]+:[^:\\s]*:[^:\\s]*:\\S+$");
    const EXAMPLES: &'static [&'static str] =
        &["arn:aws:acm:us-west-2:123456789012:certificate/6f1c2f5e"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let good = match parts.as_slice() {
            ["arn", partition, service, _, _, resource] => {
                partition.starts_with("aws") && !service.is_empty() && !resource.is_empty()
            }
            _ => false,
        };
        if good && text.chars().all(|c| c.is_ascii_graphic()) {
            return Ok(Self(text.to_owned()));
        }
        let title = format!("{} is not an ARN", quoted(text));
        Err(Bad::new("bad-arn", title, "write it as `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`"))
    }
}

text! {
    /// An id of EC2: `vpc-...`, `subnet-...`, `sg-...`, `rtb-...`.
    ResourceId
}

impl ResourceId {
    /// What is before the hyphen.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl Word for ResourceId {
    const WHAT: &'static str = "an id of EC2";
    const PATTERN: Option<&'static str> = Some("^[a-z]+-[0-9a-f]{8,17}$");
    const EXAMPLES: &'static [&'static str] = &["sg-0123456789abcdef0"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let good = text.split_once('-').is_some_and(|(kind, id)| {
            !kind.is_empty()
                && kind.chars().all(|c| c.is_ascii_lowercase())
                && id.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
                && matches!(id.len(), 8 | 17)
        });
        if good {
            return Ok(Self(text.to_owned()));
        }
        let title = format!("{} is not an id of EC2", quoted(text));
        let kind = text.split('-').next().unwrap_or_default();
        let kind =
            ["vpc", "subnet", "rtb"].into_iter().find(|known| *known == kind).unwrap_or("sg");
        Err(Bad::new("bad-id", title, format!("write it as `{kind}-0123456789abcdef0`")))
    }
}

text! {
    /// The id of a hosted zone of Route 53.
    HostedZone
}

impl Word for HostedZone {
    const WHAT: &'static str = "a hosted zone's id";
    const PATTERN: Option<&'static str> = Some("^Z[0-9A-Z]{1,31}$");
    const EXAMPLES: &'static [&'static str] = &["Z0123456789ABCDEFGHIJ"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        if text.starts_with('Z') && (2..=32).contains(&text.len()) && text.chars().all(fits) {
            return Ok(Self(text.to_owned()));
        }
        let title = format!("{} is not a hosted zone's id", quoted(text));
        Err(Bad::new("bad-id", title, "write it as `Z0123456789ABCDEFGHIJ`"))
    }
}

text! {
    /// The full name of a parameter of Systems Manager.
    ParameterName
}

impl Word for ParameterName {
    const WHAT: &'static str = "a parameter's name";
    const PATTERN: Option<&'static str> = Some("^/[A-Za-z0-9_./-]+$");
    const EXAMPLES: &'static [&'static str] = &["/mcp/endpoints/stateful/nova-act-mcp"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
        let parts = text.strip_prefix('/').unwrap_or_default().split('/');
        let whole = parts.clone().all(|part| !part.is_empty()) && parts.count() <= 15;
        let reserved = ["/aws", "/ssm"].iter().any(|r| text.to_ascii_lowercase().starts_with(r));
        if whole && text.chars().all(fits) && !reserved && text.len() <= 1011 {
            return Ok(Self(text.to_owned()));
        }
        let title = format!("{} is not a parameter's name", quoted(text));
        let help = "write it as `/mcp/endpoints/python`; names do not begin with `/aws` or `/ssm`";
        Err(Bad::new("bad-parameter", title, help))
    }
}

/// A container image: repository, and tag or digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    text: String,
    repository: String,
    digest: Option<String>,
}

/// An image's repository in ECR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EcrRepository<'a> {
    /// The registry's account.
    pub account: &'a str,
    /// The registry's region.
    pub region: &'a str,
    /// The repository's name.
    pub name: &'a str,
}

impl Image {
    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What is before tag and digest.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// `sha256:...`, if it is pinned.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Its repository, if it is in a private registry of ECR.
    #[must_use]
    pub fn ecr(&self) -> Option<EcrRepository<'_>> {
        let (host, name) = self.repository.split_once('/')?;
        let host = host.strip_suffix(".cn").unwrap_or(host).strip_suffix(".amazonaws.com")?;
        let (account, rest) = host.split_once(".dkr.ecr.")?;
        Some(EcrRepository { account, region: rest, name })
    }
}

impl Word for Image {
    const WHAT: &'static str = "an image";
    const PATTERN: Option<&'static str> = Some("^[a-z0-9][A-Za-z0-9._:/@-]*$");
    const EXAMPLES: &'static [&'static str] = &[
        "123456789012.dkr.ecr.us-west-2.amazonaws.com/python@sha256:9b2a7c1d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccddeef",
    ];

    fn parse(text: &str) -> Result<Self, Bad> {
        let bad = |title: String, help: &str| Err(Bad::new("bad-image", title, help));
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        if let Some(digest) = digest {
            let hex = digest.strip_prefix("sha256:").unwrap_or_default();
            let fits = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
            if hex.len() != 64 || !hex.chars().all(fits) {
                let title = format!("{} is not a digest", quoted(digest));
                return bad(title, "a digest is `sha256:` and 64 digits of 0-9 and a-f");
            }
        }
        let slash = name.rfind('/').unwrap_or_default();
        let (repository, tag) = match name.rfind(':').filter(|colon| *colon > slash) {
            Some(colon) => name.split_at(colon),
            None => (name, ""),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
        let starts = repository.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let path = repository.split_once('/').map_or(repository, |(_, path)| path);
        let lower = !path.chars().any(|c| c.is_ascii_uppercase());
        if !starts || !lower || tag == ":" || !name.chars().all(fits) {
            let title = format!("{} is not an image", quoted(text));
            return bad(title, "write it as `REGISTRY/REPOSITORY@sha256:DIGEST`");
        }
        Ok(Self {
            text: text.to_owned(),
            repository: repository.to_owned(),
            digest: digest.map(str::to_owned),
        })
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
