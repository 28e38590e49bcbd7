//! One request over HTTP, until the head of an answer that is worth looking at: connecting, proving who
//! calls, waiting as the other side asks, and never following it elsewhere.
//!
//! What was sent and may have been carried out is sent again only if that changes nothing.

use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use farmgate_live::{Endpoint, Unreachable};
use farmgate_wire::Body;
use farmgate_wire::client::{Connection, SendFailure};
use http::header::{DATE, HOST, LOCATION, RETRY_AFTER, USER_AGENT};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use super::explain::{Refused, refused, visible};
use super::identity::Proved;
use super::link::Link;
use super::pool::Coming;
use super::trouble::Trouble;
use super::{heard, wait};

/// The most bytes of an answer that is only looked at.
const SMALL: usize = 64 << 10;
/// How often the same request is made ready again, for whatever reasons.
const MOST_ATTEMPTS: u32 = 8;
/// What we are.
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("farmgate/", env!("CARGO_PKG_VERSION")));

/// A request, but for who makes it.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether it changes nothing if it is carried out twice.
    pub(crate) repeatable: bool,
    /// How long to try to connect.
    pub(crate) patience: Duration,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) head: Parts,
    pub(crate) body: Content,
}

/// An answer's body.
pub(crate) enum Content {
    /// Read already.
    Whole(Vec<u8>),
    /// Still coming.
    Coming(Coming),
}

/// What was tried for one request.
#[derive(Default)]
struct Tried {
    renewed: bool,
    broken: bool,
    waits: u32,
}

impl Link {
    /// Makes a request.
    pub(crate) async fn exchange(&self, outgoing: &Outgoing) -> Result<Answer, Trouble> {
        let endpoint = self.endpoint().await?;
        let mut tried = Tried::default();
        for _ in 0..MOST_ATTEMPTS {
            let (connection, rested) = self.connection(&endpoint, outgoing).await?;
            let (request, proved) = self.ready(&endpoint, outgoing).await?;
            let Some((answer, connection)) =
                self.ask(connection, rested, request, outgoing, &mut tried).await?
            else {
                continue;
            };
            if let Some(answer) = self.look(answer, connection, &proved, &mut tried).await? {
                return Ok(answer);
            }
        }
        Err(Trouble::refused("the farm wants it sent again and again"))
    }

    /// A request with everything on it.
    async fn ready(
        &self,
        endpoint: &Endpoint,
        outgoing: &Outgoing,
    ) -> Result<(Request<Body>, Proved), Trouble> {
        let url = endpoint.url();
        let request = Request::builder().method(outgoing.method.clone()).uri(url.target()).body(());
        let request = request.map_err(|error| Trouble::local(error.to_string()))?;
        let (mut head, ()) = request.into_parts();
        head.headers = outgoing.headers.clone();
        head.headers.insert(USER_AGENT, AGENT);
        let host = HeaderValue::from_str(url.authority());
        head.headers.insert(HOST, host.map_err(|error| Trouble::local(error.to_string()))?);
        let proved = self.settings.identity.prove(&mut head, url, &outgoing.body).await;
        let proved = proved.inspect_err(|trouble| self.tell(&trouble.text))?;
        Ok((Request::from_parts(head, Body::full(outgoing.body.clone())), proved))
    }

