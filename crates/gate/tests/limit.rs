//! Requests at a time: bounds, the fair queue, and that no place is ever lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use farmgate_farm::gate::{Concurrency, Limits};
use farmgate_gate::limit::{Busy, Limiter, Permit};
use tokio::task::{JoinHandle, LocalSet, spawn_local, yield_now};

fn limits(per_server: usize, per_principal: usize, queue: usize, milliseconds: u64) -> Limits {
    let concurrency =
        Concurrency { per_server, per_principal, queue, queue_milliseconds: milliseconds };
    Limits { concurrency, ..Limits::default() }
}

fn limiter(per_server: usize, per_principal: usize, queue: usize) -> Rc<Limiter> {
    Rc::new(Limiter::new(&limits(per_server, per_principal, queue, 60_000)))
}

/// One worker, as the gate has them.
fn worker<F: Future>(work: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(LocalSet::new().run_until(work))
}

/// A request that waits for its turn, and says when it has come.
fn wait(
    limiter: &Rc<Limiter>,
    server: &'static str,
    who: &'static str,
    come: &Rc<RefCell<Vec<&'static str>>>,
) -> JoinHandle<Result<Permit, Busy>> {
    let (limiter, come) = (Rc::clone(limiter), Rc::clone(come));
    spawn_local(async move {
        let permit = limiter.enter(server, who).await?;
        come.borrow_mut().push(who);
        Ok(permit)
    })
}

async fn until(what: impl Fn() -> bool) {
    for _ in 0..100_000 {
        if what() {
            return;
        }
        yield_now().await;
    }
    panic!("it never became so");
}

#[test]
fn a_server_has_so_many_places() {
    worker(async {
        let limiter = Limiter::new(&limits(2, 10, 0, 1000));
        let first = limiter.enter("s", "a").await.unwrap();
        let _second = limiter.enter("s", "b").await.unwrap();
        assert_eq!(limiter.enter("s", "c").await.unwrap_err(), Busy::Queue);
        let _elsewhere = limiter.enter("t", "c").await.unwrap();
        drop(first);
        let _third = limiter.enter("s", "c").await.unwrap();
    });
}

#[test]
fn a_principal_has_so_many_places_at_all_servers() {
    worker(async {
        let limiter = Limiter::new(&limits(10, 2, 5, 1));
        let _first = limiter.enter("s", "a").await.unwrap();
        let second = limiter.enter("t", "a").await.unwrap();
        assert_eq!(limiter.enter("s", "a").await.unwrap_err(), Busy::Principal);
        let _other = limiter.enter("s", "b").await.unwrap();
        drop(second);
        let _third = limiter.enter("s", "a").await.unwrap();
        assert_eq!(limiter.waiting(), 0);
    });
}

#[test]
fn who_waits_too_long_is_told_so() {
    worker(async {
        let limiter = Limiter::new(&limits(1, 10, 5, 5));
        let permit = limiter.enter("s", "a").await.unwrap();
        assert_eq!(limiter.enter("s", "b").await.unwrap_err(), Busy::Server);
        assert_eq!(Busy::Server.seconds(), 1);
        assert_eq!(limiter.waiting(), 0);
        drop(permit);
        limiter.enter("s", "b").await.unwrap();
    });
}

#[test]
fn principals_take_turns() {
    worker(async {
        let limiter = limiter(1, 10, 100);
        let come = Rc::default();
        let held = limiter.enter("s", "x").await.unwrap();
        let mut tasks = Vec::new();
        for who in ["a", "a", "a", "a", "b", "b", "c"] {
            tasks.push(wait(&limiter, "s", who, &come));
            let waiting = tasks.len();
            until(|| limiter.waiting() == waiting).await;
        }
        drop(held);
        for _ in 0..tasks.len() {
            until(|| tasks.iter().any(|task| task.is_finished())).await;
            let at = tasks.iter().position(|task| task.is_finished()).unwrap();
            tasks.remove(at).await.unwrap().unwrap();
        }
        assert_eq!(*come.borrow(), ["a", "b", "c", "a", "b", "a", "a"]);
    });
}

#[test]
fn nobody_fills_the_queue_alone() {
    worker(async {
        let limiter = limiter(1, 100, 4);
        let come = Rc::default();
        let held = limiter.enter("s", "x").await.unwrap();
        let mut greedy: Vec<_> = (0..4).map(|_| wait(&limiter, "s", "a", &come)).collect();
        until(|| limiter.waiting() == 4).await;
        assert_eq!(limiter.enter("s", "a").await.unwrap_err(), Busy::Queue);
        let modest = wait(&limiter, "s", "b", &come);
        until(|| greedy[3].is_finished()).await;
        assert_eq!(greedy.pop().unwrap().await.unwrap().unwrap_err(), Busy::Queue);
        assert_eq!(limiter.waiting(), 4);
        drop(held);
        drop(greedy.remove(0).await.unwrap());
        drop(modest.await.unwrap().unwrap());
        assert_eq!(come.borrow()[..2], ["a", "b"]);
    });
}

#[test]
fn a_full_principal_holds_up_nobody_else() {
    worker(async {
        let limiter = limiter(3, 1, 10);
        let come = Rc::default();
        let held = limiter.enter("s", "a").await.unwrap();
        let second = wait(&limiter, "s", "a", &come);
        until(|| limiter.waiting() == 1).await;
        let _other = limiter.enter("s", "b").await.unwrap();
        assert!(!second.is_finished());
        drop(held);
        second.await.unwrap().unwrap();
    });
}

