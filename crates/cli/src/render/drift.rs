//! What changed between two sources, for a terminal and for a pull request.
//!
//! Changes that differ only in who reaches are told together, by the widest of them; `--verbose`
//! and JSON tell each by itself.

use std::collections::BTreeMap;

use anstyle::Style;
use farmgate_audit::diff::{About, Change, Drift, Kind, Lone};
use farmgate_audit::report::{Because, Location, Source};

use super::check::count;
use super::markdown_report::budget::{Budget, Section};
use super::markdown_report::safe::{code, inline};
use super::page::{Cause, Cell, GUTTER, Page};
use super::style::{BAD, BOLD, DIM, DOUBT, GOOD, PLAIN};
use super::words::Words;
use crate::input::shown;

/// How many causes are listed on each side, and how many others that reach the same.
const LISTED: usize = 6;

/// How far further lines hang.
const HANG: usize = GUTTER + 2;

/// Renders what changed for a terminal.
#[must_use]
pub fn text(drift: &Drift, width: usize, verbose: bool) -> String {
    let mut page = Page::new(width);
    for (side, sources) in [("before", &drift.left), ("after", &drift.right)] {
        let tag = Cell { column: 0, style: DIM, text: side };
        page.row(&[tag], GUTTER, GUTTER, &Words::plain(&told(sources)));
    }
    for group in groups(&drift.changes, verbose) {
        page.blank();
        change(&mut page, drift, &group, verbose);
    }
    page.blank();
    sides(&mut page, drift, verbose);
    for note in &drift.not_compared {
        let side = if note.side == "left" { "before" } else { "after" };
        let words = format!("{}: {side} shows none at all", note.kind);
        page.tagged(DOUBT, "unseen", &Words::plain(&words));
    }
    if verbose {
        page.blank();
        for pair in &drift.pairs {
            let words = Words::plain(&pair.left).and(DIM, "is").and(PLAIN, &pair.right);
            page.tagged(DIM, "matched", &words.and(DIM, &format!("by {}", pair.by)));
        }
    } else if !drift.assumes.is_empty() {
        let number = count(drift.assumes.len(), "match");
        let words = format!(
            "{} by names that AWS doesn't keep unique; --verbose lists them",
            number.replace("matchs", "matches")
        );
        page.tagged(DIM, "assumed", &Words::plain(&words));
    }
    page.blank();
    page.row(&[], 0, 0, &Words::plain(&totals(drift)));
    page.finish()
}

fn told(sources: &[Source]) -> String {
    let all = sources.iter().map(|source| {
        format!(
            "{} ({}, {})",
            shown(&source.name),
            source.kind,
            count(source.resources, "resource")
        )
    });
    match sources.len() {
        0..=LISTED => all.collect::<Vec<_>>().join(", "),
        more => format!("{more} files: {}, ...", all.take(2).collect::<Vec<_>>().join(", ")),
    }
}

/// How many there are of each kind.
fn totals(drift: &Drift) -> String {
    let totals = &drift.totals;
    if drift.changes.is_empty() {
        return match drift.not_compared.len() {
            0 => "who reaches whom is the same".to_owned(),
            _ => "who reaches whom is the same, as far as both show it".to_owned(),
        };
    }
    format!(
        "{} opened, {} closed, {} changed, {} perhaps",
        totals.opened, totals.closed, totals.changed, totals.unknown
    )
}

/// Changes that are told together: the first, and who else.
fn groups(changes: &[Change], verbose: bool) -> Vec<(&Change, Vec<&str>)> {
    let mut all: Vec<(&Change, Vec<&str>)> = Vec::new();
    let mut places: BTreeMap<(Kind, &str, &str), usize> = BTreeMap::new();
    let mut sorted: Vec<&Change> = changes.iter().collect();
    // The widest first: the internet, any host, and then whoever it is.
    let rank = |from: &str| match from {
        "the internet" => 0,
        "any host of the network" => 1,
        _ => 2,
    };
    sorted.sort_by_key(|change| (change.kind, change.about, rank(&change.from)));
    for change in sorted {
        let rest = change.text.strip_prefix(change.from.as_str());
        let rest = rest.filter(|_| change.about == About::Reach && !verbose);
        let what = match (rest, change.text.find(" from ")) {
            // What any host may is told by its addresses, what others may isn't.
            (Some(rest), Some(_)) => rest.split(" from ").next(),
            (rest, _) => rest,
        };
        let Some(what) = what else {
            all.push((change, Vec::new()));
            continue;
        };
        match places.get(&(change.kind, change.to.as_str(), what)).and_then(|at| all.get_mut(*at)) {
            Some((_, others)) => others.push(&change.from),
            None => {
                places.insert((change.kind, &change.to, what), all.len());
                all.push((change, Vec::new()));
            }
        }
    }
    all
}

fn tag(kind: Kind) -> (Style, &'static str) {
    match kind {
        Kind::Opened => (BAD, "opened"),
        Kind::Closed => (GOOD, "closed"),
        Kind::Changed => (BOLD, "changed"),
        Kind::Unknown => (DOUBT, "perhaps"),
    }
}

