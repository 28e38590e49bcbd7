//! Whether anything uses a role, as far as a plan's configuration tells: it names every reference, of
//! resources that are modelled and of others.

use super::super::graph::{Graph, Resource};
use super::super::modules::ModuleId;
use crate::model::{Note, Val};

/// How many modules up an output is followed.
const DEEPEST: usize = 32;

/// Whether anything but attachments of policies names a role.
pub(super) fn is_used(graph: &Graph, resource: &Resource) -> Val<bool> {
    let unknown = |why: &str| -> Val<bool> {
        Val::Unknown(Note::from(format!("what uses {}, {why}", resource.key)))
    };
    if resource.data {
        return unknown("which another source manages");
    }
    let Some(config) = resource.config else {
        return unknown("of which the source shows no expressions");
    };
    match named(graph, config, resource.module, &resource.group, 0) {
        Some(used) => Val::Known(used),
        // What a local value is leaves no trace in a plan.
        None => unknown("which a local value may name"),
    }
}

/// Whether something is named in a module, or by an output that others name. `None`: perhaps, by a
/// local value.
fn named(
    graph: &Graph,
    config: usize,
    module: ModuleId,
    name: &str,
    depth: usize,
) -> Option<bool> {
    let here = graph.module(config, module)?;
    let names = |reference: &str| {
        let rest = reference.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    if here.mentions.iter().any(|reference| names(reference)) {
        return Some(true);
    }
    let mut local = here.mentions.iter().any(|reference| reference.starts_with("local."));
    for (output, expression) in &here.outputs {
        let mut all = std::collections::BTreeSet::new();
        super::super::config::mentions_of(expression, &mut all);
        local |= all.iter().any(|reference| reference.starts_with("local."));
        if !all.iter().any(|reference| names(reference)) {
            continue;
        }
        // Others may read the outputs of the root module.
        let Some((parent, call)) = graph.modules.parent(module) else { return Some(true) };
        if depth >= DEEPEST {
            return None;
        }
        if passed_on(graph, config, parent, call, output, depth + 1)? {
            return Some(true);
        }
    }
    if local { None } else { Some(false) }
}

/// Whether an output of a call is named where it is called: `module.iam.role_arn`,
/// `module.iam[0].role_arn`, or all of the module.
fn passed_on(
    graph: &Graph,
    config: usize,
    parent: ModuleId,
    call: &str,
    output: &str,
    depth: usize,
) -> Option<bool> {
    let here = graph.module(config, parent)?;
    let name = format!("module.{call}");
    let takes = |reference: &str| {
        let Some(rest) = reference.strip_prefix(&name) else { return false };
        if rest.is_empty() {
            return true;
        }
        let bare = match rest.strip_prefix('[') {
            Some(indexed) => indexed.split_once(']').map_or("", |(_, after)| after),
            None => rest,
        };
        let Some(member) = bare.strip_prefix('.') else { return rest.starts_with('[') };
        member.strip_prefix(output).is_some_and(|after| {
            after.is_empty() || after.starts_with(['.', '['])
        })
    };
    if here.mentions.iter().any(|reference| takes(reference)) {
        return Some(true);
    }
    let mut local = here.mentions.iter().any(|reference| reference.starts_with("local."));
    for (further, expression) in &here.outputs {
        let mut all = std::collections::BTreeSet::new();
        super::super::config::mentions_of(expression, &mut all);
        local |= all.iter().any(|reference| reference.starts_with("local."));
        if !all.iter().any(|reference| takes(reference)) {
            continue;
        }
        let Some((above, call)) = graph.modules.parent(parent) else { return Some(true) };
        if depth >= DEEPEST {
            return None;
        }
        if passed_on(graph, config, above, call, further, depth + 1)? {
            return Some(true);
        }
    }
    if local { None } else { Some(false) }
}
