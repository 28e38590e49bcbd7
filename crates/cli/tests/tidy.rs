//! The habits of this repository, as tests: what no compiler, formatter or linter looks at.
//!
//! Each test lists everything that offends it, not the first thing only. Sources are read as text
//! with a small lexer; what needs types is left to clippy.

#![allow(clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The longest file, tests aside.
const MAX_FILE_LINES: usize = 500;
/// The longest function, tests aside.
const MAX_FUNCTION_LINES: usize = 70;
/// Names that say nothing of what is in a module.
const EMPTY_NAMES: [&str; 4] = ["utils", "common", "helpers", "misc"];
/// What must not be left in a source. (Split, so as not to be found here.)
const LEFTOVERS: [&str; 6] = [
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("#[ig", "nore"),
];
/// Where the files of one machine lie.
const MACHINE_PATHS: [&str; 3] =
    [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/")];
/// The crates that are pure, and the crates of the workspace that each may depend on.
const PURE: [(&str, &[&str]); 7] = [
    ("net", &[]),
    ("farm", &["farmgate-net"]),
    ("aws", &["farmgate-net", "farmgate-farm"]),
    ("audit", &["farmgate-net", "farmgate-farm", "farmgate-aws"]),
    ("mcp", &[]),
    ("keys", &[]),
    ("sigv4", &[]),
];
/// What a pure crate does not touch.
const IMPURE: [&str; 6] =
    ["std::fs", "std::net::Tcp", "std::net::Udp", "std::process", "std::env", "tokio"];

#[test]
fn sources_are_short_and_say_what_they_are_for() {
    let mut offences = Vec::new();
    for (file, text) in rust_files() {
        let lines = text.lines().count();
        if !is_test(&file) && lines > MAX_FILE_LINES {
            offences.push(format!("{file}: {lines} lines, more than {MAX_FILE_LINES}"));
        }
        if !text.starts_with("//!") {
            offences.push(format!("{file}: does not open with `//!`"));
        }
        if file.ends_with("/mod.rs") {
            offences.push(format!("{file}: `foo.rs` + `foo/` rather than `mod.rs`"));
        }
        let parts = file.trim_end_matches(".rs").split('/');
        for name in parts.filter(|part| EMPTY_NAMES.contains(part)) {
            offences.push(format!("{file}: `{name}` says nothing of what is in it"));
        }
        for (line, code) in code_only(&text).lines().enumerate() {
            if let Some(name) = declared_module(code).filter(|name| EMPTY_NAMES.contains(name)) {
                offences.push(format!("{file}:{}: module `{name}`", line + 1));
            }
        }
    }
    none(&offences);
}

#[test]
fn functions_are_short() {
    let mut offences = Vec::new();
    for (file, text) in rust_files().into_iter().filter(|(file, _)| !is_test(file)) {
        for function in functions(&without_test_modules(&code_only(&text))) {
            if function.lines > MAX_FUNCTION_LINES {
                let Function { name, line, lines } = function;
                offences.push(format!(
                    "{file}:{line}: `{name}` has {lines} lines, more than {MAX_FUNCTION_LINES}"
                ));
            }
        }
    }
    none(&offences);
}

#[test]
fn nothing_is_left_over() {
    let mut offences = Vec::new();
    for (file, text) in rust_files() {
        for (line, code) in text.lines().enumerate() {
            for left in LEFTOVERS.iter().filter(|left| code.contains(**left)) {
                offences.push(format!("{file}:{}: `{left}`", line + 1));
            }
        }
    }
    none(&offences);
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let mut offences = Vec::new();
    for file in tracked_files() {
        let Ok(text) = fs::read_to_string(root().join(&file)) else {
            continue; // not text
        };
        for (line, content) in text.lines().enumerate() {
            for path in MACHINE_PATHS.iter().filter(|path| names_path(content, path)) {
                offences.push(format!("{file}:{}: `{path}`", line + 1));
            }
        }
    }
    none(&offences);
}

#[test]
fn pure_crates_are_pure() {
    let mut offences = Vec::new();
    for (name, allowed) in PURE {
        let manifest = format!("crates/{name}/Cargo.toml");
        for dependency in dependencies(&read(&manifest)) {
            let own = dependency.starts_with("farmgate") && !allowed.contains(&dependency.as_str());
            let serde = name == "net" && dependency.starts_with("serde");
            if own || serde || dependency == "tokio" {
                offences.push(format!("{manifest}: depends on `{dependency}`"));
            }
        }
        let sources = format!("crates/{name}/src/");
        for (file, text) in rust_files() {
            if file.starts_with(&sources) && !is_test(&file) {
                let code = without_test_modules(&code_only(&text));
                for word in impurities(&code) {
                    offences.push(format!("{file}: `{word}` in a crate that does no I/O"));
                }
            }
        }
    }
    none(&offences);
}

#[test]
fn every_rule_has_its_page_and_its_case() {
    let files = tracked_files();
    let names_in = |folder: &str, ending: &str| -> BTreeSet<String> {
        let names = files.iter().filter_map(|file| file.strip_prefix(folder)?.strip_suffix(ending));
        names.filter(|name| !name.contains('/')).map(str::to_owned).collect()
    };
    let rules: BTreeSet<String> = names_in("crates/audit/src/rules/", ".rs")
        .into_iter()
        .filter(|name| name != "tests")
        .map(|name| name.replace('_', "-"))
        .collect();
    let mut pages = names_in("docs/rules/", ".md");
    pages.remove("README");
    let cases: BTreeSet<String> = files
        .iter()
        .filter_map(|file| file.strip_prefix("crates/audit/tests/cases/")?.split_once('/'))
        .map(|(name, _)| name.to_owned())
        .collect();
    let mut offences = Vec::new();
    for (what, have) in [("docs/rules/{}.md", &pages), ("crates/audit/tests/cases/{}/", &cases)] {
        let place = |id: &String| what.replace("{}", id);
        offences.extend(rules.difference(have).map(|id| format!("rule `{id}`: no {}", place(id))));
        offences.extend(have.difference(&rules).map(|id| format!("{}: no such rule", place(id))));
    }
    none(&offences);
}

#[test]
fn architecture_names_every_crate() {
    let text = read("ARCHITECTURE.md");
    let files = tracked_files();
    let crates: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file.strip_prefix("crates/")?.split_once('/'))
        .map(|(name, _)| name)
        .collect();
    let missing = crates.iter().map(|name| format!("crates/{name}"));
    let offences: Vec<String> = missing
        .filter(|path| !text.contains(path.as_str()))
        .map(|path| format!("ARCHITECTURE.md: does not name `{path}`"))
        .collect();
    none(&offences);
}

