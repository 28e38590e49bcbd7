//! TLS to targets: whom to believe, for requests and for probes alike.

use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use arc_swap::ArcSwap;
use farmgate_farm::gate::Upstream;
use farmgate_gate::upstream::{Client, Health, Options, Pool, Unanswered};
use farmgate_wire::{Authority, Body, Certificate, Drain, Handler, Incoming, Peer};
use http::{Request, Response};

use crate::{Watched, run, send, server, until, upstream};

struct Fine;

impl Handler for Fine {
    fn handle(
        self: Rc<Self>,
        _: Request<Incoming>,
        _: Rc<Peer>,
    ) -> impl Future<Output = Response<Body>> + 'static {
        std::future::ready(Response::new(Body::full("secret")))
    }
}

/// A server with a certificate, for as long as the test runs.
fn serve(certificate: &Certificate) -> SocketAddr {
    let listener = farmgate_wire::bind(SocketAddr::from(([127, 0, 0, 1], 0)), false).unwrap();
    let address = listener.local_addr().unwrap();
    let settings = Arc::new(ArcSwap::from_pointee(farmgate_wire::Settings::default()));
    let certificate = Some(certificate.clone());
    tokio::task::spawn_local(async move {
        let (counts, drain) = (Arc::default(), Drain::new());
        farmgate_wire::serve(listener, certificate, settings, counts, Rc::new(Fine), drain).await
    });
    address
}

fn tls(address: SocketAddr) -> Upstream {
    Upstream { tls: true, ..upstream(&[address]) }
}

/// Whether the target is believed: by probes, and by requests.
async fn is_believed(upstream: Upstream) -> bool {
    let servers = [("server", server(upstream))];
    let watched = Watched::start(&servers, Options::default());
    let state = || watched.all.states().into_iter().next().unwrap();
    until("it was probed", || state().probe.is_some()).await;
    let pick = watched.server().find(state().address).unwrap();
    let client = Client::new(Pool::default());
    match send(&client, &pick, "x").await {
        Ok((_, body)) => {
            assert_eq!((&*body, state().health), (&b"secret"[..], Health::Healthy));
            true
        }
        // Nothing of the request was sent to whom it is not meant for.
        Err(Unanswered::Unsent(_, why)) => {
            let probe = state().probe.unwrap();
            assert_eq!(probe.status, None, "{why}");
            assert!(probe.error.unwrap().contains("certificate"), "{why}");
            false
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn without_an_authority_any_certificate_is_taken() {
    run(async {
        let address = serve(&Certificate::self_made(&["other.test".to_owned()]).unwrap());
        assert!(is_believed(tls(address)).await);
    });
}

#[test]
fn with_pins_only_their_certificates_are_taken() {
    run(async {
        let [one, two] =
            [(); 2].map(|()| Certificate::self_made(&["localhost".to_owned()]).unwrap());
        let hex = |certificate: &Certificate| {
            certificate.pin().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let address = serve(&one);
        let pinned = |pins: &[String]| Upstream { pins: pins.to_vec(), ..tls(address) };
        assert!(is_believed(pinned(&[hex(&one)])).await);
        assert!(is_believed(pinned(&[hex(&two), hex(&one)])).await);
        assert!(!is_believed(pinned(&[hex(&two)])).await);
    });
}

#[test]
fn with_an_authority_only_its_certificates_for_this_host_are_taken() {
    run(async {
        let names = ["127.0.0.1".to_owned(), "other.test".to_owned()];
        let [farm, foreign] = [(); 2].map(|()| Authority::make("farm", &names).unwrap());
        let address = serve(&Certificate::signed_by(&farm, &names[..1]).unwrap());
        let trusting = |address, authority: &Authority| Upstream {
            ca: Some(authority.certificate_pem().to_owned()),
            ..tls(address)
        };
        assert!(is_believed(trusting(address, &farm)).await);
        assert!(!is_believed(trusting(address, &foreign)).await);
        // The right authority, for another host.
        let other = serve(&Certificate::signed_by(&farm, &names[1..]).unwrap());
        assert!(!is_believed(trusting(other, &farm)).await);
    });
}

#[test]
fn a_target_that_speaks_no_tls_gets_no_request() {
    run(async {
        let plain =
            crate::backend::Backend::start(crate::backend::Does::Answers(200, "", "")).await;
        let watched =
            Watched::unwatched(&[("server", server(tls(plain.address)))], Options::default());
        let pick = watched.server().pick(&[]).unwrap();
        let connect = std::time::Duration::from_millis(300);
        let client = Client::new(Pool { connect, ..Pool::default() });
        let sent = send(&client, &pick, "x").await;
        assert!(matches!(sent, Err(Unanswered::Unsent(..))));
        assert_eq!(plain.requests(), 0);
    });
}
