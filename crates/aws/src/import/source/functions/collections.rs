//! Functions over lists and maps.

use std::collections::BTreeMap;

use super::super::eval::{Evaluator, no_use};
use super::super::number::Number;
use super::super::value::Value;
use super::{listed, members};

/// How many items `range` may make.
const LONGEST_RANGE: usize = 1024;
/// How deep `flatten` looks.
const DEEPEST: usize = 32;

pub(super) fn call(eval: &Evaluator<'_>, name: &str, args: &[Value]) -> Option<Value> {
    Some(match (name, args) {
        ("length", [value]) => length(value),
        ("concat", _) => concat(eval, args),
        ("flatten", [value]) => flatten(eval, value),
        ("compact", [value]) => compact(value),
        ("reverse", [value]) => {
            with_list(value, |items| Value::list(items.iter().rev().cloned().collect()))
        }
        ("slice", [value, from, to]) => slice(value, from, to),
        ("element", [value, at]) => element(value, at),
        ("index", [value, wanted]) => index(value, wanted),
        ("contains", [value, wanted]) => contains(value, wanted),
        ("chunklist", [value, size]) => chunks(value, size),
        ("range", _) => range(eval, args),
        ("sum", [value]) => sum(value),
        ("merge", _) => merge(eval, args),
        ("keys", [value]) => {
            with_map(value, |all| Value::list(all.keys().map(Value::text).collect()))
        }
        ("values", [value]) => with_map(value, |all| Value::list(all.values().cloned().collect())),
        ("lookup", [map, key]) => eval.item(map, key),
        ("lookup", [map, key, default]) => match (map, key.as_text()) {
            (Value::Object(all), Some(key)) => all.get(key.as_ref()).unwrap_or(default).clone(),
            (Value::Object(_), None) => no_use(key, "a text"),
            _ => no_use(map, "a map"),
        },
        ("zipmap", [names, values]) => zipmap(names, values),
        ("transpose", _) => return None,
        _ => return None,
    })
}

fn with_list(value: &Value, make: impl FnOnce(&[Value]) -> Value) -> Value {
    match members(value) {
        Some((items, true)) => make(items),
        Some((_, false)) => Value::unknown("uses the order of a set, which isn't known"),
        None => no_use(value, "a list"),
    }
}

fn with_map(value: &Value, make: impl FnOnce(&BTreeMap<String, Value>) -> Value) -> Value {
    match value {
        Value::Object(all) => make(all),
        other => no_use(other, "a map"),
    }
}

fn length(value: &Value) -> Value {
    let count = match value {
        Value::List(items) | Value::Set(items) => items.len(),
        Value::Object(all) => all.len(),
        Value::Text(text) if text.is_ascii() => text.len(),
        // Terraform counts what a reader sees as one character.
        Value::Text(_) => return Value::unknown("counts characters beyond ASCII"),
        other => return no_use(other, "a list, a map or a text"),
    };
    Value::Number(Number::count(count))
}

fn concat(eval: &Evaluator<'_>, args: &[Value]) -> Value {
    let (mut all, mut in_order) = (Vec::new(), true);
    for arg in args {
        let Some((items, ordered)) = members(arg) else {
            return no_use(arg, "a list");
        };
        if !eval.spend(items.len()) {
            return Value::unknown("takes more than is evaluated");
        }
        in_order &= ordered;
        all.extend(items.iter().cloned());
    }
    listed(all, in_order)
}

fn flatten(eval: &Evaluator<'_>, value: &Value) -> Value {
    let (mut all, mut ordered) = (Vec::new(), true);
    match flat(eval, value, &mut all, &mut ordered, 0) {
        Ok(()) => listed(all, ordered),
        Err(hole) => hole,
    }
}

fn flat(
    eval: &Evaluator<'_>,
    value: &Value,
    all: &mut Vec<Value>,
    in_order: &mut bool,
    depth: usize,
) -> Result<(), Value> {
    let Some((items, ordered)) = members(value) else {
        return Err(no_use(value, "a list"));
    };
    *in_order &= ordered;
    for item in items.iter() {
        if depth > DEEPEST || !eval.spend(1) {
            return Err(Value::unknown("takes more than is evaluated"));
        }
        match item {
            Value::List(_) | Value::Set(_) => flat(eval, item, all, in_order, depth + 1)?,
            // It may be a list itself.
            Value::Unknown(_) => return Err(item.clone()),
            Value::Reference(of) if !of.is_text() => return Err(no_use(item, "a list")),
            _ => all.push(item.clone()),
        }
    }
    Ok(())
}

fn compact(value: &Value) -> Value {
    let Some((items, ordered)) = members(value) else {
        return no_use(value, "a list");
    };
    let mut kept = Vec::new();
    for item in items.iter() {
        match item {
            Value::Null => {}
            Value::Text(text) if text.is_empty() => {}
            Value::Unknown(_) => return item.clone(),
            Value::Reference(of) if !of.is_identity() => return no_use(item, "a text"),
            Value::Made(_) => return no_use(item, "a text"),
            _ => kept.push(item.clone()),
        }
    }
    listed(kept, ordered)
}

