//! Terraform's source beside a plan: what it settles, where everything is written, and that what it
//! evaluates nothing otherwise than the plan.

use std::fs;
use std::path::{Path, PathBuf};

use farmgate_aws::import::{Input, Settings, import, import_with, modules_outside};
use farmgate_aws::model::{Model, Origin};

/// The files of a folder, by their paths in it.
fn files(folder: &Path, below: &str, found: &mut Vec<(String, Vec<u8>)>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        let own = path.file_name().expect("a name").to_string_lossy().into_owned();
        let name = if below.is_empty() { own.clone() } else { format!("{below}/{own}") };
        if path.is_dir() {
            files(&path, &name, found);
        } else if !own.ends_with(".tfstate") {
            found.push((name, fs::read(&path).expect("a file")));
        }
    }
}

fn example(name: &str) -> (Vec<u8>, Vec<(String, Vec<u8>)>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    let mut found = Vec::new();
    files(&folder, "", &mut found);
    (fs::read(folder.join("plan.json")).expect("a plan"), found)
}

fn with(plan: &[u8], source: &[(String, Vec<u8>)]) -> Model {
    let source: Vec<Input<'_>> = source.iter().map(|(name, bytes)| Input { name, bytes }).collect();
    import_with(&[Input { name: "plan.json", bytes: plan }], &Settings { source: &source })
        .expect("a model")
}

fn without(plan: &[u8]) -> Model {
    import(&[Input { name: "plan.json", bytes: plan }]).expect("a model")
}

/// How many values of a model are assumed.
fn assumed(model: &Model) -> usize {
    let text = format!("{model:?}");
    text.matches("Assumed(").count() + text.matches("assumed: Some(").count()
}

/// Assumptions of the examples' models without and with the source.
const SETTLED: [(&str, usize, usize); 3] =
    [("farm-with-a-hole", 78, 0), ("gated-farm", 111, 0), ("clean-farm", 79, 0)];

#[test]
fn examples_have_no_assumption_left() {
    for (name, before, after) in SETTLED {
        let (plan, source) = example(name);
        let model = with(&plan, &source);
        assert_eq!((assumed(&without(&plan)), assumed(&model)), (before, after), "{name}");
        assert!(model.warnings.is_empty(), "{name}: {:?}", model.warnings);
    }
}

#[test]
fn everything_has_its_place() {
    let (plan, source) = example("clean-farm");
    let model = with(&plan, &source);
    let text = String::from_utf8(
        source.iter().find(|(name, _)| name == "main.tf").expect("main.tf").1.clone(),
    )
    .expect("text");
    let at = |origin: &Origin| {
        let place = model.location(origin).expect("a place");
        assert_eq!(&*place.file, "main.tf");
        let line =
            text.lines().nth(usize::try_from(place.line).expect("a line") - 1).expect("a line");
        line.chars().skip(usize::try_from(place.column).expect("a column") - 1).collect::<String>()
    };
    for key in model.security_groups.keys().chain(model.load_balancers.keys()) {
        assert!(at(&Origin::of(key)).starts_with("resource \""), "{key}");
    }
    for key in model.services.keys() {
        assert_eq!(at(&Origin::at(key, "network_configuration[0]")), "network_configuration {");
        assert_eq!(
            at(&Origin::at(key, "network_configuration[0].subnets")),
            "network_configuration {"
        );
    }
    for key in model.task_definitions.keys() {
        assert!(at(&Origin::at(key, "container_definitions")).starts_with("container_definitions"));
    }
}

