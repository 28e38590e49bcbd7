//! What expressions come to, against what `terraform console` says (`tests/console.txt`, asked again by
//! `crates/aws/tests/console.rs`), and that nothing takes long.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::time::Instant;

use super::eval::{Env, Evaluator};
use super::folder::{self, Files};
use super::known::Known;
use super::value::Value;
use crate::import::Input;

fn evaluated(files: &Files, text: &str) -> Value {
    let expression = hcl_edit::parser::parse_expr(text).expect(text);
    let known = Known::default();
    let eval = Evaluator::new(files, &known);
    eval.eval(&Env { scope: 0, index: None, each: None, names: None, vars: None }, &expression)
}

/// Functions that Terraform has and that are not evaluated here; unknown is right, a value isn't needed.
const LEFT: [&str; 8] = [
    "%{ for i, s",
    "setproduct(toset",
    "matchkeys",
    "base64encode",
    "sha256",
    "transpose",
    "replace(\"hello\", \"/",
    "0.1 + 0.2",
];

#[test]
fn expressions_come_to_what_terraform_says() {
    let files = Files::default();
    let (mut same, mut left) = (0, 0);
    for line in include_str!("tests/console.txt").lines() {
        let (expression, wanted) = line.rsplit_once(" => ").expect("an answer");
        match evaluated(&files, &format!("jsonencode({expression})")) {
            Value::Text(text) => {
                assert_eq!(text.as_ref(), wanted, "{expression}");
                same += 1;
            }
            Value::Unknown(_) | Value::Encoded(_)
                if LEFT.iter().any(|word| expression.contains(word)) =>
            {
                left += 1
            }
            other => panic!("{expression}: {other:?}, and Terraform says {wanted}"),
        }
    }
    assert!(same > 170, "{same} are the same");
    assert_eq!(left, LEFT.len());
}

#[test]
fn what_is_made_to_be_slow_is_unknown_soon() {
    let text = r#"
locals {
  self   = local.other
  other  = [local.self]
  bomb0  = range(1000)
  bomb   = [for a in local.bomb0 : [for b in local.bomb0 : [for c in local.bomb0 : a]]]
  b1     = [local.bomb0, local.bomb0, local.bomb0, local.bomb0, local.bomb0, local.bomb0]
  b2     = [local.b1, local.b1, local.b1, local.b1, local.b1, local.b1, local.b1, local.b1]
  b3     = [local.b2, local.b2, local.b2, local.b2, local.b2, local.b2, local.b2, local.b2]
  b4     = [local.b3, local.b3, local.b3, local.b3, local.b3, local.b3, local.b3, local.b3]
  laughs = jsonencode(local.b4)
  text0  = join("", [for a in range(1000) : "aaaaaaaaaaaaaaaa"])
  text1  = replace(local.text0, "a", local.text0)
  text2  = replace(local.text1, "a", local.text1)
  wide   = format("%099999999d", 1)
  power  = pow(2, 100000)
  pairs  = setproduct(range(1000), range(1000), range(1000))
}
"#;
    let files = folder::read(&[Input { name: "main.tf", bytes: text.as_bytes() }]);
    assert!(files.unread.is_empty(), "{:?}", files.unread);
    let circle = format!("{:?}", evaluated(&files, "[local.self][0]"));
    assert!(circle.contains("refers to itself"), "{circle}");
    for name in ["bomb", "laughs", "text2", "wide", "power", "pairs"] {
        let start = Instant::now();
        let value = evaluated(&files, &format!("[local.{name}][0]"));
        assert!(matches!(value, Value::Unknown(_)), "{name}");
        assert!(start.elapsed().as_secs() < 20, "{name} takes {:?}", start.elapsed());
    }
}

#[test]
fn deep_expressions_are_unknown() {
    for (open, close) in
        [("[", "]"), ("(", ")"), ("upper(", ")"), ("!", ""), ("{a=", "}"), ("\"${", "}\"")]
    {
        for depth in [10, 60, 100, 5_000, 100_000] {
            let text =
                format!("locals {{\n  a = {}1{}\n}}\n", open.repeat(depth), close.repeat(depth));
            let files = folder::read(&[Input { name: "main.tf", bytes: text.as_bytes() }]);
            let value = evaluated(&files, "[local.a][0]");
            assert!(format!("{value:?}").len() < 1_000_000, "{open}");
        }
    }
}

#[test]
fn heredocs_lose_their_space_as_in_terraform() {
    let text = "locals {\n  h = <<EOT\na\n  %{ for s in [\"x\",\"y\"] ~}\n\n    item ${s}\n  %{ endfor ~}\n\n  end\nEOT\n  g = <<-EOT\n    %{ if true ~}\n      b\n    %{~ endif }\n    c ${~ \"q\" ~}   \n      d\n  EOT\n  i = <<-EOT\n    a\n      ${\"b\"}\n    $${c}\n  EOT\n}\n";
    let files = folder::read(&[Input { name: "main.tf", bytes: text.as_bytes() }]);
    // Terraform doesn't indent this one as the parser does.
    assert!(matches!(evaluated(&files, "[local.g][0]"), Value::Unknown(_)));
    for (name, wanted) in
        [("h", "a\n  \n    item x\n  \n    item y\n  \n  end\n"), ("i", "a\n  b\n${c}\n")]
    {
        match evaluated(&files, &format!("[local.{name}][0]")) {
            Value::Text(text) => assert_eq!(text.as_ref(), wanted, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}
