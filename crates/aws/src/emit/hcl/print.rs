//! Printing: where lines break, how far they are indented, and which `=` stand below each other.
//!
//! The last two are those of `terraform fmt`, which leaves the output as it is; where lines break is
//! ours, since it keeps what it finds.

use super::block::{Block, Body, Item};
use super::expr::{Entry, Expr, For, Key, List, Object, Part, Template};
use super::text::{self, Then};

/// How long a line may get before what can be broken is.
const WIDTH: usize = 100;
/// How many entries of an object may stand on one line.
const ENTRIES_ON_A_LINE: usize = 3;

/// A body as the text of a file.
pub(super) fn file(body: &Body) -> String {
    written(&body_lines(body, 0))
}

/// An expression on one line; comments have no place there.
pub(super) fn one_line(expr: &Expr) -> String {
    match bare(expr) {
        Expr::String(text) => text::quote(text),
        Expr::Template(template) => template_text(template),
        Expr::Integer(number) => number.to_string(),
        Expr::Bool(value) => value.to_string(),
        Expr::Null => "null".to_owned(),
        Expr::Raw(text) => text.clone(),
        Expr::List(list) => format!("[{}]", joined(list.values())),
        Expr::Object(object) => {
            let pair = |(key, value): &(Key, Expr)| format!("{} = {}", lead(key), one_line(value));
            let pairs: Vec<_> = object.values().map(pair).collect();
            if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
        }
        Expr::Call(name, arguments) => format!("{name}({})", joined(arguments)),
        Expr::For(each) => {
            let (head, tail) = (for_head(each), for_tail(each));
            match each.key {
                Some(_) => format!("{{ {head}{}{tail} }}", behind_arrow(&each.value)),
                None => format!("[{head}{}{tail}]", one_line(&each.value)),
            }
        }
        Expr::Conditional(parts) => {
            let [condition, yes, no] = &**parts;
            format!("{} ? {} : {}", operand(condition), one_line(yes), one_line(no))
        }
        Expr::Index(parts) => {
            let [base, key] = &**parts;
            format!("{}[{}]", operand(base), one_line(key))
        }
        Expr::Attribute(base, name) => format!("{}.{name}", operand(base)),
    }
}

// === lines ===

/// One line of output; the number is its depth of indentation.
enum Line {
    Blank,
    Text(usize, String),
    /// `lead = value`, to be aligned with its neighbours.
    Pair(usize, String, String),
}

impl Line {
    fn append(&mut self, more: &str) {
        if let Self::Text(_, text) | Self::Pair(_, _, text) = self {
            text.push_str(more);
        }
    }
}

