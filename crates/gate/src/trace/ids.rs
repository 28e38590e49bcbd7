//! Random bytes for ids: drawn from the system's generator a page at a time, so that an id costs
//! next to nothing. Not for secrets.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::rand;

/// Bytes that are drawn at a time.
const POOL: usize = 1024;

struct Pool {
    bytes: [u8; POOL],
    used: usize,
}

thread_local! {
    static IDS: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL], used: POOL }) };
}

/// Random bytes, never all zero, never given twice.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    IDS.with_borrow_mut(|pool| {
        if pool.used + N > POOL {
            pool.fill();
        }
        let mut id = [0; N];
        for (byte, drawn) in id.iter_mut().zip(pool.bytes.iter_mut().skip(pool.used)) {
            *byte = std::mem::take(drawn);
        }
        pool.used += N;
        if id == [0; N] {
            id = [1; N];
        }
        id
    })
}

impl Pool {
    /// If the generator fails, which it hardly can, ids are counted: they must differ, and keep no
    /// secret.
    fn fill(&mut self) {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        if rand::fill(&mut self.bytes).is_err() {
            for chunk in self.bytes.chunks_mut(8) {
                let count = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                chunk.iter_mut().zip(count).for_each(|(byte, digit)| *byte = digit);
            }
        }
        self.used = 0;
    }
}