/// A plan of two subnets, a group and a service, with what is unknown of it before the first apply.
fn plan_of(definitions: &serde_json::Value, subnets: &serde_json::Value) -> Vec<u8> {
    let change = |address: &str,
                  kind: &str,
                  name: &str,
                  index: serde_json::Value,
                  after: serde_json::Value,
                  unknown: serde_json::Value| {
        serde_json::json!({
            "address": address, "mode": "managed", "type": kind, "name": name, "index": index,
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": unknown},
        })
    };
    let subnet = |at: u32| {
        change(
            &format!("aws_subnet.a[{at}]"),
            "aws_subnet",
            "a",
            at.into(),
            serde_json::json!({"cidr_block": format!("10.0.{at}.0/24")}),
            serde_json::json!({"id": true, "arn": true}),
        )
    };
    let plan = serde_json::json!({
        "format_version": "1.2",
        "resource_changes": [
            subnet(0), subnet(1), subnet(2),
            change("aws_ecr_repository.a", "aws_ecr_repository", "a", serde_json::Value::Null,
                serde_json::json!({"name": "a"}), serde_json::json!({"id": true, "arn": true, "repository_url": true})),
            change("aws_ecs_task_definition.a", "aws_ecs_task_definition", "a", serde_json::Value::Null,
                serde_json::json!({"family": "a"}), serde_json::json!({"id": true, "arn": true, "container_definitions": true})),
            change("aws_ecs_service.a", "aws_ecs_service", "a", serde_json::Value::Null,
                serde_json::json!({"name": "a", "network_configuration": [{"assign_public_ip": false}]}),
                serde_json::json!({"id": true, "task_definition": true, "network_configuration": [{"subnets": true}]})),
        ],
        "configuration": {"root_module": {"resources": [
            {"address": "aws_subnet.a", "mode": "managed", "type": "aws_subnet", "name": "a",
             "expressions": {"cidr_block": {"references": ["count.index"]}}},
            {"address": "aws_ecr_repository.a", "mode": "managed", "type": "aws_ecr_repository", "name": "a",
             "expressions": {"name": {"constant_value": "a"}}},
            {"address": "aws_ecs_task_definition.a", "mode": "managed", "type": "aws_ecs_task_definition", "name": "a",
             "expressions": {"family": {"constant_value": "a"}, "container_definitions": definitions}},
            {"address": "aws_ecs_service.a", "mode": "managed", "type": "aws_ecs_service", "name": "a",
             "expressions": {"name": {"constant_value": "a"},
                "task_definition": {"references": ["aws_ecs_task_definition.a.arn", "aws_ecs_task_definition.a"]},
                "network_configuration": [{"assign_public_ip": {"constant_value": false}, "subnets": subnets}]}},
        ]}},
    });
    serde_json::to_vec(&plan).expect("a plan")
}

const SMALL: &str = r#"
resource "aws_subnet" "a" {
  count      = 3
  cidr_block = cidrsubnet("10.0.0.0/16", 8, count.index)
}
resource "aws_ecr_repository" "a" {
  name = "a"
}
resource "aws_ecs_task_definition" "a" {
  family = "a"
  container_definitions = jsonencode([
    { name = "web", image = "${aws_ecr_repository.a.repository_url}:v1", user = "1000",
      portMappings = [{ containerPort = 8000 }],
      environment = [for k, v in { MODE = "prod", AT = aws_ecr_repository.a.arn } : { name = k, value = v }] },
    { name = "side", image = "envoyproxy/envoy:v1.30.0" },
  ])
}
locals {
  own = slice(aws_subnet.a[*].id, 0, 2)
}
resource "aws_ecs_service" "a" {
  name            = "a"
  task_definition = aws_ecs_task_definition.a.arn
  network_configuration {
    assign_public_ip = false
    subnets          = local.own
  }
}
"#;

#[test]
fn a_local_value_and_the_parts_of_containers_are_settled() {
    let definitions = serde_json::json!({"references": ["aws_ecr_repository.a.repository_url", "aws_ecr_repository.a", "aws_ecr_repository.a.arn", "aws_ecr_repository.a"]});
    let plan = plan_of(&definitions, &serde_json::json!({"references": ["local.own"]}));
    let model = with(&plan, &[("main.tf".to_owned(), SMALL.as_bytes().to_vec())]);
    assert!(model.warnings.is_empty(), "{:?}", model.warnings);
    let service = model.services.values().next().expect("a service");
    let subnets: Vec<&str> = service.subnets.sure.iter().map(|key| key.as_str()).collect();
    assert_eq!(subnets, ["aws_subnet.a[0]", "aws_subnet.a[1]"]);
    assert!(service.subnets.is_settled() && service.subnets.assumed.is_none());
    let task = model.task_definitions.values().next().expect("a definition");
    let containers = task.containers.known().expect("containers");
    let [web, side] = containers.as_slice() else { panic!("{containers:?}") };
    assert_eq!(web.user.as_deref(), Some("1000"));
    assert_eq!(web.ports, [(8000, "tcp".to_owned())]);
    assert_eq!(web.environment.get("MODE").map(String::as_str), Some("prod"));
    // What AWS makes of the repository's name is documented; neither account nor region are known here.
    assert_eq!(web.image.as_deref(), Some("*.dkr.ecr.*.amazonaws.com/a:v1"));
    let at = web.environment.get("AT").map(String::as_str);
    assert_eq!(at, Some("arn:aws:known-after-apply"));
    assert!(web.unknown.is_empty(), "{:?}", web.unknown);
    assert_eq!(side.image.as_deref(), Some("envoyproxy/envoy:v1.30.0"));
    assert!(side.unknown.is_empty());
}

