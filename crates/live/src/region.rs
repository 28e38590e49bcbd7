//! Which region of AWS is meant, when nothing else says it: the environment's or the profile's.
//!
//! A machine of AWS could be asked too; elsewhere that takes seconds to fail, so it isn't.

use aws_config::meta::region::{ProvideRegion, future};
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::{Region, environment::EnvironmentVariableRegionProvider};

/// No region is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no region is known: give `--region`, or set AWS_REGION, or `region` in the profile")]
pub struct NoRegion;

/// The region of the profile that is named, or else of the environment, or else of its profile.
pub(crate) async fn find(profile: Option<&str>) -> Result<String, NoRegion> {
    let of_profile = |name: Option<&str>| {
        let builder = ProfileFileRegionProvider::builder();
        match name {
            Some(name) => builder.profile_name(name).build(),
            None => builder.build(),
        }
    };
    // As AWS's command line has it: the environment's region comes before the profile's.
    let found = match EnvironmentVariableRegionProvider::new().region().await {
        Some(region) => Some(region),
        None => of_profile(profile).region().await,
    };
    let found = found.map(|region| region.as_ref().trim().to_owned());
    found.filter(|region| is_region(region)).ok_or(NoRegion)
}

/// Whether a word can be a region; it gets into the names of hosts.
pub(crate) fn is_region(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 32
        && word.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
}

/// A region that is known already, or known to be unknown: so that nobody goes and asks.
#[derive(Debug, Clone)]
pub(crate) struct Known(pub(crate) Option<String>);

impl ProvideRegion for Known {
    fn region(&self) -> future::ProvideRegion<'_> {
        future::ProvideRegion::ready(self.0.clone().map(Region::new))
    }
}
