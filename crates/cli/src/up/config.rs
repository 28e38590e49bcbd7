//! The gate's configuration on this machine: the farm's own, with servers on loopback, a key for
//! this run accepted beside the farm's ways, and nobody but this machine let in.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use farmgate_farm::farm::{Auth, Farm};
use farmgate_farm::gate::{self, AuditFile, Authentication, Config, ToolRule, Upstream};
use ipnet::IpNet;
use wildmatch::WildMatchPattern;

use super::plan::{BRIDGE_HEALTH, BUILTIN_CODES, Kind, Plan, Planned};

/// The variable of the store that has the key for this run.
pub(super) const RUN_STORE: &str = "FARMGATE_STORE_RUN";

/// The header with the key, where the farm names none.
const KEY_HEADER: &str = "x-api-key";

/// The longest time between probes here, in seconds: nobody wants to wait.
const LONGEST_INTERVAL: u64 = 5;

/// The longest time in which requests may end at a server that goes away, in seconds.
const LONGEST_DRAIN: u64 = 5;

/// Patterns as the gate reads them: `*` stands for any text, and nothing else for anything but itself.
type Pattern = WildMatchPattern<'*', '\0'>;

/// What isn't the farm's to say.
pub(super) struct Here {
    pub(super) listen: SocketAddr,
    pub(super) admin: SocketAddr,
    pub(super) audit: PathBuf,
    /// Whether the audit's lines go to the standard output too.
    pub(super) stdout: bool,
}

/// The header in which a client sends its key.
pub(super) fn key_header(farm: &Farm) -> String {
    let named = farm.auth.iter().find_map(|auth| match auth {
        Auth::ApiKeys(keys) => Some(keys.header.as_str().to_owned()),
        _ => None,
    });
    named.unwrap_or_else(|| KEY_HEADER.to_owned())
}

/// The configuration. Servers that aren't started aren't in it.
pub(super) fn config(farm: &Farm, plan: &Plan, here: Here) -> Config {
    let by_name: BTreeMap<&str, &Planned> =
        plan.servers.iter().map(|planned| (planned.name.as_str(), planned)).collect();
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    let mut config = gate::config(farm, Vec::new(), |name, _| match by_name.get(name.as_str()) {
        Some(planned) => upstream(planned),
        None => Upstream::plain(nowhere),
    });
    config.servers.retain(|name, _| by_name.contains_key(name.as_str()));
    let run = Authentication::ApiKeys {
        store: RUN_STORE.to_owned(),
        header: key_header(farm),
        group_header: None,
    };
    for (name, server) in &mut config.servers {
        server.authentication.insert(0, run.clone());
        server.health.interval = server.health.interval.min(LONGEST_INTERVAL);
        server.health.timeout = server.health.timeout.min(LONGEST_INTERVAL);
        server.drain = server.drain.min(LONGEST_DRAIN);
        match by_name.get(name.as_str()).map(|planned| (planned.kind, &planned.endpoint)) {
            Some((Kind::Bridge, _)) => {
                BRIDGE_HEALTH.clone_into(&mut server.health.path);
                "200".clone_into(&mut server.health.codes);
            }
            Some((Kind::Builtin, endpoint)) => {
                server.health.path.clone_from(endpoint);
                BUILTIN_CODES.clone_into(&mut server.health.codes);
            }
            Some((Kind::Http, _)) | None => {}
        }
    }
    config.tools = tools(farm, std::mem::take(&mut config.tools));
    config.hosts.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    config.allow = allowed(&here.listen, config.allow);
    config.listen = Some(here.listen);
    config.admin = Some(here.admin);
    config.audit.stdout = here.stdout;
    config.audit.file = Some(AuditFile { path: here.audit, rotate_bytes: 64 << 20, keep_days: 7 });
    config
}

/// As on Fargate: a bridge ends TLS with a certificate of its own making, and takes what is signed.
fn upstream(planned: &Planned) -> Upstream {
    let bridge = planned.kind == Kind::Bridge;
    Upstream { tls: bridge, bridge, ..Upstream::plain(planned.address) }
}

/// Only this machine; where the gate listens for others too, those whom the farm lets in. The farm
/// that lets in everybody says nobody, and then nobody is left out.
fn allowed(listen: &SocketAddr, of_farm: Vec<IpNet>) -> Vec<IpNet> {
    if !listen.ip().is_loopback() && of_farm.is_empty() {
        return of_farm;
    }
    let loopback: [IpNet; 2] = [
        ipnet::Ipv4Net::new_assert([127, 0, 0, 0].into(), 8).into(),
        ipnet::Ipv6Net::new_assert(std::net::Ipv6Addr::LOCALHOST, 128).into(),
    ];
    let others = if listen.ip().is_loopback() { Vec::new() } else { of_farm };
    loopback.into_iter().chain(others).collect()
}