#[test]
fn without_the_source_of_the_plan_nothing_changes() {
    let definitions = serde_json::json!({"references": ["aws_ecr_repository.a.repository_url", "aws_ecr_repository.a"]});
    let plan = plan_of(&definitions, &serde_json::json!({"references": ["local.own"]}));
    // The plan mentions less than the source: it is of another day.
    let model = with(&plan, &[("main.tf".to_owned(), SMALL.as_bytes().to_vec())]);
    assert!(
        model
            .warnings
            .iter()
            .any(|warning| warning.code == "source-differs" || !warning.text.is_empty())
            || model.services.values().all(|service| service.subnets.is_settled())
    );
    let changed = SMALL.replace("subnets          = local.own", "subnets = aws_subnet.a[*].id");
    let model = with(&plan, &[("main.tf".to_owned(), changed.into_bytes())]);
    let codes: Vec<&str> = model.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["source-differs"]);
    let service = model.services.values().next().expect("a service");
    assert!(!service.subnets.is_settled(), "{:?}", service.subnets);
}

#[test]
fn a_folder_without_terraform_is_refused() {
    let (plan, _) = example("clean-farm");
    let source = [Input { name: "README.md", bytes: b"nothing" }];
    let errors =
        import_with(&[Input { name: "plan.json", bytes: &plan }], &Settings { source: &source })
            .expect_err("a refusal");
    assert_eq!(errors[0].code, "no-terraform-source");
}

/// Whatever is done to a source, the import ends, and without it the model is the same or the source says
/// why: no panic, no endless run.
#[test]
fn mutated_sources_do_no_harm() {
    let (plan, source) = example("farm-with-a-hole");
    let text = String::from_utf8(
        source.iter().find(|(name, _)| name == "main.tf").expect("main.tf").1.clone(),
    )
    .expect("text");
    let words = [
        "{",
        "}",
        "[",
        "]",
        "${",
        "\"",
        "for x in local.a : ",
        "...",
        "[*]",
        ".*.",
        "count = 1000000000",
        "jsonencode(",
        "<<EOT\n",
        "-",
        "!",
        "? 1 :",
        "9999999999999999999999",
        "\u{0}",
        "é",
        "each.value",
    ];
    let mut seed = 7_u64;
    let mut next = |most: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("small") % most.max(1)
    };
    for _ in 0..120 {
        let mut mutated = text.clone();
        for _ in 0..=next(3) {
            let mut at = next(mutated.len());
            while !mutated.is_char_boundary(at) {
                at -= 1;
            }
            match next(3) {
                0 => mutated.insert_str(at, words[next(words.len())]),
                1 => mutated.truncate(at),
                _ => {
                    let end = mutated[at..]
                        .char_indices()
                        .nth(next(40))
                        .map_or(mutated.len(), |(more, _)| at + more);
                    mutated.replace_range(at..end, words[next(words.len())]);
                }
            }
        }
        let files = [Input { name: "main.tf", bytes: mutated.as_bytes() }];
        let _ =
            import_with(&[Input { name: "plan.json", bytes: &plan }], &Settings { source: &files });
    }
}

