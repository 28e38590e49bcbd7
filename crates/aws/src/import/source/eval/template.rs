//! Templates: texts with values, conditions and loops in them.

use hcl_edit::template::{Directive, Element, StringTemplate, Strip, Template};

use super::super::functions;
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
            // The parser leaves escapes within directives as they are written.
            _ if template.iter().any(has_escapes) => {
                Value::unknown("has escapes within a directive of a template")
            }
            _ => self.rendered(env, template, false),
        }
    }

    /// A heredoc or a file as a text.
    pub(in super::super) fn template(&self, env: &Env<'_>, template: &Template) -> Value {
        self.rendered(env, template, true)
    }

    fn rendered(&self, env: &Env<'_>, template: &Template, by_line: bool) -> Value {
        let mut pieces = Vec::new();
        if let Err(hole) = self.fragments(env, template, &mut pieces) {
            return hole;
        }
        let text = joined(pieces, by_line);
        if text.len() > LONGEST || !self.spend(text.len() / 64) {
            return Value::unknown(TOO_MUCH);
        }
        Value::of_parts(text)
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
                    let text = value.as_part().or_else(|| functions::encoded_part(self, &value));
                    let Some(text) = text else {
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

/// Whether a template has directives or takes space away: what Terraform then does with indentation,
/// the parser does otherwise.
pub(super) fn is_stripped(template: &Template) -> bool {
    template.iter().any(|element| match element {
        Element::Literal(_) => false,
        Element::Interpolation(part) => !matches!(part.strip, Strip::None),
        Element::Directive(_) => true,
    })
}

/// Whether a directive has a backslash in its literals.
fn has_escapes(element: &Element) -> bool {
    fn within(template: &Template) -> bool {
        template.iter().any(|element| match element {
            Element::Literal(text) => text.value().contains('\\'),
            other => has_escapes(other),
        })
    }
    match element {
        Element::Directive(directive) => match directive.as_ref() {
            Directive::If(of) => {
                within(&of.if_expr.template)
                    || of.else_expr.as_ref().is_some_and(|part| within(&part.template))
            }
            Directive::For(of) => within(&of.for_expr.template),
        },
        _ => false,
    }
}

/// The text, without the space that the marks take away from the literals beside them. In heredocs and
/// files every line is a literal of its own, and only the nearest loses its space.
fn joined(mut pieces: Vec<Piece>, by_line: bool) -> String {
    for at in 0..pieces.len() {
        let Some(Piece::Mark(before, after)) = pieces.get(at) else { continue };
        let (before, after) = (*before, *after);
        if before
            && let Some(Piece::Literal(text)) = at.checked_sub(1).and_then(|at| pieces.get_mut(at))
        {
            let inner = text.strip_suffix('\n').unwrap_or(text);
            let line = if by_line { inner.rfind('\n').map_or(0, |at| at + 1) } else { 0 };
            let kept = text.get(line..).map_or(0, |line| line.trim_end().len());
            text.truncate(line + kept);
        }
        if after && let Some(Piece::Literal(text)) = pieces.get_mut(at + 1) {
            let line = text.find('\n').filter(|_| by_line).map_or(text.len(), |at| at + 1);
            let (first, rest) = text.split_at(line);
            *text = format!("{}{rest}", first.trim_start());
        }
    }
    let texts = pieces.into_iter().filter_map(|piece| match piece {
        Piece::Literal(text) | Piece::Computed(text) => Some(text),
        Piece::Mark(..) => None,
    });
    texts.collect()
}
