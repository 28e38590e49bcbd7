//! Acceptances: what is wrong with a file of them, and what they accept.

#![allow(clippy::expect_used, reason = "a test")]

use farmgate_audit::accept::{self as applying, Applied, Words};
use farmgate_audit::report::Finding;
use farmgate_farm::accept::{self, Acceptances};
use jiff::civil::{Date, date};

const RULES: [&str; 3] = ["listener-open-to-world", "plain-http", "no-flow-logs"];
const TODAY: Date = date(2027, 6, 30);

/// Code, line:column, marked text and help of each problem.
fn problems(source: &str) -> Vec<String> {
    let problems = accept::read(source, &RULES).err().unwrap_or_default();
    let shown = problems.iter().map(|problem| {
        let (line, column) = problem.location(source);
        let marked = source.get(problem.span()).unwrap_or("NOT IN THE FILE");
        let help = problem.help.as_deref().unwrap_or("-");
        format!("{} {line}:{column} [{marked}] {help}", problem.code)
    });
    shown.collect()
}

fn acceptances(items: &str) -> Acceptances {
    accept::read(&format!("accept:\n{items}"), &RULES).unwrap_or_default()
}

/// From JSON, so that fields which don't matter here need no naming.
fn finding(rule: &str, origins: &[&str]) -> Finding {
    serde_json::from_value(serde_json::json!({
        "rule": rule, "severity": "high", "origins": origins,
        "title": "", "why": "", "fix": { "text": "" },
    }))
    .expect("a finding")
}

fn apply(items: &str, findings: Vec<Finding>) -> Applied {
    let acceptances = acceptances(items);
    assert!(!acceptances.items.is_empty(), "{items}");
    applying::apply(&acceptances, findings, Words::Addresses, TODAY)
}

/// Codes and texts of the warnings.
fn warnings(applied: &Applied) -> Vec<String> {
    let warnings = applied.warnings.iter();
    warnings.map(|warning| format!("{}: {}", warning.code, warning.text)).collect()
}