/// A plan of one task definition, whose containers are known only after apply, beside other resources:
/// `(type, name, values, what is unknown)`.
fn plan_beside(others: &[(&str, &str, serde_json::Value, serde_json::Value)]) -> Vec<u8> {
    let task = serde_json::json!({"family": "a"});
    let open = serde_json::json!({"arn": true, "container_definitions": true});
    let all = others.iter().cloned().chain([("aws_ecs_task_definition", "a", task, open)]);
    let changes = all.map(|(kind, name, after, unknown)| {
        serde_json::json!({
            "address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name,
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": unknown},
        })
    });
    let plan = serde_json::json!({
        "format_version": "1.2",
        "resource_changes": changes.collect::<Vec<_>>(),
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"constant_value": "eu-west-1"}}}},
            "root_module": {},
        },
    });
    serde_json::to_vec(&plan).expect("a plan")
}

/// What the same plan's source says of containers: in a heredoc, with JSON in it.
const HEREDOC: &str = r#"
resource "aws_secretsmanager_secret" "s" {
  name = "app/token"
}
resource "aws_lb" "inner" {
  internal = true
}
resource "aws_cognito_user_pool" "p" {
}
locals {
  secrets = [{ name = "TOKEN", valueFrom = "${aws_secretsmanager_secret.s.arn}:token::" }]
}
resource "aws_ecs_task_definition" "a" {
  family                = "a"
  container_definitions = <<EOF
[{
  "name": "web",
  "image": "web:1",
  "command": ["sh", "-c", "echo $${HOME}"],
  "secrets": ${jsonencode(local.secrets)},
  "environment": [
    {"name": "API", "value": "${format("http://%s:%d", aws_lb.inner.dns_name, 8080)}"},
    {"name": "POOL", "value": "${join("/", ["pools", aws_cognito_user_pool.p.id])}"}
  ]
}]
EOF
}
"#;

#[test]
fn names_in_a_text_of_containers_are_what_aws_makes_of_them() {
    let plan = plan_beside(&[
        (
            "aws_secretsmanager_secret",
            "s",
            serde_json::json!({"name": "app/token"}),
            serde_json::json!({"id": true, "arn": true}),
        ),
        (
            "aws_lb",
            "inner",
            serde_json::json!({"internal": true}),
            serde_json::json!({"id": true, "arn": true, "dns_name": true}),
        ),
        (
            "aws_cognito_user_pool",
            "p",
            serde_json::json!({}),
            serde_json::json!({"id": true, "arn": true}),
        ),
    ]);
    let model = with(&plan, &[("main.tf".to_owned(), HEREDOC.as_bytes().to_vec())]);
    assert!(model.warnings.is_empty(), "{:?}", model.warnings);
    let task = model.task_definitions.values().next().expect("a definition");
    let [web] = task.containers.known().expect("containers").as_slice() else { panic!() };
    assert_eq!(web.run.command, ["sh", "-c", "echo ${HOME}"]);
    let token = web.secrets.get("TOKEN").map(String::as_str);
    assert_eq!(token, Some("arn:aws:secretsmanager:eu-west-1:*:secret:app/token:token::"));
    // A host's stand-in leads to what is called so.
    let api = web.environment.get("API").expect("a value");
    let host = api.strip_prefix("http://").and_then(|rest| rest.strip_suffix(":8080"));
    let named = model.aliases.get(host.expect("a host")).expect("an alias");
    assert_eq!(named.as_str(), "aws_lb.inner");
    // An id might be anything.
    assert!(!web.environment.contains_key("POOL"));
    let unknown: Vec<&String> = web.unknown.keys().collect();
    assert_eq!(unknown, ["environment.POOL"]);
    let note = web.unknown.values().next().expect("a note").to_string();
    assert!(note.contains("aws_cognito_user_pool.p.id"), "{note}");
}

#[test]
fn what_a_loop_calls_its_own_is_no_reference() {
    let definitions = serde_json::json!({"references": ["aws_ecr_repository.a.repository_url", "aws_ecr_repository.a", "aws_ecr_repository.a.arn", "aws_ecr_repository.a"]});
    let plan = plan_of(&definitions, &serde_json::json!({"references": ["aws_subnet.a"]}));
    // A name that hides one of Terraform's words, and one that is used after its loop for a resource.
    for list in ["[for each in aws_subnet.a : each.id]", "[for path in aws_subnet.a : path.id]"] {
        let source = SMALL.replace("subnets          = local.own", &format!("subnets = {list}"));
        let model = with(&plan, &[("main.tf".to_owned(), source.into_bytes())]);
        assert!(model.warnings.is_empty(), "{list}: {:?}", model.warnings);
        let service = model.services.values().next().expect("a service");
        assert_eq!(service.subnets.sure.len(), 3, "{list}");
        assert!(service.subnets.assumed.is_none(), "{list}");
    }
    // Outside of the loop the name is Terraform's again.
    let other = "concat([for var in aws_subnet.a : var.id], [var.other])";
    let source = SMALL.replace("subnets          = local.own", &format!("subnets = {other}"));
    let source = format!("{source}\nvariable \"other\" {{\n  default = \"subnet-1\"\n}}\n");
    let model = with(&plan, &[("main.tf".to_owned(), source.into_bytes())]);
    assert!(model.warnings.iter().any(|warning| warning.code == "source-differs"));
}

/// A plan of a module `m` that makes a VPC and a subnet in it.
fn plan_of_a_module() -> Vec<u8> {
    let change = |kind: &str, after: serde_json::Value, unknown: serde_json::Value| {
        serde_json::json!({
            "address": format!("module.m.{kind}.a"), "module_address": "module.m", "mode": "managed",
            "type": kind, "name": "a", "provider_name": "registry.terraform.io/hashicorp/aws",
            "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": unknown},
        })
    };
    let plan = serde_json::json!({
        "format_version": "1.2",
        "resource_changes": [
            change("aws_vpc", serde_json::json!({"cidr_block": "10.0.0.0/16"}), serde_json::json!({"id": true})),
            change("aws_subnet", serde_json::json!({"cidr_block": "10.0.1.0/24"}), serde_json::json!({"id": true, "vpc_id": true})),
        ],
        "configuration": {"root_module": {"module_calls": {"m": {
            "source": "../modules/net", "expressions": {},
            "module": {"resources": [
                {"address": "aws_vpc.a", "mode": "managed", "type": "aws_vpc", "name": "a",
                 "expressions": {"cidr_block": {"constant_value": "10.0.0.0/16"}}},
                {"address": "aws_subnet.a", "mode": "managed", "type": "aws_subnet", "name": "a",
                 "expressions": {"cidr_block": {"constant_value": "10.0.1.0/24"}, "vpc_id": {"references": ["local.vpc"]}}},
            ]},
        }}}},
    });
    serde_json::to_vec(&plan).expect("a plan")
}

