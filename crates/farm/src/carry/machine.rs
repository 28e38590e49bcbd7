//! What belongs to one person's machine: paths, and what a client fills in when it starts a server.

/// Variables that editors fill in with paths of the machine.
const EDITOR_PATHS: [&str; 9] = [
    "workspaceFolder",
    "workspaceRoot",
    "userHome",
    "cwd",
    "file",
    "relativeFile",
    "fileDirname",
    "pathSeparator",
    "/",
];

/// Whether a text is, or holds, a path of the machine.
pub(super) fn is_path(text: &str) -> bool {
    let value = match text.split_once('=') {
        Some((option, value)) if option.starts_with('-') => value,
        _ => text,
    };
    let bytes = value.as_bytes();
    let drive = matches!(bytes, [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    let rooted = value.starts_with('/') && value.len() > 1 && !value.starts_with("//");
    let relative = ["~/", "./", "../", "~\\", ".\\", "..\\", "file://", "\\\\"];
    let home = ["${HOME}", "$HOME", "%USERPROFILE%", "%APPDATA%", "%LOCALAPPDATA%"];
    drive
        || rooted
        || value == "~"
        || value == "."
        || relative.iter().any(|start| value.starts_with(start))
        || home.iter().any(|home| value.contains(home))
        || placeholders(value).any(is_editor_path)
}

/// Whether a client fills in something other than a path: `${input:token}`, `${GITHUB_TOKEN}`.
pub(super) fn is_filled_in(text: &str) -> bool {
    placeholders(text).any(|name| !is_editor_path(name) && name != "HOME")
}

fn is_editor_path(name: &str) -> bool {
    let name = name.split(':').next().unwrap_or_default();
    EDITOR_PATHS.contains(&name) || name.starts_with("workspaceFolder")
}

/// What stands in `${...}`.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found() {
        for text in [
            "/Users/me/Desktop",
            "~/notes",
            "C:\\Users\\me",
            "c:/work",
            "--root=/srv/data",
            "${workspaceFolder}/db.json",
            "${workspaceFolder:web}",
            "../data",
            "file:///tmp/x",
        ] {
            assert!(is_path(text), "{text}");
        }
        for text in ["stdio", "-y", "@scope/package", "//", "/", "--port=80", "https://x/y", "a=/b"]
        {
            assert!(!is_path(text), "{text}");
        }
    }

    #[test]
    fn what_a_client_fills_in_is_found() {
        for text in ["${input:token}", "Bearer ${API_KEY}", "${env:KEY}", "${KEY:-none}"] {
            assert!(is_filled_in(text), "{text}");
        }
        for text in ["${workspaceFolder}", "$5", "${unclosed", "plain", "${userHome}/x"] {
            assert!(!is_filled_in(text), "{text}");
        }
    }
}
