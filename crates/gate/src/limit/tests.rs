//! Rates, with a clock that only moves when told; and the bound of their tables.

use std::net::{Ipv4Addr, Ipv6Addr};

use governor::clock::FakeRelativeClock;

use super::*;

fn limits(requests: u32, seconds: u64) -> Limits {
    let rate = Rate { requests, seconds };
    Limits { per_address: rate, per_principal: rate, ..Limits::default() }
}

fn v4(bits: u32) -> IpAddr {
    Ipv4Addr::from_bits(bits).into()
}

#[test]
fn a_quota_may_be_used_at_once_and_comes_back_evenly() {
    let clock = FakeRelativeClock::default();
    let limiter = Limiter::with_clock(&limits(2000, 300), clock.clone());
    for n in 0..2000 {
        assert_eq!(limiter.principal("key:alice"), Ok(()), "request {n}");
    }
    // 300 s / 2000 = 150 ms, and a client is told whole seconds.
    assert_eq!(limiter.principal("key:alice"), Err(Wait { seconds: 1 }));
    assert_eq!(limiter.principal("key:bob"), Ok(()));
    clock.advance(Duration::from_millis(149));
    assert!(limiter.principal("key:alice").is_err());
    clock.advance(Duration::from_millis(1));
    assert_eq!(limiter.principal("key:alice"), Ok(()));
    assert!(limiter.principal("key:alice").is_err());
    clock.advance(Duration::from_secs(300));
    for n in 0..2000 {
        assert_eq!(limiter.principal("key:alice"), Ok(()), "request {n} of the next five minutes");
    }
    assert!(limiter.principal("key:alice").is_err());
}

#[test]
fn the_wait_is_rounded_up_to_whole_seconds() {
    let clock = FakeRelativeClock::default();
    let limiter = Limiter::with_clock(&limits(2, 25), clock.clone());
    assert_eq!((limiter.principal("p"), limiter.principal("p")), (Ok(()), Ok(())));
    assert_eq!(limiter.principal("p"), Err(Wait { seconds: 13 }));
    clock.advance(Duration::from_millis(12_400));
    assert_eq!(limiter.principal("p"), Err(Wait { seconds: 1 }));
}

#[test]
fn a_rate_of_none_lets_none_through_and_odd_rates_are_taken() {
    let limiter = Limiter::with_clock(&limits(0, 60), FakeRelativeClock::default());
    assert_eq!(limiter.principal("p"), Err(Wait { seconds: 60 }));
    for (requests, seconds) in [(1, 0), (u32::MAX, 1), (1, u64::MAX), (u32::MAX, u64::MAX)] {
        let limiter = Limiter::with_clock(&limits(requests, seconds), FakeRelativeClock::default());
        assert_eq!(limiter.principal("p"), Ok(()), "{requests} in {seconds}");
    }
}

#[test]
fn an_ipv6_network_is_one_client_and_mapped_ipv4_is_ipv4() {
    let limiter = Limiter::with_clock(&limits(1, 60), FakeRelativeClock::default());
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    assert!(limiter.address(ip("2001:db8:1:2::1")).is_ok());
    assert!(limiter.address(ip("2001:db8:1:2:ffff:ffff:ffff:ffff")).is_err());
    assert!(limiter.address(ip("2001:db8:1:3::1")).is_ok());
    assert!(limiter.address(ip("192.0.2.1")).is_ok());
    assert!(limiter.address(ip("::ffff:192.0.2.1")).is_err());
    assert!(limiter.address(ip("192.0.2.2")).is_ok());
    // `::a.b.c.d` is no IPv4, and not the network that has the same number.
    assert!(limiter.address(Ipv6Addr::from_bits(u128::from(0xc000_0203_u32) << 64).into()).is_ok());
    assert!(limiter.address(v4(0xc000_0203)).is_ok());
}

