//! Calls to AWS, with the credentials of whoever runs farmgate; and the signatures that those make.
//!
//! It finds credentials as AWS's own tools do, signs requests with them, proves by STS whose they
//! are, reads parameters, and collects what an account has. It decides nothing of what is sent to whom: that is its callers' affair.
//! No credential is in a log, an error or a `Debug` of this room.

pub mod collect;
mod credentials;
mod endpoint;
mod parameter;
mod proof;
mod region;
mod sign;
mod url;

pub use aws_credential_types::Credentials;
pub use credentials::{Chain, NoCredentials, Renewed};
pub use endpoint::{Endpoint, RootsError, Unreachable, roots_of, roots_of_nobody, system_roots};
pub use parameter::ParameterError;
pub use proof::{ProofError, proof};
pub use region::NoRegion;
pub use sign::{Scope, SignError, sign};
pub use url::{Url, UrlError};
