//! `ports:` of an expectation: `[443, "8000-8100", "udp 53", icmp]`.

use farmgate_net::service::{ICMP, ICMPV6, ServiceSet, TCP, UDP};

use crate::diagnostic::{Diagnostic, nearest, quoted};
use crate::yaml::Node;

/// The words that can stand alone, or before a port.
const WORDS: [&str; 5] = ["tcp", "udp", "icmp", "icmpv6", "all"];

/// All services of a list. What is wrong is left out and reported.
pub(super) fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> ServiceSet {
    let mut all = ServiceSet::empty();
    let Some(items) = node.list(problems) else {
        return all;
    };
    if items.is_empty() {
        let problem = Diagnostic::error("no-ports", "the list of ports is empty");
        let help = "leave out `ports` if all are meant";
        problems.push(problem.at(&node.mark(), "").help(help));
    }
    for item in items {
        let text = match item.scalar() {
            // A bare number is as good as one in quotes here.
            Some(scalar) if !item.is_nothing() => scalar.text.as_str(),
            _ => {
                problems.extend(item.wrong_type("a port"));
                continue;
            }
        };
        match parse(text) {
            Ok(services) => all = all.union(&services),
            Err((title, help)) => {
                let problem = Diagnostic::error("bad-port", title).at(&item.mark(), "");
                problems.push(problem.help(help));
            }
        }
    }
    all
}

/// The services of an item, or what is wrong with it and what to do.
fn parse(text: &str) -> Result<ServiceSet, (String, String)> {
    let (protocol, ports) = match text.split_once(' ') {
        Some((protocol, ports)) => (protocol, Some(ports.trim())),
        None if text.starts_with(|c: char| c.is_ascii_digit()) => ("tcp", Some(text)),
        None => (text, None),
    };
    let whole = |protocol| (ServiceSet::protocol(protocol), protocol);
    let (services, number) = match protocol {
        "all" => (ServiceSet::all(), 0),
        "tcp" => whole(TCP),
        "udp" => whole(UDP),
        "icmp" => whole(ICMP),
        "icmpv6" => whole(ICMPV6),
        word => {
            let help = match nearest(word, WORDS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    "write a port (443), a range (8000-8100), or `udp 53`, `icmp`, `all`".into()
                }
            };
            return Err((format!("unknown protocol {}", quoted(word)), help));
        }
    };
    let Some(ports) = ports else {
        return Ok(services);
    };
    if !matches!(number, TCP | UDP) {
        let title = format!("{} has no ports", quoted(protocol));
        return Err((title, format!("write `{protocol}` alone")));
    }
    let (low, high) = ports.split_once('-').unwrap_or((ports, ports));
    let (low, high) = (port(low)?, port(high)?);
    if low > high {
        let title = format!("the range {} is backwards", quoted(ports));
        return Err((title, format!("write `{high}-{low}`")));
    }
    Ok(ServiceSet::ports(number, low, high))
}

fn port(text: &str) -> Result<u16, (String, String)> {
    let digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    // What has digits only and can't be read is too large.
    text.parse().ok().filter(|_| digits).ok_or_else(|| {
        let title = format!("{} is not a port", quoted(text));
        let help = if digits {
            "ports are from 0 to 65535"
        } else {
            "write a port (443), a range (8000-8100), or `udp 53`, `icmp`, `all`"
        };
        (title, help.to_owned())
    })
}
