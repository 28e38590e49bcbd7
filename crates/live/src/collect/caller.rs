//! One call, until there is an answer or a refusal: signed, sent on a kept connection, tried again
//! after a pause if AWS is busy, page after page.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use farmgate_wire::Body;
use farmgate_wire::body::collect;
use farmgate_wire::client::{Connection, SendFailure};
use http::{HeaderMap, Request, StatusCode};
use rustls::RootCertStore;
use serde_json::Value;

use super::api::{Api, Call, Service};
use super::document::Asked;
use super::refusal::{Kind, Refusal};
use super::{CollectError, Pace, Variable, answer, pages, place, request};
use crate::sign::{Scope, sign};
use crate::{Chain, Endpoint, Renewed, Url};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer's head, and then its body, may take.
const ANSWER: Duration = Duration::from_secs(60);
/// Bytes of one answer.
const LONGEST: usize = 64 << 20;
/// Pages of one call.
const MOST_PAGES: usize = 5_000;
/// The longest pause that AWS may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How often credentials are found again for one call.
const RENEWALS: usize = 2;

/// Makes calls.
pub(super) struct Caller {
    pub(super) api: Api,
    pub(super) chain: Rc<Chain>,
    pub(super) roots: Arc<RootCertStore>,
    pub(super) pace: Pace,
    pub(super) variable: Variable,
    /// Connections that rest, by the authorities of their URLs.
    idle: RefCell<BTreeMap<String, Vec<Connection>>>,
    /// Until when a service of a region is left alone.
    held: RefCell<BTreeMap<(&'static str, String), Instant>>,
}

/// Why there is no answer.
pub(super) enum Failure {
    /// That is what there is to say about it.
    Said(Refusal),
    /// Nothing else would have an answer either.
    Ends(CollectError),
}

/// What came back.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

// === impl Failure ===

impl<E: Into<CollectError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Ends(error.into())
    }
}

// === impl Caller ===

impl Caller {
    pub(super) fn new(
        api: Api,
        chain: Rc<Chain>,
        roots: Arc<RootCertStore>,
        pace: Pace,
        variable: Variable,
    ) -> Self {
        let (idle, held) = (RefCell::default(), RefCell::default());
        Self { api, chain, roots, pace, variable, idle, held }
    }

    /// What an operation answers, all pages of it.
    pub(super) async fn ask(&self, asked: &Asked) -> Result<Value, Failure> {
        let operation = asked.operation;
        let Some((service, call)) = self.api.call(operation.service, operation.name) else {
            return Err(said("UnknownOperation", "it isn't in the table of calls"));
        };
        let url = place::endpoint(service, &asked.region, &*self.variable)?;
        let mut parameters = asked.parameters.clone();
        let mut joined = None;
        for _ in 0..MOST_PAGES {
            let Some(made) = request::build(service, call, &parameters, &url) else {
                return Err(said("UnknownParameter", "a parameter can't be written"));
            };
            let page = self.page(asked, (service, call), &url, made).await?;
            let Some(pages) = &call.pages else { return Ok(page) };
            let next = pages::next(pages, &page);
            joined = Some(pages::join(pages, joined, page));
            match next {
                Some(next) if parameters.get(&pages.take) != Some(&next) => {
                    parameters.insert(pages.take.clone(), next);
                }
                Some(_) => return Err(said("RepeatedPage", "a page names itself as the next")),
                None => return Ok(joined.unwrap_or_default()),
            }
        }
        Err(said("TooManyPages", "there are more pages than are read"))
    }

