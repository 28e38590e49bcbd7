//! Real Terraform on a generated module: on a copy of it, against an emulation of AWS.
//!
//! Nothing here reaches AWS: a module without an emulation talks to a port on which nobody listens.
//! What is under test is left as it is; what the runs need is added in files of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::moto::Moto;
use super::process::{Group, find};

/// How long one command may take; a database alone takes three minutes.
const LIMIT: Duration = Duration::from_secs(15 * 60);
/// The folder that a mirror of plugins holds.
const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";
/// A port on which nobody listens.
const NOWHERE: &str = "http://127.0.0.1:9";
const REGION: &str = "eu-central-1";

// === tools ===

/// Terraform and the folder with the AWS provider.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    terraform: PathBuf,
    plugins: PathBuf,
}

impl Tools {
    /// The tools of this machine, or the name of what is missing.
    ///
    /// `FARMGATE_TERRAFORM` names another terraform than that in PATH, and `FARMGATE_TF_PLUGINS` the
    /// folder that holds `registry.terraform.io`.
    pub(crate) fn find() -> Result<Self, &'static str> {
        let terraform = find("terraform", "FARMGATE_TERRAFORM").ok_or("terraform")?;
        let plugins = plugins().ok_or("the AWS provider of terraform")?;
        Ok(Self { terraform, plugins })
    }
}

fn plugins() -> Option<PathBuf> {
    let named = ["FARMGATE_TF_PLUGINS", "TF_PLUGIN_DIR"].into_iter().filter_map(std::env::var_os);
    if let Some(named) = named.filter(|value| !value.is_empty()).map(PathBuf::from).next() {
        return Some(named).filter(|folder| folder.join(PROVIDER).is_dir());
    }
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".terraform.d/plugins"));
    let usual = ["/opt", "/usr/share", "/usr/local/share"].map(PathBuf::from);
    home.into_iter().chain(usual).find_map(|folder| {
        let inside = fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut folders: Vec<_> = inside.map(|entry| entry.path()).collect();
        folders.sort();
        folders.insert(0, folder);
        folders.into_iter().find(|folder| folder.join(PROVIDER).is_dir())
    })
}

// === failures ===

/// A command that failed, with all that it printed.
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self(format!("what terraform shows is no JSON: {error}"))
    }
}

// === modules ===

/// A copy of a module, on which terraform runs.
pub(crate) struct Module {
    tools: Tools,
    folder: TempDir,
    /// The files that are the module's own.
    own: BTreeSet<PathBuf>,
    endpoint: String,
    variables: serde_json::Map<String, Value>,
}

impl Module {
    /// A copy of the module in a folder, with what is in its folders, to be run against `moto`; or,
    /// without one, to be initialized, formatted and validated only.
    pub(crate) fn new(tools: &Tools, source: &Path, moto: Option<&Moto>) -> Result<Self, Failure> {
        let mut files = BTreeMap::new();
        read_files(source, Path::new(""), &mut files)?;
        Self::made(tools, files, moto)
    }

    /// A module of files that are in memory, by their names.
    pub(crate) fn of(
        tools: &Tools,
        files: &BTreeMap<String, String>,
        moto: Option<&Moto>,
    ) -> Result<Self, Failure> {
        let files =
            files.iter().map(|(name, text)| (PathBuf::from(name), text.clone().into_bytes()));
        Self::made(tools, files.collect(), moto)
    }