/// The lines of a body, aligned and indented.
fn written(lines: &[Line]) -> String {
    let mut out = String::new();
    let mut lines = lines.iter().peekable();
    let mut widest = None;
    while let Some(line) = lines.next() {
        match line {
            Line::Blank => {}
            Line::Text(depth, text) => {
                out.push_str(&"  ".repeat(*depth));
                out.push_str(text);
            }
            Line::Pair(depth, lead, value) => {
                // Found once for each run of pairs, at its first.
                let width = *widest.get_or_insert_with(|| {
                    let rest = lines.clone().map_while(|line| match line {
                        Line::Pair(_, lead, _) => Some(columns(lead)),
                        _ => None,
                    });
                    rest.fold(columns(lead), usize::max)
                });
                let space = width - columns(lead).min(width);
                out.push_str(&"  ".repeat(*depth));
                out.push_str(&format!("{lead}{} = {value}", " ".repeat(space)));
            }
        }
        if !matches!(lines.peek(), Some(Line::Pair(..))) {
            widest = None;
        }
        out.push('\n');
    }
    out
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

// === bodies ===

fn body_lines(body: &Body, depth: usize) -> Vec<Line> {
    let items = body.ordered();
    let mut lines = Vec::new();
    let mut blank = false;
    let mut below_comment = false;
    for (at, item) in items.iter().copied().enumerate() {
        let what = items.iter().skip(at).find(|item| !matches!(item, Item::Comment(_)));
        let announces_block = matches!(what, Some(Item::Block(_)));
        if matches!(item, Item::Blank) {
            blank = true;
            continue;
        }
        if !lines.is_empty() && (blank || announces_block && !below_comment) {
            lines.push(Line::Blank);
        }
        match item {
            Item::Attribute(name, value) => lines.extend(pair_lines(name.clone(), value, depth)),
            Item::Block(block) => lines.extend(block_lines(block, depth)),
            Item::Comment(text) => lines.extend(comment_lines(text, depth)),
            Item::Blank => {}
        }
        blank = matches!(item, Item::Block(_));
        below_comment = matches!(item, Item::Comment(_));
    }
    lines
}

fn block_lines(block: &Block, depth: usize) -> Vec<Line> {
    let mut head = block.kind.clone();
    for label in &block.labels {
        head.push(' ');
        head.push_str(&text::quote(label));
    }
    let inside = body_lines(block.body(), depth + 1);
    if inside.is_empty() {
        return vec![Line::Text(depth, format!("{head} {{}}"))];
    }
    let mut lines = vec![Line::Text(depth, format!("{head} {{"))];
    lines.extend(inside);
    lines.push(Line::Text(depth, "}".to_owned()));
    lines
}

fn comment_lines(text: &str, depth: usize) -> impl Iterator<Item = Line> {
    text::comment_lines(text).map(move |line| Line::Text(depth, line))
}

fn pair_lines(lead: String, value: &Expr, depth: usize) -> Vec<Line> {
    let mut lines = value_lines(value, depth, 2 * depth + columns(&lead) + 3);
    match lines.as_mut_slice() {
        [only] => {
            if let Line::Text(_, text) = only {
                *only = Line::Pair(depth, lead, std::mem::take(text));
            }
        }
        _ => prefix(&mut lines, &format!("{lead} = ")),
    }
    lines
}

// === values ===

/// The lines of a value that starts at `column`; something before it is on the first, which is a
/// text.
fn value_lines(expr: &Expr, depth: usize, column: usize) -> Vec<Line> {
    let expr = bare(expr);
    let short = one_line(expr);
    if !can_break(expr) || !wants_lines(expr) && column + columns(&short) <= WIDTH {
        return vec![Line::Text(depth, short)];
    }
    match expr {
        Expr::List(list) => list_lines(list, depth, column),
        Expr::Object(object) => object_lines(object, depth),
        Expr::Call(name, arguments) => call_lines(name, arguments, depth, column),
        Expr::For(each) => for_lines(each, depth),
        Expr::Conditional(parts) => {
            let [condition, yes, no] = &**parts;
            let mut inside = vec![Line::Text(depth + 1, operand(condition))];
            for (mark, branch) in [("? ", yes), (": ", no)] {
                let mut lines = value_lines(branch, depth + 1, 2 * depth + 4);
                prefix(&mut lines, mark);
                inside.extend(lines);
            }
            enclosed("(", inside, ")", depth)
        }
        _ => vec![Line::Text(depth, short)],
    }
}

fn list_lines(list: &List, depth: usize, column: usize) -> Vec<Line> {
    if let ([Entry::Item(only)], false) = (list.entries.as_slice(), list.tall)
        && matches!(bare(only), Expr::Object(_))
    {
        return hugged("[", only, "]", depth, column);
    }
    let mut inside = Vec::new();
    for entry in &list.entries {
        match entry {
            Entry::Comment(text) => inside.extend(comment_lines(text, depth + 1)),
            Entry::Item(item) => {
                inside.extend(value_lines(item, depth + 1, 2 * depth + 3));
                append(&mut inside, ",");
            }
        }
    }
    enclosed("[", inside, "]", depth)
}

fn object_lines(object: &Object, depth: usize) -> Vec<Line> {
    let mut inside = Vec::new();
    for entry in &object.entries {
        match entry {
            Entry::Comment(text) => inside.extend(comment_lines(text, depth + 1)),
            Entry::Item((key, value)) => inside.extend(pair_lines(lead(key), value, depth + 1)),
        }
    }
    enclosed("{", inside, "}", depth)
}

/// With everything on the first line but what the last argument holds, if that will do.
fn call_lines(name: &str, arguments: &[Expr], depth: usize, column: usize) -> Vec<Line> {
    let Some((last, before)) = arguments.split_last() else {
        return vec![Line::Text(depth, format!("{name}()"))];
    };
    let mut head = format!("{name}(");
    for argument in before {
        head.push_str(&one_line(argument));
        head.push_str(", ");
    }
    // Behind a `=` on this line, `terraform fmt` would align it with lines inside.
    let plain = !before.iter().any(|argument| wants_lines(argument) || holds_object(argument));
    let fits = column + columns(&head) < WIDTH && plain;
    if before.is_empty() || fits && holds_lines(last) {
        return hugged(&head, last, ")", depth, column);
    }
    let mut inside = Vec::new();
    for argument in before {
        inside.extend(value_lines(argument, depth + 1, 2 * depth + 3));
        append(&mut inside, ",");
    }
    inside.extend(value_lines(last, depth + 1, 2 * depth + 3));
    enclosed(&format!("{name}("), inside, ")", depth)
}

fn for_lines(each: &For, depth: usize) -> Vec<Line> {
    let head = for_head(each);
    let mut inside = value_lines(&each.value, depth + 1, 2 * depth + 2 + columns(&head));
    if let ([Line::Text(_, text)], Some(_)) = (inside.as_mut_slice(), &each.key) {
        *text = behind_arrow(&each.value);
    }
    prefix(&mut inside, &head);
    append(&mut inside, &for_tail(each));
    let (open, close) = if each.key.is_some() { ("{", "}") } else { ("[", "]") };
    enclosed(open, inside, close, depth)
}

/// The value between `open` and `close`, without lines of their own.
fn hugged(open: &str, value: &Expr, close: &str, depth: usize, column: usize) -> Vec<Line> {
    let mut lines = value_lines(value, depth, column + columns(open) + columns(close));
    prefix(&mut lines, open);
    append(&mut lines, close);
    lines
}

fn enclosed(open: &str, inside: Vec<Line>, close: &str, depth: usize) -> Vec<Line> {
    if inside.is_empty() {
        return vec![Line::Text(depth, format!("{open}{close}"))];
    }
    let mut lines = vec![Line::Text(depth, open.to_owned())];
    lines.extend(inside);
    lines.push(Line::Text(depth, close.to_owned()));
    lines
}

fn prefix(lines: &mut [Line], before: &str) {
    if let Some(Line::Text(_, text)) = lines.first_mut() {
        text.insert_str(0, before);
    }
}

fn append(lines: &mut [Line], behind: &str) {
    if let Some(line) = lines.last_mut() {
        line.append(behind);
    }
}

// === what is on one line ===

/// Whether lines can be broken in an expression at all.
fn can_break(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::List(list) => !list.entries.is_empty(),
        Expr::Object(object) => !object.entries.is_empty(),
        Expr::Call(_, arguments) => match arguments.as_slice() {
            [] => false,
            [only] => can_break(only),
            _ => true,
        },
        Expr::For(_) | Expr::Conditional(_) => true,
        _ => false,
    }
}