/// The farm's rules; behind them, those for tools that only the commands on this machine have: who
/// may call any tool of such a server may call these. What a rule forbids stays forbidden, since the
/// first that matches decides.
fn tools(farm: &Farm, mut rules: Vec<ToolRule>) -> Vec<ToolRule> {
    let mut own = Vec::new();
    for (name, server) in gate::enabled(farm) {
        let Some(local) = server.local.as_ref().filter(|local| !local.tools.is_empty()) else {
            continue;
        };
        let tools: Vec<String> = local.tools.iter().map(|tool| tool.as_str().to_owned()).collect();
        for rule in rules.iter().filter(|rule| rule.allow) {
            if Pattern::new(&rule.server).matches(name.as_str()) {
                own.push(ToolRule {
                    allow: true,
                    principals: rule.principals.clone(),
                    server: name.as_str().to_owned(),
                    tools: tools.clone(),
                });
            }
        }
    }
    rules.extend(own);
    rules
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

    use farmgate_gate::authz::Authorizer;
    use farmgate_keys::Principal;

    use super::*;

    fn farm(rest: &str) -> Farm {
        let text = format!(
            "farm: test\nregion: eu-central-1\ningress:\n  allow: [203.0.113.0/24]\n  domain: {{ name: \
             mcp.example.com, zone: Z0123456789ABCDEFGHIJ }}\nauth:\n  - api_keys: {{ store: \
             \"secretsmanager:test/keys\", header: x-key, group_header: x-group }}\n{rest}"
        );
        farmgate_farm::farm::read(&text, &[]).expect("a farm")
    }

    fn here(listen: &str) -> Here {
        let admin = SocketAddr::from(([127, 0, 0, 1], 0));
        Here { listen: listen.parse().unwrap(), admin, audit: PathBuf::from("a"), stdout: false }
    }

    #[test]
    fn what_is_not_started_has_no_route() {
        let farm = farm("servers:\n  a: { route: /a }\n");
        let plan = Plan { servers: Vec::new(), left: Vec::new() };
        let config = config(&farm, &plan, here("127.0.0.1:0"));
        assert!(config.servers.is_empty());
        assert_eq!(key_header(&farm), "x-key");
    }

    #[test]
    fn only_this_machine_gets_in_unless_it_listens_for_others() {
        let loopback = |text: &str| {
            let blocks = allowed(&text.parse().unwrap(), vec!["203.0.113.0/24".parse().unwrap()]);
            blocks.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(loopback("127.0.0.1:1"), ["127.0.0.0/8", "::1/128"]);
        assert_eq!(loopback("0.0.0.0:1"), ["127.0.0.0/8", "::1/128", "203.0.113.0/24"]);
        // The farm lets in everybody: so does the gate, if it listens for them.
        assert!(allowed(&"0.0.0.0:1".parse().unwrap(), Vec::new()).is_empty());
        assert_eq!(allowed(&"127.0.0.1:1".parse().unwrap(), Vec::new()).len(), 2);
    }

    #[test]
    fn tools_of_local_commands_are_for_whom_the_rules_let_in_and_no_more() {
        let farm = farm(
            "servers:\n  a: { route: /a, local: { command: [x], tools: [look, \"run_*\"] } }\n  \
             b: { route: /b, local: { command: [x] } }\n\
             tools:\n  - deny: { principals: [\"group:guests\"], server: a, tools: [\"run_*\"] }\n  \
             - allow: { principals: [\"group:*\"], server: a, tools: [act] }\n  \
             - allow: { principals: [\"key:root\"], server: \"*\", tools: [\"*\"] }\n",
        );
        let plan = Plan { servers: Vec::new(), left: Vec::new() };
        let rules = Authorizer::new(&config(&farm, &plan, here("127.0.0.1:0")).tools);
        let may = |group: &str, server: &str, tool: &str| {
            let groups = vec![group.to_owned()];
            let who = Principal { subject: "key:x".to_owned(), groups, kind: "api_key" };
            rules.allows(&who, server, tool)
        };
        assert!(
            may("people", "a", "look") && may("people", "a", "run_it") && may("people", "a", "act")
        );
        assert!(!may("guests", "a", "run_it"), "what is denied stays denied");
        assert!(may("guests", "a", "look"));
        assert!(!may("people", "b", "look"), "another server's");
        assert!(!may("people", "a", "other"), "nobody names it");
    }
}
