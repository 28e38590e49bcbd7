//! Whole farm files: good ones are read; of wrong ones everything that is wrong is said, in words
//! that were read with care.
//!
//! `FARMGATE_BLESS=1 cargo test -p farmgate-farm` writes what is said anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use farmgate_farm::diagnostic::Diagnostic;
use farmgate_farm::farm;
use farmgate_farm::layers::{self, Layer};

/// The rules that the files accept findings of.
const RULES: [&str; 2] = ["listener-open-to-world", "waf-missing"];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// The YAML files of a folder, in order: name without ending, and text.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "yaml"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Each problem on a line with its code, place and what is underlined; then all as they are drawn.
fn said(file: &str, source: &str, problems: &[Diagnostic]) -> String {
    let mut text = String::new();
    for problem in problems {
        let (line, column) = problem.location(source);
        let marks = problem.labels.iter().map(|label| {
            let marked = &source[label.span.clone()];
            let marked = if problem.hidden.iter().any(|it| it.contains(&label.span.start)) {
                "*".repeat(marked.len())
            } else {
                marked.to_owned()
            };
            if label.primary { format!(" [{marked}]") } else { format!(" ({marked})") }
        });
        let marks: String = marks.collect();
        writeln!(text, "{} {line}:{column}{marks}", problem.code).unwrap();
    }
    for problem in problems {
        write!(text, "\n{}\n", problem.render(file, source, false)).unwrap();
    }
    text
}

#[test]
fn good_files_are_read() {
    let files = files(&folder("good"));
    assert!(!files.is_empty());
    for (name, source) in files {
        if let Err(problems) = farm::read(&source, &RULES) {
            panic!("{}", said(&format!("{name}.yaml"), &source, &problems));
        }
    }
}

