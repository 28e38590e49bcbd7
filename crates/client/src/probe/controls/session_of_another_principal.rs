//! A session is its principal's: its id lets nobody else in, and none can be made up.

use crate::probe::answer::Came;
use crate::probe::ask::{Ask, LIST};
use crate::probe::footing::{Footing, close};
use crate::probe::proof::Proof;
use crate::probe::target::Server;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

control!("session-of-another-principal", "a session's id is of no use to another principal");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let (proved, other) = match footing.two() {
        Ok(two) => two,
        Err(why) => return Trail::not_testable(why),
    };
    let server = proved.server;
    let open = |proof: &Proof<'_>| send(probe, proof, Ask::initialize(probe.target, server));
    let opened = open(&proved.proof);
    let session = opened.answer().and_then(|it| it.header("mcp-session-id")).map(str::to_owned);
    let Some(session) = session.filter(|_| opened.got_through()) else {
        close(probe, Some(&proved.proof), server, &opened);
        return Trail::not_testable(format!("server `{}` gives no session", server.name));
    };
    let mut trail = Trail::default();
    let others = open(&other);
    if others.got_through() {
        let list =
            |proof: &Proof<'_>, session: &str| send(probe, proof, list(probe, server, session));
        let own = list(&proved.proof, &session);
        if own.got_through() {
            let came = list(&other, &session);
            let sent = "tools/list with a session that another principal opened";
            trail.weigh(is_refused(&came), sent, &came, probe.words(&came));
            let came = list(&proved.proof, &forged(&session));
            let sent = "tools/list with a session's id of which one character is changed";
            trail.weigh(is_refused(&came), sent, &came, probe.words(&came));
        } else {
            let told = probe.words(&own);
            let why = format!("server `{}` doesn't take its own session", server.name);
            trail.unclear("tools/list with its own session", told, why);
        }
    } else {
        let told = probe.words(&others);
        trail.unclear("a call of another principal", told, "the second credential isn't taken");
    }
    close(probe, Some(&other), server, &others);
    close(probe, Some(&proved.proof), server, &opened);
    trail
}

fn list(probe: &Probe<'_>, server: &Server, session: &str) -> Ask {
    Ask::message(probe.target, server, LIST).with("mcp-session-id", session)
}

fn send(probe: &Probe<'_>, proof: &Proof<'_>, ask: Ask) -> Came {
    match proof.prove(probe.target, ask) {
        Ok(ask) => probe.ask(&ask.bytes()),
        Err(_) => Came::NoConnection("the credential can't sign".to_owned()),
    }
}

/// MCP: 404 for a session that isn't there, 400 for one that can't be.
fn is_refused(came: &Came) -> bool {
    came.is(&[400, 401, 403, 404])
}

fn forged(session: &str) -> String {
    let middle = session.len() / 2;
    let change = |(at, c): (usize, char)| match (at == middle, c) {
        (true, 'A') => 'B',
        (true, _) => 'A',
        (false, c) => c,
    };
    session.chars().enumerate().map(change).collect()
}
