//! What verifying costs: `cargo run --release -p farmgate-sigv4 --example cost`
//!
//! A `POST` of 200 bytes with ten headers, signed by AWS's own crate, is read, checked and verified
//! again and again on one thread, with its signing key at hand as a gate has it. Printed is the
//! fastest of many rounds, which other processes disturb least, and the one in the middle.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing)]

use std::hint::black_box;
use std::time::{Duration, Instant, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use farmgate_sigv4::{Rules, Signed, SigningKey};
use http::Request;
use http::request::Parts;
use secrecy::SecretString;

const NOW: u64 = 1_795_334_950;
const SECRET: &str = "fgsk_c29tZSByYW5kb20gYnl0ZXMgZm9yIGEgdGVzdCBvbmx5ISE";
const REGION: &str = "us-west-2";
const SERVICE: &str = "execute-api";
const URI: &str = "https://farm.example.com/nova-act/mcp";
const ROUNDS: usize = 200;
const CALLS: u32 = 1000;

fn signed(body: &[u8]) -> Parts {
    let headers = [
        ("host", "farm.example.com"),
        ("accept", "application/json, text/event-stream"),
        ("accept-encoding", "gzip, deflate"),
        ("content-type", "application/json"),
        ("content-length", "200"),
        ("mcp-protocol-version", "2025-11-25"),
        ("mcp-session-id", "s1.abcdefgh.c2Vzc2lvbnNlc3Npb25zZXNzaW9uc2Vzc2lvbg"),
        ("user-agent", "client/1.0"),
    ];
    let identity = Credentials::new("FGAKABCDEFGHIJ234567", SECRET, None, None, "cost").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name(SERVICE)
        .time(UNIX_EPOCH + Duration::from_secs(NOW))
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let body = SignableBody::Bytes(body);
    let signable = SignableRequest::new("POST", URI, headers.into_iter(), body).unwrap();
    let (instructions, _) = sign(signable, &params).unwrap().into_parts();
    let mut request = Request::builder().method("POST").uri(URI);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let mut request = request.body(()).unwrap();
    instructions.apply_to_request_http1x(&mut request);
    let mut head = request.into_parts().0;
    head.uri = "/nova-act/mcp".parse().unwrap();
    head
}

fn main() {
    let body = vec![b'x'; 200];
    let head = signed(&body);
    let rules =
        Rules { region: REGION.to_owned(), service: SERVICE.to_owned(), unsigned_payload: false };
    let key = SigningKey::derive(&SecretString::from(SECRET), "20261122", REGION, SERVICE);
    let now = i64::try_from(NOW).unwrap();
    let verify = || {
        let signed = Signed::of(black_box(&head)).unwrap().unwrap();
        let checked = signed.check(&head, &rules, now).unwrap();
        checked.verify(&head, black_box(&body), &key).unwrap();
    };
    let mut rounds: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..CALLS).for_each(|_| verify());
            start.elapsed() / CALLS
        })
        .collect();
    rounds.sort_unstable();
    println!(
        "one verify of {} headers and {} bytes: {:?}, {:?} in the middle (below 15 us is wanted)",
        head.headers.len(),
        body.len(),
        rounds[0],
        rounds[ROUNDS / 2]
    );
}
