//! Carrying over: what becomes of the files that people have. What comes out for three of them is
//! kept beside them (`FARMGATE_BLESS=1` writes it anew); for all others, that it reads and holds no
//! secret.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use farmgate_farm::carry::{Carried, Note, NoteKind, Refusal, carry};
use farmgate_farm::farm::{self, Farm, Nat, Transport};
use farmgate_farm::word::Name;
use proptest::prelude::*;

const CLAUDE: &str = include_str!("carry/claude_desktop_config.json");
const DEPLOY: &str = include_str!("carry/deploy-config.json");
const VSCODE: &str = include_str!("carry/vscode.jsonc");

/// The farm that a source comes to. Whatever went in, it reads.
#[track_caller]
fn carried(source: &str) -> (Farm, Carried) {
    let carried = carry(source, "tools").unwrap();
    match farm::read(&carried.text, &[]) {
        Ok(farm) => (farm, carried),
        Err(problems) => panic!("{problems:#?}\n{}", carried.text),
    }
}

fn refused(source: &str) -> Refusal {
    carry(source, "tools").unwrap_err()
}

fn server<'a>(farm: &'a Farm, name: &str) -> &'a farm::Server {
    farm.servers.iter().find(|(found, _)| found.as_str() == name).unwrap().1
}

fn note<'a>(carried: &'a Carried, path: &str) -> &'a Note {
    carried.notes.iter().find(|note| note.path == path).unwrap_or_else(|| panic!("{path}"))
}

