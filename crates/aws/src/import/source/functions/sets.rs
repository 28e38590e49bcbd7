//! Functions over sets, and what treats lists as such.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::eval::{Evaluator, no_use};
use super::super::value::Value;
use super::{listed, members};

/// How many members are compared one by one.
const MOST_COMPARED: usize = 500;

pub(super) fn call(eval: &Evaluator<'_>, name: &str, args: &[Value]) -> Option<Value> {
    Some(match (name, args) {
        ("toset", [value]) => match members(value) {
            Some((items, _)) => of(items.to_vec()),
            None if matches!(value, Value::Null) => Value::Null,
            None => no_use(value, "a list"),
        },
        ("distinct", [value]) => match members(value) {
            Some((items, ordered)) => match different(items) {
                Some(kept) => listed(kept, ordered),
                None => compares(),
            },
            None => no_use(value, "a list"),
        },
        ("sort", [value]) => sort(value),
        ("setunion", _) => {
            let mut all = Vec::new();
            for arg in args {
                let Some((items, _)) = members(arg) else {
                    return Some(no_use(arg, "a set"));
                };
                all.extend(items.iter().cloned());
            }
            of(all)
        }
        ("setintersection", [first, rest @ ..]) => combined(first, rest, true),
        ("setsubtract", [first, other]) => combined(first, std::slice::from_ref(other), false),
        ("setproduct", _) => product(eval, args),
        _ => return None,
    })
}

fn compares() -> Value {
    Value::unknown("compares what is known only after apply")
}

/// The set of these members, if it is known which of them are the same.
pub(in super::super) fn of(items: Vec<Value>) -> Value {
    let is_text =
        |item: &Value| matches!(item, Value::Text(_) | Value::Reference(_) | Value::Made(_));
    let texts = items.iter().any(is_text);
    // A set has one type: a number beside a text becomes a text.
    let unified = items.into_iter().map(|item| match (&item, texts) {
        (Value::Number(_) | Value::Bool(_), true) => item.as_text().map_or(item, Value::Text),
        _ => item,
    });
    let items: Vec<Value> = unified.collect();
    let Some(mut kept) = different(&items) else {
        return compares();
    };
    let by_text = |value: &Value| match value {
        Value::Text(text) => Some(Rc::clone(text)),
        _ => None,
    };
    if kept.iter().all(|item| by_text(item).is_some()) {
        kept.sort_by_key(by_text);
    } else if kept.iter().all(|item| matches!(item, Value::Number(_))) {
        kept.sort_by_key(Value::number);
    }
    Value::Set(Rc::new(kept))
}

/// Each member once. `None`: it isn't known which are the same.
fn different(items: &[Value]) -> Option<Vec<Value>> {
    let mut texts: BTreeMap<Rc<str>, ()> = BTreeMap::new();
    let mut kept: Vec<Value> = Vec::new();
    let plain = items.iter().all(|item| matches!(item, Value::Text(_)));
    if !plain && items.len() > MOST_COMPARED {
        return None;
    }
    for item in items {
        if let (true, Value::Text(text)) = (plain, item) {
            if texts.insert(Rc::clone(text), ()).is_none() {
                kept.push(item.clone());
            }
            continue;
        }
        let mut known = false;
        for other in &kept {
            if item.equals(other)? {
                known = true;
                break;
            }
        }
        if !known {
            // Of one that isn't known at all, nothing says that it is another.
            item.equals(item)?;
            kept.push(item.clone());
        }
    }
    Some(kept)
}

fn sort(value: &Value) -> Value {
    let Some((items, _)) = members(value) else {
        return no_use(value, "a list");
    };
    let mut texts = Vec::new();
    for item in items.iter() {
        match item.as_text() {
            Some(text) => texts.push(text),
            None => return no_use(item, "a text"),
        }
    }
    texts.sort();
    Value::list(texts.into_iter().map(Value::Text).collect())
}

/// The members of the first that are in all others, or in none.
fn combined(first: &Value, others: &[Value], within: bool) -> Value {
    let Some((items, _)) = members(first) else {
        return no_use(first, "a set");
    };
    let mut kept = Vec::new();
    for item in items.iter() {
        let mut stays = true;
        for other in others {
            let Some((all, _)) = members(other) else {
                return no_use(other, "a set");
            };
            if items.len().saturating_mul(all.len()) > MOST_COMPARED * MOST_COMPARED {
                return compares();
            }
            let mut inside = false;
            for candidate in all.iter() {
                match item.equals(candidate) {
                    Some(equal) => inside |= equal,
                    None => return compares(),
                }
            }
            stays &= inside == within;
        }
        if stays {
            kept.push(item.clone());
        }
    }
    of(kept)
}

fn product(eval: &Evaluator<'_>, args: &[Value]) -> Value {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    let (mut in_order, mut lists) = (true, false);
    for arg in args {
        let Some((items, ordered)) = members(arg) else {
            return no_use(arg, "a set");
        };
        in_order &= ordered;
        lists |= matches!(arg, Value::List(_));
        let total = rows.len().saturating_mul(items.len());
        if !eval.spend(total.saturating_mul(args.len())) {
            return Value::unknown("takes more than is evaluated");
        }
        let longer = |row: &Vec<Value>| {
            let row = row.clone();
            items
                .iter()
                .map(move |item| {
                    let mut row = row.clone();
                    row.push(item.clone());
                    row
                })
                .collect::<Vec<_>>()
        };
        rows = rows.iter().flat_map(longer).collect();
    }
    let made = rows.into_iter().map(Value::list).collect();
    // Of sets only, it is a set.
    if lists { listed(made, in_order) } else { Value::Set(Rc::new(made)) }
}
