//! The outermost object of a message: which kind it is, and whether all parsers will agree on it.

use std::borrow::Cow;

use super::params::Params;
use super::{Kind, Message, subject};
use crate::Fault;
use crate::fault::{INVALID_PARAMS, INVALID_REQUEST, quoted};
use crate::json::{Keys, Malformed, Reader, Seen, Shape, Text, Value, resembles};

/// The keys of JSON-RPC.
const KNOWN: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];

/// What was read, before it is judged. The whole message is read first: its id may come last.
#[derive(Debug, Default)]
struct Envelope<'a> {
    version: Option<Value<'a>>,
    id: Option<Value<'a>>,
    method: Option<Value<'a>>,
    params: Option<Shape<'a>>,
    inner: Params<'a>,
    result: bool,
    error: bool,
}

/// The first thing that is wrong with a message that is JSON.
#[derive(Debug, Default)]
pub(super) struct Trouble(Option<(i64, String)>);

impl Trouble {
    /// Notes what is wrong, if nothing was before.
    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        self.0.get_or_insert_with(|| (INVALID_REQUEST, what()));
    }

    /// Notes what is wrong with parameters, if nothing was before.
    pub(super) fn note_params(&mut self, what: impl FnOnce() -> String) {
        self.0.get_or_insert_with(|| (INVALID_PARAMS, what()));
    }
}

/// Decodes a key of an object whose keys are watched. `None` if it can't be.
pub(super) fn watch<'a>(
    key: Text<'a>,
    keys: &mut Keys<'a>,
    place: &str,
    trouble: &mut Trouble,
) -> Option<Cow<'a, str>> {
    let Some(key) = key.decode() else {
        trouble.note(|| format!("a key in {place} holds half a surrogate pair"));
        return None;
    };
    match keys.see(&key) {
        Seen::No => {}
        Seen::Yes => trouble.note(|| format!("{} comes twice in {place}", quoted(&key))),
        Seen::TooMany => trouble.note(|| format!("{place} has too many keys")),
    }
    Some(key)
}

/// Notes a key that some parser would take for one that is known.
pub(super) fn variants(key: &str, known: &[&'static str], place: &str, trouble: &mut Trouble) {
    if let Some(meant) = known.iter().find(|known| resembles(key, known)) {
        trouble.note(|| format!("{} in {place} differs from `{meant}` only in case", quoted(key)));
    }
}

/// Reads the one message that a body is.
pub(super) fn read<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, Fault> {
    match reader.peek() {
        Some(b'{') => {}
        Some(b'[') => return Err(invalid("a batch is not taken: send one message at a time")),
        _ => {
            reader.value().and_then(|_| reader.end()).map_err(Fault::malformed)?;
            return Err(invalid("a message is a JSON object"));
        }
    }
    let mut envelope = Envelope::default();
    let mut trouble = Trouble::default();
    let mut keys = Keys::default();
    reader
        .object(|reader, key| {
            let key = watch(key, &mut keys, "the message", &mut trouble);
            envelope.take(reader, key.as_deref().unwrap_or_default(), &mut trouble)
        })
        .and_then(|()| reader.end())
        .map_err(Fault::malformed)?;
    envelope.judge(&mut trouble)
}

impl<'a> Envelope<'a> {
    /// Takes the value of a key.
    fn take(
        &mut self,
        reader: &mut Reader<'a>,
        key: &str,
        trouble: &mut Trouble,
    ) -> Result<(), Malformed> {
        match key {
            "params" if reader.peek() == Some(b'{') => {
                self.params = Some(Shape::Object);
                self.inner.read(reader, trouble)?;
            }
            "jsonrpc" => self.version = Some(reader.value()?),
            "id" => self.id = Some(reader.value()?),
            "method" => self.method = Some(reader.value()?),
            "params" => self.params = Some(reader.value()?.shape),
            "result" => {
                reader.value()?;
                self.result = true;
            }
            "error" => {
                reader.value()?;
                self.error = true;
            }
            other => {
                variants(other, &KNOWN, "the message", trouble);
                reader.value()?;
            }
        }
        Ok(())
    }

    /// Makes a message of it, or says why it is none.
    fn judge(self, trouble: &mut Trouble) -> Result<Message<'a>, Fault> {
        // An id is said again in the answer, where half a surrogate pair is JSON to few, and a number
        // beyond what a double holds is infinite to one parser and an error to another.
        let is_id = |value: &Value<'_>| match value.shape {
            Shape::Text(text) => text.decode().is_some(),
            Shape::Number => value.raw.parse::<f64>().is_ok_and(f64::is_finite),
            _ => false,
        };
        let id = self.id.filter(is_id).map(|id| id.raw);
        if self.id.is_some() && id.is_none() {
            trouble.note(|| {
                "an id is a text of whole characters, or a number that a double holds".to_owned()
            });
        }
        let decoded = |value: Option<Value<'a>>| match value?.shape {
            Shape::Text(text) => text.decode(),
            _ => None,
        };
        if decoded(self.version).as_deref() != Some("2.0") {
            trouble.note(|| "`jsonrpc` is not `2.0`".to_owned());
        }
        let method = decoded(self.method);
        if self.method.is_some() && method.is_none() {
            trouble.note(|| "a method is a text".to_owned());
        }
        if !matches!(self.params, None | Some(Shape::Object | Shape::Null)) {
            trouble.note(|| "`params` is not an object".to_owned());
        }
        let kind = match (method.is_some(), id.is_some(), self.result, self.error) {
            (true, true, false, false) => Kind::Request,
            (true, false, false, false) => Kind::Notification,
            (false, true, true, false) | (false, true, false, true) => Kind::Response,
            _ => {
                trouble.note(|| "it is no request, notification or response".to_owned());
                Kind::Response
            }
        };
        self.inner.judge(method.as_deref(), trouble);
        if let Some((code, what)) = trouble.0.take() {
            return Err(Fault::new(400, code, what).with_id(id));
        }
        let method_is = |known: &str| method.as_deref() == Some(known);
        let inner = &self.inner;
        Ok(Message {
            kind,
            id,
            name: method.as_deref().and_then(subject).and_then(|subject| inner.subject(subject)),
            arguments: inner.arguments,
            protocol_version: inner.meta.version.and_then(Text::decode),
            initialize_version: if method_is("initialize") { inner.version() } else { None },
            has_client_capabilities: inner.meta.capabilities,
            progress_token: inner.meta.progress_token,
            subscription: inner.meta.subscription,
            progress: inner.progress_token.filter(|_| method_is("notifications/progress")),
            cancelled: inner.request_id.filter(|_| method_is("notifications/cancelled")),
            method,
        })
    }
}

fn invalid(what: impl Into<String>) -> Fault {
    Fault::new(400, INVALID_REQUEST, what)
}
