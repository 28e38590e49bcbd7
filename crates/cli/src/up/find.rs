//! Which farm `up` runs, and `probe --local` probes: the one that is named, `./farm.yaml`, or the quickstart that comes with
//! farmgate, in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};

use crate::init;
use crate::problem::{Failure, Problem};
use crate::staged::{cannot_write, staged};

/// The farm file in a folder.
const FILE: &str = "farm.yaml";

/// A farm file.
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// Whether it is the quickstart that comes with farmgate.
    pub(crate) embedded: bool,
}

/// The farm file to run.
///
/// # Errors
/// If there is none, and no folder for the quickstart.
pub(crate) fn farm(named: Option<&Path>) -> Result<Found, Failure> {
    if let Some(named) = named {
        if named == Path::new("-") {
            return Err(refused(
                "a farm that runs needs a folder: the standard input is none",
                "name a file",
            ));
        }
        let path = if named.is_dir() { named.join(FILE) } else { named.to_owned() };
        return Ok(Found { path, embedded: false });
    }
    if Path::new(FILE).is_file() {
        return Ok(Found { path: PathBuf::from(FILE), embedded: false });
    }
    quickstart(&state_folder()?.join("quickstart"))
}

/// The quickstart, written anew each time: it is farmgate's own, and another version may have another.
fn quickstart(folder: &Path) -> Result<Found, Failure> {
    fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    let path = folder.join(FILE);
    let text = init::quickstart();
    if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(Found { path, embedded: true });
    }
    let file = staged(folder, FILE, text)?;
    file.persist(&path).map_err(|error| cannot_write(&path, &error.error))?;
    Ok(Found { path, embedded: true })
}

/// Where programs keep what isn't configuration (XDG Base Directory Specification).
fn state_folder() -> Result<PathBuf, Failure> {
    let absolute =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local").join("state")));
    state.map(|state| state.join("farmgate")).ok_or_else(|| {
        refused(
            "there is no farm.yaml here, and neither HOME nor XDG_STATE_HOME says where the \
             quickstart could keep its keys",
            "name a farm file, or write one with `farmgate init DIR`",
        )
    })
}

fn refused(message: &str, help: &str) -> Failure {
    Failure::input(vec![Problem::Plain {
        code: "no-farm",
        file: None,
        message: message.to_owned(),
        help: Some(help.to_owned()),
    }])
}
