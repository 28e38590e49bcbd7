//! One question, answered with every hop: `explain internet module.a.aws_ecs_service.b:8080`.

mod secrets;

use std::collections::BTreeSet;
use std::net::IpAddr;

use farmgate_aws::model::Key;
use farmgate_aws::model::Model;
use farmgate_aws::network::Lowered;
use farmgate_net::addr::AddrSet;
use farmgate_net::reach::{Alternative, Answer, Place, Question, Verdict as Reached};
use farmgate_net::service::{ServiceSet, TCP, UDP};
use farmgate_net::topology::{Front, InterfaceId, Outside};
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Serialize;

use crate::prove::{Need, Proof, listed};
use crate::report::Verdict;
use farmgate_farm::diagnostic::nearest;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Explanation {
    /// The question, as a sentence.
    pub question: String,
    /// `proved`: yes, it can; `refuted`: no.
    pub verdict: Verdict,
    /// The answer, in one sentence.
    pub answer: String,
    /// The ways: open ones first, then closed ones by what they lack.
    pub paths: Vec<PathView>,
    /// What was taken from references, since the sources do not say it.
    pub assumes: Vec<String>,
    /// What decides an unknown verdict.
    pub missing: Vec<String>,
}

/// A way from one end to the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PathView {
    /// In words: `directly`, `through aws_lb.a`.
    pub title: String,
    /// Whether it is open whatever the unknowns are.
    pub open: bool,
    /// Every setting on it; those that are not `ok` would have to change.
    pub steps: Vec<Step>,
}

/// A setting on a way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Step {
    /// Whether it lets the connection pass; none if that depends on what no source says.
    pub ok: Option<bool>,
    /// A stable code for the kind of setting.
    pub code: String,
    /// Where it is written.
    pub origin: String,
    /// What it does, or what would have to change.
    pub text: String,
}

/// A question that cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExplainError {
    message: String,
    help: Option<String>,
}

impl ExplainError {
    fn new(message: impl Into<String>, help: Option<String>) -> Self {
        Self { message: message.into(), help }
    }

    /// What was probably meant.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        self.help.clone()
    }
}

/// AWS services by the words that people use, with what a task asks of them.
const SERVICES: [(&str, &[&str]); 9] = [
    ("ecr", &["ecr.api", "ecr.dkr", "s3"]),
    ("ecr.api", &["ecr.api"]),
    ("ecr.dkr", &["ecr.dkr"]),
    ("s3", &["s3"]),
    ("logs", &["logs"]),
    ("secretsmanager", &["secretsmanager"]),
    ("ssm", &["ssm"]),
    ("kms", &["kms"]),
    ("sts", &["sts"]),
];

enum End {
    Owner(Key),
    Internet,
    Addresses(AddrSet),
    Services(&'static [&'static str]),
}

/// Explains whether and how `from` opens connections to `to` (`:8080` or `:udp/53` behind it); or who
/// of `from` (`anyone`, a service, a role) may read `to`, if that is a secret as farm files name it:
/// `secretsmanager:farm/api-keys`, `ssm:/farm/key`.
///
/// # Errors
/// If one of the words names nothing, with the nearest name.
pub fn explain(model: &Model, from: &str, to: &str) -> Result<Explanation, ExplainError> {
    let lowered = Lowered::new(model);
    let proof = Proof::new(model, &lowered);
    if let Some(secret) = secrets::asked(to) {
        return secrets::explain(&proof, from, secret, to);
    }
    let (to_name, services) = port_of(to)?;
    let from_end = end(&proof, from)?;
    let to_end = end(&proof, to_name)?;
    match (&from_end, &to_end) {
        (End::Services(_), _) => Err(ExplainError::new(
            format!("`{from}` is an AWS service, which opens no connections"),
            Some("put what opens the connection first".to_owned()),
        )),
        (End::Owner(key), End::Services(needs)) => Ok(ways(&proof, key, needs, to_name)),
        (_, End::Services(_)) => Err(ExplainError::new(
            format!("the way to `{to_name}` is asked of a resource, not of `{from}`"),
            None,
        )),
        _ => connection(&proof, (from, &from_end), (to_name, &to_end), &services),
    }
}

