//! The arguments, with the help texts from which `docs/cli.md` is made.

mod audit;
mod bridge;
mod builtin;
mod connect;
mod diff;
mod gate;
mod key;
mod live;
mod outputs;
mod prices;
mod probe;
mod source;
mod up;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use farmgate_audit::report::Severity;

pub use audit::{Audit, AuditAction, AuditVerify};
pub use bridge::{Bridge, LogFormat};
pub use builtin::{Builtin, BuiltinServer};
pub use connect::Connect;
pub use diff::{Diff, DiffFailOn, DiffFormat};
pub use gate::Gate;
pub use key::{
    IssueFormat, Key, KeyAction, KeyAdd, KeyInit, KeyIssue, KeyList, KeyRevoke, KeyRotate, Overlap,
    StoreArgs,
};
pub use live::{Account, Collect, Live};
pub use outputs::ReportFormat;
pub use prices::PricesFile;
pub use probe::Probe;
pub use source::SourceArgs;
pub use up::Up;

/// Proves what can reach what in AWS networks, from the files that describe them.
#[derive(Debug, Parser)]
#[command(name = "farmgate", version, max_term_width = 100)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// When to use colours: auto, always or never.
    ///
    /// Auto means: if the output is a terminal and NO_COLOR is not set, or if CLICOLOR_FORCE is.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        value_name = "WHEN"
    )]
    pub color: Color,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a farm on this machine
    ///
    /// Checks the farm and runs none of which a statement is refuted or an expectation is unknown.
    /// Starts its servers as their `local` says, and the gate before them, with TLS, keys, limits and
    /// audit as on AWS. What it needs to keep is in `.farmgate` beside the farm file. Ctrl-C drains,
    /// and leaves no process; a second one ends it at once.
    ///
    /// Exit code: 0; 1 if the farm isn't proved; 2 if an input is wrong or a secret is missing; 3 if
    /// it can't listen or no server can be started.
    Up(Up),
    /// Write a farm file to start from
    ///
    /// Writes DIR/farm.yaml: a blueprint, or what a client's file of MCP servers says. Nothing that
    /// exists is overwritten.
    ///
    /// Exit code: 0; 2 if the file to start from is wrong or something would be overwritten; 3 if a
    /// file can't be read or written.
    Init(Init),
    /// Prove what must hold, and say what is wrong
    ///
    /// Reads one network from one or several files. What each file is, it finds out by itself: a
    /// farm file; a Terraform plan or state as `terraform show -json` prints it, or a state file.
    ///
    /// Exit code: 0 if nothing is refuted, no expectation is unknown and no finding is as severe as
    /// --fail-on; 1 otherwise; 2 if an input is wrong; 3 if a file can't be read or the output
    /// can't be written.
    Check(Check),
    /// Save what an account has, as the `aws` command would print it
    ///
    /// Asks AWS for everything that `check` reads of an account, with calls that only read, and writes
    /// DIR/REGION/SERVICE-OPERATION.json, for `farmgate check DIR` and others. No value of a secret or
    /// a parameter is asked for, and what looks like a secret in environment variables is not kept. A
    /// call that is denied is told of and ends nothing. docs/live.md says more.
    ///
    /// Exit code: 0; 2 if an argument or a variable is wrong or something would be overwritten; 3 if
    /// there are no credentials, AWS can't be reached, or the folder can't be written.
    Collect(Collect),
    /// Answer whether one thing can reach another, and show every path
    ///
    /// FROM and TO are addresses of resources, ids, ARNs, IP addresses, CIDRs, or words such as
    /// `internet`, `vpc` and `ecr`. TO may end with a port: `:8080`, `:udp/53`. Of a closed path
    /// every setting is shown that would have to change.
    ///
    /// TO may be a secret, as a farm file names it: `secretsmanager:farm/api-keys`, `ssm:/farm/key`.
    /// Then FROM is `anyone`, a service or a role, and the answer is who may read it.
    ///
    /// Exit code: 0 if there is an answer, whatever it is; 2 if an input or a word is wrong; 3 if a
    /// file can't be read or the output can't be written.
    Explain(Explain),
    /// Say what changed in who reaches whom, and nothing else
    ///
    /// Compares two sources, each a file or a folder, by what they let through: which connections can
    /// be opened, who verifies callers on every way in, which hops are in plain text. Tags, names,
    /// order and rules written another way are no change. Things are matched by their addresses, ids,
    /// ARNs, and by names that AWS keeps unique; what has no match is told as being on one side only.
    ///
    /// Exit code: 0 if nothing changed; 1 if something did, or may have (--fail-on); 2 if an input is
    /// wrong; 3 if a file can't be read or the output can't be written.
    Diff(Diff),
    /// Turn a farm file into Terraform
    ///
    /// Checks the farm first, and builds none of which a statement is refuted or an expectation is
    /// unknown. Writes a whole module, and a list of what it wrote: files that were changed by hand
    /// since are not overwritten without --force, and files of yours beside them are left alone.
    ///
    /// Exit code: 0; 1 if the farm isn't proved, or if --validate finds a difference; 2 if an input
    /// is wrong or would be overwritten; 3 if a file can't be read or written, or if Terraform isn't
    /// there for --validate.
    Build(Build),
    /// Print a farm file with its overlay merged in
    Print(Print),
    /// Serve a farm's gate, alone
    ///
    /// This is what the gate's tasks run on Fargate; on this machine `up` starts it. Keys and stores
    /// come from the variables that the configuration names, or from files: FARMGATE_KEYS, or
    /// FARMGATE_KEYS_FILE with a path. Files are read again when they change. SIGTERM and SIGINT
    /// drain: no stream is cut off before its time; a second signal ends it at once.
    ///
    /// Exit code: 0; 2 if the configuration or a secret is wrong; 3 if it can't listen or write its
    /// audit.
    Gate(Gate),
    /// Make, list, rotate and revoke keys: clients' API keys, and the gate's own
    ///
    /// Keys are shown once, when they are made; stores keep hashes. docs/keys.md says more.
    ///
    /// Exit code: 0; 2 if an input is wrong or nothing has the name; 3 if a file can't be read or
    /// written, or is open to others.
    Key(Key),
    /// Say whether a gate's audit is what the gate wrote
    Audit(Audit),
    /// Stand before one server, and take only what the gate signed
    ///
    /// This is what runs beside each server on Fargate; on this machine `up` starts it. It holds no
    /// secret: FARMGATE_PUBLIC_KEY is the gate's public key, FARMGATE_SERVER the server's name. With
    /// a key it serves TLS with a certificate that it makes itself; without, plain HTTP for this
    /// machine only. A command gets one process for each session, and ends with its last byte.
    /// docs/bridge.md says more.
    ///
    /// Exit code: 0; 1 if --check finds another status; 2 if an argument or a variable is wrong; 3
    /// if it can't listen, copy or give away.
    Bridge(Box<Bridge>),
    /// Be a stdio MCP server that is a farm's
    ///
    /// For MCP clients that start a command (Claude, IDEs, the Inspector): what they write goes to the
    /// farm over HTTPS, with a proof of who calls, and what the farm answers is written back. Sessions
    /// that the farm lost are opened again, credentials are found again before they expire, and a farm
    /// that is away is waited for. Keys come from environment variables or from where AWS's own tools
    /// have them. Plain HTTP is for this machine only, and no redirect is followed. Without a way to
    /// prove who calls, none is sent. docs/connect.md says more.
    ///
    /// Exit code: 0 when the client has closed its end; 2 if an argument or a variable is wrong; 3 if
    /// the system gives no thread.
    Connect(Box<Connect>),
    /// Try the controls of a running farm, from outside
    ///
    /// Sends what a farm claims to refuse (no credential, a forged signature, another's session, a
    /// smuggled request ...), and says of each control whether it held or failed, or why it can't be
    /// tested from here. Probes only this machine and what the farm file names, calls no tool, and
    /// stays within bounds. docs/probe.md says more, docs/controls has a page for each control.
    ///
    /// Exit code: 0 if no control failed; 1 if one did; 2 if an input is wrong or may not be probed;
    /// 3 if nothing answers.
    Probe(Box<Probe>),
    /// List the rules, or show one rule's page
    Rules(Rules),
    /// Serve one of the servers that come with farmgate.
    #[command(hide = true)]
    Builtin(Builtin),
    /// Print the JSON Schema of the farm file, for editors, of a report, a diff, or the gate's configuration
    Schema(Schema),
    /// Print a page of the documentation that is made from the program.
    #[command(hide = true)]
    Docs(Docs),
}

