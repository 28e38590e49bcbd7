//! What `up` says while the farm runs: calls, what servers print, and what becomes of them. For
//! people on a terminal; one line of JSON each otherwise.
//!
//! Calls are the audit's lines, which are whole in its file; here they are shown short.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use farmgate_gate::audit::Sink;
use serde_json::{Value, json};

use super::servers::Condition;
use crate::args::Color;
use crate::output;
use crate::render::style::{BAD, DIM, DOUBT, GOOD};
use crate::render::words::visible;

/// Lines that wait to be written. A reader who is slower loses lines and is told how many: neither
/// the gate nor a server waits for somebody who reads.
const WAITING: usize = 2000;

/// How long the end waits for a reader.
const LAST: Duration = Duration::from_secs(1);

/// Where lines go.
pub(super) struct Log {
    people: bool,
    lines: Mutex<Option<SyncSender<String>>>,
    lost: Arc<AtomicU64>,
    /// What the writer will write, before it is begun; then the writer.
    writer: Mutex<Writer>,
}

enum Writer {
    Waits(Receiver<String>, Color),
    Runs(JoinHandle<()>),
    Over,
}

/// The audit's lines, shown as they are written.
pub(super) struct Lines(Arc<Log>);

// === impl Log ===

impl Log {
    /// For people if the standard output is a terminal and no program asked for JSON. Lines wait
    /// until [`Log::begin`].
    pub(super) fn new(color: Color, json: bool) -> Self {
        let (lines, receiver) = sync_channel(WAITING);
        Self {
            people: !json && io::stdout().is_terminal(),
            lines: Mutex::new(Some(lines)),
            lost: Arc::default(),
            writer: Mutex::new(Writer::Waits(receiver, color)),
        }
    }