fn port_of(to: &str) -> Result<(&str, ServiceSet), ExplainError> {
    let Some((name, port)) = to.rsplit_once(':') else {
        return Ok((to, ServiceSet::all()));
    };
    // Instance keys and IPv6 addresses hold colons too.
    if name.contains(':') || port.contains(']') || port.is_empty() {
        return Ok((to, ServiceSet::all()));
    }
    let (protocol, number) = match port.split_once('/') {
        Some(("udp", number)) => (UDP, number),
        Some(("tcp", number)) => (TCP, number),
        Some((other, _)) => {
            let help = "write `:8080`, `:tcp/8080` or `:udp/53`".to_owned();
            return Err(ExplainError::new(format!("unknown protocol `{other}`"), Some(help)));
        }
        None => (TCP, port),
    };
    match number.parse::<u16>() {
        Ok(number) => Ok((name, ServiceSet::ports(protocol, number, number))),
        Err(_) => Err(ExplainError::new(
            format!("`{number}` is no port"),
            Some("ports are numbers from 0 to 65535".to_owned()),
        )),
    }
}

fn end(proof: &Proof<'_>, word: &str) -> Result<End, ExplainError> {
    if word == "internet" {
        return Ok(End::Internet);
    }
    if let Some((_, needs)) = SERVICES.iter().find(|(name, _)| *name == word) {
        return Ok(End::Services(needs));
    }
    if let Ok(prefix) = word.parse::<IpNet>() {
        return Ok(End::Addresses(AddrSet::prefix(prefix)));
    }
    if let Ok(address) = word.parse::<IpAddr>() {
        return Ok(End::Addresses(AddrSet::single(address)));
    }
    let known: BTreeSet<&Key> =
        proof.lowered.interfaces.keys().chain(proof.lowered.relays.keys()).collect();
    let key = proof.model.resolve(word);
    if known.contains(&key) {
        return Ok(End::Owner(key));
    }
    if word == "vpc" {
        let all = proof.lowered.net.sites.iter();
        let addresses = all.fold(AddrSet::empty(), |all, site| all.union(&site.addresses));
        return Ok(End::Addresses(addresses));
    }
    let names: Vec<&str> = known.iter().map(|k| k.as_str()).collect();
    // The end of an address is enough where it is plain which is meant.
    let ending = format!(".{word}");
    let mut ends = names.iter().filter(|name| {
        let bare = name.split_once('[').map_or(**name, |(bare, _)| bare);
        name.ends_with(&ending) || bare.ends_with(&ending) || bare == word
    });
    match (ends.next(), ends.next()) {
        (Some(one), None) => Ok(End::Owner(Key::new(one))),
        (Some(one), Some(two)) => Err(ExplainError::new(
            format!("`{word}` may mean `{one}` or `{two}`"),
            Some("write the whole address".to_owned()),
        )),
        (None, _) => {
            let words = names.iter().copied().chain(["internet", "vpc", "ecr", "s3", "logs"]);
            let help = nearest(word, words).map(|found| format!("did you mean `{found}`?"));
            let count = names.len();
            let help = help.or(Some(format!("{count} resources have interfaces; write an address, `internet`, `vpc`, a CIDR, or an AWS service such as `ecr`")));
            Err(ExplainError::new(format!("`{word}` names nothing here"), help))
        }
    }
}

