//! Whether a program is there, so that this is said before anything is started.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Whether a program can be executed from a folder: a path, or a name in `PATH`.
pub(super) fn is_there(program: &str, folder: &Path, path: Option<OsString>) -> bool {
    let executable = |path: &Path| {
        path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return executable(&folder.join(program));
    }
    let path = path.unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    std::env::split_paths(&path)
        .filter(|part| !part.as_os_str().is_empty())
        .any(|part| executable(&folder.join(part).join(program)))
}

#[cfg(test)]
mod tests {
    use super::is_there;
    use std::path::Path;

    #[test]
    fn programs_are_looked_for_as_shells_do() {
        let root = Path::new("/");
        assert!(is_there("sh", root, Some("/nowhere:/bin".into())));
        assert!(!is_there("sh", root, Some("/nowhere".into())));
        assert!(is_there("bin/sh", root, None));
        assert!(!is_there("./sh", root, None));
        assert!(!is_there("etc/passwd", root, None), "it can't be executed");
    }
}
