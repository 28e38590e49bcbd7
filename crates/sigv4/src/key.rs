//! The signing key: what AWS derives of a secret for one day, region and service.
//!
//! Where the secret comes from is the caller's. The key may be kept for the day, which saves four of
//! the five rounds of HMAC.

use std::fmt;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

/// A key that signs, and verifies, the requests of one day, region and service. It is wiped when it
/// is dropped, and shown by no `Debug`.
#[derive(Clone)]
pub struct SigningKey {
    key: Key,
    /// Nothing is right that is verified with it.
    nobody: bool,
}

// === impl SigningKey ===

impl SigningKey {
    /// Derives the key as "Create a signed AWS API request" says, step 4. The date is `YYYYMMDD`.
    #[must_use]
    pub fn derive(secret: &SecretString, date: &str, region: &str, service: &str) -> Self {
        let mut key = Zeroizing::new(Vec::with_capacity(4 + secret.expose_secret().len()));
        key.extend_from_slice(b"AWS4");
        key.extend_from_slice(secret.expose_secret().as_bytes());
        for part in [date, region, service, "aws4_request"] {
            let next = sign(&Key::new(HMAC_SHA256, &key), part.as_bytes());
            key = Zeroizing::new(next.as_ref().to_vec());
        }
        Self { key: Key::new(HMAC_SHA256, &key), nobody: false }
    }

    /// The key of an id that nobody has: verifying with it costs what it costs with a known one, and
    /// no signature is right.
    #[must_use]
    pub fn nobody() -> Self {
        Self { key: Key::new(HMAC_SHA256, &[0; 32]), nobody: true }
    }

    /// Whether it is [`SigningKey::nobody`]'s.
    pub(crate) fn is_nobodys(&self) -> bool {
        self.nobody
    }

    /// The signature of a string to sign.
    pub(crate) fn sign(&self, text: &[u8]) -> [u8; 32] {
        let mut signature = [0; 32];
        signature.copy_from_slice(sign(&self.key, text).as_ref());
        signature
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AWS's documented example of a derived key shows by what it signs: nothing of it is shown.
    #[test]
    fn a_key_shows_nothing() {
        let secret = SecretString::from("hunter2");
        let key = SigningKey::derive(&secret, "20150830", "us-east-1", "iam");
        assert_eq!(format!("{key:?}"), "SigningKey");
        assert_ne!(key.sign(b""), SigningKey::nobody().sign(b""));
    }
}
