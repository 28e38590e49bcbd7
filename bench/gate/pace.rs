//! A load at a constant rate: `pace ADDRESS RATE SECONDS CONNECTIONS REQUEST_FILE`.
//!
//! Each connection has a thread and a timetable. What is late because the server was slow counts from
//! the time in the timetable, as with wrk2, so that a slow answer is not hidden by the requests that
//! were not sent meanwhile; what is late because this thread woke late counts from when it was sent,
//! for it is not the server's fault. Prints one line of JSON: microseconds, and how many went wrong.
//!
//! Built by `rustc -O`, with nothing but the standard library. It speaks as much HTTP/1.1 as it needs:
//! answers have a `Content-Length`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// What a connection saw.
#[derive(Default)]
struct Seen {
    nanoseconds: Vec<u64>,
    failed: u64,
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let [_, address, rate, seconds, connections, file] = arguments.as_slice() else {
        eprintln!("pace ADDRESS RATE SECONDS CONNECTIONS REQUEST_FILE");
        std::process::exit(2);
    };
    let rate: f64 = rate.parse().expect("a rate");
    let seconds: f64 = seconds.parse().expect("seconds");
    let connections: u32 = connections.parse().expect("a number of connections");
    let request: Arc<[u8]> = fs::read(file).expect("the request's file").into();
    let begin = Instant::now() + Duration::from_millis(100);
    let gap = Duration::from_secs_f64(f64::from(connections) / rate);
    let threads: Vec<_> = (0..connections)
        .map(|number| {
            let (address, request) = (address.clone(), Arc::clone(&request));
            let first = begin + gap.mul_f64(f64::from(number) / f64::from(connections));
            let end = begin + Duration::from_secs_f64(seconds);
            thread::spawn(move || keep_pace(&address, &request, first, gap, end))
        })
        .collect();
    let mut all = Seen::default();
    for thread in threads {
        let seen = thread.join().expect("a connection's thread");
        all.nanoseconds.extend(seen.nanoseconds);
        all.failed += seen.failed;
    }
    report(all, seconds);
}

/// Sends a request at each of its times, and waits for the answer.
fn keep_pace(address: &str, request: &[u8], first: Instant, gap: Duration, end: Instant) -> Seen {
    let mut seen = Seen::default();
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    let mut buffer = vec![0; 64 << 10];
    let mut due = first;
    while due < end {
        let start = match due.checked_duration_since(Instant::now()) {
            Some(early) if !early.is_zero() => {
                thread::sleep(early);
                Instant::now()
            }
            _ => due,
        };
        stream.write_all(request).expect("a request that is sent");
        match answer(&mut stream, &mut buffer) {
            Some(200) => {}
            Some(_) => seen.failed += 1,
            None => panic!("the server closed the connection"),
        }
        seen.nanoseconds.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
        due += gap;
    }
    seen
}

/// Reads one answer, and gives its status.
fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Option<u16> {
    let mut have = 0;
    loop {
        let read = stream.read(buffer.get_mut(have..)?).ok().filter(|read| *read > 0)?;
        have += read;
        let text = buffer.get(..have)?;
        let Some(head) = text.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let lines = std::str::from_utf8(text.get(..head)?).ok()?;
        let length = lines.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let named = name.eq_ignore_ascii_case("content-length");
            named.then(|| value.trim().parse::<usize>().ok()).flatten()
        })?;
        if have >= head + 4 + length {
            return lines.split(' ').nth(1)?.parse().ok();
        }
    }
}

fn report(mut seen: Seen, seconds: f64) {
    seen.nanoseconds.sort_unstable();
    let count = seen.nanoseconds.len();
    let at = |part: f64| {
        let index = ((count as f64 * part) as usize).min(count.saturating_sub(1));
        seen.nanoseconds.get(index).map_or(0.0, |nanoseconds| *nanoseconds as f64 / 1000.0)
    };
    println!(
        r#"{{"requests":{count},"rate":{:.0},"failed":{},"p50":{:.1},"p90":{:.1},"p99":{:.1},"p999":{:.1}}}"#,
        count as f64 / seconds,
        seen.failed,
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
    );
}
