//! Servers' routes, priorities, endpoints and parameters: every path leads to one server.

use super::{Scope, twice};
use crate::diagnostic::{Diagnostic, quoted};
use crate::farm::Server;
use crate::routes;
use crate::word::{Name, PathPattern};

/// An application load balancer's highest priority.
const HIGHEST: u32 = 50_000;

/// Paths that the gate answers itself.
const RESERVED: [(&str, &str); 3] = [
    (crate::gate::HEALTH_PATH, "where the load balancer asks whether the gate is up"),
    ("/.well-known/*", "where clients find how to authenticate"),
    ("/oauth/*", "where clients authenticate"),
];

/// An enabled server whose route was read.
struct Routed<'a> {
    name: &'a Name,
    server: &'a Server,
    priority: u32,
    /// Whether its priority is written.
    written: bool,
}

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    let priorities = routes::priorities(scope.farm);
    let routed: Vec<Routed<'_>> = scope
        .enabled()
        .filter(|(_, server)| server.at.sound(&["route", "priority"]))
        .filter_map(|(name, server)| {
            let priority = *priorities.get(name)?;
            Some(Routed { name, server, priority, written: server.priority.is_some() })
        })
        .collect();
    let written = routed.iter().filter(|it| it.written);
    let places = written.map(|it| (it.priority, it.server.at.of("priority").clone()));
    let title = |priority: &u32| format!("two servers have priority {priority}");
    twice(places, title, "give each its own; the lower comes first", problems);
    for (at, one) in routed.iter().enumerate() {
        reserved(one, routed.len(), problems);
        if !one.written && one.priority > HIGHEST {
            let title = format!("no priority is left for {}", quoted(one.name.as_str()));
            let problem = Diagnostic::error("out-of-range", title)
                .at(&scope.key(&["servers", one.name.as_str()]), "");
            problems.push(problem.help(format!(
                "it would be {}, and the highest is {HIGHEST}: write a `priority`",
                one.priority
            )));
        }
        problems.extend(routed.iter().take(at).find_map(|other| clash(other, one)));
        endpoint(one, &routed, problems);
    }
    parameters(scope, problems);
}

fn reserved(one: &Routed<'_>, servers: usize, problems: &mut Vec<Diagnostic>) {
    let (route, at) = (&one.server.route, one.server.at.of("route"));
    if route.as_str() == "/*" {
        if servers > 1 {
            let title = "`/*` leads every path to one server, and there are others";
            let problem = Diagnostic::error("shadowed-route", title).at(at, "");
            problems.push(problem.help(format!("write a path of its own: `/{}/*`", one.name)));
        }
        return;
    }
    for (path, why) in RESERVED {
        if route.meets(&PathPattern::of(path)) {
            let (route, path) = (quoted(route.as_str()), quoted(path));
            let title = if path.contains('*') {
                format!("some paths match both {route} and {path}, {why}")
            } else {
                format!("{route} matches {path}, {why}")
            };
            let problem = Diagnostic::error("reserved-path", title).at(at, "");
            problems.push(problem.help(format!("write a path of its own: `/{}/*`", one.name)));
        }
    }
}

/// Two routes that some path matches, unless their priorities decide it well.
fn clash(first: &Routed<'_>, second: &Routed<'_>) -> Option<Diagnostic> {
    let (one, two) = (&first.server.route, &second.server.route);
    // Reported by itself.
    if one.as_str() == "/*" || two.as_str() == "/*" || !one.meets(two) {
        return None;
    }
    let place = |it: &Routed<'_>| it.server.at.of("route").clone();
    let (wide, narrow) = match (one.covers(two), two.covers(one)) {
        (true, true) => {
            let title = format!(
                "{} leads to {} already",
                quoted(two.as_str()),
                quoted(first.name.as_str())
            );
            let problem = Diagnostic::error("same-route", title)
                .at(&place(second), "")
                .context(&place(first), "");
            return Some(problem.help("give each server a path of its own"));
        }
        (true, false) => (first, second),
        (false, true) => (second, first),
        (false, false) if first.written && second.written => return None,
        (false, false) => {
            let title = format!(
                "some paths match both {} and {}",
                quoted(one.as_str()),
                quoted(two.as_str())
            );
            let problem = Diagnostic::error("ambiguous-routes", title)
                .at(&place(second), "")
                .context(&place(first), "");
            return Some(problem.help("write a `priority` for both; the lower comes first"));
        }
    };
    if narrow.priority < wide.priority {
        return None;
    }
    let title = format!(
        "{} is never reached: {} comes first",
        quoted(narrow.server.route.as_str()),
        quoted(wide.server.route.as_str())
    );
    let problem = Diagnostic::error("shadowed-route", title)
        .at(&place(narrow), format!("priority {}", narrow.priority))
        .context(&place(wide), format!("priority {}", wide.priority));
    Some(problem.help(if wide.priority > 1 {
        format!("give {} a `priority` below {}", quoted(narrow.name.as_str()), wide.priority)
    } else {
        format!(
            "give {} a higher `priority`, and {} a lower one",
            quoted(wide.name.as_str()),
            quoted(narrow.name.as_str())
        )
    }))
}

/// Clients find the server where they look for it.
fn endpoint(one: &Routed<'_>, all: &[Routed<'_>], problems: &mut Vec<Diagnostic>) {
    let server = one.server;
    if !server.at.sound(&["endpoint"]) {
        return;
    }
    let route = quoted(server.route.as_str());
    let path = routes::endpoint(server);
    if server.endpoint.is_none() && server.route.endpoint().is_none() {
        let title = format!("clients can't tell which path of {route} to call");
        let problem = Diagnostic::error("missing-endpoint", title).at(server.at.of("route"), "");
        problems.push(problem.help("write it as `endpoint`"));
        return;
    }
    let at =
        if server.at.has("endpoint") { server.at.of("endpoint") } else { server.at.of("route") };
    if !server.route.matches(&path) {
        let title = format!("{} is no path of the route {route}", quoted(&path));
        let problem = Diagnostic::error("endpoint-outside-route", title).at(at, "");
        let problem = problem.context(server.at.of("route"), "");
        problems.push(match server.route.endpoint() {
            Some(path) => problem.help(format!("write `{path}`, or remove it")),
            None => problem.help("write a path that the route matches"),
        });
        return;
    }
    // Routes that hide this one altogether are reported as such.
    let taker = all.iter().find(|other| {
        other.priority < one.priority
            && other.server.route.matches(&path)
            && !other.server.route.covers(&server.route)
    });
    if let Some(taker) = taker {
        let title =
            format!("calls to {} would go to {}", quoted(&path), quoted(taker.name.as_str()));
        let problem = Diagnostic::error("shadowed-endpoint", title)
            .at(at, "")
            .context(taker.server.at.of("route"), "this comes first");
        problems.push(
            problem.help(format!("write another `endpoint` for {}", quoted(one.name.as_str()))),
        );
    }
}

/// Each parameter names one server's URL.
fn parameters(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    if !scope.farm.at.sound(&["farm"]) {
        return;
    }
    let servers = scope.enabled().filter(|(_, server)| server.at.sound(&["parameter"]));
    let places = servers.map(|(name, server)| {
        let at = scope.value(&["servers", name.as_str(), "parameter"]);
        (routes::parameter(scope.farm, name, server), at)
    });
    let title = |name: &String| format!("{} is two servers' parameter", quoted(name));
    twice(places, title, "give each its own", problems);
}
