//! `farmgate init`, and the blueprints that it writes: what is proved of them, and that their figures
//! are those of the systems that they were made after.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use farmgate_audit::check::{Options, check};
use farmgate_audit::report::{Report, Verdict};
use farmgate_audit::rules;
use farmgate_aws::design::Design;
use farmgate_aws::lower;
use farmgate_farm::farm::{Farm, Nat, Server, Transport};
use farmgate_farm::layers::{self, Layer};

const BLUEPRINTS: [&str; 4] = ["quickstart", "mcp-farm", "mem-brain", "bus-simulator"];

// === The command ===

/// A folder of its own for each test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("init-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn farmgate(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_farmgate"))
        .args(args)
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap()
}

/// The standard output of a run that ends well.
#[track_caller]
fn fine(output: &Output) -> String {
    let err = String::from_utf8_lossy(&output.stderr);
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{err}{out}");
    out.into_owned()
}

#[track_caller]
fn fails(output: &Output, code: i32, said: &[&str]) {
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{err}");
    assert!(output.stdout.is_empty());
    for words in said {
        assert!(err.contains(words), "`{words}` isn't in:\n{err}");
    }
}

fn names(folder: &Path) -> BTreeSet<String> {
    let all = fs::read_dir(folder).unwrap();
    all.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_blueprint_is_written_as_it_is() {
    let folder = folder("written");
    for (args, blueprint, files) in [
        (&["init", "a"][..], "quickstart", &["farm.yaml"][..]),
        (&["init", "--blueprint", "mcp-farm", "b/c"], "mcp-farm", &["farm.yaml"]),
        (
            &["init", "d", "--blueprint", "mem-brain"],
            "mem-brain",
            &["farm.yaml", "farm.existing.yaml"],
        ),
        (&["init", "e", "--blueprint", "bus-simulator"], "bus-simulator", &["farm.yaml"]),
    ] {
        let said = fine(&farmgate(&folder, args));
        let dir = args.iter().find(|arg| arg.len() < 4).unwrap();
        for file in files {
            let written = fs::read_to_string(folder.join(dir).join(file)).unwrap();
            assert_eq!(
                written,
                fs::read_to_string(blueprints().join(blueprint).join(file)).unwrap()
            );
            assert!(said.contains(&format!("wrote {dir}/{file}\n")), "{said}");
        }
        let mut expected: BTreeSet<String> = files.iter().map(ToString::to_string).collect();
        expected.insert(".gitignore".to_owned());
        assert_eq!(names(&folder.join(dir)), expected);
        // Four lines of what comes next.
        let next = said.split_once("next\n").unwrap().1;
        assert_eq!(next.lines().count(), 4, "{said}");
        assert!(next.contains(&format!("farmgate up {dir}/farm.yaml")), "{said}");
        assert!(next.contains(&format!("farmgate check {dir}/farm.yaml")), "{said}");
    }
    let ignored = fs::read_to_string(folder.join("a/.gitignore")).unwrap();
    for line in ["farm.secrets", ".terraform/", "*.tfstate"] {
        assert!(ignored.lines().any(|it| it == line), "{line}");
    }
    // The module belongs into the repository.
    assert!(!ignored.lines().any(|it| it.trim_matches('/') == "out"));
}

#[test]
fn nothing_that_exists_is_overwritten() {
    let folder = folder("exists");
    fs::create_dir(folder.join("a")).unwrap();
    fs::write(folder.join("a/farm.existing.yaml"), "mine").unwrap();
    let said = ["error[exists]: a/farm.existing.yaml: this is there already"];
    fails(&farmgate(&folder, &["init", "a", "--blueprint", "mem-brain"]), 2, &said);
    assert_eq!(names(&folder.join("a")).len(), 1);
    assert_eq!(fs::read_to_string(folder.join("a/farm.existing.yaml")).unwrap(), "mine");

    fine(&farmgate(&folder, &["init", "b"]));
    let before = fs::read(folder.join("b/farm.yaml")).unwrap();
    let said = ["error[exists]: b/farm.yaml"];
    fails(&farmgate(&folder, &["init", "b", "--blueprint", "mcp-farm"]), 2, &said);
    assert_eq!(fs::read(folder.join("b/farm.yaml")).unwrap(), before);

    fs::write(folder.join("c"), "").unwrap();
    fails(&farmgate(&folder, &["init", "c"]), 2, &["error[exists]: c: "]);
}

#[test]
fn a_gitignore_that_is_there_is_left_and_what_it_lacks_is_told() {
    let folder = folder("ignore");
    fs::write(folder.join(".gitignore"), "target\n/.terraform\nfarm.secrets\n").unwrap();
    let said = fine(&farmgate(&folder, &["init", "."]));
    assert!(said.contains("it should have: *.tfstate, *.tfstate.*, *.tfplan"), "{said}");
    let kept = fs::read_to_string(folder.join(".gitignore")).unwrap();
    assert_eq!(kept, "target\n/.terraform\nfarm.secrets\n");
}

#[test]
fn an_unknown_blueprint_gets_the_nearest_name() {
    let folder = folder("unknown");
    let near = farmgate(&folder, &["init", "--blueprint", "mcpfarm", "a"]);
    fails(&near, 2, &["no blueprint is called `mcpfarm`", "did you mean `mcp-farm`?"]);
    let far = farmgate(&folder, &["init", "--blueprint", "x", "a"]);
    fails(&far, 2, &["`quickstart`, `mcp-farm`, `mem-brain`, `bus-simulator`"]);
    assert!(names(&folder).is_empty());
}

#[test]
fn a_clients_file_becomes_a_farm_that_checks_clean() {
    let folder = folder("from");
    let file =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../farm/tests/carry/claude_desktop_config.json");
    let said = fine(&farmgate(&folder, &["init", "--from", file, "our-tools"]));
    assert!(said.contains("the farm our-tools with 5 servers"), "{said}");
    assert!(
        said.contains("secretsmanager:our-tools/github/GITHUB_PERSONAL_ACCESS_TOKEN"),
        "{said}"
    );
    let written = fs::read_to_string(folder.join("our-tools/farm.yaml")).unwrap();
    assert!(!said.contains("ghp_") && !written.contains("ghp_"));
    let checked = fine(&farmgate(&folder, &["check", "our-tools/farm.yaml", "--fail-on", "info"]));
    assert!(
        checked.contains("0 refuted, 0 unknown") && checked.contains("findings: none"),
        "{checked}"
    );
}

#[test]
fn what_cannot_be_carried_over_is_told() {
    let folder = folder("carried");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../farm/tests/carry/vscode.jsonc");
    let said = fine(&farmgate(&folder, &["init", "--from", file, "a"]));
    for words in [
        "not carried over\n",
        "  servers.github: it runs elsewhere, at api.example.com",
        "changed\n",
        "to do\n",
        "next\n",
    ] {
        assert!(said.contains(words), "`{words}` isn't in:\n{said}");
    }
}

#[test]
fn what_is_no_clients_file_is_refused_with_its_place() {
    let folder = folder("wrong");
    fs::write(folder.join("a.json"), "{\n  \"mcpServers\": {\n    \"x\" 1\n").unwrap();
    let said = ["error[bad-json]: a.json: line 3, column 9: this is not JSON: expected `:`"];
    fails(&farmgate(&folder, &["init", "--from", "a.json", "x"]), 2, &said);
    fs::write(folder.join("b.json"), "{}").unwrap();
    let said = ["error[nothing-to-carry]: b.json", "mcpServers", "deploy-config.json"];
    fails(&farmgate(&folder, &["init", "--from", "b.json", "x"]), 2, &said);
    fs::write(folder.join("c.json"), b"\xff\xfe").unwrap();
    let latin = farmgate(&folder, &["init", "--from", "c.json", "x"]);
    fails(&latin, 2, &["error[not-utf-8]: c.json"]);
    let missing = farmgate(&folder, &["init", "--from", "d.json", "x"]);
    fails(&missing, 3, &["error[cannot-read]: d.json"]);
    assert!(!folder.join("x").exists());
}

// === The blueprints ===

fn blueprints() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../blueprints")
}

