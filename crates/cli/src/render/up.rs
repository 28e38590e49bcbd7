//! What `up` says first: the proofs, the servers, how to connect, what is kept apart.

use std::path::Path;

use farmgate_audit::report::Report;
use farmgate_runner::Enforced;

use super::page::{Cell, Page};
use super::style::{BAD, BOLD, DIM, DOUBT, GOOD, PLAIN};
use super::totals;
use super::words::{Words, visible};
use crate::up::Condition;

/// A farm that runs.
pub struct Running<'a> {
    /// Its name.
    pub farm: &'a str,
    /// Its file.
    pub file: &'a Path,
    /// Whether it is the quickstart that comes with farmgate.
    pub embedded: bool,
    /// What was proved.
    pub report: &'a Report,
    /// The servers that were started.
    pub servers: &'a [Server],
    /// The names of the others, and why they weren't.
    pub left: &'a [(String, String)],
    /// How to connect.
    pub connect: &'a Connect,
    /// How callers who sign connect: commands, each with what it is for.
    pub signed: &'a [(&'static str, String)],
    /// The address of metrics and readiness.
    pub admin: String,
    /// The file of the audit.
    pub audit: &'a Path,
    /// What is to be known besides.
    pub notes: &'a [String],
    /// What is kept apart, and what isn't.
    pub isolation: &'a [Enforced],
}

/// A server that was started.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// Where clients find it.
    pub url: String,
    /// How it is.
    pub condition: Condition,
    /// What it runs.
    pub runs: String,
}

/// How clients connect.
#[derive(Debug, Clone)]
pub struct Connect {
    /// An entry for a client's file of servers, as JSON.
    pub entry: String,
    /// A command that calls a server.
    pub curl: String,
    /// The authority's certificate.
    pub ca: String,
    /// Whether the key was made for this run, and so is shown.
    pub made: bool,
}

/// The whole screen.
#[must_use]
pub fn running(running: &Running<'_>, width: usize) -> String {
    let mut page = Page::new(width);
    let file = match running.embedded {
        true => {
            "the quickstart that comes with farmgate; `farmgate init DIR` writes one of your own"
        }
        false => &running.file.to_string_lossy(),
    };
    let name = Cell { column: 0, style: BOLD, text: running.farm };
    page.row(&[name], 0, 0, &Words::new().and(DIM, file));
    totals::totals(&mut page, running.report, None);
    page.blank();
    servers(&mut page, running);
    let mut text = page.finish();
    connect(&mut text, running.connect);
    signed(&mut text, running.signed);
    let mut page = Page::new(width);
    notes(&mut page, running);
    text.push_str(&page.finish());
    text
}

fn servers(page: &mut Page, running: &Running<'_>) {
    for server in running.servers {
        let (style, word) = (style(&server.condition), server.condition.word());
        let words = Words::new().and(BOLD, &server.name).whole(PLAIN, &server.url);
        page.tagged(style, word, &words.and(DIM, &server.runs));
        if let Some(why) = server.condition.why() {
            page.under(&Words::plain(why));
        }
    }
    for (name, why) in running.left {
        page.tagged(DOUBT, "not run", &Words::new().and(BOLD, name).glue(":").and(PLAIN, why));
    }
}

fn style(condition: &Condition) -> anstyle::Style {
    match condition {
        Condition::Ready => GOOD,
        Condition::Starting => DOUBT,
        Condition::Unhealthy(_) | Condition::Restarting(_) | Condition::Failed(_) => BAD,
    }
}

/// What is pasted elsewhere, so it isn't wrapped.
fn connect(text: &mut String, connect: &Connect) {
    let once =
        if connect.made { " (the key is for this run alone, and is shown once)" } else { "" };
    text.push_str(&format!("\n{BOLD}mcp.json{BOLD:#}{DIM}{once}{DIM:#}\n"));
    for line in connect.entry.lines() {
        text.push_str(&format!("{}\n", visible(line)));
    }
    text.push_str(&format!(
        "{DIM}clients in Node take the certificate's authority from{DIM:#} \
         NODE_EXTRA_CA_CERTS={}\n",
        visible(&connect.ca)
    ));
    text.push_str(&format!("\n{BOLD}curl{BOLD:#}\n"));
    for line in connect.curl.lines() {
        text.push_str(&format!("{}\n", visible(line)));
    }
    text.push('\n');
}

/// What is pasted, too.
fn signed(text: &mut String, commands: &[(&'static str, String)]) {
    if commands.is_empty() {
        return;
    }
    text.push_str(&format!("{BOLD}signed{BOLD:#}\n"));
    for (about, command) in commands {
        text.push_str(&format!("{DIM}# {about}{DIM:#}\n{}\n", visible(command)));
    }
    text.push('\n');
}

fn notes(page: &mut Page, running: &Running<'_>) {
    for note in running.notes {
        page.tagged(DOUBT, "note", &Words::plain(note));
    }
    let list = |enforced: bool| {
        let these = running.isolation.iter().filter(|entry| entry.enforced == enforced);
        let texts: Vec<String> =
            these.map(|entry| format!("{} ({})", entry.what, entry.how)).collect();
        texts.join("; ")
    };
    page.tagged(GOOD, "apart", &Words::new().and(DIM, &list(true)));
    page.tagged(DOUBT, "not yet", &Words::new().and(DIM, &list(false)));
    let files =
        format!("audit {}; metrics http://{}/metrics", running.audit.display(), running.admin);
    page.tagged(PLAIN, "logs", &Words::new().and(DIM, &files));
    page.tagged(PLAIN, "Ctrl-C", &Words::plain("stops it all"));
    page.blank();
}