fn slice(value: &Value, from: &Value, to: &Value) -> Value {
    let bounds = (from.number().map(Number::as_index), to.number().map(Number::as_index));
    let (Some(Some(from)), Some(Some(to))) = bounds else {
        let odd = if from.number().is_none() { from } else { to };
        return no_use(odd, "a whole number");
    };
    with_list(value, |items| match items.get(from..to) {
        Some(part) => Value::list(part.to_vec()),
        None => Value::failed("takes a part that there isn't"),
    })
}

fn element(value: &Value, at: &Value) -> Value {
    let Some(at) = at.number().and_then(Number::as_whole) else {
        return no_use(at, "a whole number");
    };
    if at < 0 {
        return Value::unknown("takes an item from the end");
    }
    with_list(value, |items| {
        let count = i128::try_from(items.len()).unwrap_or(i128::MAX);
        let within = at.checked_rem_euclid(count).and_then(|at| usize::try_from(at).ok());
        match within.and_then(|at| items.get(at)) {
            Some(item) => item.clone(),
            None => Value::failed("takes an item of an empty list"),
        }
    })
}

fn index(value: &Value, wanted: &Value) -> Value {
    with_list(value, |items| {
        for (at, item) in items.iter().enumerate() {
            match item.equals(wanted) {
                Some(true) => return Value::Number(Number::count(at)),
                Some(false) => {}
                None => return Value::unknown("compares what is known only after apply"),
            }
        }
        Value::failed("looks for what isn't in the list")
    })
}

fn contains(value: &Value, wanted: &Value) -> Value {
    let Some((items, _)) = members(value) else {
        return no_use(value, "a list");
    };
    let mut certain = true;
    for item in items.iter() {
        match item.equals(wanted) {
            Some(true) => return Value::Bool(true),
            Some(false) => {}
            None => certain = false,
        }
    }
    if certain {
        return Value::Bool(false);
    }
    wanted.hole().unwrap_or_else(|| Value::unknown("compares what is known only after apply"))
}

fn chunks(value: &Value, size: &Value) -> Value {
    let Some(Some(size)) = size.number().map(Number::as_index) else {
        return no_use(size, "a whole number");
    };
    with_list(value, |items| {
        let chunk = |part: &[Value]| Value::list(part.to_vec());
        Value::list(items.chunks(size.max(1)).map(chunk).collect())
    })
}

fn range(eval: &Evaluator<'_>, args: &[Value]) -> Value {
    let numbers: Option<Vec<Number>> = args.iter().map(Value::number).collect();
    let Some(numbers) = numbers else {
        return Value::unknown("makes a range of what isn't known");
    };
    let one = Number::whole(1);
    let (start, limit, step) = match numbers.as_slice() {
        [limit] => (Number::whole(0), *limit, one),
        [start, limit] if limit < start => (*start, *limit, Number::whole(-1)),
        [start, limit] => (*start, *limit, one),
        [start, limit, step] => (*start, *limit, *step),
        _ => return Value::failed("takes one to three numbers"),
    };
    let (mut made, mut here) = (Vec::new(), start);
    if step.sign() == 0 {
        return Value::failed("goes on without end");
    }
    while (step.sign() > 0 && here < limit) || (step.sign() < 0 && here > limit) {
        if made.len() >= LONGEST_RANGE {
            return Value::failed("makes more than 1024 items");
        }
        if !eval.spend(1) {
            return Value::unknown("takes more than is evaluated");
        }
        made.push(Value::Number(here));
        let Some(next) = here.add(step) else { break };
        here = next;
    }
    Value::list(made)
}

fn sum(value: &Value) -> Value {
    let Some((items, _)) = members(value) else {
        return no_use(value, "a list");
    };
    let mut all = Number::whole(0);
    for item in items.iter() {
        let Some(number) = item.number() else {
            return no_use(item, "a number");
        };
        let Some(next) = all.add(number) else {
            return Value::unknown("is a number that isn't evaluated");
        };
        all = next;
    }
    if items.is_empty() { Value::failed("adds up nothing") } else { Value::Number(all) }
}

fn merge(eval: &Evaluator<'_>, args: &[Value]) -> Value {
    let mut all = BTreeMap::new();
    for arg in args {
        match arg {
            Value::Null => {}
            Value::Object(members) if eval.spend(members.len()) => {
                all.extend(members.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            Value::Object(_) => return Value::unknown("takes more than is evaluated"),
            other => return no_use(other, "a map"),
        }
    }
    Value::object(all)
}

fn zipmap(names: &Value, values: &Value) -> Value {
    let (Some((keys, true)), Some((items, true))) = (members(names), members(values)) else {
        return names
            .hole()
            .or_else(|| values.hole())
            .unwrap_or_else(|| Value::unknown("uses the order of what isn't known"));
    };
    if keys.len() != items.len() {
        return Value::failed("has another number of names than of values");
    }
    let mut all = BTreeMap::new();
    for (key, item) in keys.iter().zip(items.iter()) {
        let Some(name) = key.as_text() else {
            return no_use(key, "a text");
        };
        all.insert(name.to_string(), item.clone());
    }
    Value::object(all)
}
