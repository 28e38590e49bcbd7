//! How a client starts a server: which program, which package, and what of it is the machine's.

use super::machine;

/// What a command starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Launch {
    /// A package of npm, by `npx` and the like.
    Npm(Option<Package>),
    /// A package of PyPI, by `uvx` and the like.
    Python(Option<Package>),
    /// A container.
    Docker,
    /// A file of the machine's disk: a script, or a program by its path.
    Script,
    /// A program.
    Program,
    /// A go-between to a server elsewhere.
    Remote,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    /// As it is written, with its version.
    pub(super) spec: String,
    /// Whether the version is one version.
    pub(super) pinned: bool,
    /// Where it stands among the words.
    pub(super) at: usize,
}

/// Programs that are known by their name, wherever they are on the machine.
const KNOWN: &str = "\
    npx npm pnpm yarn bunx bun node deno tsx uvx uv pipx python python3 docker podman \
    nerdctl finch";

/// Options of `npx`, `uvx` and the like that take a value.
const WITH_VALUE: &str = "\
    --python -p --with --with-editable --directory --project --index --index-url \
    --default-index --registry --cache --cache-dir --env-file --userconfig --workspace \
    --prefix";

/// The name of a program that is known, without the machine's path and suffix.
pub(super) fn known(program: &str) -> Option<&'static str> {
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
    let name = [".exe", ".cmd", ".bat"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .unwrap_or(&name);
    KNOWN.split_whitespace().find(|known| *known == name)
}

/// The words without the shell that Windows needs in order to start `npx`.
pub(super) fn without_shell(words: &[String]) -> &[String] {
    match words {
        [shell, option, rest @ ..] if !rest.is_empty() => {
            let shell = shell.to_ascii_lowercase();
            let is_cmd = matches!(shell.as_str(), "cmd" | "cmd.exe");
            if is_cmd && option.eq_ignore_ascii_case("/c") { rest } else { words }
        }
        _ => words,
    }
}

/// What the words start. Its first word is a program by its plain name, where that is known.
pub(super) fn launch(words: &[String]) -> Launch {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["npx" | "bunx", rest @ ..] => npm(rest, 1),
        ["npm", "exec" | "x", rest @ ..] | ["pnpm" | "yarn", "dlx" | "exec", rest @ ..] => {
            npm(rest, 2)
        }
        ["bun", "x", rest @ ..] => npm(rest, 2),
        ["uvx", rest @ ..] => python(rest, 1),
        ["uv", "tool", "run", rest @ ..] => python(rest, 3),
        ["pipx", "run", rest @ ..] => python(rest, 2),
        ["docker" | "podman" | "nerdctl" | "finch", ..] => Launch::Docker,
        ["uv", ..] => Launch::Script,
        [program, rest @ ..] if machine::is_path(program) || rest.iter().any(|it| script(it)) => {
            Launch::Script
        }
        _ => Launch::Program,
    }
}

/// Whether a word is a script that an interpreter reads.
fn script(word: &str) -> bool {
    [".js", ".mjs", ".cjs", ".ts", ".py", ".jar", ".sh", ".rb"]
        .iter()
        .any(|end| word.ends_with(end))
}

fn npm(rest: &[&str], offset: usize) -> Launch {
    let Some(package) = package(rest, offset, &["-p", "--package"], npm_pinned) else {
        return Launch::Npm(None);
    };
    let name = package.spec.split('@').find(|part| !part.is_empty()).unwrap_or_default();
    if name == "mcp-remote" { Launch::Remote } else { Launch::Npm(Some(package)) }
}

fn python(rest: &[&str], offset: usize) -> Launch {
    Launch::Python(package(rest, offset, &["--from"], python_pinned))
}

