//! What the controls of signatures have in common: one request, signed in one wrong way, and refused.

use std::time::SystemTime;

use crate::probe::ask::Ask;
use crate::probe::footing::{Footing, Proved, call};
use crate::probe::proof::{Proof, Scope, signed};
use crate::probe::target::AccessKey;
use crate::probe::trail::Trail;
use crate::probe::wire::Probe;

/// A call that is signed as it should be: server, key and scope.
pub(super) struct Signing<'t> {
    pub(super) proved: Proved<'t>,
    pub(super) key: &'t AccessKey,
    pub(super) scope: Scope<'t>,
}

/// What is needed to sign.
pub(super) fn signing<'t>(footing: &Footing<'t>) -> Result<Signing<'t>, Trail> {
    let proved = footing.signature.clone().map_err(Trail::not_testable)?;
    match proved.proof {
        Proof::Signature { region, service, key } => {
            let scope = Scope { region, service, time: SystemTime::now() };
            Ok(Signing { proved, key, scope })
        }
        _ => Err(Trail::not_testable("there is no key to sign with")),
    }
}

// === impl Signing ===

impl Signing<'_> {
    /// The call, signed for this scope.
    pub(super) fn signed(&self, probe: &Probe<'_>, scope: Scope<'_>) -> Option<Ask> {
        let ask = Ask::initialize(probe.target, self.proved.server);
        signed(probe.target, ask, self.key, scope).ok()
    }

    /// Sends what has to be refused.
    pub(super) fn refused(
        &self,
        probe: &Probe<'_>,
        trail: &mut Trail,
        what: &str,
        ask: Option<Ask>,
    ) {
        let Some(ask) = ask else {
            trail.lacks("the key can't sign");
            return;
        };
        let sent = format!("{} {what}", ask.words());
        let came = call(probe, None, self.proved.server, ask);
        trail.weigh(came.is(&[400, 401, 403]), sent, &came, probe.words(&came));
    }
}