// === the lexer's own tests ===

#[test]
fn comments_strings_and_characters_are_blanked() {
    let code = |text: &str| code_only(text).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(code("a // { \" b\nc"), "a c");
    assert_eq!(code("a /* { /* nested */ } */ b"), "a b");
    assert_eq!(code(r#"f("{ \" {", x)"#), "f(\" \", x)");
    assert_eq!(code("f(r#\"{ \" {\"#, x)"), "f(r#\" \"#, x)");
    assert_eq!(code("g('{', '\\'', '\\u{7b}', b'{')"), "g(' ', ' ', ' ', b' ')");
    assert_eq!(code("fn h<'a>(x: &'a str) {}"), "fn h<'a>(x: &'a str) {}");
    assert_eq!(code("r#fn('\"')"), "r#fn(' ')");
    assert_eq!(code_only("a\n\"b\nc\"\n").lines().count(), 3);
}

#[test]
fn functions_are_measured_from_signature_to_brace() {
    let text =
        "fn a(x: [u8; 2]) -> fn(u8) -> u8\nwhere\n{\n    {}\n}\ntrait T { fn b(); }\nfn c() {}\n";
    let found: Vec<_> = functions(text)
        .into_iter()
        .map(|function| (function.name, function.line, function.lines))
        .collect();
    assert_eq!(found, [("a".to_owned(), 1, 5), ("c".to_owned(), 7, 1)]);
    let inline = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n";
    let found = functions(&without_test_modules(inline));
    assert_eq!(found.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["a", "c"]);
}

#[test]
fn impurities_are_seen_in_groups_too() {
    assert_eq!(impurities("use std::{fmt, fs::File};"), ["std::fs"]);
    assert_eq!(impurities("use std::net::{IpAddr, TcpStream};"), ["std::net::Tcp"]);
    assert_eq!(impurities("use std::{\n  net::{self, UdpSocket},\n};"), ["std::net::Udp"]);
    assert_eq!(impurities("let p = std :: process::id();"), ["std::process"]);
    assert!(impurities("use std::{fmt, net::IpAddr}; let processes = 1;").is_empty());
}

// === files ===

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("the crate lies in crates/").to_owned()
}

/// A file's text; empty if there is none.
fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_default()
}