#[test]
fn a_file_is_read() {
    let source = "\
accept:
  - { rule: listener-open-to-world, on: \"module.a.aws_lb.b\", why: \"public product\", until: 2027-06-30 }
  - rule: plain-http
    on: type:aws_lb
    why: >
      behind
      the VPN
";
    let read = accept::read(source, &RULES).unwrap();
    assert_eq!(read.items.len(), 2);
    assert_eq!(read.items[0].until, Some(TODAY));
    assert_eq!(read.items[0].why, "public product");
    assert_eq!(read.items[1].until, None);
    assert_eq!(read.items[1].why, "behind the VPN");
    assert!(source[read.items[1].span.clone()].starts_with("rule: plain-http\n"));
    assert_eq!(accept::read("accept: []\n", &RULES), Ok(Acceptances::default()));
}

/// Items, and the problem of each.
const MISTAKES: &[(&str, &str)] = &[
    (
        "rule: listener-open-to-word, on: a.b, why: w",
        "unknown-rule 2:12 [listener-open-to-word] did you mean `listener-open-to-world`?",
    ),
    ("rule: something-else, on: a.b, why: w", "unknown-rule 2:12 [something-else] -"),
    (
        "rule: plain-http, on: internet, why: w",
        "not-a-resource 2:28 [internet] write an address, as `module.a.aws_ecs_service.b`, or `type:aws_ecs_service`",
    ),
    (
        "rule: plain-http, on: \"tag:a=b\", why: w",
        "bad-selector 2:28 [\"tag:a=b\"] write an address, or `type:aws_lb`",
    ),
    ("rule: plain-http, on: a.b", "missing-key 2:5 [{rule: plain-http, on: a.b}] -"),
    (
        "rule: plain-http, on: a.b, why: \" \"",
        "blank-reason 2:38 [\" \"] say why, for those who read it later",
    ),
    (
        "rule: plain-http, on: a.b, why: w, until: 30.6.2027",
        "bad-date 2:48 [30.6.2027] write it as `2027-06-30`",
    ),
    (
        "rule: plain-http, on: a.b, why: w, until: 2027-02-29",
        "bad-date 2:48 [2027-02-29] write it as `2027-06-30`",
    ),
    (
        "rule: plain-http, on: a.b, why: w, until: 2027-06-30T10:00",
        "bad-date 2:48 [2027-06-30T10:00] write it as `2027-06-30`",
    ),
    (
        "rule: plain-http, on: a.b, why: w, until: 20270630",
        "wrong-type 2:48 [20270630] put it in quotes: `\"20270630\"`",
    ),
    (
        "rule: plain-http, on: a.b, why: w, untill: 2027-06-30",
        "unknown-key 2:41 [untill] did you mean `until`?",
    ),
];

#[test]
fn each_mistake_has_its_place_and_its_help() {
    for (item, expected) in MISTAKES {
        let source = format!("accept:\n  - {{{item}}}\n");
        assert_eq!(problems(&source), [*expected], "{source}");
    }
    assert_eq!(problems("acept: []\n"), ["unknown-key 1:1 [acept] did you mean `accept`?"]);
    assert_eq!(problems("{}\n"), ["missing-key 1:1 [{}] -"]);
}

#[test]
fn six_mistakes_are_six_problems() {
    let source = "\
accept:
  - { rule: plain-htp, on: vpc, why: '' }
  - { rule: plain-http, on: a.b, until: tomorrow, rule: plain-http }
";
    let codes = problems(source);
    let codes: Vec<_> = codes.iter().map(|it| it.split_once(" [").unwrap_or_default().0).collect();
    assert_eq!(
        codes,
        [
            "unknown-rule 2:13",
            "not-a-resource 2:28",
            "blank-reason 2:38",
            "missing-key 3:5",
            "bad-date 3:41",
            "duplicate-key 3:51",
        ]
    );
}

#[test]
fn a_finding_is_accepted_through_its_last_day() {
    let item = |until| {
        format!("  - {{ rule: plain-http, on: \"module.a.aws_lb.*\", why: ok, until: {until} }}\n")
    };
    let findings = || vec![finding("plain-http", &["module.a.aws_lb.b"])];
    let applied = apply(&item("2027-06-30"), findings());
    assert_eq!(applied.findings, []);
    assert_eq!(applied.accepted[0].why, "ok");
    assert_eq!(applied.accepted[0].until.as_deref(), Some("2027-06-30"));
    assert_eq!(warnings(&applied), [""; 0]);
    let applied = apply(&item("2027-06-29"), findings());
    assert_eq!(applied.findings, findings());
    assert_eq!(applied.accepted, []);
    assert_eq!(
        warnings(&applied),
        [
            "acceptance-expired: the acceptance of `plain-http` on `module.a.aws_lb.*` ended on 2027-06-29"
        ]
    );
}

#[test]
fn rule_and_origin_have_to_match() {
    let items = "  - { rule: plain-http, on: type:aws_lb, why: ok }\n";
    let findings = vec![
        finding("no-flow-logs", &["aws_lb.b"]),
        finding("plain-http", &["module.a.aws_lb.b[0]"]),
        finding("plain-http", &["aws_lb_listener.b"]),
        finding("plain-http", &[]),
    ];
    let applied = apply(items, findings.clone());
    assert_eq!(applied.findings, [findings[0].clone(), findings[2].clone(), findings[3].clone()]);
    assert_eq!(applied.accepted.len(), 1);
    let applied = apply(items, vec![findings[0].clone()]);
    assert_eq!(
        warnings(&applied),
        [
            "acceptance-unmatched: the acceptance of `plain-http` on `type:aws_lb` matches no finding"
        ]
    );
    assert_eq!(applied.warnings[0].origin.as_deref(), Some("type:aws_lb"));
}

#[test]
fn a_new_origin_does_not_hide_behind_an_old_acceptance() {
    let one = "  - { rule: plain-http, on: aws_lb.a, why: first, until: 2028-01-01 }\n";
    let both = format!(
        "{one}  - {{ rule: plain-http, on: aws_lb.b, why: second, until: 2027-12-01 }}\n  \
         - {{ rule: no-flow-logs, on: aws_lb.c, why: other }}\n"
    );
    let findings = || vec![finding("plain-http", &["aws_lb.a", "aws_lb.b"])];
    let applied = apply(one, findings());
    assert_eq!(applied.findings, findings());
    assert_eq!(
        warnings(&applied),
        [
            "acceptance-partial: `plain-http` is accepted for some of its origins, not for `aws_lb.b`"
        ]
    );
    let applied = apply(&both, findings());
    assert_eq!(applied.findings, []);
    assert_eq!(applied.accepted[0].why, "first; second");
    assert_eq!(applied.accepted[0].until.as_deref(), Some("2027-12-01"));
    let applied = apply(&both, vec![finding("plain-http", &["aws_lb.a", "aws_lb.b", "aws_lb.c"])]);
    assert_eq!(applied.accepted, []);
}

#[test]
fn a_problem_reads_well() {
    let source = "accept:\n  - rule: listener-open-to-the-world\n    on: module.a.aws_lb.b\n    why: public\n";
    let problems = accept::read(source, &RULES).unwrap_err();
    insta::assert_snapshot!(problems[0].render(".farmgate.yaml", source, false), @"
    error[unknown-rule]: unknown rule `listener-open-to-the-world`
     --> .farmgate.yaml:2:11
      |
    2 |   - rule: listener-open-to-the-world
      |           ^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `listener-open-to-world`?
    ");
}

#[test]
fn in_a_farm_what_is_accepted_on_something_is_accepted_on_its_parts() {
    let accepted = |on: &str, origins: &[&str]| {
        let item = format!("  - {{ rule: plain-http, on: \"{on}\", why: w }}\n");
        let findings = vec![finding("plain-http", origins)];
        let in_words = |words| {
            let acceptances = acceptances(&item);
            applying::apply(&acceptances, findings.clone(), words, TODAY).accepted.len()
        };
        (in_words(Words::Farm), in_words(Words::Addresses))
    };
    assert_eq!(accepted("ingress", &["groups.ingress", "ingress.443"]), (1, 0));
    assert_eq!(accepted("servers.python", &["groups.servers.python"]), (1, 0));
    assert_eq!(accepted("servers.*", &["servers.python.task"]), (1, 1));
    assert_eq!(accepted("servers.python", &["servers.python-2"]), (0, 0));
    assert_eq!(accepted("servers.python", &["groups.servers.python", "gate"]), (0, 0));
}
