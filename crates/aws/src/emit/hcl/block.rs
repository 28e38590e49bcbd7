//! Bodies and blocks: attributes, nested blocks, comments and blank lines, in the order of writing.
//!
//! Meta-arguments go to their conventional places whenever they are given: `for_each`, `count` and
//! `provider` lead, `lifecycle` and `depends_on` close.

use super::expr::Expr;

/// What stands between the braces of a block, or in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    pub(super) items: Vec<Item>,
    first: Vec<Item>,
    lifecycle: Vec<Item>,
    depends_on: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Attribute(String, Expr),
    Block(Block),
    Comment(String),
    Blank,
}

/// A block: `type "label" { ... }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub(super) kind: String,
    pub(super) labels: Vec<String>,
    body: Body,
}

impl Body {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `name = value`.
    #[must_use]
    pub fn attr(mut self, name: impl Into<String>, value: impl Into<Expr>) -> Self {
        self.items.push(Item::Attribute(name.into(), value.into()));
        self
    }

    /// Adds `name = value` if there is a value.
    #[must_use]
    pub fn maybe(self, name: impl Into<String>, value: Option<impl Into<Expr>>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// Adds a nested block, between blank lines.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.items.push(Item::Block(block));
        self
    }

    /// Adds nested blocks.
    #[must_use]
    pub fn blocks(self, blocks: impl IntoIterator<Item = Block>) -> Self {
        blocks.into_iter().fold(self, Self::block)
    }

    /// Adds a comment that belongs to what comes next, without its `#`; it may have many lines.
    #[must_use]
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.items.push(Item::Comment(text.into()));
        self
    }

    /// Starts a new group of attributes, or ends what a comment belongs to. Blank lines do not add
    /// up, and there are none at the ends of a body.
    #[must_use]
    pub fn blank(mut self) -> Self {
        self.items.push(Item::Blank);
        self
    }

    /// Adds all that another body holds.
    #[must_use]
    pub fn extend(mut self, other: Body) -> Self {
        self.items.extend(other.items);
        self.first.extend(other.first);
        self.lifecycle.extend(other.lifecycle);
        self.depends_on.extend(other.depends_on);
        self
    }

    /// A meta-argument that comes first, with a blank line behind it.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: impl Into<Expr>) -> Self {
        self.first.push(Item::Attribute(name.into(), value.into()));
        self
    }

    /// `lifecycle { ... }`, behind all but `depends_on`.
    #[must_use]
    pub fn lifecycle(mut self, body: Body) -> Self {
        self.lifecycle.push(Item::Block(Block { body, ..Block::new("lifecycle") }));
        self
    }

    /// `depends_on = [...]`, last.
    #[must_use]
    pub fn depends_on(mut self, on: impl Into<Expr>) -> Self {
        let on = Item::Attribute("depends_on".to_owned(), on.into());
        self.depends_on.extend([Item::Blank, on]);
        self
    }

    /// Everything in the order of printing.
    pub(super) fn ordered(&self) -> Vec<&Item> {
        let first = self.first.iter().chain([&Item::Blank]).chain(&self.items);
        first.chain(&self.lifecycle).chain(&self.depends_on).collect()
    }
}

impl Block {
    /// A block without labels.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), labels: Vec::new(), body: Body::new() }
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.labels.push(label.into());
        self
    }

    /// `resource "kind" "name" {}`
    pub fn resource(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new("resource").label(kind).label(name)
    }

    /// `data "kind" "name" {}`
    pub fn data(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new("data").label(kind).label(name)
    }

    /// `variable "name" {}`
    pub fn variable(name: impl Into<String>) -> Self {
        Self::new("variable").label(name)
    }

    /// `output "name" {}`
    pub fn output(name: impl Into<String>) -> Self {
        Self::new("output").label(name)
    }

    /// `module "name" {}`
    pub fn module(name: impl Into<String>) -> Self {
        Self::new("module").label(name)
    }

    /// `provider "name" {}`
    pub fn provider(name: impl Into<String>) -> Self {
        Self::new("provider").label(name)
    }

    /// `locals {}`
    #[must_use]
    pub fn locals() -> Self {
        Self::new("locals")
    }

    /// `dynamic "kind" { for_each = ... content { ... } }`
    pub fn dynamic(kind: impl Into<String>, for_each: impl Into<Expr>, content: Body) -> Self {
        let content = Self { body: content, ..Self::new("content") };
        Self::new("dynamic").label(kind).attr("for_each", for_each).block(content)
    }

    /// Adds `name = value`.
    #[must_use]
    pub fn attr(self, name: impl Into<String>, value: impl Into<Expr>) -> Self {
        self.with(|body| body.attr(name, value))
    }

    /// Adds `name = value` if there is a value.
    #[must_use]
    pub fn maybe(self, name: impl Into<String>, value: Option<impl Into<Expr>>) -> Self {
        self.with(|body| body.maybe(name, value))
    }

    /// Adds a nested block, between blank lines.
    #[must_use]
    pub fn block(self, block: Block) -> Self {
        self.with(|body| body.block(block))
    }

    /// Adds nested blocks.
    #[must_use]
    pub fn blocks(self, blocks: impl IntoIterator<Item = Block>) -> Self {
        self.with(|body| body.blocks(blocks))
    }

    /// Adds a comment that belongs to what comes next; see [`Body::comment`].
    #[must_use]
    pub fn comment(self, text: impl Into<String>) -> Self {
        self.with(|body| body.comment(text))
    }

    /// Starts a new group of attributes; see [`Body::blank`].
    #[must_use]
    pub fn blank(self) -> Self {
        self.with(Body::blank)
    }

    /// Adds all that a body holds.
    #[must_use]
    pub fn extend(self, other: Body) -> Self {
        self.with(|body| body.extend(other))
    }

    /// `for_each = ...`, first.
    #[must_use]
    pub fn for_each(self, over: impl Into<Expr>) -> Self {
        self.with(|body| body.meta("for_each", over))
    }

    /// `count = ...`, first.
    #[must_use]
    pub fn count(self, count: impl Into<Expr>) -> Self {
        self.with(|body| body.meta("count", count))
    }

    /// `lifecycle { ... }`, behind all but `depends_on`.
    #[must_use]
    pub fn lifecycle(self, lifecycle: Body) -> Self {
        self.with(|body| body.lifecycle(lifecycle))
    }

    /// `depends_on = [...]`, last; of addresses: `.depends_on(["aws_iam_role_policy.task"])`.
    #[must_use]
    pub fn depends_on<T: Into<String>>(self, on: impl IntoIterator<Item = T>) -> Self {
        let on: Vec<Expr> = on.into_iter().map(super::expr::raw).collect();
        self.with(|body| body.depends_on(on))
    }

    pub(super) fn body(&self) -> &Body {
        &self.body
    }

    fn with(self, change: impl FnOnce(Body) -> Body) -> Self {
        Self { body: change(self.body), ..self }
    }
}