/// All files that are or would be committed, by their path from the root, in order.
fn tracked_files() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output();
    let mut files: Vec<String> = match listed {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout)
            .split('\0')
            .filter(|file| !file.is_empty())
            .map(str::to_owned)
            .collect(),
        _ => {
            let mut files = Vec::new();
            walk(&root(), &mut files);
            files
        }
    };
    files.retain(|file| root().join(file).is_file());
    files.sort();
    files.dedup();
    files
}

/// For a tree without git: everything but what is built.
fn walk(folder: &Path, files: &mut Vec<String>) {
    let skipped = ["target", ".git", "corpus", "artifacts", ".terraform"].map(OsStr::new);
    for entry in fs::read_dir(folder).expect("a folder of the tree").flatten() {
        let path = entry.path();
        if skipped.contains(&entry.file_name().as_os_str()) {
            continue;
        }
        if path.is_dir() {
            walk(&path, files);
        } else if let Ok(inside) = path.strip_prefix(root()) {
            files.push(inside.to_string_lossy().replace('\\', "/"));
        }
    }
}

/// All Rust sources with their text.
fn rust_files() -> Vec<(String, String)> {
    let sources = tracked_files().into_iter().filter(|file| file.ends_with(".rs"));
    sources.map(|file| (file.clone(), read(&file))).collect()
}

/// Whether a source is a test, a benchmark or a fuzz target.
fn is_test(file: &str) -> bool {
    let folders = ["tests", "benches", "fuzz"];
    file.split('/').any(|part| folders.contains(&part)) || file.ends_with("/tests.rs")
}

/// Fails with all offences, one a line.
fn none(offences: &[String]) {
    assert!(offences.is_empty(), "{} offences\n{}", offences.len(), offences.join("\n"));
}

// === reading ===

/// The names in a manifest's `[dependencies]` and `[build-dependencies]`.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            let section = line.trim_matches(['[', ']']);
            inside = section.ends_with("dependencies") && section != "dev-dependencies";
        } else if inside {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            if !name.is_empty() && !name.starts_with('#') {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// What code of a pure crate must not mention, `use` groups included.
fn impurities(code: &str) -> Vec<&'static str> {
    let dense: String = code.split_whitespace().collect();
    let mut found: BTreeSet<&'static str> = BTreeSet::new();
    for word in IMPURE {
        let mut paths = dense.match_indices(word).map(|(at, _)| at);
        if paths.any(|at| !dense[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')) {
            found.insert(word);
        }
    }
    for (at, start) in dense.match_indices("usestd::") {
        let statement = dense[at + start.len()..].split(';').next().unwrap_or_default();
        let mut words = statement.split(|c: char| !c.is_alphanumeric() && c != '_');
        let net = statement.contains("net");
        let seen = |word: &str| match word {
            "fs" => Some("std::fs"),
            "process" => Some("std::process"),
            "env" => Some("std::env"),
            _ if net && word.starts_with("Tcp") => Some("std::net::Tcp"),
            _ if net && word.starts_with("Udp") => Some("std::net::Udp"),
            _ => None,
        };
        found.extend(words.by_ref().filter_map(seen));
    }
    found.into_iter().collect()
}

/// Whether a line names `path` as an absolute path, rather than as the middle of another one.
fn names_path(line: &str, path: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || "_-./}*$".contains(c);
    line.match_indices(path).any(|(at, _)| !line[..at].ends_with(inside))
}

/// The module that a line declares.
fn declared_module(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("mod ")?;
    let whole_word = before.is_empty() || before.ends_with(' ');
    let name = after.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    whole_word.then_some(name)
}

/// A function with a body.
struct Function {
    name: String,
    /// Where it starts, from 1.
    line: usize,
    lines: usize,
}

/// All functions with a body; `code` has neither comments nor strings.
fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '#') {
            continue;
        }
        let rest = &code[at + 3..];
        let name: String =
            rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if let Some(end) = body_end(rest).filter(|_| !name.is_empty()) {
            let lines = code[at..at + 3 + end].matches('\n').count() + 1;
            let line = code[..at].matches('\n').count() + 1;
            found.push(Function { name, line, lines });
        }
    }
    found
}

