//! Keys of a farm: API keys, the gate's own keys, principals that it signs and sessions that it
//! seals.
//!
//! Pure but for randomness: it reads no file and no clock, so that everything here can be tried at
//! any time. Reading order: `store` (API keys, as hashes), `gate_keys` (what the gate alone holds),
//! `access_store` (access keys for SigV4, sealed with these),
//! `principal` (who calls, signed for the bridges), `session` (where a session is, sealed for the
//! client), `weak` (what is refused as a key). Who may do what is decided elsewhere.
//!
//! Nothing secret has a `Debug` that shows it, or is quoted by an error.

mod access_key;
mod access_store;
mod api_key;
mod encode;
mod gate_keys;
mod json;
mod principal;
mod session;
mod store;
mod weak;

pub use access_key::{AccessKey, AccessKeyPair};
pub use access_store::{AccessKeys, OpenKeys};
pub use api_key::{ApiKey, EXAMPLE_KEY, NotAKey};
pub use gate_keys::{GateKeys, KeysError, MAX_KEYS};
pub use json::JsonFault;
pub use principal::{
    KINDS, MAX_HEADER_BYTES, MAX_LIFE, PRINCIPAL_HEADER, Principal, Refused, SKEW, Signer,
    Unsigned, Verifier,
};
pub use session::{MAX_SESSION_BYTES, Sealer, Session, Unsealed};
pub use store::{
    ApiKeys, KeyFault, MAX_NAME, MAX_STORE_KEYS, NewKey, NotAccepted, StoreError, Unchanged,
};
pub use weak::Weakness;
