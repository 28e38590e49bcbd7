//! `logs.tf`: the log groups of tasks and databases.

use super::hcl::{Block, Expr, File, Object, object, raw};
use super::{databases, tasks};
use crate::design::{Design, LogGroup, Party, Task};

pub(super) fn file(design: &Design) -> File {
    let mut file = File::new()
        .comment(
            "Log groups, made here so that they have a retention: whoever writes to one that isn't \
             there\nmakes one that is kept for ever.",
        )
        .blank();
    if let Some(gate) = design.task(&Party::Gate) {
        file = file.comment("Also the record of who called which tool.");
        file.push(settings(
            Block::resource("aws_cloudwatch_log_group", "gate").attr("name", &gate.log_group),
            group(design, gate),
        ));
    }
    let probe = &design.probe;
    file = file.comment("What the probe found, each time that somebody ran it.");
    file.push(settings(
        Block::resource("aws_cloudwatch_log_group", "probe").attr("name", &probe.log_group),
        group(design, probe),
    ));
    for (label, tasks) in [("server", tasks::servers(design)), ("service", tasks::services(design))]
    {
        if !tasks.is_empty() {
            file.push(each(design, label, &tasks));
        }
    }
    let groups = databases::log_groups(design);
    if !groups.is_empty() {
        let entries = groups.iter().map(|(key, name)| (key.as_str(), name.as_str()));
        let kept = &design.farm.logs;
        file.push(
            Block::resource("aws_cloudwatch_log_group", "database")
                .for_each(object().attrs(entries).tall())
                .attr("name", raw("each.value"))
                .attr("retention_in_days", kept.retention.as_days())
                .maybe("kms_key_id", kept.kms_key.as_ref().map(|key| key.as_str())),
        );
    }
    file
}

fn group<'a>(design: &'a Design, task: &Task) -> Option<&'a LogGroup> {
    design.logs.get(&task.log_group)
}

fn settings(block: Block, group: Option<&LogGroup>) -> Block {
    block
        .maybe("retention_in_days", group.map(|group| group.retention))
        .maybe("kms_key_id", group.and_then(|group| group.kms_key.as_ref()))
}

/// The groups of all servers, or services. They differ in name, and may differ in the rest.
fn each(design: &Design, label: &str, tasks: &[&Task]) -> Block {
    let encrypted =
        tasks.iter().any(|task| group(design, task).is_some_and(|g| g.kms_key.is_some()));
    let entries = tasks.iter().map(|task| {
        let group = group(design, task);
        let key = group.and_then(|group| group.kms_key.as_ref());
        let entry: Object = object()
            .attr("name", &task.log_group)
            .maybe("days", group.map(|group| group.retention));
        let entry = match key {
            _ if !encrypted => entry,
            Some(key) => entry.attr("kms_key", key),
            None => entry.attr("kms_key", Expr::Null),
        };
        (task.name.as_str(), entry)
    });
    let block = Block::resource("aws_cloudwatch_log_group", label)
        .for_each(object().attrs(entries).tall())
        .attr("name", raw("each.value.name"))
        .attr("retention_in_days", raw("each.value.days"));
    if encrypted { block.attr("kms_key_id", raw("each.value.kms_key")) } else { block }
}
