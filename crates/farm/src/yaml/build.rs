//! From the parser's events to a tree, with what is refused on the way.
//!
//! Not here: what the parser itself takes for an error (see [`super::syntax`]).

use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::read::Kind;
use super::{Dialect, MAX_BYTES, MAX_DEPTH, Node, Parsed, Scalar, Style, Tag, Value, syntax};
use crate::diagnostic::{Diagnostic, Label, quoted};

/// The parser reads ahead of its events, and would go deeper than they say.
const DEPTH_AHEAD: usize = MAX_DEPTH;

/// So many aliases are shown with their anchor.
const SHOWN_ALIASES: usize = 5;

/// A collection that isn't at its end yet.
struct Frame {
    start: Range<usize>,
    tag: Option<Tag>,
    /// Written in brackets or braces.
    flow: bool,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping {
        entries: Vec<(Node, Node)>,
        key: Option<Node>,
        /// The keys so far, with their places.
        seen: BTreeMap<String, Range<usize>>,
    },
}

struct Builder<'s> {
    source: &'s str,
    dialect: Dialect,
    stack: Vec<Frame>,
    root: Option<Node>,
    /// Whether the first document was read to its end.
    whole: bool,
    problems: Vec<Diagnostic>,
    /// Of each anchor its place in `problems`, where its aliases are added.
    anchors: BTreeMap<usize, usize>,
    /// Where a tab is text: scalars and comments.
    texts: Vec<Range<usize>>,
}

/// That no more can be read; the problem that is the reason.
struct Stop(Diagnostic);

pub(super) fn build(source: &str, dialect: Dialect) -> Parsed {
    let mut builder = Builder {
        source,
        dialect,
        stack: Vec::new(),
        root: None,
        whole: false,
        problems: Vec::new(),
        anchors: BTreeMap::new(),
        texts: Vec::new(),
    };
    if let Err(Stop(problem)) = builder.run() {
        builder.problems.push(problem);
    }
    Parsed { root: builder.root.filter(|_| builder.whole), problems: builder.problems }
}

impl Builder<'_> {
    fn run(&mut self) -> Result<(), Stop> {
        if self.source.len() > MAX_BYTES {
            let title = format!("the file is larger than {MAX_BYTES} bytes");
            return Err(Stop(Diagnostic::error("too-large", title)));
        }
        let options = granit_parser::options! {
            emit_anchor_events: true,
            emit_unresolved_aliases: true,
            disallow_directives: true,
            flow_nesting_limit: DEPTH_AHEAD,
            block_nesting_limit: DEPTH_AHEAD,
        };
        for event in Parser::new_from_str_with_options(self.source, options) {
            match event {
                Ok((event, span)) => self.event(event, &span)?,
                Err(error) => {
                    let open = self.stack.iter().rfind(|frame| frame.flow);
                    let open = open.map(|frame| frame.start.clone());
                    return Err(Stop(syntax::problem(&error, self.source, open)));
                }
            }
        }
        if self.dialect == Dialect::Farmgate {
            self.refuse_tabs();
        }
        if self.root.is_none() {
            return Err(Stop(Diagnostic::error("empty-file", "the file is empty")));
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<(), Stop> {
        let at = bytes(span);
        match event {
            Event::DocumentStart(..) if self.whole => {
                return Err(Stop(
                    Diagnostic::error("several-documents", "a second document begins")
                        .at(&self.first_line(&at), "")
                        .help("a file holds one document: move what follows to another file"),
                ));
            }
            Event::DocumentEnd => self.whole = true,
            Event::Anchor(id, name) => {
                let title = format!("the anchor {} is not allowed", quoted(&format!("&{name}")));
                self.anchors.insert(id, self.problems.len());
                let problem = Diagnostic::error("anchor", title).at(&at, "");
                self.problems.push(problem.help("write the value at each place"));
            }
            Event::Alias(id) => {
                let place = self.anchors.get(&id);
                let problem = place.and_then(|place| self.problems.get_mut(*place));
                if let Some(problem) = problem.filter(|it| it.labels.len() <= SHOWN_ALIASES) {
                    problem.labels.push(Label {
                        span: at.clone(),
                        text: "used here".to_owned(),
                        primary: false,
                    });
                }
                self.finish(Node::new(at.clone(), at, Value::Refused));
            }
            Event::UnresolvedAlias(name) => {
                self.problems.push(syntax::alias(&name, &at));
                self.finish(Node::new(at.clone(), at, Value::Refused));
            }
            Event::Comment(..) => self.texts.push(at),
            Event::Scalar(text, style, ..) => self.scalar(&text, style, &at, span),
            Event::SequenceStart(..) => {
                self.open(at, span, Content::Sequence(Vec::new()))?;
            }
            Event::MappingStart(..) => {
                let content =
                    Content::Mapping { entries: Vec::new(), key: None, seen: BTreeMap::new() };
                self.open(at, span, content)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(&at),
            _ => {}
        }
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, at: &Range<usize>, span: &Span) {
        self.texts.push(at.clone());
        let tag = self.tag(span);
        // A block's span goes on to the next text.
        let written = self.source.get(at.clone()).unwrap_or_default();
        let at = at.start..at.start + written.trim_end().len();
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            _ => Style::Quoted,
        };
        // The parser says `~` where nothing is written.
        let text =
            if style == Style::Plain && at.is_empty() { String::new() } else { text.to_owned() };
        let value = Value::Scalar(Scalar { text, style });
        let mark = self.first_line(&at);
        self.finish(Node { tag, ..Node::new(at, mark, value) });
    }

    fn open(&mut self, start: Range<usize>, span: &Span, content: Content) -> Result<(), Stop> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(Stop(syntax::too_deep(&start)));
        }
        let tag = self.tag(span);
        self.stack.push(Frame { flow: !start.is_empty(), start, tag, content });
        Ok(())
    }

    /// Ends the innermost collection; `end` is its bracket, or empty and wherever the next begins.
    fn close(&mut self, end: &Range<usize>) {
        let Some(frame) = self.stack.pop() else {
            return;
        };
        let (last, value) = match frame.content {
            Content::Sequence(items) => {
                let last = items.last().map(|item| item.span.end);
                (last, Value::Sequence(items))
            }
            Content::Mapping { entries, .. } => {
                let last = entries.last().map(|(_, value)| value.span.end);
                (last, Value::Mapping(entries))
            }
        };
        let start = frame.start.start;
        let end = if frame.flow { end.end } else { last.unwrap_or(start).max(start) };
        let mark = self.first_line(&(start..end));
        self.finish(Node { tag: frame.tag, ..Node::new(start..end, mark, value) });
    }

    /// Puts a whole node where it belongs.
    fn finish(&mut self, mut node: Node) {
        match self.stack.last_mut().map(|frame| &mut frame.content) {
            None => self.root = Some(node),
            Some(Content::Sequence(items)) => items.push(node),
            Some(Content::Mapping { entries, key, seen }) => match key.take() {
                None => *key = Some(node),
                Some(key) => {
                    if node.span.is_empty() {
                        node.mark = key.mark();
                    }
                    let problem = key_problem(&key, self.dialect, seen);
                    // What has no key of its own is lost; a duplicate stays, for the sake of spans.
                    if problem.is_none() || matches!(problem, Some(KeyProblem::Duplicate(_))) {
                        entries.push((key, node));
                    }
                    match problem {
                        Some(KeyProblem::Duplicate(problem) | KeyProblem::NoKey(problem)) => {
                            self.problems.push(problem);
                        }
                        Some(KeyProblem::Reported) | None => {}
                    }
                }
            },
        }
    }

    fn tag(&mut self, span: &Span) -> Option<Tag> {
        let at = bytes(&span.tag_span()?);
        let text = self.source.get(at.clone())?.to_owned();
        if self.dialect == Dialect::CloudFormation {
            return Some(Tag { span: at, text });
        }
        let title = format!("the tag {} is not allowed", quoted(&text));
        let problem = Diagnostic::error("tag", title).at(&at, "");
        self.problems
            .push(problem.help("remove it; a text that begins with `!` has to be in quotes"));
        None
    }

    /// Tabs between words look like spaces and aren't. One problem for each line.
    fn refuse_tabs(&mut self) {
        let mut texts = self.texts.iter().peekable();
        let mut line_end = 0;
        for (at, _) in self.source.match_indices('\t') {
            while texts.next_if(|text| text.end <= at).is_some() {}
            if at < line_end || texts.peek().is_some_and(|text| text.contains(&at)) {
                continue;
            }
            self.problems.push(syntax::tab(&(at..at + 1)));
            line_end = self.first_line(&(at..self.source.len())).end;
        }
    }

    /// The part of a span on its first line.
    fn first_line(&self, span: &Range<usize>) -> Range<usize> {
        let text = self.source.get(span.clone()).unwrap_or_default();
        let line = text.split(['\r', '\n']).next().unwrap_or_default();
        span.start..span.start + line.trim_end().len()
    }
}

