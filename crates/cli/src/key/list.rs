//! `farmgate key list`: the keys of a farm's stores, without anything that would let somebody in.

use jiff::Timestamp;
use serde::Serialize;

use super::now;
use super::store::{Keys, Store, Wanted};
use crate::args::{Color, Format, KeyList};
use crate::output;
use crate::problem::Failure;
use crate::render::style::{BOLD, DIM};
use crate::render::words::visible;

/// From so many seconds before its end on, a key is said to end soon.
const SOON: i64 = 14 * 86_400;

/// A key, of whichever kind.
struct Entry<'a> {
    id: &'a str,
    name: &'a str,
    group: Option<&'a str>,
    created: i64,
    expires: Option<i64>,
    kind: &'static str,
}

/// A key as JSON has it.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    name: &'a str,
    group: Option<&'a str>,
    created: String,
    expires: Option<String>,
    /// `holds`, `ends` (soon) or `expired`.
    state: &'static str,
    /// `api_key` or `access_key`.
    kind: &'static str,
    /// The store's file.
    store: String,
}

/// Lists them.
///
/// # Errors
/// If a store can't be read, or the output can't be written.
pub(super) fn run(args: &KeyList, color: Color) -> Result<(), Failure> {
    let mut stores: Vec<(Store, Keys)> = Vec::new();
    for store in Store::all(&args.store, Wanted::Any, false)? {
        let keys = store.read()?;
        stores.push((store, keys));
    }
    let now = now();
    if args.format == Format::Json {
        let rows = stores.iter().flat_map(|(store, keys)| {
            entries(keys).into_iter().map(|entry| row(&entry, store, now))
        });
        return output::json(&rows.collect::<Vec<Row<'_>>>());
    }
    let several = stores.len() > 1;
    let texts = stores.iter().map(|(store, keys)| text(store, keys, several, now));
    output::text(&texts.collect::<Vec<_>>().join("\n"), color)
}

fn entries(keys: &Keys) -> Vec<Entry<'_>> {
    match keys {
        Keys::Api(keys) => {
            let keys = keys.keys().iter().map(|key| {
                let (created, expires, group) = (key.created, key.expires, key.group.as_deref());
                Entry { id: &key.id, name: &key.name, group, created, expires, kind: "api_key" }
            });
            keys.collect()
        }
        Keys::Access(keys) => {
            let keys = keys.keys().iter().map(|key| {
                let (created, expires, group) = (key.created, key.expires, key.group.as_deref());
                Entry { id: &key.id, name: &key.name, group, created, expires, kind: "access_key" }
            });
            keys.collect()
        }
    }
}

/// A store for people; under its name, if there are several.
fn text(store: &Store, keys: &Keys, several: bool, now: i64) -> String {
    let file = visible(&store.file.to_string_lossy()).into_owned();
    let entries = entries(keys);
    if entries.is_empty() {
        let command = match keys {
            Keys::Api(_) => "add",
            Keys::Access(_) => "issue-sigv4",
        };
        return format!(
            "no keys in {file}: nobody gets in by one\n\
             {DIM}farmgate key {command} --group GROUP{DIM:#}\n"
        );
    }
    let title = if several { format!("{DIM}{file}{DIM:#}\n") } else { String::new() };
    title + &table(&entries, now)
}

fn row<'a>(key: &Entry<'a>, store: &Store, now: i64) -> Row<'a> {
    Row {
        id: key.id,
        name: key.name,
        group: key.group,
        created: time(key.created),
        expires: key.expires.map(time),
        state: match key.expires {
            Some(end) if end <= now => "expired",
            Some(end) if end - now <= SOON => "ends",
            _ => "holds",
        },
        kind: key.kind,
        store: store.file.to_string_lossy().into_owned(),
    }
}

/// Seconds since 1970 as RFC 3339 has them.
pub(super) fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

/// The rows, with the columns as wide as need be.
fn table(keys: &[Entry<'_>], now: i64) -> String {
    let title = ["id", "name", "group", "created", "expires", "state"].map(str::to_owned);
    let rows = keys.iter().map(|key| {
        let state = match key.expires {
            Some(end) if end <= now => "expired".to_owned(),
            Some(end) if end - now <= SOON => format!("ends in {}", span(end - now)),
            _ => "holds".to_owned(),
        };
        [
            key.id.to_owned(),
            key.name.to_owned(),
            key.group.unwrap_or("-").to_owned(),
            time(key.created),
            key.expires.map_or_else(|| "-".to_owned(), time),
            state,
        ]
    });
    let rows: Vec<[String; 6]> = std::iter::once(title).chain(rows).collect();
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.len().max(*width);
        }
    }
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        let line = cells.join("  ");
        let line = line.trim_end();
        match at {
            0 => text.push_str(&format!("{BOLD}{line}{BOLD:#}\n")),
            _ => text.push_str(&format!("{line}\n")),
        }
    }
    text
}

/// A time in its largest unit, rounded up: `23 h`.
pub(super) fn span(seconds: i64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min")];
    let fits = units.iter().find(|(unit, _)| seconds >= 2 * unit);
    match fits {
        Some((unit, name)) => format!("{} {name}", seconds.saturating_add(unit - 1) / unit),
        None => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_in_its_largest_unit() {
        for (seconds, said) in [
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7199, "120 min"),
            (7200, "2 h"),
            (86_400, "24 h"),
            (86_401, "25 h"),
            (172_800, "2 d"),
            (7 * 86_400, "7 d"),
        ] {
            assert_eq!(span(seconds), said);
        }
    }
}
