//! The secrets that a farm is given on this machine: `farm.secrets`, then the environment.
//!
//! `farm.secrets` is a mapping of references, as the farm file has them, to values. What is wrong
//! with it is told with its place, and without the line: a value may stand anywhere in it.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use farmgate_farm::diagnostic::Diagnostic;
use farmgate_farm::record::Word as _;
use farmgate_farm::word::SecretRef;
use farmgate_farm::yaml::{self, Node};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::private;
use crate::problem::{Failure, Problem};

/// What the names of the variables with secrets begin with.
const PREFIX: &str = "FARMGATE_SECRET_";

/// The longest `farm.secrets`.
const MAX_BYTES: u64 = 1 << 20;

/// Secrets by what the farm calls them.
#[derive(Debug)]
pub(super) struct Given {
    file: PathBuf,
    values: BTreeMap<SecretRef, SecretString>,
    /// The value of an environment variable.
    environment: fn(&str) -> Option<String>,
}

/// A secret that nobody gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What the farm calls it.
    pub reference: SecretRef,
    /// The file in which it can be given.
    pub file: PathBuf,
    why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// It is in neither place.
    Absent,
    /// It is given, and is an empty text.
    Empty,
    /// The whole secret is given, and is no JSON object.
    NoObject,
    /// The whole secret is given, and has no such key, or no text there.
    NoKey,
}

/// The environment variable that answers a reference: `FARMGATE_SECRET_` and the reference in upper
/// case, with `_` for all that isn't a letter or a digit.
#[must_use]
pub fn variable(secret: &SecretRef) -> String {
    let digit = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = secret.to_string().chars().map(digit).collect();
    format!("{PREFIX}{name}")
}

// === impl Given ===

impl Given {
    /// Reads `farm.secrets`, which needn't be there.
    ///
    /// # Errors
    /// If others can read it, or everything that is wrong with it.
    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let text = private::read(file, private::Others::Nothing, MAX_BYTES)?;
        let values = match text {
            Some(text) => parse(&text).map_err(|found| told(file, &text, &found))?,
            None => BTreeMap::new(),
        };
        Ok(Self { file: file.to_owned(), values, environment: |name| env::var(name).ok() })
    }

    pub(super) fn secret(&self, secret: &SecretRef) -> Result<SecretString, Missing> {
        let missing = |why| Missing { reference: secret.clone(), file: self.file.clone(), why };
        let value = match (self.find(secret), &secret.key) {
            (Some(value), _) => value,
            (None, Some(key)) => {
                let whole = SecretRef { key: None, ..secret.clone() };
                let whole = self.find(&whole).ok_or(missing(Why::Absent))?;
                pick(&whole, key).map_err(missing)?
            }
            (None, None) => return Err(missing(Why::Absent)),
        };
        if value.expose_secret().is_empty() { Err(missing(Why::Empty)) } else { Ok(value) }
    }

    pub(super) fn secrets<'a>(
        &self,
        wanted: impl IntoIterator<Item = &'a SecretRef>,
    ) -> Result<BTreeMap<SecretRef, SecretString>, Failure> {
        let mut values = BTreeMap::new();
        let mut problems = Vec::new();
        let mut variables: BTreeMap<String, &SecretRef> = BTreeMap::new();
        for secret in wanted {
            if values.contains_key(secret) {
                continue;
            }
            match self.secret(secret) {
                Ok(value) => values.insert(secret.clone(), value),
                Err(missing) => {
                    problems.push(missing.problem());
                    continue;
                }
            };
            if self.values.contains_key(secret) {
                continue;
            }
            let variable = variable(secret);
            if let Some(other) = variables.insert(variable.clone(), secret)
                && (self.environment)(&variable).is_some()
            {
                problems.push(Problem::Plain {
                    code: "same-variable",
                    file: None,
                    message: format!("`{variable}` would answer both `{other}` and `{secret}`"),
                    help: Some(format!("write both into {}", self.file.display())),
                });
            }
        }
        if problems.is_empty() { Ok(values) } else { Err(Failure::input(problems)) }
    }

    /// What the file says, else what the environment does.
    fn find(&self, secret: &SecretRef) -> Option<SecretString> {
        let known = self.values.get(secret).cloned();
        known.or_else(|| (self.environment)(&variable(secret)).map(SecretString::from))
    }
}

