//! What all requests of one run share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use farmgate_live::{Endpoint, Url, roots_of_nobody, system_roots};
use secrecy::ExposeSecret as _;
use tokio::sync::mpsc::Sender;
use tokio::sync::{OnceCell, Semaphore, watch};

use super::exchange::Place;
use super::params::Params;
use super::pool::Pool;
use super::session::Session;
use super::trouble::Trouble;
use super::{Settings, Target};

/// For how long the same line isn't said again.
const SAID: Duration = Duration::from_secs(60);

/// What all requests share.
pub(crate) struct Link {
    pub(crate) settings: Settings,
    pub(crate) pool: Rc<Pool>,
    pub(crate) out: Sender<Bytes>,
    pub(crate) session: Session,
    pub(crate) params: RefCell<Params>,
    /// The version of the last modern request: notifications don't have one.
    pub(crate) modern: RefCell<Option<String>>,
    /// Requests that are sent at the same time.
    pub(crate) turns: Semaphore,
    /// How many of the messages are done before which no later one may be sent.
    pub(crate) passed: watch::Sender<u64>,
    place: OnceCell<Place>,
    said: RefCell<Option<(String, Instant)>>,
    /// Whether all is over but the end of the session: what goes wrong then is nobody's worry.
    pub(crate) ending: Cell<bool>,
}

impl Link {
    pub(crate) fn new(settings: Settings, out: Sender<Bytes>) -> Self {
        Self {
            turns: Semaphore::new(settings.limits.at_once),
            settings,
            pool: Rc::default(),
            out,
            session: Session::default(),
            params: RefCell::default(),
            modern: RefCell::default(),
            passed: watch::Sender::new(0),
            place: OnceCell::new(),
            said: RefCell::default(),
            ending: Cell::new(false),
        }
    }

    /// Where the farm is. It is looked up at the first request, and at every one until it is found.
    pub(crate) async fn endpoint(&self) -> Result<Place, Trouble> {
        let found = self.place.get_or_try_init(|| self.find()).await;
        found.cloned().inspect_err(|trouble| self.tell(&trouble.text))
    }

    async fn find(&self) -> Result<Place, Trouble> {
        let failed = |error: &dyn std::fmt::Display| Trouble::local(error.to_string());
        let url = match &self.settings.target {
            Target::Url(url) => url.clone(),
            Target::Parameter { name, chain } => {
                // An authority of the farm's own says nothing of AWS.
                let roots = system_roots().unwrap_or_else(|_| roots_of_nobody());
                let text = chain.parameter(name, &roots).await.map_err(|error| {
                    Trouble::local(format!("the parameter `{name}` can't be read: {error}"))
                })?;
                Url::parse(text.expose_secret()).map_err(|error| {
                    Trouble::local(format!("the parameter `{name}` holds no URL: {error}"))
                })?
            }
        };
        let roots = match &self.settings.roots {
            Some(roots) => Arc::clone(roots),
            None if url.is_tls() => system_roots().map_err(|error| failed(&error))?,
            None => roots_of_nobody(),
        };
        Ok(Rc::new(Endpoint::new(url, &roots).map_err(|error| failed(&error))?))
    }

    /// Hands a line to the client. If nobody reads any more, the run ends by itself.
    pub(crate) async fn put(&self, line: Bytes) {
        let _ended = self.out.send(line).await;
    }

    /// Says something to people, but not the same again and again.
    pub(crate) fn tell(&self, text: &str) {
        let mut said = self.said.borrow_mut();
        let again = |(last, at): &(String, Instant)| last == text && at.elapsed() < SAID;
        if self.ending.get() || said.as_ref().is_some_and(again) {
            return;
        }
        (self.settings.log)(text);
        *said = Some((text.to_owned(), Instant::now()));
    }

    /// Waits until so many messages are done before which no later one may be sent.
    pub(crate) async fn wait_for(&self, turn: u64) {
        let mut passed = self.passed.subscribe();
        // Whoever counts is this link itself.
        let _closed = passed.wait_for(|passed| *passed >= turn).await;
    }
}

/// Counts, when it is dropped: later messages may be sent.
pub(crate) struct Pass(pub(crate) Rc<Link>);

impl Drop for Pass {
    fn drop(&mut self) {
        self.0.passed.send_modify(|passed| *passed += 1);
    }
}
