//! Addresses, ports, paths, status codes and zones.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::name::text;
use crate::diagnostic::quoted;
use crate::record::{Bad, Word};

/// A CIDR block without bits set after its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cidr(pub IpNet);

impl Word for Cidr {
    const WHAT: &'static str = "a CIDR block";
    const PATTERN: Option<&'static str> = Some("^[0-9a-f.:]+/[0-9]{1,3}$");
    const EXAMPLES: &'static [&'static str] = &["10.0.0.0/16", "2001:db8::/32"];

    fn parse(text: &str) -> Result<Self, Bad> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Err(Bad::new(
                "bad-cidr",
                format!("{} has no prefix length", quoted(text)),
                format!("write `{}`", IpNet::from(address)),
            ));
        }
        let block: IpNet = text.parse().map_err(|_| {
            let title = format!("{} is not a CIDR block", quoted(text));
            Bad::new("bad-cidr", title, "write it as `10.0.0.0/16` or `2001:db8::/32`")
        })?;
        if block.trunc() != block {
            return Err(Bad::new(
                "bad-cidr",
                format!("{} has bits set after its prefix", quoted(text)),
                format!("did you mean `{}`?", block.trunc()),
            ));
        }
        Ok(Self(block))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who may connect: a CIDR block, a prefix list, or anybody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// Addresses.
    Cidr(Cidr),
    /// `pl-0123456789abcdef0`.
    PrefixList(String),
    /// `internet`: any address, IPv4 and IPv6.
    Internet,
}

impl Word for Client {
    const WHAT: &'static str = "a CIDR block, a prefix list, or `internet`";
    const PATTERN: Option<&'static str> =
        Some("^(internet|pl-[0-9a-f]{8,17}|[0-9a-f.:]+/[0-9]{1,3})$");
    const EXAMPLES: &'static [&'static str] = &["203.0.113.0/24", "pl-0123456789abcdef0"];

    fn parse(text: &str) -> Result<Self, Bad> {
        if text == "internet" {
            return Ok(Self::Internet);
        }
        if let Some(id) = text.strip_prefix("pl-") {
            let hex = id.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
            if hex && matches!(id.len(), 8 | 17) {
                return Ok(Self::PrefixList(text.to_owned()));
            }
            let title = format!("{} is not a prefix list's id", quoted(text));
            return Err(Bad::new("bad-id", title, "write it as `pl-0123456789abcdef0`"));
        }
        let block = match Cidr::parse(text) {
            Ok(block) => block,
            Err(bad) if text.starts_with(|c: char| c.is_ascii_digit()) || text.contains(':') => {
                return Err(bad);
            }
            Err(_) => {
                let near = crate::diagnostic::nearest(text, ["internet"]);
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "write a CIDR block, a prefix list's id, or `internet`".to_owned(),
                };
                return Err(Bad::new(
                    "unknown-word",
                    format!("unknown word {}", quoted(text)),
                    help,
                ));
            }
        };
        if block.0.prefix_len() == 0 {
            return Err(Bad::new(
                "any-address",
                format!("{} is every address", quoted(text)),
                "write the word `internet` if that is meant",
            ));
        }
        Ok(Self::Cidr(block))
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cidr(block) => block.fmt(f),
            Self::PrefixList(id) => f.write_str(id),
            Self::Internet => f.write_str("internet"),
        }
    }
}

/// A TCP port.
pub type Port = crate::record::Number<1, 65535>;

text! {
    /// The path of an HTTP request, without wildcards.
    RequestPath
}

impl Word for RequestPath {
    const WHAT: &'static str = "a path";
    const PATTERN: Option<&'static str> = Some("^/[^*?\\s]*$");
    const EXAMPLES: &'static [&'static str] = &["/health", "/python/mcp"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let printable = text.chars().all(|c| c.is_ascii_graphic());
        if text.starts_with('/') && printable && !text.contains(['*', '?', '#', '"', '\\']) {
            return Ok(Self(text.to_owned()));
        }
        let title = format!("{} is not a path", quoted(text));
        Err(Bad::new("bad-path", title, "write it as `/health`, without wildcards or a query"))
    }
}

text! {
    /// HTTP status codes: `200,400-406`.
    Codes
}

impl Word for Codes {
    const WHAT: &'static str = "status codes";
    const PATTERN: Option<&'static str> = Some("^[2-4][0-9]{2}([,-][2-4][0-9]{2})*$");
    const EXAMPLES: &'static [&'static str] = &["200", "200,400,406", "200-299"];

    fn parse(text: &str) -> Result<Self, Bad> {
        let code = |text: &str| {
            let digits = text.len() == 3 && text.chars().all(|c| c.is_ascii_digit());
            text.parse::<u16>().ok().filter(|code| digits && (200..500).contains(code))
        };
        for part in text.split(',') {
            let good = match part.split_once('-') {
                Some((low, high)) => match (code(low), code(high)) {
                    (Some(low), Some(high)) => low <= high,
                    _ => false,
                },
                None => code(part).is_some(),
            };
            if !good {
                return Err(Bad::new(
                    "bad-codes",
                    format!("{} is not a status code, or a range, from 200 to 499", quoted(part)),
                    "write them as `200,400-406`, without spaces",
                ));
            }
        }
        Ok(Self(text.to_owned()))
    }
}

/// How many availability zones, or which: `2`, or `a,c`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Zones {
    /// The first ones, by letter.
    Count(u8),
    /// These, by letter.
    Letters(Vec<char>),
}

impl Zones {
    /// Their letters.
    #[must_use]
    pub fn letters(&self) -> Vec<char> {
        match self {
            Self::Count(count) => ('a'..='z').take(usize::from(*count)).collect(),
            Self::Letters(letters) => letters.clone(),
        }
    }
}

impl Word for Zones {
    const WHAT: &'static str = "a number of zones, or their letters";
    const PATTERN: Option<&'static str> = Some("^([2-6]|[a-h](,[a-h]){1,5})$");
    const EXAMPLES: &'static [&'static str] = &["2", "a,c"];

    fn parse(text: &str) -> Result<Self, Bad> {
        if let Ok(count) = text.parse::<u8>()
            && text.len() == 1
        {
            return match count {
                2..=6 => Ok(Self::Count(count)),
                _ => Err(Bad::new(
                    "bad-zones",
                    format!("a farm has 2 to 6 zones, not {count}"),
                    if count < 2 { "a load balancer needs two: write `2`" } else { "write `3`" },
                )),
            };
        }
        let letters: Vec<&str> = text.split(',').collect();
        let mut found: Vec<char> = Vec::new();
        for letter in letters {
            let mut characters = letter.chars();
            match (characters.next(), characters.next()) {
                (Some(c @ 'a'..='h'), None) if !found.contains(&c) => found.push(c),
                _ => {
                    return Err(Bad::new(
                        "bad-zones",
                        format!("{} is not a zone's letter, or is there twice", quoted(letter)),
                        "write a number (2), or letters (`a,c`)",
                    ));
                }
            }
        }
        if found.len() < 2 {
            let title = format!("{} is one zone only", quoted(text));
            return Err(Bad::new("bad-zones", title, "a load balancer needs two: `a,b`"));
        }
        Ok(Self::Letters(found))
    }
}

impl fmt::Display for Zones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Letters(letters) => {
                let letters: Vec<String> = letters.iter().map(char::to_string).collect();
                f.write_str(&letters.join(","))
            }
        }
    }
}