/// Where the first brace block ends, unless a `;` comes before it.
fn body_end(code: &str) -> Option<usize> {
    let (mut brackets, mut braces) = (0_i32, 0_i32);
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets -= 1,
            ';' if brackets == 0 && braces == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces -= 1;
                if braces <= 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The code with the modules under `#[cfg(test)]` blanked, line for line.
fn without_test_modules(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some((before, after)) = rest.split_once(MARK) {
        kept.push_str(before);
        let end = body_end(after).unwrap_or(0);
        kept.extend(after[..end].chars().filter(|c| *c == '\n'));
        rest = &after[end..];
    }
    kept.push_str(rest);
    kept
}

/// The source with comments, and what strings and characters hold, replaced by spaces.
fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut code = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        let (keep, end) = match (at(i), at(i + 1)) {
            ('/', '/') => (0, find(&chars, i, "\n")),
            ('/', '*') => (0, comment_end(&chars, i)),
            ('"', _) => (1, string_end(&chars, i + 1)),
            ('r', '"' | '#') if !is_word(&chars, i) => {
                let hashes = chars.iter().skip(i + 1).take_while(|c| **c == '#').count();
                if at(i + 1 + hashes) == '"' {
                    let close = format!("\"{}", "#".repeat(hashes));
                    let body = i + 2 + hashes;
                    (2 + hashes, find(&chars, body, &close) + close.len())
                } else {
                    (1, i + 1)
                }
            }
            ('\'', '\\') => (1, find(&chars, i + 3, "'") + 1),
            ('\'', _) if at(i + 2) == '\'' => (1, i + 3),
            _ => (1, i + 1),
        };
        let end = end.min(chars.len()).max(i + 1);
        // Delimiters stay; what is between them becomes space, and lines stay lines.
        let tail = if keep == 0 || end == i + keep { 0 } else { keep.max(2) - 1 };
        for (offset, c) in chars.iter().enumerate().take(end).skip(i) {
            let delimiter = offset < i + keep || offset + tail >= end;
            code.push(if delimiter || *c == '\n' { *c } else { ' ' });
        }
        i = end;
    }
    code
}

/// Whether the character before `i` belongs to the same word (`b` and `c` prefixes do not).
fn is_word(chars: &[char], i: usize) -> bool {
    let before = |n: usize| i.checked_sub(n).and_then(|i| chars.get(i)).copied();
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    match before(1) {
        Some('b' | 'c') => word(before(2)),
        other => word(other),
    }
}

/// Where `what` comes next, or the end.
fn find(chars: &[char], from: usize, what: &str) -> usize {
    let what: Vec<char> = what.chars().collect();
    let tail = chars.get(from..).unwrap_or_default();
    let found = tail.windows(what.len()).position(|window| window == what);
    found.map_or(chars.len(), |at| from + at)
}

fn comment_end(chars: &[char], from: usize) -> usize {
    let mut depth = 0;
    let mut i = from;
    while i < chars.len() {
        match (chars.get(i), chars.get(i + 1)) {
            (Some('/'), Some('*')) => (depth, i) = (depth + 1, i + 2),
            (Some('*'), Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    chars.len()
}

/// Just behind the quote that ends a string whose content starts at `from`.
fn string_end(chars: &[char], from: usize) -> usize {
    let mut i = from;
    while let Some(c) = chars.get(i) {
        match c {
            '\\' => i += 2,
            '"' => return i + 1,
            _ => i += 1,
        }
    }
    chars.len()
}
