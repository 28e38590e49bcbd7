//! Whether anything uses a role, as far as a plan's configuration tells: it names every reference, of
//! resources that are modelled and of others.

use std::collections::BTreeSet;

use super::super::config::mentions_of;
use super::super::graph::{Graph, Resource};
use super::super::modules::ModuleId;
use super::super::raw::Action;
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
    // What a local value is leaves no trace in a plan. But it isn't this role if nothing that a local
    // value may decide has yet to be known, as the role's id and ARN have.
    let settled = resource.action == Action::Create && !graph.locals_hold_more(config);
    match named(graph, config, resource.module, &resource.group, settled) {
        Some(used) => Val::Known(used),
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
    settled: bool,
) -> Option<bool> {
    let here = graph.module(config, module)?;
    let names = |reference: &str| {
        let rest = reference.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    if here.mentions.iter().any(|reference| names(reference)) {
        return Some(true);
    }
    let mut local = !settled && has_local(&here.mentions);
    let root = graph.modules.parent(module).is_none();
    for (output, expression) in &here.outputs {
        let mut all = BTreeSet::new();
        mentions_of(expression, &mut all);
        local |= has_local(&all) && (root || !settled);
        if !all.iter().any(|reference| names(reference)) {
            continue;
        }
        // Others may read the outputs of the root module.
        let Some((parent, call)) = graph.modules.parent(module) else { return Some(true) };
        let at = Called { graph, config, settled };
        if at.passed_on(parent, call, output, 0)? {
            return Some(true);
        }
    }
    if local { None } else { Some(false) }
}

fn has_local(mentions: &BTreeSet<String>) -> bool {
    mentions.iter().any(|reference| reference.starts_with("local."))
}

/// Where outputs of modules are followed.
struct Called<'g> {
    graph: &'g Graph,
    config: usize,
    /// Whether local values say nothing.
    settled: bool,
}

impl Called<'_> {
    /// Whether an output of a call is named where it is called: `module.iam.role_arn`,
    /// `module.iam[0].role_arn`, or all of the module.
    fn passed_on(&self, parent: ModuleId, call: &str, output: &str, depth: usize) -> Option<bool> {
        let here = self.graph.module(self.config, parent)?;
        let name = format!("module.{call}");
        let takes = |reference: &String| takes(reference, &name, output);
        if here.mentions.iter().any(takes) {
            return Some(true);
        }
        let above = self.graph.modules.parent(parent);
        let mut local = !self.settled && has_local(&here.mentions);
        for (further, expression) in &here.outputs {
            let mut all = BTreeSet::new();
            mentions_of(expression, &mut all);
            local |= has_local(&all) && (above.is_none() || !self.settled);
            if !all.iter().any(takes) {
                continue;
            }
            let Some((above, call)) = above else { return Some(true) };
            if depth >= DEEPEST {
                return None;
            }
            if self.passed_on(above, call, further, depth + 1)? {
                return Some(true);
            }
        }
        if local { None } else { Some(false) }
    }
}

/// Whether a reference is to an output of a call, or to all of them.
fn takes(reference: &str, call: &str, output: &str) -> bool {
    let Some(rest) = reference.strip_prefix(call) else { return false };
    if rest.is_empty() {
        return true;
    }
    let bare = match rest.strip_prefix('[') {
        Some(indexed) => indexed.split_once(']').map_or("", |(_, after)| after),
        None => rest,
    };
    match bare.strip_prefix('.') {
        Some(member) => member
            .strip_prefix(output)
            .is_some_and(|after| after.is_empty() || after.starts_with(['.', '['])),
        // All instances of a module: `module.iam[0]`.
        None => rest.starts_with('['),
    }
}
