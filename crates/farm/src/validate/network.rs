//! `network:` where the farm makes it: the VPC's block, the subnets' blocks, the list of endpoints.

use std::ops::Range;

use ipnet::Ipv4Net;

use super::{Scope, existing, twice, useless};
use crate::diagnostic::{Diagnostic, nearest, quoted};
use crate::farm::{Endpoints, Nat, Scheme};
use crate::record::Spanned;
use crate::subnets::{self, Subnets, v4};
use crate::word::Cidr;

/// The blocks that are private, and are no VPC's neighbours on the internet.
const PRIVATE: [(u32, u8); 4] =
    [(0x0a00_0000, 8), (0xac10_0000, 12), (0xc0a8_0000, 16), (0x6440_0000, 10)];

/// Endpoints that people mean when they misspell one.
const KNOWN: [&str; 12] = [
    "ecr.api",
    "ecr.dkr",
    "s3",
    "logs",
    "secretsmanager",
    "ssm",
    "ssmmessages",
    "kms",
    "sts",
    "dynamodb",
    "bedrock-runtime",
    "monitoring",
];

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let network = &scope.farm.network;
    endpoints(scope, problems);
    if let Some(existing) = &network.existing {
        existing::check(scope, existing, problems);
        return;
    }
    let vpc = if network.at.sound(&["cidr", "existing"]) { vpc(scope, problems) } else { None };
    for (key, blocks) in
        [("public_cidrs", &network.public_cidrs), ("private_cidrs", &network.private_cidrs)]
    {
        if network.at.has(key) && network.at.sound(&[key]) {
            written(scope, key, blocks, vpc, problems);
        }
    }
    if !needs_public(scope) && network.at.has("public_cidrs") {
        let why = "without NAT gateways, an internal load balancer leaves no public subnets";
        problems.push(useless("public_cidrs", network.at.key("public_cidrs"), why));
    }
    let sound = network.at.sound(&["cidr", "existing", "zones", "public_cidrs", "private_cidrs"]);
    if vpc.is_some() && sound {
        room(scope, problems);
        overlaps(scope, problems);
    }
}

/// Whether something stands in public subnets, or may.
pub(super) fn needs_public(scope: &Scope<'_>) -> bool {
    scope.farm.ingress.scheme == Scheme::InternetFacing
        || scope.farm.network.nat != Nat::None
        || !scope.farm.at.sound(&["ingress", "network"])
}

/// The VPC's block, if it is a good one.
fn vpc(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) -> Option<Ipv4Net> {
    let block = &scope.farm.network.cidr;
    let at = scope.value(&["network", "cidr"]);
    let Some(vpc) = v4(block) else {
        let title = format!("{} is a block of IPv6", quoted(&block.to_string()));
        let problem = Diagnostic::error("not-ipv4", title).at(&at, "");
        problems.push(problem.help("a VPC has a block of IPv4: `10.0.0.0/16`"));
        return None;
    };
    let length = vpc.prefix_len();
    if !is_private(vpc) {
        let title = format!("`{vpc}` are public addresses, which belong to others");
        let problem = Diagnostic::error("not-private", title).at(&at, "");
        problems.push(
            problem
                .help("take a part of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10"),
        );
        return None;
    }
    if !(16..=24).contains(&length) {
        let (size, bound) = if length < 16 { ("larger", 16) } else { ("smaller", 24) };
        let title = format!("`{vpc}` is {size} than a /{bound}");
        let near = Ipv4Net::new(vpc.network(), bound).map(|near| near.trunc().to_string());
        let problem = Diagnostic::error("block-size", title).at(&at, "");
        problems.push(
            problem
                .help(format!("a VPC's block is from /16 to /24: `{}`", near.unwrap_or_default())),
        );
        return None;
    }
    Some(vpc)
}

/// Whether all of a block is private.
pub(super) fn is_private(block: Ipv4Net) -> bool {
    PRIVATE.iter().any(|(base, length)| {
        Ipv4Net::new((*base).into(), *length).is_ok_and(|private| private.contains(&block))
    })
}

/// Blocks of subnets as they are written.
fn written(
    scope: &Scope<'_>,
    key: &str,
    blocks: &[Spanned<Cidr>],
    vpc: Option<Ipv4Net>,
    problems: &mut Vec<Diagnostic>,
) {
    let network = &scope.farm.network;
    let zones = network.zones.letters().len();
    if network.at.sound(&["zones"]) && blocks.len() != zones {
        let count = blocks.len();
        let blocks = if count == 1 { "1 block".to_owned() } else { format!("{count} blocks") };
        let problem = Diagnostic::error("zone-count", format!("{blocks} for {zones} zones"))
            .at(network.at.of(key), "");
        problems.push(with_zones(scope, problem).help("write one block for each zone"));
    }
    let public = key == "public_cidrs";
    let longest = if public { subnets::LONGEST_PUBLIC } else { subnets::LONGEST };
    for block in blocks {
        let Some(subnet) = v4(&block.value) else {
            let title = format!("{} is a block of IPv6", quoted(&block.to_string()));
            let problem = Diagnostic::error("not-ipv4", title).at(&block.span, "");
            problems.push(problem.help("subnets have blocks of IPv4"));
            continue;
        };
        if let Some(vpc) = vpc.filter(|vpc| !vpc.contains(&subnet)) {
            let title = format!("`{subnet}` is not inside the VPC's `{vpc}`");
            let problem = Diagnostic::error("outside-vpc", title)
                .at(&block.span, "")
                .context(&scope.value(&["network", "cidr"]), "the VPC's block");
            problems.push(problem.help(format!("take a part of `{vpc}`")));
        } else if subnet.prefix_len() > longest {
            let title = format!("`{subnet}` is smaller than a /{longest}");
            let problem = Diagnostic::error("block-size", title).at(&block.span, "");
            problems.push(problem.help(if public {
                "a load balancer needs a /27 in each zone"
            } else {
                "the smallest subnet of AWS is a /28"
            }));
        }
    }
}