#[test]
fn modules_beside_the_folder_belong_to_the_source() {
    let root = "module \"m\" {\n  source = \"../modules/net\"\n}\n";
    let net = "resource \"aws_vpc\" \"a\" {\n  cidr_block = \"10.0.0.0/16\"\n}\nlocals {\n  vpc = aws_vpc.a.id\n}\nresource \"aws_subnet\" \"a\" {\n  cidr_block = \"10.0.1.0/24\"\n  vpc_id = local.vpc\n}\nmodule \"deeper\" {\n  source = \"../../lib\"\n}\n";
    let main = Input { name: "main.tf", bytes: root.as_bytes() };
    let beside = Input { name: "../modules/net/main.tf", bytes: net.as_bytes() };
    assert_eq!(modules_outside(&[main]).into_iter().collect::<Vec<_>>(), ["../modules/net"]);
    // A module beside calls further ones by paths of its own.
    assert_eq!(modules_outside(&[main, beside]).into_iter().collect::<Vec<_>>(), ["../lib"]);
    let plan = plan_of_a_module();
    let input = [Input { name: "plan.json", bytes: &plan }];
    let model = import_with(&input, &Settings { source: &[main, beside] }).expect("a model");
    let subnet = model.subnets.values().next().expect("a subnet");
    assert_eq!(subnet.vpc.known().map(|key| key.as_str()), Some("module.m.aws_vpc.a"));
    let place = model.location(&Origin::of(&subnet.key)).expect("a place");
    assert_eq!((&*place.file, place.line), ("../modules/net/main.tf", 7));
}
