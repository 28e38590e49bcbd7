//! The probe from inside the farm's network: a one-off task that has no right to anything, and asks
//! what answers to it all the same. It prints a line of JSON for each control, and its log is read
//! back into the same list.

use std::net::{SocketAddr, ToSocketAddrs as _};

use farmgate_farm::gate::ProbeTask;
use serde::{Deserialize, Serialize};

use super::report::{Finding, From, Report};
use super::target::Target;
use super::trail::Trail;
use super::wire::Probe;
use super::{Cancel, Settings, past};

/// Places that are asked, in all.
const PLACES: usize = 128;
/// Lines of a log that are read.
const LINES: usize = 10_000;
/// The path that is asked at a server's own port: whatever answers at all is too much.
const PATH: &str = "/mcp";

/// A line of the task's log.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "probe", rename_all = "snake_case")]
pub enum Line {
    /// The first one: whose.
    Begin {
        /// The farm.
        farm: String,
        /// Its URL.
        url: String,
    },
    /// A control.
    Control {
        /// What was found of it.
        #[serde(flatten)]
        finding: Finding,
    },
    /// The last one: without it the task didn't come to its end.
    End {
        /// How many controls there were.
        controls: usize,
    },
}

/// Probes what the task is told to, and tells each line as it is known.
///
/// # Errors
/// What `tell` returns, if a line can't be written.
pub fn run<E>(
    task: &ProbeTask,
    settings: &Settings,
    tell: &mut dyn FnMut(&Line) -> Result<(), E>,
) -> Result<Report, E> {
    let target = target(task);
    let cancel = Cancel::default();
    let probe = Probe::new(&target, settings, &cancel);
    tell(&Line::Begin { farm: task.farm.clone(), url: task.url.clone() })?;
    let controls: [(&str, Trail); 3] = [
        ("server-port-past-the-gate", servers(&probe, task)),
        ("address-refused", closed(&probe, "the gate itself", &task.gate)),
        ("admin-port", closed(&probe, "the admin port", &task.admin)),
    ];
    let mut findings = Vec::new();
    for (control, trail) in controls {
        let finding = trail.conclude(control);
        tell(&Line::Control { finding: finding.clone() })?;
        findings.push(finding);
    }
    tell(&Line::End { controls: findings.len() })?;
    Ok(Report::new(&task.farm, &task.url, From::Network, findings))
}

/// The report of a task, from its log: a line each, with whatever a log's reader puts before them.
///
/// # Errors
/// If it isn't the log of a probe, or of one that came to its end.
pub fn read(log: &str) -> Result<Report, String> {
    let (mut begun, mut findings, mut ended) = (None, Vec::new(), None);
    for line in log.lines().take(LINES) {
        let Some((_, json)) = line.split_once("{\"probe\":") else { continue };
        let json = format!("{{\"probe\":{json}");
        let line =
            serde_json::from_str(&json).map_err(|error| format!("a line is wrong: {error}"))?;
        match line {
            // A log group keeps the runs before: the last one counts.
            Line::Begin { farm, url } => {
                (begun, findings, ended) = (Some((farm, url)), Vec::new(), None)
            }
            Line::Control { finding } => findings.push(finding),
            Line::End { controls } => ended = Some(controls),
        }
    }
    let Some((farm, url)) = begun else {
        return Err("there is no line of a probe in it".to_owned());
    };
    if ended != Some(findings.len()) {
        return Err("the probe didn't come to its end: there is no last line".to_owned());
    }
    Ok(Report::new(&farm, &url, From::Network, findings))
}

/// A target that says nothing but where it is: here no call goes to the farm itself.
fn target(task: &ProbeTask) -> Target {
    Target { farm: task.farm.clone(), ..Target::of_host("farmgate-probe.invalid") }
}

fn servers(probe: &Probe<'_>, task: &ProbeTask) -> Trail {
    let mut trail = Trail::default();
    let places = task.servers.iter().flat_map(|(name, at)| at.iter().map(move |at| (name, at)));
    for (name, place) in places.take(PLACES) {
        for at in resolved(&mut trail, place) {
            past::server(probe, &mut trail, &format!("server `{name}`"), PATH, at);
        }
    }
    trail
}

/// What admits who is named, and nobody else, though they know its address.
fn closed(probe: &Probe<'_>, what: &str, places: &[String]) -> Trail {
    let mut trail = Trail::default();
    if places.is_empty() {
        trail.lacks("the gate has no name in the network: its addresses aren't known here");
    }
    for place in places.iter().take(PLACES) {
        for at in resolved(&mut trail, place) {
            past::closed(probe, &mut trail, what, at);
        }
    }
    trail
}

/// The addresses of a place; a server with no task has none.
fn resolved(trail: &mut Trail, place: &str) -> Vec<SocketAddr> {
    match place.to_socket_addrs() {
        Ok(found) => found.take(8).collect(),
        Err(error) => {
            trail.lacks(format!("`{place}` has no address: {error}"));
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeMap;
    use std::convert::Infallible;
    use std::net::TcpListener;
    use std::time::Duration;

    use farmgate_farm::gate::PROBE_VERSION;

    use super::super::report::Verdict;
    use super::*;

    fn task(place: String) -> ProbeTask {
        ProbeTask {
            version: PROBE_VERSION,
            farm: "test".to_owned(),
            url: "https://mcp.example.com".to_owned(),
            servers: BTreeMap::from([("python".to_owned(), vec![place])]),
            gate: Vec::new(),
            admin: Vec::new(),
        }
    }

    fn log(task: &ProbeTask) -> String {
        let settings = Settings { patience: Duration::from_millis(300), ..Settings::default() };
        let mut log = String::new();
        let told = run::<Infallible>(task, &settings, &mut |line| {
            // As `aws logs tail` prints them.
            let json = serde_json::to_string(line).unwrap();
            log.push_str(&format!("2026-11-22T10:00:00 probe/farmgate/1 {json}\n"));
            Ok(())
        });
        assert_eq!(read(&log).unwrap(), told.unwrap());
        log
    }

    #[test]
    fn a_log_is_read_back_as_it_was_found() {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let report = read(&log(&task(gone.to_string()))).unwrap();
        let verdicts: Vec<Verdict> = report.controls.iter().map(|it| it.verdict).collect();
        assert_eq!(verdicts, [Verdict::Held, Verdict::NotTestable, Verdict::NotTestable]);
    }

    #[test]
    fn a_server_that_answers_fails() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            use std::io::{Read as _, Write as _};
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut head = [0; 4096];
                let read = stream.read(&mut head).unwrap_or(0);
                if head.get(..read).is_some_and(|head| head.starts_with(b"POST")) {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
                }
            }
        });
        let report = read(&log(&task(place))).unwrap();
        assert_eq!(report.totals.failed, 1);
        assert!(report.controls.iter().any(|it| it.came == "200, 2 bytes"), "{report:?}");
    }

    #[test]
    fn a_log_that_is_none_or_has_no_end_is_told() {
        assert!(read("hello\n").unwrap_err().contains("no line"));
        let begun = r#"{"probe":"begin","farm":"a","url":"b"}"#;
        assert!(read(begun).unwrap_err().contains("end"));
    }
}