fn with_zones(scope: &Scope<'_>, problem: Diagnostic) -> Diagnostic {
    match scope.node(&["network", "zones"]) {
        Some((_, zones)) => problem.context(&zones.mark(), "the zones"),
        None => problem,
    }
}

/// Whether the VPC has room for subnets that aren't written.
fn room(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let network = &scope.farm.network;
    let derives = network.private_cidrs.is_empty()
        || (network.public_cidrs.is_empty() && needs_public(scope));
    let letters = network.zones.letters();
    if derives && subnets::derived(&network.cidr, &letters).is_none() {
        let title = format!("`{}` has no room for {} zones", network.cidr, letters.len());
        let problem =
            Diagnostic::error("too-small", title).at(&scope.value(&["network", "cidr"]), "");
        let problem = with_zones(scope, problem);
        problems.push(problem.help("take a larger block, as a /23, or at most four zones"));
    }
}

/// A subnet, and where it is written, if it is.
struct Place {
    name: String,
    block: Ipv4Net,
    span: Option<Range<usize>>,
}

/// Every pair of subnets that overlap.
fn overlaps(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let network = &scope.farm.network;
    let Subnets { public, private } = subnets::subnets(scope.farm);
    let places = |kind: &str, all: Vec<(char, Ipv4Net)>, written: &[Spanned<Cidr>]| {
        let spans: Vec<_> = written
            .iter()
            .filter(|block| v4(&block.value).is_some())
            .map(|block| block.span.clone())
            .collect();
        let place = |(at, (zone, block)): (usize, (char, Ipv4Net))| Place {
            name: format!("the {kind} subnet of zone `{zone}`"),
            block,
            span: spans.get(at).cloned(),
        };
        all.into_iter().enumerate().map(place).collect::<Vec<_>>()
    };
    let mut all = places("public", public, &network.public_cidrs);
    all.extend(places("private", private, &network.private_cidrs));
    for (at, one) in all.iter().enumerate() {
        let meets = |it: &&Place| it.block.contains(&one.block) || one.block.contains(&it.block);
        problems.extend(all.iter().take(at).find(meets).and_then(|other| overlap(other, one)));
    }
}

fn overlap(first: &Place, second: &Place) -> Option<Diagnostic> {
    let (marked, other) = if second.span.is_some() { (second, first) } else { (first, second) };
    let title = format!("`{}` and `{}` overlap", marked.block, other.block);
    let problem = Diagnostic::error("overlap", title).at(marked.span.as_ref()?, &marked.name);
    Some(match &other.span {
        Some(span) => problem.context(span, &other.name).help("give each subnet its own part"),
        None => problem
            .help(format!("{} is derived; write its block too, or take another here", other.name)),
    })
}

/// The list of endpoints.
fn endpoints(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let Endpoints::Only(list) = &scope.farm.network.endpoints else {
        return;
    };
    let places = list.iter().map(|endpoint| (endpoint.as_str(), endpoint.span.clone()));
    twice(places, |text| format!("{} is there twice", quoted(text)), "remove one", problems);
    for endpoint in list {
        let text = endpoint.as_str();
        if let Some(help) = wrong_endpoint(text) {
            let title = format!("{} is not an endpoint's service", quoted(text));
            let problem = Diagnostic::error("bad-endpoint", title).at(&endpoint.span, "");
            problems.push(problem.help(help));
        }
    }
}

/// What to do about a service that no endpoint has.
pub(super) fn wrong_endpoint(text: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    if let Some((_, bare)) = text.strip_prefix("com.amazonaws.").and_then(|it| it.split_once('.')) {
        return Some(format!("the region is the farm's: `{bare}`"));
    }
    if let Some(near) = misspelt(text) {
        return Some(format!("did you mean `{near}`?"));
    }
    if !text.is_empty() && text.chars().all(fits) {
        return None;
    }
    Some(match nearest(text, KNOWN) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write it as `ecr.api`".to_owned(),
    })
}

/// The well-known service that a word is a misspelling of. AWS has hundreds of others, so that only
/// long words tell.
pub(super) fn misspelt(service: &str) -> Option<&'static str> {
    let far = |known: &str| strsim::damerau_levenshtein(service, known);
    let long = KNOWN.into_iter().filter(|known| known.len() >= 8 && service.len() < 30);
    long.filter(|known| *known != service).find(|known| far(known) <= 2)
}
