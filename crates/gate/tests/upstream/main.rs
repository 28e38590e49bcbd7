//! Targets: the choice among them, probes, ejection, names, draining, and the connections to them,
//! against small servers on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod backend;
mod changes;
mod connections;
mod dns;
mod names;
mod picks;
mod probes;
mod trust;

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use farmgate_farm::gate::{Config, Health, Server, Upstream, VERSION};
use farmgate_gate::upstream::{Client, Options, Pick, TargetState, Targets, Unanswered, Upstreams};
use farmgate_wire::{Body, Drain};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::task::{JoinHandle, LocalSet};

/// For answers that are to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a test as the gate's threads run.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

/// Waits until something is so.
async fn until(what: &str, mut is: impl FnMut() -> bool) {
    let wait = async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("never: {what}"));
}

fn upstream(addresses: &[SocketAddr]) -> Upstream {
    let (first, others) = addresses.split_first().unwrap();
    Upstream { also: others.to_vec(), ..Upstream::plain(*first) }
}

fn server(upstream: Upstream) -> Server {
    Server {
        route: "/mcp".to_owned(),
        priority: 100,
        upstream,
        authentication: Vec::new(),
        health: Health {
            path: "/health".to_owned(),
            codes: "200,400-406".to_owned(),
            interval: 1,
            timeout: 1,
            healthy: 2,
            unhealthy: 2,
        },
        drain: 1,
    }
}

/// A configuration of a gate on loopback.
fn config(servers: &[(&str, Server)]) -> Config {
    let servers = servers.iter().map(|(name, server)| ((*name).to_owned(), server.clone()));
    Config {
        version: VERSION,
        farm: "test".to_owned(),
        port: 0,
        listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        plain: false,
        admin: None,
        tls: None,
        hosts: Vec::new(),
        trusted_proxies: Vec::new(),
        allow: Vec::new(),
        idle_timeout: 3600,
        default: Default::default(),
        limits: Default::default(),
        audit: Default::default(),
        servers: servers.collect::<BTreeMap<_, _>>(),
        tools: Vec::new(),
    }
}

/// A gate's upstreams with their control task, which ends when this is dropped.
struct Watched {
    all: Arc<Upstreams>,
    task: Option<JoinHandle<()>>,
}

impl Watched {
    /// Without the control task: nothing is probed.
    fn unwatched(servers: &[(&str, Server)], options: Options) -> Self {
        Self { all: Upstreams::new(&config(servers), options).unwrap(), task: None }
    }

    fn start(servers: &[(&str, Server)], options: Options) -> Self {
        let mut watched = Self::unwatched(servers, options);
        let watch = Arc::clone(&watched.all).watch(Drain::new());
        watched.task = Some(tokio::task::spawn_local(watch));
        watched
    }

    fn server(&self) -> Arc<Targets> {
        self.all.server("server").unwrap()
    }

    fn state(&self, address: SocketAddr) -> TargetState {
        self.try_state(address).unwrap()
    }

    fn try_state(&self, address: SocketAddr) -> Option<TargetState> {
        self.all.states().into_iter().find(|state| state.address == address)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// One server with these targets, which is called `server`.
fn one(addresses: &[SocketAddr]) -> Watched {
    Watched::unwatched(&[("server", server(upstream(addresses)))], Options::default())
}

fn call(text: &str) -> Request<Body> {
    let request = Request::builder().method(Method::POST).uri("/mcp?x=%20y");
    request.body(Body::full(text.to_owned())).unwrap()
}

/// Sends a call, and reads the whole answer.
async fn send(client: &Client, pick: &Pick, text: &str) -> Result<(StatusCode, Bytes), Unanswered> {
    let response = client.send(pick, call(text), PATIENCE).await?;
    whole(response).await.map_err(Unanswered::Broken)
}

async fn whole<B>(response: Response<B>) -> Result<(StatusCode, Bytes), B::Error>
where
    B: http_body::Body<Data = Bytes>,
{
    let (head, body) = response.into_parts();
    Ok((head.status, body.collect().await?.to_bytes()))
}

/// An address at which nothing listens.
async fn nowhere() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}
