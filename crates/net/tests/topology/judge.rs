//! The engine's answer, held against what happens in every world.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use farmgate_net::packet::Packet;
use farmgate_net::reach::{Engine, Place, Question, Verdict};
use farmgate_net::route::Via;
use farmgate_net::service::{Service, ServiceSet};
use farmgate_net::topology::Network;

use super::random::{case, services};
use super::show::show;
use super::walk::{Source, Walk};
use super::worlds::{each, hosts};

/// How an answer compares.
#[derive(Debug)]
pub(crate) enum Judged {
    /// The same verdict and the same sets.
    Exact,
    /// Unknown, or a larger set of what is possible, where the worlds agree: safe, but less than could be said.
    Careful,
    /// Too many worlds to walk.
    TooMany,
    /// Wrong.
    Wrong(String),
}

/// What gets through in all worlds, and in some.
#[derive(Default)]
struct Truth {
    sure: BTreeSet<(Option<IpAddr>, Service)>,
    possible: BTreeSet<(Option<IpAddr>, Service)>,
    begun: bool,
}

impl Truth {
    fn world(&mut self, admitted: BTreeSet<(Option<IpAddr>, Service)>) {
        self.possible.extend(admitted.iter().copied());
        self.sure = match self.begun {
            false => admitted,
            true => self.sure.intersection(&admitted).copied().collect(),
        };
        self.begun = true;
    }
}

/// The packets that get through in one world, or one set for each address that an unknown end may
/// have. A packet is keyed by the address about which the question asks, if it asks about one.
fn admitted(world: &Network, question: &Question, carries: bool, truth: &mut Truth) {
    let walk = Walk { net: world, replies: question.replies, carries };
    let none = BTreeSet::new();
    let wanted =
        |set: &ServiceSet| services().into_iter().filter(|s| set.contains(*s)).collect::<Vec<_>>();
    match (&question.from, &question.to) {
        (Place::Interface(from), Place::Interface(to)) => {
            let found =
                walk.reach(&Source::Interface(*from), *to, &question.services, question, &none);
            truth.world(found.into_iter().map(|s| (None, s)).collect());
        }
        (Place::Outside(o), Place::Interface(to)) => {
            for s in hosts(&question.from) {
                let source = Source::Outside(s, o.lists.clone());
                let found = walk.reach(&source, *to, &question.services, question, &none);
                truth.world(found.into_iter().map(|service| (None, service)).collect());
            }
        }
        (Place::Anywhere(o), Place::Interface(to)) => {
            let mut all = BTreeSet::new();
            for s in hosts(&question.from) {
                let source = Source::Outside(s, o.lists.clone());
                let found = walk.reach(&source, *to, &question.services, question, &none);
                all.extend(found.into_iter().map(|service| (Some(s), service)));
            }
            truth.world(all);
        }
        (Place::Hosts(..), Place::Interface(to)) => {
            let mut all = BTreeSet::new();
            for s in hosts(&question.from) {
                let found = walk.reach(&Source::Host(s), *to, &question.services, question, &none);
                all.extend(found.into_iter().map(|service| (Some(s), service)));
            }
            truth.world(all);
        }
        (Place::Interface(from), Place::Anywhere(o)) => {
            let mut all = BTreeSet::new();
            for d in hosts(&question.to) {
                for service in wanted(&question.services) {
                    if walk.leaves(*from, d, &o.lists, service) {
                        all.insert((Some(d), service));
                    }
                }
            }
            truth.world(all);
        }
        (Place::Interface(from), Place::Outside(o)) => {
            for d in hosts(&question.to) {
                let all = wanted(&question.services).into_iter();
                let all = all.filter(|service| walk.leaves(*from, d, &o.lists, *service));
                truth.world(all.map(|service| (None, service)).collect());
            }
        }
        other => panic!("{other:?} is not asked"),
    }
}

/// Walks every world of the network that `seed` gives, and compares.
pub(crate) fn judge(seed: u64) -> Judged {
    let (net, question) = case(seed);
    let mut truth = Truth::default();
    let opaque = |via: &Via| matches!(via, Via::Opaque(_));
    let unfollowed = net.tables.iter().flat_map(|t| &t.routes).any(|r| opaque(&r.via));
    let walked = each(&net, |world| {
        admitted(world, &question, false, &mut truth);
        if unfollowed {
            admitted(world, &question, true, &mut truth);
        }
    });
    if !walked {
        return Judged::TooMany;
    }
    let engine = Engine::new(&net);
    let answer = engine.ask(&question);
    let expected = match (truth.sure.is_empty(), truth.possible.is_empty()) {
        (false, _) => Verdict::Yes,
        (true, true) => Verdict::No,
        (true, false) => Verdict::Unknown,
    };
    let describe = |what: &str| {
        Judged::Wrong(format!(
            "{what}\nexpected {expected:?}, sure {:?}, possible {:?}\nanswer {:?}, sure {}, possible {}\n{}",
            truth.sure,
            truth.possible,
            answer.verdict,
            answer.sure,
            answer.possible,
            show(&net, &question)
        ))
    };
    if answer.verdict != expected && answer.verdict != Verdict::Unknown {
        return describe("wrong verdict");
    }
    let mut exact = answer.verdict == expected;
    // The sets of an answer are about sources; where the question asks which source, they are compared.
    let asks_source = matches!(question.from, Place::Anywhere(_) | Place::Hosts(..));
    if asks_source {
        let members: BTreeMap<(Option<IpAddr>, Service), (bool, bool)> = hosts(&question.from)
            .into_iter()
            .flat_map(|peer| services().into_iter().map(move |service| Packet { peer, service }))
            .map(|p| {
                (
                    (Some(p.peer), p.service),
                    (answer.sure.contains(&p), answer.possible.contains(&p)),
                )
            })
            .collect();
        for (packet, (sure, possible)) in &members {
            let (truly, maybe) = (truth.sure.contains(packet), truth.possible.contains(packet));
            if *sure && !truly {
                return describe(&format!("{packet:?} is not sure"));
            }
            if !*possible && maybe {
                return describe(&format!("{packet:?} is possible"));
            }
            exact &= *sure == truly && *possible == maybe;
        }
    }
    if let (Verdict::Yes, Some(first)) = (answer.verdict, answer.alternatives.first())
        && asks_source
        && let Some(witness) = first.witness
        && first.verdict == Verdict::Yes
        && !truth.possible.contains(&(Some(witness.peer), witness.service))
        && hosts(&question.from).contains(&witness.peer)
    {
        return describe(&format!("the witness {witness} does not get through"));
    }
    if exact { Judged::Exact } else { Judged::Careful }
}
