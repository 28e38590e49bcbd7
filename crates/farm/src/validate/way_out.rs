//! The way out of the VPC: what needs a NAT gateway has one, and tasks can start.

use std::ops::Range;

use super::{Scope, network};
use crate::diagnostic::{Diagnostic, listed, quoted};
use crate::farm::{Auth, Endpoints, Nat};
use crate::subnets::v4;
use crate::word::{Image, Reach};

/// The endpoints without which no task starts, if there is no NAT gateway: to pull its image, and to
/// write its logs.
const TO_START: [&str; 4] = ["ecr.api", "ecr.dkr", "s3", "logs"];

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let (farm, network) = (scope.farm, &scope.farm.network);
    if !farm.at.sound(&["network"]) || has_nat(scope) {
        return;
    }
    start(scope, problems);
    let gate = &farm.gate;
    if let Some(found) = gate.image.as_ref().filter(|_| gate.at.sound(&["image"])) {
        image(scope, found, gate.at.of("image"), problems);
    }
    for task in scope.tasks().iter().filter(|task| task.container.enabled) {
        let container = task.container;
        if let Some(found) = container.image.as_ref().filter(|_| container.at.sound(&["image"])) {
            image(scope, found, container.at.of("image"), problems);
        }
        for reach in &container.reaches {
            let what = match &reach.value {
                Reach::Internet(_) => "the internet".to_owned(),
                Reach::Cidr(block, _) if v4(block).is_some_and(|it| !network::is_private(it)) => {
                    quoted(&block.to_string())
                }
                Reach::Aws(service) => match &network.endpoints {
                    Endpoints::Only(list) if list.iter().all(|it| it.as_str() != service) => {
                        let title = format!("{} has neither endpoint nor way out", quoted(service));
                        let problem = needs(scope, title, &reach.span).help(format!(
                            "add {} to `endpoints`, or write `nat: one`, under `network`",
                            quoted(service)
                        ));
                        problems.push(problem);
                        continue;
                    }
                    _ => continue,
                },
                _ => continue,
            };
            let title = format!("{what} can't be reached without a NAT gateway");
            problems.push(needs(scope, title, &reach.span));
        }
    }
    auth(scope, problems);
}

fn has_nat(scope: &Scope<'_>) -> bool {
    let network = &scope.farm.network;
    match &network.existing {
        Some(existing) => existing.nat,
        None => network.nat != Nat::None,
    }
}

/// That something needs a NAT gateway.
fn needs(scope: &Scope<'_>, title: String, at: &Range<usize>) -> Diagnostic {
    let existing = scope.farm.network.existing.is_some();
    let path: &[&str] =
        if existing { &["network", "existing", "nat"] } else { &["network", "nat"] };
    let mut problem = Diagnostic::error("needs-nat", title).at(at, "");
    if let Some((_, value)) = scope.node(path) {
        problem = problem.context(&value.mark(), "there is none");
    }
    problem.help(if existing {
        "write `nat: true` under `existing` if the private subnets lead to one"
    } else {
        "write `nat: one` under `network`"
    })
}

/// Tasks can pull their images and write their logs.
fn start(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let at = scope.value(&["network", "endpoints"]);
    match &scope.farm.network.endpoints {
        Endpoints::Auto => {}
        Endpoints::None => {
            let title = "no task could start: there are neither endpoints nor a NAT gateway";
            let problem = Diagnostic::error("cannot-start", title).at(&at, "");
            problems.push(problem.help("write `endpoints: auto`, or `nat: one`, under `network`"));
        }
        Endpoints::Only(list) => {
            let missing: Vec<&str> = TO_START
                .into_iter()
                .filter(|service| list.iter().all(|it| it.as_str() != *service))
                .collect();
            // Reported by itself, and perhaps one of these.
            let bad = list.iter().any(|it| network::wrong_endpoint(it.as_str()).is_some());
            if !missing.is_empty() && !bad {
                let missing = listed(missing);
                let title = format!("no task could start without endpoints for {missing}");
                let problem = Diagnostic::error("cannot-start", title).at(&at, "");
                problems.push(problem.help("add them, or write `endpoints: auto` or `nat: one`"));
            }
        }
    }
}

fn image(scope: &Scope<'_>, image: &Image, at: &Range<usize>, problems: &mut Vec<Diagnostic>) {
    if image.ecr().is_none() {
        let title = format!("{} can't be pulled without a NAT gateway", quoted(image.repository()));
        let problem = needs(scope, title, at);
        let help = problem.help.clone().unwrap_or_default();
        problems.push(problem.help(format!("copy it to a repository of ECR, or {help}")));
    }
}

/// What the gate asks to verify who calls.
fn auth(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let own = scope.enabled().filter_map(|(_, server)| server.auth.as_ref());
    for way in scope.farm.auth.iter().chain(own.flatten()) {
        match way {
            Auth::Oauth(oauth) if oauth.at.sound(&["issuer"]) => {
                let title = "the gate can't ask the issuer for its keys without a NAT gateway";
                problems.push(needs(scope, title.to_owned(), oauth.at.of("issuer")));
            }
            Auth::StsProof(proof) if proof.at.sound(&["regions"]) => {
                let other = proof.regions.iter().find(|region| **region != scope.farm.region);
                if let Some(other) = other.filter(|_| scope.farm.at.sound(&["region"])) {
                    let other = quoted(other.as_str());
                    let title = format!("STS of {other} can't be asked without a NAT gateway");
                    problems.push(needs(scope, title, proof.at.of("regions")));
                }
            }
            _ => {}
        }
    }
}