/// The package: what an option names, or else the first word that is no option.
fn package(
    rest: &[&str],
    offset: usize,
    options: &[&str],
    pinned: fn(&str) -> bool,
) -> Option<Package> {
    let found = |spec: &str, at: usize| Package {
        spec: spec.to_owned(),
        pinned: pinned(spec),
        at: at + offset,
    };
    let mut words = rest.iter().enumerate();
    while let Some((at, word)) = words.next() {
        if options.contains(word) {
            return words.next().map(|(at, spec)| found(spec, at));
        }
        let inline = word.split_once('=').filter(|(option, _)| options.contains(option));
        if let Some((_, spec)) = inline {
            return Some(found(spec, at));
        }
        if WITH_VALUE.split_whitespace().any(|option| option == *word) {
            words.next();
        } else if !word.starts_with('-') {
            return Some(found(word, at)).filter(|_| !machine::is_path(word));
        }
    }
    None
}

/// `name@1.2.3`, where the name may have a scope.
fn npm_pinned(spec: &str) -> bool {
    spec.char_indices()
        .skip(1)
        .find(|(_, c)| *c == '@')
        .and_then(|(at, _)| spec.get(at + 1..))
        .is_some_and(exact)
}

/// `name==1.2.3`, or uv's `name@1.2.3`.
fn python_pinned(spec: &str) -> bool {
    let version = spec.split_once("==").or_else(|| spec.split_once('@'));
    version.is_some_and(|(_, version)| exact(version))
}

/// One version, and no range or tag.
fn exact(version: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
    version.starts_with(|c: char| c.is_ascii_digit())
        && version.contains('.')
        && version.chars().all(fits)
        && !version.split('.').any(|part| part == "x")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn spec(text: &str) -> Option<(String, bool, usize)> {
        match launch(&words(text)) {
            Launch::Npm(package) | Launch::Python(package) => {
                package.map(|p| (p.spec, p.pinned, p.at))
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn packages_are_found() {
        let cases = [
            ("npx -y @a/b", "@a/b", false, 2),
            ("npx -y @a/b@1.2.3 /data", "@a/b@1.2.3", true, 2),
            ("npx -y a@latest", "a@latest", false, 2),
            ("npx a@^1.2.3", "a@^1.2.3", false, 1),
            ("npx -p a@1.0.0 b", "a@1.0.0", true, 2),
            ("npx --package=a b", "a", false, 1),
            ("pnpm dlx a", "a", false, 2),
            ("uvx mcp-server-git", "mcp-server-git", false, 1),
            ("uvx --from a==1.0 b", "a==1.0", true, 2),
            ("uvx --python 3.12 a@1.2.0", "a@1.2.0", true, 3),
            ("uv tool run a", "a", false, 3),
        ];
        for (text, name, pinned, at) in cases {
            assert_eq!(spec(text), Some((name.to_owned(), pinned, at)), "{text}");
        }
        assert_eq!(spec("npx -y"), None);
        assert_eq!(spec("npx ./server"), None);
    }

    #[test]
    fn kinds_are_told_apart() {
        assert_eq!(launch(&words("npx -y mcp-remote https://x/mcp")), Launch::Remote);
        assert_eq!(launch(&words("npx mcp-remote@0.1.2 https://x/mcp")), Launch::Remote);
        assert_eq!(launch(&words("docker run -i x")), Launch::Docker);
        assert_eq!(launch(&words("node /a/b.js")), Launch::Script);
        assert_eq!(launch(&words("uv --directory /a run b")), Launch::Script);
        assert_eq!(launch(&words("server --stdio")), Launch::Program);
    }

    #[test]
    fn programs_are_known_by_name() {
        assert_eq!(known("/opt/homebrew/bin/uvx"), Some("uvx"));
        assert_eq!(known("C:\\Program Files\\nodejs\\npx.cmd"), Some("npx"));
        assert_eq!(known("/opt/server"), None);
        assert_eq!(without_shell(&words("cmd /c npx -y a")), words("npx -y a"));
        assert_eq!(without_shell(&words("npx -y a")), words("npx -y a"));
    }
}