    fn made(
        tools: &Tools,
        files: BTreeMap<PathBuf, Vec<u8>>,
        moto: Option<&Moto>,
    ) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("farmgate-terraform-").tempdir()?;
        let mut text = String::new();
        for (name, content) in &files {
            let path = folder.path().join("module").join(name);
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(&path, content)?;
            if name.parent() == Some(Path::new("")) && ends_with(name, ".tf") {
                text.push_str(&String::from_utf8_lossy(content));
                text.push('\n');
            }
        }
        for (name, content) in additions(&text) {
            fs::write(folder.path().join("module").join(name), content)?;
        }
        let endpoint = moto.map_or_else(|| NOWHERE.to_owned(), Moto::url);
        let own = files.into_keys().collect();
        let variables = serde_json::Map::new();
        Ok(Self { tools: tools.clone(), folder, own, endpoint, variables })
    }

    /// Sets a variable, for all runs from here on.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) -> Result<(), Failure> {
        self.variables.insert(name.to_owned(), value.into());
        let text = serde_json::to_string_pretty(&self.variables)?;
        Ok(fs::write(self.path().join("zz_farmgate.auto.tfvars.json"), text)?)
    }

    /// Where the copy is.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("module")
    }

    /// `terraform init`, with the plugins of this machine only.
    pub(crate) fn init(&self) -> Result<(), Failure> {
        let plugins = format!("-plugin-dir={}", self.tools.plugins.display());
        self.run(&["init", "-input=false", "-no-color", &plugins]).map(drop)
    }

    /// `terraform validate`.
    pub(crate) fn validate(&self) -> Result<(), Failure> {
        self.run(&["validate", "-no-color"]).map(drop)
    }

    /// Whether `terraform fmt` leaves the module's own files as they are; what it would change is
    /// in the failure.
    pub(crate) fn fmt_check(&self) -> Result<(), Failure> {
        let formatted = [".tf", ".tfvars"];
        let own = self.own.iter().filter(|name| formatted.iter().any(|end| ends_with(name, end)));
        let names: Vec<String> = own.map(|name| name.display().to_string()).collect();
        let mut arguments = vec!["fmt", "-check", "-diff", "-no-color"];
        arguments.extend(names.iter().map(String::as_str));
        self.run(&arguments).map(drop)
    }

    /// The plan, as JSON.
    pub(crate) fn plan(&self) -> Result<Value, Failure> {
        self.run(&["plan", "-input=false", "-no-color", "-out=farmgate.plan"])?;
        Ok(serde_json::from_str(&self.run(&["show", "-json", "farmgate.plan"])?)?)
    }

    /// Applies the module as it is.
    pub(crate) fn apply(&self) -> Result<(), Failure> {
        self.run(&["apply", "-input=false", "-no-color", "-auto-approve", "-parallelism=30"])
            .map(drop)
    }

    /// The state, as JSON.
    pub(crate) fn state_json(&self) -> Result<Value, Failure> {
        Ok(serde_json::from_str(&self.run(&["show", "-json"])?)?)
    }

    /// What a plan right after an apply would change: nothing, of a sound module.
    pub(crate) fn second_plan(&self) -> Result<Vec<Change>, Failure> {
        Ok(changes(&self.plan()?))
    }

    /// Destroys what was applied.
    pub(crate) fn destroy(&self) -> Result<(), Failure> {
        self.run(&["destroy", "-input=false", "-no-color", "-auto-approve", "-parallelism=30"])
            .map(drop)
    }

    /// Runs terraform; gives what it printed.
    fn run(&self, arguments: &[&str]) -> Result<String, Failure> {
        let home = self.folder.path();
        let (out, err) = (home.join("stdout"), home.join("stderr"));
        let mut command = Command::new(&self.tools.terraform);
        command.args(arguments).current_dir(self.path()).env_clear().envs(self.environment());
        let ended = Group::start(&mut command, &out, &err)?.wait(LIMIT)?;
        let printed = fs::read_to_string(&out)?;
        match ended {
            Some(status) if status.success() => Ok(printed),
            ended => {
                let how = ended.map_or_else(
                    || format!("killed after {} s", LIMIT.as_secs()),
                    |status| status.to_string(),
                );
                let words = arguments.join(" ");
                let complaint = fs::read_to_string(&err)?;
                Err(Failure(format!("terraform {words}: {how}\n{printed}\n{complaint}")))
            }
        }
    }

    /// All that terraform gets to know of this machine.
    fn environment(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("HOME", self.folder.path().display().to_string()),
            ("TF_CLI_CONFIG_FILE", "/dev/null".to_owned()),
            ("TF_IN_AUTOMATION", "1".to_owned()),
            ("CHECKPOINT_DISABLE", "1".to_owned()),
            // Every service's, and the provider's own too; so nothing has to be listed.
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "emulated".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "emulated".to_owned()),
        ];
        for kept in ["PATH", "TMPDIR"] {
            variables.extend(std::env::var(kept).ok().map(|value| (kept, value)));
        }
        variables
    }
}

fn ends_with(name: &Path, end: &str) -> bool {
    name.to_string_lossy().ends_with(end)
}

