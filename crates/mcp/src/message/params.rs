//! `params` of a message, and `_meta` and `arguments` in it.

use std::borrow::Cow;

use super::envelope::{Trouble, variants, watch};
use super::{Subject, subject};
use crate::json::{Keys, Malformed, Reader, Shape, Text, Value, resembles};

/// The keys of `_meta` that matter to whoever stands between client and server.
const META: [&str; 4] = [VERSION, CAPABILITIES, "progressToken", SUBSCRIPTION];
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

/// What was read of `params`.
#[derive(Debug, Default)]
pub(super) struct Params<'a> {
    name: Option<Value<'a>>,
    uri: Option<Value<'a>>,
    task: Option<Value<'a>>,
    version: Option<Value<'a>>,
    pub(super) arguments: Option<&'a str>,
    pub(super) progress_token: Option<&'a str>,
    pub(super) request_id: Option<&'a str>,
    pub(super) meta: Meta<'a>,
    /// Keys that aren't known: whether they resemble one that matters depends on the method, which
    /// may come later. Only those that resemble any are kept.
    odd: Vec<(Cow<'a, str>, &'static str)>,
}

/// What was read of `params._meta`.
#[derive(Debug, Default)]
pub(super) struct Meta<'a> {
    pub(super) version: Option<Text<'a>>,
    pub(super) capabilities: bool,
    pub(super) progress_token: Option<&'a str>,
    pub(super) subscription: Option<&'a str>,
}

impl<'a> Params<'a> {
    /// Reads the object.
    pub(super) fn read(
        &mut self,
        reader: &mut Reader<'a>,
        trouble: &mut Trouble,
    ) -> Result<(), Malformed> {
        let mut keys = Keys::default();
        reader.object(|reader, key| {
            let key = watch(key, &mut keys, "`params`", trouble).unwrap_or_default();
            self.take(reader, key, trouble)
        })
    }

    fn take(
        &mut self,
        reader: &mut Reader<'a>,
        key: Cow<'a, str>,
        trouble: &mut Trouble,
    ) -> Result<(), Malformed> {
        match key.as_ref() {
            "_meta" if reader.peek() == Some(b'{') => self.meta.read(reader, trouble)?,
            "arguments" => self.arguments = Some(arguments(reader, trouble)?),
            "name" => self.name = Some(reader.value()?),
            "uri" => self.uri = Some(reader.value()?),
            "taskId" => self.task = Some(reader.value()?),
            "protocolVersion" => self.version = Some(reader.value()?),
            "progressToken" => self.progress_token = Some(reader.value()?.raw),
            "requestId" => self.request_id = Some(reader.value()?.raw),
            other => {
                variants(other, &["_meta"], "`params`", trouble);
                let known = ["name", "uri", "taskId", "arguments"];
                if let Some(meant) = known.into_iter().find(|known| resembles(other, known)) {
                    self.odd.push((key, meant));
                }
                reader.value()?;
            }
        }
        Ok(())
    }

    /// Notes what some parser would take for the parameters of this method that matter.
    pub(super) fn judge(&self, method: Option<&str>, trouble: &mut Trouble) {
        let Some(subject) = method.and_then(subject) else {
            return;
        };
        let takes_arguments = subject == Subject::Name;
        for (key, meant) in &self.odd {
            if *meant == subject.key() || (takes_arguments && *meant == "arguments") {
                variants(key, &[meant], "`params`", trouble);
            }
        }
        if self.raw_subject(subject).is_some_and(|value| undecodable(&value)) {
            trouble.note(|| format!("`params.{}` holds half a surrogate pair", subject.key()));
        }
    }

    /// The parameter that says what a request is about, if it is a text.
    pub(super) fn subject(&self, subject: Subject) -> Option<Cow<'a, str>> {
        self.raw_subject(subject).and_then(decode)
    }

    /// `protocolVersion`, if it is a text.
    pub(super) fn version(&self) -> Option<Cow<'a, str>> {
        self.version.and_then(decode)
    }

    fn raw_subject(&self, subject: Subject) -> Option<Value<'a>> {
        match subject {
            Subject::Name => self.name,
            Subject::Uri => self.uri,
            Subject::Task => self.task,
        }
    }
}

impl<'a> Meta<'a> {
    fn read(&mut self, reader: &mut Reader<'a>, trouble: &mut Trouble) -> Result<(), Malformed> {
        let mut keys = Keys::default();
        reader.object(|reader, key| {
            let key = watch(key, &mut keys, "`_meta`", trouble);
            self.take(reader, key.as_deref().unwrap_or_default(), trouble)
        })
    }

    fn take(
        &mut self,
        reader: &mut Reader<'a>,
        key: &str,
        trouble: &mut Trouble,
    ) -> Result<(), Malformed> {
        let value = reader.value()?;
        match key {
            VERSION => match value.shape {
                Shape::Text(text) if text.decode().is_some() => self.version = Some(text),
                _ => trouble.note_params(|| format!("`{VERSION}` is not a text")),
            },
            CAPABILITIES => self.capabilities = value.shape == Shape::Object,
            "progressToken" => self.progress_token = Some(value.raw),
            SUBSCRIPTION => self.subscription = Some(value.raw),
            other => variants(other, &META, "`_meta`", trouble),
        }
        Ok(())
    }
}

/// Walks over `arguments` and watches the keys of their first level.
fn arguments<'a>(reader: &mut Reader<'a>, trouble: &mut Trouble) -> Result<&'a str, Malformed> {
    if reader.peek() != Some(b'{') {
        return Ok(reader.value()?.raw);
    }
    let start = reader.at();
    let mut keys = Keys::default();
    reader.object(|reader, key| {
        watch(key, &mut keys, "`arguments`", trouble);
        reader.value().map(drop)
    })?;
    Ok(reader.since(start))
}

fn decode(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value.shape {
        Shape::Text(text) => text.decode(),
        _ => None,
    }
}

fn undecodable(value: &Value<'_>) -> bool {
    matches!(value.shape, Shape::Text(text) if text.decode().is_none())
}
