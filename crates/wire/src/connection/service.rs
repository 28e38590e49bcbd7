//! A request on its way to the handler: brought into one form, whatever the version of HTTP.

use std::convert::Infallible;
use std::rc::Rc;

use http::header::{self, HeaderMap, HeaderValue};
use http::uri::{PathAndQuery, Uri};
use http::{Method, Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body;

use crate::framing::authority_is_valid;
use crate::incoming::Left;
use crate::link::{Link, Phase};
use crate::listen::{Handler, Peer};
use crate::stream::Answer;
use crate::{Body, Incoming};

/// Answers a request of HTTP/1. The framing guard has seen its head.
pub(super) async fn http1<H: Handler>(
    handler: Rc<H>,
    request: Request<body::Incoming>,
    peer: Rc<Peer>,
    link: Rc<Link>,
) -> Result<Response<Answer>, Infallible> {
    let mut request = request.map(Incoming::new);
    let busy = link.request();
    drop(link);
    if request.uri().authority().is_some() {
        // It is that of `Host`, or the guard had refused it.
        *request.uri_mut() = origin_form(request.uri());
    }
    // hyper keeps the future's place as long as the connection; boxed, what a handler holds is given
    // back when it has answered, and a thousand open streams take 7 MiB less.
    let answer = checked(Box::pin(handler.handle(request, peer)).await);
    Ok(answer.map(|body| Answer::new(body, busy)))
}

/// Answers a request of HTTP/2.
pub(super) async fn http2<H: Handler>(
    handler: Rc<H>,
    request: Request<body::Incoming>,
    peer: Rc<Peer>,
    link: Rc<Link>,
) -> Result<Response<Answer>, Infallible> {
    link.enter(Phase::Idle);
    let busy = link.request();
    // Who waits for a word before it sends its body gets the answer instead.
    let waits = request.headers().contains_key(header::EXPECT);
    let left = Left::default();
    let mut request = request.map(|body| Incoming::kept(body, &left));
    let answer = match take_in(&mut request) {
        Some(()) => checked(handler.handle(request, peer).await),
        None => {
            drop(request);
            status(StatusCode::BAD_REQUEST)
        }
    };
    if !waits {
        left.take().await;
    }
    Ok(answer.map(|body| Answer::watched(body, busy, &link)))
}

/// Brings a request of HTTP/2 into the form of one of HTTP/1.1, under the same rules as the framing
/// guard's. None: it breaks them. That there is no header of HTTP/1's connections in it, and that
/// its length is the declared one, `h2` sees to.
fn take_in(request: &mut Request<Incoming>) -> Option<()> {
    let bodiless = matches!(*request.method(), Method::GET | Method::HEAD | Method::TRACE);
    if *request.method() == Method::CONNECT || (bodiless && !request.body().is_end_stream()) {
        return None;
    }
    if let Some(expect) = request.headers().get(header::EXPECT) {
        expect.as_bytes().eq_ignore_ascii_case(b"100-continue").then_some(())?;
    }
    let host = host(request.uri(), request.headers())?;
    request.headers_mut().insert(header::HOST, host);
    *request.uri_mut() = origin_form(request.uri());
    Some(())
}

/// The one authority that a request of HTTP/2 names, in `:authority`, `host` or both (RFC 9113,
/// 8.3.1).
fn host(uri: &Uri, headers: &HeaderMap) -> Option<HeaderValue> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (host, another) = (hosts.next(), hosts.next());
    let authority = uri.authority().map(|authority| authority.as_str().as_bytes());
    let named = match (authority, host) {
        (_, Some(_)) if another.is_some() => return None,
        (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host.as_bytes()) => {
            return None;
        }
        (Some(authority), _) => HeaderValue::from_bytes(authority).ok()?,
        (None, Some(host)) => host.clone(),
        (None, None) => return None,
    };
    authority_is_valid(named.as_bytes()).then_some(named)
}

/// The URI without its authority.
fn origin_form(uri: &Uri) -> Uri {
    let path = uri.path_and_query().cloned();
    Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")))
}

/// A handler's answer, or 500 if it is none that can be given: interim ones, and a change of
/// protocol, are no answers.
fn checked(answer: Response<Body>) -> Response<Body> {
    if answer.status().is_informational() {
        return status(StatusCode::INTERNAL_SERVER_ERROR);
    }
    answer
}

fn status(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::Empty);
    *answer.status_mut() = status;
    answer
}
