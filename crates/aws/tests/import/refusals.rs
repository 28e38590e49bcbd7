//! Every input that is no source: its code, its sentence, and what to do.

use farmgate_aws::import::{ImportError, Input, detect, import};
use farmgate_aws::model::SourceKind;
use serde_json::json;

use crate::plans::{Plan, shown_state};

fn refused(bytes: &[u8]) -> ImportError {
    let errors = import(&[Input { name: "input", bytes }]).expect_err("an error");
    assert_eq!(errors.len(), 1);
    let error = errors.into_iter().next().expect("an error");
    assert_eq!(error.input, "input");
    assert!(!error.message.ends_with('.'), "{}", error.message);
    assert!(
        error.message.starts_with(char::is_lowercase) || error.message.starts_with("JSON"),
        "{}",
        error.message
    );
    assert_eq!(error.to_string(), format!("input: {}", error.message));
    error
}

#[track_caller]
fn check(bytes: &[u8], code: &str, message: &str, help: &str) {
    let error = refused(bytes);
    assert_eq!(error.code, code, "{error}");
    assert!(error.message.contains(message), "{error}");
    assert!(error.help.unwrap_or_default().contains(help));
}

fn plan() -> Plan {
    Plan::new().keep("", "aws_vpc.v", json!({ "id": "vpc-1", "cidr_block": "10.0.0.0/16" }))
}

#[test]
fn empty() {
    check(b"", "empty-input", "the input is empty", "terraform show -json");
    check(b" \n\t", "empty-input", "the input is empty", "terraform show -json");
    check(b"\xef\xbb\xbf", "empty-input", "the input is empty", "terraform show -json");
}

#[test]
fn not_json() {
    check(b"hello", "not-json", "no object starts at line 1, column 1", "terraform show -json");
    check(b"\n\n  ?", "not-json", "at line 3, column 3", "terraform show -json");
    check(b"{\n  \"a\": tru\n}", "not-json", "expected ident, at line 3, column 1", "");
    check(b"{} {}", "not-json", "more text after the end of the object, at line 1, column 4", "");
    check(b"\x80abc", "not-utf-8", "byte 1 is not UTF-8 text", "terraform show -json");
}

#[test]
fn truncated() {
    let bytes = plan().bytes();
    for cut in [bytes.len() - 1, bytes.len() / 2, 20, 1] {
        check(
            &bytes[..cut],
            "truncated-json",
            "the JSON ends too early, at line 1, column",
            "write it again",
        );
    }
}

#[test]
fn nested_too_deep() {
    for open in ["[", "{\"a\":"] {
        check(open.repeat(1_000_000).as_bytes(), "nested-too-deep", "more than 128 deep", "");
    }
    let inside = format!(
        "{{\"format_version\":\"1.2\",\"planned_values\":{}{}}}",
        "[".repeat(200),
        "]".repeat(200)
    );
    check(inside.as_bytes(), "nested-too-deep", "more than 128 deep", "");
}

#[test]
fn other_json() {
    check(b"[1, 2]", "not-a-source", "a JSON array", "terraform show -json");
    check(b"[1, 2", "truncated-json", "ends too early", "");
    check(b"{}", "not-a-source", "an empty JSON object", "");
    let package = br#"{"name": "x", "version": "1.0.0", "dependencies": {}}"#;
    check(
        package,
        "not-a-source",
        "it holds `dependencies`, `name`, `version`",
        "terraform show -json",
    );
    check(
        br#"{"format_version":"1.0","provider_schemas":{}}"#,
        "provider-schemas",
        "provider schemas",
        "",
    );
}

#[test]
fn cloudformation() {
    let empty = br#"{"AWSTemplateFormatVersion":"2010-09-09","Resources":{}}"#;
    check(empty, "no-resources", "declares no resources", "right file");
    let empty = b"AWSTemplateFormatVersion: '2010-09-09'\nResources:\n";
    check(empty, "no-resources", "declares no resources", "right file");
    let nameless = br#"{"Resources":{"A":{"Properties":{}}}}"#;
    check(nameless, "no-type", "the resource `A` has no `Type`", "");
}

