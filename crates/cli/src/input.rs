//! Reads the files that the command line names, and makes the model of them.

mod folder;

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use farmgate_aws::import::{self, ImportError, Input, Settings};
use farmgate_aws::model::{Model, Warning};

use crate::problem::{Failure, Problem};

/// A file that was read.
#[derive(Debug)]
pub struct File {
    /// Its name, as given.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// How a file is called in messages: `-` is the standard input.
#[must_use]
pub fn shown(name: &str) -> &str {
    if name == "-" { "standard input" } else { name }
}

/// Reads the sources, of which one may be the standard input.
///
/// # Errors
/// Every file that can't be read; or that the standard input is named twice.
pub fn sources<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<File>, Failure> {
    sources_and_notes(paths, &mut Vec::new())
}

/// Reads the sources, and notes what of a folder among them is none.
///
/// # Errors
/// Every file that can't be read; that a folder holds no source; or that the standard input is
/// named twice.
pub fn sources_and_notes<P: AsRef<Path>>(
    paths: &[P],
    notes: &mut Vec<Warning>,
) -> Result<Vec<File>, Failure> {
    if paths.iter().filter(|path| path.as_ref() == Path::new("-")).count() > 1 {
        return Err(Failure::input(vec![Problem::Plain {
            code: "stdin-twice",
            file: None,
            message: "`-` is given twice, and the standard input can be read only once".to_owned(),
            help: None,
        }]));
    }
    let mut files = Vec::new();
    let mut failed: Option<Failure> = None;
    for path in paths {
        let read = if path.as_ref().is_dir() {
            folder::sources(path.as_ref(), notes)
        } else {
            let one = source(path.as_ref()).map(|file| vec![file]);
            one.map_err(|problem| Failure::environment(vec![problem]))
        };
        match (read, &mut failed) {
            (Ok(found), _) => files.extend(found),
            (Err(failure), none @ None) => *none = Some(failure),
            (Err(failure), Some(all)) => {
                all.exit = all.exit.max(failure.exit);
                all.problems.extend(failure.problems);
            }
        }
    }
    failed.map_or(Ok(files), Err)
}

fn source(path: &Path) -> Result<File, Problem> {
    if path != Path::new("-") {
        return file(path);
    }
    let mut bytes = Vec::new();
    match io::stdin().lock().read_to_end(&mut bytes) {
        Ok(_) => Ok(File { name: "-".to_owned(), bytes }),
        Err(error) => Err(unreadable("-", &error)),
    }
}

/// Reads a file.
///
/// # Errors
/// If it can't be read.
pub fn file(path: &Path) -> Result<File, Problem> {
    let name = path.to_string_lossy().into_owned();
    match fs::read(path) {
        Ok(bytes) => Ok(File { name, bytes }),
        Err(error) => Err(unreadable(&name, &error)),
    }
}

/// Reads a file that needn't be there.
///
/// # Errors
/// If it is there and can't be read.
pub fn file_if_there(path: &Path) -> Result<Option<File>, Problem> {
    let name = path.to_string_lossy().into_owned();
    match fs::read(path) {
        Ok(bytes) => Ok(Some(File { name, bytes })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(&name, &error)),
    }
}

pub(crate) fn unreadable(name: &str, error: &io::Error) -> Problem {
    let message = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "this is a directory; a file is needed".to_owned(),
        _ => error.to_string(),
    };
    Problem::Plain { code: "cannot-read", file: Some(name.to_owned()), message, help: None }
}

// === impl File ===

impl File {
    /// The content as text.
    ///
    /// # Errors
    /// If it isn't UTF-8.
    pub fn text(&self) -> Result<&str, Problem> {
        std::str::from_utf8(&self.bytes).map_err(|_| Problem::Plain {
            code: "not-utf-8",
            file: Some(self.name.clone()),
            message: "this is not UTF-8 text".to_owned(),
            help: None,
        })
    }
}

/// Makes one model of all sources.
///
/// # Errors
/// Every problem that the importer found.
pub fn model(files: Vec<File>) -> Result<Model, Vec<Problem>> {
    model_with(files, Vec::new())
}

/// Makes one model of all sources, with the files of a Terraform source beside them.
///
/// # Errors
/// Every problem that the importer found.
pub fn model_with(files: Vec<File>, source: Vec<File>) -> Result<Model, Vec<Problem>> {
    let read = match import::read(&inputs(&files), &Settings { source: &inputs(&source) }) {
        Ok(read) => read,
        Err(errors) => {
            return Err(errors.into_iter().flat_map(|error| problems(&files, error)).collect());
        }
    };
    // What was read may be large, and its text is needed no more.
    drop((files, source));
    Ok(read.model())
}

fn inputs(files: &[File]) -> Vec<Input<'_>> {
    files.iter().map(|file| Input { name: &file.name, bytes: &file.bytes }).collect()
}

/// What is wrong with an input: in its place, where that is known.
fn problems(files: &[File], error: ImportError) -> Vec<Problem> {
    let text = files.iter().find(|file| file.name == error.input).and_then(|it| it.text().ok());
    match text {
        Some(text) if !error.diagnostics.is_empty() => {
            Problem::of_diagnostics(&error.diagnostics, shown(&error.input), text)
        }
        _ => vec![Problem::Plain {
            code: error.code,
            file: Some(error.input),
            message: error.message,
            help: error.help,
        }],
    }
}
