//! What a farm file or a URL says of the farm that is probed, and the credentials that the
//! environment has.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use farmgate_client::probe::permit::{self, Refused};
use farmgate_client::probe::target::{AccessKey, ApiKey, Bounds, Secret, Server, Way};
use farmgate_client::probe::{Target, Trust};
use farmgate_farm::farm::Farm;
use farmgate_farm::gate::{self, Authentication, Config, SIGV4_SERVICE, Upstream};
use secrecy::SecretString;

use super::{farm, input, unreadable};
use crate::args;
use crate::problem::{Failure, environment};

/// The headers of API keys, where no farm says them.
const KEY_HEADER: &str = "x-api-key";
const GROUP_HEADER: &str = "x-group-name";

/// The longest file of certificates that is read.
const MOST_BYTES: u64 = 4 << 20;

/// A URL, in its parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) secure: bool,
    pub(super) host: String,
    pub(super) port: u16,
    path: String,
}

/// The target of a farm file's public URL, or of a URL.
///
/// # Errors
/// If it may not be asked, or something that was named isn't there.
pub(super) fn target(args: &args::Probe) -> Result<Target, Failure> {
    let url = args.target.as_deref().filter(|target| target.contains("://"));
    if let (Some(url), None) = (url, &args.farm) {
        return of_url(&Url::parse(url)?, args);
    }
    let (_, file) = farm(args.named(), args.env.as_deref())?;
    let farm = &file.farm;
    let domain = farm.ingress.domain.name.as_str();
    let url = match url {
        Some(url) => Url::parse(url)?,
        None => Url::of(domain),
    };
    let mut target = place(&url, &[domain.to_owned()], args.ca.as_deref())?;
    describe(&mut target, farm, &config(farm), |_, way| given(way, args))?;
    target.own_address = args.address;
    if !target.is_local() {
        target.gates = u32::try_from(farm.gate.max.get()).unwrap_or(u32::MAX);
    }
    Ok(target)
}

/// A URL of this machine, of which nothing else is known.
fn of_url(url: &Url, args: &args::Probe) -> Result<Target, Failure> {
    let mut target = place(url, &[], args.ca.as_deref())?;
    let ways = [
        Authentication::ApiKeys {
            store: String::new(),
            header: KEY_HEADER.to_owned(),
            group_header: args.group.is_some().then(|| GROUP_HEADER.to_owned()),
        },
        Authentication::Sigv4IssuedKeys {
            store: String::new(),
            region: region(args),
            service: args.service.clone().unwrap_or_else(|| SIGV4_SERVICE.to_owned()),
            replay: gate::Replay::default(),
            unsigned_payload: false,
        },
        Authentication::StsProof {
            principals: Vec::new(),
            regions: vec![region(args)],
            audience: url.host.clone(),
        },
    ];
    // What isn't given isn't known to be taken.
    let asked = [args.api_key_env.is_some(), args.sigv4, args.sts_proof];
    let ways = ways.iter().zip(asked).filter(|(_, asked)| *asked);
    let ways = ways.map(|(way, _)| given(way, args)).collect::<Result<_, _>>()?;
    target.servers = vec![Server {
        name: url.path.trim_matches('/').to_owned(),
        path: url.path.clone(),
        route: url.path.clone(),
        addresses: Vec::new(),
        ways,
    }];
    target.own_address = args.address;
    target.secrets = secrets(&target);
    Ok(target)
}

/// The gate's configuration as the farm says it; where servers are isn't asked of it.
pub(super) fn config(farm: &Farm) -> Config {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    gate::config(farm, Vec::new(), |_, _| Upstream::plain(nowhere))
}

