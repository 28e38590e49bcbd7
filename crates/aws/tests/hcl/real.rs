//! What real Terraform makes of generated trees: `fmt` leaves them, and texts keep their meaning.
//!
//! One process for a whole batch, which `PROPTEST_CASES` makes larger.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use farmgate_aws::emit::hcl::{
    Block, Body, Expr, File, For, List, Object, Template, call, conditional, indexed, raw,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

#[test]
fn terraform_fmt_leaves_generated_files_as_they_are() {
    let folder = empty_folder("fmt");
    let files = generated(body(3));
    for (number, body) in files.iter().enumerate() {
        let block = Block::new("locals").extend(body.clone());
        let file = File::new().comment("A file.").blank().block(block).block(Block::locals());
        fs::write(folder.join(format!("{number}.tf")), file.to_string()).expect("a file");
    }
    let Some(output) = terraform(&folder, &["fmt", "-check", "-diff", "-recursive"]) else {
        return;
    };
    assert!(output.status.success(), "{}", shown(&output));
}

#[test]
fn values_mean_to_terraform_what_they_are() {
    let folder = empty_folder("values");
    let values = generated(json(3));
    let outputs = values
        .iter()
        .enumerate()
        .map(|(number, value)| Block::output(format!("o{number}")).attr("value", of_json(value)));
    let file = File::new().blocks(outputs).to_string();
    fs::write(folder.join("main.tf"), &file).expect("a file");
    let Some(applied) = terraform(&folder, &["apply", "-auto-approve", "-no-color"]) else {
        return;
    };
    assert!(applied.status.success(), "{}{file}", shown(&applied));
    let read = terraform(&folder, &["output", "-json"]).expect("terraform, as before");
    let read: Value = serde_json::from_slice(&read.stdout).expect("JSON");
    for (number, value) in values.iter().enumerate() {
        assert_eq!(&read[format!("o{number}")]["value"], value, "{}", of_json(value));
    }
}

// === running ===

fn empty_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hcl").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("a folder of this test");
    }
    fs::create_dir_all(&folder).expect("a folder of this test");
    folder
}

/// Runs terraform, if there is one.
fn terraform(folder: &Path, arguments: &[&str]) -> Option<Output> {
    let output = Command::new("terraform")
        .args(arguments)
        .current_dir(folder)
        .env("TF_CLI_CONFIG_FILE", if cfg!(windows) { "NUL" } else { "/dev/null" })
        .env("CHECKPOINT_DISABLE", "1")
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
    let mut text = String::new();
    for stream in [&output.stdout, &output.stderr] {
        let _ = writeln!(text, "{}", String::from_utf8_lossy(stream));
    }
    text
}

fn generated<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> Vec<T> {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let mut runner = TestRunner::deterministic();
    let tree = |_| strategy.new_tree(&mut runner).expect("a value").current();
    (0..cases.unwrap_or(64)).map(tree).collect()
}

// === trees ===

fn text() -> impl Strategy<Value = String> {
    let long = "[a-z ]{30,60}";
    prop_oneof!["[a-z]{0,9}", "[$%{}\"\\\\ a]{0,8}", "[\u{0}-\u{2ff}\u{2028}é語😀]{0,6}", long]
        // Terraform composes what can be composed; that is not what is tested.
        .prop_map(|text| text.replace(|c| ('\u{340}'..='\u{341}').contains(&c), ""))
}

fn name() -> impl Strategy<Value = String> {
    "[a-z_][a-z0-9_]{0,20}"
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![name(), "[a-zA-Z0-9:./ -]{0,12}", text()]
}

fn leaf() -> impl Strategy<Value = Expr> {
    let template = prop::collection::vec((text(), name()), 0..3).prop_map(|parts| {
        let parts = parts.iter().fold(Template::new(), |template, (text, name)| {
            template.text(text).value(raw(format!("var.{name}")))
        });
        Expr::from(parts)
    });
    let known = ["aws_vpc.this.id", "each.value", "x[*].id", "a == b", "!a", "f(a, b...)", "-1"];
    prop_oneof![
        text().prop_map(Expr::from),
        any::<i64>().prop_map(Expr::from),
        any::<bool>().prop_map(Expr::from),
        Just(Expr::Null),
        prop::sample::select(known.to_vec()).prop_map(raw),
        (name(), text()).prop_map(|(base, key)| indexed(format!("aws_x.{base}"), &key).dot("id")),
        template,
    ]
}

