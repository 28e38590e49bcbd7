//! Why a request gets no answer of its server: what the client is told, and the log.

/// JSON-RPC's code for errors of an implementation.
const CODE: i64 = -32000;

/// A reason, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) code: i64,
    pub(crate) text: String,
    /// Whether nothing of the request was carried out, so that it may be asked again.
    pub(crate) untouched: bool,
}

// === impl Trouble ===

impl Trouble {
    /// Nothing was sent: what is wrong is wrong here.
    pub(crate) fn local(text: impl Into<String>) -> Self {
        Self { code: CODE, text: text.into(), untouched: true }
    }

    /// The other side refused.
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self { code: CODE, text: text.into(), untouched: true }
    }

    /// The other side may have done it.
    pub(crate) fn broken(text: impl Into<String>) -> Self {
        Self { code: CODE, text: text.into(), untouched: false }
    }
}
