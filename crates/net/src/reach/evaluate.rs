//! What one variant of a leg admits, and if nothing, the fewest settings that would have to change.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::filter::{Check, Side};
use super::leg::{Domain, Quantifier, Variant};
use super::{Engine, Step, Verdict, steps};
use crate::addr::AddrSet;
use crate::packet::{Packet, PacketSet};
use crate::service::{Service, ServiceSet};
use crate::uncertain::Note;

/// A leg's variant, evaluated.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) title: String,
    /// Whose address is shown in place of the source's.
    pub(crate) translation: Option<String>,
    pub(crate) verdict: Verdict,
    /// Services that get through whatever the unknowns are, and for some value of them.
    pub(crate) services_sure: ServiceSet,
    pub(crate) services_possible: ServiceSet,
    /// The same with the sources.
    pub(crate) sure: PacketSet,
    pub(crate) possible: PacketSet,
    pub(crate) cost: usize,
    pub(crate) assumes: BTreeSet<Note>,
    pub(crate) deciders: BTreeSet<Note>,
    pub(crate) example: Option<Example>,
    pub(crate) steps: Vec<Step>,
}

/// One concrete packet of a leg: its service and what each end is called by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Example {
    pub(crate) service: Service,
    pub(crate) source: Option<IpAddr>,
    pub(crate) destination: Option<IpAddr>,
    pub(crate) translated: Option<IpAddr>,
}

impl Example {
    pub(crate) fn of(&self, side: Side) -> Option<IpAddr> {
        match side {
            Side::Source => self.source,
            Side::Destination => self.destination,
            Side::Translated => self.translated,
        }
    }

    /// The packet as its source sends it.
    pub(crate) fn packet(&self) -> Option<Packet> {
        self.source.map(|peer| Packet { peer, service: self.service })
    }
}

const SIDES: [Side; 3] = [Side::Source, Side::Destination, Side::Translated];

impl Variant {
    fn domain(&self, side: Side) -> Option<&Domain> {
        match side {
            Side::Source => Some(&self.source),
            Side::Destination => Some(&self.destination),
            Side::Translated => self.translated.as_ref(),
        }
    }

    /// What all checks of one side admit together, within its domain and `services`.
    fn admitted(&self, side: Side, services: &ServiceSet, which: Which, without: u64) -> PacketSet {
        let addresses = self.domain(side).map_or_else(AddrSet::all, |d| d.addresses.clone());
        let mut all = PacketSet::product(services, &addresses);
        for (index, check) in self.checks.iter().enumerate() {
            let counts = check.side == side && without & (1 << index.min(63)) == 0;
            if counts && !which.of(check).is_all() {
                all = all.intersect(which.of(check));
            }
        }
        all
    }

    fn quantified(&self, side: Side, admitted: &PacketSet) -> ServiceSet {
        match self.domain(side) {
            Some(Domain { quantifier: Quantifier::One, addresses, .. }) => {
                admitted.services_for_all(addresses)
            }
            Some(_) => admitted.services(),
            None => ServiceSet::all(),
        }
    }
}

#[derive(Clone, Copy)]
enum Which {
    Sure,
    Possible,
}

impl Which {
    fn of(self, check: &Check) -> &PacketSet {
        match self {
            Self::Sure => &check.sure,
            Self::Possible => &check.possible,
        }
    }
}

/// Evaluates one variant for these services. With `explain`, the steps are written out.
pub(crate) fn evaluate(
    engine: &Engine<'_>,
    variant: &Variant,
    services: &ServiceSet,
    explain: bool,
) -> Outcome {
    let mut sure_services = services.clone();
    let mut possible_services = services.clone();
    let mut source_sets = (PacketSet::empty(), PacketSet::empty());
    for side in SIDES {
        if variant.domain(side).is_none() {
            continue;
        }
        let sure = variant.admitted(side, services, Which::Sure, 0);
        let possible = variant.admitted(side, services, Which::Possible, 0);
        sure_services = sure_services.intersect(&variant.quantified(side, &sure));
        possible_services = possible_services.intersect(&possible.services());
        if side == Side::Source {
            source_sets = (sure, possible);
        }
    }
    let verdict = if !sure_services.is_empty() {
        Verdict::Yes
    } else if possible_services.is_empty() {
        Verdict::No
    } else {
        Verdict::Unknown
    };
    let mut outcome = Outcome {
        title: variant.title.clone(),
        translation: variant.translated.as_ref().map(|domain| domain.name.clone()),
        verdict,
        sure: source_sets.0.restrict(&sure_services, &AddrSet::all()),
        possible: source_sets.1.restrict(&possible_services, &AddrSet::all()),
        services_sure: sure_services,
        services_possible: possible_services,
        cost: 0,
        assumes: BTreeSet::new(),
        deciders: BTreeSet::new(),
        example: None,
        steps: Vec::new(),
    };
    if !explain {
        // Causes, assumptions and costs are for whoever reads the ways.
        return outcome;
    }
    match verdict {
        Verdict::Yes => admitted_example(variant, &mut outcome),
        Verdict::Unknown => undecided(variant, services, &mut outcome),
        Verdict::No => blocked(variant, services, &mut outcome),
    }
    outcome.steps = steps::write(engine, variant, &outcome);
    outcome
}

