//! What works: the credentials that are seen to be taken before any is tried that shouldn't be. What
//! a farm refuses says nothing if it refuses everything.

use std::time::{Duration, Instant};

use super::answer::Came;
use super::ask::Ask;
use super::proof::Proof;
use super::target::{Server, Way};
use super::wire::Probe;

/// Servers that are asked before it is said that a credential isn't taken.
const SERVERS: usize = 8;

/// How often a credential is tried that isn't taken yet.
const AGAIN: Duration = Duration::from_millis(200);

/// For each kind of credential, a server that takes it and answers; or why there is none.
pub(crate) struct Footing<'t> {
    /// Whether everything is refused, whatever is asked for: then it is this machine's address.
    pub(crate) shut_out: bool,
    pub(crate) key: Result<Proved<'t>, String>,
    pub(crate) signature: Result<Proved<'t>, String>,
    pub(crate) sts: Result<Proved<'t>, String>,
}

/// A server, and a proof with which it answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proved<'t> {
    pub(crate) server: &'t Server,
    pub(crate) proof: Proof<'t>,
    /// A proof of another principal, if there is one. It was not tried.
    pub(crate) other: Option<Proof<'t>>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Key,
    Signature,
    Sts,
}

// === impl Footing ===

impl<'t> Footing<'t> {
    pub(crate) fn find(probe: &Probe<'t>) -> Self {
        let shut_out = is_shut_out(probe);
        let find = |kind| match shut_out {
            true => Err("this machine's address is refused".to_owned()),
            false => find(probe, kind),
        };
        Self {
            shut_out,
            key: find(Kind::Key),
            signature: find(Kind::Signature),
            sts: find(Kind::Sts),
        }
    }

    /// Any proof that is taken.
    pub(crate) fn any(&self) -> Result<Proved<'t>, String> {
        let all = [&self.key, &self.signature, &self.sts];
        if let Some(proved) = all.iter().find_map(|it| it.as_ref().ok()) {
            return Ok(*proved);
        }
        let why = all.map(|it| it.as_ref().err().map_or("", String::as_str));
        // What was tried and refused says more than what was never there.
        let told = why.iter().find(|why| why.contains("answered with")).or_else(|| why.first());
        Err(told.copied().unwrap_or_default().to_owned())
    }

    /// A proof that is taken, with one of another principal.
    pub(crate) fn two(&self) -> Result<(Proved<'t>, Proof<'t>), String> {
        let proved = self.any()?;
        let all = [&self.key, &self.signature, &self.sts];
        let mut taken = all.into_iter().filter_map(|it| it.as_ref().ok());
        let two = taken.find_map(|proved| Some((*proved, proved.other?)));
        two.ok_or_else(|| format!("there is {} of one principal only", proved.proof.words()))
    }
}

/// Whether a path that leads nowhere is refused like one that leads to a server.
fn is_shut_out(probe: &Probe<'_>) -> bool {
    let meant = probe.target.default.as_ref().is_some_and(|default| default.status == 403);
    let Some(server) = probe.target.servers.first().filter(|_| !meant) else { return false };
    let asks = [
        Ask::new(probe.target, "GET", "/farmgate-probe-nothing-here"),
        Ask::initialize(probe.target, server),
    ];
    asks.iter().all(|ask| probe.ask(&ask.bytes()).is(&[403]))
}

fn find<'t>(probe: &Probe<'t>, kind: Kind) -> Result<Proved<'t>, String> {
    let target: &'t super::Target = probe.target;
    let proofs: Vec<Proved<'t>> =
        target.servers.iter().filter_map(|server| proofs(server, kind)).take(SERVERS).collect();
    let Some(first) = proofs.first() else { return Err(none(target, kind)) };
    let begin = Instant::now();
    loop {
        let mut came = Came::Spent;
        for proved in &proofs {
            let ask = Ask::initialize(target, proved.server);
            came = call(probe, Some(&proved.proof), proved.server, ask);
            if came.got_through() {
                return Ok(*proved);
            }
        }
        // A credential that was made just now is taken as soon as the gate has read its store.
        let waits = came.is(&[401, 403]) && begin.elapsed() < probe.settings.settle;
        if !waits || !probe.wait(AGAIN) {
            return Err(format!(
                "a call with {} is not let through: it was answered with {}",
                first.proof.words(),
                probe.words(&came)
            ));
        }
    }
}

/// The proofs of a kind that a server takes.
fn proofs(server: &Server, kind: Kind) -> Option<Proved<'_>> {
    server.ways.iter().find_map(|way| {
        let mut proofs = match (way, kind) {
            (Way::ApiKey { header, group_header, keys }, Kind::Key) => {
                let group_header = group_header.as_deref();
                let proof = |key| Proof::ApiKey { header, group_header, key };
                keys.iter().map(proof).collect::<Vec<_>>()
            }
            (Way::Signature { region, service, keys }, Kind::Signature) => {
                keys.iter().map(|key| Proof::Signature { region, service, key }).collect()
            }
            (Way::StsProof { region, audience, key }, Kind::Sts) => {
                key.iter().map(|key| Proof::Sts { region, audience, key }).collect()
            }
            _ => Vec::new(),
        }
        .into_iter();
        Some(Proved { server, proof: proofs.next()?, other: proofs.next() })
    })
}

/// Why there is no proof of a kind.
fn none(target: &super::Target, kind: Kind) -> String {
    let ways = || target.servers.iter().flat_map(|server| &server.ways);
    let (takes, what) = match kind {
        Kind::Key => (ways().any(|way| matches!(way, Way::ApiKey { .. })), "API key"),
        Kind::Signature => {
            (ways().any(|way| matches!(way, Way::Signature { .. })), "access key of the farm")
        }
        Kind::Sts => (ways().any(|way| matches!(way, Way::StsProof { .. })), "credential of AWS"),
    };
    match (takes, kind) {
        (true, _) => format!("no {what} was given"),
        (false, Kind::Key) => "no server is known to take API keys".to_owned(),
        (false, Kind::Signature) => "no server is known to take SigV4 with issued keys".to_owned(),
        (false, Kind::Sts) => "no server is known to take a proof for STS".to_owned(),
    }
}

/// Sends a request with a proof, and leaves no session behind that it may open.
pub(crate) fn call(
    probe: &Probe<'_>,
    proof: Option<&Proof<'_>>,
    server: &Server,
    ask: Ask,
) -> Came {
    let ask = match proof.map(|proof| proof.prove(probe.target, ask.clone())) {
        None => ask,
        Some(Ok(ask)) => ask,
        Some(Err(_)) => return Came::NoConnection("the credential can't sign".to_owned()),
    };
    let came = probe.ask(&ask.bytes());
    close(probe, proof, server, &came);
    came
}

/// Ends the session that an answer opened.
pub(crate) fn close(probe: &Probe<'_>, proof: Option<&Proof<'_>>, server: &Server, came: &Came) {
    let answer = came.answer().filter(|_| came.got_through());
    let Some(session) = answer.and_then(|answer| answer.header("mcp-session-id")) else { return };
    let ask = Ask::new(probe.target, "DELETE", &server.path)
        .with("mcp-session-id", session)
        .with("mcp-protocol-version", "2025-11-25");
    let ask = match proof.map(|proof| proof.prove(probe.target, ask.clone())) {
        Some(Ok(ask)) => ask,
        Some(Err(_)) => return,
        None => ask,
    };
    // A server may keep it: then it ends by its own time.
    let _ = probe.ask(&ask.bytes());
}
