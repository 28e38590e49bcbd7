//! Which names an expression mentions, as a plan lists them: to see whether the source is the plan's.

use std::collections::BTreeSet;

use hcl_edit::expr::{Array, Expression, ForExpr, Traversal, TraversalOperator};
use hcl_edit::template::ForDirective;
use hcl_edit::visit::{Visit, visit_expr, visit_for_directive, visit_for_expr, visit_traversal};

use super::block::Block;
use super::eval::dynamic;

/// What begins a reference that is no resource's.
const WORDS: [&str; 7] = ["var", "local", "module", "each", "count", "path", "terraform"];

#[derive(Default)]
struct Names {
    found: BTreeSet<String>,
    /// What `for` and `dynamic` call their own.
    own: BTreeSet<String>,
}

impl Visit for Names {
    fn visit_for_expr(&mut self, of: &ForExpr) {
        self.own.insert(of.intro.value_var.to_string());
        self.own.extend(of.intro.key_var.iter().map(|name| name.to_string()));
        visit_for_expr(self, of);
    }

    fn visit_for_directive(&mut self, of: &ForDirective) {
        self.own.insert(of.for_expr.value_var.to_string());
        self.own.extend(of.for_expr.key_var.iter().map(|name| name.to_string()));
        visit_for_directive(self, of);
    }

    fn visit_traversal(&mut self, path: &Traversal) {
        if let Expression::Variable(first) = &path.expr {
            let names = path.operators.iter().map_while(|step| match step.value() {
                TraversalOperator::GetAttr(name) => Some(name.as_str()),
                _ => None,
            });
            let names: Vec<&str> = std::iter::once(first.as_str()).chain(names).collect();
            self.found.extend(subject(&names));
        }
        visit_traversal(self, path);
    }

    fn visit_expr(&mut self, expression: &Expression) {
        visit_expr(self, expression);
    }
}

/// `aws_lb.a` of `aws_lb.a.arn`: what a reference is about.
pub(in super::super) fn subject(parts: &[&str]) -> Option<String> {
    match parts {
        ["data", kind, name, ..] => Some(format!("data.{kind}.{name}")),
        [word, name, ..] if WORDS.contains(word) || word.contains('_') => {
            Some(format!("{word}.{name}"))
        }
        _ => None,
    }
}

/// What a block mentions under a name, outside of `dynamic` blocks.
pub(super) fn of_part(block: &Block, name: &str) -> Option<BTreeSet<String>> {
    let mut names = Names::default();
    let mut any = false;
    if let Some(expression) = block.expression(name) {
        any = true;
        names.visit_expr(expression);
    }
    for inner in block.named(name) {
        any = true;
        within(&inner.block, &mut names, 0);
    }
    let Names { mut found, own } = names;
    found.retain(|subject| {
        let first = subject.split('.').next().unwrap_or_default();
        WORDS.contains(&first) || first == "data" || !own.contains(first)
    });
    any.then_some(found)
}

fn within(block: &Block, names: &mut Names, depth: usize) {
    if depth > 32 {
        return;
    }
    for written in block.attributes.values() {
        names.visit_expr(&written.expression);
    }
    for inner in block.blocks.iter().filter(|inner| dynamic(inner).is_none()) {
        within(&inner.block, names, depth + 1);
    }
}

/// The first words of the paths in a list: `desired_count` and `tags` of `[desired_count, tags["a"]]`.
pub(super) fn heads(list: &Array) -> BTreeSet<String> {
    let head = |item: &Expression| match item {
        Expression::Variable(name) => Some(name.to_string()),
        Expression::String(name) => Some(name.value().clone()),
        Expression::Traversal(path) => match &path.expr {
            Expression::Variable(name) => Some(name.to_string()),
            _ => None,
        },
        _ => None,
    };
    list.iter().filter_map(head).collect()
}
