//! What is started for a farm on this machine: for each server a process, where it listens, and how
//! it is found out that it is ready. Nothing is started here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use farmgate_farm::farm::{EVERYTHING, Farm, Local, PORT_WORD, Server, Transport};
use farmgate_farm::gate::{self, PUBLIC_KEY_VARIABLE};
use farmgate_farm::word::{Name, SecretRef};
use farmgate_runner::{Codes, Ready, Start};
use secrecy::{ExposeSecret as _, SecretString};

use super::programs;
use crate::problem::{Failure, Problem};
use crate::secrets::Local as State;

/// The variable of a bridge that says which server it stands before.
const SERVER_VARIABLE: &str = "FARMGATE_SERVER";

/// Seconds in which calls may end at a bridge that is stopped.
const BRIDGE_DRAIN: &str = "3";

/// The path at which a bridge says how it is.
pub(super) const BRIDGE_HEALTH: &str = "/farmgate";

/// Codes of the server that comes with farmgate for a plain GET.
pub(super) const BUILTIN_CODES: &str = "200,400,405,406";

/// What is started, and what isn't.
pub(super) struct Plan {
    /// In the order of names.
    pub(super) servers: Vec<Planned>,
    /// The names of the others, and why.
    pub(super) left: Vec<Left>,
}

/// A server that isn't started.
pub(super) struct Left {
    pub(super) name: String,
    pub(super) why: String,
}

/// A server that is started.
pub(super) struct Planned {
    pub(super) name: String,
    /// The path at which clients find it.
    pub(super) endpoint: String,
    pub(super) address: SocketAddr,
    pub(super) kind: Kind,
    /// Its command, as it is shown: what comes from the environment isn't in it.
    pub(super) shown: String,
    pub(super) start: Start,
    pub(super) ready: Ready,
    /// Keeps the port from others until it is started.
    pub(super) port: TcpListener,
}

/// What answers at its port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The server that comes with farmgate.
    Builtin,
    /// The command itself, over HTTP.
    Http,
    /// The bridge, which starts the command for each session.
    Bridge,
}

/// Plans a farm's servers. `folder` is where commands start, `public_key` the gate's; bridges write
/// what happens for people or for programs.
///
/// # Errors
/// If secrets are missing, or no server has anything to start.
pub(super) fn plan(
    farm: &Farm,
    folder: &Path,
    state: &State,
    public_key: &str,
    people: bool,
) -> Result<Plan, Failure> {
    let mut left = Vec::new();
    let mut places = Vec::new();
    for (name, server) in gate::enabled(farm) {
        let Some(local) = &server.local else {
            left.push(Left::new(name, "it has no `local.command`"));
            continue;
        };
        let place = Place { name, server, local, folder };
        match place.not_startable() {
            Some(why) => left.push(Left::new(name, &why)),
            None => places.push(place),
        }
    }
    if places.is_empty() {
        return Err(nothing(&left));
    }
    let secrets = state.secrets(places.iter().flat_map(|place| place.local.secrets.values()))?;
    let log = if people { "text" } else { "json" };
    let servers = places.iter().map(|place| place.planned(&secrets, public_key, log));
    Ok(Plan { servers: servers.collect::<Result<_, _>>()?, left })
}

fn nothing(left: &[Left]) -> Failure {
    let all: Vec<String> =
        left.iter().map(|left| format!("`{}`: {}", left.name, left.why)).collect();
    let message = match all.is_empty() {
        true => "the farm has no server that is enabled".to_owned(),
        false => format!("no server can be started here: {}", all.join("; ")),
    };
    Failure::environment(vec![Problem::Plain {
        code: "nothing-to-start",
        file: None,
        message,
        help: Some(format!(
            "say under a server what runs on this machine, as `local: {{ command: [npx, \
             \"@playwright/mcp\"], transport: stdio }}` or `local: {{ command: [\"{EVERYTHING}\"] }}`"
        )),
    }])
}

// === impl Left ===

impl Left {
    fn new(name: &Name, why: &str) -> Self {
        Self { name: name.as_str().to_owned(), why: why.to_owned() }
    }
}

/// A server that may be started.
struct Place<'a> {
    name: &'a Name,
    server: &'a Server,
    local: &'a Local,
    folder: &'a Path,
}

// === impl Place ===

