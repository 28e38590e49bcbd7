//! Lists of tools, cut down to what a caller may call.
//!
//! A call is refused where it is made; this is the other half: a tool that may not be called isn't
//! listed either. Only what has to go is taken out, and every other byte stays where it was.

mod events;

use std::ops::Range;

use crate::Fault;
use crate::json::{Keys, Malformed, Reader, Seen, Shape, Text, Value, resembles};

pub use events::EventFilter;

/// The most objects and arrays that may lie in each other in an answer: tools have schemas.
const MAX_DEPTH: u32 = 128;

/// Takes the tools that aren't allowed out of an answer to `tools/list`; every other byte stays.
/// `None` if there is nothing to change, as in anything that has no `result.tools`.
///
/// A tool without a name, or with one that parsers could read differently, is taken out. A
/// `cacheScope` of `public` becomes `private`: what is listed here depends on who asks, and a shared
/// cache must not show it to somebody else (MCP 2026-07-28, Caching).
///
/// # Errors
/// 502, -32603: the answer isn't a JSON object, or it can't be said for sure which list is in it
/// (`result` or `tools` twice, or in other case; `tools` no array). Nothing of it may be passed on.
pub fn filter(answer: &[u8], allowed: &dyn Fn(&str) -> bool) -> Result<Option<Vec<u8>>, Fault> {
    match found(answer, allowed) {
        Ok(changes) if changes.is_empty() => Ok(None),
        Ok(changes) => Ok(Some(apply(answer, &changes))),
        Err(what) => Err(Fault::unreadable(what)),
    }
}

/// Bytes of an answer that are replaced.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    place: Range<usize>,
    by: &'static [u8],
}

/// What is replaced in an answer, in order; or why it can't be read.
fn found(answer: &[u8], allowed: &dyn Fn(&str) -> bool) -> Result<Vec<Change>, &'static str> {
    let mut search = Search { allowed, changes: Vec::new(), doubt: None };
    let malformed = |malformed: Malformed| malformed.what;
    let mut reader = Reader::new(answer, MAX_DEPTH).map_err(malformed)?;
    if reader.peek() != Some(b'{') {
        return Err("it is not an object");
    }
    let mut keys = Keys::default();
    let message = reader.object(|reader, key| {
        if search.is("result", key, &mut keys) && reader.peek() == Some(b'{') {
            return search.result(reader);
        }
        reader.value().map(drop)
    });
    message.and_then(|()| reader.end()).map_err(malformed)?;
    match search.doubt {
        Some(doubt) => Err(doubt),
        None => Ok(search.changes),
    }
}

struct Search<'f> {
    allowed: &'f dyn Fn(&str) -> bool,
    changes: Vec<Change>,
    /// Why it can't be said for sure what the answer lists.
    doubt: Option<&'static str>,
}

impl Search<'_> {
    /// Whether a key is the one that is wanted; doubts if one is there twice, or in other case.
    fn is<'a>(&mut self, wanted: &str, key: Text<'a>, keys: &mut Keys<'a>) -> bool {
        let Some(key) = key.decode() else {
            self.doubt = Some("a key holds half a surrogate pair");
            return false;
        };
        if keys.see(&key) != Seen::No {
            self.doubt = Some("a key comes twice, or there are too many");
        }
        if resembles(&key, wanted) && key != wanted {
            self.doubt = Some("a key differs only in case from `result` or `tools`");
        }
        key == wanted
    }

    /// Looks for `tools` and `cacheScope` in `result`.
    fn result(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        let mut keys = Keys::default();
        let mut lists = false;
        let mut scope = None;
        reader.object(|reader, key| {
            if self.is("tools", key, &mut keys) {
                lists = true;
                if reader.peek() == Some(b'[') {
                    return self.tools(reader);
                }
                self.doubt = Some("`tools` is not an array");
            }
            let value = reader.value()?;
            if key.decode().as_deref() == Some("cacheScope") {
                scope = Some((value, reader.at()));
            }
            Ok(())
        })?;
        if let Some((value, end)) = scope.filter(|_| lists)
            && matches!(value.shape, Shape::Text(text) if text.decode().as_deref() == Some("public"))
        {
            let place = end.saturating_sub(value.raw.len())..end;
            self.changes.push(Change { place, by: b"\"private\"" });
            self.changes.sort_by_key(|change| change.place.start);
        }
        Ok(())
    }

    /// Goes through the list. What is cut with a tool is what separates it from the one before, or,
    /// of those before the first that stays, from the one behind.
    fn tools(&mut self, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        let mut kept = false;
        // Where the tool before ended, and where tools that nobody was kept before begin.
        let mut end = 0;
        let mut leading: Option<usize> = None;
        reader.array(|reader| {
            reader.peek();
            let start = reader.at();
            let stays = self.stays(reader)?;
            match (stays, kept) {
                (true, false) => {
                    kept = true;
                    let cut = leading.take().map(|from| Change { place: from..start, by: b"" });
                    self.changes.extend(cut);
                }
                (false, false) => {
                    leading.get_or_insert(start);
                }
                (false, true) => self.changes.push(Change { place: end..reader.at(), by: b"" }),
                (true, true) => {}
            }
            end = reader.at();
            Ok(())
        })?;
        self.changes.extend(leading.map(|from| Change { place: from..end, by: b"" }));
        Ok(())
    }

    /// Walks over one tool: whether the caller may see it.
    fn stays(&self, reader: &mut Reader<'_>) -> Result<bool, Malformed> {
        if reader.peek() != Some(b'{') {
            reader.value()?;
            return Ok(false);
        }
        let mut name: Option<Value<'_>> = None;
        let mut clear = true;
        reader.object(|reader, key| {
            let value = reader.value()?;
            match key.decode() {
                None => clear = false,
                Some(key) if key == "name" => clear &= name.replace(value).is_none(),
                Some(key) => clear &= !resembles(&key, "name"),
            }
            Ok(())
        })?;
        let name = match name.map(|value| value.shape) {
            Some(Shape::Text(text)) => text.decode(),
            _ => None,
        };
        Ok(clear && name.is_some_and(|name| (self.allowed)(&name)))
    }
}

fn apply(answer: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut changed = Vec::with_capacity(answer.len() + 1);
    let mut from = 0;
    for Change { place, by } in changes {
        changed.extend_from_slice(answer.get(from..place.start).unwrap_or_default());
        changed.extend_from_slice(by);
        from = place.end;
    }
    changed.extend_from_slice(answer.get(from..).unwrap_or_default());
    changed
}
