//! Selectors: words, prefixes and patterns that say which part of a network is meant.
//!
//! A selector knows how to compare itself with a resource; what the words stand for (who is the
//! internet, which load balancer is the ingress) is for those who have the model.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;
use wildmatch::WildMatch;

use crate::diagnostic::{Diagnostic, nearest, quoted};
use crate::yaml::Node;

/// The words that are selectors.
const WORDS: [&str; 3] = ["internet", "ingress", "vpc"];

/// What is before the colon of the selectors that have one.
const PREFIXES: [&str; 2] = ["type", "tag"];

/// Some part of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// Where it is written, in bytes.
    pub span: Range<usize>,
    /// As written.
    pub text: String,
    /// What it selects.
    pub kind: SelectorKind,
}

/// What a selector selects. In patterns `*` stands for any text and `?` for any character; brackets
/// are literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectorKind {
    /// `internet`: all public addresses.
    Internet,
    /// `ingress`: the load balancers and APIs that are open to the outside.
    Ingress,
    /// `vpc`: all addresses of the network.
    Vpc,
    /// `10.0.0.0/8`: these addresses.
    Cidr(IpNet),
    /// `module.a.aws_lb.*`: resources by address.
    Glob {
        /// The pattern.
        pattern: String,
    },
    /// `type:aws_lb`: resources by type.
    Type {
        /// The pattern of the type.
        glob: String,
    },
    /// `tag:Team=data`: resources by tag.
    Tag {
        /// The tag's key.
        key: String,
        /// The pattern of its value.
        value: String,
    },
}

/// What is wrong with a selector, and its code and cure.
struct Bad {
    code: &'static str,
    title: String,
    help: String,
}

impl Selector {
    /// Any selector. What is wrong is reported.
    pub fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let text = node.text(problems)?;
        match parse(text) {
            Ok(kind) => Some(Self { span: node.span.clone(), text: text.to_owned(), kind }),
            Err(Bad { code, title, help }) => {
                let problem = Diagnostic::error(code, title).at(&node.mark(), "");
                problems.push(problem.help(help));
                None
            }
        }
    }

    /// A selector of resources: by address, type or tag.
    pub fn read_resources(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let selector = Self::read(node, problems)?;
        if selector.selects_resources() {
            return Some(selector);
        }
        problems.push(selector.no_resource(node));
        None
    }

    /// That it selects no resource where one is wanted.
    pub(crate) fn no_resource(&self, node: &Node) -> Diagnostic {
        let title = format!("{} names no resource", quoted(&self.text));
        let problem = Diagnostic::error("not-a-resource", title).at(&node.mark(), "");
        problem.help("write an address, as `module.a.aws_ecs_service.b`, or `type:aws_ecs_service`")
    }

    /// A selector of what traffic can go through: the ingress, or resources.
    pub(super) fn read_gate(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let selector = Self::read(node, problems)?;
        if selector.kind == SelectorKind::Ingress || selector.selects_resources() {
            return Some(selector);
        }
        let title = format!("nothing goes through {}", quoted(&selector.text));
        let problem = Diagnostic::error("not-a-gate", title).at(&node.mark(), "");
        problems.push(problem.help("write `ingress`, or the address of what it may go through"));
        None
    }

    /// Whether it selects resources, and not addresses or a role.
    #[must_use]
    pub fn selects_resources(&self) -> bool {
        use SelectorKind::{Glob, Tag, Type};
        matches!(self.kind, Glob { .. } | Type { .. } | Tag { .. })
    }

    /// Whether it selects this resource. Words and prefixes select none.
    ///
    /// A pattern without an instance key means all instances: `aws_lb.b` matches `aws_lb.b[0]`, and
    /// `module.a.aws_lb.b` matches `module.a["x"].aws_lb.b[0]`.
    #[must_use]
    pub fn matches(
        &self,
        key: &str,
        resource_type: Option<&str>,
        tags: &BTreeMap<String, String>,
    ) -> bool {
        match &self.kind {
            SelectorKind::Glob { pattern } => matches_address(pattern, key),
            SelectorKind::Type { glob } => {
                resource_type.is_some_and(|kind| WildMatch::new(glob).matches(kind))
            }
            SelectorKind::Tag { key, value } => {
                let tag = tags.get(key);
                tag.is_some_and(|tag| WildMatch::new(value).matches(tag))
            }
            SelectorKind::Internet
            | SelectorKind::Ingress
            | SelectorKind::Vpc
            | SelectorKind::Cidr(_) => false,
        }
    }
}