/// A principal's place that comes free at one server is taken at another.
#[test]
fn a_principals_place_goes_to_its_request_elsewhere() {
    worker(async {
        let limiter = limiter(3, 1, 10);
        let come = Rc::default();
        let held = limiter.enter("s", "a").await.unwrap();
        let elsewhere = wait(&limiter, "t", "a", &come);
        until(|| limiter.waiting() == 1).await;
        drop(held);
        elsewhere.await.unwrap().unwrap();
    });
}

#[test]
fn who_goes_away_leaves_the_queue() {
    worker(async {
        let limiter = limiter(1, 10, 10);
        let come = Rc::default();
        let held = limiter.enter("s", "a").await.unwrap();
        let gone = wait(&limiter, "s", "b", &come);
        until(|| limiter.waiting() == 1).await;
        gone.abort();
        until(|| limiter.waiting() == 0).await;
        let next = wait(&limiter, "s", "c", &come);
        until(|| limiter.waiting() == 1).await;
        drop(held);
        next.await.unwrap().unwrap();
        assert_eq!(*come.borrow(), ["c"]);
    });
}

/// A request whose turn came in the moment in which it went away gives the place on.
#[test]
fn a_place_given_to_the_dead_is_given_on() {
    worker(async {
        let limiter = limiter(1, 10, 10);
        let come = Rc::default();
        let held = limiter.enter("s", "a").await.unwrap();
        let dead = wait(&limiter, "s", "b", &come);
        until(|| limiter.waiting() == 1).await;
        let next = wait(&limiter, "s", "c", &come);
        until(|| limiter.waiting() == 2).await;
        drop(held); // its turn has come,
        dead.abort(); // and it never looked
        next.await.unwrap().unwrap();
        assert_eq!(*come.borrow(), ["c"]);
        limiter.enter("s", "d").await.unwrap();
    });
}

#[test]
fn new_bounds_count_at_once() {
    worker(async {
        let limiter = limiter(1, 1, 10);
        let come = Rc::default();
        let _held = limiter.enter("s", "a").await.unwrap();
        let other = wait(&limiter, "s", "b", &come);
        let own = wait(&limiter, "s", "a", &come);
        until(|| limiter.waiting() == 2).await;
        limiter.update(&limits(3, 1, 10, 60_000));
        let _other = other.await.unwrap().unwrap();
        assert_eq!(limiter.waiting(), 1);
        limiter.update(&limits(3, 2, 10, 60_000));
        let _own = own.await.unwrap().unwrap();
        limiter.update(&limits(1, 1, 0, 60_000));
        assert_eq!(limiter.enter("s", "c").await.unwrap_err(), Busy::Queue);
        limiter.retain_servers(|_| false);
        assert_eq!(limiter.enter("s", "c").await.unwrap_err(), Busy::Queue);
    });
}

/// Several workers, more requests than places, some of which go away: bounds hold at every moment,
/// and in the end every place is free.
#[test]
fn no_place_is_lost_and_none_is_given_twice() {
    const PLACES: usize = 3;
    let limiter = Arc::new(Limiter::new(&limits(PLACES, 2, 16, 20)));
    let running = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let entered = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..4_usize {
            let (limiter, running, entered) = (&limiter, &running, &entered);
            scope.spawn(move || {
                worker(async {
                    for round in 0..400_usize {
                        let requests = (0..6).map(|n| {
                            let at = (round + n) % 2;
                            let who = ["a", "b", "c", "d"][(thread + n) % 4];
                            async move {
                                let enter = limiter.enter(["s", "t"][at], who);
                                // Some clients have no patience at all.
                                let patience =
                                    Duration::from_micros(if n == 5 { 50 } else { 1_000_000 });
                                let Ok(Ok(permit)) = tokio::time::timeout(patience, enter).await
                                else {
                                    return;
                                };
                                let now = running[at].fetch_add(1, Ordering::SeqCst) + 1;
                                assert!(now <= PLACES, "{now} requests under way");
                                entered.fetch_add(1, Ordering::SeqCst);
                                yield_now().await;
                                running[at].fetch_sub(1, Ordering::SeqCst);
                                drop(permit);
                            }
                        });
                        all(requests.collect()).await;
                    }
                });
            });
        }
    });
    assert!(entered.load(Ordering::SeqCst) > 4 * 400, "{entered:?} requests had a place");
    assert_eq!(limiter.waiting(), 0);
    worker(async {
        let mut held = Vec::new();
        for who in ["a", "b", "c"] {
            held.push(limiter.enter("s", who).await.unwrap());
            held.push(limiter.enter("t", who).await.unwrap());
        }
    });
}

/// Runs futures that borrow, all at once.
async fn all<F: Future<Output = ()>>(futures: Vec<F>) {
    let mut futures: Vec<_> = futures.into_iter().map(|future| Some(Box::pin(future))).collect();
    std::future::poll_fn(|context| {
        for slot in &mut futures {
            if slot.as_mut().is_some_and(|future| future.as_mut().poll(context).is_ready()) {
                *slot = None;
            }
        }
        if futures.iter().all(Option::is_none) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}
