//! Expressions: what stands to the right of a `=`.
//!
//! Text is quoted and escaped; only `raw` and `template` are taken as they are.

use super::text::quote;

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expr {
    /// A string, whatever is in it.
    String(String),
    /// A string with interpolations.
    Template(Template),
    /// A whole number.
    Integer(i128),
    /// `true` or `false`.
    Bool(bool),
    /// `null`: as if the attribute were not there.
    Null,
    /// Text of one line, printed verbatim: `aws_vpc.this.id`, `each.key`, `var.a == "b"`.
    Raw(String),
    /// `[a, b]`
    List(List),
    /// `{ a = 1 }`
    Object(Object),
    /// `name(a, b)`
    Call(String, Vec<Expr>),
    /// `[for ...]` or `{ for ... }`
    For(Box<For>),
    /// `condition ? yes : no`
    Conditional(Box<[Expr; 3]>),
    /// `base[key]`
    Index(Box<[Expr; 2]>),
    /// `base.name`
    Attribute(Box<Expr>, String),
}

impl Expr {
    /// `self[key]`
    #[must_use]
    pub fn index(self, key: impl Into<Expr>) -> Self {
        Self::Index(Box::new([self, key.into()]))
    }

    /// `self.name`
    #[must_use]
    pub fn dot(self, name: impl Into<String>) -> Self {
        Self::Attribute(Box::new(self), name.into())
    }

    /// `self ? yes : no`
    #[must_use]
    pub fn then_else(self, yes: impl Into<Expr>, no: impl Into<Expr>) -> Self {
        Self::Conditional(Box::new([self, yes.into(), no.into()]))
    }
}

/// Text of one line that is printed verbatim. Never put text of a user in it.
pub fn raw(text: impl Into<String>) -> Expr {
    Expr::Raw(text.into())
}

/// A string whose `${...}` are interpolations, written out: `template("${var.name}-alb")`.
///
/// The text is constant so that nothing of a user can be in it; with such parts, see [`Template`].
#[must_use]
pub fn template(text: &'static str) -> Expr {
    Expr::Raw(format!("\"{text}\""))
}

/// `base["key"]`, with any text for a key: `indexed("aws_security_group.server", "python")`.
pub fn indexed(base: impl Into<String>, key: &str) -> Expr {
    raw(base).index(key)
}

/// `name(arguments...)`
pub fn call<T: Into<Expr>>(
    name: impl Into<String>,
    arguments: impl IntoIterator<Item = T>,
) -> Expr {
    Expr::Call(name.into(), arguments.into_iter().map(Into::into).collect())
}

/// `jsonencode(value)`
pub fn jsonencode(value: impl Into<Expr>) -> Expr {
    call("jsonencode", [value.into()])
}

/// `condition ? yes : no`
pub fn conditional(condition: impl Into<Expr>, yes: impl Into<Expr>, no: impl Into<Expr>) -> Expr {
    condition.into().then_else(yes, no)
}

/// A list of the items; of several kinds, or with comments, see [`List`].
pub fn list<T: Into<Expr>>(items: impl IntoIterator<Item = T>) -> List {
    List::new().items(items)
}

/// An empty object, to be filled with [`Object::attr`].
#[must_use]
pub fn object() -> Object {
    Object::new()
}

/// A string with interpolations, built of parts; the text parts may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pub(super) parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Value(Expr),
}

impl Template {
    /// An empty string.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds text.
    #[must_use]
    pub fn text(mut self, text: impl AsRef<str>) -> Self {
        // Text stays whole, since escaping looks at neighbours.
        if let Some(Part::Text(last)) = self.parts.last_mut() {
            last.push_str(text.as_ref());
        } else if !text.as_ref().is_empty() {
            self.parts.push(Part::Text(text.as_ref().to_owned()));
        }
        self
    }

    /// Adds `${value}`.
    #[must_use]
    pub fn value(mut self, value: impl Into<Expr>) -> Self {
        self.parts.push(Part::Value(value.into()));
        self
    }
}

/// Items of a list or an object and the comments between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry<T> {
    Item(T),
    Comment(String),
}

/// `[a, b]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    pub(super) entries: Vec<Entry<Expr>>,
    pub(super) tall: bool,
}

impl List {
    /// `[]`
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an item.
    #[must_use]
    pub fn item(mut self, item: impl Into<Expr>) -> Self {
        self.entries.push(Entry::Item(item.into()));
        self
    }

    /// Adds items.
    #[must_use]
    pub fn items<T: Into<Expr>>(mut self, items: impl IntoIterator<Item = T>) -> Self {
        self.entries.extend(items.into_iter().map(|item| Entry::Item(item.into())));
        self
    }

