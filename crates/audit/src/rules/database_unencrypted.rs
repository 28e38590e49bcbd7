//! `database-unencrypted`: databases whose storage is not encrypted.

use farmgate_aws::model::Database;

use super::{Facts, Rule, RuleInfo};
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "database-unencrypted",
        severity: Severity::Medium,
        title: "a database's storage is not encrypted",
        why: "Snapshots, replicas and exports are as plain as the storage is, and a snapshot that is \
              shared by mistake can be read by anybody. It costs nothing, and can't be switched on later \
              but by a copy.",
        page: include_str!("../../../../docs/rules/database-unencrypted.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let databases = facts.model().databases.values();
    databases.filter(|it| it.encrypted.get() == Some(&false)).map(finding).collect()
}

fn finding(database: &Database) -> Finding {
    let key = &database.key;
    let title = format!("the storage of {key} is not encrypted");
    let fix = "set `storage_encrypted = true`, before there is data: of a database that exists it makes \
               a new one, which an encrypted copy of a snapshot has to fill";
    let mut finding = RULE.info.finding(Severity::Medium, [key.clone()], title, fix);
    finding.assumes.extend(database.encrypted.assumed().map(ToString::to_string));
    finding
}
