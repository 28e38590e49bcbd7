//! Functions over numbers.

use super::super::eval::{no_use, number};
use super::super::number::Number;
use super::super::value::Value;

pub(super) fn call(name: &str, args: &[Value]) -> Option<Value> {
    Some(match (name, args) {
        ("abs", [value]) => number(value, Number::absolute),
        ("ceil", [value]) => number(value, Number::ceiling),
        ("floor", [value]) => number(value, Number::floor),
        ("signum", [value]) => number(value, |number| Some(Number::whole(number.sign()))),
        ("min" | "max", [_, ..]) => extreme(name == "max", args),
        ("parseint", [text, base]) => parse(text, base),
        ("pow", [base, power]) => pow(base, power),
        _ => return None,
    })
}

fn extreme(greatest: bool, args: &[Value]) -> Value {
    let mut found: Option<Number> = None;
    for value in args {
        let Some(number) = value.number() else {
            return no_use(value, "a number");
        };
        found = Some(match found {
            Some(other) if greatest => other.max(number),
            Some(other) => other.min(number),
            None => number,
        });
    }
    found.map_or_else(|| Value::failed("needs a number"), Value::Number)
}

fn parse(text: &Value, base: &Value) -> Value {
    let base = base.number().and_then(Number::as_whole).and_then(|base| u32::try_from(base).ok());
    let (Some(digits), Some(base @ 2..=36)) = (text.as_text(), base) else {
        return no_use(text, "a text, and a base from 2 to 36");
    };
    match i128::from_str_radix(&digits, base) {
        Ok(number) => Value::whole(number),
        Err(_) => Value::failed("is no number of this base"),
    }
}

fn pow(base: &Value, power: &Value) -> Value {
    let power =
        power.number().and_then(Number::as_whole).and_then(|power| u32::try_from(power).ok());
    let (Some(base), Some(power)) = (base.number().and_then(Number::as_whole), power) else {
        return Value::unknown("raises to a power that isn't evaluated");
    };
    base.checked_pow(power)
        .map_or_else(|| Value::unknown("is a number that isn't evaluated"), Value::whole)
}
