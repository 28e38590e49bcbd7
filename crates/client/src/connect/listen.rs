//! The stream on which a legacy server speaks without being asked, if it offers one.

use std::rc::Rc;
use std::time::Duration;

use http::{HeaderValue, StatusCode};

use super::exchange::Content;
use super::heard::{self, Heard};
use super::link::Link;
use super::messages::{Messages, Resume, kind};
use super::session::is_lost;
use super::wait;

/// The longest pause before it is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What became of a stream.
enum Ended {
    /// The server has none.
    NotOffered,
    /// The session is gone.
    Lost,
    /// It broke off, or could not be had; whether anything came.
    Broke(bool),
}

impl Link {
    /// Listens, instead of whoever listened before.
    pub(crate) fn listen(self: &Rc<Self>) {
        let link = Rc::clone(self);
        let session = self.session.generation();
        let task = tokio::task::spawn_local(async move { link.listen_to(session).await });
        let before = self.session.listener.borrow_mut().replace(task.abort_handle());
        if let Some(before) = before {
            before.abort();
        }
    }

    async fn listen_to(self: Rc<Self>, session: u64) {
        let mut resume = Resume::default();
        let mut failures = 0;
        while self.session.generation() == session {
            match self.hear(&mut resume).await {
                Ended::NotOffered => return,
                Ended::Lost => {
                    // It starts another listener.
                    if self.reopen(session).await.is_ok() {
                        return;
                    }
                    failures += 1;
                }
                Ended::Broke(moved) => failures = if moved { 0 } else { failures + 1 },
            }
            let asked = resume.retry.unwrap_or(Duration::from_secs(1)).min(LONGEST_PAUSE);
            tokio::time::sleep(asked.max(wait::pause(failures, LONGEST_PAUSE))).await;
        }
    }

    /// One stream.
    async fn hear(&self, resume: &mut Resume) -> Ended {
        let last = resume.last.as_deref().and_then(|it| HeaderValue::from_str(it).ok());
        let Ok(answer) = self.exchange(&self.get(last)).await else { return Ended::Broke(false) };
        let status = answer.head.status;
        if !status.is_success() {
            let body = match answer.body {
                Content::Whole(body) => body,
                Content::Coming(mut coming) => {
                    coming.whole(64 << 10, self.settings.limits.small).await.unwrap_or_default()
                }
            };
            return match status {
                _ if self.session.has_id() && is_lost(status, &body) => Ended::Lost,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Ended::Broke(false),
                _ if status.is_client_error() => Ended::NotOffered,
                _ => Ended::Broke(false),
            };
        }
        if kind(&answer.head) != "text/event-stream" {
            return Ended::NotOffered;
        }
        let mut messages = Messages::of(answer, Resume { moved: false, ..resume.clone() });
        while let Ok(Some(line)) = messages.next(self.settings.limits.silence_unasked).await {
            if heard::read(&line) == Some(Heard::Call) {
                self.put(line).await;
            }
        }
        *resume = messages.resume;
        Ended::Broke(resume.moved)
    }
}
