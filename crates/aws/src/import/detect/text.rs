//! From bytes to text: byte order marks, other encodings, and files that are not text at all.

use super::super::Refusal;

/// The text of an input without its byte order mark.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, Refusal> {
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(Refusal::new("binary-plan", "this is a binary plan")
            .help("run `terraform show -json FILE`, and give what it prints"));
    }
    if is_utf16(bytes) {
        return Err(Refusal::new("utf-16", "this is UTF-16 text, as PowerShell's `>` writes it")
            .help(
                "write it with `terraform show -json FILE | Out-File -Encoding utf8 plan.json`",
            ));
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

/// With a mark, or ASCII with every other byte zero.
fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
        || matches!(bytes, [0, a, 0, b, ..] | [a, 0, b, 0, ..] if a.is_ascii() && b.is_ascii() && *a != 0 && *b != 0)
}
