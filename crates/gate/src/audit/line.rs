//! Lines of JSON, without the end that chains them: always the same keys in the same order, absent
//! ones left out, everything that a client chose cut to a length.
//!
//! Written by hand, since it is done for every request: numbers and times without a formatter,
//! texts by `serde_json`, which escapes what must be.

use std::cell::Cell;
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::record::{Decision, Record};
use crate::trace::write_hex;

/// Bytes of a path that are written.
const PATH_BYTES: usize = 512;
/// Bytes of a method, a name or a group that are written.
const NAME_BYTES: usize = 256;
/// Groups of a principal that are written.
const GROUPS: usize = 32;
/// What stands at the end of what was cut.
const CUT: &str = "…";

/// A request's line, but for its end.
pub(super) fn request(record: &Record, to: &mut Vec<u8>) {
    begin(record.time, "request", to);
    hex_field("id", &record.id.0, to);
    key("trace", to);
    to.push(b'"');
    if record.trace.write_id(to) {
        to.push(b'"');
    } else {
        // Take the key back.
        to.truncate(to.len() - r#","trace":""#.len());
    }
    if let Some(principal) = &record.principal {
        text("principal", &principal.subject, NAME_BYTES, to);
        groups(&principal.groups, to);
    }
    if let Some(address) = record.address {
        key("address", to);
        write_address(address, to);
    }
    optional("server", record.server.as_deref(), to);
    text("method", record.method.as_str(), NAME_BYTES, to);
    let path = record.path.split('?').next().unwrap_or_default();
    text("path", path, PATH_BYTES, to);
    optional("mcp_method", record.mcp_method.as_deref(), to);
    optional("tool", record.tool.as_deref(), to);
    if let Some(arguments) = &record.arguments {
        text("arguments", arguments, super::redact::BYTES, to);
    }
    let decision = match record.decision {
        Decision::Allowed => "allowed",
        Decision::Refused => "refused",
    };
    text("decision", decision, NAME_BYTES, to);
    optional("reason", record.reason, to);
    field("status", u64::from(record.status), to);
    field("bytes_in", record.bytes_in, to);
    field("bytes_out", record.bytes_out, to);
    key("milliseconds", to);
    milliseconds(record.took, to);
    if let Some(target) = record.target {
        key("target", to);
        to.push(b'"');
        to.extend_from_slice(target.to_string().as_bytes());
        to.push(b'"');
    }
    if let Some(session) = record.session {
        hex_field("session", &session.0, to);
    }
}

/// The first line of a chain.
pub(super) fn open(farm: &str, process: &str, to: &mut Vec<u8>) {
    begin(SystemTime::now(), "open", to);
    text("farm", farm, NAME_BYTES, to);
    text("version", env!("CARGO_PKG_VERSION"), NAME_BYTES, to);
    text("process", process, NAME_BYTES, to);
}

/// The first line of a later file of a chain.
pub(super) fn go_on(farm: &str, to: &mut Vec<u8>) {
    begin(SystemTime::now(), "continue", to);
    text("farm", farm, NAME_BYTES, to);
    text("version", env!("CARGO_PKG_VERSION"), NAME_BYTES, to);
}

/// Says how many lines could not be written before this one.
pub(super) fn lost(count: u64, to: &mut Vec<u8>) {
    begin(SystemTime::now(), "lost", to);
    field("count", count, to);
}

/// The last line of a chain, which has so many lines with it.
pub(super) fn close(lines: u64, to: &mut Vec<u8>) {
    begin(SystemTime::now(), "close", to);
    field("lines", lines, to);
}

fn begin(time: SystemTime, kind: &str, to: &mut Vec<u8>) {
    to.extend_from_slice(br#"{"time":""#);
    write_time(time, to);
    to.extend_from_slice(br#"","kind":""#);
    to.extend_from_slice(kind.as_bytes());
    to.push(b'"');
}

// === values ===

fn key(name: &str, to: &mut Vec<u8>) {
    to.extend_from_slice(b",\"");
    to.extend_from_slice(name.as_bytes());
    to.extend_from_slice(b"\":");
}

fn field(name: &str, number: u64, to: &mut Vec<u8>) {
    key(name, to);
    write_number(number, to);
}

fn hex_field(name: &str, bytes: &[u8], to: &mut Vec<u8>) {
    key(name, to);
    to.push(b'"');
    write_hex(bytes, to);
    to.push(b'"');
}

fn optional(name: &str, value: Option<&str>, to: &mut Vec<u8>) {
    if let Some(value) = value {
        text(name, value, NAME_BYTES, to);
    }
}

fn text(name: &str, value: &str, bytes: usize, to: &mut Vec<u8>) {
    key(name, to);
    write_text(value, bytes, to);
}

fn groups(groups: &[String], to: &mut Vec<u8>) {
    key("groups", to);
    to.push(b'[');
    for (index, group) in groups.iter().take(GROUPS).enumerate() {
        if index > 0 {
            to.push(b',');
        }
        write_text(group, NAME_BYTES, to);
    }
    to.push(b']');
}

/// The start of a text that has no more than so many bytes.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    let ends = (0..=bytes.min(text.len())).rev();
    ends.filter_map(|end| text.get(..end)).next().unwrap_or_default()
}

/// A text in quotes, cut to so many bytes.
fn write_text(value: &str, bytes: usize, to: &mut Vec<u8>) {
    let start = to.len();
    let cut = cut(value, bytes);
    let plain = |byte: u8| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\';
    if cut.bytes().all(plain) {
        to.push(b'"');
        to.extend_from_slice(cut.as_bytes());
        to.push(b'"');
    } else if serde_json::to_writer(&mut *to, cut).is_err() {
        // A text can always be written to memory.
        to.truncate(start);
        to.extend_from_slice(b"\"\"");
    }
    if cut.len() < value.len() {
        to.pop();
        to.extend_from_slice(CUT.as_bytes());
        to.push(b'"');
    }
}

fn write_address(address: IpAddr, to: &mut Vec<u8>) {
    to.push(b'"');
    match address.to_canonical() {
        IpAddr::V4(address) => {
            for (index, part) in address.octets().into_iter().enumerate() {
                if index > 0 {
                    to.push(b'.');
                }
                write_number(u64::from(part), to);
            }
        }
        IpAddr::V6(address) => to.extend_from_slice(address.to_string().as_bytes()),
    }
    to.push(b'"');
}

fn write_number(number: u64, to: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let (mut rest, mut used) = (number, 0);
    for digit in digits.iter_mut().rev() {
        // INVARIANT: a remainder by 10 fits into a byte.
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        used += 1;
        if rest == 0 {
            break;
        }
    }
    to.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
}

/// With three digits behind the point.
fn milliseconds(took: Duration, to: &mut Vec<u8>) {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    write_number(micros / 1000, to);
    to.push(b'.');
    write_padded(micros % 1000, to);
}

/// Three digits.
fn write_padded(number: u64, to: &mut Vec<u8>) {
    for unit in [100, 10] {
        if number < unit {
            to.push(b'0');
        }
    }
    write_number(number, to);
}

/// RFC 3339 in UTC with milliseconds. The part before them is made once a second.
fn write_time(time: SystemTime, to: &mut Vec<u8>) {
    thread_local! {
        static SECOND: Cell<(u64, [u8; 19])> = const { Cell::new((u64::MAX, [0; 19])) };
    }
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (mut second, mut text) = SECOND.get();
    if second != since.as_secs() {
        second = since.as_secs();
        let seconds = i64::try_from(second).unwrap_or_default();
        let time = jiff::Timestamp::from_second(seconds).unwrap_or_default().to_string();
        text.iter_mut().zip(time.bytes()).for_each(|(to, from)| *to = from);
        SECOND.set((second, text));
    }
    to.extend_from_slice(&text);
    to.push(b'.');
    write_padded(u64::from(since.subsec_millis()), to);
    to.push(b'Z');
}

#[cfg(test)]
mod tests;
