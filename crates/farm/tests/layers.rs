//! Layers of a farm file: what is merged, what is refused, and what is printed.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use farmgate_farm::farm;
use farmgate_farm::layers::{Layer, Sources, print, read};
use farmgate_farm::yaml::{Dialect, Node, Value, parse};

const BASE: &str = "\
farm: mcp
region: eu-central-1
tags: { Team: data }
ingress:
  allow: [203.0.113.0/24]
  domain: { name: mcp.example.com, zone: Z0123456789ABCDEFGHIJ }
auth:
  - api_keys: { store: \"secretsmanager:mcp/api-keys\" }
servers:
  python:
    route: /python/*
    scale: { min: 1, max: 2 }
";

fn layers<'a>(prod: &'a str) -> [Layer<'a>; 2] {
    [Layer { name: "farm.yaml", text: BASE }, Layer { name: "farm.prod.yaml", text: prod }]
}

#[test]
fn maps_merge_and_lists_replace() {
    let prod = "\
stage: prod
tags: { Cost: '1' }
ingress: { allow: [internet, pl-0123456789abcdef0] }
servers:
  python: { scale: { max: 8, cpu: 60 } }
  nova: { route: /nova }
";
    let farm = read(&layers(prod), &[]).unwrap();
    assert_eq!(farm.tags.len(), 2);
    assert_eq!(farm.ingress.allow.len(), 2);
    let python = farm.servers.get("python").unwrap();
    assert_eq!(python.container.scale.min.get(), 1);
    assert_eq!(python.container.scale.max.unwrap().get(), 8);
    assert!(farm.servers.contains_key("nova"));
    insta::assert_snapshot!(print(&layers(prod)).unwrap(), @r#"
    farm: mcp
    region: eu-central-1
    tags:
      Team: data
      Cost: "1"
    ingress:
      allow:
        - internet
        - pl-0123456789abcdef0
      domain:
        name: mcp.example.com
        zone: Z0123456789ABCDEFGHIJ
    auth:
      - api_keys:
          store: secretsmanager:mcp/api-keys
    servers:
      python:
        route: /python/*
        scale:
          min: 1
          max: 8
          cpu: 60
      nova:
        route: /nova
    stage: prod
    "#);
}

#[test]
fn problems_are_shown_in_their_files() {
    let prod = "\
ingress:
  tls:
  domain: { name: mcp.example.com, zone: null }
servers:
  python: { scale: { min: 5 }, environment: { DB_PASSWORD: hunter2 } }
  zed: { route: /python/x }
  wrong: { route: nowhere }
";
    let problems = read(&layers(prod), &[]).unwrap_err();
    insta::assert_snapshot!(problems.render(false), @r#"
    error[out-of-range]: at most 2 is less than at least 5
      --> farm.yaml:12:27
       |
    12 |     scale: { min: 1, max: 2 }
       |                           ^
       |
      ::: farm.prod.yaml:5:27
       |
     5 |   python: { scale: { min: 5 }, environment: { DB_PASSWORD: ******* } }
       |                           -
       |
       = help: write `max: 5` or more

    error[nothing-in-layer]: `tls` has no value
     --> farm.prod.yaml:2:3
      |
    2 |   tls:
      |   ^^^
      |
      = help: a layer removes nothing: write a value, or `enabled: false` in it

    error[nothing-in-layer]: `zone` has no value
     --> farm.prod.yaml:3:36
      |
    3 |   domain: { name: mcp.example.com, zone: null }
      |                                    ^^^^
      |
      = help: a layer removes nothing: write a value, or `enabled: false` in it

    error[secret-in-environment]: `DB_PASSWORD` looks like a secret
     --> farm.prod.yaml:5:47
      |
    5 |   python: { scale: { min: 5 }, environment: { DB_PASSWORD: ******* } }
      |                                               ^^^^^^^^^^^
      |
      = help: keep it in Secrets Manager, and write under `secrets`: `DB_PASSWORD: "secretsmanager:mcp/db-password"`

    error[shadowed-route]: `/python/x` is never reached: `/python/*` comes first
      --> farm.prod.yaml:6:17
       |
     6 |   zed: { route: /python/x }
       |                 ^^^^^^^^^ priority 300
       |
      ::: farm.yaml:11:12
       |
    11 |     route: /python/*
       |            --------- priority 100
       |
       = help: give `zed` a `priority` below 100

    error[bad-route]: `nowhere` does not begin with `/`
     --> farm.prod.yaml:7:19
      |
    7 |   wrong: { route: nowhere }
      |                   ^^^^^^^
      |
      = help: write `/nowhere`
    "#);
    let lines = problems.located().into_iter().map(|it| (it.file, it.line)).next().unwrap();
    assert_eq!(lines, ("farm.yaml".to_owned(), 12));
}

#[test]
fn one_layer_is_read_as_a_file_is() {
    let one = [Layer { name: "farm.yaml", text: BASE }];
    assert_eq!(read(&one, &[]).unwrap(), farm::read(BASE, &[]).unwrap());
    for wrong in ["", "a: 1\na: 2\n", "- 1\n", "farm: 5\nservers: [\n"] {
        let one = [Layer { name: "farm.yaml", text: wrong }];
        let (layered, plain) = (read(&one, &[]).unwrap_err(), farm::read(wrong, &[]).unwrap_err());
        let titles = |list: &[farmgate_farm::diagnostic::Diagnostic]| -> Vec<String> {
            list.iter().map(|it| it.title.clone()).collect()
        };
        assert_eq!(titles(&layered.list), titles(&plain));
    }
}

#[test]
fn a_layer_that_is_no_yaml_is_named() {
    let problems = read(&layers("# nothing\n"), &[]).unwrap_err();
    insta::assert_snapshot!(problems.render(false), @"
    error[empty-file]: the file is empty
     --> farm.prod.yaml:1:1
      |
    1 | # nothing
      | ^
    ");
    let problems = read(&layers("- a\n"), &[]).unwrap_err();
    insta::assert_snapshot!(problems.render(false), @"
    error[wrong-type]: expected a mapping, found a list
     --> farm.prod.yaml:1:1
      |
    1 | - a
      | ^^^
    ");
    let problems = read(&layers("servers: {\n"), &[]).unwrap_err();
    insta::assert_snapshot!(problems.render(false), @"
    error[yaml-syntax]: `{` is never closed
     --> farm.prod.yaml:1:10
      |
    1 | servers: {
      |          ^
    ");
}

/// What a tree says, without places and styles.
fn said(node: &Node) -> String {
    match &node.value {
        Value::Scalar(_) if node.is_nothing() => "nothing".to_owned(),
        Value::Scalar(scalar) => format!("{} {:?}", node.describe(), scalar.text),
        Value::Sequence(items) => {
            format!("[{}]", items.iter().map(said).collect::<Vec<_>>().join(", "))
        }
        Value::Mapping(entries) => {
            let entries =
                entries.iter().map(|(key, value)| format!("{}: {}", said(key), said(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Refused => "refused".to_owned(),
    }
}

#[test]
fn what_is_printed_reads_back_equal() {
    let odd = "\
a: 'it''s \"x\"'
b: \"tab\\t nul\\0 \\u0085 \\ufeff é 𝄞 \\u2028\"
c: |
  two
  lines

d: [[1, [2, []]], {e: {f: {}}, g: }, '', ' x ', 'x:', 'a: b', 'a #b', '- a', '*', '1', 1, 0x1f, 'true', true, ~]
'1': x
'a b': {'': 1}
... : 1
h: ---x
i: plain, with [brackets] and 'quotes'
";
    let mut sources = vec![odd.replace("... : 1\n", "")];
    let good = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good");
    for entry in std::fs::read_dir(good).unwrap() {
        sources.push(std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    assert!(sources.len() > 3);
    for source in sources {
        let printed = print(&[Layer { name: "x", text: &source }])
            .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        let root = |text: &str| parse(text, Dialect::Farmgate).root.unwrap();
        assert_eq!(said(&root(&source)), said(&root(&printed)), "{printed}");
        let again = print(&[Layer { name: "x", text: &printed }]).unwrap();
        assert_eq!(again, printed);
    }
}

#[test]
fn positions_are_exact() {
    let layers = layers("stage: prod\n");
    let sources = Sources::new(&layers);
    let farm = read(&layers, &[]).unwrap();
    let at = |span| sources.location(span).unwrap();
    assert_eq!(at(farm.at.of("stage")), ("farm.prod.yaml", 1, 8));
    assert_eq!(at(farm.at.of("region")), ("farm.yaml", 2, 9));
}
