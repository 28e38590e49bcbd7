//! The arguments of `key` and of what it does.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use farmgate_farm::record::Word as _;
use farmgate_farm::word::{Duration, SecretRef};

use super::Format;

/// The arguments of `key`.
#[derive(Debug, clap::Args)]
pub struct Key {
    /// What to do.
    #[command(subcommand)]
    pub action: KeyAction,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeyAction {
    /// Make the gate's own keys
    ///
    /// Writes the keys to the standard output, or to a file that its owner alone can read, and says
    /// where they belong and what `gate.public_key` is. `farmgate up` makes its own.
    Init(KeyInit),
    /// Make an API key for a client
    ///
    /// Prints the key to the standard output, once: the store keeps its hash. What the client sends
    /// is said on the standard error.
    Add(KeyAdd),
    /// Make an access key pair for SigV4, which this farm's gate verifies
    ///
    /// Prints the pair to the standard output, once, as AWS's tools take it: the store keeps the
    /// secret sealed with the gate's own keys. It is a key of this farm, and none of AWS.
    IssueSigv4(KeyIssue),
    /// List the keys of the farm's stores: API keys, and access keys for SigV4
    List(KeyList),
    /// Make a new key in the place of one, or with --gate new keys of the gate
    ///
    /// The old key holds for the overlap, so that the client can change over. With --gate the next
    /// keys come into use and new ones become next: gate and bridges may learn of it in any order.
    /// The farm's access keys are sealed anew. Then `gate.public_key` has to be written anew.
    Rotate(KeyRotate),
    /// Remove keys from a store
    Revoke(KeyRevoke),
}

/// Where keys are kept.
#[derive(Debug, clap::Args)]
pub struct StoreArgs {
    /// The farm file; the store is the one beside it, as `up` uses it [default: farm.yaml].
    #[arg(long, value_name = "FARM", conflicts_with = "store")]
    pub farm: Option<PathBuf>,

    /// The overlay to merge: `prod` for farm.prod.yaml beside farm.yaml.
    #[arg(long, value_name = "NAME", conflicts_with = "store")]
    pub env: Option<String>,

    /// Which of the farm's stores, if it has several: `secretsmanager:NAME`.
    #[arg(long, value_name = "STORE", conflicts_with = "store", value_parser = reference)]
    pub of: Option<SecretRef>,

    /// The file of a store, in place of a farm's.
    #[arg(long, value_name = "FILE")]
    pub store: Option<PathBuf>,
}

/// The arguments of `key init`.
#[derive(Debug, clap::Args)]
pub struct KeyInit {
    /// Write the keys to this file, which must not be there.
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Replace the file. What the keys in it signed and sealed is no longer taken.
    #[arg(long, requires = "out")]
    pub force: bool,

    /// The farm file, for the secret's name in what is said.
    #[arg(long, value_name = "FARM")]
    pub farm: Option<PathBuf>,

    /// The overlay to merge: `prod` for farm.prod.yaml beside farm.yaml.
    #[arg(long, value_name = "NAME", requires = "farm")]
    pub env: Option<String>,
}

/// The arguments of `key add`.
#[derive(Debug, clap::Args)]
pub struct KeyAdd {
    /// The group to which the key is bound: `group:GROUP` in the rules of `tools`.
    #[arg(long, value_name = "GROUP")]
    pub group: String,

    /// Whose key it is: `key:NAME` in the rules of `tools` and in the audit [default: the key's id].
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// How long it holds: `90d`, `12h` [default: until it is revoked].
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub expires: Option<Duration>,

    /// Where it is kept.
    #[command(flatten)]
    pub store: StoreArgs,

    /// How to print: text is the key alone.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// The arguments of `key issue-sigv4`.
#[derive(Debug, clap::Args)]
pub struct KeyIssue {
    /// The group to which the key is bound: `group:GROUP` in the rules of `tools`.
    #[arg(long, value_name = "GROUP")]
    pub group: String,

    /// Whose key it is: `key:NAME` in the rules of `tools` and in the audit [default: the key's id].
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// How long it holds: `90d`, `12h` [default: until it is revoked].
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub expires: Option<Duration>,

    /// The file with the keys of the gate that is to take it, for a store that --store names.
    #[arg(long, value_name = "FILE", requires = "store")]
    pub keys: Option<PathBuf>,

    /// Where it is kept.
    #[command(flatten)]
    pub store: StoreArgs,

    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: IssueFormat,
}

/// How to print an access key pair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum IssueFormat {
    /// As variables of the environment, a line each.
    #[default]
    Env,
    /// For programs, as docs/json.md describes it.
    Json,
    /// As AWS's tools read it from a `credential_process`.
    CredentialProcess,
}

/// The arguments of `key list`.
#[derive(Debug, clap::Args)]
pub struct KeyList {
    /// Which store.
    #[command(flatten)]
    pub store: StoreArgs,

    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// The arguments of `key rotate`.
#[derive(Debug, clap::Args)]
pub struct KeyRotate {
    /// The key's name, or its id.
    #[arg(value_name = "KEY", required_unless_present = "gate", conflicts_with = "gate")]
    pub key: Option<String>,

    /// How long the old key still holds: `24h`, or 0 for no longer.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "24h",
        value_parser = overlap,
        conflicts_with = "gate"
    )]
    pub overlap: Overlap,

    /// How long the new key holds [default: as long as the old one was made for].
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "gate")]
    pub expires: Option<Duration>,

    /// Rotate the gate's own keys.
    #[arg(long)]
    pub gate: bool,

    /// The file with the gate's own keys [default: the one beside the farm file]. With --gate and
    /// --store, the access keys in that store are sealed anew.
    #[arg(long, value_name = "FILE", conflicts_with = "of")]
    pub keys: Option<PathBuf>,

    /// Make no new keys, and drop those that were in use before: what they sealed and signed is no
    /// longer taken.
    #[arg(long, requires = "gate")]
    pub retire: bool,

    /// Where it is kept.
    #[command(flatten)]
    pub store: StoreArgs,

    /// How to print: text is the key alone (an access key's as variables), or the public keys.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// The arguments of `key revoke`.
#[derive(Debug, clap::Args)]
pub struct KeyRevoke {
    /// The key's name, or its id.
    #[arg(value_name = "KEY", required_unless_present = "all_of")]
    pub key: Option<String>,

    /// Remove all keys of this name.
    #[arg(long, value_name = "NAME", conflicts_with = "key")]
    pub all_of: Option<String>,

    /// Where it is kept.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// For how long an old key still holds.
#[derive(Debug, Clone, Copy)]
pub struct Overlap(pub u64);

fn reference(text: &str) -> Result<SecretRef, String> {
    SecretRef::parse(text).map_err(|bad| bad.help)
}

fn duration(text: &str) -> Result<Duration, String> {
    Duration::parse(text).map_err(|bad| bad.help)
}

fn overlap(text: &str) -> Result<Overlap, String> {
    if text == "0" {
        return Ok(Overlap(0));
    }
    duration(text).map(|time| Overlap(time.as_seconds()))
}
