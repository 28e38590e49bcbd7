//! `writable-root-filesystem`: containers that may change the files of their image.

use farmgate_aws::model::{Container, Key, Model};

use super::root_user::services_of;
use super::{Facts, Rule, RuleInfo};
use crate::prove::listed;
use crate::report::{Finding, Severity};

pub(super) static RULE: Rule = Rule {
    info: RuleInfo {
        id: "writable-root-filesystem",
        severity: Severity::Low,
        title: "a container may change the files of its image",
        why: "What gets into a server can then put programs beside it, or replace the server's own \
              code, and stay until the task ends. With a read-only root file system only the \
              volumes that you name can be written, and nothing there has to be executable.",
        page: include_str!("../../../../docs/rules/writable-root-filesystem.md"),
    },
    run,
};

fn run(facts: &Facts<'_>) -> Vec<Finding> {
    let model = facts.model();
    let definitions = model.task_definitions.iter().filter_map(|(key, definition)| {
        let containers = definition.containers.get()?.iter();
        // Windows has no such thing.
        let may_be = definition.windows.get() == Some(&false);
        let open = containers.filter(|it| may_be && it.essential && is_open(it));
        let open: Vec<String> = open.map(|container| format!("`{}`", container.name)).collect();
        (!open.is_empty()).then(|| finding(model, key, &open))
    });
    definitions.collect()
}

fn is_open(container: &Container) -> bool {
    !container.read_only && container.knows("readonlyRootFilesystem")
}

fn finding(model: &Model, definition: &Key, open: &[String]) -> Finding {
    let who = services_of(model, definition);
    let noun = if open.len() == 1 { "container" } else { "containers" };
    let title = format!("the {noun} {} of {who} may change the image's files", listed(open));
    let fix = "set `readonlyRootFilesystem` to true, and mount an empty volume where the server has \
               to write, as `/tmp`";
    RULE.info.finding(Severity::Low, [definition.clone()], title, fix)
}
