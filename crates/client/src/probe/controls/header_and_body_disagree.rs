//! What a call is, its header and its body say alike, and the body once: or whoever decides by the
//! one is deceived by the other.

use crate::probe::answer::Came;
use crate::probe::ask::{Ask, INITIALIZE};
use crate::probe::footing::{Footing, call};
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

control!("header-and-body-disagree", "a call whose header and body disagree is refused");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let proved = match footing.any() {
        Ok(proved) => proved,
        Err(why) => return Trail::not_testable(why),
    };
    let (target, server) = (probe.target, proved.server);
    let twice = INITIALIZE.replacen(
        r#""method":"initialize""#,
        r#""method":"tools/list","method":"initialize""#,
        1,
    );
    let cased = INITIALIZE.replacen(
        r#""method":"initialize""#,
        r#""Method":"tools/list","method":"initialize""#,
        1,
    );
    let batch = format!("[{INITIALIZE}]");
    let good = || Ask::initialize(target, server);
    let asks = [
        (
            "`Mcp-Method: tools/list` over the body of initialize",
            good().with("mcp-method", "tools/list"),
        ),
        (
            "`Mcp-Method` twice",
            good().with("mcp-method", "initialize").with("mcp-method", "tools/list"),
        ),
        ("a body with `method` twice", Ask::message(target, server, &twice)),
        ("a body with `Method` and `method`", Ask::message(target, server, &cased)),
        ("a batch of messages in one body", Ask::message(target, server, &batch)),
    ];
    let mut trail = Trail::default();
    for (sent, ask) in asks {
        let came = call(probe, Some(&proved.proof), server, ask);
        trail.weigh(is_refused(&came), sent, &came, probe.words(&came));
    }
    trail
}

/// 400: as MCP 2026-07-28 has it for headers (-32020), and JSON-RPC for what is no single message.
fn is_refused(came: &Came) -> bool {
    came.is(&[400])
}
