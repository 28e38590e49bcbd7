//! The half of the emitted Terraform that is about tasks, and what stands beside them: a golden
//! module, and what must hold of every one.
//!
//! `FARMGATE_BLESS=1` writes the golden module anew.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use farmgate_aws::design::Design;
use farmgate_aws::emit::moves::{Move, moved};
use farmgate_aws::emit::terraform;
use farmgate_farm::farm;

#[path = "emit_compute/deploy_policy.rs"]
mod deploy_policy;
#[path = "emit_compute/real.rs"]
mod real;
#[path = "emit_compute/scaling.rs"]
mod scaling;
#[path = "emit_compute/secrecy.rs"]
mod secrecy;

/// The files of this half, by what they begin with.
const FILES: [&str; 15] = [
    "probe.tf",
    "alarms",
    "databases",
    "deploy-policy",
    "detection",
    "gate",
    "iam",
    "logs",
    "moves",
    "outputs",
    "repositories",
    "scaling",
    "secrets",
    "servers",
    "services",
];

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emit_compute").join(name)
}

fn design(source: &str) -> Design {
    let farm = farm::read(source, &["listener-open-to-world"]);
    Design::of(&farm.unwrap_or_else(|problems| panic!("{problems:#?}\n{source}")))
}

fn module(source: &str) -> BTreeMap<String, String> {
    terraform::module(&design(source))
}

/// A farm that says everything there is to say about tasks.
fn everything() -> String {
    std::fs::read_to_string(here("farm.yaml")).expect("the farm")
}

/// As little as a farm may say.
const LITTLE: &str = r#"
farm: little
region: eu-central-1
ingress:
  allow: [203.0.113.0/24]
  domain: { name: mcp.example.com }
  tls: { certificate: "arn:aws:acm:eu-central-1:123456789012:certificate/6f1c2f5e-3f0c-4c38-9a6e-1d2b7d0c9a11" }
auth: [{ api_keys: { store: "secretsmanager:little/api-keys" } }]
gate:
  image: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/farmgate@sha256:5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b"
  public_key: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
servers:
  python:
    route: /python/mcp
    image: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/python@sha256:9b2a7c1d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccddeef"
"#;

/// A farm in a VPC that exists, with names as long as they may be.
const INSIDE: &str = r#"
farm: a-farm-with-a-very-long-name-x
region: eu-central-1
network:
  existing:
    vpc: vpc-0123456789abcdef0
    private_subnets:
      - { id: subnet-0123456789abcdef0, cidr: 10.1.0.0/20, zone: a, route_table: rtb-0123456789abcdef0 }
      - { id: subnet-0123456789abcdef1, cidr: 10.1.16.0/20, zone: b, route_table: rtb-0123456789abcdef1 }
ingress:
  scheme: internal
  allow: [10.0.0.0/8]
  domain: { name: mcp.example.com }
  tls: { certificate: "arn:aws:acm:eu-central-1:123456789012:certificate/6f1c2f5e-3f0c-4c38-9a6e-1d2b7d0c9a11" }
auth: [{ api_keys: { store: "secretsmanager:little/api-keys" } }]
gate:
  image: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/farmgate@sha256:5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b"
  public_key: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
  min: 2
  max: 2
monitoring: { container_insights: false }
servers:
  a-server-with-a-very-long-name:
    route: /python/mcp
    scale: { min: 0, max: 3, requests: 100 }
    reaches: [services.api, databases.a-database-with-a-very-long-na]
    secrets: { PASSWORD: "databases.a-database-with-a-very-long-na#password" }
    image: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/python@sha256:9b2a7c1d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccddeef"
services:
  api:
    existing: { security_group: sg-0123456789abcdef0, url: "https://api.internal.example.com", private: true }
databases:
  a-database-with-a-very-long-na: { engine: postgres }
  other: { engine: postgres, version: "16", instance: db.m7g.large }
alarms: { topic: "arn:aws:sns:eu-central-1:123456789012:ops" }
"#;

