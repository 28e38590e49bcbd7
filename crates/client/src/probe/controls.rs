//! The controls, one file each: what a farm claims, what is sent to see whether it is so, and what
//! counts as held.
//!
//! A control's id is its file's name in kebab-case and the name of its page in `docs/controls/`. This
//! is the only list. They run in its order: what uses up a limit comes late, and last what looks at
//! all that came.

use std::fmt::Write as _;

use super::footing::Footing;
use super::report::Finding;
use super::trail::Trail;
use super::wire::Probe;

/// What the catalogue says of a control.
#[derive(Debug, Clone, Copy)]
pub struct ControlInfo {
    /// Its id.
    pub id: &'static str,
    /// What it claims, in one line.
    pub claim: &'static str,
    /// Its page, in Markdown.
    pub page: &'static str,
}

/// A control: its entry and its code.
pub(crate) struct Control {
    info: ControlInfo,
    run: fn(&Probe<'_>, &Footing<'_>) -> Trail,
}

macro_rules! control {
    ($id:literal, $claim:literal) => {
        pub(super) static CONTROL: crate::probe::controls::Control =
            crate::probe::controls::Control {
                info: crate::probe::controls::ControlInfo {
                    id: $id,
                    claim: $claim,
                    page: include_str!(concat!(
                        env!("CARGO_MANIFEST_DIR"),
                        "/../../docs/controls/",
                        $id,
                        ".md"
                    )),
                },
                run,
            };
    };
}

macro_rules! controls {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        static ALL: &[&Control] = &[$(&$module::CONTROL),*];
    };
}

controls! {
    no_credential,
    wrong_key,
    forged_group,
    signature_expired,
    signature_tampered,
    signature_wrong_region,
    signature_wrong_service,
    proof_for_another_farm,
    session_of_another_principal,
    address_allowed,
    address_refused,
    x_forwarded_for_from_strangers,
    server_port_past_the_gate,
    admin_port,
    plain_http,
    weak_tls,
    foreign_host,
    foreign_origin,
    header_and_body_disagree,
    request_smuggling,
    oversize,
    health_answer,
    default_answer,
    rate_limit,
    secrets_in_answers,
}

mod signatures;

/// The controls that are tried also where nothing is let in: what they ask is before that door, or
/// past it.
const BEFORE_THE_DOOR: [&str; 8] = [
    "address-allowed",
    "address-refused",
    "server-port-past-the-gate",
    "admin-port",
    "plain-http",
    "weak-tls",
    "x-forwarded-for-from-strangers",
    "secrets-in-answers",
];

/// Every control's entry, in the order of the list.
pub fn catalogue() -> impl Iterator<Item = &'static ControlInfo> {
    ALL.iter().map(|control| &control.info)
}

/// Every control, in the order of the list.
pub(crate) fn all() -> impl Iterator<Item = &'static Control> {
    ALL.iter().copied()
}

/// The list of the controls, in Markdown: `docs/controls/README.md`.
#[must_use]
pub fn index() -> String {
    let mut page = String::from(
        "# The controls that `farmgate probe` tests\n\n\
         Made from the program; a test fails when it is stale, and with FARMGATE_BLESS=1 writes it.\n\n\
         | Control | What it claims |\n\
         | --- | --- |\n",
    );
    for control in catalogue() {
        let _ = writeln!(page, "| [`{0}`]({0}.md) | {1} |", control.id, control.claim);
    }
    page
}

// === impl Control ===

impl Control {
    /// Tries it.
    pub(crate) fn run(&self, probe: &Probe<'_>, footing: &Footing<'_>) -> Finding {
        let id = self.info.id;
        let trail = if probe.is_over() {
            Trail::not_testable("the probe's time is used up")
        } else if footing.shut_out && !BEFORE_THE_DOOR.contains(&id) {
            // Who is refused everything learns nothing of what else would be refused.
            Trail::not_testable("this machine's address is refused")
        } else {
            (self.run)(probe, footing)
        };
        trail.conclude(id)
    }
}
