//! A folder as a source: all that is one in it.
//!
//! `cdk.out/` goes by its manifest; any other folder by what its files hold. Where a folder has
//! what is no source, that is said and passed over; a source that is broken is an error, since what is
//! proved without it would be proved of something else.

mod nested;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use farmgate_aws::import::{self, ImportError};
use farmgate_aws::model::Warning;
use serde_json::Value;

use super::{File, file, unreadable};
use crate::problem::{Failure, Problem};

/// How many files one folder may hold that look like sources.
const MOST_FILES: usize = 10_000;

/// How deep folders may be nested.
const DEEPEST: usize = 16;

/// How many files that were passed over are named.
const MOST_NAMED: usize = 3;

/// What files of sources are called.
const ENDS: [&str; 4] = ["json", "yaml", "yml", "template"];

/// What no person keeps sources in.
const PASSED_OVER: [&str; 2] = ["node_modules", "target"];

/// CDK's table of contents.
const MANIFEST: &str = "manifest.json";

/// Reads the sources of a folder.
pub(super) fn sources(path: &Path, notes: &mut Vec<Warning>) -> Result<Vec<File>, Failure> {
    if let Some(files) = cdk(path, 0).map_err(Failure::environment)? {
        return Ok(files);
    }
    let mut paths = Vec::new();
    collect(path, 0, &mut paths).map_err(|problem| Failure::environment(vec![problem]))?;
    paths.sort();
    let Seen { files, others, broken, unreadable } = read(paths);
    if !unreadable.is_empty() {
        return Err(Failure::environment(unreadable));
    }
    if !broken.is_empty() {
        return Err(Failure::input(broken));
    }
    let name = path.to_string_lossy().into_owned();
    if files.is_empty() {
        return Err(Failure::input(vec![match terraform_in(path) {
            Some(root) => terraform(name, &root),
            None => nothing(name),
        }]));
    }
    notes.extend(passed_over(&name, &others));
    Ok(files)
}

/// What the files of a folder are.
#[derive(Default)]
struct Seen {
    files: Vec<File>,
    /// What is no source, with the reason.
    others: Vec<String>,
    broken: Vec<Problem>,
    unreadable: Vec<Problem>,
}

fn read(mut paths: Vec<PathBuf>) -> Seen {
    let mut seen = Seen::default();
    let mut known: BTreeSet<PathBuf> = paths.iter().cloned().collect();
    let mut next = 0;
    while let Some(path) = paths.get(next).cloned() {
        next += 1;
        let file = match file(&path) {
            Ok(file) => file,
            Err(problem) => {
                seen.unreadable.push(problem);
                continue;
            }
        };
        match import::detect(&file.bytes) {
            Ok(_) => {
                // Templates of nested stacks may lie where nobody keeps sources of their own.
                let folder = path.parent().unwrap_or(Path::new(""));
                for inner in nested::named(&file.bytes) {
                    let inner = plain(&folder.join(inner));
                    let free = paths.len() < MOST_FILES && inner.is_file();
                    if free && known.insert(inner.clone()) {
                        paths.push(inner);
                    }
                }
                seen.files.push(file);
            }
            Err(error) if import::is_broken_source(&file.bytes, &error) => {
                let ImportError { code, message, help, .. } = error;
                seen.broken.push(Problem::Plain { code, file: Some(file.name), message, help });
            }
            Err(error) => seen.others.push(format!("{} ({})", file.name, error.message)),
        }
    }
    seen
}

fn nothing(folder: String) -> Problem {
    let help = "a source is a Terraform plan or state, a CloudFormation template, or what \
                `aws ... describe-*` prints, in a file that ends with .json, .yaml, .yml or .template";
    Problem::Plain {
        code: "no-sources",
        file: Some(folder),
        message: "nothing in this folder is a source".to_owned(),
        help: Some(help.to_owned()),
    }
}

fn passed_over(folder: &str, others: &[String]) -> Option<Warning> {
    let named: Vec<&str> = others.iter().take(MOST_NAMED).map(String::as_str).collect();
    let more = if others.len() > named.len() { " ..." } else { "" };
    let (files, are) = match others.len() {
        0 => return None,
        1 => ("1 file".to_owned(), "is"),
        count => (format!("{count} files"), "are"),
    };
    let text =
        format!("{files} of {folder} {are} no source and passed over: {}{more}", named.join(", "));
    Some(Warning { code: "passed-over", text, on: None })
}

