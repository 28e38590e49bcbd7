//! Tells the audit's heads now and then, so that they are kept where other logs are kept, and not
//! with the audit alone.

use std::time::Duration;

use farmgate_wire::Drain;

use super::{Head, Log};

/// How often heads are told: what was cut off can be as much as came since.
const EVERY: Duration = Duration::from_secs(300);

/// Tells every head that is not the one that was told last, every five minutes until `until` begins.
/// It should go to another place than the audit's own lines: to the gate's log.
pub async fn tell_heads(log: Log, tell: impl Fn(&Head), until: Drain) {
    let mut told: Vec<Head> = Vec::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = until.begun() => return,
        }
        let heads = log.heads();
        heads.iter().filter(|head| !told.contains(head)).for_each(&tell);
        told = heads;
    }
}