#[test]
fn an_update_keeps_the_counts_of_rates_that_stay() {
    let clock = FakeRelativeClock::default();
    let mut limits = limits(1, 60);
    let limiter = Limiter::with_clock(&limits, clock);
    assert!(limiter.principal("p").is_ok() && limiter.address(v4(1)).is_ok());
    assert!(limiter.server("s").is_ok() && limiter.server("s").is_ok());
    limits.per_address = Rate { requests: 2, seconds: 60 };
    limits.per_server = Some(Rate { requests: 1, seconds: 60 });
    limiter.update(&limits);
    assert!(limiter.principal("p").is_err());
    assert!(limiter.address(v4(1)).is_ok());
    assert!(limiter.server("s").is_ok() && limiter.server("s").is_err());
    limiter.update(&limits);
    assert!(limiter.server("s").is_err());
    limits.per_server = None;
    limiter.update(&limits);
    assert!(limiter.server("s").is_ok());
}

/// GHSA-9pj6-vhgr-3mwh: a table that grows with whatever clients send.
#[test]
fn a_flood_of_addresses_does_not_grow_the_table() {
    let clock = FakeRelativeClock::default();
    let limiter = Limiter::with_clock(&limits(10, 3600), clock.clone());
    let known = v4(0x0a00_0001);
    assert!(limiter.address(known).is_ok());
    let mut through = 0;
    for n in 0..1_000_000 {
        through += usize::from(limiter.address(v4(0x4000_0000 + n)).is_ok());
    }
    let (addresses, _) = limiter.tracked();
    assert!(addresses <= 65_536, "{addresses} addresses");
    // Those that have a number of their own, and ten for each of the shared ones.
    assert!(through <= 65_536 + 64 * 16 * 10, "{through} requests went through");
    // Who was there before is counted for itself as ever.
    for n in 0..9 {
        assert!(limiter.address(known).is_ok(), "request {n}");
    }
    assert!(limiter.address(known).is_err());
    // When the flood is over, its numbers go, and newcomers have their own again.
    clock.advance(Duration::from_secs(7200));
    for n in 0..10_000 {
        for _ in 0..10 {
            assert!(limiter.address(v4(0x2000_0000 + n)).is_ok());
        }
        assert!(limiter.address(v4(0x2000_0000 + n)).is_err());
    }
    let (addresses, _) = limiter.tracked();
    assert!((10_000..30_000).contains(&addresses), "{addresses} addresses");
}

/// The table forgets only who has the whole quota again, and cleans itself as it goes.
#[test]
fn callers_that_come_once_are_forgotten() {
    let clock = FakeRelativeClock::default();
    let limiter = Limiter::with_clock(&limits(2000, 300), clock.clone());
    for n in 0..500_000 {
        limiter.address(v4(n)).unwrap();
        clock.advance(Duration::from_micros(100));
    }
    // A request is forgotten after 150 ms, in which 1,500 come.
    let (addresses, _) = limiter.tracked();
    assert!(addresses < 8000, "{addresses} addresses");
}

proptest::proptest! {
    /// Governor's own table is the oracle: the same requests get the same answers.
    #[test]
    fn the_table_changes_no_decision(steps in proptest::collection::vec((0_u64..200, 0_u64..400), 0..2000)) {
        let clock = FakeRelativeClock::default();
        let each = Duration::from_millis(100);
        let quota = Quota::with_period(each).unwrap().allow_burst(NonZeroU32::new(5).unwrap());
        let ours = RateLimiter::<_, _, _, NoOpMiddleware<_>>::new(quota, Table::new(each), clock.clone());
        let theirs = RateLimiter::<_, governor::state::keyed::HashMapStateStore<Key>, _, NoOpMiddleware<_>>::new(
            quota, Default::default(), clock.clone());
        for (caller, wait) in steps {
            // All in one part of the table, so that it is cleaned often.
            clock.advance(Duration::from_millis(wait / 10));
            let key = Key(caller);
            proptest::prop_assert_eq!(ours.check_key(&key).is_ok(), theirs.check_key(&key).is_ok());
        }
    }
}

#[test]
fn workers_count_together() {
    let limiter = Limiter::new(&limits(1000, 3600));
    let through = std::thread::scope(|scope| {
        let worker = || (0..1000).filter(|_| limiter.principal("p").is_ok()).count();
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum::<usize>()
    });
    assert_eq!(through, 1000);
}
