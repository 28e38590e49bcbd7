//! A signature covers the call: changed behind it, the call is refused.

use crate::probe::ask::Ask;
use crate::probe::footing::Footing;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

use super::signatures::signing;

/// Something that is done to a request behind its signature.
type Change = fn(Ask) -> Ask;

control!("signature-tampered", "a call that was changed after it was signed is refused");

fn run(probe: &Probe<'_>, footing: &Footing<'_>) -> Trail {
    let signing = match signing(footing) {
        Ok(signing) => signing,
        Err(trail) => return trail,
    };
    let mut trail = Trail::default();
    let changes: [(&str, Change); 5] = [
        ("with another body than was signed", body),
        ("with a signed header changed", header),
        ("with a header of MCP that is not signed", unsigned),
        ("with a query that was not signed", query),
        ("with one digit of the signature changed", signature),
    ];
    for (what, change) in changes {
        let ask = signing.signed(probe, signing.scope).map(change);
        signing.refused(probe, &mut trail, what, ask);
    }
    trail
}

/// Of the same length: what a proxy in between could do unseen.
fn body(ask: Ask) -> Ask {
    let text = String::from_utf8_lossy(&ask.body).replace("farmgate-probe", "farmgate-forge");
    ask.body(&text)
}

fn header(ask: Ask) -> Ask {
    ask.instead("mcp-protocol-version", "2025-06-18")
}

fn unsigned(ask: Ask) -> Ask {
    ask.with("mcp-method", "initialize")
}

fn query(mut ask: Ask) -> Ask {
    ask.path.push_str("?farmgate=probe");
    ask
}

fn signature(mut ask: Ask) -> Ask {
    for (name, value) in &mut ask.headers {
        if name.eq_ignore_ascii_case("authorization") {
            let last = value.pop();
            value.push(if last == Some('0') { '1' } else { '0' });
        }
    }
    ask
}