impl Node {
    fn new(span: Range<usize>, mark: Range<usize>, value: Value) -> Self {
        Self { span, value, tag: None, mark }
    }
}

enum KeyProblem {
    /// The key has been there before.
    Duplicate(Diagnostic),
    /// It can't be a key.
    NoKey(Diagnostic),
    /// It can't be a key, and that was said already.
    Reported,
}

fn key_problem(
    key: &Node,
    dialect: Dialect,
    seen: &mut BTreeMap<String, Range<usize>>,
) -> Option<KeyProblem> {
    let no_key = |title: String, help: String| {
        let problem = Diagnostic::error("bad-key", title).at(&key.mark(), "");
        Some(KeyProblem::NoKey(problem.help(help)))
    };
    let scalar = match &key.value {
        Value::Refused => return Some(KeyProblem::Reported),
        Value::Scalar(scalar) => scalar,
        Value::Sequence(_) | Value::Mapping(_) => {
            let title = format!("a key is a text, not {}", key.describe());
            return no_key(title, "a text that begins with `[` or `{` has to be in quotes".into());
        }
    };
    let text = scalar.text.as_str();
    if scalar.style == Style::Plain && text == "<<" {
        let problem = Diagnostic::error("merge-key", "merge keys (`<<`) are not allowed")
            .at(&key.mark(), "")
            .help("write the keys at each place");
        return Some(KeyProblem::NoKey(problem));
    }
    match scalar.kind() {
        Kind::Nothing => return no_key("a key is missing before `:`".into(), "write it".into()),
        Kind::Boolean | Kind::Number if dialect == Dialect::Farmgate => {
            let title = format!("a key is a text, not {}", key.describe());
            return no_key(title, format!("put it in quotes: `\"{text}\"`"));
        }
        _ => {}
    }
    if let Some(first) = seen.get(text) {
        let title = format!("the key {} is there twice", quoted(text));
        let problem = Diagnostic::error("duplicate-key", title)
            .at(&key.mark(), "the second time")
            .context(first, "the first time");
        return Some(KeyProblem::Duplicate(problem));
    }
    seen.insert(text.to_owned(), key.mark());
    None
}

/// A span in bytes; the parser counts them whenever it is given a string.
fn bytes(span: &Span) -> Range<usize> {
    let start = span.start.byte_offset().unwrap_or_default();
    start..span.end.byte_offset().unwrap_or_default().max(start)
}