/// What is in a list or an object: a comment, or something.
fn entries<T: std::fmt::Debug>(
    item: impl Strategy<Value = T>,
) -> impl Strategy<Value = Vec<(Option<String>, T)>> {
    prop::collection::vec((prop::option::weighted(0.1, text()), item), 0..5)
}

fn expr() -> impl Strategy<Value = Expr> {
    leaf().prop_recursive(4, 24, 5, |inner| {
        let lists = (entries(inner.clone()), any::<bool>()).prop_map(|(entries, tall)| {
            let list = entries.into_iter().fold(List::new(), |list, (comment, item)| {
                let list = if let Some(text) = comment { list.comment(text) } else { list };
                list.item(item)
            });
            Expr::from(if tall { list.tall() } else { list })
        });
        let objects =
            (entries((key(), inner.clone())), any::<bool>()).prop_map(|(entries, tall)| {
                let fill =
                    |object: Object, (comment, (key, value)): (Option<String>, (String, Expr))| {
                        let object =
                            if let Some(text) = comment { object.comment(text) } else { object };
                        object.attr(key, value)
                    };
                let object = entries.into_iter().fold(Object::new(), fill);
                Expr::from(if tall { object.tall() } else { object })
            });
        let calls = prop::collection::vec(inner.clone(), 0..4);
        let source = leaf().prop_filter("no number", |e| !e.to_string().starts_with('-'));
        let loops = (source, inner.clone(), any::<[bool; 3]>()).prop_map(
            |(source, value, [object, grouped, only])| {
                let each = match object {
                    true => For::object("k, v", source, raw("k"), value),
                    false => For::list("v", source, value),
                };
                let each = if grouped { each.grouped() } else { each };
                Expr::from(if only { each.only_if(raw("v != null")) } else { each })
            },
        );
        prop_oneof![
            lists,
            objects,
            calls.prop_map(|arguments| call("merge", arguments)),
            loops,
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(condition, yes, no)| conditional(condition, yes, no)),
            (prop_oneof![inner, name().prop_map(raw)], leaf()).prop_map(|(base, key)| call(
                "tolist",
                [base]
            )
            .index(key)
            .dot("arn")),
        ]
    })
}

/// What is added to a body.
#[derive(Clone, Debug)]
enum Piece {
    Attribute(String, Expr),
    Meta(String),
    Comment(String),
    Blank,
    Block(String, Option<String>, Body),
}

fn body(depth: usize) -> BoxedStrategy<Body> {
    let simple = prop_oneof![
        6 => (name(), expr()).prop_map(|(name, value)| Piece::Attribute(name, value)),
        1 => name().prop_map(Piece::Meta),
        1 => text().prop_map(Piece::Comment),
        1 => Just(Piece::Blank),
    ];
    let piece = match depth.checked_sub(1) {
        None => simple.boxed(),
        Some(less) => {
            let block = (name(), prop::option::of(name()), body(less));
            let block = block.prop_map(|(kind, label, body)| Piece::Block(kind, label, body));
            prop_oneof![3 => simple, 1 => block].boxed()
        }
    };
    let pieces = prop::collection::vec(piece, 0..6);
    (pieces, any::<[bool; 2]>())
        .prop_map(|(pieces, [depends, lifecycle])| {
            let mut body = Body::new();
            if depends {
                body = body.depends_on([raw("aws_vpc.this")]);
            }
            if lifecycle {
                body = body.lifecycle(Body::new().attr("prevent_destroy", true));
            }
            pieces.into_iter().enumerate().fold(body, add)
        })
        .boxed()
}

fn add(body: Body, (number, piece): (usize, Piece)) -> Body {
    match piece {
        // The numbers keep the names apart.
        Piece::Attribute(name, value) => body.attr(format!("{name}{number}"), value),
        Piece::Meta(name) => body.meta(format!("{name}{number}"), 1),
        Piece::Comment(text) => body.comment(text),
        Piece::Blank => body.blank(),
        Piece::Block(kind, label, content) => {
            let block = Block::new(kind).extend(content);
            body.block(if let Some(label) = label { block.label(label) } else { block })
        }
    }
}

// === values ===

fn json(depth: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        text().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
    ];
    leaf.prop_recursive(depth, 16, 5, |inner| {
        let map = prop::collection::btree_map(key(), inner.clone(), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
            map.prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn of_json(value: &Value) -> Expr {
    match value {
        Value::Null => Expr::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => number.as_i64().expect("an integer").into(),
        Value::String(text) => text.into(),
        Value::Array(items) => items.iter().map(of_json).collect::<Vec<_>>().into(),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| (key, of_json(value)));
            Object::new().attrs(entries).into()
        }
    }
}
