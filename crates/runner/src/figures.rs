//! What a child and everything below it uses: memory, processor time, processes.
//!
//! Read when asked, from /proc; nothing is sampled in the background and nothing is limited here.

use crate::keeper;
use crate::table;

/// What a child uses, with all its descendants and without farmgate's keeper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Bytes of memory that are resident; what processes share is counted for each of them.
    pub resident: u64,
    /// Seconds of processor time, of processes that ended too.
    pub cpu: f64,
    /// How many processes there are.
    pub processes: usize,
}

// === impl Figures ===

impl Figures {
    /// The figures of what is below the process `of`: a keeper, or (`kept` false) the child itself.
    pub(crate) fn read(of: u32, kept: bool) -> Option<Self> {
        let top = table::one(of)?;
        let mut family = table::descendants(of);
        let mut reaped = 0;
        if kept {
            reaped = top.reaped_ticks;
            // In a namespace of its own the keeper has a second half, which is the first one's
            // only child.
            family.retain(|entry| {
                let is_keeper = entry.parent == of && keeper::is_keeper(entry.pid);
                reaped += if is_keeper { entry.reaped_ticks } else { 0 };
                !is_keeper
            });
        } else {
            family.push(top);
        }
        let living = family.iter().filter(|entry| entry.state != b'Z');
        let pages: u64 = living.clone().map(|entry| entry.pages).sum();
        let ticks: u64 = family.iter().map(|entry| entry.ticks + entry.reaped_ticks).sum();
        let per_second = rustix::param::clock_ticks_per_second().max(1);
        #[expect(clippy::cast_precision_loss, reason = "ticks of centuries fit")]
        let cpu = (ticks + reaped) as f64 / per_second as f64;
        Some(Self {
            resident: pages * rustix::param::page_size() as u64,
            cpu,
            processes: living.count(),
        })
    }
}