#[test]
fn wrong_files_are_explained() {
    let folder = folder("cases");
    let bless = std::env::var_os("FARMGATE_BLESS").is_some();
    let mut offences = Vec::new();
    for (name, source) in files(&folder) {
        let file = format!("{name}.yaml");
        let Err(problems) = farm::read(&source, &RULES) else {
            offences.push(format!("{file}: nothing is wrong with it"));
            continue;
        };
        let said = said(&file, &source, &problems);
        let golden = folder.join(format!("{name}.txt"));
        if bless {
            fs::write(&golden, &said).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != said {
            offences.push(format!("{file}: not what {name}.txt holds, but:\n{said}"));
        }
    }
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

/// A farm with something of its own instead of a part of a good one.
fn with(from: &str, to: &str) -> String {
    let good = fs::read_to_string(folder("good").join("least.yaml")).unwrap();
    assert!(good.contains(from));
    good.replace(from, to)
}

#[test]
fn too_many_of_anything_are_refused_at_once() {
    let many = |count: usize, item: &dyn Fn(usize) -> String| -> String {
        (0..count).map(item).collect::<Vec<_>>().concat()
    };
    let servers = many(501, &|at| format!("  s{at}: {{ route: /s/* }}\n"));
    let clients = many(1001, &|at| format!("203.{}.{}.0/24, ", at / 250, at % 250));
    let reaches = many(1001, &|at| format!("203.{}.{}.0/24:443, ", at / 250, at % 250));
    for (source, title) in [
        (with("  python:\n    route: /*\n", &servers), "a farm has at most 500 servers, not 501"),
        (
            with("allow: [internet]", &format!("allow: [{clients}]")),
            "a security group has at most 1000 rules",
        ),
        (
            with("route: /*", &format!("route: /*\n    reaches: [{reaches}]")),
            "a security group has at most 1000 rules",
        ),
    ] {
        let problems = farm::read(&source, &[]).unwrap_err();
        assert!(problems.iter().any(|it| it.code == "too-many" && it.title == title), "{title}");
    }
}

#[test]
fn two_hundred_servers_are_read_quickly() {
    let servers: String = (0..200)
        .map(|at| format!("  s{at}: {{ route: /s{at}/*, reaches: [services.s{at}x] }}\n"))
        .collect();
    let services: String = (0..200).map(|at| format!("  s{at}x: {{ port: 8000 }}\n")).collect();
    let source = with("  python:\n    route: /*\n", &format!("{servers}services:\n{services}"));
    let started = std::time::Instant::now();
    let farm = farm::read(&source, &[]);
    assert!(farm.is_ok(), "{}", said("many.yaml", &source, &farm.unwrap_err()));
    assert!(started.elapsed().as_secs() < 5);
}

/// Files of one kind of mistake each, over and over, are refused quickly.
#[test]
fn no_file_takes_long() {
    let fill = |item: &dyn Fn(usize) -> String| -> String {
        let mut text = String::new();
        let mut at = 0;
        while text.len() < 1 << 17 {
            text.push_str(&item(at));
            at += 1;
        }
        text
    };
    let task = |inside: String| with("route: /*", &format!("route: /*\n    {inside}"));
    let route = "  python:\n    route: /*\n";
    let files = [
        with(route, &fill(&|at| format!("  s{at}: {{ route: /a*b*c*d*e* }}\n"))),
        with(route, &fill(&|at| format!("  s{at}: {{}}\n"))),
        with("[internet]", &format!("[{}]", fill(&|_| "10.0.0.0/8, ".to_owned()))),
        with("auth:", &format!("databases: {{ {} }}\nauth:", fill(&|at| format!("d{at}: {{}}, ")))),
        with("auth:", &format!("tags: {{ {} }}\nauth:", fill(&|at| format!("t{at}: x, ")))),
        with(
            "auth:",
            &format!(
                "network: {{ private_cidrs: [{}] }}\nauth:",
                fill(&|_| "10.0.0.0/24, ".into())
            ),
        ),
        with(
            "auth:",
            &format!("network: {{ endpoints: [{}] }}\nauth:", fill(&|_| "ecr.api, ".into())),
        ),
        with(
            "auth:",
            &format!(
                "network: {{ existing: {{ private_subnets: [{}] }} }}\nauth:",
                fill(&|_| "{ cidr: 10.0.0.0/24, zone: a }, ".into())
            ),
        ),
        with("auth:\n", &format!("auth:\n{}", fill(&|_| "  - sts_proof\n".to_owned()))),
        with("auth:", &format!("tools: [{}]\nauth:", fill(&|_| "{ allow: {} }, ".to_owned()))),
        task(format!("environment: {{ {} }}", fill(&|at| format!("K{at}_KEY: x, ")))),
        task(format!("secrets: {{ {} }}", fill(&|at| format!("K{at}: x, ")))),
        task(format!("reaches: [{}]", fill(&|_| "services.x, ".to_owned()))),
        task(format!("tmp: {{ {} }}", fill(&|at| format!("t{at}: /tmp, ")))),
        task(format!("permissions: [{}]", fill(&|_| "{ actions: [] }, ".to_owned()))),
        task(format!("\"{}\": 1", "x".repeat(1 << 17))),
    ];
    for source in files {
        let started = std::time::Instant::now();
        let Err(problems) = farm::read(&source, &[]) else { panic!("{}", &source[100..300]) };
        // At most a hundred are shown, and how many more there are.
        assert!(problems.len() < 101 || problems.last().unwrap().code == "more-problems");
        for problem in problems.iter().take(3) {
            assert!(!problem.render("x", &source, false).is_empty());
        }
        let start: String = source.chars().skip(150).take(100).collect();
        assert!(started.elapsed().as_secs() < 10, "{:?}: {start}", started.elapsed());
    }
}

/// Every text that differs from a good one in one place is read without a panic, all that is said of
/// it lies within it, and what is a farm is one again when it is printed.
#[test]
fn no_text_breaks_the_reader() {
    let good = fs::read_to_string(folder("good").join("mcp-farm.yaml")).unwrap();
    let inserted =
        ["\t", "*", "{", "]", ": ", "\"", "\r", "\n", "𝄞", "\u{feff}", "- ", " #", ",", "~", "0"];
    let mut tried = 0;
    for (at, c) in good.char_indices() {
        let (before, rest) = good.split_at(at);
        let without = format!("{before}{}", rest.strip_prefix(c).unwrap());
        // Another text at each place: all at all places take minutes.
        let with = format!("{before}{}{rest}", inserted[at % inserted.len()]);
        let with = (at % 3 == 0).then_some(with);
        let cut = (at % 17 == 0).then(|| before.to_owned());
        for source in [without].into_iter().chain(with).chain(cut) {
            tried += 1;
            match farm::read(&source, &RULES) {
                Ok(_) => {
                    let layer = [Layer { name: "x", text: &source }];
                    let printed = layers::print(&layer).unwrap();
                    assert!(farm::read(&printed, &RULES).is_ok(), "{printed}");
                }
                Err(problems) => check(&source, &problems, tried % 50 == 0),
            }
        }
    }
    assert!(tried > good.chars().count());
}

fn check(source: &str, problems: &[Diagnostic], draw: bool) {
    assert!(!problems.is_empty(), "{source:?}");
    for problem in problems {
        for label in &problem.labels {
            assert!(source.get(label.span.clone()).is_some(), "{source:?} {problem:?}");
        }
        let (line, column) = problem.location(source);
        assert!(line >= 1 && column >= 1);
        assert!(!problem.title.ends_with('.') && !problem.title.is_empty());
        if draw {
            let drawn = problem.render("x", source, false);
            assert!(drawn.starts_with(&format!("error[{}]", problem.code)));
        }
    }
}