/// All farms of these tests.
fn farms() -> [(&'static str, String); 3] {
    [("everything", everything()), ("little", LITTLE.to_owned()), ("inside", INSIDE.to_owned())]
}

#[test]
fn the_golden_module() {
    let bless = std::env::var("FARMGATE_BLESS").is_ok_and(|it| it == "1");
    let folder = here("module");
    let ours = |name: &str| FILES.iter().any(|file| name.starts_with(file));
    let module: BTreeMap<String, String> =
        module(&everything()).into_iter().filter(|(name, _)| ours(name)).collect();
    if bless {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, text) in &module {
            std::fs::write(folder.join(name), text).expect("a file");
        }
    }
    let golden: BTreeSet<String> = std::fs::read_dir(&folder)
        .expect("the golden module")
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(golden, module.keys().cloned().collect());
    for (name, text) in &module {
        let expected = std::fs::read_to_string(folder.join(name)).expect("a golden file");
        assert!(*text == expected, "{name} differs; FARMGATE_BLESS=1 writes it anew:\n{text}");
    }
}

#[test]
fn twice_the_same() {
    for (_, farm) in farms() {
        assert_eq!(module(&farm), module(&farm));
    }
}

#[test]
fn what_a_farm_does_not_say_has_no_file() {
    let files: Vec<String> = module(LITTLE).into_keys().collect();
    for absent in
        ["alarms", "databases", "detection", "moves", "repositories", "services", "variables"]
    {
        assert!(!files.contains(&format!("{absent}.tf")), "{absent}");
    }
}

/// A server more changes no block, and no address: it is an entry more in maps.
#[test]
fn another_server_adds_lines_and_changes_none() {
    let more = LITTLE.replace(
        "servers:\n",
        "servers:\n  files:\n    transport: stdio\n    command: [node]\n    route: /files/mcp\n    \
         image: \"123456789012.dkr.ecr.eu-central-1.amazonaws.com/files@sha256:\
         9b2a7c1d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccddeef\"\n    \
         scale: { min: 1, max: 3, cpu: 50 }\n",
    );
    let (before, after) = (module(LITTLE), module(&more));
    for file in ["iam.tf", "logs.tf", "scaling.tf", "outputs.tf"] {
        let mut rest = after[file].lines();
        for line in before[file].lines().filter(|line| !line.trim_start().starts_with('#')) {
            assert!(rest.any(|other| other == line), "{file}: {line}");
        }
    }
    let resources = |module: &BTreeMap<String, String>| -> BTreeSet<String> {
        let lines = module.values().flat_map(|text| text.lines());
        lines.filter(|line| line.starts_with("resource ")).map(str::to_owned).collect()
    };
    assert!(resources(&before).is_subset(&resources(&after)));
}

#[test]
fn names_are_as_long_as_aws_takes_them() {
    let module = module(INSIDE);
    let texts = module["iam.tf"].lines().filter(|line| !line.contains("description"));
    let names = texts.flat_map(|line| line.split('"')).filter(|text| {
        text.starts_with("a-farm-") && (text.contains("-gate-") || text.contains("-server-"))
    });
    let names: BTreeSet<&str> = names.collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(names.iter().all(|name| name.len() <= 64), "{names:?}");
}

#[test]
fn a_release_that_renames_moves_what_exists() {
    let moves = [
        Move { since: "0.2", from: "aws_ecs_service.mcp", to: "aws_ecs_service.server" },
        Move { since: "0.3", from: "aws_lb.ingress", to: "aws_lb.front" },
        Move { since: "0.3", from: "aws_vpc.farm", to: "aws_vpc.main" },
    ];
    assert_eq!(
        moved(&moves).to_string(),
        "\
# What earlier releases of farmgate called by other addresses. It is moved, not replaced.

# Since 0.2.
moved {
  from = aws_ecs_service.mcp
  to   = aws_ecs_service.server
}

# Since 0.3.
moved {
  from = aws_lb.ingress
  to   = aws_lb.front
}

moved {
  from = aws_vpc.farm
  to   = aws_vpc.main
}
"
    );
    assert_eq!(moved(&[]).to_string(), "");
}
