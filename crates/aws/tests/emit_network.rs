//! The network half of the emitted Terraform: a golden module, and what must hold of every one.
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

use farmgate_aws::design::{Design, End, Party};
use farmgate_aws::emit::{names, terraform};

#[path = "emit_network/addresses.rs"]
mod addresses;
#[path = "emit_network/variants.rs"]
mod variants;

use addresses::{Instances, addresses};
use variants::{farm, variants, without};

/// The files of this half.
const FILES: [&str; 9] = [
    "README.md",
    "access_logs.tf",
    "dns.tf",
    "endpoints.tf",
    "ingress.tf",
    "network.tf",
    "security_groups.tf",
    "versions.tf",
    "waf.tf",
];

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emit_network").join(name)
}

fn design(source: &str) -> Design {
    let farm = farmgate_farm::farm::read(source, &["listener-open-to-world"]);
    Design::of(&farm.unwrap_or_else(|problems| panic!("{problems:#?}\n{source}")))
}

fn module(source: &str) -> BTreeMap<String, String> {
    terraform::module(&design(source))
}

#[test]
fn the_golden_module() {
    let module = module(&farm());
    for name in FILES {
        let made = module.get(name).unwrap_or_else(|| panic!("no {name}"));
        let path = here("expected").join(name);
        if std::env::var_os("FARMGATE_BLESS").is_some() {
            std::fs::create_dir_all(here("expected")).expect("a folder");
            std::fs::write(&path, made).expect("a file");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(*made == expected, "{name} differs: FARMGATE_BLESS=1 writes it anew");
    }
}

#[test]
fn the_same_farm_gives_the_same_module() {
    for (name, source) in variants() {
        assert_eq!(module(&source), module(&source), "{name}");
    }
}

#[test]
fn terraform_fmt_leaves_every_module_as_it_is() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("emit_network");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("a folder of this test");
    }
    for (name, source) in variants() {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        for (name, text) in module(&source) {
            std::fs::write(folder.join(name), text).expect("a file");
        }
    }
    let output = std::process::Command::new("terraform")
        .args(["fmt", "-check", "-diff", "-recursive", "-no-color"])
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .current_dir(&folder)
        .output();
    match output {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: terraform not found");
        }
        Err(error) => panic!("{error}"),
    }
}

/// The addresses of this half's resources.
fn network_addresses(source: &str) -> Instances {
    let module = module(source);
    let locals = addresses::locals(&module);
    let files = FILES.iter().filter(|name| name.ends_with(".tf"));
    let texts: Vec<&str> = files.filter_map(|name| module.get(*name)).map(String::as_str).collect();
    addresses(&texts, &locals)
}

#[test]
fn a_server_more_or_less_moves_no_other_address() {
    let all = network_addresses(&farm());
    for server in ["nova-act", "python", "tickets"] {
        let rest = network_addresses(&without("servers", server));
        let gone: BTreeSet<_> = all.difference(&rest).collect();
        let come: BTreeSet<_> = rest.difference(&all).collect();
        assert!(come.is_empty(), "without {server} there is {come:?}");
        let own = format!("[\"{server}\"]");
        // Endpoints that nobody else uses go with it, and so does the probe of a port that nobody else
        // has.
        let alone = |address: &str| {
            address.ends_with("[\"ssm\"]")
                || address.starts_with("aws_vpc_security_group_egress_rule.probe_to_10_")
        };
        let strange: Vec<_> =
            gone.iter().filter(|address| !address.ends_with(&own) && !alone(address)).collect();
        assert!(strange.is_empty(), "without {server} there is no {strange:?}");
        assert!(gone.iter().any(|address| **address == format!("aws_security_group.server{own}")));
    }
}

#[test]
fn a_service_less_takes_only_what_is_about_it() {
    let all = network_addresses(&farm());
    for (service, words) in [("brain", ["brain", "dynamodb"]), ("legacy", ["legacy", "legacy"])] {
        let rest = network_addresses(&without("services", service));
        let come: BTreeSet<_> = rest.difference(&all).collect();
        assert!(come.is_empty(), "without {service} there is {come:?}");
        for address in all.difference(&rest) {
            assert!(words.iter().any(|word| address.contains(word)), "{address}");
        }
    }
}

#[test]
fn every_flow_has_its_rules_and_there_are_no_others() {
    for (name, source) in variants() {
        let design = design(&source);
        let ours =
            |end: &End| matches!(end, End::Party(party) if !matches!(party, Party::Existing(_)));
        let into = |end: &End| matches!(end, End::Party(_));
        let wanted = design
            .flows
            .iter()
            .map(|flow| usize::from(ours(&flow.from)) + usize::from(into(&flow.to)));
        let made = network_addresses(&source);
        let rules = made.iter().filter(|address| {
            address.contains("security_group_") && address.contains("gress_rule.")
        });
        assert_eq!(rules.count(), wanted.sum::<usize>(), "{name}");
    }
}