    /// Adds a comment above the next item.
    #[must_use]
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.entries.push(Entry::Comment(text.into()));
        self
    }

    /// One item a line, however short they are.
    #[must_use]
    pub fn tall(mut self) -> Self {
        self.tall = true;
        self
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Expr> {
        values(&self.entries)
    }
}

/// `{ key = value }`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    pub(super) entries: Vec<Entry<(Key, Expr)>>,
    pub(super) tall: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Name(String),
    /// `(expression)`
    Computed(Expr),
}

impl Object {
    /// `{}`
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an entry; any text will do for its key.
    #[must_use]
    pub fn attr(mut self, key: impl Into<String>, value: impl Into<Expr>) -> Self {
        self.entries.push(Entry::Item((Key::Name(key.into()), value.into())));
        self
    }

    /// Adds an entry if there is a value.
    #[must_use]
    pub fn maybe(self, key: impl Into<String>, value: Option<impl Into<Expr>>) -> Self {
        match value {
            Some(value) => self.attr(key, value),
            None => self,
        }
    }

    /// Adds entries.
    #[must_use]
    pub fn attrs<K: Into<String>, V: Into<Expr>>(
        self,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        entries.into_iter().fold(self, |object, (key, value)| object.attr(key, value))
    }

    /// Adds an entry whose key is an expression: `(key) = value`.
    #[must_use]
    pub fn computed(mut self, key: impl Into<Expr>, value: impl Into<Expr>) -> Self {
        self.entries.push(Entry::Item((Key::Computed(key.into()), value.into())));
        self
    }

    /// Adds a comment above the next entry.
    #[must_use]
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.entries.push(Entry::Comment(text.into()));
        self
    }

    /// One entry a line, however short they are.
    #[must_use]
    pub fn tall(mut self) -> Self {
        self.tall = true;
        self
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &(Key, Expr)> {
        values(&self.entries)
    }
}

pub(super) fn values<T>(entries: &[Entry<T>]) -> impl Iterator<Item = &T> {
    entries.iter().filter_map(|entry| match entry {
        Entry::Item(item) => Some(item),
        Entry::Comment(_) => None,
    })
}

/// `[for a in b : c]` or `{ for k, v in b : k => v }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct For {
    pub(super) names: String,
    pub(super) source: Expr,
    /// The key, in an object.
    pub(super) key: Option<Expr>,
    pub(super) value: Expr,
    pub(super) grouped: bool,
    pub(super) condition: Option<Expr>,
}

impl For {
    /// `[for names in source : value]`; `names` is `"v"` or `"k, v"`.
    pub fn list(names: impl Into<String>, source: impl Into<Expr>, value: impl Into<Expr>) -> Self {
        Self {
            names: names.into(),
            source: source.into(),
            key: None,
            value: value.into(),
            grouped: false,
            condition: None,
        }
    }

    /// `{ for names in source : key => value }`; `names` is `"v"` or `"k, v"`.
    pub fn object(
        names: impl Into<String>,
        source: impl Into<Expr>,
        key: impl Into<Expr>,
        value: impl Into<Expr>,
    ) -> Self {
        Self { key: Some(key.into()), ..Self::list(names, source, value) }
    }

    /// `... if condition`
    #[must_use]
    pub fn only_if(mut self, condition: impl Into<Expr>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    /// `{ for ... : key => value... }`: the values of one key as a list. Nothing in a list.
    #[must_use]
    pub fn grouped(mut self) -> Self {
        self.grouped = true;
        self
    }
}

// === From ===

macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Expr {
            fn from(value: $integer) -> Self {
                Self::Integer(i128::from(value))
            }
        }
    )*};
}

from_integers!(u8, u16, u32, u64, i32, i64);

impl From<&str> for Expr {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Expr {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<&String> for Expr {
    fn from(text: &String) -> Self {
        Self::String(text.clone())
    }
}

impl From<bool> for Expr {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Template> for Expr {
    fn from(template: Template) -> Self {
        Self::Template(template)
    }
}

impl From<List> for Expr {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

impl From<Object> for Expr {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl From<For> for Expr {
    fn from(each: For) -> Self {
        Self::For(Box::new(each))
    }
}

impl<T: Into<Expr>> From<Vec<T>> for Expr {
    fn from(items: Vec<T>) -> Self {
        list(items).into()
    }
}

impl<T: Into<Expr>, const N: usize> From<[T; N]> for Expr {
    fn from(items: [T; N]) -> Self {
        list(items).into()
    }
}

impl std::fmt::Display for Expr {
    /// On one line, without comments.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&super::print::one_line(self))
    }
}

/// `"text"` as HCL writes it, quotes included; for a piece of a raw expression.
#[must_use]
pub fn quoted(text: &str) -> String {
    quote(text)
}
