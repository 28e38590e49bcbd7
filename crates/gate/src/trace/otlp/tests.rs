//! Spans as a collector gets them: a small one stands in the same process.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use super::*;

/// Takes so many requests, answers each with this status, and gives them whole.
fn collector(requests: usize, status: u16) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let mut taken = Vec::new();
        for _ in 0..requests {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let read = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head.to_lowercase();
                let length = length.split("content-length: ").nth(1).unwrap();
                let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
                if body.len() >= length {
                    taken.push(text);
                    break;
                }
            }
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\n{{}}");
            stream.write_all(answer.as_bytes()).unwrap();
        }
        taken
    });
    (address, thread)
}

fn environment(pairs: &[(&'static str, String)]) -> impl Fn(&'static str) -> Option<String> {
    move |name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
}

fn record() -> Record {
    let mut headers = HeaderMap::new();
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    headers.insert("traceparent", HeaderValue::from_static(parent));
    let mut record = Record::begin(&Method::POST, "/python/mcp?key=fg_secret", &headers);
    record.mcp_method = Some("tools/call".into());
    record.tool = Some("run_python_code".to_owned());
    record.server = Some("python".into());
    record.status = 200;
    record.decision = Decision::Allowed;
    record.took = Duration::from_millis(5);
    record
}

/// Sends what the exporter was given, to the end.
fn run(sending: Sending) {
    let until = Drain::new();
    until.begin();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(sending.run(until));
}

#[test]
fn a_collector_gets_a_span_for_each_request() {
    let (address, thread) = collector(1, 200);
    let variables = [
        (ENDPOINT, format!("http://{address}/base/")),
        (HEADERS, "x-tenant=one, authorization=Bearer t".to_owned()),
    ];
    let (exporter, sending) = from("farm", environment(&variables)).unwrap().unwrap();
    exporter.request(&record());
    let failed = Record { status: 502, reason: Some("upstream_broken"), ..record() };
    exporter.request(&failed);
    // One whose caller does not record it.
    let mut headers = HeaderMap::new();
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    headers.insert("traceparent", HeaderValue::from_static(parent));
    exporter.request(&Record::begin(&Method::GET, "/", &headers));
    run(sending);
    assert_eq!(exporter.counts(), (2, 0));
    let requests = thread.join().unwrap();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /base/v1/traces HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("x-tenant: one") && head.contains("authorization: Bearer t"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    assert!(!body.contains("fg_secret"), "{body}");
    let body: Value = serde_json::from_str(body).unwrap();
    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    assert_eq!(spans.len(), 2);
    let span = &spans[0];
    assert_eq!(span["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(span["parentSpanId"], "00f067aa0ba902b7");
    assert_eq!(span["spanId"].as_str().unwrap().len(), 16);
    assert_eq!((&span["name"], &span["kind"]), (&"tools/call".into(), &2.into()));
    let time = |key: &str| span[key].as_str().unwrap().parse::<u128>().unwrap();
    assert_eq!(time("endTimeUnixNano") - time("startTimeUnixNano"), 5_000_000);
    let attribute = |span: &Value, key: &str| {
        let attributes = span["attributes"].as_array().unwrap();
        attributes.iter().find(|it| it["key"] == key).map(|it| it["value"].clone())
    };
    let tool = attribute(span, "gen_ai.tool.name").unwrap();
    assert_eq!(tool["stringValue"], "run_python_code");
    assert_eq!(attribute(span, "http.response.status_code").unwrap()["intValue"], "200");
    assert_eq!(span["status"], json!({}));
    assert_eq!(spans[1]["status"], json!({ "code": 2 }));
    assert_eq!(attribute(&spans[1], "error.type").unwrap()["stringValue"], "upstream_broken");
}

#[test]
fn a_collector_that_fails_costs_spans_and_nothing_else() {
    let (address, thread) = collector(1, 503);
    let variables = [(TRACES_ENDPOINT, format!("http://{address}/traces"))];
    let (exporter, sending) = from("farm", environment(&variables)).unwrap().unwrap();
    exporter.request(&record());
    run(sending);
    assert_eq!(exporter.counts(), (0, 1));
    assert!(thread.join().unwrap()[0].starts_with("POST /traces "));

    // Nobody listens there any more; and there is only so much room.
    let (exporter, sending) = from("farm", environment(&variables)).unwrap().unwrap();
    (0..QUEUE + 100).for_each(|_| exporter.request(&record()));
    assert_eq!(exporter.counts(), (0, 100));
    run(sending);
    assert_eq!(exporter.counts(), (0, QUEUE as u64 + 100));
}

#[test]
fn the_environment_says_where_to_or_nothing() {
    assert!(from("farm", environment(&[])).unwrap().is_none());
    let error = |variables: &[(&'static str, String)]| {
        let made = from("farm", environment(variables));
        made.err().map(|error| error.to_string()).unwrap_or_default()
    };
    for url in ["https://collector:4318", "collector:4318", "http://a:b@collector", "/x", "http://"]
    {
        assert!(error(&[(ENDPOINT, url.to_owned())]).contains(ENDPOINT), "{url}");
    }
    let good = (ENDPOINT, "http://localhost:4318".to_owned());
    let secret = (HEADERS, "authorization Bearer hunter2".to_owned());
    let said = error(&[good.clone(), secret]);
    assert!(said.contains(HEADERS) && !said.contains("hunter2"), "{said}");
    assert!(error(&[good, (PROTOCOL, "grpc".to_owned())]).contains("http/json"));
}
