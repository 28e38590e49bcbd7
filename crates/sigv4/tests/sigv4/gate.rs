//! A gate as small as can be: it knows one key, and says of a request what becomes of it.

use farmgate_sigv4::{Fault, Rules, Signed, SigningKey};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request};
use secrecy::SecretString;

pub(crate) const REGION: &str = "us-west-2";
pub(crate) const SERVICE: &str = "execute-api";
pub(crate) const KEY_ID: &str = "FGAKABCDEFGHIJ234567";
pub(crate) const SECRET: &str = "fgsk_c29tZSByYW5kb20gYnl0ZXMgZm9yIGEgdGVzdCBvbmx5ISE";

pub(crate) fn rules() -> Rules {
    Rules { region: REGION.to_owned(), service: SERVICE.to_owned(), unsigned_payload: false }
}

/// What becomes of a request at a time. Nothing of SigV4 in it is as good as a wrong signature.
pub(crate) fn verdict(head: &Parts, body: &[u8], now: i64) -> Result<(), Fault> {
    verdict_by(&rules(), (KEY_ID, SECRET), head, body, now)
}

pub(crate) fn verdict_by(
    rules: &Rules,
    (id, secret): (&str, &str),
    head: &Parts,
    body: &[u8],
    now: i64,
) -> Result<(), Fault> {
    let signed = Signed::of(head)?.ok_or(Fault::Signature)?;
    let checked = signed.check(head, rules, now)?;
    let date = checked.signed().date();
    let key = if checked.signed().key_id() == id {
        SigningKey::derive(&SecretString::from(secret), date, &rules.region, &rules.service)
    } else {
        SigningKey::nobody()
    };
    checked.verify(head, body, &key)
}

/// The head of a request as HTTP/1 brings it: the target without its host.
pub(crate) fn head(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let request = Request::builder().method(method).uri(target).body(()).unwrap();
    let mut head = request.into_parts().0;
    for (name, value) in headers {
        let name = HeaderName::try_from(*name).unwrap();
        head.headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    head
}

/// The same head with another target.
pub(crate) fn retarget(head: &Parts, target: &str) -> Parts {
    let mut head = head.clone();
    head.uri = target.parse().unwrap();
    head
}
