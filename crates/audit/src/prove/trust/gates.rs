//! Gates: whether they verify who calls, and whether what stands before one may leave it to them.
//!
//! A gate's configuration is believed as a load balancer's is: that the container which is given it
//! is farmgate's own is an assumption, and told.

use std::collections::BTreeSet;

use farmgate_aws::model::{
    Action, Authorization, Gate, GateRoute, IntegrationTarget, Key, Listener, ListenerRule, Note,
};

use farmgate_farm::gate::CONFIG_VARIABLE;
use farmgate_net::reach::Verdict as Reached;
use farmgate_net::service::ServiceSet;

use super::{forwards, is_health, listeners_of, rule_authenticates};
use crate::prove::{Proof, Tally, listed};
use crate::report::{Family, Statement, Verdict};

/// Who verifies the callers that something lets through.
#[derive(Debug, Clone)]
pub(crate) enum Verifier<'m> {
    /// An action of the load balancer itself, in words.
    Action(String),
    /// Nothing but gates is behind it, perhaps by way of other load balancers.
    Gates(Vec<&'m Gate>),
    /// That depends on this.
    Unknown(Note),
    /// Nobody.
    Nobody,
}

/// The routes of a gate that anyone who reaches it may use.
pub(crate) fn open_routes(gate: &Gate) -> impl Iterator<Item = &GateRoute> {
    gate.routes.iter().filter(|route| route.authentication.is_empty() && !is_health(&route.path))
}

/// What a gate verifies, in words.
fn credentials(gate: &Gate) -> BTreeSet<&str> {
    gate.routes.iter().flat_map(|route| &route.authentication).map(String::as_str).collect()
}

/// Who vouches for callers of whom a gate takes an API Gateway's word.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Voucher {
    /// These APIs, with IAM authorization on every route that leads to the gate.
    Apis(BTreeSet<Key>),
    /// Nothing of these sources is before the gate.
    NotShown,
    /// Nobody: this is where callers come in, and it verifies no SigV4.
    Nobody(Key),
    /// That depends on this.
    Unknown(Note),
}

/// The routes of a gate on which it takes the word of an API Gateway, where clients come in by
/// something else; and by what.
pub(crate) fn unvouched<'m>(
    proof: &Proof<'m>,
    gate: &'m Gate,
) -> Option<(Vec<&'m GateRoute>, Key)> {
    let routes: Vec<&GateRoute> = gate.routes.iter().filter(|route| route.vouched).collect();
    match voucher(proof, gate) {
        Voucher::Nobody(front) if !routes.is_empty() => Some((routes, front)),
        _ => None,
    }
}

fn voucher(proof: &Proof<'_>, gate: &Gate) -> Voucher {
    if is_exposed(proof, gate) {
        return Voucher::Nobody(gate.key.clone());
    }
    let fronts = proof.ingress_of(&gate.key);
    let (mut apis, mut doubt) = (BTreeSet::new(), None);
    for front in fronts {
        let Some(api) = proof.model.apis.get(&front) else {
            return Voucher::Nobody(front);
        };
        for route in &api.routes {
            let Some(Some(integration)) = route.integration.get() else { continue };
            let behind = behind_route(proof, &integration.target).unwrap_or_default();
            if !behind.iter().any(|it| it.key == gate.key) {
                continue;
            }
            match route.authorization.get() {
                Some(Authorization::Iam) => {}
                Some(_) => return Voucher::Nobody(front),
                None => {
                    let note = format!("how callers of {front} are authorized");
                    doubt.get_or_insert_with(|| Note::from(note));
                }
            }
        }
        apis.insert(front);
    }
    match doubt {
        Some(note) => Voucher::Unknown(note),
        None if apis.is_empty() => Voucher::NotShown,
        None => Voucher::Apis(apis),
    }
}

/// Whether the internet reaches a gate with nothing before it.
fn is_exposed(proof: &Proof<'_>, gate: &Gate) -> bool {
    proof.lowered.interfaces_of(&gate.key).iter().any(|interface| {
        let question = proof.internet_to(*interface, &ServiceSet::tcp(gate.port)).direct();
        proof.ask(&question).verdict != Reached::No
    })
}

/// Adds who vouches for callers, if the gate takes an API Gateway's word for them.
fn add_voucher(proof: &Proof<'_>, gate: &Gate, tally: &mut Tally) {
    let routes = gate.routes.iter().filter(|route| route.vouched);
    for route in routes {
        match voucher(proof, gate) {
            Voucher::Apis(apis) => {
                let text =
                    format!("{} verifies SigV4 before the gate `{}`", listed(apis), gate.key);
                tally.fact(Verdict::Proved, "AUTHORIZED", &route.origin, text);
            }
            Voucher::NotShown => tally.assume(format!(
                "an API Gateway that these sources don't show verifies SigV4 before {}, and nobody \
                 else has the secret by which it is known",
                gate.key
            )),
            Voucher::Nobody(front) => {
                let text = format!(
                    "`{}` of the gate `{}` is for whom an API Gateway verified, and clients come in by \
                     {front}, which verifies no SigV4",
                    route.path, gate.key
                );
                tally.fact(Verdict::Refuted, "SIGV4_UNVERIFIED", &route.origin, text);
            }
            Voucher::Unknown(note) => tally.unknown(&note),
        }
    }
}