/// A blueprint, with an overlay.
fn farm(blueprint: &str, overlay: Option<&str>) -> Farm {
    let folder = blueprints().join(blueprint);
    let texts: Vec<(String, String)> = std::iter::once("farm.yaml".to_owned())
        .chain(overlay.map(|name| format!("farm.{name}.yaml")))
        .map(|name| (name.clone(), fs::read_to_string(folder.join(name)).unwrap()))
        .collect();
    let layers: Vec<Layer<'_>> = texts.iter().map(|(name, text)| Layer { name, text }).collect();
    let ids: Vec<&str> = rules::catalogue().map(|rule| rule.id).collect();
    layers::read(&layers, &ids).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
}

fn report(farm: &Farm) -> Report {
    let design = Design::of(farm);
    let model = lower::model(&design, &|at| ("farm.yaml".to_owned(), at));
    let options = Options { expectations: vec![farm.expect.clone()] };
    check(&model, &options).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn server<'a>(farm: &'a Farm, name: &str) -> &'a Server {
    farm.servers.iter().find(|(found, _)| found.as_str() == name).unwrap().1
}

#[test]
fn everything_is_proved_of_every_blueprint() {
    let overlays = [("mem-brain", Some("existing"))];
    for (name, overlay) in BLUEPRINTS.map(|name| (name, None)).into_iter().chain(overlays) {
        let farm = farm(name, overlay);
        let report = report(&farm);
        assert!(!farm.expect.items.is_empty());
        for statement in &report.statements {
            assert_eq!(statement.verdict, Verdict::Proved, "{name}: {}", statement.id);
        }
        // What is assumed is about the VPC that exists.
        if overlay.is_none() {
            assert!(
                report.statements.iter().all(|statement| statement.assumes.is_empty()),
                "{name}"
            );
        }
        let file = format!("{name}/farm.yaml");
        let mut args = vec!["check", file.as_str(), "--fail-on", "medium"];
        if let Some(overlay) = overlay {
            args.extend(["--env", overlay]);
        }
        fine(&farmgate(&blueprints(), &args));
    }
}