fn example_in(
    variant: &Variant,
    services: &ServiceSet,
    which: Which,
    without: u64,
) -> Option<Example> {
    let mut common = services.clone();
    for side in SIDES.into_iter().filter(|s| variant.domain(*s).is_some()) {
        common = common.intersect(&variant.admitted(side, services, which, without).services());
    }
    let service = common.first()?;
    let only = ServiceSet::single(service);
    let pick = |side: Side| -> Option<Option<IpAddr>> {
        if variant.domain(side).is_none() {
            return Some(None);
        }
        Some(Some(variant.admitted(side, &only, which, without).witness()?.peer))
    };
    Some(Example {
        service,
        source: pick(Side::Source)?,
        destination: pick(Side::Destination)?,
        translated: pick(Side::Translated)?,
    })
}

fn admitted_example(variant: &Variant, outcome: &mut Outcome) {
    outcome.example = example_in(variant, &outcome.services_sure, Which::Sure, 0);
    for check in &variant.checks {
        outcome.assumes.extend(check.assumes.iter().cloned());
    }
}

fn undecided(variant: &Variant, services: &ServiceSet, outcome: &mut Outcome) {
    outcome.example = example_in(variant, &outcome.services_possible, Which::Possible, 0);
    for check in &variant.checks {
        outcome.assumes.extend(check.assumes.iter().cloned());
        let Some(domain) = variant.domain(check.side) else {
            continue;
        };
        let sure = check.sure.restrict(services, &domain.addresses);
        let possible = check.possible.restrict(services, &domain.addresses);
        if sure != possible {
            outcome.deciders.extend(check.deciders.iter().cloned());
        }
    }
    for side in SIDES {
        let Some(domain) = variant.domain(side) else {
            continue;
        };
        let sure = variant.admitted(side, services, Which::Sure, 0);
        let all = variant.quantified(side, &sure);
        let depends = domain.quantifier == Quantifier::One && !sure.services().is_subset(&all);
        if depends {
            outcome.deciders.insert(format!("the address of {}", domain.name).into());
        }
    }
}

/// The fewest checks whose removal lets some packet pass, and that packet.
fn blocked(variant: &Variant, services: &ServiceSet, outcome: &mut Outcome) {
    let count = variant.checks.len().min(63);
    for cost in 1..=count {
        if let Some((without, example)) = drop_some(variant, services, count, cost) {
            outcome.cost = cost;
            outcome.example = Some(example);
            outcome.assumes = blocking_assumptions(variant, services, without);
            return;
        }
    }
    outcome.cost = count + 1;
}

fn drop_some(
    variant: &Variant,
    services: &ServiceSet,
    count: usize,
    cost: usize,
) -> Option<(u64, Example)> {
    let mut chosen: Vec<usize> = (0..cost).collect();
    loop {
        let without = chosen.iter().fold(0_u64, |mask, index| mask | (1 << index));
        if let Some(example) = example_in(variant, services, Which::Possible, without) {
            return Some((without, example));
        }
        // The next combination in lexicographic order.
        let place = (0..cost)
            .rev()
            .find(|place| chosen.get(*place).is_some_and(|index| index + (cost - place) < count))?;
        let start = chosen.get(place).copied()? + 1;
        for (index, later) in chosen.iter_mut().skip(place).zip(start..) {
            *index = later;
        }
    }
}

/// What a denial rests on: one check that alone denies everything if there is one (that with the
/// fewest assumptions), or else all that deny.
fn blocking_assumptions(variant: &Variant, services: &ServiceSet, without: u64) -> BTreeSet<Note> {
    let mut alone: Option<&BTreeSet<Note>> = None;
    for check in &variant.checks {
        let Some(domain) = variant.domain(check.side) else {
            continue;
        };
        if check.possible.restrict(services, &domain.addresses).is_empty()
            && alone.is_none_or(|best| check.assumes.len() < best.len())
        {
            alone = Some(&check.assumes);
        }
    }
    if let Some(notes) = alone {
        return notes.clone();
    }
    let dropped = |index: usize| without & (1 << index.min(63)) != 0;
    let denying = variant.checks.iter().enumerate().filter(|(index, _)| dropped(*index));
    denying.flat_map(|(_, check)| check.assumes.iter().cloned()).collect()
}