    /// Writes what has waited, and then lines as they come.
    pub(super) fn begin(&self) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        *writer = match std::mem::replace(&mut *writer, Writer::Over) {
            Writer::Waits(lines, color) => {
                let lost = Arc::clone(&self.lost);
                let write = move || write_all(&lines, &lost, color);
                match std::thread::Builder::new().name("log".to_owned()).spawn(write) {
                    Ok(thread) => Writer::Runs(thread),
                    Err(_) => Writer::Over,
                }
            }
            begun => begun,
        };
    }

    /// Writes the last lines, if somebody reads them.
    pub(super) fn close(&self) {
        drop(self.lines.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Writer::Runs(thread) = std::mem::replace(&mut *writer, Writer::Over) {
            let until = Instant::now() + LAST;
            while !thread.is_finished() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }

    /// A line that a server printed.
    pub(super) fn printed(&self, server: &str, line: &str) {
        self.say(|people| match people {
            true => format!("{DIM}{server} |{DIM:#} {}\n", visible(line)),
            false => line_of(json!({ "event": "printed", "server": server, "line": line })),
        });
    }

    /// A server's new condition.
    pub(super) fn changed(&self, server: &str, condition: &Condition) {
        self.say(|people| match people {
            true => {
                let style = match condition {
                    Condition::Ready => GOOD,
                    Condition::Starting => DOUBT,
                    _ => BAD,
                };
                let why = condition.why().map(|why| format!(": {}", visible(why)));
                let (word, why) = (condition.word(), why.unwrap_or_default());
                format!("{} {style}{word}{style:#} {server}{why}\n", clock())
            }
            false => line_of(json!({
                "event": "server",
                "server": server,
                "state": condition.word(),
                "why": condition.why(),
            })),
        });
    }

    /// Something else that happened.
    pub(super) fn notice(&self, bad: bool, text: &str) {
        self.say(|people| match people {
            true => {
                let style = if bad { DOUBT } else { DIM };
                format!("{} {style}{}{style:#}\n", clock(), visible(text))
            }
            false => {
                let level = if bad { "warn" } else { "info" };
                line_of(json!({ "event": "notice", "level": level, "text": text }))
            }
        });
    }

    /// A line of the audit: shown short to people, and as it is to programs.
    pub(super) fn call(&self, line: &str) {
        self.say(|people| match people {
            true => short(line).unwrap_or_default(),
            false => format!("{}\n", line.trim_end()),
        });
    }

    fn say(&self, text: impl FnOnce(bool) -> String) {
        let text = text(self.people);
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if text.is_empty() {
            return;
        }
        if lines.as_ref().is_some_and(|lines| lines.try_send(text).is_err()) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Writes lines until there are no more. That nobody may be reading changes nothing.
fn write_all(lines: &Receiver<String>, lost: &AtomicU64, color: Color) {
    for line in lines {
        let mut out = anstream::AutoStream::new(io::stdout().lock(), output::choice(color));
        let _ = out.write_all(line.as_bytes());
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(out, "({lost} lines were lost: nobody read fast enough)");
        }
        let _ = out.flush();
    }
}

// === impl Lines ===

impl Lines {
    pub(super) fn new(log: Arc<Log>) -> Self {
        Self(log)
    }
}

impl Sink for Lines {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        for line in String::from_utf8_lossy(lines).lines() {
            self.0.call(line);
        }
        Ok(())
    }
}

fn line_of(mut value: Value) -> String {
    if let Value::Object(map) = &mut value {
        map.shift_insert(0, "time".to_owned(), Value::String(jiff::Timestamp::now().to_string()));
    }
    format!("{value}\n")
}

/// The time of day, as this machine has it.
fn clock() -> String {
    let now = jiff::Zoned::now();
    format!("{DIM}{:02}:{:02}:{:02}{DIM:#}", now.hour(), now.minute(), now.second())
}

/// A call in one short line: time, who, server, method and tool, status, milliseconds.
fn short(line: &str) -> Option<String> {
    let call: Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| call.get(key).and_then(Value::as_str);
    // What isn't a call (the begin and the end of the chain) is for the file.
    let status = call.get("status").and_then(Value::as_u64)?;
    let took = call.get("milliseconds").and_then(Value::as_f64);
    let style = match status {
        0..400 => GOOD,
        400..500 => DOUBT,
        _ => BAD,
    };
    let mut said = format!("{} {style}{status}{style:#}", clock());
    let method = text("method").unwrap_or_default();
    let what = match (text("mcp_method"), text("tool")) {
        (Some(mcp), Some(tool)) => format!("{mcp} {tool}"),
        (Some(mcp), None) => mcp.to_owned(),
        (None, _) => format!("{method} {}", text("path").unwrap_or_default()),
    };
    for part in [text("server").unwrap_or("-"), &what, text("principal").unwrap_or("-")] {
        said.push_str("  ");
        said.push_str(&visible(part));
    }
    if let Some(reason) = text("reason") {
        said.push_str(&format!("  {DOUBT}{}{DOUBT:#}", visible(reason)));
    }
    if let Some(took) = took {
        said.push_str(&format!("  {DIM}{took:.0} ms{DIM:#}"));
    }
    said.push('\n');
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_call_is_one_short_line() {
        let line = r#"{"time":"2026-11-22T08:00:00Z","kind":"request","principal":"key:local","server":"hello","method":"POST","path":"/hello/mcp","mcp_method":"tools/call","tool":"add","decision":"allowed","status":200,"milliseconds":3.2}"#;
        let said = anstream::adapter::strip_str(&short(line).unwrap_or_default()).to_string();
        assert!(said.ends_with("200  hello  tools/call add  key:local  3 ms\n"), "{said}");
    }

    #[test]
    fn what_is_no_call_and_what_is_no_json_is_not_shown() {
        assert_eq!(short(r#"{"kind":"open","farm":"a"}"#), None);
        assert_eq!(short("not json"), None);
    }

    #[test]
    fn what_clients_choose_does_no_harm_to_a_terminal() {
        let line = r#"{"server":"a","method":"GET","path":"/\u001b[2J","status":404}"#;
        let said = short(line).unwrap_or_default();
        assert!(!said.contains("\u{1b}[2J"), "{said:?}");
    }
}
