//! Which server a request is for: by its path, exactly as an Application Load Balancer decides it.
//!
//! Patterns are case-sensitive; `*` stands for any text, `?` for one character; they are matched on
//! the path without the query, as it was sent: nothing is decoded, no dot segment is taken out
//! (Elastic Load Balancing User Guide, "Path conditions"). A server that does normalize would see
//! another path than the one that was matched. So a path that can be read in two ways is refused
//! before it is matched ([`check_path`]), and is never repaired.
//!
//! What isn't decided here: who may call ([`crate::authn`]), and which target answers
//! ([`crate::upstream`]).

mod hosts;
mod path;

use std::collections::HashMap;
use std::sync::Arc;

use farmgate_farm::gate::{Answer, Config};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use wildmatch::WildMatch;

pub use hosts::{Foreign, Hosts};
pub use path::{Ambiguous, check_path};

/// All routes of a gate. Compiled once, never changed, used by all workers.
#[derive(Debug)]
pub struct Routes {
    /// In the order in which they are tried.
    routes: Vec<Route>,
    /// The first route whose pattern is this very path.
    exact: HashMap<Box<str>, usize>,
    /// Routes with wildcards, by their place in `routes`, ascending.
    patterns: Vec<(usize, WildMatch)>,
    default: (StatusCode, Arc<str>),
}

/// A server's route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The server.
    pub server: Arc<str>,
    /// The place of the server in the configuration's servers, which are in the order of names.
    pub index: usize,
    /// The path pattern.
    pub pattern: Box<str>,
    /// Lower comes first; servers with the same priority come in the order of names.
    pub priority: u32,
}

// === impl Routes ===

impl Routes {
    /// The routes of a configuration.
    ///
    /// # Errors
    /// If a pattern doesn't begin with `/` or holds what no path holds, if two servers have the same
    /// one, or if the default answer has no valid status.
    pub fn new(config: &Config) -> Result<Self, String> {
        let mut routes = Vec::with_capacity(config.servers.len());
        for (index, (name, server)) in config.servers.iter().enumerate() {
            let pattern = server.route.as_str();
            if !pattern.starts_with('/') || !pattern.bytes().all(|c| c.is_ascii_graphic()) {
                return Err(format!("the route `{pattern}` of server `{name}` is no path pattern"));
            }
            let pattern = pattern.into();
            routes.push(Route {
                server: name.as_str().into(),
                index,
                pattern,
                priority: server.priority,
            });
        }
        // Stable: servers of the same priority stay in the order of names.
        routes.sort_by_key(|route| route.priority);
        let (mut exact, mut patterns) = (HashMap::new(), Vec::new());
        let mut seen: HashMap<&str, &Route> = HashMap::new();
        for (place, route) in routes.iter().enumerate() {
            if let Some(other) = seen.insert(&route.pattern, route) {
                let (one, two) = (&other.server, &route.server);
                let pattern = &route.pattern;
                return Err(format!("servers `{one}` and `{two}` have the same route `{pattern}`"));
            }
            if route.pattern.contains(['*', '?']) {
                patterns.push((place, WildMatch::new(&route.pattern)));
            } else {
                exact.insert(route.pattern.clone(), place);
            }
        }
        let default = default(&config.default)?;
        Ok(Self { routes, exact, patterns, default })
    }

    /// The route of a path, without its query; none if the default answer is due. The path must have
    /// passed [`check_path`].
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Route> {
        let exact = self.exact.get(path).copied();
        let before = exact.unwrap_or(usize::MAX);
        let mut patterns = self.patterns.iter().take_while(|(place, _)| *place < before);
        let found = patterns.find(|(_, pattern)| pattern.matches(path)).map(|(place, _)| *place);
        self.routes.get(found.or(exact)?)
    }

    /// All routes, in the order in which they are tried.
    #[must_use]
    pub fn all(&self) -> &[Route] {
        &self.routes
    }

    /// What is answered where no route matches.
    #[must_use]
    pub fn default_answer(&self) -> Response<Arc<str>> {
        let (status, body) = &self.default;
        let mut response = Response::new(Arc::clone(body));
        *response.status_mut() = *status;
        let json = HeaderValue::from_static("application/json");
        *response.headers_mut() = HeaderMap::from_iter([(header::CONTENT_TYPE, json)]);
        response
    }
}

/// The default answer. A load balancer's fixed response has a status of the 2xx, 4xx or 5xx.
fn default(answer: &Answer) -> Result<(StatusCode, Arc<str>), String> {
    let fits = |status: &StatusCode| matches!(status.as_u16() / 100, 2 | 4 | 5);
    let status = StatusCode::from_u16(answer.status).ok().filter(fits);
    let bad = || format!("the default answer's status {} is none of 2xx, 4xx, 5xx", answer.status);
    Ok((status.ok_or_else(bad)?, answer.body.as_str().into()))
}

#[cfg(test)]
mod tests;
