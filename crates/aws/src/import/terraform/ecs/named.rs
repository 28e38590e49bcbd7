//! Names in containers of what exists only after apply: an image in a repository that the same plan
//! makes, a secret that it makes, the host name of a load balancer.
//!
//! What AWS makes of most of them is documented, and depends on names that are known before. Of an
//! account that isn't known `*` says so, as in ARNs elsewhere. Host names can't be told before; each
//! gets a stand-in by which the model finds what is called so (its aliases).

use serde_json::Value;

use super::super::graph::{Graph, Resource};
use crate::model::{Key, Model};

/// Where the name of something that exists only after apply begins in a text, and where it ends. To
/// Unicode they are no characters, so that no text holds them.
pub(in super::super::super) const NAME_MARKS: [char; 2] = ['\u{FDD0}', '\u{FDD1}'];

/// How deep parts of a container may be nested.
const DEEPEST: usize = 16;

/// Puts what AWS makes of the names into the texts of a container; where that can't be told, the text
/// isn't known.
pub(super) fn settle(graph: &Graph, model: &Model, item: &mut Value, doubt: &mut Value) {
    let of = Of { graph, model, variable: false };
    of.within(item, doubt, 0);
}

struct Of<'g> {
    graph: &'g Graph,
    model: &'g Model,
    /// Whether it is the value of an environment variable, in which only hosts are looked for.
    variable: bool,
}

impl Of<'_> {
    fn within(&self, item: &mut Value, doubt: &mut Value, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match (item, doubt) {
            (item @ Value::String(_), doubt @ Value::Number(_)) => {
                match item.as_str().map(|text| self.told(text)) {
                    Some(Ok(text)) => (*item, *doubt) = (Value::String(text), Value::Null),
                    Some(Err(reason)) => (*item, *doubt) = (Value::Null, Value::String(reason)),
                    None => {}
                }
            }
            (Value::Array(items), Value::Array(doubts)) => {
                for (item, doubt) in items.iter_mut().zip(doubts) {
                    self.within(item, doubt, depth + 1);
                }
            }
            (Value::Object(members), Value::Object(doubts)) => {
                for (name, doubt) in doubts {
                    if let Some(member) = members.get_mut(name) {
                        let variable = self.variable || name == "environment";
                        Self { variable, ..*self }.within(member, doubt, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    /// A text with what AWS makes of the names in it; or why that can't be told.
    fn told(&self, text: &str) -> Result<String, String> {
        let [open, close] = NAME_MARKS;
        let mut parts = text.split(open);
        let mut made = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once(close).unwrap_or((part, ""));
            let found = name.rsplit_once('.').and_then(|(address, attribute)| {
                let resource = self.graph.get(&Key::new(address))?;
                let found = of_resource(self.graph, self.model, resource, attribute);
                found.or_else(|| self.variable.then(|| no_host(resource, attribute)).flatten())
            });
            let Some(found) = found else {
                return Err(format!("is known only after apply: it uses `{name}`"));
            };
            made.push_str(&found);
            made.push_str(rest);
        }
        Ok(made)
    }
}

/// What stands for an ARN or an id that is no host's: in an environment nothing else is looked for.
fn no_host(resource: &Resource, attribute: &str) -> Option<String> {
    let is_arn =
        matches!(attribute, "arn" | "qualified_arn" | "arn_without_revision" | "invoke_arn");
    let stands = is_arn && resource.kind.starts_with("aws_");
    stands.then(|| "arn:aws:known-after-apply".to_owned())
}

/// What an attribute of a resource comes to.
fn of_resource(
    graph: &Graph,
    model: &Model,
    resource: &Resource,
    attribute: &str,
) -> Option<String> {
    if let Some(known) = resource.text(attribute) {
        return Some(known.to_owned());
    }
    let kind = resource.kind.as_str();
    if let Some((host, port)) = host(resource, attribute) {
        return Some(match port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        });
    }
    // Another provider's region may be another.
    if graph.written(resource).is_some_and(|written| written.provider.is_some()) {
        return None;
    }
    let name = resource.text("name")?;
    let region = model.region.as_deref().unwrap_or("*");
    let account = model.account.as_deref().unwrap_or("*");
    let (partition, suffix) = match region {
        region if region.starts_with("cn-") => ("aws-cn", "amazonaws.com.cn"),
        region if region.starts_with("us-gov-") => ("aws-us-gov", "amazonaws.com"),
        _ => ("aws", "amazonaws.com"),
    };
    match (kind, attribute) {
        ("aws_ecr_repository", "repository_url") => {
            Some(format!("{account}.dkr.ecr.{region}.{suffix}/{name}"))
        }
        // Without the six characters that Secrets Manager appends: ECS takes it so.
        ("aws_secretsmanager_secret", "arn" | "id") => {
            Some(format!("arn:{partition}:secretsmanager:{region}:{account}:secret:{name}"))
        }
        ("aws_ssm_parameter", "arn") => {
            let name = name.trim_start_matches('/');
            Some(format!("arn:{partition}:ssm:{region}:{account}:parameter/{name}"))
        }
        ("aws_ssm_parameter", "id") => Some(name.to_owned()),
        _ => None,
    }
}

/// The stand-in for a host name that AWS gives, and the port that an attribute adds to it. It is one of
/// its own for each resource.
pub(in super::super) fn host(
    resource: &Resource,
    attribute: &str,
) -> Option<(String, Option<u64>)> {
    let with_port = match (resource.kind.as_str(), attribute) {
        ("aws_lb" | "aws_alb", "dns_name")
        | ("aws_db_instance", "address")
        | ("aws_rds_cluster", "endpoint" | "reader_endpoint") => false,
        ("aws_db_instance", "endpoint") => true,
        _ => return None,
    };
    // Where it isn't given it is the engine's, which the model knows.
    let port = resource.value.get("port").and_then(Value::as_u64);
    // Each character in a form of its own, so that no two addresses have one name.
    let mut host = String::new();
    for c in resource.key.as_str().chars() {
        match c {
            'a'..='z' | '0'..='9' => host.push(c),
            other => host.push_str(&format!("-{:x}-", u32::from(other))),
        }
    }
    Some((format!("{host}.known-after-apply"), port.filter(|_| with_port)))
}
