//! What is to be started: a program, its arguments, its whole environment.
//!
//! It starts nothing. The environment of our own process, which may hold keys, is not handed on:
//! only what a program needs to find its way (`PATH`, the locale, folders) comes from there.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// The variables that a child gets from our own environment, if the caller doesn't set them.
/// `LC_*` comes too. `FARMGATE_*` never does.
pub const INHERITED: [&str; 7] = ["PATH", "HOME", "LANG", "LANGUAGE", "TMPDIR", "TZ", "USER"];

/// Where programs are looked for if there is no `PATH`.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A program to be started.
///
/// `Debug` shows neither values of the environment nor arguments: both may hold what is secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Start {
    /// The program: a path, or a name that is looked for in the child's own `PATH`.
    pub program: OsString,
    /// Its arguments, without its name.
    pub args: Vec<OsString>,
    /// Its environment. Nothing is inherited but [`INHERITED`]; the last of equal names counts.
    pub environment: Vec<(OsString, OsString)>,
    /// The folder that it starts in; our own if absent.
    pub folder: Option<PathBuf>,
}

// === impl Start ===

impl Start {
    /// A program with arguments, in our own folder and with nothing but what is inherited.
    pub fn new<A: Into<OsString>>(
        program: impl Into<OsString>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        Self {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
            environment: Vec::new(),
            folder: None,
        }
    }

    /// With one more variable in its environment.
    #[must_use]
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The environment as the child gets it.
    pub(crate) fn whole_environment(&self) -> BTreeMap<OsString, OsString> {
        let inherited = std::env::vars_os().filter(|(name, _)| is_inherited(name));
        inherited.chain(self.environment.iter().cloned()).collect()
    }

    /// The file that is executed.
    ///
    /// # Errors
    /// `NotFound` if there is none, `PermissionDenied` if it can't be executed: told before anything
    /// is started, by name.
    pub(crate) fn find(&self) -> io::Result<PathBuf> {
        let name = self.program.to_string_lossy().into_owned();
        if self.program.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no program is named"));
        }
        if self.program.as_bytes().contains(&b'/') {
            let path = self.below(Path::new(&self.program));
            return executable(&path).map(|()| path).map_err(|kind| unusable(&name, kind));
        }
        let environment = self.whole_environment();
        let path = environment.get(OsStr::new("PATH")).cloned();
        let path = path.unwrap_or_else(|| DEFAULT_PATH.into());
        let mut worst = io::ErrorKind::NotFound;
        for folder in std::env::split_paths(&path).filter(|folder| !folder.as_os_str().is_empty()) {
            let file = self.below(&folder.join(&self.program));
            match executable(&file) {
                Ok(()) => return Ok(file),
                Err(io::ErrorKind::PermissionDenied) => worst = io::ErrorKind::PermissionDenied,
                Err(_) => {}
            }
        }
        Err(unusable(&name, worst))
    }

    /// A path as it is from the folder in which the program starts.
    fn below(&self, path: &Path) -> PathBuf {
        self.folder.as_ref().map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&OsString> = self.environment.iter().map(|(name, _)| name).collect();
        f.debug_struct("Start")
            .field("program", &self.program)
            .field("args", &self.args.len())
            .field("environment", &names)
            .field("folder", &self.folder)
            .finish()
    }
}

fn is_inherited(name: &OsStr) -> bool {
    INHERITED.iter().any(|known| OsStr::new(known) == name) || name.as_bytes().starts_with(b"LC_")
}

fn executable(path: &Path) -> Result<(), io::ErrorKind> {
    let is_file = path.metadata().map_err(|error| error.kind())?.is_file();
    if !is_file || access(path, Access::EXEC_OK).is_err() {
        return Err(io::ErrorKind::PermissionDenied);
    }
    Ok(())
}

fn unusable(name: &str, kind: io::ErrorKind) -> io::Error {
    let message = match kind {
        io::ErrorKind::NotFound => format!("there is no program `{name}`"),
        _ => format!("`{name}` is no program that may be executed"),
    };
    io::Error::new(kind, message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn nothing_is_inherited_but_what_is_listed() {
        for (name, inherited) in [
            ("PATH", true),
            ("HOME", true),
            ("LC_ALL", true),
            ("FARMGATE_KEYS", false),
            ("AWS_SECRET_ACCESS_KEY", false),
            ("LD_PRELOAD", false),
        ] {
            assert_eq!(is_inherited(OsStr::new(name)), inherited, "{name}");
        }
        let start = Start::new("x", [""; 0]).with("PATH", "/nowhere").with("A", "1").with("A", "2");
        let whole = start.whole_environment();
        assert_eq!(whole.get(OsStr::new("PATH")).unwrap(), "/nowhere");
        assert_eq!(whole.get(OsStr::new("A")).unwrap(), "2");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = Start::new("no-such-program", [""; 0]).find().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(error.to_string(), "there is no program `no-such-program`");
        let error = Start::new("/etc/passwd", [""; 0]).find().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert!(Start::new("sh", [""; 0]).find().unwrap().is_absolute());
    }

    #[test]
    fn debug_shows_no_value() {
        let start = Start::new("sh", ["-c", "hidden-argument"]).with("TOKEN", "hidden-value");
        let text = format!("{start:?}");
        assert!(text.contains("TOKEN"), "{text}");
        assert!(!text.contains("hidden"), "{text}");
    }
}
