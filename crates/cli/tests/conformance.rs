//! The conformance suite of MCP, unedited, against servers directly and through the gate: what it
//! finds must be the same, check for check. A gate that loses a byte, an event or a session shows.
//!
//! Needs Node 22 and the suite, in the folder that `FARMGATE_NODE_TOOLS` names (`bash
//! .ci/conformance-tools.sh FOLDER` makes one); without it, these tests say that they are skipped.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

#[path = "conformance/compare.rs"]
mod compare;
#[path = "conformance/farm.rs"]
mod farm;
#[path = "conformance/relay.rs"]
mod relay;
#[path = "conformance/suite.rs"]
mod suite;
#[path = "conformance/target.rs"]
mod target;

use compare::Results;
use farm::Farm;
use suite::{Era, Tools};
use target::{Server, Target};

/// Scenarios in which a server may fail what passes through the gate: the gate itself does what the
/// server should.
const GATES_OWN: [&str; 5] = [
    // Hosts and origins are the gate's to check.
    "dns-rebinding-protection",
    // An ended session is 404 for the gate, whatever the server says of it.
    "server-session-lifecycle",
    // Headers are checked against the body, and both against the revision, before a server sees
    // either.
    "http-header-validation",
    "server-stateless",
    "tasks-request-headers",
];

/// Runs a server's part of the suite twice, and compares.
fn same(server: Server, era: Era) {
    let Some(tools) = Tools::find() else { return };
    let Some(target) = Target::start(&tools, server) else { return };
    let name = format!("{}-{}", server.name(), era.name());
    let direct = tools.run(&target.direct(), era, &format!("{name}-direct"));
    let farm = Farm::before(&target);
    let through = tools.run(&farm.url(), era, &format!("{name}-gate"));
    judge(&name, &direct, &through);
}

fn judge(name: &str, direct: &Results, through: &Results) {
    let (good, all) = direct.passed();
    println!(
        "{name}: {good} of {all} checks pass directly, {} through the gate",
        through.passed().0
    );
    assert!(all > 20, "the suite did not run: {all} checks");
    let differences = direct.differences(through, &GATES_OWN);
    assert!(
        differences.is_empty(),
        "through the gate, {name} differs:\n{}",
        differences.join("\n")
    );
}

#[test]
fn the_embedded_server_passes_all_that_is_required() {
    let Some(tools) = Tools::find() else { return };
    let Some(target) = Target::start(&tools, Server::Embedded) else { return };
    for era in [Era::Older, Era::Newer] {
        let results = tools.run(&target.direct(), era, &format!("required-{}", era.name()));
        let failed = results.failed(|scenario| !scenario.starts_with("tasks-"));
        assert!(failed.is_empty(), "{}: {}", era.name(), failed.join("\n"));
    }
}

#[test]
fn embedded_in_the_older_era() {
    same(Server::Embedded, Era::Older);
}

#[test]
fn embedded_in_the_newer_era() {
    same(Server::Embedded, Era::Newer);
}

#[test]
fn embedded_by_the_suite_of_today() {
    same(Server::Embedded, Era::Latest);
}

#[test]
fn server_everything_in_the_older_era() {
    same(Server::NodeHttp, Era::Older);
}

#[test]
fn server_everything_in_the_newer_era() {
    same(Server::NodeHttp, Era::Newer);
}

#[test]
fn python_in_the_older_era() {
    same(Server::PythonHttp, Era::Older);
}

#[test]
fn python_in_the_newer_era() {
    same(Server::PythonHttp, Era::Newer);
}

#[test]
fn embedded_on_stdio_in_the_older_era() {
    same(Server::EmbeddedStdio, Era::Older);
}

#[test]
fn embedded_on_stdio_in_the_newer_era() {
    same(Server::EmbeddedStdio, Era::Newer);
}

#[test]
fn server_everything_on_stdio_in_the_older_era() {
    same(Server::NodeStdio, Era::Older);
}

#[test]
fn server_everything_on_stdio_in_the_newer_era() {
    same(Server::NodeStdio, Era::Newer);
}
