//! Conditions of statements.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Conditions with
//! multiple context keys or values". Keys must all hold; of the values of a key one has to fit, or,
//! for a negated operator, none may. A key that the request doesn't have fits no operator, but the
//! negated ones, those with `IfExists` and `ForAllValues`.

use super::pattern::Pattern;
use super::request::{Context, Held};
use super::tri::Tri;
use super::{Condition, Word};

/// How an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Text {
        fold: bool,
        wild: bool,
    },
    Arn,
    Bool,
    Null,
    /// Numbers, dates, addresses, bytes: only whether the key is there is decided.
    Other,
}

/// An operator, taken apart.
#[derive(Debug, Clone, Copy)]
struct Operator {
    compare: Compare,
    negated: bool,
    if_exists: bool,
    all_values: bool,
    any_value: bool,
}

fn operator(text: &str) -> Option<Operator> {
    let lower = text.to_ascii_lowercase();
    let (all_values, rest) = match lower.strip_prefix("forallvalues:") {
        Some(rest) => (true, rest),
        None => (false, lower.as_str()),
    };
    let (any_value, rest) = match rest.strip_prefix("foranyvalue:") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let (if_exists, bare) = match rest.strip_suffix("ifexists") {
        Some(bare) => (true, bare),
        None => (false, rest),
    };
    let exact = Compare::Text { fold: false, wild: false };
    let folded = Compare::Text { fold: true, wild: false };
    let wild = Compare::Text { fold: false, wild: true };
    let (compare, negated) = match bare {
        "stringequals" => (exact, false),
        "stringnotequals" => (exact, true),
        "stringequalsignorecase" => (folded, false),
        "stringnotequalsignorecase" => (folded, true),
        "stringlike" => (wild, false),
        "stringnotlike" => (wild, true),
        "arnequals" | "arnlike" => (Compare::Arn, false),
        "arnnotequals" | "arnnotlike" => (Compare::Arn, true),
        "bool" => (Compare::Bool, false),
        "null" => (Compare::Null, false),
        "numericnotequals" | "datenotequals" | "notipaddress" => (Compare::Other, true),
        "numericequals"
        | "numericlessthan"
        | "numericlessthanequals"
        | "numericgreaterthan"
        | "numericgreaterthanequals"
        | "dateequals"
        | "datelessthan"
        | "datelessthanequals"
        | "dategreaterthan"
        | "dategreaterthanequals"
        | "ipaddress"
        | "binaryequals" => (Compare::Other, false),
        _ => return None,
    };
    Some(Operator { compare, negated, if_exists, all_values, any_value })
}

/// Whether a condition holds. `variables`: whether `${...}` are variables.
pub(super) fn holds(condition: &Condition, context: &Context, variables: bool) -> Tri {
    let Condition { operator: name, key, values } = condition;
    let depends = || format!("it has a condition on `{key}` (`{name}`)");
    let Some(operator) = operator(name) else {
        return Tri::maybe(depends());
    };
    let held = context.get(key);
    if operator.compare == Compare::Null {
        let Some(held) = held else { return Tri::maybe(depends()) };
        let absent = *held == Held::Absent;
        let wanted = values.iter().map(|word| match word.text() {
            Some(text) => Tri::of(text.eq_ignore_ascii_case("true") == absent),
            None => Tri::maybe(depends()),
        });
        return Tri::any(wanted);
    }
    let values_held = match held {
        None => return Tri::maybe(depends()),
        Some(Held::Absent) => {
            let passes = operator.if_exists
                || operator.all_values
                || (operator.negated && !operator.any_value);
            return Tri::of(passes);
        }
        Some(Held::Values(values)) => values.iter().map(|value| Pattern::literal(value)).collect(),
        Some(Held::Like(pattern)) => vec![Pattern::new(pattern)],
    };
    let one = |held: &Pattern| {
        let fits = Tri::any(values.iter().map(|word| {
            let Word::Known(text) = word else { return Tri::maybe(depends()) };
            fits(operator.compare, text, held, context, variables, &depends)
        }));
        if operator.negated { fits.not() } else { fits }
    };
    let all: Vec<Tri> = values_held.iter().map(one).collect();
    // A negated operator without a set prefix holds if no value of the request fits.
    if operator.all_values || (operator.negated && !operator.any_value) {
        Tri::all(all)
    } else {
        Tri::any(all)
    }
}

fn fits(
    compare: Compare,
    text: &str,
    held: &Pattern,
    context: &Context,
    variables: bool,
    depends: &dyn Fn() -> String,
) -> Tri {
    let wild = |text: &str| {
        if variables {
            Pattern::with_variables(text, |name| context.value(name))
        } else {
            Pattern::new(text)
        }
    };
    match compare {
        // In `StringEquals` stars are stars, and variables are variables.
        Compare::Text { wild: false, .. } if variables && text.contains("${") => {
            Tri::maybe(depends())
        }
        Compare::Text { fold, wild: false } => {
            let (own, held) = (Pattern::literal(text), held.clone());
            let fit = if fold { own.lower().fit(&held.lower()) } else { own.fit(&held) };
            fit.tri(depends)
        }
        Compare::Text { wild: true, .. } => wild(text).fit(held).tri(depends),
        Compare::Arn => arn(&wild(text), held, depends),
        Compare::Bool => Pattern::literal(text).lower().fit(&held.clone().lower()).tri(depends),
        Compare::Null | Compare::Other => Tri::maybe(depends()),
    }
}

/// Each of the six parts is compared by itself (IAM User Guide, "Amazon Resource Name (ARN) condition
/// operators").
fn arn(pattern: &Pattern, held: &Pattern, depends: &dyn Fn() -> String) -> Tri {
    let (own, others) = (pattern.parts(), held.parts());
    Tri::all(own.iter().zip(&others).map(|(own, other)| own.fit(other).tri(depends)))
}
