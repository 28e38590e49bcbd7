//! `farmgate diff`: two sources to what changed between them, and that to an exit code.

use std::collections::BTreeMap;
use std::path::Path;

use farmgate_audit::diff::{self, Drift, Kind};
use farmgate_aws::design::Design;
use farmgate_aws::emit;
use farmgate_aws::model::{Key, Model};

use crate::args::{Color, Diff, DiffFailOn, DiffFormat};
use crate::exit::Exit;
use crate::farm::{self, FarmFile};
use crate::input;
use crate::output;
use crate::problem::{Failure, Problem};
use crate::render::drift as render;

/// Compares, prints what changed, and says how to end.
///
/// # Errors
/// If a file can't be read, an input is wrong, or the output can't be written.
pub fn run(args: &Diff, color: Color) -> Result<Exit, Failure> {
    let drift = drift(args)?;
    match args.format {
        DiffFormat::Json => output::json(&drift)?,
        DiffFormat::Markdown => output::text(&render::markdown(&drift), Color::Never)?,
        DiffFormat::Text => {
            output::text(&render::text(&drift, output::width(), args.verbose), color)?;
        }
    }
    Ok(exit_code(&drift, args.fail_on))
}

/// The exit code for what changed.
#[must_use]
pub fn exit_code(drift: &Drift, fail_on: DiffFailOn) -> Exit {
    let counts = |kind| match fail_on {
        DiffFailOn::Never => false,
        DiffFailOn::Opened => kind == Kind::Opened,
        DiffFailOn::Changed => kind != Kind::Unknown,
        DiffFailOn::Unknown => true,
    };
    // Where one side shows nothing of a kind, nothing can be said of what the other has.
    let silent = fail_on == DiffFailOn::Unknown && !drift.not_compared.is_empty();
    if silent || drift.changes.iter().any(|change| counts(change.kind)) {
        Exit::Findings
    } else {
        Exit::Fine
    }
}

/// One side: a model, and the farm of which it is the model, if it is one.
struct Side {
    model: Model,
    farm: Option<(FarmFile, Design)>,
}

fn drift(args: &Diff) -> Result<Drift, Failure> {
    if args.before == Path::new("-") && args.after == Path::new("-") {
        return Err(wrong(
            "stdin-twice",
            "`-` is given twice, and the standard input can be read only once",
        ));
    }
    let mut same = BTreeMap::new();
    for pair in &args.same {
        let (before, after) = named(pair)?;
        same.insert(before, after);
    }
    let mut before = side(&args.before, args.env.as_deref())?;
    let mut after = side(&args.after, args.env.as_deref())?;
    if args.env.is_some() && before.farm.is_none() && after.farm.is_none() {
        return Err(wrong("farm-and-others", "--env goes with a farm file, and there is none"));
    }
    match (&before.farm, &after.farm) {
        (Some((farm, design)), None) => {
            let mut names = emit::names::names(design);
            farm.add_given(design, &mut names, &mut after.model);
            same.extend(names);
        }
        (None, Some((farm, design))) => {
            let mut names = emit::names::names(design);
            farm.add_given(design, &mut names, &mut before.model);
            same.extend(names.into_iter().map(|(farms, planned)| (planned, farms)));
        }
        _ => {}
    }
    check_named(&args.same, &before.model, &after.model)?;
    Ok(diff::diff(&before.model, &after.model, &same))
}

fn side(path: &Path, env: Option<&str>) -> Result<Side, Failure> {
    let mut notes = Vec::new();
    let files = input::sources_and_notes(&[path], &mut notes)?;
    if !files.iter().any(farm::is_farm) {
        let mut model = input::model(files).map_err(Failure::input)?;
        model.warnings.extend(notes);
        return Ok(Side { model, farm: None });
    }
    let farm = FarmFile::of(files, env)?;
    let design = farm.design();
    Ok(Side { model: farm.model(&design), farm: Some((farm, design)) })
}

/// `BEFORE=AFTER`, at the first `=` that is in no key of an address (`["a=b"]`).
fn named(pair: &str) -> Result<(Key, Key), Failure> {
    let mut in_key = false;
    for (at, c) in pair.char_indices() {
        let rest = pair.get(at..).unwrap_or_default();
        match c {
            '[' if rest.starts_with("[\"") => in_key = true,
            ']' if pair.get(..at).is_some_and(|before| before.ends_with('"')) => in_key = false,
            '=' if !in_key => {
                let (before, after) = (pair.get(..at), pair.get(at + 1..));
                if let (Some(before), Some(after)) = (before, after)
                    && !before.is_empty()
                    && !after.is_empty()
                {
                    return Ok((Key::new(before), Key::new(after)));
                }
                break;
            }
            _ => {}
        }
    }
    Err(wrong("bad-pair", &format!("`{pair}` is no `BEFORE=AFTER`")))
}

/// A pair that names nothing would leave open what it is meant to settle.
fn check_named(pairs: &[String], before: &Model, after: &Model) -> Result<(), Failure> {
    for pair in pairs {
        let (own, other) = named(pair)?;
        for (name, model, side) in [(&own, before, "first"), (&other, after, "second")] {
            if !diff::knows(model, name) {
                return Err(wrong(
                    "unknown-word",
                    &format!("`{name}` names nothing in the {side} source"),
                ));
            }
        }
    }
    Ok(())
}

fn wrong(code: &'static str, message: &str) -> Failure {
    Failure::input(vec![Problem::Plain {
        code,
        file: None,
        message: message.to_owned(),
        help: None,
    }])
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn pairs_are_split_outside_of_keys() {
        let of = |pair| named(pair).ok().map(|(a, b)| (a.to_string(), b.to_string()));
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(of("aws_vpc.a=vpc-1"), pair("aws_vpc.a", "vpc-1"));
        assert_eq!(of("aws_vpc.a[\"x=y\"]=vpc-1"), pair("aws_vpc.a[\"x=y\"]", "vpc-1"));
        assert_eq!(of("aws_vpc.a"), None);
        assert_eq!(of("=b"), None);
        assert_eq!(of("a="), None);
    }
}
