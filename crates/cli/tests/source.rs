//! `--source` on the modules that `build` writes: planned by real Terraform, nothing is assumed any more,
//! and no value that was evaluated is another than the plan's.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use farmgate_aws::emit;
use farmgate_aws::import::{Input, Settings, import, import_with};
use farmgate_aws::model::Model;
use farmgate_cli::build::terraform;
use farmgate_cli::farm::FarmFile;

const BLUEPRINTS: [&str; 4] = ["quickstart", "mcp-farm", "mem-brain", "bus-simulator"];

/// The folder of providers, or what is missing.
fn plugins() -> Result<PathBuf, &'static str> {
    let version = Command::new("terraform").arg("version").stdout(Stdio::null()).status();
    if !version.is_ok_and(|status| status.success()) {
        return Err("terraform");
    }
    let named = std::env::var_os(terraform::PLUGINS).map(PathBuf::from);
    let usual = ["/opt/tf-plugins", "/usr/share/terraform/plugins"].map(PathBuf::from);
    let has = |path: &PathBuf| path.join("registry.terraform.io/hashicorp/aws").is_dir();
    named.into_iter().chain(usual).find(has).ok_or("the AWS provider's folder")
}

fn assumed(model: &Model) -> usize {
    let text = format!("{model:?}");
    text.matches("Assumed(").count() + text.matches("assumed: Some(").count()
}

/// What is assumed as the references of an expression suggest.
fn left(model: &Model) -> Vec<String> {
    let text = format!("{model:#?}");
    let suggests =
        |line: &&str| line.contains("expression names") || line.contains("look the same");
    text.lines().filter(suggests).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn a_built_module_is_settled_by_its_own_source() {
    let plugins = match plugins() {
        Ok(plugins) => plugins,
        Err(missing) => {
            println!("skipped: {missing} not found");
            return;
        }
    };
    for blueprint in BLUEPRINTS {
        let path = format!("{}/../../blueprints/{blueprint}/farm.yaml", env!("CARGO_MANIFEST_DIR"));
        let farm = FarmFile::open(Path::new(&path), None).unwrap();
        let files = emit::terraform::module(&farm.design());
        let plan = match terraform::plan(&files, Some(&plugins)) {
            Ok(plan) => plan,
            Err(failure) => panic!("{:?}", failure.problems),
        };
        let inputs = [Input { name: "plan.json", bytes: &plan }];
        let source: Vec<Input<'_>> =
            files.iter().map(|(name, text)| Input { name, bytes: text.as_bytes() }).collect();
        let before = import(&inputs).unwrap();
        let after = import_with(&inputs, &Settings { source: &source }).unwrap();
        let told: Vec<&str> = after.warnings.iter().map(|warning| warning.text.as_str()).collect();
        println!("{blueprint}: {} assumed, {} with the source", assumed(&before), assumed(&after));
        assert_eq!(told, [""; 0], "{blueprint}");
        let left = left(&after);
        assert_eq!(left, [""; 0], "{blueprint}");
        assert!(assumed(&after) * 20 < assumed(&before), "{blueprint}");
        assert!(after.locations.len() > before.locations.len(), "{blueprint}");
    }
}
