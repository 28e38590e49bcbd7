//! Credentials, found as AWS's own tools find them, kept, and found again before they expire.
//!
//! The order is AWS's: the environment, the profile (with SSO, `credential_process` and roles), a web
//! identity, a container, a machine. A profile that is named comes alone. Every time credentials are
//! looked for, files are read and programs asked anew: what a long-running process read at its start
//! is just what goes stale.

use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use tokio::sync::Mutex;

use crate::region::{self, Known, NoRegion};

/// How long before their end credentials are found again.
const EARLY: Duration = Duration::from_secs(300);
/// How long nobody looks again after having looked: credentials may be made for less than [`EARLY`].
const PAUSE: Duration = Duration::from_secs(5);
/// How long nobody looks again because of a refusal, after having done so: a client in a loop must not
/// run a program in a loop.
const JUST_NOW: Duration = Duration::from_secs(1);
/// How long looking may take; programs that give credentials may ask people.
const LIMIT: Duration = Duration::from_secs(60);
/// The longest reason that is told.
const LONGEST_REASON: usize = 300;

/// Where credentials come from.
pub struct Chain {
    profile: Option<String>,
    region: Option<String>,
    held: Mutex<Held>,
}

/// What was found.
#[derive(Default)]
struct Held {
    credentials: Option<Credentials>,
    looked: Option<Instant>,
    /// When somebody looked again because of a refusal.
    renewed: Option<Instant>,
    region: Option<String>,
}

/// There are no credentials, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no AWS credentials: {why}")]
pub struct NoCredentials {
    /// In words; nothing of a credential is in it.
    pub why: String,
}

/// What came of looking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewed {
    /// Others than were refused.
    Other,
    /// The same, or none.
    Same,
}

// === impl Chain ===

impl Chain {
    /// A chain that looks for nothing yet. `profile` is one of AWS's configuration files; `region` is
    /// what [`Chain::region`] answers, whatever the environment says.
    #[must_use]
    pub fn new(profile: Option<String>, region: Option<String>) -> Self {
        Self { profile, region, held: Mutex::default() }
    }

    /// The profile that was named.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The region that was given, or else of the environment or the profile.
    ///
    /// # Errors
    /// If there is none.
    pub async fn region(&self) -> Result<String, NoRegion> {
        if let Some(region) = &self.region {
            return if region::is_region(region) { Ok(region.clone()) } else { Err(NoRegion) };
        }
        let mut held = self.held.lock().await;
        if let Some(region) = &held.region {
            return Ok(region.clone());
        }
        let found = region::find(self.profile.as_deref()).await?;
        held.region = Some(found.clone());
        Ok(found)
    }

    /// Credentials that are good for a while. They are found once, and again before they expire; who
    /// comes meanwhile waits.
    ///
    /// # Errors
    /// If there are none.
    pub async fn credentials(&self) -> Result<Credentials, NoCredentials> {
        let mut held = self.held.lock().await;
        if let Some(credentials) = held.usable(SystemTime::now()) {
            return Ok(credentials);
        }
        match self.find(&mut held).await {
            Ok(credentials) => Ok(credentials),
            // Not yet expired: better than none.
            Err(error) => held.unexpired(SystemTime::now()).ok_or(error),
        }
    }

    /// Looks again, since these credentials were refused.
    pub async fn renew(&self, refused: &Credentials) -> Renewed {
        let mut held = self.held.lock().await;
        let is_other = |it: &Credentials| {
            it.access_key_id() != refused.access_key_id()
                || it.secret_access_key() != refused.secret_access_key()
                || it.session_token() != refused.session_token()
        };
        // Somebody else looked meanwhile, or just before.
        if held.credentials.as_ref().is_some_and(is_other) {
            return Renewed::Other;
        }
        if held.renewed.is_some_and(|at| at.elapsed() < JUST_NOW) {
            return Renewed::Same;
        }
        held.renewed = Some(Instant::now());
        match self.find(&mut held).await {
            Ok(credentials) if is_other(&credentials) => Renewed::Other,
            _ => Renewed::Same,
        }
    }