/// The files under a folder, but for what runs leave there and locks of other platforms.
fn read_files(
    root: &Path,
    under: &Path,
    files: &mut BTreeMap<PathBuf, Vec<u8>>,
) -> Result<(), Failure> {
    let folder = root.join(under);
    let entries =
        fs::read_dir(&folder).map_err(|e| Failure(format!("{}: {e}", folder.display())))?;
    for entry in entries {
        let entry = entry?;
        let name = under.join(entry.file_name());
        let left = [".terraform", ".terraform.lock.hcl", "terraform.tfstate"];
        if left.iter().any(|left| entry.file_name() == *left) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            read_files(root, &name, files)?;
        } else {
            files.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// The files that make a module run against an emulation, by name.
///
/// An override changes only what is there, so a module without a default provider gets one.
fn additions(text: &str) -> Vec<(&'static str, String)> {
    let aliases = providers(text);
    let mut overriding = "terraform {\n  backend \"local\" {}\n}\n".to_owned();
    for alias in aliases.iter() {
        overriding.push_str(&provider(alias.as_deref()));
    }
    let mut files = vec![("farmgate_override.tf", overriding)];
    if !aliases.contains(&None) {
        files.push(("farmgate_provider.tf", provider(None)));
    }
    files
}

/// The aliases of the AWS providers that a module configures; `None` is the default one.
fn providers(text: &str) -> BTreeSet<Option<String>> {
    let blocks = text.split("\nprovider \"aws\" {").skip(1);
    let aliases = blocks.map(|block| {
        let body = block.split("\n}").next().unwrap_or_default();
        let alias =
            body.lines().find_map(|line| line.trim().strip_prefix("alias")?.split_once('"'));
        alias.and_then(|(_, value)| Some(value.split_once('"')?.0.to_owned()))
    });
    aliases.collect()
}

fn provider(alias: Option<&str>) -> String {
    let alias = alias.map_or_else(String::new, |alias| format!("  alias = \"{alias}\"\n"));
    // The provider tries what fails 25 times, which is ten minutes of what will never succeed.
    format!(
        "
provider \"aws\" {{
{alias}  access_key                  = \"emulated\"
  secret_key                  = \"emulated\"
  max_retries                 = 2
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}}
"
    )
}

// === plans ===

/// What a plan would do to one resource or output.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Change {
    /// `aws_vpc.this`, or `output.url`.
    pub(crate) address: String,
    /// `aws_vpc`, or `output`.
    pub(crate) kind: String,
    /// `create`, `update`, `delete`: two of them if it is replaced.
    pub(crate) actions: Vec<String>,
    /// The attributes that differ, or may; only of an update.
    pub(crate) attributes: Vec<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, actions, attributes, .. } = self;
        write!(f, "{address}: {} {}", actions.join(", "), attributes.join(", "))
    }
}

/// What a plan changes; reading of data is no change.
pub(crate) fn changes(plan: &Value) -> Vec<Change> {
    let resources =
        plan["resource_changes"].as_array().into_iter().flatten().map(|resource| {
            (text(&resource["address"]), text(&resource["type"]), &resource["change"])
        });
    let outputs = plan["output_changes"].as_object().into_iter().flatten();
    let outputs =
        outputs.map(|(name, change)| (format!("output.{name}"), "output".to_owned(), change));
    let mut found: Vec<Change> = resources
        .chain(outputs)
        .map(|(address, kind, change)| {
            let actions = change["actions"].as_array().into_iter().flatten().map(text).collect();
            Change { address, kind, actions, attributes: differing(change) }
        })
        .filter(
            |change| !matches!(change.actions.as_slice(), [one] if one == "no-op" || one == "read"),
        )
        .collect();
    found.sort();
    found
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The attributes of an update that are not the same before and after.
fn differing(change: &Value) -> Vec<String> {
    let (Some(before), Some(after)) = (change["before"].as_object(), change["after"].as_object())
    else {
        return Vec::new();
    };
    let unknown = change["after_unknown"].as_object();
    let names: BTreeSet<&String> = before
        .keys()
        .chain(after.keys())
        .chain(unknown.into_iter().flat_map(|map| map.keys()))
        .collect();
    let not_known = |name: &String| {
        unknown
            .and_then(|map| map.get(name))
            .is_some_and(|value| value.to_string().contains("true"))
    };
    let differs = |name: &&String| before.get(*name) != after.get(*name) || not_known(name);
    names.into_iter().filter(differs).cloned().collect()
}
