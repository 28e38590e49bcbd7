//! The canonical headers: those that are signed, in the order of their names, with values trimmed
//! and runs of spaces as one.

use std::fmt;

use http::request::Parts;

use crate::MAX_SIGNED;
use crate::fault::Fault;

/// The names of the signed headers: lower case, sorted, each once.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SignedHeaders(String);

// === impl SignedHeaders ===

impl SignedHeaders {
    /// Reads `host;x-amz-date`.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let names = || text.split(';');
        let token = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
        };
        let good = |name: &str| !name.is_empty() && name.bytes().all(token);
        let sorted = names().zip(names().skip(1)).all(|(one, next)| one < next);
        if names().count() > MAX_SIGNED {
            return Err(Fault::TooLarge);
        }
        if names().all(good) && sorted {
            Ok(Self(text.to_owned()))
        } else {
            Err(Fault::SignedHeaders)
        }
    }

    /// As they are signed: `host;x-amz-date`.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(';')
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// Writes each signed header with its values, one a line.
    pub(super) fn write(&self, head: &Parts, text: &mut Vec<u8>) -> Result<(), Fault> {
        for name in self.names() {
            text.extend_from_slice(name.as_bytes());
            text.push(b':');
            if name == "host" {
                fold(host(head)?, text);
            } else {
                let mut values = head.headers.get_all(name).iter();
                fold(values.next().ok_or(Fault::Absent)?.as_bytes(), text);
                for value in values {
                    text.push(b',');
                    fold(value.as_bytes(), text);
                }
            }
            text.push(b'\n');
        }
        Ok(())
    }
}

impl fmt::Debug for SignedHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The host that a request is for: its `Host`, or in HTTP/2 its `:authority`.
///
/// # Errors
/// If there is none, or there are several: then what is signed might not be what is used.
pub(crate) fn host(head: &Parts) -> Result<&[u8], Fault> {
    let mut values = head.headers.get_all(http::header::HOST).iter();
    let authority = head.uri.authority().map(|authority| authority.as_str().as_bytes());
    match (values.next(), values.next(), authority) {
        (None, _, Some(authority)) => Ok(authority),
        (Some(host), None, None) => Ok(host.as_bytes()),
        (Some(host), None, Some(authority)) if host.as_bytes() == authority => Ok(authority),
        _ => Err(Fault::Host),
    }
}

/// Writes a value without spaces around it, and with one where there are several.
fn fold(value: &[u8], text: &mut Vec<u8>) {
    let mut words = value.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    if let Some(first) = words.next() {
        text.extend_from_slice(first);
    }
    for word in words {
        text.push(b' ');
        text.extend_from_slice(word);
    }
}
