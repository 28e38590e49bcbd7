//! Numbers of JSON, as they are written: what they come to is no concern here.

/// The length of the number at the start of these bytes; `None` if there is none.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    match digits(bytes, at) {
        0 => return None,
        // A number has no leading zero; what follows one is not part of it.
        _ if bytes.get(at) == Some(&b'0') => at += 1,
        count => at += count,
    }
    if bytes.get(at) == Some(&b'.') {
        let count = digits(bytes, at + 1);
        if count == 0 {
            return None;
        }
        at += 1 + count;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let count = digits(bytes, at + 1 + sign);
        if count == 0 {
            return None;
        }
        at += 1 + sign + count;
    }
    Some(at)
}

/// How many digits stand from `at` on.
fn digits(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
}
