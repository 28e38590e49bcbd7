//! Statements: what is to be proved of a model, and the proofs.
//!
//! Three families are made for whatever the model holds (`isolation`, `life`, `trust`); a user's
//! expectations are a fourth (`expectations`). Every verdict comes from questions to
//! [`farmgate_net::reach::Engine`] or from settings read as they are; nothing is guessed.

mod expectations;
pub(crate) mod iam;
mod isolation;
mod life;
pub(crate) mod policy;
mod tally;
pub(crate) mod trust;
mod way;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use farmgate_aws::model::{Key, Model, SourceKind};
use farmgate_aws::network::Lowered;
use farmgate_net::reach::{Answer, Engine, Place, Question};
use farmgate_net::service::ServiceSet;
use farmgate_net::topology::{InterfaceId, RelayId};

use self::policy::Policy;
use crate::report::Statement;

pub use expectations::expected;
pub(crate) use isolation::fronts_of;
pub(crate) use tally::{Tally, causes, witness};
pub(crate) use way::{By, Need, Way};

/// A model with everything that is needed to prove statements about it.
pub struct Proof<'m> {
    /// The model.
    pub model: &'m Model,
    /// The model as packets.
    pub lowered: &'m Lowered,
    /// Answers questions.
    pub engine: Engine<'m>,
    /// The chains of relays by which the internet surely or possibly gets to something, found once.
    chains: RefCell<BTreeMap<Key, Rc<[Vec<RelayId>]>>>,
    /// Policies of endpoints, read once.
    policies: RefCell<BTreeMap<Key, Rc<Policy>>>,
    /// Whether causes are wanted, or verdicts alone.
    explain: bool,
}

/// Which statements to prove.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Only statements about one of these; all if `None`.
    pub only: Option<BTreeSet<Key>>,
}

impl Scope {
    /// Statements about these things only.
    #[must_use]
    pub fn of(keys: impl IntoIterator<Item = Key>) -> Self {
        Self { only: Some(keys.into_iter().collect()) }
    }

    pub(crate) fn covers<'k>(&self, keys: impl IntoIterator<Item = &'k Key>) -> bool {
        match &self.only {
            None => true,
            Some(only) => keys.into_iter().any(|key| only.contains(key)),
        }
    }
}

impl<'m> Proof<'m> {
    /// Prepares to prove.
    #[must_use]
    pub fn new(model: &'m Model, lowered: &'m Lowered) -> Self {
        Self {
            model,
            lowered,
            engine: Engine::new(&lowered.net),
            chains: RefCell::default(),
            policies: RefCell::default(),
            explain: true,
        }
    }

    /// The same, for verdicts alone: the statements will lack their causes.
    #[must_use]
    pub fn quietly(mut self) -> Self {
        self.explain = false;
        self
    }

    /// Asks the engine.
    pub(crate) fn ask(&self, question: &Question) -> Answer {
        if self.explain || !question.explain {
            return self.engine.ask(question);
        }
        self.engine.ask(&question.clone().quietly())
    }

    /// All built-in statements within `scope`.
    #[must_use]
    pub fn statements(&self, scope: &Scope) -> Vec<Statement> {
        let mut all = Vec::new();
        isolation::prove(self, scope, &mut all);
        life::prove(self, scope, &mut all);
        trust::prove(self, scope, &mut all);
        all
    }

    /// The policy of an endpoint.
    pub(crate) fn policy(&self, endpoint: &Key, text: &str) -> Rc<Policy> {
        let mut policies = self.policies.borrow_mut();
        let read = policies.entry(endpoint.clone()).or_insert_with(|| Rc::new(Policy::new(text)));
        Rc::clone(read)
    }

    /// From any address of the internet to an interface.
    pub(crate) fn internet_to(&self, to: InterfaceId, services: &ServiceSet) -> Question {
        let internet = Place::Anywhere(Lowered::internet());
        Question::new(internet, Place::Interface(to), services.clone())
    }