    /// A connection, and whether it was used before.
    async fn connection(
        &self,
        endpoint: &Endpoint,
        outgoing: &Outgoing,
    ) -> Result<(Connection, bool), Trouble> {
        if let Some(connection) = self.pool.take(outgoing.repeatable) {
            return Ok((connection, true));
        }
        let until = Instant::now() + outgoing.patience;
        let mut attempt = 0;
        loop {
            let error = match endpoint.connect(self.settings.limits.connect).await {
                Ok(connection) => return Ok((connection, false)),
                Err(error) => error,
            };
            let help = match &error {
                Unreachable::Connect { tls: true, .. } => {
                    ": if the farm has its own authority, name its file with --ca"
                }
                _ => "",
            };
            let hopeless = !help.is_empty() || matches!(error, Unreachable::Elsewhere(_));
            let pause = wait::pause(attempt, Duration::from_secs(2));
            if hopeless || Instant::now() + pause >= until {
                let text = format!("the farm can't be reached: {error}{help}");
                self.tell(&text);
                return Err(Trouble::local(text));
            }
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// Sends it. `None`: it is to be sent again.
    async fn ask(
        &self,
        mut connection: Connection,
        rested: bool,
        request: Request<Body>,
        outgoing: &Outgoing,
        tried: &mut Tried,
    ) -> Result<Option<(Response<Incoming>, Connection)>, Trouble> {
        let sent = connection.send(request);
        match tokio::time::timeout(self.settings.limits.answer, sent).await {
            Ok(Ok(answer)) => Ok(Some((answer, connection))),
            Ok(Err(SendFailure::Unsent(_))) => Ok(None),
            Ok(Err(SendFailure::Broken(_)))
                if outgoing.repeatable && rested && !std::mem::replace(&mut tried.broken, true) =>
            {
                Ok(None)
            }
            Ok(Err(SendFailure::Broken(_))) => {
                let text =
                    "the connection broke off before the answer; it may have been carried out";
                Err(Trouble::broken(text))
            }
            Err(_) => Err(Trouble::broken("the farm did not answer in time")),
        }
    }

    /// Whether an answer is one, or (`None`) a reason to ask again.
    async fn look(
        &self,
        answer: Response<Incoming>,
        connection: Connection,
        proved: &Proved,
        tried: &mut Tried,
    ) -> Result<Option<Answer>, Trouble> {
        let (head, body) = answer.into_parts();
        let mut coming = Coming::new(body, connection, &self.pool);
        if head.status.is_redirection() {
            let to = head.headers.get(LOCATION).and_then(|it| it.to_str().ok()).unwrap_or_default();
            let text = format!(
                "the farm answers {} and sends elsewhere (`{}`), which is not followed: what proves \
                 who calls is for this farm alone",
                head.status.as_u16(),
                visible(to.split('?').next().unwrap_or_default()),
            );
            self.tell(&text);
            return Err(Trouble::refused(text));
        }
        let after = head.headers.get(RETRY_AFTER).and_then(|it| it.to_str().ok());
        let after = after.and_then(|it| wait::retry_after(it, SystemTime::now()));
        match head.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let whole = self.small(&mut coming).await;
                let allowed = head.status == StatusCode::FORBIDDEN && heard::read(&whole).is_some();
                if !allowed
                    && !std::mem::replace(&mut tried.renewed, true)
                    && self.settings.identity.renew(proved).await
                {
                    return Ok(None);
                }
                self.give_refused(head, whole, proved, None)
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let whole = self.small(&mut coming).await;
                let limits = &self.settings.limits;
                if let Some(after) = after.filter(|it| *it <= limits.longest_wait)
                    && tried.waits < limits.most_waits
                {
                    tried.waits += 1;
                    tokio::time::sleep(after).await;
                    return Ok(None);
                }
                if head.status == StatusCode::TOO_MANY_REQUESTS {
                    return self.give_refused(head, whole, proved, after);
                }
                Ok(Some(Answer { head, body: Content::Whole(whole) }))
            }
            _ => Ok(Some(Answer { head, body: Content::Coming(coming) })),
        }
    }

    /// Says what a refusal means. One that is a message is the client's to read as well.
    fn give_refused(
        &self,
        head: Parts,
        whole: Vec<u8>,
        proved: &Proved,
        after: Option<Duration>,
    ) -> Result<Option<Answer>, Trouble> {
        let date = head.headers.get(DATE).and_then(|it| it.to_str().ok()).and_then(wait::date);
        let text = refused(
            &proved.who,
            &Refused {
                status: head.status.as_u16(),
                told: told(&whole),
                ahead: date.map(|theirs| wait::ahead(SystemTime::now(), theirs)),
                after: after.map(|it| it.as_secs()),
            },
        );
        self.tell(&text);
        if matches!(heard::read(&whole), Some(heard::Heard::Answer(..))) {
            return Ok(Some(Answer { head, body: Content::Whole(whole) }));
        }
        Err(Trouble::refused(text))
    }

    async fn small(&self, coming: &mut Coming) -> Vec<u8> {
        coming.whole(SMALL, self.settings.limits.small).await.unwrap_or_default()
    }
}

/// What an answer says of its refusal: the gate's `error`, AWS's `message`, or a message's error.
fn told(body: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    ["/error/message", "/error", "/message", "/Message"]
        .iter()
        .find_map(|path| value.pointer(path)?.as_str().map(str::to_owned))
}

/// The endpoint, shared by all requests.
pub(crate) type Place = Rc<Endpoint>;
