//! What happens to a request: the bridge's own health, whether it is taken, what it is handed to.

use std::rc::Rc;

use farmgate_keys::PRINCIPAL_HEADER;
use farmgate_wire::{Body, Drain, Handler, Incoming, Peer};
use http::{Method, Request, Response, StatusCode};

use crate::admit::Admission;
use crate::answer;
use crate::settings::{Behind, PATH, Settings};
use crate::stdio::Stdio;
use crate::upstream::Upstream;

/// Where a stdio server's bridge says that it is up, as a gate does: what `build` lets a container's
/// health check ask. A server over HTTP may have a page of that name itself.
const HEALTH: &str = "/health";

/// Answers requests.
pub(crate) struct Front {
    admission: Admission,
    behind: Server,
}

enum Server {
    Upstream(Upstream),
    Stdio(Rc<Stdio>),
}

// === impl Front ===

impl Front {
    pub(crate) fn new(settings: &Settings, drain: &Drain) -> Self {
        let admission = Admission::new(settings.public_key.clone(), settings.server.clone());
        let behind = match &settings.behind {
            Behind::Upstream(address) => Server::Upstream(Upstream::new(*address, settings)),
            Behind::Command(start) => Server::Stdio(Stdio::new(settings, start, drain)),
        };
        Self { admission, behind }
    }

    /// Ends what was started.
    pub(crate) async fn end(&self) {
        if let Server::Stdio(stdio) = &self.behind {
            stdio.end().await;
        }
    }

    fn is_health(&self, path: &str) -> bool {
        path == PATH || (path == HEALTH && matches!(self.behind, Server::Stdio(_)))
    }
}

impl Handler for Front {
    async fn handle(self: Rc<Self>, request: Request<Incoming>, peer: Rc<Peer>) -> Response<Body> {
        if self.is_health(request.uri().path()) {
            return match *request.method() {
                Method::GET | Method::HEAD => answer::words(StatusCode::OK, "up\n"),
                _ => answer::not_allowed("GET, HEAD"),
            };
        }
        let caller = match self.admission.admit(request.headers(), peer.address.ip()) {
            Ok(caller) => caller,
            Err(refused) => return answer::words(refused.status, refused.words),
        };
        match &self.behind {
            Server::Upstream(upstream) => upstream.pass(request).await,
            Server::Stdio(stdio) => {
                let mut request = request;
                request.headers_mut().remove(PRINCIPAL_HEADER);
                stdio.answer(request, caller).await
            }
        }
    }
}
