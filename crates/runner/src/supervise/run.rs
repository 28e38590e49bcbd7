//! The task behind a handle: start, probe, wait, wait longer, start again.

use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::{Printed, Settings, Shared, State, Stream};
use crate::child::Child;
use crate::lines::Lines;

/// How often a server that isn't ready is asked again: soon at first.
const SOONEST: Duration = Duration::from_millis(20);
const LATEST: Duration = Duration::from_secs(1);

/// A supervised program.
pub(super) struct Run {
    settings: Settings,
    output: Printed,
    tell: watch::Sender<State>,
    shared: Arc<Shared>,
}

/// How a life ended.
enum Ended {
    /// We were asked to stop; it was stopped.
    Asked,
    /// By itself, or because it wasn't ready in time.
    Itself(String),
    /// It can't be started, ever.
    Never(String),
}

// === impl Run ===

impl Run {
    pub(super) fn new(
        settings: Settings,
        output: Printed,
        tell: watch::Sender<State>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { settings, output, tell, shared }
    }

    /// Runs until it is asked to stop, or until whoever could ask is gone.
    pub(super) async fn until(self, mut stopped: oneshot::Receiver<()>) {
        let mut failures = 0_u32;
        loop {
            let began = Instant::now();
            let why = match self.live(&mut stopped).await {
                Ended::Asked => return self.say(State::Stopped),
                Ended::Never(why) => return self.say(State::Failed { why }),
                Ended::Itself(why) => why,
            };
            if began.elapsed() >= self.settings.backoff.stable {
                failures = 0;
            }
            failures = failures.saturating_add(1);
            let until = Instant::now() + self.settings.backoff.after(failures);
            self.say(State::BackingOff { until, failures, why });
            tokio::select! {
                () = sleep_until(until) => {}
                _ = &mut stopped => return self.say(State::Stopped),
            }
        }
    }

    fn say(&self, state: State) {
        // Nobody may be listening any more.
        let _unheard = self.tell.send(state);
    }

    async fn live(&self, stopped: &mut oneshot::Receiver<()>) -> Ended {
        self.say(State::Starting);
        let mut child = match Child::start(&self.settings.start) {
            Ok(child) => child,
            Err(error) => return could_not(&error),
        };
        self.shared.starts.fetch_add(1, Ordering::Relaxed);
        self.shared.pid.store(child.id(), Ordering::Relaxed);
        // A local server reads nothing from us; an open pipe that stays silent is what it gets.
        let printed = [
            child.stdout.take().map(|from| self.print(from, Stream::Output)),
            child.stderr.take().map(|from| self.print(from, Stream::Error)),
        ];
        let ended = tokio::select! {
            status = child.wait() => Ended::Itself(words(status.ok())),
            why = self.probe() => Ended::Itself(why),
            _ = stopped => Ended::Asked,
        };
        child.stop(self.settings.patience).await;
        self.shared.pid.store(0, Ordering::Relaxed);
        // The pipes end with the last process that holds them, and none is left.
        for task in printed.into_iter().flatten() {
            let _read = tokio::time::timeout(Duration::from_secs(1), task).await;
        }
        ended
    }

    /// Tells when it is ready; returns only if that takes too long.
    async fn probe(&self) -> String {
        let deadline = Instant::now() + self.settings.ready_within;
        let mut pause = SOONEST;
        loop {
            let why = match self.settings.ready.ask().await {
                Ok(()) => break,
                Err(why) => why,
            };
            if Instant::now() + pause > deadline {
                let seconds = self.settings.ready_within.as_secs();
                return format!("was not ready within {seconds} s ({why})");
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LATEST);
        }
        self.say(State::Ready);
        std::future::pending().await
    }

    fn print(
        &self,
        from: impl AsyncRead + Unpin + Send + 'static,
        stream: Stream,
    ) -> tokio::task::JoinHandle<()> {
        let output = Arc::clone(&self.output);
        let (name, most) = (self.settings.name.clone(), self.settings.line_bytes);
        tokio::spawn(async move {
            let mut lines = Lines::new(from, most);
            while let Ok(Some(line)) = lines.next().await {
                output(&name, stream, &line.text());
            }
        })
    }
}

fn could_not(error: &std::io::Error) -> Ended {
    use std::io::ErrorKind::{InvalidInput, NotFound, PermissionDenied};
    match error.kind() {
        NotFound | PermissionDenied | InvalidInput => Ended::Never(error.to_string()),
        _ => Ended::Itself(format!("could not be started: {error}")),
    }
}

/// How a program ended, in words.
fn words(status: Option<ExitStatus>) -> String {
    match status.and_then(|status| status.code()) {
        Some(0) => "ended by itself".to_owned(),
        Some(code @ 129..=159) => format!("was ended by signal {}", code - 128),
        Some(code) => format!("ended with exit code {code}"),
        None => "was killed".to_owned(),
    }
}
