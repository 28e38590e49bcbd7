//! The arguments of `farmgate connect`.

use std::path::PathBuf;

/// The arguments of `connect`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("proof").multiple(false))]
pub struct Connect {
    /// The server's URL, or `ssm:/NAME`: the parameter of AWS Systems Manager that holds it.
    #[arg(value_name = "URL")]
    pub target: String,

    /// Sign every request with AWS's SigV4, by keys that the farm issued or by IAM credentials.
    #[arg(long, group = "proof")]
    pub sigv4: bool,

    /// Send a signed `sts:GetCallerIdentity`, which the gate has verified by AWS.
    #[arg(long, group = "proof")]
    pub sts_proof: bool,

    /// Send the API key that is in this environment variable.
    #[arg(long, value_name = "VAR", group = "proof")]
    pub api_key_env: Option<String>,

    /// Send the bearer token that is in this environment variable.
    #[arg(long, value_name = "VAR", group = "proof")]
    pub token_env: Option<String>,

    /// The group of the API key.
    #[arg(long, requires = "api_key_env")]
    pub group: Option<String>,

    /// The header that carries the API key.
    #[arg(long, value_name = "NAME", default_value = "x-api-key", requires = "api_key_env")]
    pub header: String,

    /// The header that carries the group.
    #[arg(long, value_name = "NAME", default_value = "x-group-name", requires = "group")]
    pub group_header: String,

    /// Believe these authorities alone (PEM), rather than the system's.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// The region to sign for [default: the URL's, or else AWS_REGION's or the profile's].
    #[arg(long)]
    pub region: Option<String>,

    /// The service to sign for [default: the URL's, or else execute-api].
    #[arg(long, requires = "sigv4")]
    pub service: Option<String>,

    /// The profile in AWS's configuration whose credentials to use, and no others.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,

    /// The farm for which a proof for STS is: its domain [default: the URL's host].
    #[arg(long, value_name = "NAME", requires = "sts_proof")]
    pub audience: Option<String>,
}
