//! Where in which file the things are written that a report mentions.
//!
//! Sources with lines say so in the report's `locations`; what is lowered from a farm file has file
//! and line at the end of its origin. Of anything else nothing is said: no place is guessed.

use farmgate_audit::report::Report;

use crate::input::shown;

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'r> {
    /// The file's name, as given.
    pub(crate) file: &'r str,
    /// The line, from 1.
    pub(crate) line: u32,
    /// The column in characters, from 1, where it is known.
    pub(crate) column: Option<u32>,
}

/// Where an origin is written.
pub(crate) fn place<'r>(report: &'r Report, origin: &'r str) -> Option<Place<'r>> {
    if let Some(found) = report.locations.get(origin) {
        let column = Some(found.column);
        return Some(Place { file: &found.file, line: found.line, column });
    }
    let of_farms = report.sources.iter().filter(|source| source.kind == "farm file");
    of_farms.filter_map(|source| in_farm(origin, shown(&source.name))).next()
}

/// `network.nat-a farm.yaml:12`: the file and the line at the end of an origin.
fn in_farm<'r>(origin: &str, file: &'r str) -> Option<Place<'r>> {
    let (rest, line) = origin.rsplit_once(':')?;
    let line = line.parse().ok().filter(|line| *line > 0)?;
    let before = rest.strip_suffix(file)?;
    (before.is_empty() || before.ends_with(' ')).then_some(Place { file, line, column: None })
}

/// `main.tf:12:3`, if the origin's own words don't say it.
pub(crate) fn noted(report: &Report, origin: &str) -> Option<String> {
    let found = report.locations.get(origin)?;
    Some(format!("{}:{}:{}", shown(&found.file), found.line, found.column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_farm_says_has_its_line_at_the_end() {
        let place = in_farm("network.nat-a dir/farm.yaml:12", "dir/farm.yaml");
        assert_eq!(place, Some(Place { file: "dir/farm.yaml", line: 12, column: None }));
        for other in ["network.nat-a", "a other-dir/farm.yaml:12", "a dir/farm.yaml:x", "a:0", ""] {
            assert_eq!(in_farm(other, "dir/farm.yaml"), None, "{other}");
        }
    }
}
