//! `farmgate bridge --own`: gives empty volumes to the user that a server runs as.
//!
//! Fargate makes them root's. Only what is named is changed, not what is in it, and no link is
//! followed.

use std::fs;
use std::io;
use std::os::unix::fs::lchown;
use std::path::{Path, PathBuf};

/// A user and a group, by number: `10001:10001`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    user: u32,
    group: u32,
}

// === impl Owner ===

impl Owner {
    /// Reads `UID:GID`, or `UID` for a group of the same number.
    ///
    /// # Errors
    /// If it isn't that.
    pub fn parse(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            // The last one means "unchanged" to chown(2).
            text.parse().ok().filter(|number| digits && *number != u32::MAX)
        };
        let (user, group) = text.split_once(':').unwrap_or((text, text));
        match (number(user), number(group)) {
            (Some(user), Some(group)) => Ok(Self { user, group }),
            _ => Err(format!("`{text}` is no user and group by number, as `10001:10001`")),
        }
    }
}

/// Gives folders to an owner.
///
/// # Errors
/// Which of them isn't a folder, or can't be given away; those before it are.
pub fn own(owner: Owner, folders: &[PathBuf]) -> Result<(), String> {
    folders.iter().try_for_each(|folder| {
        give(owner, folder).map_err(|error| format!("`{}`: {error}", folder.display()))
    })
}

fn give(owner: Owner, folder: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(folder)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    lchown(folder, Some(owner.user), Some(owner.group))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

    #[test]
    fn owners_are_numbers() {
        assert_eq!(Owner::parse("10001:20").unwrap(), Owner { user: 10001, group: 20 });
        assert_eq!(Owner::parse("7").unwrap(), Owner { user: 7, group: 7 });
        for wrong in ["", ":", "a:b", "1:", ":1", "-1:1", "1:2:3", "4294967295:1", "+1:1"] {
            assert!(Owner::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_folder_is_given_and_a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let here = fs::metadata(folder.path()).unwrap();
        // To give something to oneself needs no privilege.
        let owner = Owner { user: here.uid(), group: here.gid() };
        let link = folder.path().join("link");
        symlink("/", &link).unwrap();
        own(owner, &[folder.path().to_owned()]).unwrap();
        let error = own(owner, &[link]).unwrap_err();
        assert!(error.contains("link"), "{error}");
        assert!(own(owner, &[folder.path().join("none")]).is_err());
    }
}