/// A path without `.` in it.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}

/// What is said of a folder of Terraform's language: it is what plans are made of.
fn terraform(folder: String, root: &Path) -> Problem {
    let shown = root.to_string_lossy();
    let help = format!(
        "in the folder of the root module, run `terraform init`, `terraform plan -out=plan.bin` and \
         `terraform show -json plan.bin > plan.json`; then, for example, \
         `farmgate check {shown}/plan.json --source {shown}`"
    );
    Problem::Plain {
        code: "terraform-source",
        file: Some(folder),
        message: "this folder holds Terraform's source (HCL), and no plan of it".to_owned(),
        help: Some(help),
    }
}

/// The first folder that holds Terraform's language, nearest first.
fn terraform_in(folder: &Path) -> Option<PathBuf> {
    let mut level = vec![folder.to_path_buf()];
    let mut seen = 0;
    for _ in 0..DEEPEST {
        let mut next = Vec::new();
        for folder in level {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                seen += 1;
                if seen > MOST_FILES {
                    return None;
                }
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if is_folder && !name.starts_with('.') {
                    next.push(entry.path());
                } else if name.ends_with(".tf") || name.ends_with(".tf.json") {
                    return Some(folder);
                }
            }
        }
        next.sort();
        level = next;
    }
    None
}

/// The manifest of what CDK wrote, and the templates that it names; none, if it is no such folder.
fn cdk(folder: &Path, depth: usize) -> Result<Option<Vec<File>>, Vec<Problem>> {
    let path = folder.join(MANIFEST);
    if depth > DEEPEST || !path.is_file() {
        return Ok(None);
    }
    let manifest = file(&path).map_err(|problem| vec![problem])?;
    let Ok(content) = serde_json::from_slice::<Value>(&manifest.bytes) else {
        return Ok(None);
    };
    let Some(artifacts) = content.get("artifacts").and_then(Value::as_object) else {
        return Ok(None);
    };
    let mut files = vec![manifest];
    let mut problems = Vec::new();
    for artifact in artifacts.values() {
        let text = |path: &str| artifact.pointer(path).and_then(Value::as_str);
        // Only names of files here: a manifest leads nowhere else.
        let plain = |name: &&str| !name.is_empty() && !name.contains(['/', '\\']) && *name != "..";
        if let Some(name) = text("/properties/templateFile").filter(plain) {
            match file(&folder.join(name)) {
                Ok(file) => files.push(file),
                Err(problem) => problems.push(problem),
            }
        }
        if let Some(name) = text("/properties/directoryName").filter(plain) {
            match cdk(&folder.join(name), depth + 1) {
                Ok(inner) => files.extend(inner.into_iter().flatten()),
                Err(found) => problems.extend(found),
            }
        }
    }
    // Nested stacks are assets: the metadata of their resources name their templates, or lists do.
    let mut nested = Vec::new();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.take(MOST_FILES) {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".nested.template.json") || name.ends_with(".assets.json") {
            nested.push(entry.path());
        }
    }
    nested.sort();
    for path in nested {
        match file(&path) {
            // What is no source beside a manifest is CDK's own business.
            Ok(file) if import::detect(&file.bytes).is_err() => {}
            Ok(file) => files.push(file),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(Some(files)) } else { Err(problems) }
}

/// The paths below a folder that look like sources. Links to folders are not followed.
fn collect(folder: &Path, depth: usize, into: &mut Vec<PathBuf>) -> Result<(), Problem> {
    let too_many = |what: String| Problem::Plain {
        code: "folder-too-large",
        file: Some(folder.to_string_lossy().into_owned()),
        message: what,
        help: Some("name the files, or a smaller folder".to_owned()),
    };
    if depth > DEEPEST {
        return Err(too_many(format!("folders are nested more than {DEEPEST} deep")));
    }
    let entries =
        fs::read_dir(folder).map_err(|error| unreadable(&folder.to_string_lossy(), &error))?;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || PASSED_OVER.contains(&name.as_ref()) {
            continue;
        }
        let Ok(kind) = entry.file_type() else { continue };
        let path = entry.path();
        if kind.is_dir() {
            collect(&path, depth + 1, into)?;
        } else if path.is_file() {
            let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
            if ENDS.contains(&end) {
                into.push(path);
            }
        }
        if into.len() > MOST_FILES {
            return Err(too_many(format!("it holds more than {MOST_FILES} files")));
        }
    }
    Ok(())
}
