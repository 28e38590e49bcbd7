//! The probe's task inside the network: how it is started, what it runs, and how its log is read.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use farmgate_client::probe::task::{self, Line};
use farmgate_client::probe::{Report, Settings};
use farmgate_farm::gate::{PROBE_VARIABLE, ProbeTask};

use super::{exit, input, unreadable};
use crate::args::Color;
use crate::exit::Exit;
use crate::output;
use crate::problem::Failure;

/// The longest log that is read.
const MOST_BYTES: u64 = 16 << 20;

/// What the task runs: a line of JSON for each control.
pub(super) fn run() -> Result<Exit, Failure> {
    let help = "`farmgate build` writes it into the task definition FARM-probe";
    let text = std::env::var(PROBE_VARIABLE)
        .map_err(|_| input("no-probe", format!("`{PROBE_VARIABLE}` is not set"), help))?;
    let what = ProbeTask::parse(&text)
        .map_err(|error| input("bad-probe", format!("`{PROBE_VARIABLE}`: {error}"), help))?;
    // What lets nothing in says nothing: that is waited for at every place.
    let settings = Settings { patience: Duration::from_secs(5), ..Settings::default() };
    let mut unwritten = None;
    let told = task::run::<Infallible>(&what, &settings, &mut |line: &Line| {
        // A tree of texts and numbers can always be written as JSON.
        let text = serde_json::to_string(line).unwrap_or_default();
        let written = output::text(&format!("{text}\n"), Color::Never);
        unwritten = unwritten.take().or(written.err());
        Ok(())
    });
    let Ok(report) = told;
    match unwritten {
        Some(failure) => Err(failure),
        None => Ok(exit(&report)),
    }
}

/// What a task found, from its log.
pub(super) fn read(log: &Path) -> Result<Report, Failure> {
    let mut text = Vec::new();
    let read = if log == Path::new("-") {
        io::stdin().lock().take(MOST_BYTES).read_to_end(&mut text)
    } else {
        File::open(log).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut text))
    };
    read.map_err(|error| unreadable(log, &error))?;
    let text = String::from_utf8_lossy(&text);
    task::read(&text).map_err(|error| {
        let help = "`farmgate probe FARM --from-task` prints the command that fetches the log";
        input("bad-probe-log", error, help)
    })
}

/// The commands that start the task in the farm's network and read what it found.
pub(super) fn commands(farm: &str) -> String {
    format!(
        r#"# In the folder of the farm's Terraform module, once it is applied.
probe="$(terraform output -json probe)"
cluster="$(jq -r .cluster <<<"$probe")"
task="$(aws ecs run-task --launch-type FARGATE --count 1 \
  --cluster "$cluster" \
  --task-definition {farm}-probe \
  --network-configuration "$(jq -c '{{awsvpcConfiguration: {{subnets, securityGroups: [.security_group], assignPublicIp: "DISABLED"}}}}' <<<"$probe")" \
  --query 'tasks[0].taskArn' --output text)"
aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task"

# What it found; exit code 1 if a control failed.
aws logs tail "$(jq -r .log_group <<<"$probe")" --since 1h --format short | farmgate probe --task-log -
"#
    )
}