fn connection(
    proof: &Proof<'_>,
    (from_name, from): (&str, &End),
    (to_name, to): (&str, &End),
    services: &ServiceSet,
) -> Result<Explanation, ExplainError> {
    let on = if *services == ServiceSet::all() { String::new() } else { format!(" on {services}") };
    let question = format!("can {from_name} open a connection to {to_name}{on}?");
    let questions = questions(proof, from, to, services);
    if questions.is_empty() {
        if let (End::Internet, End::Owner(key)) = (from, to) {
            return Ok(managed(proof, key, question));
        }
        return Err(ExplainError::new(
            format!("the sources do not say how `{from_name}` and `{to_name}` are connected"),
            Some("one of the two must be a resource with an interface".to_owned()),
        ));
    }
    let answers: Vec<Answer> = questions.iter().map(|q| proof.engine.ask(q)).collect();
    let best = answers.iter().map(|a| a.verdict).min().unwrap_or(Reached::No);
    let mut paths: Vec<PathView> = Vec::new();
    let mut assumes = BTreeSet::new();
    let mut missing = BTreeSet::new();
    let mut sources = AddrSet::empty();
    for answer in answers.iter() {
        for way in &answer.alternatives {
            let view = view(proof, way);
            // One way through several zones is one way to a reader: the shortest stands for all.
            match paths.iter_mut().find(|p| p.title == view.title && p.open == view.open) {
                Some(old) if view.steps.len() < old.steps.len() => *old = view,
                Some(_) => {}
                None => paths.push(view),
            }
        }
        if answer.verdict == best {
            assumes.extend(answer.assumes.iter().map(ToString::to_string));
            missing.extend(answer.deciders.iter().map(ToString::to_string));
            sources = sources.union(&answer.sure.peers());
        }
    }
    paths.sort_by_key(|p| (!p.open, p.steps.iter().filter(|s| s.ok == Some(false)).count()));
    let verdict = match best {
        Reached::Yes => Verdict::Proved,
        Reached::No => Verdict::Refuted,
        Reached::Unknown => Verdict::Unknown,
    };
    let answer = sentence(verdict, &paths, from, &sources);
    if verdict != Verdict::Unknown {
        missing.clear();
    }
    Ok(Explanation {
        question,
        verdict,
        answer,
        paths,
        assumes: assumes.into_iter().collect(),
        missing: missing.into_iter().collect(),
    })
}

fn sentence(verdict: Verdict, paths: &[PathView], from: &End, sources: &AddrSet) -> String {
    match verdict {
        Verdict::Proved => {
            let open = paths.iter().filter(|p| p.open).map(|p| p.title.clone());
            let open: BTreeSet<String> = open.collect();
            let who = match from {
                End::Owner(_) => String::new(),
                _ => format!(", from {sources}"),
            };
            format!("yes, {}{who}", listed(open))
        }
        Verdict::Refuted => {
            let fewest = paths
                .iter()
                .map(|p| p.steps.iter().filter(|s| s.ok == Some(false)).count())
                .min()
                .unwrap_or(0);
            match fewest {
                0 => "no".to_owned(),
                1 => "no; one setting would have to change".to_owned(),
                many => format!("no; at least {many} settings would have to change"),
            }
        }
        Verdict::Unknown => "that depends on what the sources do not say".to_owned(),
    }
}

fn questions(proof: &Proof<'_>, from: &End, to: &End, services: &ServiceSet) -> Vec<Question> {
    let places: Vec<Place> = match to {
        End::Owner(key) => interfaces(proof, key).map(Place::Interface).collect(),
        End::Internet => vec![Place::Anywhere(Lowered::internet())],
        End::Addresses(addresses) => vec![Place::Anywhere(outside(addresses))],
        End::Services(_) => Vec::new(),
    };
    let mut all = Vec::new();
    for to in &places {
        for from in openers(proof, from, to) {
            if from != *to {
                all.push(Question::new(from, to.clone(), services.clone()));
            }
        }
    }
    all
}

fn interfaces<'p>(proof: &'p Proof<'_>, key: &Key) -> impl Iterator<Item = InterfaceId> + use<'p> {
    proof.lowered.interfaces_of(key).to_vec().into_iter()
}

fn outside(addresses: &AddrSet) -> Outside {
    Outside {
        name: addresses.to_string(),
        addresses: addresses.clone(),
        lists: Vec::new(),
        off_lists: Vec::new(),
    }
}

fn openers(proof: &Proof<'_>, from: &End, to: &Place) -> Vec<Place> {
    match (from, to) {
        (End::Owner(key), _) => interfaces(proof, key).map(Place::Interface).collect(),
        (End::Internet, Place::Interface(_)) => vec![Place::Anywhere(Lowered::internet())],
        (End::Addresses(addresses), Place::Interface(interface)) => {
            let net = &proof.lowered.net;
            let subnet = net.interfaces.get(interface.index()).map(|i| i.subnet);
            let site = subnet.and_then(|s| net.subnets.get(s.index())).map(|s| s.site);
            let mut all = Vec::new();
            if let Some(id) = site
                && let Some(site) = net.sites.get(id.index())
            {
                let here = addresses.intersect(&site.addresses);
                if !here.is_empty() {
                    all.push(Place::Hosts(id, here));
                }
            }
            let beyond = addresses.intersect(&AddrSet::internet());
            if !beyond.is_empty() {
                all.push(Place::Anywhere(outside(&beyond)));
            }
            all
        }
        _ => Vec::new(),
    }
}

