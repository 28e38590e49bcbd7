//! Looks for what nobody may be told in all that came.

use std::cell::RefCell;
use std::collections::BTreeSet;

use secrecy::{ExposeSecret as _, SecretString};

use super::answer::find;
use super::target::Target;

/// Shorter texts are found everywhere.
const SHORTEST: usize = 8;

/// What is looked for, and what was found.
pub(crate) struct Scan {
    wanted: Vec<(String, SecretString)>,
    found: RefCell<Found>,
}

#[derive(Debug, Default)]
struct Found {
    what: BTreeSet<String>,
    answers: usize,
    bytes: usize,
}

// === impl Scan ===

impl Scan {
    pub(crate) fn new(target: &Target) -> Self {
        let secrets = target.secrets.iter().map(|it| (it.what.clone(), it.text.clone()));
        let mut wanted: Vec<(String, SecretString)> =
            secrets.filter(|(_, text)| text.expose_secret().len() >= SHORTEST).collect();
        // What only servers see, and what only the gate does.
        for text in ["farmgate-principal", "FARMGATE_KEYS", "FARMGATE_STORE_", "PRIVATE KEY-----"] {
            wanted.push((format!("`{text}`"), SecretString::from(text)));
        }
        for server in &target.servers {
            for address in &server.addresses {
                let what = format!("the address of server `{}`", server.name);
                wanted.push((what, SecretString::from(address.to_string())));
            }
        }
        Self { wanted, found: RefCell::default() }
    }

    /// Looks at what came.
    pub(crate) fn look(&self, bytes: &[u8]) {
        let lower = bytes.to_ascii_lowercase();
        let mut found = self.found.borrow_mut();
        found.answers += 1;
        found.bytes += bytes.len();
        for (what, text) in &self.wanted {
            // A header's name is the same in every case; a key isn't, but none hides behind one.
            let text = text.expose_secret().to_ascii_lowercase();
            if find(&lower, text.as_bytes()).is_some() {
                found.what.insert(what.clone());
            }
        }
    }

    /// A text in which nothing is left of what nobody may be told.
    pub(crate) fn blacked_out(&self, text: String) -> String {
        self.wanted.iter().fold(text, |text, (_, secret)| {
            let secret = secret.expose_secret();
            if text.contains(secret) { text.replace(secret, "***") } else { text }
        })
    }

    pub(crate) fn wanted(&self) -> usize {
        self.wanted.len()
    }

    /// What was found, in how many answers and bytes.
    pub(crate) fn found(&self) -> (Vec<String>, usize, usize) {
        let found = self.found.borrow();
        (found.what.iter().cloned().collect(), found.answers, found.bytes)
    }
}
