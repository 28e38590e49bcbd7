//! Serves a fixed answer to every request, on one or more workers: what this crate costs by itself,
//! for `bench/gate` and profilers. `cargo run --release -p farmgate-wire --example fixed -- 127.0.0.1:8080 1`.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use farmgate_wire::{Body, Counts, Drain, Handler, Incoming, Peer, Settings};
use http::{Request, Response};

struct Fixed;

impl Handler for Fixed {
    async fn handle(self: Rc<Self>, request: Request<Incoming>, _: Rc<Peer>) -> Response<Body> {
        let time = Duration::from_secs(10);
        match farmgate_wire::body::collect(request.into_body(), 1 << 20, time).await {
            Ok(_) => Response::new(Body::full(&br#"{"jsonrpc":"2.0","id":1,"result":{}}"#[..])),
            Err(error) => {
                let mut answer = Response::new(Body::Empty);
                *answer.status_mut() = error.status();
                answer
            }
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned()).parse()?;
    let workers: usize = arguments.next().unwrap_or_else(|| "1".to_owned()).parse()?;
    let settings = Arc::new(ArcSwap::from_pointee(Settings::default()));
    let counts = Arc::new(Counts::new());
    let drain = Drain::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|_| {
                let (settings, counts, drain) = (settings.clone(), counts.clone(), drain.clone());
                scope.spawn(move || -> std::io::Result<()> {
                    let listener = farmgate_wire::bind(address, true)?;
                    let runtime =
                        tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                    let serve = farmgate_wire::serve(
                        listener,
                        None,
                        settings,
                        counts,
                        Rc::new(Fixed),
                        drain,
                    );
                    tokio::task::LocalSet::new().block_on(&runtime, serve)
                })
            })
            .collect();
        for worker in workers {
            worker.join().map_err(|_| "a worker panicked")??;
        }
        Ok(())
    })
}
