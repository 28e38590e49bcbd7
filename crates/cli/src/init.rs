//! `farmgate init`: a farm file to start from.
//!
//! Nothing that exists is overwritten: files are written under temporary names and take their own
//! only if nobody has them.

mod blueprint;
mod write;

pub(crate) use blueprint::quickstart;

use std::fs;
use std::path::Path;

use farmgate_farm::carry::{self, Carried, NoteKind, Refusal};

use crate::args::{Color, Init};
use crate::exit::Exit;
use crate::input::{self, shown};
use crate::output;
use crate::problem::{Failure, Problem};
use crate::render::style::{BOLD, DIM};
use crate::render::words::visible;

/// Writes the farm file.
///
/// # Errors
/// If the file to start from is wrong, something would be overwritten, or a file can't be written.
pub fn run(args: &Init, color: Color) -> Result<Exit, Failure> {
    let start = match &args.from {
        Some(file) => from(file, &args.dir)?,
        None => Start::of_blueprint(args.blueprint.as_deref())?,
    };
    let written = write::write(&args.dir, &start.files)?;
    output::text(&said(&args.dir, &start, &written), color)?;
    Ok(Exit::Fine)
}

/// What is written, and what is said of it.
struct Start {
    /// Files by name; the farm file is the first.
    files: Vec<(String, String)>,
    /// What it was made of: `blueprint quickstart`.
    of: String,
    /// What was carried over from another file.
    carried: Option<Carried>,
    /// Overlays that it has.
    overlays: Vec<&'static str>,
}

impl Start {
    fn of_blueprint(name: Option<&str>) -> Result<Self, Failure> {
        let blueprint = blueprint::find(name)?;
        let mut files = vec![("farm.yaml".to_owned(), blueprint.farm.to_owned())];
        let overlays = blueprint.overlays.iter();
        files
            .extend(overlays.map(|(name, text)| (format!("farm.{name}.yaml"), (*text).to_owned())));
        Ok(Self {
            files,
            of: format!("the blueprint {}", blueprint.name),
            carried: None,
            overlays: blueprint.overlays.iter().map(|(name, _)| *name).collect(),
        })
    }
}

/// Carries a file over.
fn from(path: &Path, dir: &Path) -> Result<Start, Failure> {
    let files = input::sources(&[path])?;
    let Some(file) = files.first() else {
        return Err(Failure::input(Vec::new()));
    };
    let text = file.text().map_err(|problem| Failure::input(vec![problem]))?;
    let carried =
        carry::carry(text, &name(dir)).map_err(|Refusal { code, at, message, help }| {
            let place = at
                .map_or(String::new(), |(line, column)| format!("line {line}, column {column}: "));
            Failure::input(vec![Problem::Plain {
                code,
                file: Some(file.name.clone()),
                message: format!("{place}{message}"),
                help,
            }])
        })?;
    Ok(Start {
        files: vec![("farm.yaml".to_owned(), carried.text.clone())],
        of: shown(&file.name).to_owned(),
        carried: Some(carried),
        overlays: Vec::new(),
    })
}

/// The name of the folder, which becomes the farm's.
fn name(dir: &Path) -> String {
    let whole = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_path_buf());
    whole.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What was written, what to know of it, and what comes next.
fn said(dir: &Path, start: &Start, written: &write::Written) -> String {
    let path = |name: &str| visible(&dir.join(name).to_string_lossy()).into_owned();
    let mut text = String::new();
    for name in &written.files {
        text.push_str(&format!("wrote {BOLD}{}{BOLD:#}\n", path(name)));
    }
    let of = visible(&start.of);
    match &start.carried {
        Some(carried) => text.push_str(&format!(
            "the farm {} with {}, from {of}\n",
            carried.farm,
            counted(carried.servers.len(), "server"),
        )),
        None => text.push_str(&format!("{DIM}from {of}{DIM:#}\n")),
    }
    if let Some(carried) = &start.carried {
        notes(&mut text, carried);
    }
    if !written.ignored.is_empty() {
        text.push_str(&format!(
            "\n{} is there and was left as it is; it should have: {}\n",
            path(".gitignore"),
            written.ignored.join(", "),
        ));
    }
    let file = path("farm.yaml");
    let edit = match &start.carried {
        Some(_) => "what is marked EXAMPLE and EDIT",
        None => "account, names, addresses and images in it are made up",
    };
    text.push_str(&format!("\n{BOLD}next{BOLD:#}\n"));
    text.push_str(&format!("  edit {file}: {edit}\n"));
    let env = match start.overlays.first() {
        Some(overlay) => format!(" {DIM}# and with --env {overlay}{DIM:#}"),
        None => String::new(),
    };
    text.push_str(&format!("  farmgate up {file} {DIM}# on this machine{DIM:#}\n"));
    text.push_str(&format!("  farmgate check {file}{env}\n"));
    text.push_str(&format!("  farmgate build {file} --out {}\n", path("out")));
    text
}

/// What didn't come over, and what did in other words.
fn notes(text: &mut String, carried: &Carried) {
    for (kind, title) in [
        (NoteKind::Left, "not carried over"),
        (NoteKind::Changed, "changed"),
        (NoteKind::Todo, "to do"),
    ] {
        let notes: Vec<_> = carried.notes.iter().filter(|note| note.kind == kind).collect();
        if notes.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{BOLD}{title}{BOLD:#}\n"));
        for note in notes {
            let (place, note) = (visible(&note.path), visible(&note.text));
            text.push_str(&format!("  {DIM}{place}{DIM:#}: {note}\n"));
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