/// Whether an expression is bracketed, so that it can start on the line of what is before it.
fn holds_lines(expr: &Expr) -> bool {
    let bracketed =
        matches!(bare(expr), Expr::List(_) | Expr::Object(_) | Expr::For(_) | Expr::Call(..));
    bracketed && can_break(expr)
}

/// Whether an expression takes several lines however short it is.
fn wants_lines(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::List(list) => {
            let commented = list.entries.iter().any(|entry| matches!(entry, Entry::Comment(_)));
            list.tall && !list.entries.is_empty()
                || commented
                || list.values().filter(|item| holds_object(item)).count() > 1
                || list.values().any(wants_lines)
        }
        Expr::Object(object) => {
            let commented = object.entries.iter().any(|entry| matches!(entry, Entry::Comment(_)));
            object.tall && !object.entries.is_empty()
                || commented
                || object.entries.len() > ENTRIES_ON_A_LINE
                || object.values().any(|(_, value)| holds_object(value) || wants_lines(value))
        }
        Expr::Call(_, arguments) => arguments.iter().any(wants_lines),
        Expr::For(each) => wants_lines(&each.value),
        Expr::Conditional(parts) => parts.iter().skip(1).any(wants_lines),
        _ => false,
    }
}

/// Whether an object with something in it is part of an expression.
fn holds_object(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::Object(object) => !object.entries.is_empty(),
        Expr::List(list) => list.values().any(holds_object),
        Expr::Call(_, arguments) => arguments.iter().any(holds_object),
        _ => false,
    }
}

/// A string that is nothing but an interpolation is what is interpolated.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Template(Template { parts }) => match parts.as_slice() {
            [Part::Value(only)] => bare(only),
            _ => expr,
        },
        _ => expr,
    }
}

/// An expression in front of an operator, an index or an attribute.
fn operand(expr: &Expr) -> String {
    match bare(expr) {
        Expr::Conditional(_) => format!("({})", one_line(expr)),
        _ => one_line(expr),
    }
}

fn joined<'a>(items: impl IntoIterator<Item = &'a Expr>) -> String {
    items.into_iter().map(one_line).collect::<Vec<_>>().join(", ")
}

fn lead(key: &Key) -> String {
    match key {
        Key::Name(name) => text::key(name),
        Key::Computed(expr) => format!("({})", one_line(expr)),
    }
}

/// `for names in source : `, with the key in an object.
fn for_head(each: &For) -> String {
    let head = format!("for {} in {} : ", each.names, one_line(&each.source));
    match &each.key {
        Some(key) => format!("{head}{} => ", one_line(key)),
        None => head,
    }
}

/// The value of an entry on one line; behind `=>`, a sign would be taken for an operator.
fn behind_arrow(value: &Expr) -> String {
    let text = one_line(value);
    if text.starts_with('-') { format!("({text})") } else { text }
}

/// What follows the value.
fn for_tail(each: &For) -> String {
    let dots = if each.grouped && each.key.is_some() { "..." } else { "" };
    match &each.condition {
        Some(condition) => format!("{dots} if {}", one_line(condition)),
        None => dots.to_owned(),
    }
}

fn template_text(template: &Template) -> String {
    let mut out = String::from("\"");
    let mut parts = template.parts.iter().peekable();
    while let Some(part) = parts.next() {
        match part {
            Part::Text(text) => {
                let then = if parts.peek().is_some() { Then::Interpolation } else { Then::Quote };
                text::escape_into(&mut out, text, then);
            }
            Part::Value(value) => {
                out.push_str("${");
                out.push_str(&one_line(value));
                out.push('}');
            }
        }
    }
    out.push('"');
    out
}
