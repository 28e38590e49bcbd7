//! What real Terraform says: modules are formatted, valid, and can be planned without an account;
//! the plan says of every task what the design does.
//!
//! Needs `terraform`, and the folder of its providers in `FARMGATE_TF_PLUGINS` (or `/opt/tf-plugins`);
//! says that it is skipped otherwise.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use farmgate_aws::design::{Design, SecretSource};
use farmgate_farm::gate;
use serde_json::Value;

use super::{design, farms};

/// So that no account is asked for: no part of what is shipped.
const OVERRIDE: &str = "\
provider \"aws\" {
  access_key                  = \"test\"
  secret_key                  = \"test\"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  allowed_account_ids         = null
}
";

#[test]
fn modules_are_formatted_valid_and_planned_as_designed() {
    let Some(plugins) = plugins() else {
        println!("skipped: no folder of Terraform providers");
        return;
    };
    for (name, source) in farms() {
        let design = design(&source);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("emit_compute").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        for (file, text) in farmgate_aws::emit::terraform::module(&design) {
            fs::write(folder.join(file), text).expect("a file");
        }
        let Some(formatted) = terraform(&folder, &["fmt", "-check", "-diff"]) else {
            return;
        };
        assert!(formatted.status.success(), "{}", shown(&formatted));
        fs::write(folder.join("made_up_override.tf"), OVERRIDE).expect("a file");
        let from = format!("-plugin-dir={}", plugins.display());
        for arguments in [
            &["init", "-input=false", "-no-color", &from][..],
            &["validate", "-no-color"],
            &["plan", "-input=false", "-no-color", "-out=plan"],
        ] {
            let output = terraform(&folder, arguments).expect("terraform, as before");
            assert!(output.status.success(), "{name}: {arguments:?}\n{}", shown(&output));
            let text = shown(&output);
            let first = arguments.first() == Some(&"init");
            assert!(first || !text.contains("Warning"), "{name}: {arguments:?}\n{text}");
        }
        let plan = terraform(&folder, &["show", "-json", "plan"]).expect("terraform, as before");
        planned_as_designed(&design, &serde_json::from_slice(&plan.stdout).expect("JSON"));
    }
}

/// Every task that is wholly known has the design's containers, and the gate its configuration.
fn planned_as_designed(design: &Design, plan: &Value) {
    let resources = plan["planned_values"]["root_module"]["resources"].as_array().unwrap();
    let planned: BTreeMap<&str, &Value> =
        resources.iter().map(|it| (it["address"].as_str().unwrap(), &it["values"])).collect();
    let mut known = 0;
    for task in &design.tasks {
        let (label, key) = farmgate_aws::emit::names::label(&task.party);
        let key = key.map(|key| format!("[{key:?}]")).unwrap_or_default();
        let values = planned[format!("aws_ecs_task_definition.{label}{key}").as_str()];
        assert_eq!(values["cpu"], task.cpu.to_string());
        assert_eq!(values["memory"], task.memory.to_string());
        let secrets = || task.containers.iter().flat_map(|it| it.secrets.values());
        let Some(text) = values["container_definitions"].as_str() else {
            // What RDS makes has a name only once it is made.
            assert!(secrets().any(|it| matches!(it, SecretSource::Database(..))));
            continue;
        };
        known += 1;
        let containers: Value = serde_json::from_str(text).unwrap();
        let containers = containers.as_array().unwrap();
        assert_eq!(containers.len(), task.containers.len());
        for designed in &task.containers {
            let planned = containers.iter().find(|it| it["name"] == designed.name.as_str());
            container(planned.expect("a container of this name"), designed, design);
        }
    }
    assert!(known > 0);
}

fn container(planned: &Value, designed: &farmgate_aws::design::ContainerDesign, design: &Design) {
    assert_eq!(planned["name"], designed.name.as_str());
    assert_eq!(planned["image"], designed.image.as_str());
    assert_eq!(planned["user"], designed.user.as_str());
    assert_eq!(planned["essential"], designed.essential);
    assert_eq!(planned["readonlyRootFilesystem"], designed.read_only);
    let list = |name: &str| planned[name].as_array().cloned().unwrap_or_default();
    let words = |name: &str| -> Vec<String> {
        list(name).iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(words("command"), designed.command);
    assert_eq!(words("entryPoint"), designed.entry_point);
    let ports: Vec<u64> =
        list("portMappings").iter().map(|it| it["containerPort"].as_u64().unwrap()).collect();
    assert_eq!(ports, designed.ports.iter().map(|port| u64::from(*port)).collect::<Vec<_>>());
    let variables = list("environment");
    assert_eq!(variables.len(), designed.environment.len());
    for variable in &variables {
        let (name, value) =
            (variable["name"].as_str().unwrap(), variable["value"].as_str().unwrap());
        if name == gate::CONFIG_VARIABLE {
            assert_eq!(gate::Config::parse(value).unwrap(), design.gate);
        } else {
            assert_eq!(value, designed.environment[name]);
        }
    }
    assert_eq!(list("secrets").len(), designed.secrets.len());
    assert_eq!(list("mountPoints").len(), designed.mounts.len());
    assert_eq!(planned["logConfiguration"]["logDriver"], "awslogs");
}

// === running ===

/// The folder of providers.
fn plugins() -> Option<PathBuf> {
    let named = std::env::var_os("FARMGATE_TF_PLUGINS").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| PathBuf::from("/opt/tf-plugins"));
    folder.is_dir().then_some(folder)
}

/// Runs terraform, if there is one.
fn terraform(folder: &Path, arguments: &[&str]) -> Option<Output> {
    let output = Command::new("terraform")
        .args(arguments)
        .current_dir(folder)
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .env("CHECKPOINT_DISABLE", "1")
        .env_remove("TF_PLUGIN_CACHE_DIR")
        .env_remove("AWS_PROFILE")
        .output();
    match output {
        Ok(output) => Some(output),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("skipped: terraform not found");
            None
        }
        Err(error) => panic!("terraform: {error}"),
    }
}

fn shown(output: &Output) -> String {
    let texts =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    texts.concat()
}
