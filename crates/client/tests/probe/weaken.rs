//! Every control, switched off: by the gate's configuration, by a server that lets everybody in, or
//! by a front.

use std::sync::Arc;

use aws_sigv4::http_request::{SignableBody, SignableRequest};
use farmgate_client::probe::Target;
use farmgate_farm::gate::{Answer, Config, Rate, STS_PROOF_HEADER};
use farmgate_sigv4::sts;
use secrecy::{ExposeSecret as _, SecretString};

use crate::farm::{Callers, DOMAIN, Farm, REGION, SERVICE};
use crate::front::{self, Call, Undo};
use crate::signer;

/// What is taken from a farm.
pub(crate) struct Weakening {
    pub(crate) config: fn(&mut Config),
    pub(crate) open_server: bool,
    pub(crate) front: Option<fn(&Callers) -> Undo>,
}

impl Weakening {
    pub(crate) const NONE: Self = Self { config: |_| {}, open_server: false, front: None };

    pub(crate) const fn config(config: fn(&mut Config)) -> Self {
        Self { config, ..Self::NONE }
    }

    pub(crate) const fn front(front: fn(&Callers) -> Undo) -> Self {
        Self { front: Some(front), ..Self::NONE }
    }

    /// Where the farm is asked.
    pub(crate) fn target(&self, farm: &Farm) -> Target {
        let gate = farm.gate.address();
        let port = match self.front {
            None => gate.port(),
            Some(undo) => front::start(gate, undo(&farm.callers)).port(),
        };
        farm.target(port)
    }
}