/// What a README's tables name: statements that are proved, rules and errors that exist.
#[test]
fn the_readmes_name_what_there_is() {
    let known: BTreeSet<&str> = rules::catalogue().map(|rule| rule.id).collect();
    let codes = codes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../farm/src"));
    for name in BLUEPRINTS {
        let readme = fs::read_to_string(blueprints().join(name).join("README.md")).unwrap();
        let report = report(&farm(name, None));
        let proved: BTreeSet<&str> = report.statements.iter().map(|it| it.id.as_str()).collect();
        let families: BTreeSet<&str> =
            proved.iter().filter_map(|id| id.split_once(':')).map(|(kind, _)| kind).collect();
        let mut named = 0;
        for row in readme.lines().filter(|line| line.starts_with('|')) {
            let words: Vec<&str> = row.split('`').collect();
            for pair in words.chunks(2) {
                let [before, word] = pair else { continue };
                let statement =
                    word.split_once(':').is_some_and(|(kind, _)| families.contains(kind));
                if statement {
                    assert!(proved.contains(word), "{name}: `{word}` is not proved");
                    named += 1;
                } else if before.ends_with("rule ") || before.ends_with("rules ") {
                    assert!(known.contains(word), "{name}: there is no rule `{word}`");
                } else if before.ends_with("error ") {
                    assert!(codes.contains(*word), "{name}: there is no error `{word}`");
                }
            }
        }
        assert!(named > 3, "{name} names {named} statements");
    }
}