fn change(page: &mut Page, drift: &Drift, (first, others): &(&Change, Vec<&str>), verbose: bool) {
    let (style, word) = tag(first.kind);
    let cell = Cell { column: 0, style, text: word };
    page.row(&[cell], GUTTER, HANG, &Words::plain(&first.text));
    if !others.is_empty() {
        page.row(&[], GUTTER, HANG, &Words::new().and(DIM, "and so:").and(PLAIN, &listed(others)));
    }
    if let Some(witness) = &first.witness {
        let to = format!("{}:{}", witness.to, witness.service);
        let words = Words::plain(&witness.from).and(PLAIN, "->").whole(PLAIN, &to);
        page.row(&[], GUTTER, HANG, &words);
    }
    for missing in &first.missing {
        let words = Words::new().and(DIM, "not known:").and(PLAIN, missing);
        page.row(&[], GUTTER, HANG, &words);
    }
    let sides = [
        ("before", &first.left, &drift.left_locations),
        ("after", &first.right, &drift.right_locations),
    ];
    let most = if verbose { usize::MAX } else { LISTED };
    let told: Vec<(&str, &Because, String)> = sides
        .into_iter()
        .flat_map(|(side, causes, places)| {
            causes.iter().take(most).map(move |cause| (side, cause, placed(cause, places)))
        })
        .collect();
    let rows: Vec<Cause<'_>> = told
        .iter()
        .map(|(side, cause, text)| Cause {
            mark: Some((DIM, side)),
            code: &cause.code,
            origin: &cause.origin,
            text,
        })
        .collect();
    page.causes(&rows);
    let all = first.left.len() + first.right.len();
    if all > told.len() {
        let more = format!("and {} more; --verbose lists them", all - told.len());
        page.under(&Words::new().and(DIM, &more));
    }
}

/// What a cause says, and where it is written.
fn placed(cause: &Because, places: &BTreeMap<String, Location>) -> String {
    match places.get(&cause.origin) {
        Some(at) => format!("{} ({}:{}:{})", cause.text, shown(&at.file), at.line, at.column),
        None => cause.text.clone(),
    }
}

fn listed(names: &[&str]) -> String {
    let most = names.len().min(LISTED);
    let shown = names.get(..most).unwrap_or(names).join(", ");
    match names.len() - most {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What is on one side only.
fn sides(page: &mut Page, drift: &Drift, verbose: bool) {
    for (side, lone) in [("before", &drift.only_left), ("after", &drift.only_right)] {
        let mut kinds: BTreeMap<&str, Vec<&Lone>> = BTreeMap::new();
        for item in lone {
            kinds.entry(&item.kind).or_default().push(item);
        }
        for (kind, items) in kinds {
            let names: Vec<&str> = items.iter().map(|item| item.key.as_str()).collect();
            let names = if verbose { names.join(", ") } else { listed(&names) };
            let words = Words::new().and(DIM, &format!("{side}: {kind}:")).and(PLAIN, &names);
            page.tagged(DIM, "only", &words);
        }
    }
}

/// Renders what changed for a pull request.
#[must_use]
pub fn markdown(drift: &Drift) -> String {
    let mut page = Budget::new();
    page.line(&format!("### farmgate diff: {}", totals(drift)));
    page.line("");
    page.line(&format!("{} → {}", inline(&told(&drift.left)), inline(&told(&drift.right))));
    for (kind, title) in [
        (Kind::Opened, "Opened"),
        (Kind::Closed, "Closed"),
        (Kind::Changed, "Changed"),
        (Kind::Unknown, "Perhaps changed"),
    ] {
        let mut section =
            Section::new(title, "| What | Before | After |\n| --- | --- | --- |").open();
        for (change, others) in groups(&drift.changes, false) {
            if change.kind == kind {
                section.row(row(drift, change, &others));
            }
        }
        page.section(section);
    }
    let mut only = Section::new("On one side only", "| Side | Kind | What |\n| --- | --- | --- |");
    for (side, lone) in [("before", &drift.only_left), ("after", &drift.only_right)] {
        for item in lone {
            only.row(format!("| {side} | {} | {} |", item.kind, code(&item.key)));
        }
    }
    for note in &drift.not_compared {
        let side = if note.side == "left" { "before" } else { "after" };
        only.row(format!("| {side} | {} | shows none at all |", note.kind));
    }
    page.section(only);
    page.finish()
}

fn row(drift: &Drift, change: &Change, others: &[&str]) -> String {
    let mut what = inline(&change.text);
    if !others.is_empty() {
        what.push_str(&format!("<br>and so: {}", inline(&listed(others))));
    }
    for missing in &change.missing {
        what.push_str(&format!("<br>not known: {}", inline(missing)));
    }
    let causes = |all: &[Because], places: &BTreeMap<String, Location>| {
        let rows = all.iter().take(LISTED);
        let rows = rows.map(|it| format!("{} {}", code(&it.origin), inline(&placed(it, places))));
        rows.collect::<Vec<_>>().join("<br>")
    };
    let before = causes(&change.left, &drift.left_locations);
    let after = causes(&change.right, &drift.right_locations);
    format!("| {what} | {before} | {after} |")
}
