//! The key for this run, and whether the farm's rules let its holder do anything.

use farmgate_farm::gate::Config;
use farmgate_gate::authz::Authorizer;
use farmgate_keys::{ApiKeys, NewKey, Principal, Unchanged};
use secrecy::SecretString;

use crate::problem::{Failure, Problem};

/// The name of the key: its principal is `key:local`.
const NAME: &str = "local";

/// The key for this run. It is nowhere but in memory.
pub(super) struct RunKey {
    /// It, if it was made: it is shown once.
    pub(super) made: Option<SecretString>,
    /// Its store, as the gate reads it.
    pub(super) store: SecretString,
    /// Who comes with it.
    pub(super) principal: Principal,
}

/// Makes a key, or takes that of an environment variable.
///
/// # Errors
/// If the variable has none, or one that isn't fit to be a key.
pub(super) fn key(group: &str, variable: Option<&str>, now: i64) -> Result<RunKey, Failure> {
    let mut keys = ApiKeys::default();
    let new = NewKey { name: Some(NAME.to_owned()), group: Some(group.to_owned()), expires: None };
    let made = match variable {
        None => Some(keys.add(&new, now).map_err(|why| unfit(&why, None))?.0),
        Some(variable) => {
            let key = std::env::var(variable).map_err(|_| missing(variable))?;
            let key = SecretString::from(key);
            keys.take(&key, &new, now).map_err(|why| unfit(&why, Some(variable)))?;
            None
        }
    };
    let principal = Principal {
        subject: format!("key:{NAME}"),
        groups: vec![group.to_owned()],
        kind: "api_key",
    };
    Ok(RunKey { made, store: SecretString::from(keys.text()), principal })
}

/// The servers of whose tools the rules leave this principal none.
pub(super) fn refused(config: &Config, principal: &Principal) -> Vec<String> {
    let authorizer = Authorizer::new(&config.tools);
    if authorizer.is_open() {
        return Vec::new();
    }
    // A pattern of tools is one of the tools that it matches.
    let tools: Vec<&str> =
        config.tools.iter().flat_map(|rule| &rule.tools).map(String::as_str).collect();
    let may = |server: &str| tools.iter().any(|tool| authorizer.allows(principal, server, tool));
    config.servers.keys().filter(|server| !may(server)).cloned().collect()
}

fn missing(variable: &str) -> Failure {
    problem(
        format!("`--key-env`: there is no key in the environment variable `{variable}`"),
        "make one with `farmgate key add`, or leave the option out: then one is made",
    )
}

fn unfit(why: &Unchanged, variable: Option<&str>) -> Failure {
    match variable {
        Some(variable) => problem(
            format!("the key in `{variable}` can't be taken: {why}"),
            "it has to be written as `farmgate key add` writes keys",
        ),
        None => problem(
            format!("no key can be made: {why}"),
            "a group has letters, digits and `.`, `_`, `-`, `@`",
        ),
    }
}

fn problem(message: String, help: &str) -> Failure {
    Failure::input(vec![Problem::Plain {
        code: "bad-key",
        file: None,
        message,
        help: Some(help.to_owned()),
    }])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use farmgate_farm::gate::{self, Upstream};

    use super::*;

    /// The configuration of a farm with two servers and these rules.
    fn config(rules: &str) -> Config {
        let text = format!(
            "farm: test\nregion: eu-central-1\ningress:\n  allow: [203.0.113.0/24]\n  domain: {{ \
             name: mcp.example.com, zone: Z0123456789ABCDEFGHIJ }}\nauth:\n  - api_keys: {{ store: \
             \"secretsmanager:test/keys\" }}\nservers:\n  a: {{ route: /a }}\n  b: {{ route: /b \
             }}\n{rules}"
        );
        let farm = farmgate_farm::farm::read(&text, &[]).expect("a farm");
        let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        gate::config(&farm, Vec::new(), |_, _| Upstream::plain(nowhere))
    }

    fn principal(group: &str) -> Principal {
        key(group, None, 0).map_err(|_| ()).expect("a key").principal
    }

    #[test]
    fn a_key_is_made_and_is_in_its_store() {
        let run = key("local", None, 0).map_err(|_| ()).expect("a key");
        let store = ApiKeys::parse(&run.store).expect("a store");
        let made = run.made.expect("it was made");
        let found = store.verify(secrecy::ExposeSecret::expose_secret(&made), 1).expect("known");
        assert_eq!((found.name.as_str(), found.group.as_deref()), ("local", Some("local")));
    }

    #[test]
    fn a_variable_without_a_key_is_told() {
        let Err(failure) = key("local", Some("FARMGATE_NO_SUCH_VARIABLE"), 0) else {
            panic!("there is none");
        };
        assert!(format!("{:?}", failure.problems).contains("FARMGATE_NO_SUCH_VARIABLE"));
    }

    #[test]
    fn rules_that_leave_nothing_are_found() {
        let open = config("");
        assert!(refused(&open, &principal("local")).is_empty());
        let ruled = config(
            "tools:\n  - allow: { principals: [\"group:researchers\"], server: a, tools: [\"run_*\"] }\n  - \
             allow: { principals: [\"key:local\"], server: b, tools: [act] }\n",
        );
        assert_eq!(refused(&ruled, &principal("local")), ["a"]);
        assert!(refused(&ruled, &principal("researchers")).is_empty());
    }
}
