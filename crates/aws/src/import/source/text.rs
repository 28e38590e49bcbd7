//! JSON texts in which names stand of what exists only after apply: containers' images, secrets and
//! addresses. Who reads them knows what AWS makes of such a name.

use serde_json::Value as Json;

use super::functions;
use super::value::Value;
use super::{Looking, NAME, Shown};
use crate::import::terraform::NAME_MARKS;

impl Looking<'_> {
    /// What a JSON text says, part by part. Texts with names in them are masked as [`NAME`], and the
    /// names in them are marked.
    pub(in super::super) fn text(&self, at: usize, name: &str) -> Option<Shown> {
        let mut shown = match self.value(at, name)? {
            Value::Encoded(inner) => self.shown(&functions::marked(&inner, 0), 1),
            Value::Made(text) => match serde_json::from_str::<Json>(&text) {
                Ok(value) => Shown { value, mask: Json::Null },
                Err(_) => self.shown(&Value::Made(text), 1),
            },
            other => self.shown(&other, 0),
        };
        mark(&mut shown.value, &mut shown.mask);
        Some(shown)
    }
}

/// Masks every text that has names in it.
fn mark(value: &mut Json, mask: &mut Json) {
    match value {
        Json::String(text) if text.contains(NAME_MARKS) && mask.is_null() => {
            *mask = Json::from(NAME);
        }
        Json::Array(items) if mask.is_null() || mask.is_array() => {
            let mut masks = match mask.take() {
                Json::Array(masks) => masks,
                _ => Vec::new(),
            };
            masks.resize(items.len(), Json::Null);
            items.iter_mut().zip(&mut masks).for_each(|(item, mask)| mark(item, mask));
            if masks.iter().any(|mask| !mask.is_null()) {
                *mask = Json::Array(masks);
            }
        }
        Json::Object(members) if mask.is_null() || mask.is_object() => {
            let mut masks = match mask.take() {
                Json::Object(masks) => masks,
                _ => serde_json::Map::new(),
            };
            for (name, member) in members {
                let mut own = masks.remove(name).unwrap_or(Json::Null);
                mark(member, &mut own);
                if !own.is_null() {
                    masks.insert(name.clone(), own);
                }
            }
            if !masks.is_empty() {
                *mask = Json::Object(masks);
            }
        }
        _ => {}
    }
}
