//! What is refused as a key: what anybody could guess, look up or read somewhere.
//!
//! CVE-2026-53709 was a default signing key that a gateway shipped with and that nobody replaced. A
//! random key fails none of these tests but once in 10^13; they say nothing of keys that are made
//! badly in some other way.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use crate::encode::{from_hex, sha256};

/// The least number of different bytes of a key: 32 random ones have about 30.
const LEAST_DIFFERENT: usize = 16;

/// The longest part that may not come again and again.
const LONGEST_PERIOD: usize = 16;

/// Words that people write where a secret is wanted and don't replace, with those of other gateways'
/// documentation and examples.
const WORDS: [&str; 47] = [
    "",
    "1234",
    "12345",
    "123456",
    "12345678",
    "123456789",
    "1234567890",
    "abc",
    "abc123",
    "admin",
    "api-key",
    "api_key",
    "apikey",
    "changeit",
    "changeme",
    "change-me",
    "change_me",
    "default",
    "demo",
    "dev",
    "dummy",
    "example",
    "foo",
    "foobar",
    "guest",
    "hello",
    "key",
    "letmein",
    "local",
    "mcp",
    "my-api-key",
    "my-secret-key",
    "none",
    "null",
    "pass",
    "passw0rd",
    "password",
    "placeholder",
    "replace-me",
    "root",
    "secret",
    "sk-1234",
    "test",
    "todo",
    "token",
    "undefined",
    "your-api-key",
];

/// Keys that are printed somewhere, in hex: private ones and public ones.
const PUBLISHED: [&str; 13] = [
    // RFC 8032, section 7.1: the secret keys of its tests, the first of which RFC 8037 has too.
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5",
    "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    // Their public keys.
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    // NIST SP 800-38A, appendix F: the key of its examples for AES-256.
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
    // The key for AES-256 in the specification of GCM.
    "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
    // The public key in farmgate's own blueprints, whose private key nobody has.
    "ffd4a26648e88725eda212898d4a15192a83c13023b566dd3833f2a4a13c5fac",
];

/// Why something is refused as a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// It hasn't the length of a key: 32 bytes.
    Length,
    /// Its bytes are all the same.
    AllEqual,
    /// It is a shorter one, several times over.
    Repeats,
    /// Its bytes count up or down.
    Counts,
    /// It is a text that somebody typed.
    Text,
    /// It has too few different bytes to be random.
    FewDifferent,
    /// It is printed in a standard or an example.
    Published,
    /// It is made of a word that many take.
    Word,
}

/// Hashes of what anybody tries first.
static GUESSED: LazyLock<BTreeSet<[u8; 32]>> = LazyLock::new(|| {
    let known = crate::api_key::EXAMPLE_KEY;
    WORDS.iter().chain(std::iter::once(&known)).map(|word| sha256(word.as_bytes())).collect()
});

/// Whether a secret key is one that nobody else has.
///
/// # Errors
/// Why it isn't.
pub(crate) fn secret(key: &[u8]) -> Result<(), Weakness> {
    random(key)?;
    if guessed_hash(key) || guessed_hash(&sha256(key)) {
        return Err(Weakness::Word);
    }
    Ok(())
}

/// Whether 32 bytes look random, and are printed nowhere; also for public keys and hashes.
///
/// # Errors
/// What they look like.
pub(crate) fn random(key: &[u8]) -> Result<(), Weakness> {
    if key.len() != 32 {
        return Err(Weakness::Length);
    }
    let steps = || key.iter().zip(key.iter().skip(1)).map(|(a, b)| b.wrapping_sub(*a));
    let first = steps().next().unwrap_or_default();
    if steps().all(|step| step == first) {
        return Err(if first == 0 { Weakness::AllEqual } else { Weakness::Counts });
    }
    let printed = |known: &&str| from_hex(known).is_some_and(|known| known == key);
    if PUBLISHED.iter().any(printed) {
        return Err(Weakness::Published);
    }
    let comes_again = |period: usize| key.iter().zip(key.iter().skip(period)).all(|(a, b)| a == b);
    if (2..=LONGEST_PERIOD).any(comes_again) {
        return Err(Weakness::Repeats);
    }
    if key.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
        return Err(Weakness::Text);
    }
    let different: BTreeSet<&u8> = key.iter().collect();
    if different.len() < LEAST_DIFFERENT {
        return Err(Weakness::FewDifferent);
    }
    Ok(())
}

/// Whether a hash is that of a word that many take, or of the key in our documentation.
pub(crate) fn guessed_hash(hash: &[u8]) -> bool {
    <[u8; 32]>::try_from(hash).is_ok_and(|hash| GUESSED.contains(&hash))
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "it is not 32 bytes long",
            Self::AllEqual => "all its bytes are the same",
            Self::Repeats => "it is a shorter key, several times over",
            Self::Counts => "its bytes just count",
            Self::Text => "it is a text that somebody typed, and not random",
            Self::FewDifferent => "it has too few different bytes to be random",
            Self::Published => "it is printed in a standard or an example, where anybody finds it",
            Self::Word => "it is made of a word that anybody tries first",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(hex: &str) -> [u8; 32] {
        from_hex(hex).unwrap_or_default()
    }

    /// CVE-2026-53709: hard-coded signing keys.
    #[test]
    fn known_and_guessable_keys_are_refused() {
        for known in PUBLISHED {
            assert!(secret(&bytes(known)).is_err(), "{known}");
        }
        let counts: Vec<u8> = (0x80..0xa0).collect();
        let down: Vec<u8> = (0..32).map(|n| 255 - 3 * n).collect();
        let period = [7, 1, 9, 200].repeat(8);
        let mut few = [3; 32];
        few[9] = 4;
        for (key, why) in [
            (&[0; 32][..], Weakness::AllEqual),
            (&[0xff; 32], Weakness::AllEqual),
            (&[1; 31], Weakness::Length),
            (&[], Weakness::Length),
            (&[9; 64], Weakness::Length),
            (&counts, Weakness::Counts),
            (&down, Weakness::Counts),
            (&period, Weakness::Repeats),
            (b"correct horse battery staple 123", Weakness::Text),
            (b"0123456789abcdef0123456789abcdee", Weakness::Text),
            (&few, Weakness::FewDifferent),
            (&sha256(b"changeme"), Weakness::Word),
            (&sha256(b""), Weakness::Word),
            (&bytes(PUBLISHED[0]), Weakness::Published),
        ] {
            assert_eq!(secret(key), Err(why), "{key:02x?}");
        }
    }

    #[test]
    fn every_published_key_is_written_right() {
        assert!(PUBLISHED.iter().all(|known| from_hex(known).is_some()));
        let words: BTreeSet<&str> = WORDS.into();
        assert_eq!(words.len(), WORDS.len());
    }

    #[test]
    fn random_keys_are_taken() {
        for _ in 0..10_000 {
            let key = crate::encode::random::<32>();
            assert_eq!(key.map(|key| secret(key.as_slice())), Ok(Ok(())));
        }
    }

    proptest! {
        #[test]
        fn any_length_is_judged(key in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(key.len() == 32 || secret(&key) == Err(Weakness::Length));
        }
    }
}
