//! Which names an expression mentions, as a plan lists them: to see whether the source is the plan's.

use std::collections::BTreeSet;

use hcl_edit::expr::{Array, Expression, ForExpr, Traversal, TraversalOperator};
use hcl_edit::template::ForDirective;
use hcl_edit::visit::{Visit, visit_expr, visit_traversal};

use super::block::Block;
use super::eval::dynamic;

/// What begins a reference that is no resource's.
const WORDS: [&str; 7] = ["var", "local", "module", "each", "count", "path", "terraform"];

#[derive(Default)]
struct Names {
    found: BTreeSet<String>,
    /// What the `for` around here call their own; an inner one hides what is called so outside, and
    /// Terraform's own words too.
    own: Vec<String>,
}

impl Names {
    /// Looks at what a `for` repeats: there its names are its own.
    fn within(&mut self, names: [Option<&str>; 2], look: impl FnOnce(&mut Self)) {
        let outer = self.own.len();
        self.own.extend(names.into_iter().flatten().map(str::to_owned));
        look(self);
        self.own.truncate(outer);
    }
}

impl Visit for Names {
    fn visit_for_expr(&mut self, of: &ForExpr) {
        // What it goes through is still outside.
        self.visit_expr(&of.intro.collection_expr);
        let key = of.intro.key_var.as_ref().map(|name| name.as_str());
        self.within([Some(of.intro.value_var.as_str()), key], |names| {
            if let Some(key) = &of.key_expr {
                names.visit_expr(key);
            }
            names.visit_expr(&of.value_expr);
            if let Some(condition) = &of.cond {
                names.visit_expr(&condition.expr);
            }
        });
    }

    fn visit_for_directive(&mut self, of: &ForDirective) {
        let part = &of.for_expr;
        self.visit_expr(&part.collection_expr);
        let key = part.key_var.as_ref().map(|name| name.as_str());
        self.within([Some(part.value_var.as_str()), key], |names| {
            names.visit_template(&part.template);
        });
    }

    fn visit_traversal(&mut self, path: &Traversal) {
        if let Expression::Variable(first) = &path.expr
            && !self.own.iter().any(|own| own == first.as_str())
        {
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
    any.then_some(names.found)
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
