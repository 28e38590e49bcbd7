//! Which paths are clear: those that every server reads as the gate does.
//!
//! Of two programs that read the same path, one may decode `%2e`, take `/a/../b` for `/b`, `\` for
//! `/` or `//` for `/`. Then the gate checks the rules of one server, or of one tool, and another is
//! reached. So such paths are refused. Clients have no use for them: RFC 3986 (6.2.2) has them write
//! paths in normal form.

use std::fmt;

/// Why a path is refused: it can be read in two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ambiguous {
    /// It doesn't begin with `/` (`*`, or an authority).
    NotAbsolute,
    /// It holds a control character, a space, a backslash or a character beyond ASCII.
    Character,
    /// It holds `//`.
    EmptySegment,
    /// It holds `.` or `..` as a segment, perhaps followed by parameters (`..;x`).
    DotSegment,
    /// It holds a `%` without two hexadecimal digits after it.
    BadEncoding,
    /// It holds the encoding of a character that must be written plainly (RFC 3986, 6.2.2.2), or
    /// that means something else when it is decoded: a slash, a backslash, a `%`, a control
    /// character.
    Encoded,
}

/// Whether a path, without its query, reads the same to everyone.
///
/// # Errors
/// If it doesn't.
pub fn check_path(path: &str) -> Result<(), Ambiguous> {
    let bytes = path.as_bytes();
    if bytes.first() != Some(&b'/') {
        return Err(Ambiguous::NotAbsolute);
    }
    let mut last = 0;
    for (at, byte) in bytes.iter().copied().enumerate() {
        match byte {
            b'/' if last == b'/' => return Err(Ambiguous::EmptySegment),
            b'.' if last == b'/' && is_dots(bytes.get(at..).unwrap_or_default()) => {
                return Err(Ambiguous::DotSegment);
            }
            b'%' => check_encoded(bytes.get(at + 1..at + 3))?,
            b'\\' => return Err(Ambiguous::Character),
            _ if !byte.is_ascii_graphic() => return Err(Ambiguous::Character),
            _ => {}
        }
        last = byte;
    }
    Ok(())
}

/// Whether a segment is `.` or `..`, which may have parameters: servlet containers cut them off
/// first, and then see the dots.
fn is_dots(segment: &[u8]) -> bool {
    let dots = segment.iter().take_while(|byte| **byte == b'.').count();
    let after = segment.get(dots..).unwrap_or_default();
    let ends = matches!(after.first(), None | Some(b'/' | b';'))
        || after.get(..3).is_some_and(|text| text.eq_ignore_ascii_case(b"%3b"));
    dots <= 2 && ends
}

/// Whether what stands after a `%` encodes a character that is data and nothing else.
fn check_encoded(digits: Option<&[u8]>) -> Result<(), Ambiguous> {
    let digit =
        |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let value = match digits {
        Some([high, low]) => digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low),
        _ => None,
    };
    match value {
        None => Err(Ambiguous::BadEncoding),
        Some(b'/' | b'\\' | b'%' | b'-' | b'.' | b'_' | b'~') => Err(Ambiguous::Encoded),
        Some(byte) if byte.is_ascii_control() || byte.is_ascii_alphanumeric() => {
            Err(Ambiguous::Encoded)
        }
        Some(_) => Ok(()),
    }
}

// === impl Ambiguous ===

impl Ambiguous {
    /// What is wrong, in words for the client and the audit.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NotAbsolute => "the path does not begin with `/`",
            Self::Character => "the path holds a character that must be encoded",
            Self::EmptySegment => "the path holds `//`",
            Self::DotSegment => "the path holds `.` or `..` as a segment",
            Self::BadEncoding => "the path holds a `%` without two hexadecimal digits",
            Self::Encoded => "the path holds an encoded character that must not be encoded",
        }
    }
}

impl fmt::Display for Ambiguous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl std::error::Error for Ambiguous {}