#[test]
fn aws_describe() {
    check(
        br#"{"SecurityGroups": {}}"#,
        "aws-describe",
        "not as `aws ec2 describe-security-groups` prints",
        "--query",
    );
    check(br#"{"LoadBalancers": [1], "Subnets": 3}"#, "aws-describe", "Subnets", "--query");
}

#[test]
fn other_forms_of_a_plan() {
    check(
        b"PK\x03\x04\x00\x00",
        "binary-plan",
        "this is a binary plan",
        "run `terraform show -json FILE`",
    );
    check(
        b"# x\nresource \"aws_vpc\" \"v\" {\n}\n",
        "terraform-source",
        "HCL",
        "terraform plan -out=FILE",
    );
    let log = b"{\"@level\":\"info\",\"@message\":\"Terraform 1.11\"}\n{\"@level\":\"info\"}\n";
    check(log, "plan-log", "the log of `terraform plan -json`", "terraform show -json FILE");
    let text = b"Terraform will perform the following actions:\n\n  # aws_vpc.v will be created\n";
    check(text, "plan-text", "for people", "terraform show -json FILE");
    let broken = [0xff, 0xfe, b'{', 0, 0x00, 0xd8];
    check(&broken, "utf-16", "PowerShell", "Out-File -Encoding utf8");
}

#[test]
fn what_powershell_writes_is_read() {
    let text = String::from_utf8(plan().bytes()).expect("a plan is text");
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let marked = |mark: [u8; 2], text: &[u8]| [&mark[..], text].concat();
    for bytes in
        [little.clone(), marked([0xff, 0xfe], &little), marked([0xfe, 0xff], &big), big.clone()]
    {
        assert_eq!(detect(&bytes), Ok(SourceKind::TerraformPlan));
        assert!(import(&[Input { name: "p", bytes: &bytes }]).is_ok());
    }
}

#[test]
fn other_forms_of_what_aws_prints() {
    let help = "--output json";
    check(b"SecurityGroups:\n- Description: x\n", "aws-output", "--output yaml", help);
    let table = b"-----------------\n|  DescribeVpcs |\n+---------------+\n";
    check(table, "aws-output", "--output table", help);
    check(b"VPCS\t10.0.0.0/16\tdopt-1\n", "aws-output", "--output text", help);
    check(b"[{\"GroupId\": \"sg-1\"}]", "not-a-source", "JSON array", "without `--query`");
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let marked: Vec<u8> = b"\xef\xbb\xbf".iter().copied().chain(plan().bytes()).collect();
    assert_eq!(detect(&marked), Ok(SourceKind::TerraformPlan));
    assert!(import(&[Input { name: "p", bytes: &marked }]).is_ok());
}

#[test]
fn an_errored_plan() {
    let plan = plan().with("errored", json!(true)).with("complete", json!(false));
    check(
        &plan.bytes(),
        "plan-errored",
        "the plan is incomplete because planning failed",
        "plan again",
    );
}

#[test]
fn versions() {
    let of = |version: serde_json::Value| plan().with("format_version", version).bytes();
    check(
        &of(json!("2.0")),
        "format-version",
        "format version `2.0` is not known",
        "newer farmgate",
    );
    check(&of(json!("x")), "format-version", "`x`", "");
    check(&of(json!(null)), "format-version", "`null`", "");
    for fine in ["0.1", "1.0", "1.99"] {
        assert!(detect(&of(json!(fine))).is_ok());
    }
    let old = br#"{"version": 3, "serial": 1, "lineage": "x", "modules": []}"#;
    check(old, "state-version", "state version `3` is not known", "terraform show -json");
}

#[test]
fn nothing_in_it() {
    check(&Plan::new().bytes(), "no-resources", "the plan holds no resources", "workspace");
    check(&shown_state(&[]), "no-resources", "the state holds no resources", "workspace");
    check(br#"{"format_version":"1.0"}"#, "empty-state", "the state is empty", "apply first");
    let file =
        br#"{"version":4,"terraform_version":"1.5.0","serial":1,"lineage":"","resources":[]}"#;
    check(file, "no-resources", "the state holds no resources", "");
}

#[test]
fn another_cloud() {
    let change = |kind: &str, provider: &str| {
        json!({ "address": format!("{kind}.x"), "mode": "managed", "type": kind, "name": "x",
            "provider_name": format!("registry.terraform.io/hashicorp/{provider}"),
            "change": { "actions": ["create"], "after": {} } })
    };
    let plan = Plan::new().with(
        "resource_changes",
        json!([change("google_compute_network", "google"), change("azurerm_subnet", "azurerm")]),
    );
    check(
        &plan.bytes(),
        "no-aws-resources",
        "the plan holds no AWS resources; its providers are azurerm, google",
        "AWS networks only",
    );
}

#[test]
fn parts_of_another_shape() {
    for (part, value) in [
        ("resource_changes", json!({ "a": 1 })),
        ("resource_changes", json!([1])),
        ("configuration", json!({ "root_module": 1 })),
        ("prior_state", json!({ "values": 1 })),
        ("variables", json!([1])),
    ] {
        check(
            &plan().with(part, value).bytes(),
            "malformed",
            "is not as Terraform writes it",
            "edited",
        );
    }
}

#[test]
fn all_errors_are_reported_at_once() {
    let good = plan().bytes();
    let inputs = [
        Input { name: "a", bytes: b"" },
        Input { name: "b", bytes: &good },
        Input { name: "c", bytes: b"PK\x03\x04" },
    ];
    let errors = import(&inputs).expect_err("errors");
    let codes: Vec<(&str, &str)> =
        errors.iter().map(|error| (error.input.as_str(), error.code)).collect();
    assert_eq!(codes, [("a", "empty-input"), ("c", "binary-plan")]);
    assert_eq!(import(&[]).expect_err("an error")[0].code, "no-input");
}

/// Found by fuzzing: a name of ten thousand characters stood in the message as a whole.
#[test]
fn a_refusal_does_not_repeat_what_it_refuses() {
    let long = "x".repeat(10_000);
    let unknown = json!({ &long: 1, "Resources": {} }).to_string();
    let untyped = json!({ "Resources": { &long: {} } }).to_string();
    for (text, code) in [(unknown, "unknown-section"), (untyped, "no-type")] {
        let error = refused(text.as_bytes());
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.len() < 200, "{error}");
        assert!(error.message.contains(&format!("`{}…`", "x".repeat(80))), "{error}");
    }
}
