//! Files that are written under a temporary name first, so that nothing is ever half-written.

use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::problem::{Failure, Problem};

/// A temporary file with this text, in the folder itself, so that giving it its own name stays within
/// one file system.
///
/// # Errors
/// If it can't be written.
pub(crate) fn staged(folder: &Path, name: &str, text: &str) -> Result<NamedTempFile, Failure> {
    let make = || -> io::Result<NamedTempFile> {
        let mut file = tempfile::Builder::new().prefix(".farmgate-").tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        open_to_readers(&file)?;
        Ok(file)
    };
    make().map_err(|error| cannot_write(&folder.join(name), &error))
}

/// That a file can't be written.
pub(crate) fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::environment(vec![Problem::Plain {
        code: "cannot-write",
        file: Some(path.to_string_lossy().into_owned()),
        message: error.to_string(),
        help: None,
    }])
}

/// Temporary files are for their owner alone; a module or a farm file is read by others too.
#[cfg(unix)]
fn open_to_readers(file: &NamedTempFile) -> io::Result<()> {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;
    file.as_file().set_permissions(Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn open_to_readers(_: &NamedTempFile) -> io::Result<()> {
    Ok(())
}
