//! Patterns of policies against texts that are known but in part.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Resource" and "Condition operators": `*` stands
//! for any text, `?` for one character. What is asked for may itself hold `*` and `?`: they stand for
//! text that is not known (the random end of a secret's ARN, the number of a task). So a pattern
//! *covers* what is asked for, or cannot meet it, or that depends.

use super::tri::Tri;

/// How many characters a pattern or a text may have; what is longer is not decided. IAM's own limits
/// of ARNs are lower.
const LONGEST: usize = 2048;

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// This character.
    Is(char),
    /// Any one character.
    One,
    /// Any text.
    Any,
    /// One certain text, of which nothing is known.
    Blank,
}

/// A pattern, or a text that is known but in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    steps: Vec<Step>,
}

/// How a pattern and a text go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// Whatever the text really is, the pattern matches it.
    Covers,
    /// Whatever the text really is, the pattern does not match it.
    Apart,
    /// That depends on what is not known.
    Depends,
}

impl Fit {
    pub(super) fn tri(self, why: impl FnOnce() -> String) -> Tri {
        match self {
            Self::Covers => Tri::Yes,
            Self::Apart => Tri::No,
            Self::Depends => Tri::maybe(why()),
        }
    }
}

impl Pattern {
    /// A text in which `*` and `?` stand for other text, and nothing else does.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { steps: text.chars().map(wild).collect() }
    }

    /// A text in which nothing stands for other text.
    pub(super) fn literal(text: &str) -> Self {
        Self { steps: text.chars().map(Step::Is).collect() }
    }

    /// A text of a policy: `${*}`, `${?}` and `${$}` are these characters, and other variables are what
    /// `value` says; of a variable about which it says nothing nothing is known (IAM User Guide, "IAM
    /// policy elements: Variables and tags").
    pub(super) fn with_variables(text: &str, value: impl Fn(&str) -> Option<String>) -> Self {
        let mut steps = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, after) = rest.split_at(at);
            let Some(end) = after.find('}') else { break };
            steps.extend(before.chars().map(wild));
            let name = after.get(2..end).unwrap_or_default();
            match name {
                "*" | "?" | "$" => steps.extend(name.chars().map(Step::Is)),
                _ => match value(name.split(',').next().unwrap_or_default().trim()) {
                    Some(text) => steps.extend(text.chars().map(Step::Is)),
                    None => steps.push(Step::Blank),
                },
            }
            rest = after.get(end + 1..).unwrap_or_default();
        }
        steps.extend(rest.chars().map(wild));
        Self { steps }
    }

    /// The same without regard to letter case.
    #[must_use]
    pub fn lower(mut self) -> Self {
        for step in &mut self.steps {
            if let Step::Is(letter) = step {
                *letter = letter.to_ascii_lowercase();
            }
        }
        self
    }

    /// Whether it is `*` and nothing else, however often.
    pub(super) fn is_any(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| *step == Step::Any)
    }

    /// Whether this pattern matches a text that is known.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.fit(&Self::literal(text)) == Fit::Covers
    }

    /// Whether this pattern matches every text that the other stands for.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.fit(other) == Fit::Covers
    }

    /// How it goes together with a text.
    pub(super) fn fit(&self, text: &Self) -> Fit {
        if self.steps.len() > LONGEST || text.steps.len() > LONGEST {
            return Fit::Depends;
        }
        if !table(&self.steps, &text.steps, meets) {
            return Fit::Apart;
        }
        if table(&self.steps, &text.steps, covers) { Fit::Covers } else { Fit::Depends }
    }

    /// The six parts of an ARN, those that are missing as `*`; the last holds all further colons.
    pub(super) fn parts(&self) -> Vec<Self> {
        let mut parts: Vec<Self> = Vec::new();
        let mut rest = self.steps.as_slice();
        while parts.len() < 5 {
            let Some(colon) = rest.iter().position(|step| *step == Step::Is(':')) else { break };
            let (part, after) = rest.split_at(colon);
            parts.push(Self { steps: part.to_vec() });
            rest = after.get(1..).unwrap_or_default();
        }
        parts.push(Self { steps: rest.to_vec() });
        while parts.len() < 6 {
            parts.push(Self { steps: vec![Step::Any] });
        }
        parts
    }
}

fn wild(letter: char) -> Step {
    match letter {
        '*' => Step::Any,
        '?' => Step::One,
        other => Step::Is(other),
    }
}

/// How one step of a pattern and one of a text go on: whether either may be passed by, and whether
/// both may be together.
struct Moves {
    /// The pattern's step stands for nothing more.
    skip_pattern: bool,
    /// The text's step is a part of what the pattern's stands for, or stands for nothing.
    skip_text: bool,
    /// They are one character.
    both: bool,
}

/// Whether the pattern matches whatever the text stands for. A text that is not known is taken in by
/// `*` alone: sound, and complete but for patterns that list what a text could be.
fn covers(pattern: Option<Step>, text: Option<Step>) -> Moves {
    let both = match (pattern, text) {
        (Some(Step::Is(own)), Some(Step::Is(other))) => own == other,
        (Some(Step::One), Some(Step::Is(_) | Step::One)) => true,
        _ => false,
    };
    let any = pattern == Some(Step::Any);
    Moves { skip_pattern: any, skip_text: any && text.is_some(), both }
}

/// Whether there is a text that both stand for.
fn meets(pattern: Option<Step>, text: Option<Step>) -> Moves {
    let free = |step: Option<Step>| matches!(step, Some(Step::Any | Step::Blank));
    let both = match (pattern, text) {
        (Some(Step::Is(own)), Some(Step::Is(other))) => own == other,
        (Some(Step::One), Some(Step::Is(_) | Step::One)) | (Some(Step::Is(_)), Some(Step::One)) => {
            true
        }
        _ => false,
    };
    let skip_pattern = free(pattern) || (free(text) && pattern.is_some());
    let skip_text = free(text) || (free(pattern) && text.is_some());
    Moves { skip_pattern, skip_text, both }
}

/// Whether the ends of both are reached, by moves; a row of the table for each step of the pattern.
fn table(pattern: &[Step], text: &[Step], moves: fn(Option<Step>, Option<Step>) -> Moves) -> bool {
    let mut row = vec![false; text.len() + 1];
    if let Some(first) = row.first_mut() {
        *first = true;
    }
    for at in 0..=pattern.len() {
        let step = pattern.get(at).copied();
        let mut next = vec![false; text.len() + 1];
        for to in 0..=text.len() {
            if !row.get(to).copied().unwrap_or_default() {
                continue;
            }
            if step.is_none() && to == text.len() {
                return true;
            }
            let Moves { skip_pattern, skip_text, both } = moves(step, text.get(to).copied());
            let reach = |list: &mut Vec<bool>, at: usize, open: bool| {
                if let Some(slot) = list.get_mut(at).filter(|_| open) {
                    *slot = true;
                }
            };
            reach(&mut row, to + 1, skip_text);
            reach(&mut next, to, skip_pattern);
            reach(&mut next, to + 1, both);
        }
        row = next;
    }
    false
}