/// Who verifies the callers that a rule of a listener forwards.
pub(crate) fn verifier<'m>(
    proof: &Proof<'m>,
    listener: &Listener,
    rule: &ListenerRule,
) -> Verifier<'m> {
    if let Some(how) = rule_authenticates(listener, rule) {
        return Verifier::Action(how);
    }
    if proof.model.gates.is_empty() {
        return Verifier::Nobody;
    }
    let mut behind = Behind::default();
    behind.rule(proof, rule);
    behind.verifier()
}

/// The gates that verify the callers of an API's route, if nothing else is behind it.
pub(crate) fn behind_route<'m>(
    proof: &Proof<'m>,
    target: &IntegrationTarget,
) -> Option<Vec<&'m Gate>> {
    let IntegrationTarget::VpcLink { to, .. } = target else {
        return None;
    };
    let to = to.get()?;
    let mut behind = Behind::default();
    if let Some(listener) = proof.model.listeners.get(to) {
        behind.listener(proof, listener);
    } else if proof.model.load_balancers.contains_key(to) {
        behind.owner(proof, to);
    } else {
        let registered = proof.model.services.iter();
        let registered =
            registered.filter(|(_, s)| s.registries.iter().any(|r| r.get() == Some(to)));
        registered.for_each(|(key, _)| behind.owner(proof, key));
    }
    match behind.verifier() {
        Verifier::Gates(gates) => Some(gates),
        _ => None,
    }
}

/// What is found behind something that verifies no caller itself.
#[derive(Default)]
struct Behind<'m> {
    gates: Vec<&'m Gate>,
    /// Whether anything else is met, and what may be.
    others: bool,
    doubts: Vec<Note>,
    seen: BTreeSet<Key>,
}

impl<'m> Behind<'m> {
    fn verifier(self) -> Verifier<'m> {
        match (self.others, self.doubts.into_iter().next()) {
            (true, _) => Verifier::Nobody,
            (false, _) if self.gates.is_empty() => Verifier::Nobody,
            (false, Some(note)) => Verifier::Unknown(note),
            (false, None) => Verifier::Gates(self.gates),
        }
    }

    fn listener(&mut self, proof: &Proof<'m>, listener: &Listener) {
        self.doubts.extend(listener.open.clone());
        for rule in listener.rules.iter().filter(|rule| forwards(rule)) {
            if rule_authenticates(listener, rule).is_none() {
                self.rule(proof, rule);
            }
        }
    }

    fn rule(&mut self, proof: &Proof<'m>, rule: &ListenerRule) {
        for action in &rule.actions {
            let groups = match action {
                Action::Forward(groups) => groups,
                Action::Other(note) => {
                    self.doubts.push(note.clone());
                    continue;
                }
                _ => continue,
            };
            self.doubts.extend(groups.unknown.clone());
            for key in &groups.sure {
                let Some(group) = proof.model.target_groups.get(key) else {
                    self.others = true;
                    continue;
                };
                for targets in proof.lowered.targets(proof.model, key, group) {
                    match targets.maybe {
                        None => self.owner(proof, &targets.owner),
                        Some(note) if !proof.model.gates.contains_key(&targets.owner) => {
                            self.doubts.push(note);
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }

    fn owner(&mut self, proof: &Proof<'m>, owner: &Key) {
        if !self.seen.insert(owner.clone()) {
            return;
        }
        if let Some(gate) = proof.model.gates.get(owner) {
            self.gates.push(gate);
        } else if proof.model.load_balancers.contains_key(owner) {
            for listener in listeners_of(proof, owner) {
                self.listener(proof, listener);
            }
        } else {
            self.others = true;
        }
    }
}

/// Adds what a gate verifies, and the routes on which it verifies nothing.
pub(super) fn add(proof: &Proof<'_>, gate: &Gate, tally: &mut Tally) {
    if gate.origin.path == CONFIG_VARIABLE {
        tally.assume(format!(
            "the container that is given the gate's configuration in {} runs farmgate's gate",
            gate.origin.key
        ));
    }
    let service = proof.model.services.get(&gate.key);
    tally.assume_all(service.and_then(|service| service.task_definition.assumed()));
    add_voucher(proof, gate, tally);
    let by = credentials(gate);
    if !by.is_empty() {
        let text = format!("the gate `{}` verifies {}", gate.key, listed(by));
        tally.fact(Verdict::Proved, "AUTHORIZED", &gate.origin, text);
    }
    for route in open_routes(gate) {
        let text = format!("`{}` of the gate `{}` is for anyone", route.path, gate.key);
        tally.fact(Verdict::Refuted, "NO_AUTHORIZATION", &route.origin, text);
    }
}

/// Whether a gate verifies its callers, whoever they are.
pub(super) fn authenticates(proof: &Proof<'_>, gate: &Gate) -> Statement {
    let mut tally = Tally::new();
    add(proof, gate, &mut tally);
    let by = credentials(gate);
    let text = match (tally.verdict(), by.is_empty()) {
        (Verdict::Proved, false) => {
            format!("{}: callers are verified on every route, by {}", gate.key, listed(by))
        }
        _ => format!("{}: callers are verified on every route", gate.key),
    };
    tally.statement("authenticates", Family::Trust, &[&gate.key], text)
}