/// The codes of diagnostics in the sources of a folder.
fn codes(folder: &Path) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(codes(&path));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        all.extend(text.split('"').skip(1).step_by(2).map(str::to_owned));
    }
    all
}

#[test]
fn servers_run_images_of_the_farms_own_repositories() {
    for name in ["mcp-farm", "mem-brain", "bus-simulator"] {
        let farm = farm(name, None);
        let created: BTreeSet<&str> =
            farm.repositories.create.iter().map(|it| it.value.as_str()).collect();
        assert_eq!(farm.repositories.keep.get(), 10);
        let servers = farm.servers.values().map(|server| &server.container);
        let services = farm.services.values().map(|service| &service.container);
        let used: BTreeSet<&str> = servers
            .chain(services)
            .map(|container| container.image.as_ref().unwrap())
            .inspect(|image| assert!(image.digest().is_some()))
            .map(|image| image.ecr().unwrap().name)
            .collect();
        assert_eq!(used, created, "{name}");
    }
}

// === Figures ===

fn blocks(all: &[farmgate_farm::record::Spanned<farmgate_farm::word::Cidr>]) -> Vec<String> {
    all.iter().map(|block| block.value.to_string()).collect()
}

/// Path, codes, interval, timeout, healthy, unhealthy.
fn health(server: &Server) -> (String, String, u64, u64, u64, u64) {
    let health = &server.health;
    (
        health.path.as_ref().map(ToString::to_string).unwrap_or_default(),
        health.codes.to_string(),
        health.interval.as_seconds(),
        health.timeout.as_seconds(),
        health.healthy.get(),
        health.unhealthy.get(),
    )
}

/// Least and most, CPU, memory, cooldown in and out in seconds.
fn scale(server: &Server) -> [u64; 6] {
    let scale = &server.container.scale;
    [
        scale.min.get(),
        scale.max.unwrap().get(),
        scale.cpu.unwrap().get(),
        scale.memory.unwrap().get(),
        scale.r#in.as_seconds(),
        scale.out.as_seconds(),
    ]
}

/// Route, priority, port, CPU, memory, seconds of draining and of grace.
fn shape(server: &Server) -> (String, u64, [u64; 5]) {
    let container = &server.container;
    (
        server.route.to_string(),
        server.priority.map(|it| it.get()).unwrap_or_default(),
        [
            server.port.get(),
            container.size.cpu.get(),
            container.size.memory.get(),
            container.drain.as_seconds(),
            container.grace.as_seconds(),
        ],
    )
}

