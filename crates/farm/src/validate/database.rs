//! `databases:`: what RDS takes.

use super::{Scope, amazon};
use crate::diagnostic::{Diagnostic, quoted};
use crate::farm::Database;
use crate::word::Duration;

/// RDS's bounds of the time for which backups are kept, in days.
const BACKUPS: std::ops::RangeInclusive<u64> = 1..=35;

/// The lowest port of RDS.
const LOWEST_PORT: u64 = 1150;

/// The longest name of a database.
const LONGEST_NAME: usize = 63;

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    for database in scope.farm.databases.values() {
        one(database, problems);
        let at = &database.at;
        if let Some(key) = database.kms_key.as_ref().filter(|_| at.sound(&["kms_key"])) {
            amazon::arn(scope, key, &amazon::KEY, at.of("kms_key"), problems);
        }
    }
}

fn one(database: &Database, problems: &mut Vec<Diagnostic>) {
    let at = &database.at;
    if let Some(version) = database.version.as_ref().filter(|_| at.sound(&["version"])) {
        let text = version.as_str();
        if text.is_empty() || text.len() > 2 || !text.chars().all(|c| c.is_ascii_digit()) {
            let title = format!("{} is not a major version", quoted(text));
            let major = text.split('.').next().unwrap_or_default();
            let digits = (1..=2).contains(&major.len()) && major.parse::<u8>().is_ok();
            let problem = Diagnostic::error("bad-version", title).at(at.of("version"), "");
            problems.push(problem.help(if digits && major != text {
                format!("RDS chooses the minor one: `{major}`")
            } else {
                "write it as `16`".to_owned()
            }));
        }
    }
    if let Some(name) = database.name.as_ref().filter(|_| at.sound(&["name"])) {
        let text = name.as_str();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let good = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(fits)
            && text.len() <= LONGEST_NAME;
        if !good {
            let title = format!("{} is not a database's name", quoted(text));
            let problem = Diagnostic::error("bad-name", title).at(at.of("name"), "");
            problems.push(problem.help("write it with lowercase letters, digits and underscores"));
        }
    }
    let backups = database.backups;
    let days = backups.as_days();
    if at.sound(&["backups"]) && (!BACKUPS.contains(&days) || backups != Duration::days(days)) {
        let title = format!("RDS keeps no backups for `{backups}`");
        let problem = Diagnostic::error("out-of-range", title).at(at.of("backups"), "");
        problems.push(problem.help("write `1d` to `35d`"));
    }
    if at.sound(&["port"]) && database.port.get() < LOWEST_PORT {
        let title = format!("RDS doesn't listen on port `{}`", database.port.get());
        let problem = Diagnostic::error("out-of-range", title).at(at.of("port"), "");
        problems.push(problem.help(format!("its ports begin with {LOWEST_PORT}")));
    }
    let instance = database.instance.as_str();
    let parts: Vec<&str> = instance.split('.').collect();
    let word =
        |it: &&str| !it.is_empty() && it.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let good = matches!(parts.as_slice(), ["db", class, size] if word(class) && word(size));
    if at.sound(&["instance"]) && !good {
        let title = format!("{} is not a class of instances", quoted(instance));
        let problem = Diagnostic::error("bad-instance", title).at(at.of("instance"), "");
        problems.push(problem.help("write it as `db.t4g.medium`"));
    }
}