/// As part of a sentence.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            SelectorKind::Internet => f.write_str("the internet"),
            SelectorKind::Ingress => f.write_str("the ingress"),
            SelectorKind::Vpc => f.write_str("the VPC"),
            SelectorKind::Cidr(prefix) => write!(f, "{prefix}"),
            SelectorKind::Glob { pattern } => f.write_str(pattern),
            SelectorKind::Type { glob } => write!(f, "any {glob}"),
            SelectorKind::Tag { key, value } => write!(f, "anything tagged {key}={value}"),
        }
    }
}

/// That a selector selects none of the candidates (addresses; types for `type:`; `Key=Value` for
/// `tag:`), with the one that was most likely meant.
pub fn no_match<'a>(selector: &Selector, candidates: impl Iterator<Item = &'a str>) -> Diagnostic {
    let problem =
        Diagnostic::error("no-match", format!("{} matches nothing", quoted(&selector.text)))
            .at(&selector.span, "");
    let candidates: Vec<&str> = candidates.collect();
    let wanted = match &selector.kind {
        SelectorKind::Type { glob } => glob.as_str(),
        SelectorKind::Tag { .. } => selector.text.strip_prefix("tag:").unwrap_or_default(),
        _ => selector.text.as_str(),
    };
    let prefix = selector.text.strip_suffix(wanted).unwrap_or_default();
    // A pattern is for the whole address, and it is easy to forget that it begins with the module.
    let inside = format!("*.{wanted}");
    let found = candidates.iter().find(|it| matches_address(&inside, it));
    match (found, closest(wanted, &candidates)) {
        (Some(found), _) if prefix.is_empty() => {
            problem.help(format!("an address begins with its module: `{inside}` matches `{found}`"))
        }
        (_, Some(near)) => problem.help(format!("the nearest is `{prefix}{near}`")),
        _ => problem,
    }
}

/// The candidate that is most like the pattern, if half of it is. Patterns differ from what they
/// match by more than misspelt words do, so [`nearest`] is too strict for them.
fn closest<'a>(wanted: &str, candidates: &[&'a str]) -> Option<&'a str> {
    if wanted.len() > 200 {
        return None;
    }
    let likeness = |it: &&str| strsim::normalized_damerau_levenshtein(wanted, it);
    let candidates = candidates.iter().copied().filter(|it| likeness(it) >= 0.5);
    candidates.max_by(|a, b| likeness(a).total_cmp(&likeness(b)).then_with(|| b.cmp(a)))
}

fn matches_address(pattern: &str, address: &str) -> bool {
    let pattern = WildMatch::new(pattern);
    if pattern.matches(address) {
        return true;
    }
    if !address.ends_with(']') && !address.contains("].") {
        return false;
    }
    let (instances, own) = without_keys(address);
    pattern.matches(own) || pattern.matches(&instances)
}

/// An address without any instance key, and without the last one.
fn without_keys(address: &str) -> (String, &str) {
    let mut all = String::new();
    let mut own = address;
    let (mut inside, mut in_quotes, mut escaped) = (false, false, false);
    for (at, c) in address.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' if inside => in_quotes = !in_quotes,
            '[' if !inside => {
                inside = true;
                own = address.get(..at).unwrap_or_default();
            }
            ']' if inside && !in_quotes => inside = false,
            _ if !inside => all.push(c),
            _ => {}
        }
    }
    let own = if address.ends_with(']') { own } else { address };
    (all, own)
}

