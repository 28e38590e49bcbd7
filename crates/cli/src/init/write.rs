//! Writes files to a folder, none of them over another.

use std::fs;
use std::io;
use std::path::Path;

use crate::problem::{Failure, Problem};
use crate::staged::{cannot_write, staged};

/// What no repository should have.
///
/// The module that `build` writes is not among it: committed, what changes in it can be read before
/// it is applied, and its lock file pins the provider.
const IGNORE: &str = "\
# Secrets for `farmgate up`.
farm.secrets

# Terraform's plugins, states and plans; the latter two hold what is secret. The module itself (out/)
# belongs into the repository, with .terraform.lock.hcl: what changes can be read before it is applied.
.terraform/
*.tfstate
*.tfstate.*
*.tfplan
crash.log
crash.*.log
";

/// What became of the files.
pub(super) struct Written {
    /// Those that are there now.
    pub(super) files: Vec<String>,
    /// Lines that a `.gitignore` that was there already lacks.
    pub(super) ignored: Vec<String>,
}

/// Writes files, and a `.gitignore` if there is none.
///
/// # Errors
/// If one of them is there already, or can't be written.
pub(super) fn write(dir: &Path, files: &[(String, String)]) -> Result<Written, Failure> {
    let there = files.iter().filter(|(name, _)| fs::symlink_metadata(dir.join(name)).is_ok());
    let mut problems: Vec<Problem> = there.map(|(name, _)| exists(&dir.join(name))).collect();
    if fs::metadata(dir).is_ok_and(|dir| !dir.is_dir()) {
        problems.push(exists(dir));
    }
    if !problems.is_empty() {
        return Err(Failure::input(problems));
    }
    fs::create_dir_all(dir).map_err(|error| cannot_write(dir, &error))?;
    let mut written = Written { files: Vec::new(), ignored: Vec::new() };
    match fs::read(dir.join(".gitignore")) {
        Ok(known) => written.ignored = missing(&String::from_utf8_lossy(&known)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            one(dir, ".gitignore", IGNORE)?;
            written.files.push(".gitignore".to_owned());
        }
        Err(error) => return Err(cannot_write(&dir.join(".gitignore"), &error)),
    }
    // The farm file comes last: where it is, the rest is too.
    for (name, text) in files.iter().rev() {
        one(dir, name, text)?;
        written.files.insert(0, name.clone());
    }
    Ok(written)
}

/// Writes a file under a temporary name, and gives it its own if nobody has that.
fn one(dir: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let path = dir.join(name);
    let file = staged(dir, name, text)?;
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Failure::input(vec![exists(&path)]))
        }
        Err(error) => Err(cannot_write(&path, &error.error)),
    }
}

/// The lines of ours that a `.gitignore` lacks.
fn missing(known: &str) -> Vec<String> {
    let bare = |line: &str| line.trim().trim_start_matches('/').trim_end_matches('/').to_owned();
    let known: Vec<String> = known.lines().map(bare).collect();
    let ours = IGNORE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    ours.filter(|line| !known.contains(&bare(line))).map(str::to_owned).collect()
}

fn exists(path: &Path) -> Problem {
    Problem::Plain {
        code: "exists",
        file: Some(path.to_string_lossy().into_owned()),
        message: "this is there already, and init overwrites nothing".to_owned(),
        help: Some("take another folder, or move this away".to_owned()),
    }
}
