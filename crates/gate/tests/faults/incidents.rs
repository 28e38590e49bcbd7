//! What went wrong in other gateways, each as a test by its name. The words in quotes are those of
//! the reports.

mod credentials;
mod doors;
mod messages;
mod servers;
pub(crate) mod sessions;