/// A client's file with one server.
fn client(server: &str) -> String {
    format!(r#"{{"mcpServers": {{"it": {server}}}}}"#)
}

// === Whole files ===

fn golden(name: &str, source: &str) {
    let carried = carry(source, "tools").unwrap();
    let mut shown = carried.text.clone();
    shown.push_str("\n# === notes ===\n");
    for Note { kind, path, text } in &carried.notes {
        let _ = writeln!(shown, "# {kind:?} {path}: {text}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/carry").join(name);
    if std::env::var_os("FARMGATE_BLESS").is_some() {
        fs::write(&path, &shown).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(shown == expected, "{} differs: FARMGATE_BLESS=1 writes it anew", path.display());
}

#[test]
fn three_files_come_to_what_is_kept_beside_them() {
    golden("claude_desktop_config.yaml", CLAUDE);
    golden("deploy-config.yaml", DEPLOY);
    golden("vscode.yaml", VSCODE);
}

#[test]
fn five_stdio_servers_become_a_farm() {
    let (farm, carried) = carried(CLAUDE);
    assert_eq!(carried.servers, ["filesystem", "memory", "git", "fetch", "github"]);
    assert_eq!(farm.servers.len(), 5);
    for (name, server) in &farm.servers {
        assert_eq!(server.transport, Transport::Stdio);
        assert_eq!(server.route.as_str(), format!("/{name}/mcp"));
        assert!(!server.container.command.is_empty() && server.local.is_some());
        assert!(server.container.reaches.is_empty());
    }
    assert_eq!(farm.network.nat, Nat::None);
    let allow: Vec<String> = farm.ingress.allow.iter().map(|it| it.value.to_string()).collect();
    assert_eq!(allow, ["203.0.113.0/24"]);
    // Its token is named, and is nowhere.
    let secrets = &server(&farm, "github").container.secrets;
    let refs: Vec<String> = secrets.values().map(|it| it.value.to_string()).collect();
    assert_eq!(refs, ["secretsmanager:tools/github/GITHUB_PERSONAL_ACCESS_TOKEN"]);
    assert_eq!(carried.secrets, ["tools/github/GITHUB_PERSONAL_ACCESS_TOKEN"]);
    assert!(!format!("{carried:?}").contains("ghp_"));
}

#[test]
fn a_deploy_config_becomes_a_farm() {
    let (farm, carried) = carried(DEPLOY);
    assert_eq!(farm.region.as_str(), "us-west-2");
    assert_eq!(farm.stage.as_ref().map(Name::as_str), Some("prod"));
    assert_eq!(farm.network.cidr.to_string(), "10.0.0.0/16");
    let blocks =
        |all: &[farmgate_farm::record::Spanned<farmgate_farm::word::Cidr>]| -> Vec<String> {
            all.iter().map(|block| block.value.to_string()).collect()
        };
    assert_eq!(blocks(&farm.network.public_cidrs), ["10.0.1.0/24", "10.0.2.0/24"]);
    assert_eq!(blocks(&farm.network.private_cidrs), ["10.0.3.0/24", "10.0.4.0/24"]);
    assert_eq!(farm.network.nat, Nat::One);
    assert_eq!(farm.logs.retention.as_days(), 7);
    let nova = server(&farm, "nova-act-mcp");
    let size = &nova.container.size;
    assert_eq!((size.cpu.get(), size.memory.get(), nova.port.get()), (2048, 4096, 8000));
    let scale = &nova.container.scale;
    assert_eq!((scale.min.get(), scale.max.unwrap().get()), (1, 5));
    assert_eq!((scale.cpu.unwrap().get(), scale.memory.unwrap().get()), (70, 80));
    assert_eq!((scale.r#in.as_seconds(), scale.out.as_seconds()), (300, 120));
    assert_eq!(nova.health.path.as_ref().unwrap().as_str(), "/health");
    assert_eq!(nova.health.interval.as_seconds(), 30);
    assert_eq!(server(&farm, "python-mcp").container.scale.max.unwrap().get(), 10);
    // A key among plain variables.
    assert_eq!(carried.secrets, ["tools/nova-act-mcp/NOVA_ACT_API_KEY"]);
    assert_eq!(note(&carried, "cost_optimization.spot").kind, NoteKind::Left);
}

#[test]
fn editors_write_json_with_comments() {
    let (farm, carried) = carried(VSCODE);
    assert_eq!(carried.servers, ["perplexity-ask", "playwright", "postgres", "search", "files"]);
    assert!(!server(&farm, "playwright").container.enabled);
    assert_eq!(farm.region.as_str(), "eu-central-1");
    assert!(server(&farm, "files").container.image.is_some());
    let left = [
        "servers.github",
        "servers.linear",
        "servers.toolkit",
        r#"servers["Perplexity Ask"].envFile"#,
        r#"servers["Perplexity Ask"].cwd"#,
        r#"servers["Perplexity Ask"].env.FARMGATE_X"#,
        "servers.files.args[11]",
    ];
    for path in left {
        assert_eq!(note(&carried, path).kind, NoteKind::Left, "{path}");
    }
    let shown = format!("{carried:?}");
    for secret in ["hunter2", "abc123", "def456", "Bearer", "s3cr3t", "pw123", "user:pw"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

// === Single servers ===

#[test]
fn wrappers_are_understood() {
    let (farm, _) = carried(&client(r#"{"command": "C:\\x\\npx.cmd", "args": ["-y", "a@1.2.3"]}"#));
    let words = |command: &[farmgate_farm::word::Text]| -> Vec<String> {
        command.iter().map(ToString::to_string).collect()
    };
    let it = server(&farm, "it");
    assert_eq!(words(&it.container.command), ["npx", "-y", "a@1.2.3"]);
    assert_eq!(words(&it.local.as_ref().unwrap().command), ["npx", "-y", "a@1.2.3"]);

    let (farm, _) = carried(&client(r#"{"command": "npx -y a"}"#));
    assert_eq!(words(&server(&farm, "it").container.command), ["npx", "-y", "a"]);

    let image = "mcp/files:latest";
    let docker = format!(
        r#"{{"command": "docker", "args": ["run", "-i", "-e", "MODE", "{image}", "/projects"],
            "env": {{"MODE": "ro"}}}}"#
    );
    let (farm, carried) = carried(&client(&docker));
    let it = server(&farm, "it");
    // Not pinned, and not ours: it has to be copied.
    assert!(it.container.image.is_none() && carried.text.contains("mcp/files:latest"));
    assert_eq!(words(&it.container.command), ["files", "/projects"]);
    assert_eq!(it.container.environment.len(), 1);
    assert!(carried.notes.iter().any(|note| note.text.contains("by its digest")));
}

#[test]
fn texts_that_yaml_takes_for_something_else_stay_texts() {
    let (farm, _) = carried(&client(
        r##"{"command": "server", "args": ["yes", "1e3", "a: b", "# x", "- y", "{", "null", "~", "日本"],
            "env": {"A": "true", "B": "0x10", "C": "'\"\\", "D": " x ", "E": ""}}"##,
    ));
    let it = server(&farm, "it");
    let command: Vec<&str> = it.container.command.iter().map(|word| word.as_str()).collect();
    let expected = ["server", "yes", "1e3", "a: b", "# x", "- y", "{", "null", "~", "日本"];
    assert_eq!(command, expected);
    let values: Vec<&str> = it.container.environment.values().map(|it| it.as_str()).collect();
    assert_eq!(values, ["true", "0x10", "'\"\\", " x ", ""]);
}

#[test]
fn names_that_no_farm_has_are_changed_and_told() {
    let source = r#"{"mcpServers": {"My Tools": {"command": "a"}, "my tools": {"command": "b"}}}"#;
    let (farm, carried) = carried(source);
    assert_eq!(carried.servers, ["my-tools", "my-tools-2"]);
    assert_eq!(farm.servers.len(), 2);
    assert_eq!(note(&carried, r#"mcpServers["My Tools"]"#).kind, NoteKind::Changed);
    assert_eq!(carry(source, "Our Farm!").unwrap().farm, "our-farm");
    assert_eq!(carry(source, ".").unwrap().farm, "mcp-farm");
}

#[test]
fn what_a_farm_file_cannot_say_is_left_out_and_told() {
    let long = "a".repeat(300);
    let source = format!(
        r#"{{"deployment": {{"servers": {{
            "good": {{"config": {{"port": 8000}}}},
            "bad": {{"config": {{"port": 8443}}}},
            "lambda": {{"type": "lambda"}},
            "{long}": {{"config": {{"cpu": 1, "memory": 1}}}}
        }}}}, "security": {{"vpc_cidr": "8.8.0.0/16", "nat_gateways": 1}}}}"#
    );
    let (farm, carried) = carried(&source);
    assert_eq!(farm.servers.len(), 2);
    assert_eq!(note(&carried, "deployment.servers.bad").kind, NoteKind::Left);
    assert_eq!(note(&carried, "deployment.servers.lambda").kind, NoteKind::Left);
    assert_eq!(note(&carried, "security").kind, NoteKind::Left);
    assert_eq!(farm.network.cidr.to_string(), "10.0.0.0/16");
}

// === What is refused ===

#[test]
fn wrong_json_is_told_with_its_place_and_without_its_text() {
    for (source, at, words) in [
        ("{\n  \"a\": 1,\n  \"b\" 2\n}", (3, 7), "expected `:`"),
        ("{\"é\": tru}", (1, 10), "expected"),
        ("", (1, 1), "EOF"),
        ("{\n  /* never", (2, 3), "this comment is never closed"),
        ("{\"token\": \"ghp_secret\", \"token\": 1}", (1, 31), "`token` is there twice"),
    ] {
        let refusal = refused(source);
        assert_eq!((refusal.code, refusal.at), ("bad-json", Some(at)), "{source}: {refusal:?}");
        assert!(refusal.message.contains(words), "{refusal:?}");
        assert!(!format!("{refusal:?}").contains("ghp_"));
    }
}

#[test]
fn files_without_servers_are_refused() {
    for source in ["[]", "1", "{}", r#"{"a": 1}"#, r#"{"mcpServers": []}"#, r#"{"mcpServers": {}}"#]
    {
        assert_eq!(refused(source).code, "nothing-to-carry", "{source}");
    }
    let refusal = refused(&client(r#"{"url": "https://x.example.com/mcp?key=abc"}"#));
    let help = refusal.help.unwrap();
    assert!(help.contains("mcpServers.it: it runs elsewhere, at x.example.com"), "{help}");
    assert!(!help.contains("abc"));
}

// === Any file ===

/// JSON that is nearly a client's file.
fn any_server() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,6}",
        Just("run".to_owned()),
        Just("-e".to_owned()),
        Just("--token".to_owned()),
        Just("A=b".to_owned()),
        Just("-y".to_owned()),
        Just("/Users/x".to_owned()),
        Just("${input:x}".to_owned()),
    ];
    let command = prop_oneof![
        Just("npx".to_owned()),
        Just("docker".to_owned()),
        Just("uvx".to_owned()),
        "\\PC{0,8}"
    ];
    let env = proptest::collection::btree_map("[A-Za-z_]{1,8}|\\PC{0,4}", word.clone(), 0..4);
    let args = proptest::collection::vec(word, 0..6);
    (command, args, env).prop_map(|(command, args, env)| {
        serde_json::json!({"command": command, "args": args, "env": env}).to_string()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_comes_out_reads(name in "\\PC{0,12}", server in any_server()) {
        let name = serde_json::Value::String(name);
        let source = format!(r#"{{"mcpServers": {{{name}: {server}}}}}"#);
        if let Ok(carried) = carry(&source, "tools") {
            prop_assert!(farm::read(&carried.text, &[]).is_ok(), "{}", carried.text);
        }
    }

    #[test]
    fn no_text_breaks_it(at in 0..VSCODE.len(), with in "[\\[\\]{}\",:/*0a\\\\ \n]{0,3}") {
        for source in [CLAUDE, DEPLOY, VSCODE] {
            let at = at.min(source.len());
            let mutated = format!("{}{with}{}", &source[..at], &source[(at + 1).min(source.len())..]);
            if let Ok(carried) = carry(&mutated, "tools") {
                prop_assert!(farm::read(&carried.text, &[]).is_ok(), "{}", carried.text);
            }
        }
    }

    /// Tokens as services give them, wherever people put them.
    #[test]
    fn no_secret_comes_out(
        token in "(ghp_|sk-|xoxb-|glpat-|eyJ)[A-Za-z0-9]{24,40}",
        word in "[a-z]{8,16}[A-Z][a-z]{4}",
    ) {
        for server in [
            format!(r#"{{"command": "a", "env": {{"HARMLESS": "{token}"}}}}"#),
            format!(r#"{{"command": "a", "env": {{"SOME_API_KEY": "{word}"}}}}"#),
            format!(r#"{{"command": "a", "env": {{"DB_PASS": "{word}"}}}}"#),
            format!(r#"{{"command": "a", "args": ["{token}"]}}"#),
            format!(r#"{{"command": "a", "args": ["--api-key", "{word}"]}}"#),
            format!(r#"{{"command": "a", "args": ["--token={word}", "--x={token}"]}}"#),
            format!(r#"{{"command": "a", "args": ["https://u:{word}@example.com/x"]}}"#),
            format!(r#"{{"command": "a", "args": ["--header", "Authorization: Bearer {token}"]}}"#),
            format!(r#"{{"command": "docker", "args": ["run", "-e", "T_TOKEN={word}", "i"]}}"#),
            format!(r#"{{"command": "docker", "args": ["run", "--env=T_TOKEN={word}", "i", "{token}"]}}"#),
            format!(r#"{{"command": "docker", "args": ["run", "-e", "X={token}", "i"]}}"#),
            format!(r#"{{"url": "https://example.com/{token}?key={word}", "headers": {{"X": "{word}"}}}}"#),
        ] {
            let shown = format!("{:?}", carry(&client(&server), "tools"));
            prop_assert!(!shown.contains(&token) && !shown.contains(&word), "{server}\n{shown}");
        }
    }
}