    /// From hosts of the internet, of which none is a service of AWS for which there is a gateway
    /// endpoint: such a service calls nobody, and replies to its addresses go to the endpoint.
    pub(crate) fn hosts_to(&self, to: InterfaceId, services: &ServiceSet) -> Question {
        let hosts = Place::Anywhere(expectations::beyond_endpoints(self));
        Question::new(hosts, Place::Interface(to), services.clone())
    }

    /// Between two interfaces, directly and with every reply.
    pub(crate) fn connects(
        &self,
        from: InterfaceId,
        to: InterfaceId,
        services: &ServiceSet,
    ) -> Answer {
        let question =
            Question::new(Place::Interface(from), Place::Interface(to), services.clone());
        self.ask(&question.direct().reliably())
    }

    /// The verdict alone on a connection to an endpoint.
    pub(crate) fn connects_at_all(
        &self,
        from: InterfaceId,
        to: InterfaceId,
    ) -> farmgate_net::reach::Verdict {
        let https = ServiceSet::tcp(443);
        let question = Question::new(Place::Interface(from), Place::Interface(to), https);
        self.ask(&question.direct().reliably().quietly()).verdict
    }

    /// Whether a connection between two interfaces is possible at all.
    pub(crate) fn may_connect(
        &self,
        from: InterfaceId,
        to: InterfaceId,
        services: &ServiceSet,
    ) -> bool {
        let question =
            Question::new(Place::Interface(from), Place::Interface(to), services.clone());
        let answer = self.ask(&question.direct().quietly());
        answer.verdict != farmgate_net::reach::Verdict::No
    }

    /// The chains of relays by which the internet surely or possibly gets to something, the
    /// outermost relay first. A direct way is no chain.
    pub(crate) fn chains_to(&self, key: &Key) -> Rc<[Vec<RelayId>]> {
        if let Some(found) = self.chains.borrow().get(key) {
            return Rc::clone(found);
        }
        let mut all: Vec<Vec<RelayId>> = Vec::new();
        for interface in self.lowered.interfaces_of(key) {
            let question = self.internet_to(*interface, &ServiceSet::all()).quietly();
            for way in self.ask(&question).alternatives {
                let open = way.verdict != farmgate_net::reach::Verdict::No;
                if open && !way.relays.is_empty() && !all.contains(&way.relays) {
                    all.push(way.relays);
                }
            }
        }
        let found: Rc<[Vec<RelayId>]> = all.into();
        self.chains.borrow_mut().insert(key.clone(), Rc::clone(&found));
        found
    }

    /// What the internet meets first on its way to something.
    pub(crate) fn ingress_of(&self, key: &Key) -> BTreeSet<Key> {
        let chains = self.chains_to(key);
        let first = chains.iter().filter_map(|chain| chain.first());
        first.filter_map(|relay| self.lowered.relay_owner(*relay)).cloned().collect()
    }

    /// The relays that connect to something, whoever reaches them.
    pub(crate) fn relays_to(&self, key: &Key) -> BTreeSet<RelayId> {
        let own = self.lowered.interfaces_of(key);
        let mut all = BTreeSet::new();
        for (relay, id) in self.lowered.net.relays.iter().zip(0..) {
            let leads =
                |f: &farmgate_net::topology::Forward| f.targets.iter().any(|t| own.contains(t));
            if relay.forwards.iter().any(leads) {
                all.insert(RelayId(id));
            }
        }
        all
    }
}

/// Names in a sentence: `a`, `a and b`, `a, b and c`.
pub(crate) fn listed<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|n| n.to_string()).collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// Whether something is known only from what `aws` prints: then its key is an ARN or an id, and what
/// was not asked for is not known.
pub(crate) fn only_described(model: &Model, key: &Key) -> bool {
    let printed = |kind| matches!(kind, SourceKind::Described | SourceKind::Live);
    let text = key.as_str();
    if !model.sources.is_empty() && model.sources.iter().all(|source| printed(source.kind)) {
        return true;
    }
    model.sources.iter().any(|source| printed(source.kind))
        && key.resource_type().is_none()
        && (text.starts_with("arn:") || !text.contains('/'))
}
