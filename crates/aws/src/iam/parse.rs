//! Policies read: their JSON text, or an object with a mask of what of it is not known.
//!
//! What is not understood is unknown, never dropped: a statement that cannot be read leaves the policy
//! open, an element that is not known here leaves its statement in doubt.

use serde_json::{Map, Value};

use super::{Condition, Effect, Policy, Principals, Statement, Word, Words};
use crate::model::Note;

/// How many statements of a policy, and words of an element, are read. IAM's own limit is on
/// characters: 10,240 of a role's inline policies, 6,144 of a managed one, 20,480 of a bucket's.
const MOST: usize = 2_000;

/// A value with what of it is not known.
#[derive(Clone, Copy)]
struct Part<'v> {
    value: Option<&'v Value>,
    doubt: Option<&'v Value>,
    /// What the policy is called in notes.
    what: &'v str,
}

impl<'v> Part<'v> {
    fn member(self, name: &str) -> Self {
        let value = self.value.and_then(|value| value.get(name));
        let doubt = match self.doubt {
            Some(Value::Object(members)) => members.get(name),
            Some(Value::Array(_)) | None => None,
            whole => whole,
        };
        Self { value, doubt, what: self.what }
    }

    fn item(self, at: usize) -> Self {
        let value = self.value.and_then(|value| value.get(at));
        let doubt = match self.doubt {
            Some(Value::Array(items)) => items.get(at),
            Some(Value::Object(_)) | None => None,
            whole => whole,
        };
        Self { value, doubt, what: self.what }
    }

    /// Why the whole of it is not known, if it isn't.
    fn unknown(self) -> Option<Note> {
        match self.doubt? {
            Value::Bool(true) => Some(format!("part of {} is known only after apply", self.what)),
            Value::String(reason) => Some(format!("part of {} {reason}", self.what)),
            _ => None,
        }
        .map(Note::from)
    }

    fn odd(self, what: &str) -> Note {
        format!("part of {} {what}", self.what).into()
    }

    /// One value, or a list of them.
    fn items(self) -> Vec<Self> {
        match self.value {
            Some(Value::Array(list)) => {
                let masked = self.doubt.and_then(Value::as_array).map_or(0, Vec::len);
                let count = list.len().max(masked).min(MOST);
                (0..count).map(|at| self.item(at)).collect()
            }
            _ => vec![self],
        }
    }

    fn word(self) -> Word {
        if let Some(note) = self.unknown() {
            return Word::Unknown(note);
        }
        match self.value {
            Some(Value::String(text)) => Word::Known(text.clone()),
            Some(Value::Bool(flag)) => Word::Known(flag.to_string()),
            Some(Value::Number(number)) => Word::Known(number.to_string()),
            _ => Word::Unknown(self.odd("is no text")),
        }
    }

    fn words(self) -> Vec<Word> {
        let items = self.items();
        let many = matches!(self.value, Some(Value::Array(list)) if list.len() > MOST);
        let mut words: Vec<Word> = items.into_iter().map(Self::word).collect();
        if many {
            words.push(Word::Unknown(self.odd("is longer than is read")));
        }
        words
    }
}

impl Policy {
    /// Reads a policy's JSON text; `what` is its name in notes.
    ///
    /// # Errors
    /// That it is no JSON object.
    pub fn from_text(text: &str, what: &str) -> Result<Self, Note> {
        let document: Value =
            serde_json::from_str(text).map_err(|_| Note::from(format!("{what} is no JSON")))?;
        Self::from_value(&document, None, what)
    }

