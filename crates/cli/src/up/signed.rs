//! How callers who sign with SigV4 connect: commands that can be pasted.

use std::path::Path;

use farmgate_farm::gate::{Authentication, Config};

use super::connect::word;

/// What the farm wants of callers who sign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Signed {
    /// Region and service for which clients sign with keys of the farm.
    pub(super) scope: Option<(String, String)>,
    /// What a proof for STS has to be made for.
    pub(super) audience: Option<String>,
}

/// How to connect, as it is shown.
pub(super) struct Place<'a> {
    /// The farm file, if it isn't `farm.yaml` in this folder.
    pub(super) farm: Option<&'a Path>,
    /// The group for which a key is issued.
    pub(super) group: &'a str,
    /// The URL of a server.
    pub(super) url: &'a str,
    /// The authority's certificate.
    pub(super) ca: &'a str,
}

// === impl Signed ===

impl Signed {
    /// Of the servers that are run: the first that says so.
    pub(super) fn of(config: &Config) -> Self {
        let mut signed = Self::default();
        for way in config.servers.values().flat_map(|server| &server.authentication) {
            match way {
                Authentication::Sigv4IssuedKeys { region, service, .. } => {
                    signed.scope.get_or_insert_with(|| (region.clone(), service.clone()));
                }
                Authentication::StsProof { audience, .. } => {
                    signed.audience.get_or_insert_with(|| audience.clone());
                }
                Authentication::ApiKeys { .. }
                | Authentication::ApigwIam { .. }
                | Authentication::Oauth { .. } => {}
            }
        }
        signed
    }

    /// The commands, each with what it is for; none if nobody signs.
    pub(super) fn commands(&self, place: &Place<'_>) -> Vec<(&'static str, String)> {
        let (url, ca) = (word(place.url), word(place.ca));
        let mut commands = Vec::new();
        if let Some((region, service)) = &self.scope {
            let farm = place.farm.map(|farm| word(&farm.to_string_lossy()));
            let farm = farm.map(|farm| format!(" --farm {farm}")).unwrap_or_default();
            let group = word(place.group);
            commands.push((
                "an access key of this farm, for the commands below",
                format!("eval \"$(farmgate key issue-sigv4 --group {group}{farm} | sed 's/^/export /')\""),
            ));
            commands.push((
                "signed with it, for any client on standard input",
                format!(
                    "farmgate connect {url} --sigv4 --region {region} --service {service} --ca {ca}"
                ),
            ));
            commands.push((
                "or by AWS's own proxy",
                format!(
                    "SSL_CERT_FILE={ca} mcp-proxy-for-aws {url} --region {region} --service {service}"
                ),
            ));
        }
        if let Some(audience) = &self.audience {
            commands.push((
                "with credentials of AWS, which STS verifies",
                format!("farmgate connect {url} --sts-proof --audience {audience} --ca {ca}"),
            ));
        }
        commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place {
        farm: None,
        group: "local",
        url: "https://127.0.0.1:8443/python/mcp",
        ca: "/a b/ca.pem",
    };

    #[test]
    fn who_signs_is_told_how() {
        assert!(Signed::default().commands(&PLACE).is_empty());
        let signed = Signed {
            scope: Some(("us-west-2".to_owned(), "execute-api".to_owned())),
            audience: Some("mcp.example.com".to_owned()),
        };
        let farm = Place { farm: Some(Path::new("farms/one.yaml")), ..PLACE };
        let commands: Vec<String> =
            signed.commands(&farm).into_iter().map(|(_, command)| command).collect();
        assert_eq!(
            commands,
            [
                "eval \"$(farmgate key issue-sigv4 --group local --farm farms/one.yaml | sed 's/^/export /')\"",
                "farmgate connect https://127.0.0.1:8443/python/mcp --sigv4 --region us-west-2 \
                 --service execute-api --ca '/a b/ca.pem'",
                "SSL_CERT_FILE='/a b/ca.pem' mcp-proxy-for-aws https://127.0.0.1:8443/python/mcp \
                 --region us-west-2 --service execute-api",
                "farmgate connect https://127.0.0.1:8443/python/mcp --sts-proof --audience \
                 mcp.example.com --ca '/a b/ca.pem'",
            ]
        );
    }
}