#[test]
fn the_mcp_farm_has_its_reports_figures() {
    let farm = farm("mcp-farm", None);
    assert_eq!(farm.region.as_str(), "us-west-2");
    assert_eq!(farm.network.cidr.to_string(), "10.0.0.0/16");
    assert_eq!(blocks(&farm.network.public_cidrs), ["10.0.1.0/24", "10.0.2.0/24"]);
    assert_eq!(blocks(&farm.network.private_cidrs), ["10.0.3.0/24", "10.0.4.0/24"]);
    assert_eq!(farm.network.nat, Nat::One);
    assert_eq!(farm.ingress.idle_timeout.as_seconds(), 3600);
    assert_eq!(farm.ingress.default.status.get(), 200);
    assert!(farm.ingress.default.body.as_str().contains("MCP Farm ALB - Ready for MCP servers"));
    let waf = farm.ingress.waf.as_ref().unwrap();
    assert_eq!(waf.rate.unwrap().to_string(), "2000 per 5m");
    assert_eq!((waf.managed[0].priority, waf.rate_priority.unwrap().get()), (Some(1), 2));
    assert_eq!((farm.logs.retention.as_days(), farm.network.flow_logs.retention.as_days()), (7, 7));
    assert!(farm.monitoring.container_insights);
    assert_eq!(farm.rotation[0].every.as_days(), 30);
    let detection = &farm.detection;
    assert!(
        detection.cloudtrail && detection.guardduty && detection.security_hub && detection.config
    );

    let nova = server(&farm, "nova-act");
    assert_eq!(shape(nova), ("/nova-act/mcp".into(), 100, [8000, 1024, 2048, 30, 60]));
    assert_eq!(health(nova), ("/nova-act/mcp".into(), "200,400,406".into(), 30, 10, 2, 3));
    assert_eq!(scale(nova), [1, 5, 70, 80, 300, 120]);
    let python = server(&farm, "python");
    assert_eq!(shape(python), ("/python/*".into(), 200, [3001, 2048, 4096, 30, 60]));
    assert_eq!(health(python), ("/mcp".into(), "200,400".into(), 30, 10, 2, 3));
    assert_eq!(scale(python), [1, 10, 60, 70, 600, 180]);
    assert!(python.container.reaches.is_empty());
    for (server, parameter) in [(nova, "nova-act-mcp"), (python, "python-mcp")] {
        let expected = format!("/mcp/endpoints/stateful/{parameter}");
        assert_eq!(server.parameter.as_ref().unwrap().as_str(), expected);
        assert!(server.container.read_only_root && !server.container.tmp.is_empty());
        assert!(!server.container.user.as_ref().unwrap().is_root());
    }
    let tools: Vec<usize> = farm.tools.iter().map(|rule| rule.selection.tools.len()).collect();
    assert_eq!(tools, [7, 1]);
}

#[test]
fn mem_brain_has_its_documents_figures() {
    let farm = farm("mem-brain", None);
    assert_eq!(farm.region.as_str(), "ap-south-1");
    let mcp = server(&farm, "mcp");
    assert_eq!((mcp.route.as_str(), mcp.port.get()), ("/mcp", 8100));
    assert_eq!(health(mcp), ("/health".into(), "200".into(), 30, 5, 2, 3));
    let names: Vec<&str> = mcp.container.environment.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["API_BASE_URL", "MCP_SERVER_HOST", "MCP_SERVER_PORT"]);
    let api = farm.services.values().next().unwrap();
    assert_eq!(api.port.unwrap().get(), 8000);
    assert_eq!(farm.databases.values().next().unwrap().port.get(), 5432);
    assert_eq!(farm.tools[0].selection.tools.len(), 7);
}

#[test]
fn the_bus_simulator_has_its_documents_figures() {
    let farm = farm("bus-simulator", None);
    assert_eq!(farm.region.as_str(), "eu-west-1");
    assert_eq!(farm.network.cidr.to_string(), "10.0.0.0/16");
    assert_eq!(blocks(&farm.network.public_cidrs), ["10.0.100.0/24", "10.0.101.0/24"]);
    assert_eq!(blocks(&farm.network.private_cidrs), ["10.0.0.0/24", "10.0.1.0/24"]);
    let it = server(&farm, "mcp-server");
    assert_eq!(it.transport, Transport::Stdio);
    let size = &it.container.size;
    assert_eq!((size.cpu.get(), size.memory.get()), (512, 1024));
    assert_eq!(it.container.desired.unwrap().get(), 1);
    assert_eq!(it.container.logs.as_ref().unwrap().retention.as_days(), 30);
    let reaches: Vec<String> = it.container.reaches.iter().map(|it| it.value.to_string()).collect();
    assert_eq!(reaches, ["aws:timestream.query-cell1", "aws:timestream.ingest-cell1"]);
    assert_eq!(farm.tools[0].selection.tools.len(), 5);
    let text = fs::read_to_string(blueprints().join("bus-simulator/farm.yaml")).unwrap();
    for words in ["secretsmanager:bus-simulator/api-key", "header: x-api-key", "x-group-name"] {
        assert!(text.contains(words), "{words}");
    }
}
