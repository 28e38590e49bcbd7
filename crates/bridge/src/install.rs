//! `farmgate bridge --install`: copies this program to a folder that another container mounts.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Our own program, even if its file was replaced meanwhile.
const OWN: &str = "/proc/self/exe";

/// Copies this program to `farmgate` in `folder`, executable for everyone. It is there as a whole or
/// not at all, whoever starts it meanwhile: it is written beside and renamed.
///
/// # Errors
/// If the folder isn't there, or nothing can be written to it.
pub fn install(folder: &Path) -> io::Result<PathBuf> {
    let name = folder.join("farmgate");
    // Two that install at once don't write to one file.
    let beside = folder.join(format!(".farmgate.{}", std::process::id()));
    let written = write(&beside).and_then(|()| fs::rename(&beside, &name));
    if written.is_err() {
        // What can't be removed either is found by whoever looks into the error.
        let _left = fs::remove_file(&beside);
    }
    written?;
    // The name is written down, too, before a machine that fails.
    File::open(folder)?.sync_all()?;
    Ok(name)
}

fn write(to: &Path) -> io::Result<()> {
    let mut from = File::open(OWN)?;
    let mut file = File::create_new(to)?;
    io::copy(&mut from, &mut file)?;
    file.set_permissions(Permissions::from_mode(0o755))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_program_is_copied_whole_and_again() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let name = install(folder.path()).unwrap();
            assert_eq!(name, folder.path().join("farmgate"));
            assert_eq!(fs::read(&name).unwrap(), fs::read(OWN).unwrap());
            assert_eq!(fs::metadata(&name).unwrap().permissions().mode() & 0o7777, 0o755);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
        assert!(install(&folder.path().join("none")).is_err());
    }
}
