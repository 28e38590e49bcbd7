//! Files and folders that are their owner's alone.
//!
//! A file is replaced as a whole, under a lock that is the system's and goes with the process. What
//! others could read is refused and not repaired: whoever has read it has it.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::process::geteuid;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::problem::{Failure, Problem};

/// How long to wait for another farmgate that changes files in the same folder.
const PATIENCE: Duration = Duration::from_secs(10);

/// What others than the owner may do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// Nothing: it holds secrets.
    Nothing,
    /// Read it: what counts is who writes it.
    Read,
}

/// The lock of a folder, until it is dropped.
pub(crate) struct Lock {
    _folder: File,
}

/// Makes a folder, or checks the one that is there.
///
/// # Errors
/// If it is no folder, belongs to another user, is open to others, or can't be made.
pub(crate) fn folder(path: &Path) -> Result<(), Failure> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(path, "cannot-write", &error)),
    }
    // A link could lead to a folder of somebody else's.
    let there = fs::symlink_metadata(path).map_err(|error| failed(path, "cannot-read", &error))?;
    if !there.is_dir() {
        let message = "this is there already, and is no folder";
        return Err(environment("not-private", path, message.to_owned(), None));
    }
    judge(path, &there, Others::Nothing, "700")
}

/// The text of a file; none if there is no such file.
///
/// # Errors
/// If it can't be read, is open to others, is longer than `most` bytes or no text.
pub(crate) fn read(
    path: &Path,
    others: Others,
    most: u64,
) -> Result<Option<Zeroizing<String>>, Failure> {
    let unreadable = |error: &io::Error| failed(path, "cannot-read", error);
    // A pipe of this name must not be waited for.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    // What is open is looked at, and not what may have the name by now.
    let there = file.metadata().map_err(|error| unreadable(&error))?;
    if !there.is_file() {
        let what = if there.file_type().is_fifo() { "a pipe" } else { "no file" };
        return Err(environment("cannot-read", path, format!("this is {what}"), None));
    }
    judge(path, &there, others, "600")?;
    let mut text = Zeroizing::new(String::new());
    match file.take(most + 1).read_to_string(&mut text) {
        Ok(length) if length as u64 > most => {
            let message = format!("this is longer than {most} bytes");
            Err(Failure::input(vec![plain("too-large", path, message, None)]))
        }
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            let message = "this is not UTF-8 text".to_owned();
            Err(Failure::input(vec![plain("not-utf-8", path, message, None)]))
        }
        Err(error) => Err(unreadable(&error)),
    }
}

/// Writes a file that its owner alone can read, in place of one that may be there.
///
/// # Errors
/// If it can't be written.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let put = || -> io::Result<()> {
        let (file, folder) = staged(path, text)?;
        file.persist(path).map_err(|error| error.error)?;
        folder.sync_all()
    };
    put().map_err(|error| failed(path, "cannot-write", &error))
}

/// Writes a file that its owner alone can read, if there is none of its name.
///
/// # Errors
/// If there is one, or it can't be written.
pub(crate) fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let put = || -> io::Result<()> {
        let (file, folder) = staged(path, text)?;
        file.persist_noclobber(path).map_err(|error| error.error)?;
        folder.sync_all()
    };
    put().map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::input(vec![plain(
            "exists",
            path,
            "this is there already".to_owned(),
            Some("take another name, or `--force` to replace it"),
        )]),
        _ => failed(path, "cannot-write", &error),
    })
}

/// A whole file under a temporary name in its folder, and the folder.
fn staged(path: &Path, text: &str) -> io::Result<(NamedTempFile, File)> {
    let folder = folder_of(path);
    let mut file = tempfile::Builder::new().prefix(".farmgate-").tempfile_in(folder)?;
    file.as_file().set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok((file, File::open(folder)?))
}

/// The folder in which a file is.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Locks a folder's files against other farmgates, which wait.
///
/// # Errors
/// If it can't be locked within ten seconds.
pub(crate) fn lock(folder: &Path) -> Result<Lock, Failure> {
    let file = File::open(folder).map_err(|error| failed(folder, "cannot-read", &error))?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock { _folder: file }),
            Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => {
                let message = "another farmgate is changing files here, and doesn't finish";
                let help = Some("see which with `lsof`, and end it");
                return Err(environment("locked", folder, message.to_owned(), help));
            }
            Err(TryLockError::Error(error)) => return Err(failed(folder, "cannot-lock", &error)),
        }
    }
}

/// Whether what is there is its owner's, and the owner is who runs this.
fn judge(path: &Path, there: &Metadata, others: Others, mode: &str) -> Result<(), Failure> {
    let name = path.display();
    if there.uid() != geteuid().as_raw() {
        let message = "this belongs to another user, who can read and change it".to_owned();
        let help = "run farmgate as that user, or take another folder";
        return Err(environment("not-private", path, message, Some(help)));
    }
    let (refused, what) = match others {
        Others::Nothing => (0o077, "others may read or change this"),
        Others::Read => (0o022, "others may change this"),
    };
    let permissions = there.mode() & 0o777;
    if permissions & refused == 0 {
        return Ok(());
    }
    let message = format!("{what} (mode {permissions:04o})");
    let help = match others {
        Others::Nothing => {
            format!("chmod {mode} {name}\nreplace what is in it if somebody else may have read it")
        }
        Others::Read => format!("chmod go-w {name}"),
    };
    Err(environment("not-private", path, message, Some(&help)))
}

fn failed(path: &Path, code: &'static str, error: &io::Error) -> Failure {
    let message = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    environment(code, path, message, None)
}

fn environment(code: &'static str, path: &Path, message: String, help: Option<&str>) -> Failure {
    Failure::environment(vec![plain(code, path, message, help)])
}

fn plain(code: &'static str, path: &Path, message: String, help: Option<&str>) -> Problem {
    Problem::Plain {
        code,
        file: Some(path.to_string_lossy().into_owned()),
        message,
        help: help.map(str::to_owned),
    }
}
