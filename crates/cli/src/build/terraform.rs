//! Plans a module with Terraform, in a folder of its own, with made-up credentials: nothing is asked
//! of an account, and nothing of the person's own settings is used.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Output};

use crate::problem::{Failure, Problem};

/// Put beside the module so that it can be planned without an account.
const OVERRIDE: &str = r#"# Only for planning without an account; never part of a module.
provider "aws" {
  access_key                  = "made-up"
  secret_key                  = "made-up"
  allowed_account_ids         = null
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}
"#;

/// The variable that names a folder of providers, for machines without a network.
pub const PLUGINS: &str = "FARMGATE_TF_PLUGINS";

/// The plan of a module, as `terraform show -json` prints it. `plugins` is a folder of providers, in
/// place of the registry.
///
/// # Errors
/// If Terraform isn't there, or doesn't plan.
pub fn plan(files: &BTreeMap<String, String>, plugins: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let folder = tempfile::tempdir().map_err(|error| environment("no-temporary-folder", &error))?;
    for (name, text) in files {
        fs::write(folder.path().join(name), text)
            .map_err(|error| environment("cannot-write", &error))?;
    }
    fs::write(folder.path().join("farmgate_override.tf"), OVERRIDE)
        .map_err(|error| environment("cannot-write", &error))?;
    let mut init = terraform(folder.path(), plugins);
    init.args(["init", "-backend=false", "-input=false", "-no-color"]);
    if let Some(plugins) = plugins {
        let mut argument = std::ffi::OsString::from("-plugin-dir=");
        argument.push(plugins);
        init.arg(argument);
    }
    run(init, "init")?;
    let mut plan = terraform(folder.path(), plugins);
    plan.args(["plan", "-input=false", "-lock=false", "-refresh=false", "-no-color"]);
    plan.arg("-out=farm.plan");
    run(plan, "plan")?;
    let mut show = terraform(folder.path(), plugins);
    show.args(["show", "-json", "-no-color", "farm.plan"]);
    Ok(run(show, "show")?.stdout)
}

fn null_device() -> &'static OsStr {
    OsStr::new(if cfg!(windows) { "NUL" } else { "/dev/null" })
}

/// Terraform, without anything by which it could find an account.
fn terraform(folder: &Path, plugins: Option<&Path>) -> Command {
    let mut command = Command::new("terraform");
    command.current_dir(folder);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("AWS_") || text.starts_with("TF_") {
            command.env_remove(&name);
        }
    }
    // Where providers come from is the person's to say: by a folder, or else by their settings.
    if plugins.is_some() {
        command.env("TF_CLI_CONFIG_FILE", null_device());
    } else {
        for name in ["TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
    }
    command
        .env("TF_IN_AUTOMATION", "1")
        .env("CHECKPOINT_DISABLE", "1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", null_device())
        .env("AWS_SHARED_CREDENTIALS_FILE", null_device());
    command
}

fn run(mut command: Command, what: &str) -> Result<Output, Failure> {
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::environment(vec![Problem::Plain {
            code: "no-terraform",
            file: None,
            message: "there is no `terraform` to plan the module with".to_owned(),
            help: Some("install it, or leave out --validate".to_owned()),
        }]),
        _ => environment("no-terraform", &error),
    })?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: Vec<&str> = said.lines().map(str::trim_end).filter(|l| !l.is_empty()).collect();
    let help = if what == "init" {
        format!("{}\n{PLUGINS} names a folder of providers", said.join("\n"))
    } else {
        said.join("\n")
    };
    Err(Failure::environment(vec![Problem::Plain {
        code: "terraform-failed",
        file: None,
        message: format!("`terraform {what}` failed"),
        help: Some(help),
    }]))
}

fn environment(code: &'static str, error: &io::Error) -> Failure {
    Failure::environment(vec![Problem::Plain {
        code,
        file: None,
        message: error.to_string(),
        help: None,
    }])
}
