//! The credential: the key's id, and the scope for which its signing key is derived.
//!
//! Whether the scope is the right one is judged in `check`.

use crate::fault::Fault;

/// The end of every scope.
const TERMINATOR: &str = "aws4_request";

/// The longest id of a key (as AWS has it), region or service.
const LONGEST: usize = 128;

/// `KEY/DATE/REGION/SERVICE/aws4_request`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    /// The id of the key, no secret.
    pub(crate) key_id: String,
    /// `YYYYMMDD`.
    pub(crate) date: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

// === impl Scope ===

impl Scope {
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        let mut parts = text.split('/');
        let mut part = |fits: fn(u8) -> bool| {
            let part = parts.next().filter(|part| (1..=LONGEST).contains(&part.len()));
            part.filter(|part| part.bytes().all(fits)).ok_or(Fault::Credential)
        };
        let name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let scope = Self {
            key_id: part(|byte| byte.is_ascii_alphanumeric() || byte == b'_')?.to_owned(),
            date: part(|byte| byte.is_ascii_digit())?.to_owned(),
            region: part(name)?.to_owned(),
            service: part(name)?.to_owned(),
        };
        match (parts.next(), parts.next()) {
            (Some(TERMINATOR), None) if scope.date.len() == 8 => Ok(scope),
            _ => Err(Fault::Credential),
        }
    }

    /// The scope as it is signed, without the key's id.
    pub(crate) fn text(&self) -> String {
        [self.date.as_str(), &self.region, &self.service, TERMINATOR].join("/")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_credential_has_five_parts() {
        let text = "AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request";
        let scope = Scope::read(text).unwrap();
        assert_eq!(scope.key_id, "AKIDEXAMPLE");
        assert_eq!(scope.text(), "20150830/us-east-1/execute-api/aws4_request");
        for wrong in [
            "",
            "AKIDEXAMPLE",
            "AKIDEXAMPLE/20150830/us-east-1/execute-api",
            "AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request/",
            "AKIDEXAMPLE/20150830/us-east-1/execute-api/AWS4_REQUEST",
            "/20150830/us-east-1/execute-api/aws4_request",
            "AKIDEXAMPLE//us-east-1/execute-api/aws4_request",
            "AKIDEXAMPLE/2015083/us-east-1/execute-api/aws4_request",
            "AKIDEXAMPLE/2015083x/us-east-1/execute-api/aws4_request",
            "AKIDEXAMPLE/20150830/us east/execute-api/aws4_request",
            "AKIDEXAMPLE/20150830/us-east-1//aws4_request",
            "AKID\u{c9}/20150830/us-east-1/execute-api/aws4_request",
        ] {
            assert_eq!(Scope::read(wrong), Err(Fault::Credential), "{wrong}");
        }
        let long = format!("{}/20150830/us-east-1/execute-api/aws4_request", "A".repeat(129));
        assert_eq!(Scope::read(&long), Err(Fault::Credential));
    }
}