/// The value of a key of a secret that is JSON.
fn pick(whole: &SecretString, key: &str) -> Result<SecretString, Why> {
    let value: Value = serde_json::from_str(whole.expose_secret()).map_err(|_| Why::NoObject)?;
    let object = value.as_object().ok_or(Why::NoObject)?;
    match object.get(key) {
        Some(Value::String(text)) => Ok(SecretString::from(text.as_str())),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => {
            Ok(SecretString::from(value.to_string()))
        }
        _ => Err(Why::NoKey),
    }
}

/// Reads the text of `farm.secrets`.
fn parse(text: &str) -> Result<BTreeMap<SecretRef, SecretString>, Vec<Diagnostic>> {
    // Whoever has just made the file has written nothing but comments.
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(BTreeMap::new());
    }
    yaml::document(text, |root, problems| {
        let mut values = BTreeMap::new();
        for (key, value) in root.mapping(problems).unwrap_or_default() {
            let reference = reference(key, problems);
            if let Some((reference, text)) = reference.zip(value.text(problems)) {
                values.insert(reference, SecretString::from(text));
            }
        }
        values
    })
}

fn reference(key: &Node, problems: &mut Vec<Diagnostic>) -> Option<SecretRef> {
    let reference = SecretRef::parse(key.text(problems)?).ok();
    if reference.is_none() {
        let problem = Diagnostic::error("not-a-reference", "this is not a reference to a secret");
        problems.push(problem.at(&key.mark(), "").help(
            "write it before the colon as in the farm file: `secretsmanager:NAME`, \
             `secretsmanager:NAME#KEY`, `ssm:/NAME` or `databases.NAME#password`",
        ));
    }
    reference
}

// === what is said ===

/// Problems of the file, without what stands in it.
fn told(file: &Path, text: &str, found: &[Diagnostic]) -> Failure {
    let problem = |problem: &Diagnostic| {
        let (line, column) = problem.location(text);
        let own = problem.code == "not-a-reference";
        let title = Some(problem.title.clone()).filter(|it| own || quotes_nothing(it));
        let help = problem.help.clone().filter(|it| own || quotes_nothing(it));
        let help = match problem.code {
            "wrong-type" => Some("write the value as a text in quotes".to_owned()),
            _ => help,
        };
        Problem::Plain {
            code: problem.code,
            file: Some(format!("{}:{line}:{column}", file.display())),
            message: title
                .unwrap_or_else(|| "this can't be read as `\"REFERENCE\": \"VALUE\"`".to_owned()),
            help,
        }
    };
    Failure::input(found.iter().map(problem).collect())
}

/// Whether a message has no words of the file in it: in quotes, it may have references and signs.
fn quotes_nothing(message: &str) -> bool {
    let harmless = |word: &str| word.chars().count() <= 2 || SecretRef::parse(word).is_ok();
    let mut words = message.split('`').skip(1).step_by(2);
    words.all(harmless) && !message.contains(['\'', '"'])
}

impl Missing {
    /// Where to put the secret, on one or two lines.
    #[must_use]
    pub fn help(&self) -> String {
        let (file, reference) = (self.file.display(), &self.reference);
        let name = variable(reference);
        match self.why {
            Why::Absent => {
                format!("write it into {file} (chmod 600): \"{reference}\": \"...\"\nor set {name}")
            }
            Why::Empty => format!("give it in {file} or in {name}"),
            Why::NoObject | Why::NoKey => format!(
                "give the whole secret as JSON with this key, or this one alone: \"{reference}\": \
                 \"...\""
            ),
        }
    }

    /// What is wrong, and where to put the secret.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem::Plain {
            code: "secret-missing",
            file: None,
            message: self.to_string(),
            help: Some(self.help()),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.reference;
        match self.why {
            Why::Absent => write!(f, "the secret `{name}` is not given on this machine"),
            Why::Empty => write!(f, "the secret `{name}` is empty"),
            Why::NoObject => write!(f, "the secret of `{name}` is no JSON object"),
            Why::NoKey => write!(f, "the secret of `{name}` has no text under its key"),
        }
    }
}

impl std::error::Error for Missing {}

#[cfg(test)]
mod tests;
