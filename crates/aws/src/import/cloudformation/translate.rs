//! Resources of templates in the words of the Terraform provider, family by family.
//!
//! Names that only differ in case are rows of a table here; what is shaped otherwise, and what
//! CloudFormation takes for a property that is not written, is in the families' files.

mod apis;
mod compute;
mod data;
mod fronts;
mod iam;
mod network;
mod rules;
mod serverless;

use super::super::terraform::Raw;
use super::making::Making;
use super::value::What;
use super::world::World;

/// All resources of a stack.
pub(super) fn stack(world: &World<'_>, stack: usize, into: &mut Vec<Raw>) {
    let from = into.len();
    let count = world.template(stack).map_or(0, |template| template.resources.len());
    for resource in 0..count {
        let Some(declared) = world.declared(stack, resource) else { continue };
        let mut doubt = None;
        if let Some(name) = &declared.condition {
            let holds = world.condition(stack, name, 0);
            match holds.what {
                What::Bool(true) => {}
                What::Bool(false) => continue,
                _ => {
                    let reason = holds.reason().map_or("is not known", |reason| reason);
                    doubt = Some(format!(
                        "is of a resource that exists only if `{name}` holds, which {reason}"
                    ));
                }
            }
        }
        let skipped = ["AWS::CDK::Metadata", "AWS::CloudFormation::"];
        if skipped.iter().any(|prefix| declared.kind.starts_with(prefix)) {
            // Its parameters and its name are looked at all the same.
            let _ = super::symbols::properties(world, stack, resource, 0);
            continue;
        }
        let kind = declared.kind.clone();
        let mut making = Making::new(world, stack, resource);
        making.identify();
        translate(&kind, &mut making);
        into.extend(making.finish(doubt.as_deref()));
    }
    let implicit = serverless::implicit(world, stack, into.get(from..).unwrap_or_default());
    into.extend(implicit.into_iter().map(|api| api.raw(Vec::new())));
}

fn translate(kind: &str, making: &mut Making<'_, '_>) {
    let Some(short) = kind.strip_prefix("AWS::") else {
        return network::custom(kind, making);
    };
    let known = rules::translate(short, making)
        || network::translate(short, making)
        || fronts::translate(short, making)
        || apis::translate(short, making)
        || compute::translate(short, making)
        || iam::translate(short, making)
        || serverless::translate(short, making)
        || data::translate(short, making);
    if !known {
        data::other(making);
    }
}
