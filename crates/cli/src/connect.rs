//! `farmgate connect`: a stdio MCP server that is a farm's.
//!
//! Arguments and variables are made into settings here; what is carried, and how, is
//! `farmgate_client::connect`. The standard output has messages alone; what people are to read goes to
//! the standard error.

use std::io::{self, Write as _};
use std::rc::Rc;

use farmgate_client::connect::{
    Identity, Limits, Settings, StsProof, Target, read, run as carry, write,
};
use farmgate_live::{Chain, Url, roots_of};
use http::HeaderName;
use secrecy::SecretString;
use tokio::task::LocalSet;

use crate::args;
use crate::exit::Exit;
use crate::problem::{Failure, Problem, environment};
use crate::signals::Signals;

/// What a parameter's name begins with.
const PARAMETER: &str = "ssm:";
/// Headers that say how a message is to be read: no place for a key.
const RESERVED: [&str; 12] = [
    "host",
    "accept",
    "connection",
    "content-length",
    "content-type",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "transfer-encoding",
    "user-agent",
];

/// Carries messages until the client has no more.
///
/// # Errors
/// If an argument or a variable is wrong.
pub fn run(args: &args::Connect) -> Result<Exit, Failure> {
    let settings = settings(args)?;
    let failed = |error: io::Error| environment("no-connect", error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(failed)?;
    let lines = read(io::stdin()).map_err(failed)?;
    let (out, writer) = write(io::stdout()).map_err(failed)?;
    LocalSet::new().block_on(&runtime, async {
        let mut signals = Signals::new().map_err(failed)?;
        let stop = async move {
            signals.any().await;
            // A second one is somebody who does not want to wait.
            tokio::task::spawn_local(async move {
                signals.any().await;
                std::process::exit(130);
            });
        };
        carry(settings, lines, out, stop).await;
        Ok(())
    })?;
    // Names that are being resolved must not keep anybody waiting.
    runtime.shutdown_background();
    // The last answers; if nobody reads them, the thread has ended.
    let _ended = writer.join();
    Ok(Exit::Fine)
}

fn settings(args: &args::Connect) -> Result<Settings, Failure> {
    let chain = Rc::new(Chain::new(args.profile.clone(), args.region.clone()));
    let target = target(&args.target, &chain)?;
    let roots = match &args.ca {
        Some(file) => Some(roots_of(file).map_err(|error| wrong(error.to_string(), None))?),
        None => None,
    };
    Ok(Settings {
        identity: identity(args, chain)?,
        target,
        roots,
        limits: Limits::default(),
        log: Box::new(|text| {
            // That nobody may be reading there changes nothing.
            let _unread = writeln!(io::stderr(), "farmgate connect: {text}");
        }),
    })
}

fn target(text: &str, chain: &Rc<Chain>) -> Result<Target, Failure> {
    let Some(name) = text.strip_prefix(PARAMETER) else {
        return Url::parse(text)
            .map(Target::Url)
            .map_err(|error| wrong(format!("`{}`: {error}", without_secrets(text)), None));
    };
    let allowed = |it: char| it.is_ascii_alphanumeric() || matches!(it, '/' | '.' | '-' | '_');
    if !name.starts_with('/') || name.len() < 2 || name.len() > 1011 || !name.chars().all(allowed) {
        let help = "such as `ssm:/mcp/endpoints/nova-act`";
        return Err(wrong(format!("`{text}` names no parameter"), Some(help)));
    }
    Ok(Target::Parameter { name: name.to_owned(), chain: Rc::clone(chain) })
}

fn identity(args: &args::Connect, chain: Rc<Chain>) -> Result<Identity, Failure> {
    if args.sigv4 {
        let (region, service) = (args.region.clone(), args.service.clone());
        return Ok(Identity::Sigv4 { chain, region, service });
    }
    if args.sts_proof {
        return Ok(Identity::StsProof(StsProof::new(chain, args.audience.clone())));
    }
    if let Some(variable) = &args.token_env {
        return Ok(Identity::Token { token: secret(variable)?, variable: variable.clone() });
    }
    let Some(variable) = &args.api_key_env else { return Ok(Identity::None) };
    let group = match &args.group {
        Some(group) if http::HeaderValue::from_str(group).is_err() => {
            return Err(wrong("the group can't be in a header".to_owned(), None));
        }
        Some(group) => Some((header(&args.group_header)?, group.clone())),
        None => None,
    };
    Ok(Identity::ApiKey {
        key: secret(variable)?,
        variable: variable.clone(),
        header: header(&args.header)?,
        group,
    })
}

/// What is in an environment variable.
fn secret(variable: &str) -> Result<SecretString, Failure> {
    let value = std::env::var(variable).ok().map(|value| value.trim().to_owned());
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        let help =
            "keys and tokens are read from variables, so that no list of processes shows them";
        return Err(wrong(format!("the variable `{variable}` is not set, or empty"), Some(help)));
    };
    if http::HeaderValue::from_str(&value).is_err() {
        return Err(wrong(format!("what `{variable}` holds can't be in a header"), None));
    }
    Ok(value.into())
}

fn header(name: &str) -> Result<HeaderName, Failure> {
    let read: Result<HeaderName, _> = name.parse();
    read.ok()
        .filter(|name| !RESERVED.contains(&name.as_str()))
        .ok_or_else(|| wrong(format!("`{name}` is no header for this"), None))
}

/// A URL as it may be said: what stands before an `@` or behind a `?` may be secret.
fn without_secrets(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("...@{rest}"),
        None => text.to_owned(),
    }
}

fn wrong(message: String, help: Option<&str>) -> Failure {
    let help = help.map(str::to_owned);
    Failure::input(vec![Problem::Plain { code: "bad-connect", file: None, message, help }])
}