fn view(proof: &Proof<'_>, way: &Alternative) -> PathView {
    let step = |s: &farmgate_net::reach::Step| Step {
        ok: s.ok,
        code: s.code.to_owned(),
        origin: s.setting.clone(),
        text: s.text.clone(),
    };
    let mut steps: Vec<Step> = way.steps.iter().map(step).collect();
    let owners: Vec<&Key> =
        way.relays.iter().filter_map(|relay| proof.lowered.relay_owner(*relay)).collect();
    // A gate does it by itself; what stands before it leaves it to the gate.
    let gate = owners.iter().position(|owner| proof.model.gates.contains_key(*owner));
    let at = gate.unwrap_or_default();
    if let Some(trust) = owners.get(at).and_then(|key| proof.authenticates(key)) {
        let ok = match trust.verdict {
            Verdict::Proved => Some(true),
            Verdict::Refuted => Some(false),
            Verdict::Unknown => None,
        };
        // Who authenticates changes nothing about the packets; it is told where it happens.
        let code = if ok == Some(true) { "AUTHORIZED" } else { "NO_AUTHORIZATION" };
        let origin = trust.on.join(", ");
        let mut forwarded = steps.iter().enumerate().filter(|(_, s)| s.code == "FORWARDED");
        let place = forwarded.nth(at).map_or(steps.len(), |(place, _)| place);
        let ok = ok.or(Some(true));
        steps.insert(place, Step { ok, code: code.to_owned(), origin, text: trust.text });
    }
    PathView { title: way.title.clone(), open: way.verdict == Reached::Yes, steps }
}

/// An API or a distribution: a front of the provider's.
fn managed(proof: &Proof<'_>, key: &Key, question: String) -> Explanation {
    let fronts = proof.lowered.relays_of(key).iter();
    let open = fronts
        .filter_map(|relay| proof.lowered.net.relays.get(relay.index()))
        .any(|relay| matches!(&relay.front, Front::Managed(sources) if !sources.is_empty()));
    let text = if open { "is open to the internet" } else { "is private" };
    Explanation {
        question,
        verdict: if open { Verdict::Proved } else { Verdict::Refuted },
        answer: if open { "yes".to_owned() } else { "no".to_owned() },
        paths: vec![PathView {
            title: "directly".to_owned(),
            open,
            steps: vec![Step {
                ok: Some(open),
                code: "MANAGED_FRONT".to_owned(),
                origin: key.to_string(),
                text: text.to_owned(),
            }],
        }],
        assumes: Vec::new(),
        missing: Vec::new(),
    }
}

/// The ways from a task to AWS services.
fn ways(proof: &Proof<'_>, key: &Key, needs: &[&'static str], word: &str) -> Explanation {
    let mut worst = Verdict::Proved;
    let mut paths = Vec::new();
    let mut answers = Vec::new();
    let mut assumes = BTreeSet::new();
    let mut missing = BTreeSet::new();
    for service in needs {
        let way = proof.way(key, Need { service, asks: &[] });
        let verdict = way.tally.verdict();
        worst = worst.min(verdict);
        let words = way.words();
        answers.push(match verdict {
            Verdict::Proved => format!("{service} by {words}"),
            Verdict::Refuted => format!("{service} not at all"),
            Verdict::Unknown => format!("{service} perhaps"),
        });
        let statement =
            way.tally.statement("way", crate::report::Family::Life, &[key], String::new());
        assumes.extend(statement.assumes);
        missing.extend(statement.missing);
        let ok = |code: &str| match verdict {
            Verdict::Proved => Some(true),
            _ if matches!(code, "ADMITTED" | "FORWARDED") => Some(true),
            Verdict::Refuted => Some(false),
            Verdict::Unknown => None,
        };
        paths.push(PathView {
            title: format!("{service} by {words}"),
            open: verdict == Verdict::Proved,
            steps: statement
                .because
                .into_iter()
                .map(|b| Step { ok: ok(&b.code), code: b.code, origin: b.origin, text: b.text })
                .collect(),
        });
    }
    let yes = if worst == Verdict::Proved { "yes" } else { "no" };
    Explanation {
        question: format!("how does {key} reach {word}?"),
        verdict: worst,
        answer: format!("{yes}: {}", answers.join("; ")),
        paths,
        assumes: assumes.into_iter().collect(),
        missing: missing.into_iter().collect(),
    }
}
