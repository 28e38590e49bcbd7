//! Functions that read files: those of the folder that is given as the source, and no others.

use super::super::eval::{Env, Evaluator, no_use};
use super::super::folder::normal;
use super::super::hcl;
use super::super::value::Value;

pub(super) fn call(
    eval: &Evaluator<'_>,
    env: &Env<'_>,
    name: &str,
    args: &[Value],
) -> Option<Value> {
    let (Some(path), rest) = (args.first(), args.get(1..).unwrap_or_default()) else {
        return None;
    };
    if !matches!(name, "file" | "templatefile" | "basename" | "dirname") {
        return None;
    }
    let Some(text) = path.as_text() else {
        return Some(no_use(path, "a path"));
    };
    Some(match (name, rest) {
        ("basename", []) => Value::text(text.rsplit('/').next().unwrap_or_default()),
        ("dirname", []) => Value::text(text.rsplit_once('/').map_or(".", |(folder, _)| folder)),
        ("file", []) => match content(eval, &text) {
            Ok(content) => Value::text(content),
            Err(hole) => hole,
        },
        ("templatefile", [vars]) => rendered(eval, env, &text, vars),
        _ => return None,
    })
}

fn content<'s>(eval: &Evaluator<'s>, path: &str) -> Result<&'s str, Value> {
    let found = normal(path).and_then(|name| eval.files.texts.get(&name));
    match found {
        Some(text) if eval.spend(1 + text.len() / 64) => Ok(text),
        Some(_) => Err(Value::unknown("takes more than is evaluated")),
        None => Err(Value::unknown(format!("reads `{path}`, which isn't in the source"))),
    }
}

fn rendered(eval: &Evaluator<'_>, env: &Env<'_>, path: &str, vars: &Value) -> Value {
    let Value::Object(vars) = vars else {
        return no_use(vars, "a map");
    };
    let text = match content(eval, path) {
        Ok(text) => text,
        Err(hole) => return hole,
    };
    match hcl::template(text) {
        Some(template) => {
            let inner =
                Env { scope: env.scope, index: None, each: None, names: None, vars: Some(vars) };
            eval.template(&inner, &template)
        }
        None => Value::failed(format!("reads `{path}`, which is no template")),
    }
}
