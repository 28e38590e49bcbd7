//! Requests signed with access keys that the farm issued (SigV4, in headers or in the query).
//!
//! All that needs no body is looked at before there is one: what is signed, for where and when, and
//! whether the key is known. Then the body decides, since its hash is signed. The request is looked at
//! as it came: no header is changed before. How a signature is made and compared is
//! `farmgate-sigv4`'s business; here are keys, principals and what is remembered.

mod replays;

use std::collections::HashMap;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use farmgate_farm::gate::Replay;
use farmgate_keys::{NotAccepted, OpenKeys, Principal};
use farmgate_sigv4::{Checked, Fault, Rules, Signed, SigningKey};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use secrecy::SecretString;

use super::{Authenticator, Memory, Proof, Wrong};
use crate::principal::unix_now;
use replays::Again;
pub(super) use replays::Replays;

/// With `replay: refuse`, a presigned request may hold for so many seconds: it has to be remembered
/// as long.
const LONGEST_REMEMBERED: i64 = 3600;

/// Access keys of a store, opened, and what a signature by one of them must be like.
pub(crate) struct IssuedKeys {
    keys: OpenKeys,
    /// Who signs, by the key's id: made once.
    signers: HashMap<String, Signer>,
    rules: Rules,
    /// None: a request may come again as long as its signature holds.
    replays: Option<Arc<Replays>>,
    credentials: Vec<HeaderName>,
    challenge: HeaderValue,
}

struct Signer {
    principal: Arc<Principal>,
    /// The key of the newest day that was signed for: four rounds of HMAC, once a day.
    newest: ArcSwapOption<OfDay>,
}

struct OfDay {
    date: String,
    key: SigningKey,
}

// === impl IssuedKeys ===

impl IssuedKeys {
    /// Takes signatures by the keys of a store, which are opened, that fit the rules.
    ///
    /// # Errors
    /// If region or service can't be told in a challenge.
    pub(crate) fn new(
        keys: OpenKeys,
        rules: Rules,
        replay: Replay,
        memory: &Memory,
    ) -> Result<Self, String> {
        let (region, service) = (&rules.region, &rules.service);
        let challenge = format!("AWS4-HMAC-SHA256 region=\"{region}\", service=\"{service}\"");
        let challenge = HeaderValue::try_from(challenge)
            .map_err(|_| format!("`{region}` and `{service}` can't be told in a challenge"))?;
        let signers = keys.keys().map(|key| {
            let principal = Arc::new(key.principal());
            (key.id.clone(), Signer { principal, newest: ArcSwapOption::empty() })
        });
        let replays = (replay == Replay::Refuse).then(|| Arc::clone(&memory.replays));
        let others = ["x-amz-date", "x-amz-security-token", "x-amz-content-sha256"];
        let others = others.map(HeaderName::from_static);
        Ok(Self {
            signers: signers.collect(),
            keys,
            rules,
            replays,
            credentials: std::iter::once(AUTHORIZATION).chain(others).collect(),
            challenge,
        })
    }

    /// The signature of a request that keeps the rules; none if it isn't signed.
    fn checked(&self, head: &Parts, now: i64) -> Result<Option<Checked>, Wrong> {
        let Some(signed) = Signed::of(head).map_err(wrong)? else { return Ok(None) };
        signed.check(head, &self.rules, now).map(Some).map_err(wrong)
    }

    fn look_at_head(&self, head: &Parts) -> Result<Proof, Wrong> {
        let now = unix_now();
        let Some(checked) = self.checked(head, now)? else { return Ok(Proof::Absent) };
        let signed = checked.signed();
        if self.replays.is_some() && signed.expires() > now.saturating_add(LONGEST_REMEMBERED) {
            let told = "a presigned request may hold for an hour at most here";
            return Err(Wrong::unknown("sigv4_holds_too_long").telling(Some(told)));
        }
        if let Err(error) = self.keys.look_up(signed.key_id(), now) {
            // A key that isn't known costs what a wrong signature does.
            let _never = checked.verify(head, &[], &SigningKey::nobody());
            return Err(Wrong::unknown(word(error)));
        }
        Ok(Proof::Later)
    }

    fn look_at_all(&self, head: &Parts, body: &[u8]) -> Result<Arc<Principal>, Wrong> {
        let now = unix_now();
        // It was looked at with its head; what can have changed since is the time.
        let absent = Wrong::unknown("sigv4_malformed");
        let checked = self.checked(head, now)?.ok_or(absent)?;
        let signed = checked.signed();
        let id = signed.key_id();
        let (secret, _) = self.keys.look_up(id, now).map_err(|it| Wrong::unknown(word(it)))?;
        let signer = self.signers.get(id).ok_or(Wrong::unknown("sigv4_key_unknown"))?;
        signer.verify(&checked, (head, body), &self.rules, secret).map_err(wrong)?;
        if let Some(replays) = &self.replays {
            let taken = replays.take(id, signed.signature(), signed.expires(), now);
            taken.map_err(|again| match again {
                Again::Seen => Wrong::unknown("sigv4_replayed")
                    .telling(Some("this signature was used before: sign every request anew")),
                Again::Full => {
                    let told = "too many signed requests to remember them";
                    Wrong::unclear("sigv4_replays_full", told)
                }
            })?;
        }
        Ok(Arc::clone(&signer.principal))
    }
}

impl Authenticator for IssuedKeys {
    fn at_head(&self, head: &Parts) -> Proof {
        self.look_at_head(head).unwrap_or_else(Proof::Wrong)
    }

    fn with_body<'a>(
        &'a self,
        head: &'a Parts,
        body: &'a Bytes,
    ) -> Pin<Box<dyn Future<Output = Proof> + 'a>> {
        let proof = self.look_at_all(head, body).map_or_else(Proof::Wrong, Proof::Is);
        Box::pin(ready(proof))
    }

    fn credentials(&self) -> &[HeaderName] {
        &self.credentials
    }

    fn challenge(&self) -> HeaderValue {
        self.challenge.clone()
    }
}

// === impl Signer ===

impl Signer {
    /// Verifies with the key of the signature's day.
    fn verify(
        &self,
        checked: &Checked,
        (head, body): (&Parts, &[u8]),
        rules: &Rules,
        secret: &SecretString,
    ) -> Result<(), Fault> {
        let date = checked.signed().date();
        let newest = self.newest.load();
        if let Some(known) = newest.as_ref().filter(|known| known.date == date) {
            return checked.verify(head, body, &known.key);
        }
        let key = SigningKey::derive(secret, date, &rules.region, &rules.service);
        checked.verify(head, body, &key)?;
        // Only of what was right, so that nobody fills it with days of their own; an older day, as a
        // presigned request may have, doesn't take the place of today.
        if newest.as_ref().is_none_or(|known| known.date.as_str() < date) {
            self.newest.store(Some(Arc::new(OfDay { date: date.to_owned(), key })));
        }
        Ok(())
    }
}

fn wrong(fault: Fault) -> Wrong {
    Wrong::unknown(fault.code()).telling(fault.told())
}

/// The audit's word.
fn word(error: NotAccepted) -> &'static str {
    match error {
        NotAccepted::Malformed => "sigv4_malformed",
        NotAccepted::Unknown => "sigv4_key_unknown",
        NotAccepted::Expired => "sigv4_key_expired",
    }
}