/// The arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct Init {
    /// The folder for the farm file; it is made if it isn't there.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,

    /// The farm to start from: quickstart, mcp-farm, mem-brain or bus-simulator
    /// [default: quickstart].
    #[arg(long, value_name = "NAME", conflicts_with = "from")]
    pub blueprint: Option<String>,

    /// Start from this file: an MCP client's `mcpServers`, or a deploy-config.json.
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
}

/// The arguments of `build`.
#[derive(Debug, clap::Args)]
pub struct Build {
    /// The farm file.
    #[arg(value_name = "FARM")]
    pub farm: PathBuf,

    /// The overlay to merge: `prod` for farm.prod.yaml beside farm.yaml.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,

    /// What to build.
    #[arg(long, value_enum, default_value_t)]
    pub to: BuildTo,

    /// The folder to write to.
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,

    /// Overwrite files that were changed by hand.
    #[arg(long)]
    pub force: bool,

    /// Plan the result with Terraform, and prove that the plan allows exactly what the farm says.
    ///
    /// Needs `terraform` and the AWS provider, and no account: the plan is made with made-up
    /// credentials. FARMGATE_TF_PLUGINS names a folder of providers for machines without a network.
    #[arg(long)]
    pub validate: bool,
}

/// The arguments of `print`.
#[derive(Debug, clap::Args)]
pub struct Print {
    /// The farm file.
    #[arg(value_name = "FARM")]
    pub farm: PathBuf,

