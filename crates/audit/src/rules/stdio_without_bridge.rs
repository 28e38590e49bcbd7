//! `stdio-without-bridge`: MCP servers that speak over stdin and stdout where something expects HTTP.
//!
//! Only what a task definition says for certain: a transport that is named, or a server that is
//! known to have no other. What an image starts by itself no source shows.

use std::collections::BTreeSet;

use farmgate_aws::model::{Container, Key, Model};

use super::root_user::services_of;
use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "stdio-without-bridge",
        severity: Severity::High,
        title: "an MCP server speaks over stdio, and a port is to lead to it",
        why: "Nothing listens on the port: no request arrives and no health check passes. And as \
              nobody holds its stdin open in a container, the server ends as soon as it starts, so \
              ECS starts it again and again. Something has to turn HTTP into lines on stdin and back.",
        page: include_str!("../../../../docs/rules/stdio-without-bridge.md"),
    },
    run,
};

/// Servers of the Model Context Protocol project whose only transport is stdio, by package
/// (<https://github.com/modelcontextprotocol/servers>, `servers-archived`).
const STDIO_ONLY: [&str; 16] = [
    "@modelcontextprotocol/server-aws-kb-retrieval",
    "@modelcontextprotocol/server-brave-search",
    "@modelcontextprotocol/server-filesystem",
    "@modelcontextprotocol/server-gdrive",
    "@modelcontextprotocol/server-github",
    "@modelcontextprotocol/server-gitlab",
    "@modelcontextprotocol/server-google-maps",
    "@modelcontextprotocol/server-memory",
    "@modelcontextprotocol/server-postgres",
    "@modelcontextprotocol/server-puppeteer",
    "@modelcontextprotocol/server-redis",
    "@modelcontextprotocol/server-sequential-thinking",
    "@modelcontextprotocol/server-slack",
    "mcp-server-fetch",
    "mcp-server-git",
    "mcp-server-time",
];

/// What turns HTTP into stdio. With one of them in the command the rest is its business.
const BRIDGES: [&str; 9] = [
    "farmgate",
    "supergateway",
    "mcp-proxy",
    "mcpo",
    "mcp-bridge",
    "mcp-streamablehttp-proxy",
    "mcphost",
    "toolhive",
    "thv",
];

/// How many bytes of a command are looked at.
const MOST: usize = 64 * 1024;

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let definitions = model.task_definitions.iter().filter_map(|(key, definition)| {
        let containers = definition.containers.get()?.iter();
        let led_to = containers.filter(|container| is_led_to(model, key, container));
        let stdio = led_to.filter_map(|it| Some((it.name.as_str(), speaks_stdio(it)?)));
        let stdio: Vec<(&str, String)> = stdio.collect();
        (!stdio.is_empty()).then(|| finding(model, key, &stdio))
    });
    definitions.collect()
}

/// Whether something expects the container to listen: a load balancer that leads to it, or a port.
fn is_led_to(model: &Model, definition: &Key, container: &Container) -> bool {
    let runs = |key: &Option<Key>| key.as_ref() == Some(definition);
    let services = model.services.values();
    let mut services = services.filter(|it| it.task_definition.get().is_some_and(runs));
    !container.ports.is_empty()
        || services.any(|it| it.load_balancers.iter().any(|to| to.container == container.name))
}

/// What says that a container speaks over stdio alone.
fn speaks_stdio(container: &Container) -> Option<String> {
    let words = words(container);
    let is_bridge = |word: &&String| {
        let file = word.rsplit('/').next().unwrap_or_default();
        let name = file.split(['@', '=']).next().unwrap_or_default();
        BRIDGES.contains(&name)
    };
    let image = container.image.as_deref().unwrap_or_default();
    let bridged = BRIDGES.iter().any(|bridge| image.contains(bridge));
    if bridged || words.iter().any(|word| is_bridge(&word)) {
        return None;
    }
    let transport = |name: &str, value: &str| {
        let lower = name.to_ascii_lowercase();
        let about = lower == "transport" || lower.ends_with("_transport");
        about && value.trim().eq_ignore_ascii_case("stdio")
    };
    if let Some((name, _)) =
        container.environment.iter().find(|(name, value)| transport(name, value))
    {
        return Some(format!("`{name}` is `stdio`"));
    }
    if let Some(argument) = argument(&words) {
        return Some(format!("its command has `{argument}`"));
    }
    let speaks_http = |word: &String| {
        let lower = word.to_ascii_lowercase();
        ["http", "sse", "--port", "--host"].iter().any(|it| lower.contains(it))
    };
    if words.iter().any(speaks_http) {
        return None;
    }
    let package =
        words.iter().find_map(|word| STDIO_ONLY.into_iter().find(|it| is_package(word, it)));
    package.map(|package| format!("`{package}` has no other transport"))
}

/// The words of entry point and command; of a shell's script, its words.
fn words(container: &Container) -> Vec<String> {
    let run = &container.run;
    let all = run.entry_point.iter().chain(&run.command);
    let text: Vec<&str> = all.map(String::as_str).collect();
    let text = text.join(" ");
    let end = (0..=MOST.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    let text = text.get(..end.unwrap_or_default()).unwrap_or_default();
    let words =
        text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '&' | '|'));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The argument that asks for stdio.
fn argument(words: &[String]) -> Option<String> {
    for (at, word) in words.iter().enumerate() {
        let named = matches!(word.as_str(), "--transport" | "-t");
        match word.as_str() {
            "--stdio" | "--transport=stdio" => return Some(word.clone()),
            _ if named && words.get(at + 1).is_some_and(|next| next == "stdio") => {
                return Some(format!("{word} stdio"));
            }
            _ => {}
        }
    }
    None
}

/// A package, perhaps with a version, or as the module that it is run as.
fn is_package(word: &str, package: &str) -> bool {
    let rest = word.strip_prefix(package);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['@', '=']))
        || (!package.starts_with('@') && word == package.replace('-', "_"))
}

fn finding(model: &Model, key: &Key, stdio: &[(&str, String)]) -> Finding {
    let who = services_of(model, key);
    let told: BTreeSet<String> =
        stdio.iter().map(|(name, why)| format!("`{name}` ({why})")).collect();
    let title =
        format!("{} of {who} speaks over stdio only, and a port is to lead to it", listed(told));
    let fix = "run it behind a bridge, as `farmgate bridge -- COMMAND`, or start it with its HTTP \
               transport";
    RULE.info.finding(Severity::High, [key.clone()], title, fix)
}