fn parse(text: &str) -> Result<SelectorKind, Bad> {
    match text {
        "internet" => return Ok(SelectorKind::Internet),
        "ingress" => return Ok(SelectorKind::Ingress),
        "vpc" => return Ok(SelectorKind::Vpc),
        _ => {}
    }
    if text.is_empty() || text.trim() != text || text.contains('\n') {
        return Err(Bad {
            code: "bad-selector",
            title: "a selector is blank, or has spaces around it".into(),
            help: "write it on one line, without spaces around it".into(),
        });
    }
    if looks_like_addresses(text) {
        return cidr(text).map(SelectorKind::Cidr);
    }
    if let Some(glob) = text.strip_prefix("type:") {
        return pattern_of_type(glob);
    }
    if let Some(tag) = text.strip_prefix("tag:") {
        return tag_pattern(tag);
    }
    unknown_word(text).map_or_else(
        || {
            let pattern = text.to_owned();
            Ok(SelectorKind::Glob { pattern })
        },
        Err,
    )
}

/// Whether a text is meant as an IP address or prefix, right or wrong.
fn looks_like_addresses(text: &str) -> bool {
    let host = text.split_once('/').map_or(text, |(host, _)| host);
    let v4 = |c: char| c.is_ascii_digit() || c == '.';
    let v6 = |c: char| c.is_ascii_hexdigit() || c == ':' || c == '.';
    (host.contains('.') && host.chars().all(v4)) || (host.contains(':') && host.chars().all(v6))
}

fn cidr(text: &str) -> Result<IpNet, Bad> {
    let bad = |title: String, help: String| Bad { code: "bad-cidr", title, help };
    if let Ok(address) = text.parse::<IpAddr>() {
        return Err(bad(
            format!("{} has no prefix length", quoted(text)),
            format!("write `{}`", IpNet::from(address)),
        ));
    }
    let prefix: IpNet = text.parse().map_err(|_| {
        bad(
            format!("{} is not a CIDR block", quoted(text)),
            "write it as `10.0.0.0/8` or `fd00::/8`".into(),
        )
    })?;
    if prefix.trunc() != prefix {
        return Err(bad(
            format!("{} has bits set after its prefix", quoted(text)),
            format!("did you mean `{}`?", prefix.trunc()),
        ));
    }
    Ok(prefix)
}

fn pattern_of_type(glob: &str) -> Result<SelectorKind, Bad> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '*' | '?' | ':');
    if glob.is_empty() || !glob.chars().all(fits) {
        return Err(Bad {
            code: "bad-selector",
            title: format!("{} is not a resource type", quoted(glob)),
            help: "write it as `type:aws_ecs_service`".into(),
        });
    }
    let glob = glob.to_owned();
    Ok(SelectorKind::Type { glob })
}

fn tag_pattern(tag: &str) -> Result<SelectorKind, Bad> {
    match tag.split_once('=') {
        Some((key, value)) if !key.is_empty() => {
            Ok(SelectorKind::Tag { key: key.to_owned(), value: value.to_owned() })
        }
        _ => Err(Bad {
            code: "bad-selector",
            title: format!("{} is not a key and a value", quoted(tag)),
            help: "write it as `tag:Team=data`, or `tag:Team=*` for any value".into(),
        }),
    }
}

/// That a text without dot and star, which no address is, is near to a word.
fn unknown_word(text: &str) -> Option<Bad> {
    let (word, near, rest) = match text.split_once(':') {
        // An ARN has colons too.
        Some((word, rest)) if word != "arn" => (word, nearest(word, PREFIXES), rest),
        _ if !text.contains(['.', '*', '?']) => (text, nearest(text, WORDS), ""),
        _ => return None,
    };
    let colon = if rest.is_empty() { "" } else { ":" };
    near.map(|near| Bad {
        code: "unknown-word",
        title: format!("unknown word {}", quoted(word)),
        help: format!("did you mean `{near}{colon}{rest}`?"),
    })
}
