//! Arithmetic, comparisons, logic, and the choice between two values.

use hcl_edit::expr::{BinaryOp, BinaryOperator, Conditional, Expression, UnaryOp, UnaryOperator};

use super::super::functions;
use super::super::number::Number;
use super::super::value::Value;
use super::{Env, Evaluator};

impl Evaluator<'_> {
    pub(super) fn unary(&self, env: &Env<'_>, operation: &UnaryOp) -> Value {
        let value = self.eval(env, &operation.expr);
        match operation.operator.value() {
            UnaryOperator::Neg => number(&value, Number::negated),
            UnaryOperator::Not => match value.flag() {
                Some(flag) => Value::Bool(!flag),
                None => no_use(&value, "a boolean"),
            },
        }
    }

    pub(super) fn binary(&self, env: &Env<'_>, operation: &BinaryOp) -> Value {
        let operator = *operation.operator.value();
        let one = self.eval(env, &operation.lhs_expr);
        let two = self.eval(env, &operation.rhs_expr);
        match operator {
            BinaryOperator::And | BinaryOperator::Or => logic(operator, &one, &two),
            BinaryOperator::Eq | BinaryOperator::NotEq => {
                let refused =
                    [&one, &two].into_iter().find(|side| matches!(side, Value::Failed(_)));
                if let Some(refused) = refused {
                    return refused.clone();
                }
                match one.equals(&two) {
                    Some(equal) => Value::Bool(equal == (operator == BinaryOperator::Eq)),
                    None => one.hole().or_else(|| two.hole()).unwrap_or_else(|| {
                        Value::unknown("compares what is known only after apply")
                    }),
                }
            }
            _ => arithmetic(operator, &one, &two),
        }
    }

    pub(super) fn choice(&self, env: &Env<'_>, choice: &Conditional) -> Value {
        let condition = self.eval(env, &choice.cond_expr);
        let Some(flag) = condition.flag() else {
            let (yes, no) = (self.eval(env, &choice.true_expr), self.eval(env, &choice.false_expr));
            // Whatever is chosen, it is the same.
            if yes.equals(&no) == Some(true) {
                return yes;
            }
            return no_use(&condition, "a boolean");
        };
        let (chosen, other) = if flag {
            (&choice.true_expr, &choice.false_expr)
        } else {
            (&choice.false_expr, &choice.true_expr)
        };
        let value = self.eval(env, chosen);
        // Both sides get one type: a number beside a text becomes a text.
        let plain = |value: &Value| matches!(value, Value::Number(_) | Value::Bool(_));
        let is_text =
            |value: &Value| matches!(value, Value::Text(_) | Value::Reference(_) | Value::Made(_));
        let mixes = match &value {
            Value::List(items) => items.iter().any(plain),
            value => plain(value),
        };
        if mixes && !is_plain(other) {
            return match (value, self.eval(env, other)) {
                (Value::List(items), Value::List(others)) if others.iter().any(is_text) => {
                    Value::list(functions::unified(items.to_vec(), true))
                }
                (value, other) if plain(&value) && is_text(&other) => {
                    value.as_text().map_or(value, Value::Text)
                }
                (value, _) => value,
            };
        }
        value
    }
}

/// Whether an expression is no text for certain.
fn is_plain(expression: &Expression) -> bool {
    matches!(expression, Expression::Null(_) | Expression::Bool(_) | Expression::Number(_))
}

/// Why a text isn't known with names in it: the first of them.
pub(in super::super) fn uses(made: &str) -> String {
    let [open, close] = crate::import::terraform::NAME_MARKS;
    let first = made.split(open).nth(1).and_then(|rest| rest.split(close).next());
    format!("is known only after apply: it uses `{}`", first.unwrap_or_default())
}

/// What comes of a value that is not of the type that is needed.
pub(in super::super) fn no_use(value: &Value, needed: &str) -> Value {
    match value {
        Value::Unknown(_) | Value::Failed(_) => value.clone(),
        Value::Reference(of) => Value::unknown(format!(
            "is known only after apply: it uses `{}.{}`",
            of.address, of.attribute
        )),
        Value::Made(text) => Value::unknown(uses(text)),
        Value::Encoded(_) | Value::Thing(_) => {
            Value::unknown("uses what is known only after apply")
        }
        _ => Value::failed(format!("needs {needed}")),
    }
}

/// A number made of a number.
pub(in super::super) fn number(
    value: &Value,
    make: impl FnOnce(Number) -> Option<Number>,
) -> Value {
    match value.number() {
        Some(number) => make(number).map_or_else(beyond, Value::Number),
        None => no_use(value, "a number"),
    }
}

fn beyond() -> Value {
    Value::unknown("is a number that isn't evaluated")
}

fn logic(operator: BinaryOperator, one: &Value, two: &Value) -> Value {
    // One side decides alone, whatever the other turns out to be.
    let decides = operator == BinaryOperator::Or;
    match (one.flag(), two.flag()) {
        (Some(flag), _) | (_, Some(flag)) if flag == decides => Value::Bool(decides),
        (Some(_), Some(_)) => Value::Bool(!decides),
        (None, _) => no_use(one, "a boolean"),
        (_, None) => no_use(two, "a boolean"),
    }
}

fn arithmetic(operator: BinaryOperator, one: &Value, two: &Value) -> Value {
    let (Some(left), Some(right)) = (one.number(), two.number()) else {
        let odd = if one.number().is_none() { one } else { two };
        return no_use(odd, "a number");
    };
    let made = match operator {
        BinaryOperator::Plus => left.add(right),
        BinaryOperator::Minus => left.subtract(right),
        BinaryOperator::Mul => left.multiply(right),
        BinaryOperator::Div if right.sign() == 0 => return Value::failed("divides by zero"),
        BinaryOperator::Mod if right.sign() == 0 => return Value::failed("divides by zero"),
        BinaryOperator::Div => left.divide(right),
        BinaryOperator::Mod => left.remainder(right),
        BinaryOperator::Less => return Value::Bool(left < right),
        BinaryOperator::LessEq => return Value::Bool(left <= right),
        BinaryOperator::Greater => return Value::Bool(left > right),
        BinaryOperator::GreaterEq => return Value::Bool(left >= right),
        _ => None,
    };
    made.map_or_else(beyond, Value::Number)
}