impl Place<'_> {
    fn kind(&self) -> Kind {
        let builtin = self.local.command.first().is_some_and(|word| word.as_str() == EVERYTHING);
        match self.server.local_transport() {
            Transport::Stdio => Kind::Bridge,
            Transport::Http if builtin => Kind::Builtin,
            Transport::Http => Kind::Http,
        }
    }

    /// Why it can't be started; found out before anything is.
    fn not_startable(&self) -> Option<String> {
        let program = self.local.command.first()?.as_str();
        if program == EVERYTHING {
            return None;
        }
        let path = self.local.environment.iter().find(|(name, _)| name.as_str() == "PATH");
        let path = path.map(|(_, value)| OsString::from(value.as_str()));
        let there =
            programs::is_there(program, self.folder, path.or_else(|| std::env::var_os("PATH")));
        (!there).then(|| format!("there is no program `{program}` on this machine"))
    }

    fn planned(
        &self,
        secrets: &BTreeMap<SecretRef, SecretString>,
        public_key: &str,
        log: &str,
    ) -> Result<Planned, Failure> {
        let (port, address) = loopback_port().map_err(|error| no_port(&error))?;
        let kind = self.kind();
        let words: Vec<&str> = self.local.command.iter().map(|word| word.as_str()).collect();
        let with_port = |text: &str| match kind {
            Kind::Bridge => text.to_owned(),
            Kind::Builtin | Kind::Http => text.replace(PORT_WORD, &address.port().to_string()),
        };
        let mut start = match kind {
            Kind::Builtin => own(["builtin", "everything", "--listen", &address.to_string()]),
            Kind::Http => {
                let mut words = words.iter().map(|word| with_port(word));
                Start::new(words.next().unwrap_or_default(), words)
            }
            Kind::Bridge => {
                let address = address.to_string();
                let mut start = own(["bridge", "--listen", &address, "--drain", BRIDGE_DRAIN]);
                start.args.extend(["--log", log, "--"].map(OsString::from));
                match words.as_slice() {
                    // The bridge starts what comes with farmgate as it starts anything.
                    [EVERYTHING] => start.args.extend([
                        own_path(),
                        "builtin".into(),
                        "everything".into(),
                        "--stdio".into(),
                    ]),
                    words => start.args.extend(words.iter().map(OsString::from)),
                }
                start
                    .with(PUBLIC_KEY_VARIABLE, public_key)
                    .with(SERVER_VARIABLE, self.name.as_str())
            }
        };
        let own_environment = self.local.environment.iter();
        start.environment.extend(
            own_environment
                .map(|(name, value)| (name.as_str().into(), with_port(value.as_str()).into())),
        );
        for (name, reference) in &self.local.secrets {
            if let Some(value) = secrets.get(reference) {
                start = start.with(name.as_str(), value.expose_secret());
            }
        }
        if kind == Kind::Http {
            start = start.with("PORT", address.port().to_string());
        }
        start.folder = Some(self.folder.to_owned());
        Ok(Planned {
            name: self.name.as_str().to_owned(),
            endpoint: farmgate_farm::routes::endpoint(self.server),
            address,
            kind,
            shown: words.join(" "),
            start,
            ready: self.ready(kind, address)?,
            port,
        })
    }

    /// How the runner finds out that it takes connections. Whether it is well is the gate's to find
    /// out, in the farm's own words.
    fn ready(&self, kind: Kind, address: SocketAddr) -> Result<Ready, Failure> {
        let (path, codes) = match kind {
            Kind::Bridge => return Ok(Ready::Tcp(address)),
            Kind::Builtin => (farmgate_farm::routes::endpoint(self.server), BUILTIN_CODES),
            Kind::Http => (gate::health_path(self.server), self.server.health.codes.as_str()),
        };
        let codes = Codes::parse(codes).map_err(|message| {
            let name = self.name;
            let message = format!("server `{name}`: its health's {message}");
            Failure::input(vec![Problem::Plain {
                code: "bad-health",
                file: None,
                message,
                help: None,
            }])
        })?;
        Ok(Ready::Http { address, path, codes })
    }
}

/// This very program, with these arguments.
fn own<const N: usize>(args: [&str; N]) -> Start {
    Start::new(own_path(), args)
}

fn own_path() -> OsString {
    // A file that was replaced meanwhile, as by a build, is still there under this name.
    let path = std::env::current_exe().ok().filter(|path| path.is_file());
    path.map_or_else(|| "/proc/self/exe".into(), std::path::PathBuf::into_os_string)
}

/// A port of loopback that nobody has, held until the listener is dropped.
fn loopback_port() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn no_port(error: &io::Error) -> Failure {
    Failure::environment(vec![Problem::Plain {
        code: "cannot-listen",
        file: None,
        message: format!("no port of 127.0.0.1 can be had: {error}"),
        help: None,
    }])
}
