//! Counts for CloudWatch: once a minute one line for each server on the standard output, in the
//! embedded metric format, from which CloudWatch Logs makes metrics. The scaling of servers on
//! Fargate reads `Requests` (namespace `farmgate`, dimensions `Farm` and `Server`).
//!
//! Minutes without requests are told as well: an alarm without data does nothing, and nothing would
//! ever scale in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use farmgate_wire::Drain;
use serde_json::{Value, json};

use super::{Metrics, ServerMetrics};
use crate::shared::Shared;

const EVERY: Duration = Duration::from_secs(60);

/// What was counted of a server since the gate started.
#[derive(Clone, Copy, Default)]
struct Counted {
    passed: u64,
    refused: u64,
    errors: u64,
    all: u64,
    seconds: f64,
}

/// Writes the counts once a minute, and once more at the end; nothing if it isn't enabled.
pub(crate) async fn emf(shared: Arc<Shared>, enabled: bool, until: Drain) {
    if !enabled {
        return;
    }
    let mut told = BTreeMap::new();
    let mut minute = tokio::time::interval(EVERY);
    minute.tick().await;
    let mut ended = false;
    while !ended {
        tokio::select! {
            _ = minute.tick() => {}
            () = until.begun() => ended = true,
        }
        let state = shared.state.load_full();
        let servers = state.servers.iter().map(|server| (&*server.name, &*server.metrics));
        for line in shared.metrics.emf_lines(servers, &mut told, SystemTime::now()) {
            // A line for which there is no room is one that the next one makes up for, but for its
            // minute.
            let _ = shared.log.say(&line);
        }
    }
}

impl Metrics {
    /// A line for each server, with what was counted since the last one.
    fn emf_lines<'a>(
        &self,
        servers: impl Iterator<Item = (&'a str, &'a ServerMetrics)>,
        told: &mut BTreeMap<String, Counted>,
        now: SystemTime,
    ) -> Vec<String> {
        let milliseconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let timestamp = u64::try_from(milliseconds).unwrap_or_default();
        let mut lines = Vec::new();
        for (name, metrics) in servers {
            let counted = Counted::of(metrics);
            let before = told.insert(name.to_owned(), counted).unwrap_or_default();
            lines.push(line(&self.farm, name, timestamp, counted.since(before)).to_string());
        }
        lines
    }
}

/// CloudWatch User Guide, "Specification: Embedded metric format".
fn line(farm: &str, server: &str, timestamp: u64, counted: Counted) -> Value {
    let mut metrics = vec![
        json!({ "Name": "Requests", "Unit": "Count" }),
        json!({ "Name": "Refused", "Unit": "Count" }),
        json!({ "Name": "Errors", "Unit": "Count" }),
    ];
    let mut line = json!({
        "Farm": farm,
        "Server": server,
        "Requests": counted.passed,
        "Refused": counted.refused,
        "Errors": counted.errors,
    });
    // Of a minute without requests there is no mean.
    let mean = counted.mean_milliseconds().filter(|mean| mean.is_finite());
    if let (Some(mean), Some(line)) = (mean, line.as_object_mut()) {
        metrics.push(json!({ "Name": "Milliseconds", "Unit": "Milliseconds" }));
        line.insert("Milliseconds".to_owned(), mean.into());
    }
    let directive = json!({
        "Timestamp": timestamp,
        "CloudWatchMetrics": [{
            "Namespace": "farmgate",
            "Dimensions": [["Farm", "Server"]],
            "Metrics": metrics,
        }],
    });
    if let Some(line) = line.as_object_mut() {
        line.insert("_aws".to_owned(), directive);
    }
    line
}

impl Counted {
    fn of(metrics: &ServerMetrics) -> Self {
        let mut counted = Self {
            all: metrics.seconds.get_sample_count(),
            seconds: metrics.seconds.get_sample_sum(),
            ..Self::default()
        };
        for (class, [allowed, refused]) in metrics.requests.iter().enumerate() {
            counted.passed += allowed.get();
            counted.refused += refused.get();
            if class == 5 {
                counted.errors += allowed.get() + refused.get();
            }
        }
        counted
    }

    /// What came since. A server that was taken out and put in again goes on where it was.
    fn since(self, before: Self) -> Self {
        Self {
            passed: self.passed.saturating_sub(before.passed),
            refused: self.refused.saturating_sub(before.refused),
            errors: self.errors.saturating_sub(before.errors),
            all: self.all.saturating_sub(before.all),
            seconds: (self.seconds - before.seconds).max(0.0),
        }
    }

    fn mean_milliseconds(self) -> Option<f64> {
        let count = u32::try_from(self.all).ok().filter(|count| *count > 0)?;
        Some(self.seconds * 1000.0 / f64::from(count))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{BTreeMap, Metrics, UNIX_EPOCH, Value};
    use crate::audit::{Decision, Record};

    fn record(status: u16, decision: Decision, milliseconds: u64) -> Record {
        Record { status, decision, took: Duration::from_millis(milliseconds), ..Record::default() }
    }

    #[test]
    fn every_minute_tells_what_came_in_it_also_if_that_is_nothing() {
        let metrics = Metrics::new("a \"farm\"");
        let server = metrics.server("python");
        let mut told = BTreeMap::new();
        let mut minute = |seconds| {
            let servers = std::iter::once(("python", &*server));
            let now = UNIX_EPOCH + Duration::from_secs(seconds);
            let lines = metrics.emf_lines(servers, &mut told, now);
            assert_eq!(lines.len(), 1);
            serde_json::from_str::<Value>(&lines[0]).unwrap()
        };
        for (status, decision, milliseconds) in [
            (200, Decision::Allowed, 10),
            (202, Decision::Allowed, 20),
            (502, Decision::Allowed, 30),
            (401, Decision::Refused, 40),
            (503, Decision::Refused, 50),
        ] {
            metrics.request(Some(&server), &record(status, decision, milliseconds));
        }
        metrics.request(None, &record(404, Decision::Refused, 1));
        let first = minute(60);
        assert_eq!(first["Farm"], "a \"farm\"");
        assert_eq!(first["Server"], "python");
        assert_eq!((&first["Requests"], &first["Refused"]), (&3.into(), &2.into()));
        assert_eq!(first["Errors"], 2);
        assert!((first["Milliseconds"].as_f64().unwrap() - 30.0).abs() < 0.001);
        let directive = &first["_aws"];
        assert_eq!(directive["Timestamp"], 60_000);
        let cloudwatch = &directive["CloudWatchMetrics"][0];
        assert_eq!(cloudwatch["Namespace"], "farmgate");
        assert_eq!(cloudwatch["Dimensions"], serde_json::json!([["Farm", "Server"]]));
        for metric in cloudwatch["Metrics"].as_array().unwrap() {
            assert!(first[metric["Name"].as_str().unwrap()].is_number(), "{metric}");
        }
        let second = minute(120);
        assert_eq!((&second["Requests"], &second["Refused"]), (&0.into(), &0.into()));
        assert!(second.get("Milliseconds").is_none());
    }
}