/// The control, and what switches it off.
pub(crate) fn weakening(control: &str) -> Weakening {
    match control {
        "no-credential" => Weakening::front(lends_a_key),
        "wrong-key" => Weakening::front(takes_any_key),
        "forged-group" => Weakening::front(ignores_the_group),
        "signature-expired" => Weakening::front(|it| resigns(it, is_old)),
        "signature-tampered" => Weakening::front(|it| resigns(it, is_tampered)),
        "signature-wrong-region" => {
            Weakening::front(|it| resigns(it, |call| part(call, 2) != REGION))
        }
        "signature-wrong-service" => {
            Weakening::front(|it| resigns(it, |call| part(call, 3) != SERVICE))
        }
        "proof-for-another-farm" => Weakening::front(takes_any_audience),
        "session-of-another-principal" => Weakening::front(believes_sessions),
        "address-allowed" => Weakening::front(|_| {
            Undo::Answer("HTTP/1.1 403 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }),
        "address-refused" => Weakening::config(|config| config.allow.clear()),
        "x-forwarded-for-from-strangers" => Weakening::config(|config| {
            config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        }),
        "server-port-past-the-gate" => Weakening { open_server: true, ..Weakening::NONE },
        "admin-port" => Weakening::config(|config| {
            config.admin = Some("0.0.0.0:0".parse().unwrap());
        }),
        "plain-http" => Weakening::front(|_| Undo::Plain),
        "weak-tls" => Weakening::front(|_| Undo::OldTls),
        "foreign-host" => Weakening::front(believes_hosts),
        "foreign-origin" => Weakening::front(|_| rewrite(|call| call.remove("origin"))),
        "header-and-body-disagree" => Weakening::front(|_| {
            rewrite(|call| {
                if call.header("x-api-key").is_some() {
                    call.remove("mcp-method");
                }
            })
        }),
        "request-smuggling" => Weakening::front(|_| Undo::Repair),
        "oversize" => Weakening::config(|config| config.limits.body_bytes = 64 << 20),
        "health-answer" => Weakening::front(|_| {
            respond(|call, answer| match call.path.as_str() {
                "/health" => b"HTTP/1.1 200 OK\r\ncontent-length: 37\r\n\r\n\
                               {\"status\":\"ok\",\"version\":\"1.2.3 beta\"}"
                    .to_vec(),
                _ => answer,
            })
        }),
        "default-answer" => Weakening::config(|config| {
            config.default = Answer { status: 200, body: "{\"it\":\"works\"}".to_owned() };
        }),
        "rate-limit" => Weakening::config(|config| {
            config.limits.per_address = Rate { requests: 1_000_000, seconds: 60 };
        }),
        "secrets-in-answers" => Weakening::front(|_| {
            respond(|_, answer| {
                let text = String::from_utf8_lossy(&answer).into_owned();
                text.replacen("\r\n", "\r\nfarmgate-principal: v1.abc\r\n", 1).into_bytes()
            })
        }),
        other => panic!("`{other}` isn't switched off by anything: a control needs a weakening"),
    }
}

fn rewrite(change: impl Fn(&mut Call) + Send + Sync + 'static) -> Undo {
    Undo::Rewrite(Arc::new(change))
}

fn respond(change: impl Fn(&Call, Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Undo {
    Undo::Respond(Arc::new(change))
}

fn has_credential(call: &Call) -> bool {
    ["x-api-key", "authorization", STS_PROOF_HEADER].iter().any(|it| call.header(it).is_some())
}

fn lends_a_key(callers: &Callers) -> Undo {
    let key = callers.keys[0].clone();
    rewrite(move |call| {
        // The limit of rates counts such calls as well: then they cost their server nothing.
        if call.method == "POST" && call.path.ends_with("/mcp") && !has_credential(call) {
            call.set("x-api-key", key.key.expose_secret());
            call.set("x-group-name", key.group.as_deref().unwrap());
        }
    })
}

fn takes_any_key(callers: &Callers) -> Undo {
    let keys = callers.keys.clone();
    rewrite(move |call| {
        let known = |key: &str| keys.iter().any(|known| known.key.expose_secret() == key);
        if call.header("x-api-key").is_some_and(|key| !known(key)) {
            call.set("x-api-key", keys[0].key.expose_secret());
            call.set("x-group-name", keys[0].group.as_deref().unwrap());
        }
    })
}

fn ignores_the_group(callers: &Callers) -> Undo {
    let keys = callers.keys.clone();
    rewrite(move |call| {
        let own = keys.iter().find(|it| call.header("x-api-key") == Some(it.key.expose_secret()));
        if let Some(own) = own {
            call.set("x-group-name", own.group.as_deref().unwrap());
        }
    })
}

/// A session's id is taken for a credential.
fn believes_sessions(callers: &Callers) -> Undo {
    let keys = callers.keys.clone();
    rewrite(move |call| {
        if call.header("mcp-session-id").is_some() && call.header("x-api-key").is_some() {
            call.set("x-api-key", keys[0].key.expose_secret());
            call.set("x-group-name", keys[0].group.as_deref().unwrap());
        }
    })
}

fn believes_hosts(_: &Callers) -> Undo {
    rewrite(|call| {
        if call.header("x-api-key").is_some() {
            call.set("host", "127.0.0.1");
        }
    })
}

// === signatures ===

/// Part of the credential scope: the key's id, the date, the region, the service.
fn part(call: &Call, index: usize) -> &str {
    let scope = call.header("authorization").and_then(|it| it.split_once("Credential="));
    let scope = scope.and_then(|(_, rest)| rest.split_once(',')).map_or("", |(scope, _)| scope);
    scope.split('/').nth(index).unwrap_or_default()
}

fn is_old(call: &Call) -> bool {
    let now = jiff::Timestamp::now().as_second();
    let date = call.header("x-amz-date").unwrap_or_default();
    let format = "%Y%m%dT%H%M%SZ%z";
    let signed = jiff::Timestamp::strptime(format, format!("{date}+0000")).unwrap().as_second();
    (now - signed).abs() > 600
}

/// The right key, scope and time: what is left is that something was changed.
fn is_tampered(call: &Call) -> bool {
    let changed = String::from_utf8_lossy(&call.body).contains("farmgate-forge")
        || call.path.contains('?')
        || call.header("mcp-method").is_some();
    part(call, 2) == REGION && part(call, 3) == SERVICE && changed && !is_old(call)
}

/// Signs anew what a farm should refuse.
fn resigns(callers: &Callers, wrong: fn(&Call) -> bool) -> Undo {
    let keys = callers.signing.clone();
    rewrite(move |call| {
        let signed = call.header("authorization").is_some_and(|it| it.starts_with("AWS4-"));
        let own = keys.iter().find(|key| signed && key.id == part(call, 0));
        let Some(key) = own.filter(|_| wrong(call)) else { return };
        let host = call.header("host").unwrap().to_owned();
        let url = format!("https://{host}{}", call.path);
        let (method, body) = (call.method.clone(), call.body.clone());
        let scope = (REGION, SERVICE);
        call.headers = signer::sign_anew(&method, &url, &call.headers, &body, key, scope);
    })
}

/// Makes a proof for this farm of one for another.
fn takes_any_audience(callers: &Callers) -> Undo {
    let aws = callers.aws.clone();
    rewrite(move |call| {
        let proof = call.header(STS_PROOF_HEADER).and_then(|text| sts::Proof::parse(text).ok());
        if proof.is_none_or(|proof| proof.audience == DOMAIN) {
            return;
        }
        let host = sts::host(REGION);
        let headers = [
            ("host", host.as_str()),
            ("content-type", sts::CONTENT_TYPE),
            (sts::AUDIENCE_HEADER, DOMAIN),
        ];
        let body = SignableBody::Bytes(sts::BODY.as_bytes());
        let url = format!("https://{host}/");
        let request = SignableRequest::new("POST", url, headers.into_iter(), body).unwrap();
        let time = std::time::SystemTime::now();
        let added = signer::headers(request, &aws, (REGION, sts::SERVICE), time);
        let value = |name: &str| {
            added.iter().find(|(it, _)| it.eq_ignore_ascii_case(name)).unwrap().1.clone()
        };
        let proof = sts::Proof {
            region: REGION.to_owned(),
            authorization: SecretString::from(value("authorization")),
            date: value("x-amz-date"),
            token: None,
            audience: DOMAIN.to_owned(),
        };
        call.set(STS_PROOF_HEADER, proof.text().expose_secret());
    })
}
