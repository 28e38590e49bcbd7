//! What must hold between the fields of a farm file, and what a type alone doesn't say of one.
//!
//! One file a concern. Each looks at what was really read ([`crate::record::Places::sound`]), so
//! that all that is wrong comes in one run and no mistake is reported twice. Here nothing is proved:
//! whether traffic flows is for those who have the network.

mod amazon;
mod auth;
mod capacity;
mod container;
mod database;
mod existing;
mod ingress;
mod limits;
mod name;
mod network;
mod observe;
mod permission;
mod public_key;
mod reach;
mod route;
mod scale;
mod secret;
mod service;
mod tool;
mod waf;
mod way_out;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, NOT_A_REFERENCE, listed, nearest, quoted};
use crate::farm::{Container, Farm, Server, Service};
use crate::word::Name;
use crate::yaml::{Node, Value};

/// More servers, services or databases are refused: they are compared with each other.
const MOST: usize = 500;

/// Finds what is wrong with a farm as it is written at `root`.
pub(crate) fn check(farm: &Farm, root: &Node, problems: &mut Vec<Diagnostic>) {
    let scope = Scope { farm, root };
    for (key, count) in [
        ("servers", farm.servers.len()),
        ("services", farm.services.len()),
        ("databases", farm.databases.len()),
    ] {
        if count > MOST {
            let title = format!("a farm has at most {MOST} {key}, not {count}");
            let problem = Diagnostic::error("too-many", title).at(&scope.key(&[key]), "");
            problems.push(problem.help("make several farms of it"));
            return;
        }
    }
    name::check(&scope, problems);
    name::tags(&scope, problems);
    network::check(&scope, problems);
    capacity::check(&scope, problems);
    ingress::check(&scope, problems);
    auth::check(&scope, problems);
    public_key::check(&scope, problems);
    limits::check(&scope, problems);
    route::check(&scope, problems);
    for task in scope.tasks() {
        container::check(&scope, &task, problems);
        reach::check(&scope, &task, problems);
        permission::check(&task, problems);
    }
    way_out::check(&scope, problems);
    secret::check(&scope, problems);
    scale::gate(&scope, problems);
    service::check(&scope, problems);
    database::check(&scope, problems);
    tool::check(&scope, problems);
    observe::check(&scope, problems);
}

/// The parts of a file that hold secrets which have no place there.
pub(crate) fn hidden(root: &Node, problems: &[Diagnostic]) -> Arc<[Range<usize>]> {
    let mut hidden = secret::hidden(root);
    // What stands where a reference to a secret is wanted may well be the secret.
    let unlike = problems.iter().filter(|problem| problem.code == NOT_A_REFERENCE);
    hidden.extend(unlike.map(Diagnostic::span));
    hidden.into()
}

/// A farm, and where it is written.
struct Scope<'a> {
    farm: &'a Farm,
    root: &'a Node,
}

/// A server or a service of the farm.
struct Task<'a> {
    /// `servers` or `services`.
    key: &'static str,
    name: &'a Name,
    container: &'a Container,
    kind: Kind<'a>,
}

enum Kind<'a> {
    Server(&'a Server),
    Service(&'a Service),
}

// === impl Scope ===

impl<'a> Scope<'a> {
    /// A key and its value, by the keys that lead to it.
    fn node(&self, path: &[&str]) -> Option<(&'a Node, &'a Node)> {
        let mut found: Option<(&Node, &Node)> = None;
        for key in path {
            found = Some(found.map_or(self.root, |(_, value)| value).entry(key)?);
        }
        found
    }

    /// What to underline of a key; of the nearest that holds it, if it isn't written.
    fn key(&self, path: &[&str]) -> Range<usize> {
        self.nearest(path, |(key, _)| key.mark())
    }

    /// What to underline of a value; of the nearest that holds it, if it isn't written.
    fn value(&self, path: &[&str]) -> Range<usize> {
        self.nearest(path, |(_, value)| value.mark())
    }

    fn nearest(
        &self,
        path: &[&str],
        mark: impl FnOnce((&Node, &Node)) -> Range<usize>,
    ) -> Range<usize> {
        if let Some(found) = self.node(path) {
            return mark(found);
        }
        match path {
            [] => self.root.mark(),
            [before @ .., _] => self.key(before),
        }
    }

    /// The servers and services that the farm runs, disabled ones too.
    fn tasks(&self) -> Vec<Task<'a>> {
        let servers = self.farm.servers.iter().map(|(name, server)| Task {
            key: "servers",
            name,
            container: &server.container,
            kind: Kind::Server(server),
        });
        let services = self.farm.services.iter().filter(|(_, service)| service.existing.is_none());
        let services = services.map(|(name, service)| Task {
            key: "services",
            name,
            container: &service.container,
            kind: Kind::Service(service),
        });
        servers.chain(services).collect()
    }

    /// The servers that are not disabled.
    fn enabled(&self) -> impl Iterator<Item = (&'a Name, &'a Server)> + use<'a> {
        self.farm.servers.iter().filter(|(_, server)| server.container.enabled)
    }
}

// === impl Task ===

impl Task<'_> {
    /// The keys that lead to something in it.
    fn path<'p>(&'p self, rest: &[&'p str]) -> Vec<&'p str> {
        [self.key, self.name.as_str()].into_iter().chain(rest.iter().copied()).collect()
    }
}

// === impl Node ===

impl Node {
    /// A key of a mapping, and its value.
    fn entry(&self, key: &str) -> Option<(&Self, &Self)> {
        let Value::Mapping(entries) = &self.value else {
            return None;
        };
        let is_key = |node: &Self| node.scalar().is_some_and(|scalar| scalar.text == key);
        let entry = entries.iter().find(|(node, _)| is_key(node));
        entry.map(|(key, value)| (key, value))
    }
}

/// What to do about a name that doesn't exist.
fn meant<'n>(name: &str, prefix: &str, known: impl Iterator<Item = &'n str> + Clone) -> String {
    if let Some(near) = nearest(name, known.clone()) {
        return format!("did you mean `{prefix}{near}`?");
    }
    let names: Vec<String> = known.map(|name| format!("{prefix}{name}")).take(10).collect();
    if names.is_empty() {
        return format!("there is none; `{}:` would hold it", prefix.trim_end_matches('.'));
    }
    format!("known here: {}", listed(names.iter().map(String::as_str)))
}

/// Reports whatever is there a second time.
fn twice<T: Ord>(
    items: impl IntoIterator<Item = (T, Range<usize>)>,
    title: impl Fn(&T) -> String,
    help: &str,
    problems: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<T, Range<usize>> = BTreeMap::new();
    for (item, span) in items {
        if let Some(first) = seen.get(&item) {
            let problem = Diagnostic::error("duplicate", title(&item))
                .at(&span, "the second time")
                .context(first, "the first time");
            problems.push(problem.help(help));
        } else {
            seen.insert(item, span);
        }
    }
}

/// That a key has no use where it is.
fn useless(key: &str, at: &Range<usize>, why: &str) -> Diagnostic {
    Diagnostic::error("useless-key", format!("{} has no use here: {why}", quoted(key)))
        .at(at, "")
        .help("remove it")
}
