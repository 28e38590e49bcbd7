//! Several workers on one address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use arc_swap::ArcSwap;
use farmgate_wire::{Body, Counts, Drain, Handler, Incoming, Peer};
use http::{Request, Response};

use crate::support::{Client, local, settings, tcp, until};

/// Says which worker answers.
struct Number(usize);

impl Handler for Number {
    async fn handle(
        self: Rc<Self>,
        _request: Request<Incoming>,
        _peer: Rc<Peer>,
    ) -> Response<Body> {
        Response::new(Body::full(self.0.to_string()))
    }
}

#[test]
fn connections_that_stay_are_shared_out_evenly() {
    const WORKERS: usize = 2;
    let counts = Arc::new(Counts::new());
    let drain = Drain::new();
    let mut address = "127.0.0.1:0".parse().unwrap();
    let mut threads = Vec::new();
    for number in 0..WORKERS {
        let listener = farmgate_wire::bind(address, true).unwrap();
        address = listener.local_addr().unwrap();
        let (counts, drain) = (Arc::clone(&counts), drain.clone());
        threads.push(thread::spawn(move || {
            let settings = Arc::new(ArcSwap::from_pointee(settings()));
            local(async {
                let handler = Rc::new(Number(number));
                farmgate_wire::serve(listener, None, settings, counts, handler, drain)
                    .await
                    .unwrap();
            });
        }));
    }
    // Until every worker listens, there is nobody to share with.
    let mut seen = BTreeSet::new();
    until("every worker answers", || {
        seen.insert(ask(&mut Client::new(tcp(address))));
        seen.len() == WORKERS
    });
    until("those are gone", || counts.figures().open == 0);
    let mut held: Vec<Client<TcpStream>> = Vec::new();
    let mut by_worker: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..16 {
        let mut client = Client::new(tcp(address));
        *by_worker.entry(ask(&mut client)).or_default() += 1;
        held.push(client);
    }
    assert!(by_worker.values().all(|count| (7..=9).contains(count)), "{by_worker:?}");
    drop(held);
    drain.begin();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(counts.figures().open, 0);
}

/// Which worker has this connection.
fn ask(client: &mut Client<TcpStream>) -> String {
    let answer = client.get("/");
    assert_eq!(answer.status, 200);
    String::from_utf8(answer.body).unwrap()
}