/// A farm of which only the place is known, and who is believed to be it.
///
/// # Errors
/// If it may not be asked, or nobody is believed.
pub(super) fn place(url: &Url, named: &[String], ca: Option<&Path>) -> Result<Target, Failure> {
    let literal = url.host.parse::<IpAddr>().is_ok_and(|it| it.to_canonical().is_loopback());
    if !url.secure && !literal && !url.host.eq_ignore_ascii_case("localhost") {
        let message = "a farm is probed over https; http is for this machine alone".to_owned();
        return Err(input("not-permitted", message, ""));
    }
    let addresses = permit::addresses(&url.host, named).map_err(|refused| {
        if let Refused::Unknown(..) = refused {
            return environment("nothing-answers", refused.to_string());
        }
        let help = match refused {
            Refused::Foreign(_) => "name its farm file with `--farm`, if it is your farm",
            _ => "",
        };
        input("not-permitted", refused.to_string(), help)
    })?;
    let trust = if url.secure { Some(trust(ca)?) } else { None };
    Ok(Target { port: url.port, addresses, trust, ..Target::of_host(&url.host) })
}

/// What a farm says of itself; `ways` gives each way to prove who calls its credentials.
///
/// # Errors
/// Those of `ways`.
pub(super) fn describe(
    target: &mut Target,
    farm: &Farm,
    config: &Config,
    mut ways: impl FnMut(&str, &Authentication) -> Result<Way, Failure>,
) -> Result<(), Failure> {
    for (name, server) in gate::enabled(farm) {
        let Some(known) = config.servers.get(name.as_str()) else { continue };
        let of_server = known.authentication.iter().map(|way| ways(name.as_str(), way));
        let of_server = of_server.collect::<Result<Vec<_>, _>>()?;
        target.servers.push(Server {
            name: name.as_str().to_owned(),
            path: farmgate_farm::routes::endpoint(server),
            route: known.route.clone(),
            addresses: Vec::new(),
            ways: of_server,
        });
    }
    target.farm = config.farm.clone();
    target.allow = Some(config.allow.clone());
    target.default = Some(config.default.clone());
    target.bounds = Some(Bounds {
        head_bytes: config.limits.head_bytes,
        body_bytes: config.limits.body_bytes,
        per_address: config.limits.per_address,
    });
    target.secrets = secrets(target);
    Ok(())
}

/// The credentials themselves, which no answer may have in it.
fn secrets(target: &Target) -> Vec<Secret> {
    let ways = target.servers.iter().flat_map(|server| &server.ways);
    let texts = ways.flat_map(|way| -> Vec<SecretString> {
        match way {
            Way::ApiKey { keys, .. } => keys.iter().map(|key| key.key.clone()).collect(),
            Way::Signature { keys, .. } => keys.iter().map(|key| key.secret.clone()).collect(),
            Way::StsProof { key, .. } => key.iter().map(|key| key.secret.clone()).collect(),
            Way::Other(_) => Vec::new(),
        }
    });
    texts.map(|text| Secret { what: "a credential of the probe".to_owned(), text }).collect()
}

/// Whose certificates are believed.
///
/// # Errors
/// If there are none.
fn trust(ca: Option<&Path>) -> Result<Trust, Failure> {
    let Some(file) = ca else {
        return Trust::system().map_err(|error| {
            input("bad-ca", error, "name the authority's certificate with `--ca`")
        });
    };
    let read = |file: &Path| -> std::io::Result<String> {
        use std::io::Read as _;
        let mut text = String::new();
        std::fs::File::open(file)?.take(MOST_BYTES).read_to_string(&mut text)?;
        Ok(text)
    };
    let text = read(file).map_err(|error| unreadable(file, &error))?;
    Trust::authorities(&text)
        .map_err(|error| input("bad-ca", format!("{}: {error}", file.display()), ""))
}

// === credentials ===

/// A way to prove who calls, with what the environment has for it.
pub(super) fn given(way: &Authentication, args: &args::Probe) -> Result<Way, Failure> {
    Ok(match way {
        Authentication::ApiKeys { header, group_header, .. } => {
            let key = |name: &Option<String>, group: &Option<String>| match name {
                None => Ok(None),
                Some(name) => {
                    let key = variable(name)?;
                    Ok(Some(ApiKey { key, group: group.clone() }))
                }
            };
            let first = key(&args.api_key_env, &args.group)?;
            let other = key(&args.other_api_key_env, &args.other_group)?;
            Way::ApiKey {
                header: header.clone(),
                group_header: group_header.clone(),
                keys: first.into_iter().chain(other).collect(),
            }
        }
        Authentication::Sigv4IssuedKeys { region, service, .. } => Way::Signature {
            region: args.region.clone().unwrap_or_else(|| region.clone()),
            service: args.service.clone().unwrap_or_else(|| service.clone()),
            keys: if args.sigv4 { vec![access_key()?] } else { Vec::new() },
        },
        Authentication::StsProof { regions, audience, .. } => Way::StsProof {
            region: args.region.clone().or_else(|| regions.first().cloned()).unwrap_or_default(),
            audience: audience.clone(),
            key: if args.sts_proof { Some(access_key()?) } else { None },
        },
        other => Way::Other(other.words().to_owned()),
    })
}

