//! The secrets with which the gate verifies callers here: stores of keys, which are files that it reads
//! again when they change; and what stands in for an API Gateway, which isn't here.

use farmgate_farm::farm::{Auth, Farm};
use farmgate_farm::gate::{self, Authentication, Config};
use farmgate_farm::word::SecretRef;
use farmgate_gate::Secrets;

use crate::problem::Failure;
use crate::secrets::Local;

/// What a secret holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    ApiKeys,
    AccessKeys,
    Gateway,
}

/// The gate's secrets, but for its own keys and the key of the run. Stores that aren't there are made,
/// without keys. Where nobody gives the secret of an API Gateway, nobody can call by way of one, and
/// the configuration is without it.
///
/// # Errors
/// If a store can't be read or written, or is refused.
pub(super) fn secrets(
    farm: &Farm,
    state: &Local,
    config: &mut Config,
    notes: &mut Vec<String>,
) -> Result<Secrets, Failure> {
    let mut secrets = Secrets::default();
    let mut without = false;
    for (variable, store) in gate::stores(farm) {
        match holds(farm, &store) {
            Some(Holds::ApiKeys) => secrets = secrets.file(&variable, state.store_file(&store)?),
            Some(Holds::AccessKeys) => {
                secrets = secrets.file(&variable, state.access_keys_file(&store)?);
            }
            Some(Holds::Gateway) => match state.secret(&store) {
                Ok(secret) => secrets = secrets.text(&variable, secret),
                Err(_) => without |= remove(config, &variable),
            },
            None => {}
        }
    }
    if without {
        notes.push(
            "there is no API Gateway here that verifies SigV4: `apigw_iam` lets in nobody"
                .to_owned(),
        );
    }
    Ok(secrets)
}

fn holds(farm: &Farm, store: &SecretRef) -> Option<Holds> {
    let own = gate::enabled(farm).filter_map(|(_, server)| server.auth.as_ref());
    std::iter::once(&farm.auth).chain(own).flatten().find_map(|way| match way {
        Auth::ApiKeys(keys) => (keys.store == *store).then_some(Holds::ApiKeys),
        Auth::SigV4IssuedKeys(keys) => (keys.store == *store).then_some(Holds::AccessKeys),
        Auth::ApigwIam(gateway) => (gateway.secret == *store).then_some(Holds::Gateway),
        Auth::StsProof(_) | Auth::Oauth(_) => None,
    })
}

/// Takes a way that needs this secret from the servers that are run; whether one had it.
fn remove(config: &mut Config, variable: &str) -> bool {
    let mut any = false;
    for server in config.servers.values_mut() {
        let before = server.authentication.len();
        server.authentication.retain(
            |way| !matches!(way, Authentication::ApigwIam { secret, .. } if secret == variable),
        );
        any |= server.authentication.len() < before;
    }
    any
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use farmgate_farm::gate::Upstream;

    use super::*;

    fn farm() -> Farm {
        let text = "farm: test\nregion: eu-central-1\ningress:\n  allow: [203.0.113.0/24]\n  domain: { \
                    name: mcp.example.com, zone: Z0123456789ABCDEFGHIJ }\nauth:\n  - api_keys: { \
                    store: \"secretsmanager:test/keys\" }\n  - sigv4_issued_keys: { store: \
                    \"secretsmanager:test/pairs\" }\nservers:\n  a: { route: /a }\n  b:\n    route: \
                    /b\n    auth:\n      - apigw_iam: { secret: \"secretsmanager:test/gateway\", \
                    principals: [\"arn:aws:sts::123456789012:assumed-role/agents/*\"] }\n";
        farmgate_farm::farm::read(text, &[]).expect("a farm")
    }

    #[test]
    fn stores_are_files_and_an_api_gateway_that_is_not_here_lets_in_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let state = Local::open(&folder.path().join("farm.yaml")).map_err(|_| ()).unwrap();
        let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        let farm = farm();
        let mut config = gate::config(&farm, Vec::new(), |_, _| Upstream::plain(nowhere));
        let mut notes = Vec::new();
        let secrets = secrets(&farm, &state, &mut config, &mut notes).map_err(|_| ()).unwrap();
        for variable in ["FARMGATE_STORE_1", "FARMGATE_STORE_2"] {
            assert!(secrets.get(variable).is_ok(), "{variable}");
        }
        assert!(secrets.get("FARMGATE_STORE_3").is_err());
        assert_eq!(config.servers.get("a").unwrap().authentication.len(), 2);
        assert!(config.servers.get("b").unwrap().authentication.is_empty());
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn an_api_gateways_secret_that_is_given_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let given = folder.path().join("farm.secrets");
        std::fs::write(
            &given,
            "\"secretsmanager:test/gateway\": \"a secret of thirty-two letters\"\n",
        )
        .unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&given, private).unwrap();
        let state = Local::open(&folder.path().join("farm.yaml")).map_err(|_| ()).unwrap();
        let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        let farm = farm();
        let mut config = gate::config(&farm, Vec::new(), |_, _| Upstream::plain(nowhere));
        let mut notes = Vec::new();
        let secrets = secrets(&farm, &state, &mut config, &mut notes).map_err(|_| ()).unwrap();
        assert!(secrets.get("FARMGATE_STORE_3").is_ok() && notes.is_empty());
        assert_eq!(config.servers.get("b").unwrap().authentication.len(), 1);
    }
}
