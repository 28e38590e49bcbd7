//! `permissions:`: actions and resources as IAM writes them.

use super::Task;
use crate::diagnostic::{Diagnostic, quoted};
use crate::farm::Permission;
use crate::record::Word;
use crate::word::Arn;

pub(super) fn check(task: &Task<'_>, problems: &mut Vec<Diagnostic>) {
    for permission in &task.container.permissions {
        one(permission, problems);
    }
}

fn one(permission: &Permission, problems: &mut Vec<Diagnostic>) {
    for (key, empty) in
        [("actions", permission.actions.is_empty()), ("resources", permission.resources.is_empty())]
    {
        if empty && permission.at.sound(&[key]) {
            let title = format!("the permission has no {key}");
            let problem = Diagnostic::error("empty-list", title).at(permission.at.of(key), "");
            problems.push(problem.help(if key == "actions" {
                "write them as `timestream:Select`"
            } else {
                "write ARNs, or `\"*\"` where AWS demands it"
            }));
        }
    }
    for action in &permission.actions {
        let text = action.as_str();
        let service = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let name = |c: char| c.is_ascii_alphanumeric() || c == '*';
        let good = text.split_once(':').is_some_and(|(prefix, rest)| {
            !prefix.is_empty()
                && prefix.chars().all(service)
                && !rest.is_empty()
                && rest.chars().all(name)
        });
        if !good {
            let title = if text == "*" {
                "`*` is every action of AWS".to_owned()
            } else {
                format!("{} is not an action", quoted(text))
            };
            let problem = Diagnostic::error("bad-action", title).at(&action.span, "");
            problems.push(problem.help("write it as `timestream:Select`"));
        }
    }
    for resource in &permission.resources {
        let text = resource.as_str();
        if text != "*" && Arn::parse(text).is_err() {
            let title = format!("{} is not an ARN", quoted(text));
            let problem = Diagnostic::error("bad-arn", title).at(&resource.span, "");
            problems.push(problem.help(
                "write it as `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`, or `\"*\"` where AWS \
                 demands it",
            ));
        }
    }
}