fn region(args: &args::Probe) -> String {
    let named = args.region.clone().or_else(|| std::env::var("AWS_REGION").ok());
    named.unwrap_or_else(|| "us-east-1".to_owned())
}

/// The credentials that tools of AWS take from the environment.
fn access_key() -> Result<AccessKey, Failure> {
    use secrecy::ExposeSecret as _;
    let id = variable("AWS_ACCESS_KEY_ID")?.expose_secret().to_owned();
    let token = std::env::var("AWS_SESSION_TOKEN").ok().filter(|token| !token.is_empty());
    let secret = variable("AWS_SECRET_ACCESS_KEY")?;
    Ok(AccessKey { id, secret, token: token.map(SecretString::from) })
}

fn variable(name: &str) -> Result<SecretString, Failure> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    // A header takes it as it is: what would end a line is no key.
    let value = value.filter(|value| value.bytes().all(|byte| byte.is_ascii_graphic()));
    value.map(SecretString::from).ok_or_else(|| {
        let message = format!("there is no key in the environment variable `{name}`");
        input("no-key", message, "set it, or leave the option out: then less is tested")
    })
}

// === impl Url ===

impl Url {
    fn of(domain: &str) -> Self {
        Self { secure: true, host: domain.to_owned(), port: 443, path: "/".to_owned() }
    }

    /// `https://HOST[:PORT][/PATH]`, without credentials, query or fragment.
    ///
    /// # Errors
    /// If it is none.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = || {
            let message = format!("`{text}` is no URL of a farm");
            input("bad-url", message, "as `https://127.0.0.1:8443/hello/mcp`")
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(wrong()),
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let clean = |text: &str| text.bytes().all(|it| it.is_ascii_graphic());
        if authority.contains(['@', '\\']) || path.contains(['?', '#', '\\']) || !clean(rest) {
            return Err(wrong());
        }
        let parsed: http::uri::Authority = authority.parse().map_err(|_| wrong())?;
        let host = parsed.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let usual = if secure { 443 } else { 80 };
        let port = match authority.rsplit_once(':') {
            Some((_, port)) if !port.ends_with(']') => port.parse().map_err(|_| wrong())?,
            _ => usual,
        };
        let known = !host.is_empty() && (host.parse::<IpAddr>().is_ok() || !host.contains(':'));
        known.then(|| Self { secure, host, port, path: path.to_owned() }).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parsed(text: &str) -> Option<(bool, String, u16, String)> {
        let url = Url::parse(text).ok()?;
        Some((url.secure, url.host, url.port, url.path))
    }

    #[test]
    fn urls_are_taken_apart_and_nothing_is_hidden_in_them() {
        let of = |secure, host: &str, port, path: &str| {
            Some((secure, host.to_owned(), port, path.to_owned()))
        };
        assert_eq!(parsed("https://a.example.com"), of(true, "a.example.com", 443, "/"));
        assert_eq!(parsed("HTTPS://127.0.0.1:8443/x/mcp"), of(true, "127.0.0.1", 8443, "/x/mcp"));
        assert_eq!(parsed("http://[::1]:80/m"), of(false, "::1", 80, "/m"));
        assert_eq!(parsed("https://[::1]/m"), of(true, "::1", 443, "/m"));
        for wrong in [
            "https://localhost@evil.example.com/",
            "https://127.0.0.1\\@evil.example.com/",
            "https:///x",
            "https://a:b:c/",
            "https://a:99999/",
            "https://a/?x",
            "https://a/ b",
            "ftp://a/",
            "a/b",
        ] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
