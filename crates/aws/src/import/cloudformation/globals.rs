//! SAM's `Globals`: properties that all resources of a type have.
//!
//! Maps are joined, lists put one after the other, and all else is what the resource says itself.
//! See <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html>.

use super::item::{Entry, Form, Item};

/// How deep maps are joined.
const DEEPEST: usize = 32;

/// The properties of a resource with those that its type has.
pub(super) fn joined(globals: Option<&Item>, kind: &str, own: Item) -> Item {
    let section = kind.strip_prefix("AWS::Serverless::");
    let shared = section.and_then(|section| globals?.get(section));
    match shared {
        Some(shared) => join(shared, own, 0),
        None => own,
    }
}

fn join(shared: &Item, own: Item, depth: usize) -> Item {
    let form = match (&shared.form, own.form) {
        (_, Form::Null) => return shared.clone(),
        (Form::Map(shared), Form::Map(own))
            if depth < DEEPEST && !is_function(shared) && !is_function(&own) =>
        {
            let mut all = own;
            for entry in shared {
                match all.iter_mut().find(|it| it.key == entry.key) {
                    Some(same) => {
                        let own =
                            std::mem::replace(&mut same.item, Item { at: 0, form: Form::Null });
                        same.item = join(&entry.item, own, depth + 1);
                    }
                    None => all.push(entry.clone()),
                }
            }
            Form::Map(all)
        }
        (Form::List(shared), Form::List(own)) => {
            Form::List(shared.iter().cloned().chain(own).collect())
        }
        (_, own) => own,
    };
    Item { at: own.at, form }
}

fn is_function(entries: &[Entry]) -> bool {
    matches!(entries, [only] if only.key == "Ref" || only.key.starts_with("Fn::"))
}