    /// Reads a policy; `doubt` says what of it is not known, in the same shape.
    ///
    /// # Errors
    /// That it is no object with statements.
    pub fn from_value(document: &Value, doubt: Option<&Value>, what: &str) -> Result<Self, Note> {
        let top = Part { value: Some(document), doubt, what };
        if let Some(note) = top.unknown() {
            return Err(note);
        }
        let Some(members) = document.as_object() else {
            return Err(format!("{what} is no policy").into());
        };
        // The version is 2008-10-17 if none is written.
        let version = top.member("Version");
        let variables = match version.value.and_then(Value::as_str) {
            Some("2012-10-17") => true,
            Some("2008-10-17") | None if version.unknown().is_none() => false,
            _ => return Err(format!("{what} is of a version that isn't known").into()),
        };
        let mut policy = Self { variables, ..Self::default() };
        let statements = top.member("Statement");
        policy.open = statements.unknown();
        if policy.open.is_some() {
            return Ok(policy);
        }
        if !members.contains_key("Statement") {
            return Err(format!("{what} has no statement").into());
        }
        if matches!(statements.value, Some(Value::Array(list)) if list.len() > MOST) {
            policy.open = Some(statements.odd("is longer than is read"));
        }
        for (index, part) in statements.items().into_iter().enumerate() {
            match statement(part, index) {
                Ok(statement) => policy.statements.push(statement),
                Err(note) => policy.open = Some(note),
            }
        }
        Ok(policy)
    }
}

fn statement(part: Part<'_>, index: usize) -> Result<Statement, Note> {
    if let Some(note) = part.unknown() {
        return Err(note);
    }
    let members = part.value.and_then(Value::as_object);
    let members = members.ok_or_else(|| part.odd("is no statement"))?;
    let effect = part.member("Effect");
    let effect = match effect.value.and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return Err(effect.unknown().unwrap_or_else(|| part.odd("has no effect"))),
    };
    let actions =
        named(part, members, "Action", "NotAction").ok_or_else(|| part.odd("names no action"))?;
    let principals =
        match (member(members, part, "Principal"), member(members, part, "NotPrincipal")) {
            (None, None) => None,
            (Some(own), _) => Some(principals(own, false)),
            (None, Some(others)) => Some(principals(others, true)),
        };
    let (conditions, mut odd) = conditions(part.member("Condition"));
    const KNOWN: [&str; 9] = [
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Principal",
        "NotPrincipal",
        "Condition",
    ];
    if let Some(other) = members.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        odd = Some(part.odd(&format!("has an element `{other}`, which isn't known")));
    }
    let sid = part.member("Sid").value.and_then(Value::as_str).filter(|sid| !sid.is_empty());
    Ok(Statement {
        sid: sid.map(str::to_owned),
        index,
        effect,
        actions,
        resources: named(part, members, "Resource", "NotResource"),
        principals,
        conditions,
        odd,
    })
}

/// A member that is written, or not known.
fn member<'v>(members: &Map<String, Value>, part: Part<'v>, name: &str) -> Option<Part<'v>> {
    let found = part.member(name);
    (members.contains_key(name) || found.unknown().is_some()).then_some(found)
}

fn named(part: Part<'_>, members: &Map<String, Value>, name: &str, not: &str) -> Option<Words> {
    let own = member(members, part, name).map(|found| (false, found));
    let (except, found) = own.or_else(|| member(members, part, not).map(|found| (true, found)))?;
    Some(Words { except, list: found.words() })
}

fn principals(part: Part<'_>, except: bool) -> Principals {
    let mut list = Vec::new();
    if let Some(note) = part.unknown() {
        list.push(("AWS".to_owned(), Word::Unknown(note)));
        return Principals { except, list };
    }
    match part.value {
        Some(Value::Object(kinds)) => {
            for kind in kinds.keys() {
                let words = part.member(kind).words();
                list.extend(words.into_iter().map(|word| (kind.clone(), word)));
            }
        }
        _ => list.push(("AWS".to_owned(), part.word())),
    }
    Principals { except, list }
}

fn conditions(part: Part<'_>) -> (Vec<Condition>, Option<Note>) {
    if let Some(note) = part.unknown() {
        return (Vec::new(), Some(note));
    }
    let mut all = Vec::new();
    let operators = match part.value {
        None | Some(Value::Null) => return (all, None),
        Some(Value::Object(operators)) => operators,
        Some(_) => return (all, Some(part.odd("has a condition that is no object"))),
    };
    for operator in operators.keys() {
        let inner = part.member(operator);
        if let Some(note) = inner.unknown() {
            return (all, Some(note));
        }
        let Some(keys) = inner.value.and_then(Value::as_object) else {
            return (all, Some(part.odd("has a condition that is no object")));
        };
        for key in keys.keys() {
            let values = inner.member(key).words();
            all.push(Condition { operator: operator.clone(), key: key.clone(), values });
        }
    }
    (all, None)
}