    /// One page: tries until there is an answer, or a refusal that is one.
    async fn page(
        &self,
        asked: &Asked,
        (service, call): (&Service, &Call),
        url: &Url,
        (head, body): (http::request::Parts, String),
    ) -> Result<Value, Failure> {
        let scope = Scope { region: asked.region.clone(), service: service.signs.clone() };
        let held = (asked.operation.service, asked.region.clone());
        let (mut tries, mut renewals) = (0, 0);
        loop {
            self.wait(&held).await;
            let credentials = self.chain.credentials().await?;
            let mut head = head.clone();
            sign(&mut head, url, body.as_bytes(), &credentials, &scope, SystemTime::now())?;
            tries += 1;
            let (refusal, pause) = match self.send(url, head, body.clone().into()).await {
                Ok(reply) if reply.status.is_success() => {
                    match answer::read(service, call, &reply.body) {
                        Some(value) => return Ok(value),
                        None => return Err(said("Unreadable", "the answer can't be read")),
                    }
                }
                Ok(reply) => {
                    let refusal = Refusal::read(reply.status, &reply.headers, &reply.body);
                    match refusal.kind(reply.status) {
                        Kind::NotNow => (refusal, pause_of(&reply.headers)),
                        Kind::Expired => {
                            renewals += 1;
                            let renewed = self.chain.renew(&credentials).await;
                            if renewals > RENEWALS || renewed == Renewed::Same {
                                return Err(CollectError::Expired(refusal.code).into());
                            }
                            tries -= 1;
                            continue;
                        }
                        Kind::Stranger if asked.operation.service == "sts" => {
                            return Err(
                                CollectError::Stranger(asked.region.clone(), refusal).into()
                            );
                        }
                        Kind::Stranger | Kind::Final => return Err(Failure::Said(refusal)),
                    }
                }
                Err(why) => (Refusal::new(UNREACHABLE, &why), None),
            };
            if tries >= self.pace.tries || asked.operation.ending {
                return Err(Failure::Said(refusal));
            }
            self.hold(held.clone(), pause.unwrap_or_else(|| self.pace.pause(tries)));
        }
    }

    /// Waits while the service is left alone.
    async fn wait(&self, held: &(&'static str, String)) {
        loop {
            let until = self.held.borrow().get(held).copied();
            match until.filter(|until| *until > Instant::now()) {
                // Those that wait don't all come at once again.
                Some(until) => {
                    tokio::time::sleep_until(until.into()).await;
                    tokio::time::sleep(random(self.pace.first)).await;
                }
                None => return,
            }
        }
    }

    fn hold(&self, held: (&'static str, String), pause: Duration) {
        let until = Instant::now() + pause.min(LONGEST_PAUSE);
        let mut all = self.held.borrow_mut();
        let entry = all.entry(held).or_insert(until);
        *entry = until.max(*entry);
    }

    /// Sends a request on a connection that rests, or on a new one; why not, in words.
    async fn send(
        &self,
        url: &Url,
        head: http::request::Parts,
        body: Bytes,
    ) -> Result<Reply, String> {
        let mut request = Request::from_parts(head, Body::full(body));
        loop {
            let rested = self.rested(url);
            let fresh = rested.is_none();
            let mut connection = match rested {
                Some(connection) => connection,
                None => {
                    let endpoint = Endpoint::new(url.clone(), &self.roots);
                    let endpoint = endpoint.map_err(|error| error.to_string())?;
                    endpoint.connect(CONNECT).await.map_err(|error| error.to_string())?
                }
            };
            let sent = tokio::time::timeout(ANSWER, connection.send(request)).await;
            let answer = match sent {
                Err(_) => return Err("no answer in time".to_owned()),
                // A connection that rested may have ended meanwhile.
                Ok(Err(SendFailure::Unsent(unsent))) if !fresh => {
                    request = *unsent;
                    continue;
                }
                Ok(Err(error)) => return Err(error.to_string()),
                Ok(Ok(answer)) => answer,
            };
            let (head, body) = answer.into_parts();
            let body = collect(body, LONGEST, ANSWER).await;
            let body = body.map_err(|error| error.to_string())?;
            let mut idle = self.idle.borrow_mut();
            idle.entry(url.authority().to_owned()).or_default().push(connection);
            return Ok(Reply { status: head.status, headers: head.headers, body });
        }
    }

    fn rested(&self, url: &Url) -> Option<Connection> {
        let mut idle = self.idle.borrow_mut();
        let connections = idle.get_mut(url.authority())?;
        while let Some(connection) = connections.pop() {
            if !connection.is_stale() {
                return Some(connection);
            }
        }
        None
    }
}

/// The code for what can't be reached.
pub(super) const UNREACHABLE: &str = "Unreachable";

fn said(code: &str, message: &str) -> Failure {
    Failure::Said(Refusal::new(code, message))
}

/// `Retry-After` in seconds.
fn pause_of(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

// === impl Pace ===

impl Pace {
    /// How long to wait after so many tries: anything up to a bound that doubles each time (full
    /// jitter).
    fn pause(&self, tries: u32) -> Duration {
        let bound = self.first.saturating_mul(1 << tries.saturating_sub(1).min(16));
        random(bound.min(self.most))
    }
}

/// Any time up to this one. It need not be hard to guess.
fn random(most: Duration) -> Duration {
    let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(RandomState::new().hash_one(0) % most.saturating_add(1))
}
