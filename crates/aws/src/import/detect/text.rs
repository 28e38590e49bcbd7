//! From bytes to text: byte order marks, other encodings, and files that are not text at all.

use super::super::Refusal;

/// The text of an input without its byte order mark.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, Refusal> {
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(Refusal::new("binary-plan", "this is a binary plan")
            .help("run `terraform show -json FILE`, and give what it prints"));
    }
    if is_utf16(bytes) {
        return Err(Refusal::new(
            "utf-16",
            "this is UTF-16 text, as PowerShell's `>` writes it, and broken",
        )
        .help("write it with `terraform show -json FILE | Out-File -Encoding utf8 plan.json`"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Refusal::new("not-utf-8", format!("byte {} is not UTF-8 text", error.valid_up_to() + 1))
            .help("run `terraform show -json FILE`, and give what it prints")
    })?;
    if text.trim().is_empty() {
        return Err(Refusal::new("empty-input", "the input is empty")
            .help("run `terraform show -json FILE`, and see whether that fails"));
    }
    Ok(text)
}

/// UTF-16 as UTF-8; none if it is none, or broken.
pub(super) fn recoded(bytes: &[u8]) -> Option<Vec<u8>> {
    if !is_utf16(bytes) || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let big = matches!(bytes, [0xfe, 0xff, ..] | [0, ..]);
    let units = bytes.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok());
    let units =
        units.map(|pair| if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) });
    let text: Result<String, _> = char::decode_utf16(units).collect();
    Some(text.ok()?.trim_start_matches('\u{feff}').as_bytes().to_vec())
}

/// With a mark, or ASCII with every other byte zero.
fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
        || matches!(bytes, [0, a, 0, b, ..] | [a, 0, b, 0, ..] if a.is_ascii() && b.is_ascii() && *a != 0 && *b != 0)
}
