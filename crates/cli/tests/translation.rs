//! Translation validation: the plan that real Terraform makes of an emitted module allows exactly
//! what the farm says; and a module that is broken in one place is caught, whatever the place.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use farmgate_audit::compare::{Comparison, compare};
use farmgate_aws::design::Design;
use farmgate_aws::emit;
use farmgate_aws::import::{Input, import};
use farmgate_cli::build::terraform;
use farmgate_cli::farm::FarmFile;

const BLUEPRINTS: [&str; 4] = ["quickstart", "mcp-farm", "mem-brain", "bus-simulator"];

/// What to break: the file, what stands in it once (or in whose first place it is), what to write
/// there, and what the comparison must name.
const BREAKS: [(&str, &str, &str, &str); 14] = [
    // A rule that is wider than its flow.
    (
        "security_groups.tf",
        "from_port                    = 8443",
        "from_port                    = 8000",
        "groups.ingress",
    ),
    // A rule for the whole VPC beside the one for the gate.
    (
        "security_groups.tf",
        "# MCP servers: only the gate comes in.",
        "resource \"aws_vpc_security_group_ingress_rule\" \"too_wide\" {\n  for_each = local.servers\n\n  security_group_id = aws_security_group.server[each.key].id\n  ip_protocol       = \"tcp\"\n  from_port         = 8443\n  to_port           = 8443\n  cidr_ipv4         = aws_vpc.farm.cidr_block\n}\n",
        "groups.servers.python",
    ),
    // An allow list that is open.
    ("security_groups.tf", "\"198.51.100.42/32\"", "\"0.0.0.0/0\"", "groups.ingress"),
    // A service with the wrong group.
    (
        "servers.tf",
        "[aws_security_group.server[each.key].id]",
        "[aws_security_group.gate.id]",
        "servers.python",
    ),
    // Tasks in public subnets.
    (
        "servers.tf",
        "for subnet in aws_subnet.private",
        "for subnet in aws_subnet.public",
        "servers.python",
    ),
    // A public address.
    ("gate.tf", "assign_public_ip = false", "assign_public_ip = true", "gate"),
    // A listener that takes TLS 1.0.
    (
        "ingress.tf",
        "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "ELBSecurityPolicy-2016-08",
        "tls_policy",
    ),
    // A path that leads elsewhere.
    ("ingress.tf", "/python/*", "/*", "ingress.443"),
    // Health checks of another path.
    (
        "ingress.tf",
        "path                = \"/health\"",
        "path                = \"/healthz\"",
        "ingress.targets",
    ),
    // An endpoint that captures no name.
    ("endpoints.tf", "private_dns_enabled = true", "private_dns_enabled = false", "private_dns"),
    // A gate that asks for nothing.
    ("gate.tf", "kind       = \"sts_proof\"", "kind       = \"none\"", "gate"),
    // A secret of another.
    (
        "servers.tf",
        "secret:/nova-act-mcp/api-key:api_key::",
        "secret:mcp-farm/gate-keys",
        "servers.nova-act",
    ),
    // An image by tag.
    (
        "servers.tf",
        "python-mcp@sha256:7939a76f578373bc42c97c2c2d852282217b6aea16991a80cb31cedbb523f35e",
        "python-mcp:latest",
        "servers.python",
    ),
    // A way out for all subnets, past the NAT gateway.
    (
        "network.tf",
        "nat_gateway_id         = aws_nat_gateway.nat",
        "gateway_id             = aws_internet_gateway.farm.id # ",
        "network.routes.private",
    ),
];

fn skipped() -> bool {
    let terraform = Command::new("terraform")
        .arg("version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !terraform {
        println!("skipped: terraform not found");
        return true;
    }
    if plugins().is_none() {
        println!("skipped: the AWS provider's folder not found");
        return true;
    }
    false
}

/// The folder of providers: named, or where such folders usually are.
fn plugins() -> Option<PathBuf> {
    let named = std::env::var_os(terraform::PLUGINS).map(PathBuf::from);
    let usual = ["/opt/tf-plugins", "/usr/share/terraform/plugins"].map(PathBuf::from);
    let has = |path: &PathBuf| path.join("registry.terraform.io/hashicorp/aws").is_dir();
    named.into_iter().chain(usual).find(has)
}

fn design(blueprint: &str, env: Option<&str>) -> (FarmFile, Design) {
    let path = format!("{}/../../blueprints/{blueprint}/farm.yaml", env!("CARGO_MANIFEST_DIR"));
    let farm = FarmFile::open(Path::new(&path), env).unwrap();
    let design = farm.design();
    (farm, design)
}

/// Plans a module and compares it with its farm.
fn compared(farm: &FarmFile, design: &Design, files: &BTreeMap<String, String>) -> Comparison {
    let plan = match terraform::plan(files, plugins().as_deref()) {
        Ok(plan) => plan,
        Err(failure) => panic!("{:?}", failure.problems),
    };
    let mut planned = import(&[Input { name: "plan", bytes: &plan }]).unwrap();
    let mut names = emit::names::names(design);
    farm.add_given(design, &mut names, &mut planned);
    compare(&farm.model(design), &planned, &names)
}

#[test]
fn a_plan_allows_exactly_what_the_farm_says() {
    if skipped() {
        return;
    }
    let plain = BLUEPRINTS.map(|blueprint| (blueprint, None));
    for (blueprint, env) in plain.into_iter().chain([("mem-brain", Some("existing"))]) {
        let (farm, design) = design(blueprint, env);
        let found = compared(&farm, &design, &emit::terraform::module(&design));
        let differences: Vec<String> = found.differences.iter().map(ToString::to_string).collect();
        assert_eq!(differences, [""; 0], "{blueprint}");
        // What RDS makes has an ARN of RDS's choice; how what exists is set, nobody says.
        let open: Vec<&str> = found.open.iter().map(|open| open.what.as_str()).collect();
        let expected: &[&str] = match (blueprint, env) {
            ("mem-brain", None) => &[
                "setting services.api.execution-role policy execution document",
                "setting services.api.task containers",
            ],
            ("mem-brain", Some(_)) => &[
                "setting network flow_logs",
                "setting services.existing-api access_logs",
                "setting services.existing-api deletion_protection",
            ],
            _ => &[],
        };
        assert_eq!(open, expected, "{blueprint}");
    }
}

#[test]
fn a_module_that_is_broken_in_one_place_is_caught() {
    if skipped() {
        return;
    }
    let (farm, design) = design("mcp-farm", None);
    let module = emit::terraform::module(&design);
    let mut missed = Vec::new();
    for (file, from, to, named) in BREAKS {
        let mut broken = module.clone();
        let text = broken.get_mut(file).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        *text = text.replacen(from, to, 1);
        let found = compared(&farm, &design, &broken);
        if !found.differences.iter().any(|difference| difference.what.contains(named)) {
            let all: Vec<String> = found.differences.iter().map(ToString::to_string).collect();
            missed.push(format!("{file}: {from:?} -> {to:?} is not named by {named:?}: {all:#?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
