//! A user's expectations as statements.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{EndpointKind, Key, Tags};
use farmgate_aws::network::Lowered;
use farmgate_net::addr::AddrSet;
use farmgate_net::reach::{Place, Question};
use farmgate_net::service::ServiceSet;
use farmgate_net::topology::{Front, Outside, RelayId};

use super::isolation::{from_site, internet_reaches};
use super::tally::Wanted;
use super::{Proof, Tally, listed, only_described};
use crate::report::{Family, Statement, Verdict};
use farmgate_farm::diagnostic::Diagnostic;
use farmgate_farm::expect::{
    Expectation, ExpectationKind, Expectations, Flow, Selector, SelectorKind, no_match,
};

/// The expectations as statements, each with its verdict. `built_in` are the statements already
/// proved, of which `can_start` makes use.
///
/// # Errors
/// One diagnostic for every selector that matches nothing.
pub fn expected(
    proof: &Proof<'_>,
    expectations: &Expectations,
    built_in: &[Statement],
) -> Result<Vec<Statement>, Vec<Diagnostic>> {
    let ends = Ends::new(proof);
    let mut problems = Vec::new();
    let mut all: Vec<Statement> = Vec::new();
    for expectation in &expectations.items {
        match ends.prove(proof, expectation, built_in) {
            Ok(statement) => all.push(statement),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

/// How many things whose tags aren't shown are named.
const MOST_UNTOLD: usize = 4;

/// Everything that can be an end of a connection, with its tags.
struct Ends {
    known: BTreeMap<Key, Tags>,
    /// Those whose tags `aws` prints only if it is asked for them.
    untold: BTreeSet<Key>,
}

/// An end that a selector means.
enum End {
    Owner(Key),
    Internet,
    Vpc,
    Addresses(AddrSet),
}

impl Ends {
    fn new(proof: &Proof<'_>) -> Self {
        let model = proof.model;
        let mut known: BTreeMap<Key, Tags> = BTreeMap::new();
        let owners = proof.lowered.interfaces.keys().chain(proof.lowered.relays.keys());
        known.extend(owners.map(|key| (key.clone(), Tags::new())));
        known.extend(model.services.iter().map(|(k, s)| (k.clone(), s.tags.clone())));
        known.extend(model.load_balancers.iter().map(|(k, s)| (k.clone(), s.tags.clone())));
        known.extend(model.endpoints.iter().map(|(k, s)| (k.clone(), s.tags.clone())));
        known.extend(model.databases.iter().map(|(k, s)| (k.clone(), s.tags.clone())));
        known.extend(model.instances.iter().map(|(k, s)| (k.clone(), s.tags.clone())));
        let own = model.load_balancers.iter().map(|(key, it)| (key, &it.tags));
        let own = own.chain(model.services.iter().map(|(key, it)| (key, &it.tags)));
        let untold = own.filter(|(key, tags)| tags.is_empty() && only_described(model, key));
        let untold = untold.map(|(key, _)| key.clone()).collect();
        Self { known, untold }
    }

    fn keys(&self, selector: &Selector) -> Result<Vec<Key>, Diagnostic> {
        let matching = self
            .known
            .iter()
            .filter(|(key, tags)| selector.matches(key.as_str(), key.resource_type(), tags));
        let found: Vec<Key> = matching.map(|(key, _)| key.clone()).collect();
        if found.is_empty() && !self.is_untold(selector) {
            return Err(no_match(selector, self.known.keys().map(Key::as_str)));
        }
        Ok(found)
    }

    /// Whether a selector may mean things whose tags aren't shown.
    fn is_untold(&self, selector: &Selector) -> bool {
        matches!(selector.kind, SelectorKind::Tag { .. }) && !self.untold.is_empty()
    }

    /// Says whose tags would have to be known.
    fn doubt(&self, kind: &ExpectationKind, tally: &mut Tally) {
        let selectors = match kind {
            ExpectationKind::CanStart(selector) => vec![selector],
            ExpectationKind::Can(flow) | ExpectationKind::Cannot(flow) => {
                [&flow.from, &flow.to].into_iter().chain(&flow.except_through).collect()
            }
        };
        for selector in selectors.into_iter().filter(|selector| self.is_untold(selector)) {
            let named = self.untold.iter().take(MOST_UNTOLD);
            let more = self.untold.len().saturating_sub(MOST_UNTOLD);
            let more = (more > 0).then(|| format!("{more} more"));
            let whose = listed(named.map(ToString::to_string).chain(more));
            tally.unknown(format!(
                "whether `{}` means {whose}: no source shows tags",
                selector.text
            ));
        }
    }

    fn ends(&self, proof: &Proof<'_>, selector: &Selector) -> Result<Vec<End>, Diagnostic> {
        match &selector.kind {
            SelectorKind::Internet => Ok(vec![End::Internet]),
            SelectorKind::Vpc => Ok(vec![End::Vpc]),
            SelectorKind::Cidr(cidr) => Ok(vec![End::Addresses(AddrSet::prefix(*cidr))]),
            SelectorKind::Ingress => {
                let owners = ingress(proof);
                let keys: BTreeSet<&Key> =
                    owners.iter().filter_map(|relay| proof.lowered.relay_owner(*relay)).collect();
                if keys.is_empty() {
                    return Err(no_match(selector, std::iter::empty()));
                }
                Ok(keys.into_iter().cloned().map(End::Owner).collect())
            }
            _ => Ok(self.keys(selector)?.into_iter().map(End::Owner).collect()),
        }
    }

    fn prove(
        &self,
        proof: &Proof<'_>,
        expectation: &Expectation,
        built_in: &[Statement],
    ) -> Result<Statement, Vec<Diagnostic>> {
        let mut tally = Tally::new();
        let on = match &expectation.kind {
            ExpectationKind::CanStart(selector) => {
                let keys = self.keys(selector).map_err(|problem| vec![problem])?;
                starts(proof, &keys, built_in, &mut tally);
                keys
            }
            ExpectationKind::Can(flow) => self.flow(proof, flow, Wanted::Open, &mut tally)?,
            ExpectationKind::Cannot(flow) => self.flow(proof, flow, Wanted::Closed, &mut tally)?,
        };
        self.doubt(&expectation.kind, &mut tally);
        let on: Vec<&Key> = on.iter().collect();
        let text = match &expectation.why {
            Some(why) => format!("{expectation} ({why})"),
            None => expectation.to_string(),
        };
        let mut statement = tally.statement("expectation", Family::Expectation, &on, text);
        statement.id = format!("expectation:{expectation}");
        Ok(statement)
    }

    fn flow(
        &self,
        proof: &Proof<'_>,
        flow: &Flow,
        wanted: Wanted,
        tally: &mut Tally,
    ) -> Result<Vec<Key>, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let mut read = |selector: &Selector| match self.ends(proof, selector) {
            Ok(ends) => ends,
            Err(problem) => {
                problems.push(problem);
                Vec::new()
            }
        };
        let (from, to) = (read(&flow.from), read(&flow.to));
        let avoid: BTreeSet<RelayId> = match &flow.except_through {
            None => BTreeSet::new(),
            Some(selector) if selector.kind == SelectorKind::Ingress => ingress(proof),
            Some(selector) => read(selector)
                .iter()
                .filter_map(|end| match end {
                    End::Owner(key) => Some(proof.lowered.relays_of(key)),
                    _ => None,
                })
                .flatten()
                .copied()
                .collect(),
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        let services = flow.ports.clone().unwrap_or_else(ServiceSet::all);
        let asked = Asked { services, avoid, wanted };
        for to in &to {
            for from in &from {
                connection(proof, from, to, &asked, tally);
            }
        }
        let named = from.iter().chain(&to).filter_map(|end| match end {
            End::Owner(key) => Some(key.clone()),
            _ => None,
        });
        Ok(named.collect())
    }
}

struct Asked {
    services: ServiceSet,
    avoid: BTreeSet<RelayId>,
    wanted: Wanted,
}

/// The relays that the internet meets first: managed fronts, and load balancers that it reaches.
fn ingress(proof: &Proof<'_>) -> BTreeSet<RelayId> {
    let mut all = BTreeSet::new();
    for (relay, id) in proof.lowered.net.relays.iter().zip(0..) {
        let met = match &relay.front {
            Front::Managed(sources) => !sources.is_empty(),
            Front::Interfaces(list) => list.iter().any(|interface| {
                let question = proof.internet_to(*interface, &ServiceSet::all()).direct();
                proof.ask(&question).verdict != farmgate_net::reach::Verdict::No
            }),
        };
        if met {
            all.insert(RelayId(id));
        }
    }
    all
}

fn connection(proof: &Proof<'_>, from: &End, to: &End, asked: &Asked, tally: &mut Tally) {
    let End::Owner(target) = to else {
        outward(proof, from, to, asked, tally);
        return;
    };
    let own = proof.lowered.interfaces_of(target);
    if own.is_empty() {
        managed(proof, from, target, asked, tally);
        return;
    }
    if let End::Internet = from {
        let Asked { services, avoid, wanted } = asked;
        internet_reaches(proof, target, services, avoid, *wanted, tally);
        return;
    }
    for interface in own {
        for question in openers(proof, from, *interface, asked) {
            let answer = proof.ask(&question.1);
            tally.answer(&answer, asked.wanted, &question.0, target.as_str());
        }
    }
}

/// The questions for one target interface, each with the name of its opener.
fn openers(
    proof: &Proof<'_>,
    from: &End,
    to: farmgate_net::topology::InterfaceId,
    asked: &Asked,
) -> Vec<(String, Question)> {
    let finish = |question: Question| {
        let question = question.avoiding(asked.avoid.iter().copied());
        if asked.wanted == Wanted::Open { question.reliably() } else { question }
    };
    let place = Place::Interface(to);
    match from {
        End::Owner(key) => {
            let own = proof.lowered.interfaces_of(key).iter().filter(|i| **i != to);
            own.map(|i| {
                let question =
                    Question::new(Place::Interface(*i), place.clone(), asked.services.clone());
                (key.to_string(), finish(question))
            })
            .collect()
        }
        End::Vpc => {
            let question = from_site(proof, to, &asked.services);
            question
                .map(|q| ("any host of the network".to_owned(), finish(q)))
                .into_iter()
                .collect()
        }
        End::Addresses(addresses) => {
            let mut all = Vec::new();
            if let Some(mut question) = from_site(proof, to, &asked.services)
                && let Place::Hosts(site, inside) = &question.from
            {
                let here = inside.intersect(addresses);
                if !here.is_empty() {
                    question.from = Place::Hosts(*site, here);
                    all.push((format!("a host in {addresses}"), finish(question)));
                }
            }
            let outside = addresses.intersect(&AddrSet::internet());
            if !outside.is_empty() {
                let name = format!("a host in {addresses}");
                let from = Outside {
                    name: name.clone(),
                    addresses: outside,
                    lists: Vec::new(),
                    off_lists: Vec::new(),
                };
                let question = Question::new(Place::Anywhere(from), place, asked.services.clone());
                all.push((name, finish(question)));
            }
            all
        }
        End::Internet => Vec::new(),
    }
}

/// To the internet, to addresses, or to any host of the network.
fn outward(proof: &Proof<'_>, from: &End, to: &End, asked: &Asked, tally: &mut Tally) {
    let End::Owner(key) = from else {
        tally.unknown("what other hosts may open, of which the sources say nothing");
        return;
    };
    let outside = match to {
        End::Internet => beyond_endpoints(proof),
        End::Addresses(addresses) => Outside {
            name: addresses.to_string(),
            addresses: addresses.clone(),
            lists: Vec::new(),
            off_lists: Vec::new(),
        },
        _ => {
            tally.unknown("what other hosts admit, of which the sources say nothing");
            return;
        }
    };
    let name = outside.name.clone();
    let place = match asked.wanted {
        Wanted::Open => Place::Outside(outside),
        Wanted::Closed => Place::Anywhere(outside),
    };
    for interface in proof.lowered.interfaces_of(key) {
        let from = Place::Interface(*interface);
        let mut question = Question::new(from, place.clone(), asked.services.clone());
        if asked.wanted == Wanted::Open {
            question = question.reliably();
        }
        let answer = proof.ask(&question);
        tally.answer(&answer, asked.wanted, key.as_str(), &name);
    }
}

/// The internet without the services of AWS for which there are gateway endpoints: their addresses are
/// public ones, and a way by such an endpoint leads to the service and not to the internet.
pub(super) fn beyond_endpoints(proof: &Proof<'_>) -> Outside {
    let gateways = proof.model.endpoints.values().filter(|e| e.kind == EndpointKind::Gateway);
    let names = gateways.filter_map(|endpoint| endpoint.service_name.get());
    let lists = names.filter_map(|name| proof.lowered.lists.get(name.as_str()));
    Outside { off_lists: lists.copied().collect(), ..Lowered::internet() }
}

/// To an API or a distribution, which has no interface of its own.
fn managed(proof: &Proof<'_>, from: &End, target: &Key, asked: &Asked, tally: &mut Tally) {
    let open = proof.lowered.relays_of(target).iter().any(|relay| {
        let front = proof.lowered.net.relays.get(relay.index()).map(|r| &r.front);
        matches!(front, Some(Front::Managed(sources)) if !sources.is_empty())
    });
    let through = proof.lowered.relays_of(target).iter().any(|r| asked.avoid.contains(r));
    match (from, open && !through, asked.wanted) {
        (End::Internet, true, Wanted::Open) | (End::Internet, false, Wanted::Closed) => {}
        (End::Internet, _, _) => {
            let text = if open { "is open to the internet" } else { "is private" };
            tally.fact(Verdict::Refuted, "MANAGED_FRONT", target, text);
        }
        _ => tally.unknown(format!("how {target} is reached from there")),
    }
}

/// Whether services have what they need in order to start.
fn starts(proof: &Proof<'_>, keys: &[Key], built_in: &[Statement], tally: &mut Tally) {
    for key in keys {
        if !proof.model.services.contains_key(key) {
            tally.unknown(format!("what {key} needs in order to start"));
        }
    }
    let needed = |id: &str| {
        let kind = id.split(':').next().unwrap_or_default();
        kind == "pulls-image"
            || kind == "ships-logs"
            || kind.starts_with("fetches-")
            || kind.starts_with("may-")
    };
    for statement in built_in.iter().filter(|s| needed(&s.id)) {
        let about = statement.on.iter().any(|on| keys.iter().any(|key| key.as_str() == on));
        if about {
            tally.adopt(statement);
        }
    }
}