#[test]
fn every_name_of_the_model_is_a_resource_or_an_id() {
    for (name, source) in variants() {
        let design = design(&source);
        let module = terraform::module(&design);
        let text: String = module.values().map(String::as_str).collect();
        for (key, address) in names::names(&design) {
            let address = address.as_str();
            let Some((kind, rest)) = address.split_once('.') else {
                assert!(address.contains('-'), "{name}: {key} is {address}");
                continue;
            };
            let (label, index) = match rest.split_once('[') {
                Some((label, index)) => (label, index.trim_end_matches(']').trim_matches('"')),
                None => (rest, ""),
            };
            let block = format!("resource \"{kind}\" \"{label}\" {{");
            let at = text.find(&block).unwrap_or_else(|| panic!("{name}: no {address} for {key}"));
            let each = text[at..].lines().nth(1).unwrap_or_default().contains("for_each");
            assert_eq!(each, !index.is_empty(), "{name}: {address}");
        }
    }
}

#[test]
fn nothing_is_inline_and_nothing_is_asked_of_an_account() {
    for (name, source) in variants() {
        for (file, text) in module(&source) {
            for wrong in ["  ingress {", "  egress {", "\ndata \"", "\"-1\""] {
                assert!(!text.contains(wrong), "{name}/{file} has {wrong:?}");
            }
        }
    }
}

#[test]
fn of_a_network_that_exists_nothing_is_made() {
    let (_, source) = variants().into_iter().find(|(name, _)| *name == "existing").unwrap();
    let module = module(&source);
    assert!(!module.contains_key("network.tf"));
    let endpoints = &module["endpoints.tf"];
    assert!(endpoints.contains("vpc_id              = \"vpc-0123456789abcdef0\""), "{endpoints}");
    assert!(
        endpoints.contains("subnet_ids          = [\"subnet-0aaaaaaaaaaaaaaa1\""),
        "{endpoints}"
    );
    assert!(endpoints.contains("route_table_ids   = [\"rtb-0aaaaaaaaaaaaaaa1\"]"), "{endpoints}");
    for text in module.values() {
        for made in ["aws_vpc.farm", "aws_subnet.", "aws_route_table.", "aws_default_security"] {
            assert!(!text.contains(made), "{made}");
        }
    }
}

#[test]
fn an_internal_farm_without_nat_has_no_way_to_the_internet() {
    let (_, source) = variants().into_iter().find(|(name, _)| *name == "internal").unwrap();
    let module = module(&source);
    let network = &module["network.tf"];
    for kind in ["aws_internet_gateway", "aws_nat_gateway", "aws_eip", "aws_route\"", "\"public\""]
    {
        assert!(!network.contains(kind), "{kind} in {network}");
    }
    assert!(module["ingress.tf"].contains("internal           = true"));
    for missing in ["waf.tf", "dns.tf", "access_logs.tf"] {
        assert!(!module.contains_key(missing), "{missing}");
    }
}

#[test]
fn callers_credentials_are_not_in_the_log_of_the_web_acl() {
    let waf = &module(&farm())["waf.tf"];
    for header in ["authorization", "cookie", "x-api-key"] {
        assert!(
            waf.contains(&format!("    single_header {{\n      name = \"{header}\"")),
            "{header}"
        );
    }
}

#[test]
fn secrets_are_made_without_being_shown() {
    let parameter = "secrets: { NOVA_ACT_API_KEY: \"ssm:/nova-act-mcp/api-key\" }";
    let pair = "secrets: { A: \"secretsmanager:x/pair#user\", B: \"secretsmanager:x/pair#pass\" }";
    let readme = &module(&farm().replace(parameter, pair))["README.md"];
    let expected = r#"# read by servers.nova-act as A, servers.nova-act as B
{
  echo 'pass:' >&2; IFS= read -rs VALUE; printf '%s\n' "$VALUE"
  echo 'user:' >&2; IFS= read -rs VALUE; printf '%s\n' "$VALUE"
} |
  jq -Rn '{"pass": input, "user": input}' |
  aws secretsmanager create-secret --region us-west-2 --name 'x/pair' \
    --secret-string file:///dev/stdin
"#;
    assert!(readme.contains(expected), "{readme}");
}

#[test]
fn names_that_are_too_long_are_cut_and_stay_apart() {
    let long = farm().replace("farm: mcp-farm", "farm: a-farm-with-quite-a-long-name");
    let design = design(&long);
    let [one, other] = ["a-service-with-a-long-name-1", "a-service-with-a-long-name-2"]
        .map(|name| names::physical_within(&design, &["service", name], names::BALANCER_NAME));
    assert_ne!(one, other);
    assert!(one.len() <= 32 && other.len() <= 32, "{one} {other}");
    assert_eq!(names::balancer_name(&design, &Party::Ingress), "a-farm-with-quite-a-long-name");
}