    async fn find(&self, held: &mut Held) -> Result<Credentials, NoCredentials> {
        held.looked = Some(Instant::now());
        let found = tokio::time::timeout(LIMIT, self.ask()).await;
        let found = found.unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(LIMIT)));
        let credentials = found.map_err(|error| NoCredentials { why: reason(&error) })?;
        held.credentials = Some(credentials.clone());
        Ok(credentials)
    }

    /// Environment and profile come first in AWS's chain, and need no HTTP, which would take longer to
    /// make ready than all the rest. So they are asked by themselves, and the chain only if they have
    /// nothing.
    async fn ask(&self) -> Result<Credentials, CredentialsError> {
        if self.profile.is_none() {
            let environment = EnvironmentVariableCredentialsProvider::new();
            let found = environment.provide_credentials().await;
            if !is_absent(&found) {
                return found;
            }
        }
        let region = match &self.region {
            Some(region) => Some(region.clone()),
            None => region::find(self.profile.as_deref()).await.ok(),
        };
        let of_config = region.clone().map(aws_config::Region::new);
        let config = ProviderConfig::default().with_region(of_config);
        let profile = ProfileFileCredentialsProvider::builder().configure(&config);
        let profile = match &self.profile {
            Some(name) => profile.profile_name(name),
            None => profile,
        };
        let found = profile.build().provide_credentials().await;
        if self.profile.is_some() || !is_absent(&found) {
            return found;
        }
        let chain = DefaultCredentialsChain::builder().region(Known(region)).build().await;
        chain.provide_credentials().await
    }
}

/// Whether a source has nothing, so that the next one is asked. One that fails is the last.
fn is_absent(found: &Result<Credentials, CredentialsError>) -> bool {
    matches!(found, Err(CredentialsError::CredentialsNotLoaded(_)))
}

impl fmt::Debug for Chain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Chain")
            .field("profile", &self.profile)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

// === impl Held ===

impl Held {
    /// Credentials that are not to be looked for again yet.
    fn usable(&self, now: SystemTime) -> Option<Credentials> {
        let credentials = self.credentials.as_ref()?;
        let fresh = credentials.expiry().is_none_or(|end| end > now + EARLY);
        let paused = self.looked.is_some_and(|at| at.elapsed() < PAUSE);
        if fresh || (paused && self.unexpired(now).is_some()) {
            return Some(credentials.clone());
        }
        None
    }

    fn unexpired(&self, now: SystemTime) -> Option<Credentials> {
        let credentials = self.credentials.as_ref()?;
        credentials.expiry().is_none_or(|end| end > now).then(|| credentials.clone())
    }
}

/// Why there are none, in one line of bounded length.
fn reason(error: &CredentialsError) -> String {
    if matches!(error, CredentialsError::CredentialsNotLoaded(_)) {
        return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or sign in \
                (`aws sso login`)"
            .to_owned();
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().filter(|it| !it.is_control()).take(LONGEST_REASON).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn held(expires_in: Option<u64>, looked: Option<Duration>) -> Held {
        let end = expires_in.map(|seconds| SystemTime::now() + Duration::from_secs(seconds));
        Held {
            credentials: Some(Credentials::new("id", "secret", None, end, "test")),
            looked: looked.and_then(|ago| Instant::now().checked_sub(ago)),
            ..Held::default()
        }
    }

    #[test]
    fn credentials_are_found_again_five_minutes_before_their_end() {
        let now = SystemTime::now();
        assert!(held(None, None).usable(now).is_some(), "without an end they last");
        assert!(held(Some(900), None).usable(now).is_some());
        assert!(held(Some(200), None).usable(now).is_none());
        assert!(held(Some(200), None).unexpired(now).is_some());
    }

    #[test]
    fn short_lived_credentials_are_not_looked_for_at_every_call() {
        let now = SystemTime::now();
        let just_now = Some(Duration::from_millis(10));
        assert!(held(Some(200), just_now).usable(now).is_some());
        assert!(held(Some(200), Some(PAUSE * 2)).usable(now).is_none());
        let later = now + Duration::from_secs(201);
        assert!(held(Some(200), just_now).usable(later).is_none(), "expired ones never");
    }

    #[test]
    fn a_chain_shows_no_secret() {
        let chain = Chain::new(Some("dev".to_owned()), None);
        chain.held.try_lock().unwrap().credentials =
            Some(Credentials::new("AKIDEXAMPLE", "the-secret", None, None, "test"));
        let shown = format!("{chain:?}");
        assert!(shown.contains("dev") && !shown.contains("the-secret"), "{shown}");
    }
}
