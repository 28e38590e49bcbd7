//! What is counted, and that it is text that Prometheus reads.

use std::time::Duration;

use super::scrape::Snapshot;
use super::*;

fn record(status: u16, decision: Decision, reason: Option<&'static str>) -> Record {
    let took = Duration::from_millis(3);
    Record { status, decision, reason, took, bytes_in: 10, bytes_out: 20, ..Record::default() }
}

/// The value of a sample, by its name with its labels.
fn value(text: &str, sample: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '))?;
    line.parse().ok()
}

#[test]
fn requests_are_counted_by_server_class_and_decision() {
    let metrics = Metrics::new("f");
    let server = metrics.server("s");
    for _ in 0..3 {
        metrics.request(Some(&server), &record(200, Decision::Allowed, None));
    }
    metrics.request(Some(&server), &record(429, Decision::Refused, Some("rate_of_principal")));
    metrics.request(Some(&server), &record(0, Decision::Allowed, Some("client_gone")));
    metrics.request(Some(&server), &record(999, Decision::Allowed, None));
    metrics.request(None, &record(404, Decision::Refused, None));
    let text = metrics.text(&Snapshot::default());
    for (sample, wanted) in [
        (r#"farmgate_requests_total{decision="allowed",server="s",status="2xx"}"#, 3.0),
        (r#"farmgate_requests_total{decision="refused",server="s",status="4xx"}"#, 1.0),
        (r#"farmgate_requests_total{decision="allowed",server="s",status="none"}"#, 2.0),
        (r#"farmgate_requests_total{decision="refused",server="",status="4xx"}"#, 1.0),
        (r#"farmgate_refusals_total{reason="rate_of_principal"}"#, 1.0),
        (r#"farmgate_refusals_total{reason="client_gone"}"#, 1.0),
        (r#"farmgate_request_seconds_count{server="s"}"#, 6.0),
        (r#"farmgate_request_seconds_bucket{server="s",le="0.002"}"#, 0.0),
        (r#"farmgate_request_seconds_bucket{server="s",le="0.005"}"#, 6.0),
        (r#"farmgate_body_bytes_total{direction="in",server="s"}"#, 60.0),
        (r#"farmgate_body_bytes_total{direction="out",server="s"}"#, 120.0),
    ] {
        assert_eq!(value(&text, sample), Some(wanted), "{sample}\n{text}");
    }
}

#[test]
fn handles_of_the_same_server_count_together() {
    let metrics = Metrics::new("f");
    let (before, after) = (metrics.server("s"), metrics.server("s"));
    metrics.request(Some(&before), &record(200, Decision::Allowed, None));
    metrics.request(Some(&after), &record(200, Decision::Allowed, None));
    let open = before.stream();
    let sample = r#"farmgate_open_streams{server="s"}"#;
    assert_eq!(value(&metrics.text(&Snapshot::default()), sample), Some(1.0));
    drop(open);
    let text = metrics.text(&Snapshot::default());
    assert_eq!(value(&text, sample), Some(0.0));
    let sample = r#"farmgate_requests_total{decision="allowed",server="s",status="2xx"}"#;
    assert_eq!(value(&text, sample), Some(2.0));
}

#[test]
fn what_others_count_is_read_anew_each_time() {
    let metrics = Metrics::new("f");
    let mut now = Snapshot { waiting: 3, tracked: (7, 8), ready: true, ..Snapshot::default() };
    now.connections.open = 5;
    now.connections.head_late = 2;
    let first = metrics.text(&now);
    now.connections.open = 1;
    now.connections.head_late = 3;
    now.ready = false;
    let second = metrics.text(&now);
    for (sample, before, after) in [
        ("farmgate_open_connections", 5.0, 1.0),
        (r#"farmgate_connections_ended_total{reason="head_late"}"#, 2.0, 3.0),
        ("farmgate_requests_waiting", 3.0, 3.0),
        (r#"farmgate_limited_callers{kind="principal"}"#, 8.0, 8.0),
        ("farmgate_ready", 1.0, 0.0),
    ] {
        assert_eq!(value(&first, sample), Some(before), "{sample}");
        assert_eq!(value(&second, sample), Some(after), "{sample}");
    }
}

/// Cardinality: nothing that a client chooses becomes a label.
#[test]
fn no_caller_and_no_tool_is_a_label() {
    let metrics = Metrics::new("f");
    let server = metrics.server("s");
    for n in 0..100 {
        let mut record = record(200, Decision::Allowed, None);
        record.tool = Some(format!("tool-{n}"));
        record.path = format!("/path-{n}");
        record.mcp_method = Some(format!("method-{n}").into());
        metrics.request(Some(&server), &record);
    }
    let text = metrics.text(&Snapshot::default());
    assert!(!text.contains("tool-") && !text.contains("path-") && !text.contains("method-"));
}