    /// The overlay to merge: `prod` for farm.prod.yaml beside farm.yaml.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
}

/// What to build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum BuildTo {
    /// A Terraform module.
    #[default]
    Terraform,
}

/// The arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// A file to read, or `-` for the standard input.
    #[arg(required_unless_present = "live", value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// The overlay to merge over a farm file: `prod` for farm.prod.yaml beside farm.yaml.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,

    /// Prove the expectations in this file too.
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,

    /// How to print the report.
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,

    /// Fail only for what this earlier report doesn't have (the output of --format json).
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// The least severity of a finding that makes the exit code 1.
    #[arg(long, value_enum, default_value_t, value_name = "SEVERITY")]
    pub fail_on: FailOn,

    /// Read acceptances from this file [default: .farmgate.yaml, if there is one].
    ///
    /// An acceptance whose last day is over (in UTC) no longer counts.
    #[arg(long, value_name = "FILE")]
    pub accept: Option<PathBuf>,

    /// The account itself.
    #[command(flatten)]
    pub live: Live,
    /// The prices that findings about cost reckon with.
    #[command(flatten)]
    pub prices: PricesFile,

    /// Show everything: what is proved, every assumption, and why each finding matters.
    #[arg(long, short)]
    pub verbose: bool,

    /// Terraform's source.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// The arguments of `explain`.
#[derive(Debug, clap::Args)]
#[command(override_usage = "farmgate explain [OPTIONS] <FILE>... <FROM> <TO>")]
pub struct Explain {
    /// The files to read (`-` is the standard input); then where from, and where to.
    #[arg(required = true, num_args = 3.., value_names = ["FILE", "FROM", "TO"])]
    pub words: Vec<String>,

    /// The overlay to merge over a farm file: `prod` for farm.prod.yaml beside farm.yaml.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,

    /// How to print the answer.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,

    /// Terraform's source.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// The arguments of `rules`.
#[derive(Debug, clap::Args)]
pub struct Rules {
    /// The rule whose page to show.
    pub id: Option<String>,
}

/// The arguments of `schema`.
#[derive(Debug, clap::Args)]
pub struct Schema {
    /// Of what.
    #[arg(value_enum, default_value_t)]
    pub of: SchemaOf,
}

/// The arguments of `docs`.
#[derive(Debug, clap::Args)]
pub struct Docs {
    /// Which page.
    #[arg(value_enum)]
    pub page: Page,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum SchemaOf {
    /// The farm file: docs/farm.schema.json.
    #[default]
    Farm,
    /// `farmgate check --format json`: docs/report.schema.json.
    Report,
    /// The configuration of `farmgate gate`: docs/gate.schema.json.
    Gate,
    /// `farmgate diff --format json`: docs/diff.schema.json.
    Diff,
}

/// The pages that are made from the program.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Page {
    /// Every help text: docs/cli.md.
    Cli,
    /// The list of the rules: docs/rules/README.md.
    Rules,
    /// Every key of the farm file: docs/farm-file.md.
    FarmFile,
}

/// How to print.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs, as docs/json.md describes it.
    Json,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// If the output is a terminal and NO_COLOR isn't set, or if CLICOLOR_FORCE is.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Which findings make the exit code 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Critical ones.
    Critical,
    /// High ones and worse.
    #[default]
    High,
    /// Medium ones and worse.
    Medium,
    /// Low ones and worse.
    Low,
    /// All.
    Info,
    /// None; statements still do.
    Never,
}

// === impl FailOn ===

impl FailOn {
    /// The least severity that counts.
    #[must_use]
    pub fn threshold(self) -> Option<Severity> {
        match self {
            FailOn::Critical => Some(Severity::Critical),
            FailOn::High => Some(Severity::High),
            FailOn::Medium => Some(Severity::Medium),
            FailOn::Low => Some(Severity::Low),
            FailOn::Info => Some(Severity::Info),
            FailOn::Never => None,
        }
    }
}
