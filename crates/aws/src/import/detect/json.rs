//! The top level of a JSON document, and what to say of text that is no JSON.

use serde_json::error::Category;
use serde_json::value::RawValue;

use super::super::Refusal;
use super::{Members, Part};

/// How deep arrays and objects may be nested. Terraform's own output stays far below; the limit
/// keeps every recursion over the document bounded. The same as `serde_json`'s own.
const DEEPEST: usize = 128;

/// The members of the object that `text` begins with, and what comes after it.
pub(super) fn members(text: &str) -> Result<(Members<'_>, &str), Refusal> {
    let start = text.trim_start();
    if !start.starts_with(['{', '[']) {
        return Err(other_text(text));
    }
    if deeper_than(text.as_bytes(), DEEPEST) {
        return Err(Refusal::new(
            "nested-too-deep",
            format!("its values are nested more than {DEEPEST} deep, which Terraform never writes"),
        ));
    }
    if start.starts_with('[') {
        return Err(array(text));
    }
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Members<'_>>();
    let first = match stream.next() {
        Some(Ok(members)) => members,
        Some(Err(error)) => return Err(broken(text, &error)),
        None => return Err(Refusal::new("empty-input", "the input is empty")),
    };
    if first.contains_key("@level") {
        return Err(Refusal::new(
            "plan-log",
            "this is the log of `terraform plan -json`, not the plan",
        )
        .help("run `terraform plan -out=FILE`, then `terraform show -json FILE`"));
    }
    let rest = text.get(stream.byte_offset()..).unwrap_or_default();
    Ok((first, rest.trim_start()))
}

/// The objects that follow the first.
pub(super) fn further<'a>(
    text: &'a str,
    rest: &'a str,
    into: &mut Vec<Part<'a>>,
) -> Result<(), Refusal> {
    let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Members<'a>>();
    let mut from = 0;
    while let Some(next) = stream.next() {
        let to = stream.byte_offset();
        let Ok(members) = next else {
            let end = text.len() - rest.get(from..).unwrap_or_default().trim_start().len();
            return Err(trailing(text, text.get(end..).unwrap_or_default()));
        };
        into.push(Part { text: rest.get(from..to).unwrap_or_default().trim_start(), members });
        from = to;
    }
    Ok(())
}

/// That there is something behind an object.
pub(super) fn trailing(text: &str, rest: &str) -> Refusal {
    let (line, column) = position(text, text.len() - rest.len());
    Refusal::new(
        "not-json",
        format!(
            "it is not JSON: more text after the end of the object, at line {line}, column {column}"
        ),
    )
}

fn array(text: &str) -> Refusal {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => Refusal::new(
            "not-a-source",
            "this is a JSON array, neither a Terraform plan nor a state",
        )
        .help(
            "run `terraform show -json FILE`, and give what it prints; if `aws` printed this, call it \
             again without `--query`",
        ),
        Err(error) => broken(text, &error),
    }
}

fn broken(text: &str, error: &serde_json::Error) -> Refusal {
    // The parser counts a line's end as column 0 of the next.
    let place = format!("at line {}, column {}", error.line(), error.column().max(1));
    if error.classify() == Category::Eof {
        return Refusal::new("truncated-json", format!("the JSON ends too early, {place}"))
            .help("was the disk full, or the command interrupted? write it again");
    }
    if looks_like_terraform(text) {
        return terraform_source();
    }
    let whole = error.to_string();
    let what = whole.split(" at line ").next().unwrap_or("a syntax error");
    Refusal::new("not-json", format!("it is not JSON: {what}, {place}"))
        .help("run `terraform show -json FILE`, and give what it prints")
}

/// Text that is neither an object nor an array.
fn other_text(text: &str) -> Refusal {
    if looks_like_terraform(text) {
        return terraform_source();
    }
    if text.contains("Terraform will perform the following actions") || text.contains("No changes.")
    {
        return Refusal::new("plan-text", "this is what `terraform plan` prints for people")
            .help("run `terraform plan -out=FILE`, then `terraform show -json FILE`");
    }
    if let Some(form) = other_output(text) {
        return Refusal::new("aws-output", format!("this is what `aws --output {form}` prints"))
            .help("call `aws` again with `--output json`, and give what that prints");
    }
    let (line, column) = position(text, text.len() - text.trim_start().len());
    Refusal::new(
        "not-json",
        format!("it is not JSON: no object starts at line {line}, column {column}"),
    )
    .help("run `terraform show -json FILE`, and give what it prints")
}

/// In which of its other forms the `aws` command printed this: their first lines tell.
fn other_output(text: &str) -> Option<&'static str> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (first, second) = (lines.next()?, lines.next().unwrap_or_default());
    let rule = |line: &str| line.len() > 10 && line.chars().all(|c| matches!(c, '-' | '+'));
    if rule(first) && second.starts_with('|') {
        return Some("table");
    }
    let word = |text: &str, fits: fn(char) -> bool| !text.is_empty() && text.chars().all(fits);
    if let Some((name, _)) = first.split_once('\t')
        && word(name, |c| c.is_ascii_uppercase() || c.is_ascii_digit())
    {
        return Some("text");
    }
    let (name, _) = first.split_once(':')?;
    super::super::describe::is_member(name).then_some("yaml")
}

fn terraform_source() -> Refusal {
    Refusal::new("terraform-source", "this is Terraform's source (HCL), not a plan")
        .help("run `terraform plan -out=FILE`, then `terraform show -json FILE`")
}

fn looks_like_terraform(text: &str) -> bool {
    const STARTS: [&str; 9] = [
        "resource \"",
        "module \"",
        "variable \"",
        "provider \"",
        "data \"",
        "output \"",
        "terraform {",
        "locals {",
        "moved {",
    ];
    text.lines().take(500).any(|line| STARTS.iter().any(|start| line.starts_with(start)))
}

/// Whether brackets outside of strings are nested deeper than `most`.
fn deeper_than(bytes: &[u8], most: usize) -> bool {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in bytes {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > most {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// Line and column, from 1, of a byte offset.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    (line, column)
}
