//! Functions over texts. Regular expressions are not evaluated.

use std::rc::Rc;

use super::super::eval::{Evaluator, no_use};
use super::super::number::Number;
use super::super::value::Value;
use super::{listed, members};

/// How long one text may become.
const LONGEST: usize = 1024 * 1024;

pub(super) fn call(eval: &Evaluator<'_>, name: &str, args: &[Value]) -> Option<Value> {
    if let [only] = args
        && let Some(value) = of_one(name, only)
    {
        return Some(value);
    }
    Some(match (name, args) {
        ("trim", [text, set]) => {
            two(text, set, |text, set| Value::text(text.trim_matches(|c| set.contains(c))))
        }
        ("trimprefix", [text, end]) => {
            two(text, end, |text, end| Value::text(text.strip_prefix(end).unwrap_or(text)))
        }
        ("trimsuffix", [text, end]) => {
            two(text, end, |text, end| Value::text(text.strip_suffix(end).unwrap_or(text)))
        }
        ("startswith", [text, end]) => {
            two(text, end, |text, end| Value::Bool(text.starts_with(end)))
        }
        ("endswith", [text, end]) => two(text, end, |text, end| Value::Bool(text.ends_with(end))),
        ("strcontains", [text, part]) => {
            two(text, part, |text, part| Value::Bool(text.contains(part)))
        }
        ("split", [by, text]) => two(text, by, |text, by| split(eval, text, by)),
        ("join", [by, lists @ ..]) => join(eval, by, lists),
        ("replace", [text, from, to]) => replace(eval, text, from, to),
        ("substr", [text, from, length]) => substr(text, from, length),
        ("indent", [spaces, text]) => indent(eval, spaces, text),
        ("format", [pattern, values @ ..]) => format(eval, pattern, values),
        ("formatlist", [pattern, values @ ..]) => format_list(eval, pattern, values),
        _ => return None,
    })
}

fn of_one(name: &str, value: &Value) -> Option<Value> {
    let make: fn(&str) -> Value = match name {
        "lower" => |text| Value::text(text.to_lowercase()),
        "upper" => |text| Value::text(text.to_uppercase()),
        "title" => |text| Value::text(title(text)),
        "trimspace" => |text| Value::text(text.trim()),
        "chomp" => |text| Value::text(text.trim_end_matches(['\n', '\r'])),
        "strrev" => |text| {
            if text.is_ascii() {
                Value::text(text.chars().rev().collect::<String>())
            } else {
                Value::unknown("reverses characters beyond ASCII")
            }
        },
        _ => return None,
    };
    Some(match value.as_text() {
        Some(text) => make(&text),
        None => no_use(value, "a text"),
    })
}

/// The first letter of each word in capitals; words end at what is neither letter, digit nor `_'`.
fn title(text: &str) -> String {
    let mut last = ' ';
    let mut made = String::new();
    for c in text.chars() {
        let inside = last.is_alphanumeric() || matches!(last, '_' | '\'');
        if inside {
            made.push(c)
        } else {
            made.extend(c.to_uppercase())
        }
        last = c;
    }
    made
}

fn two(one: &Value, two: &Value, make: impl FnOnce(&str, &str) -> Value) -> Value {
    match (one.as_text(), two.as_text()) {
        (Some(one), Some(two)) => make(&one, &two),
        (None, _) => no_use(one, "a text"),
        _ => no_use(two, "a text"),
    }
}

fn too_much() -> Value {
    Value::unknown("takes more than is evaluated")
}

fn split(eval: &Evaluator<'_>, text: &str, by: &str) -> Value {
    if text.is_empty() {
        return Value::list(vec![Value::text("")]);
    }
    if !eval.spend(text.len()) {
        return too_much();
    }
    if by.is_empty() {
        return Value::list(text.chars().map(|c| Value::text(c.to_string())).collect());
    }
    Value::list(text.split(by).map(Value::text).collect())
}

fn join(eval: &Evaluator<'_>, by: &Value, lists: &[Value]) -> Value {
    let Some(by) = by.as_text() else {
        return no_use(by, "a text");
    };
    let mut texts: Vec<Rc<str>> = Vec::new();
    for list in lists {
        let Some((items, ordered)) = members(list) else {
            return no_use(list, "a list");
        };
        for item in items.iter() {
            match item.as_part() {
                Some(text) if eval.spend(1 + text.len() / 64) => texts.push(text),
                Some(_) => return too_much(),
                None => return no_use(item, "a text"),
            }
        }
        if !ordered {
            return Value::unknown("uses the order of a set, which isn't known");
        }
    }
    Value::of_parts(texts.iter().map(Rc::as_ref).collect::<Vec<&str>>().join(&by))
}

fn replace(eval: &Evaluator<'_>, text: &Value, from: &Value, to: &Value) -> Value {
    let (Some(text), Some(from), Some(to)) = (text.as_text(), from.as_text(), to.as_text()) else {
        let odd = [text, from, to].into_iter().find(|value| value.as_text().is_none());
        return no_use(odd.unwrap_or(text), "texts");
    };
    if from.len() > 1 && from.starts_with('/') && from.ends_with('/') {
        return Value::unknown("replaces by a regular expression");
    }
    let grown = text.len().saturating_add(text.len().saturating_add(1).saturating_mul(to.len()));
    if grown > LONGEST || !eval.spend(grown / 64) {
        return too_much();
    }
    Value::text(text.replace(from.as_ref(), &to))
}

