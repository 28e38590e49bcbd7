//! Templates: texts with values, conditions and loops in them.

use hcl_edit::template::{Directive, Element, StringTemplate, Strip, Template};

use super::super::value::Value;
use super::operators::no_use;
use super::{Env, Evaluator, Frame, TOO_MUCH};

/// How long one text may become.
const LONGEST: usize = 1024 * 1024;

/// A part of a text: literal, or computed.
enum Piece {
    Literal(String),
    Computed(String),
    /// Where `~` takes space away: before it, and after it.
    Mark(bool, bool),
}

impl Evaluator<'_> {
    /// `"..."`: a lone `${}` gives its value as it is, of whatever type.
    pub(super) fn quoted(&self, env: &Env<'_>, template: &StringTemplate) -> Value {
        match template.as_single_element() {
            Some(Element::Interpolation(only)) => self.eval(env, &only.expr),
            _ => self.template(env, template),
        }
    }

    /// A template as a text.
    pub(in super::super) fn template(&self, env: &Env<'_>, template: &Template) -> Value {
        let mut pieces = Vec::new();
        if let Err(hole) = self.fragments(env, template, &mut pieces) {
            return hole;
        }
        let text = joined(pieces);
        if text.len() > LONGEST || !self.spend(text.len() / 64) {
            return Value::unknown(TOO_MUCH);
        }
        Value::text(text)
    }

    fn fragments(
        &self,
        env: &Env<'_>,
        template: &Template,
        out: &mut Vec<Piece>,
    ) -> Result<(), Value> {
        for element in template.iter() {
            if !self.spend(1) {
                return Err(Value::unknown(TOO_MUCH));
            }
            match element {
                Element::Literal(text) => out.push(Piece::Literal(text.value().clone())),
                Element::Interpolation(part) => {
                    let value = self.eval(env, &part.expr);
                    let Some(text) = value.as_text() else {
                        return Err(no_use(&value, "a text"));
                    };
                    if !self.spend(text.len() / 64) {
                        return Err(Value::unknown(TOO_MUCH));
                    }
                    out.push(Piece::Mark(starts(part.strip), false));
                    out.push(Piece::Computed(text.to_string()));
                    out.push(Piece::Mark(false, ends(part.strip)));
                }
                Element::Directive(directive) => self.directive(env, directive, out)?,
            }
        }
        Ok(())
    }

    fn directive(
        &self,
        env: &Env<'_>,
        directive: &Directive,
        out: &mut Vec<Piece>,
    ) -> Result<(), Value> {
        match directive {
            Directive::If(of) => {
                let condition = self.eval(env, &of.if_expr.cond_expr);
                let Some(flag) = condition.flag() else {
                    return Err(no_use(&condition, "a boolean"));
                };
                let otherwise = of.else_expr.as_ref();
                let middle = otherwise.map_or(of.endif_expr.strip, |part| part.strip);
                out.push(Piece::Mark(starts(of.if_expr.strip), false));
                if flag {
                    out.push(Piece::Mark(false, ends(of.if_expr.strip)));
                    self.fragments(env, &of.if_expr.template, out)?;
                    out.push(Piece::Mark(starts(middle), false));
                } else if let Some(part) = otherwise {
                    out.push(Piece::Mark(false, ends(part.strip)));
                    self.fragments(env, &part.template, out)?;
                    out.push(Piece::Mark(starts(of.endif_expr.strip), false));
                }
                out.push(Piece::Mark(false, ends(of.endif_expr.strip)));
            }
            Directive::For(of) => {
                let part = &of.for_expr;
                let all = self.eval(env, &part.collection_expr);
                let entries = self.entries(&all)?;
                out.push(Piece::Mark(starts(part.strip), false));
                for (key, value) in entries.pairs {
                    let first = part.key_var.as_ref().map_or("", |name| name.as_str());
                    let outer = Frame { name: first, value: key, outer: env.names };
                    let own = Frame { name: part.value_var.as_str(), value, outer: Some(&outer) };
                    out.push(Piece::Mark(false, ends(part.strip)));
                    self.fragments(&Env { names: Some(&own), ..*env }, &part.template, out)?;
                    out.push(Piece::Mark(starts(of.endfor_expr.strip), false));
                }
                out.push(Piece::Mark(false, ends(of.endfor_expr.strip)));
            }
        }
        Ok(())
    }
}

fn starts(strip: Strip) -> bool {
    matches!(strip, Strip::Start | Strip::Both)
}

fn ends(strip: Strip) -> bool {
    matches!(strip, Strip::End | Strip::Both)
}

/// The text, without the space that the marks take away from the literals beside them.
fn joined(mut pieces: Vec<Piece>) -> String {
    for at in 0..pieces.len() {
        let Some(Piece::Mark(before, after)) = pieces.get(at) else { continue };
        let (before, after) = (*before, *after);
        if before
            && let Some(Piece::Literal(text)) = at.checked_sub(1).and_then(|at| pieces.get_mut(at))
        {
            text.truncate(text.trim_end().len());
        }
        if after && let Some(Piece::Literal(text)) = pieces.get_mut(at + 1) {
            *text = text.trim_start().to_owned();
        }
    }
    let texts = pieces.into_iter().filter_map(|piece| match piece {
        Piece::Literal(text) | Piece::Computed(text) => Some(text),
        Piece::Mark(..) => None,
    });
    texts.collect()
}
