//! Secrets and parameters: whether they are rotated, of what type they are, and whether the source
//! itself holds their value. The values themselves are never read.

use super::attribute::Doubt;
use super::graph::{Graph, Resource};
use super::place::Place;
use super::wanted::Wanted;
use super::{schema, written};
use crate::model::{Key, Model, Note, Parameter, Secret, Val};

/// What is rotated.
const SECRET: Wanted = Wanted {
    types: &["aws_secretsmanager_secret"],
    data: &["aws_secretsmanager_secret"],
    ids: &["arn:"],
    lone: false,
};

/// Reads secrets and parameters.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of(&["aws_secretsmanager_secret"]) {
        let secret = Secret {
            key: resource.key.clone(),
            name: Place::top(graph, resource).attribute("name").text(),
            rotates: unrotated(&resource.key),
        };
        model.secrets.insert(secret.key.clone(), secret);
    }
    let mut doubt = None;
    for resource in graph.of(&["aws_secretsmanager_secret_rotation"]) {
        let place = Place::top(graph, resource);
        let of = place.attribute("secret_id").needed(&SECRET);
        // A rotation that is turned off again is none.
        let on = place.attribute("rotation_enabled").flag(true);
        match &of {
            Val::Known(key) => rotate(model, key, |_| on.clone()),
            Val::Assumed(key, note) => rotate(model, key, |_| match on.get() {
                Some(on) => Val::Assumed(*on, note.clone()),
                None => on.clone(),
            }),
            Val::OneOf(_, note) | Val::Unknown(note) => doubt = Some(note.clone()),
        }
    }
    // It may be any of those for which nothing else is known.
    if let Some(note) = doubt {
        for secret in model.secrets.values_mut().filter(|it| it.rotates.get() == Some(&false)) {
            secret.rotates = Val::Unknown(note.clone());
        }
    }
    for resource in graph.of(&["aws_ssm_parameter"]) {
        let place = Place::top(graph, resource);
        let kind = place.attribute("type");
        let parameter = Parameter {
            key: resource.key.clone(),
            name: place.attribute("name").text(),
            // The provider asks for it where the parameter isn't there yet.
            kind: match kind.text() {
                Val::Known(Some(kind)) => Val::Known(kind),
                _ => Val::Unknown(kind.pending()),
            },
            written: value_written(graph, resource),
        };
        model.parameters.insert(parameter.key.clone(), parameter);
    }
}

fn unrotated(key: &Key) -> Val<bool> {
    let note: Note = format!("{key} isn't rotated, since no source shows that it is").into();
    Val::Assumed(false, note)
}

fn rotate(model: &mut Model, key: &Key, how: impl FnOnce(&Secret) -> Val<bool>) {
    if let Some(secret) = model.secrets.get_mut(key) {
        secret.rotates = how(secret);
    }
}

/// Whether the source holds the value: it says so itself, or its expression does.
fn value_written(graph: &Graph, resource: &Resource) -> Val<bool> {
    let attribute = Place::top(graph, resource).attribute(schema::VALUE_WRITTEN);
    if let (Doubt::None, Some(_)) = (attribute.doubt, attribute.value) {
        return attribute.flag(false);
    }
    let unknown = || {
        let note: Note = format!("where the value of {} comes from", resource.key).into();
        Val::Unknown(note)
    };
    let [expression] = attribute.expressions.as_slice() else {
        return unknown();
    };
    written::in_source(graph, resource, expression).map_or_else(unknown, Val::Known)
}