fn substr(text: &Value, from: &Value, length: &Value) -> Value {
    let (Some(text), Some(from), Some(length)) = (
        text.as_text(),
        from.number().and_then(Number::as_whole),
        length.number().and_then(Number::as_whole),
    ) else {
        let odd = if text.as_text().is_none() { text } else { from };
        return no_use(odd, "a text and two numbers");
    };
    if !text.is_ascii() {
        return Value::unknown("counts characters beyond ASCII");
    }
    let all = i128::try_from(text.len()).unwrap_or(i128::MAX);
    let start = if from < 0 { from.saturating_add(all) } else { from }.clamp(0, all);
    let end = if length < 0 { all } else { start.saturating_add(length).min(all) };
    let bounds = (usize::try_from(start), usize::try_from(end));
    let (Ok(start), Ok(end)) = bounds else {
        return Value::failed("takes a part that there isn't");
    };
    Value::text(text.get(start..end).unwrap_or_default())
}

fn indent(eval: &Evaluator<'_>, spaces: &Value, text: &Value) -> Value {
    let (Some(spaces), Some(text)) = (spaces.number().and_then(Number::as_index), text.as_text())
    else {
        return no_use(text, "a number and a text");
    };
    let lines = text.matches('\n').count();
    if spaces > 1000 || !eval.spend(lines.saturating_mul(spaces) / 16) {
        return too_much();
    }
    Value::text(text.replace('\n', &format!("\n{}", " ".repeat(spaces))))
}

/// `%s`, `%d`, `%v`, `%t`, `%q`, `%%`, with a width for numbers. Other verbs are not evaluated.
fn format(eval: &Evaluator<'_>, pattern: &Value, values: &[Value]) -> Value {
    let Some(pattern) = pattern.as_text() else {
        return no_use(pattern, "a text");
    };
    let mut values = values.iter();
    let mut made = String::new();
    let mut rest = pattern.as_ref();
    while let Some((before, after)) = rest.split_once('%') {
        made.push_str(before);
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (flags, tail) = after.split_at(end);
        let mut tail = tail.chars();
        let verb = tail.next();
        rest = tail.as_str();
        if let (Some('%'), true) = (verb, flags.is_empty()) {
            made.push('%');
            continue;
        }
        let Some(value) = values.next() else {
            return Value::failed("has too few values for its pattern");
        };
        match one_format(verb, flags, value) {
            Ok(text) => made.push_str(&text),
            Err(hole) => return hole,
        }
        if made.len() > LONGEST || !eval.spend(1 + made.len() / 4096) {
            return too_much();
        }
    }
    if values.next().is_some() {
        return Value::failed("has more values than its pattern takes");
    }
    made.push_str(rest);
    Value::of_parts(made)
}

fn one_format(verb: Option<char>, flags: &str, value: &Value) -> Result<String, Value> {
    let odd = |needed| Err(no_use(value, needed));
    match verb {
        Some('s') if flags.is_empty() => match value.as_part() {
            Some(text) => Ok(text.to_string()),
            None => odd("a text"),
        },
        Some('v') if flags.is_empty() => match value {
            Value::Null => Ok("null".to_owned()),
            Value::List(_) | Value::Set(_) | Value::Object(_) => {
                Err(Value::unknown("writes a collection by `%v`"))
            }
            _ => value.as_part().map_or_else(|| odd("a value"), |text| Ok(text.to_string())),
        },
        Some('d') => {
            let Some(number) = value.number() else { return odd("a number") };
            let Some(number) = number.as_whole() else {
                return Err(Value::unknown("writes a fraction by `%d`"));
            };
            let width: usize = flags.parse().unwrap_or(0);
            if width > 64 {
                return Err(Value::unknown("writes a very wide number"));
            }
            Ok(if flags.starts_with('0') {
                format!("{number:0width$}")
            } else {
                format!("{number:width$}")
            })
        }
        Some('t') if flags.is_empty() => match value.flag() {
            Some(flag) => Ok(flag.to_string()),
            None => odd("a boolean"),
        },
        _ => Err(Value::unknown("has a pattern that isn't evaluated")),
    }
}

fn format_list(eval: &Evaluator<'_>, pattern: &Value, values: &[Value]) -> Value {
    let mut lists = Vec::new();
    for value in values {
        match value {
            Value::List(items) => lists.push(Ok(items)),
            Value::Set(_) => match members(value) {
                Some((items, true)) => lists.push(Ok(items)),
                _ => return Value::unknown("uses the order of a set, which isn't known"),
            },
            other => lists.push(Err(other)),
        }
    }
    let mut lengths = lists.iter().filter_map(|list| list.as_ref().ok()).map(|items| items.len());
    let count = lengths.next().unwrap_or(1);
    if lengths.any(|other| other != count) {
        return Value::failed("has lists of different lengths");
    }
    let mut made = Vec::new();
    for at in 0..count {
        let pick = |list: &Result<&Rc<Vec<Value>>, &Value>| match list {
            Ok(items) => items.get(at).cloned().unwrap_or(Value::Null),
            Err(value) => (*value).clone(),
        };
        let row: Vec<Value> = lists.iter().map(pick).collect();
        if !eval.spend(1) {
            return too_much();
        }
        let text = format(eval, pattern, &row);
        if matches!(text, Value::Failed(_)) {
            return text;
        }
        made.push(text);
    }
    listed(made, true)
}
