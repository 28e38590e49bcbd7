//! Expectations: what is wrong with a file of them, what they say, and what selectors select.

use std::collections::BTreeMap;
use std::path::Path;

use farmgate_farm::expect::{self, Expectation, ExpectationKind, Selector, no_match};
use farmgate_farm::{accept, yaml};
use farmgate_net::service::ServiceSet;

const GOOD: &str = "\
expect:
  - cannot: { from: internet, to: \"aws_ecs_service.*\", except_through: ingress }
  - cannot: { from: \"module.a.aws_ecs_service.python\", to: \"type:aws_db_instance\" }
  - can: { from: \"*.aws_ecs_service.mcp\", to: \"*.aws_lb.api\", ports: [443, \"8000-8100\", \"udp 53\"] }
  - cannot: { from: 10.0.0.0/8, to: \"tag:Team=data\", why: \"not for\\noffices\" }
  - can_start: \"module.*.aws_ecs_service.*\"
    why: they must
  - cannot: { from: vpc, to: a.b, ports: [all], except_through: \"type:aws_vpc_endpoint\" }
  - can: { from: ingress, to: \"fd00::/8\", ports: [icmp, icmpv6, tcp] }
";

/// Code, line:column, marked text and help of each problem.
fn problems(source: &str) -> Vec<String> {
    let problems = expect::read(source).err().unwrap_or_default();
    let shown = problems.iter().map(|problem| {
        let (line, column) = problem.location(source);
        let marked = source.get(problem.span()).unwrap_or("NOT IN THE FILE");
        let help = problem.help.as_deref().unwrap_or("-");
        format!("{} {line}:{column} [{marked}] {help}", problem.code)
    });
    shown.collect()
}

/// The selector of this text, or its problems.
fn selector(text: &str) -> Result<Selector, Vec<String>> {
    let source = format!("'{text}'\n");
    let read = yaml::document(&source, Selector::read);
    match read {
        Ok(Some(selector)) => Ok(selector),
        Ok(None) => Err(Vec::new()),
        Err(problems) => Err(problems
            .iter()
            .map(|it| format!("{} {}", it.title, it.help.as_deref().unwrap_or("-")))
            .collect()),
    }
}

fn ports(list: &str) -> Option<ServiceSet> {
    let source = format!("expect: [{{can: {{from: a.b, to: c.d, ports: {list}}}}}]\n");
    let read = expect::read(&source).ok()?;
    match read.items.into_iter().next()?.kind {
        ExpectationKind::Can(flow) => flow.ports,
        _ => None,
    }
}

#[test]
fn expectations_read_as_sentences() {
    let read = expect::read(GOOD).unwrap();
    let sentences: Vec<_> = read.items.iter().map(Expectation::to_string).collect();
    assert_eq!(
        sentences,
        [
            "the internet cannot reach aws_ecs_service.* except through its ingress",
            "module.a.aws_ecs_service.python cannot reach any aws_db_instance",
            "*.aws_ecs_service.mcp can reach *.aws_lb.api on tcp 443, 8000-8100, udp 53",
            "10.0.0.0/8 cannot reach anything tagged Team=data",
            "module.*.aws_ecs_service.* can start",
            "the VPC cannot reach a.b on all ports except through any aws_vpc_endpoint",
            "the ingress can reach fd00::/8 on icmp, all tcp, icmpv6",
        ]
    );
    let reasons: Vec<_> = read.items.iter().filter_map(|item| item.why.as_deref()).collect();
    assert_eq!(reasons, ["not for offices", "they must"]);
    assert!(GOOD[read.items[4].span.clone()].starts_with("can_start"));
}

/// Items, and the problem of each.
const MISTAKES: &[(&str, &str)] = &[
    ("can: {from: internett, to: a.b}", "unknown-word 2:17 [internett] did you mean `internet`?"),
    ("can: {from: Ingress, to: a.b}", "unknown-word 2:17 [Ingress] did you mean `ingress`?"),
    ("can: {from: vpcs, to: a.b}", "unknown-word 2:17 [vpcs] did you mean `vpc`?"),
    (
        "can: {from: types:aws_lb, to: a.b}",
        "unknown-word 2:17 [types:aws_lb] did you mean `type:aws_lb`?",
    ),
    ("can: {from: 10.0.0.7/8, to: a.b}", "bad-cidr 2:17 [10.0.0.7/8] did you mean `10.0.0.0/8`?"),
    ("can: {from: fd00::1/8, to: a.b}", "bad-cidr 2:17 [fd00::1/8] did you mean `fd00::/8`?"),
    ("can: {from: 10.0.0.7, to: a.b}", "bad-cidr 2:17 [10.0.0.7] write `10.0.0.7/32`"),
    (
        "can: {from: 10.0.0.0/33, to: a.b}",
        "bad-cidr 2:17 [10.0.0.0/33] write it as `10.0.0.0/8` or `fd00::/8`",
    ),
    (
        "can: {from: type:, to: a.b}",
        "yaml-syntax 2:21 [:] here a text that holds `[`, `]`, `{`, `}` or `,` has to be in quotes",
    ),
    (
        "can: {from: \"type:\", to: a.b}",
        "bad-selector 2:17 [\"type:\"] write it as `type:aws_ecs_service`",
    ),
    (
        "can: {from: tag:Team, to: a.b}",
        "bad-selector 2:17 [tag:Team] write it as `tag:Team=data`, or `tag:Team=*` for any value",
    ),
    (
        "can: {from: \" a.b\", to: a.b}",
        "bad-selector 2:17 [\" a.b\"] write it on one line, without spaces around it",
    ),
    (
        "can: {from: '', to: a.b}",
        "bad-selector 2:17 [''] write it on one line, without spaces around it",
    ),
    ("can: {from: [a.b], to: a.b}", "wrong-type 2:17 [[a.b]] -"),
    ("can: {from: *.b, to: a.b}", "alias 2:17 [*.b] put it in quotes: `\"*.b\"`"),
    ("can: {from: a.b}", "missing-key 2:10 [{from: a.b}] -"),
    (
        "can: a.b",
        "wrong-type 2:10 [a.b] its keys are `from`, `to`, `ports`, `except_through`, `why`",
    ),
    ("can:", "wrong-type 2:5 [can] its keys are `from`, `to`, `ports`, `except_through`, `why`"),
    (
        "can: {from: a.b, to: a.b, except_through: ingress}",
        "exception-of-can 2:31 [except_through] remove it",
    ),
    (
        "cannot: {from: a.b, to: a.b, except_through: internet}",
        "not-a-gate 2:50 [internet] write `ingress`, or the address of what it may go through",
    ),
    ("cannot: {from: a.b, to: a.b, port: [1]}", "unknown-key 2:34 [port] did you mean `ports`?"),
    (
        "can_start: internet",
        "not-a-resource 2:16 [internet] write an address, as `module.a.aws_ecs_service.b`, or `type:aws_ecs_service`",
    ),
    ("canstart: a.b", "unknown-key 2:5 [canstart] did you mean `can_start`?"),
    ("why: x", "missing-key 2:5 [why: x] -"),
    ("a.b", "wrong-type 2:5 [a.b] its keys are `can`, `cannot`, `can_start`, `why`"),
    (
        "can_start: a.b\n    why: ' '",
        "blank-reason 3:10 [' '] say why, for those who read it later",
    ),
    ("can_start: a.b\n    why: 7", "wrong-type 3:10 [7] put it in quotes: `\"7\"`"),
    ("can: {from: a.b, to: a.b, why: x}\n    why: y", "duplicate-key 3:5 [why] -"),
    ("can_start: a.b\n    can: {}", "several-verbs 2:5 [can_start] write an item for each"),
];

#[test]
fn each_mistake_has_its_place_and_its_help() {
    for (item, expected) in MISTAKES {
        let source = format!("expect:\n  - {item}\n");
        assert_eq!(problems(&source), [*expected], "{source}");
    }
    assert_eq!(problems("expects: []\n"), ["unknown-key 1:1 [expects] did you mean `expect`?"]);
    let list = "write it as `[...]`, or with `- ` before each item";
    assert_eq!(problems("expect:\n"), [format!("wrong-type 1:1 [expect] {list}")]);
    let keys = "its keys are `expect`";
    assert_eq!(
        problems("- can_start: a.b\n"),
        [format!("wrong-type 1:1 [- can_start: a.b] {keys}")]
    );
    assert_eq!(problems("\n"), ["empty-file 1:1 [] -"]);
}

#[test]
fn ports_are_read() {
    let tcp = |low, high| ServiceSet::ports(6, low, high);
    assert_eq!(ports("[443]"), Some(tcp(443, 443)));
    assert_eq!(ports("[\"443\", tcp 80]"), Some(tcp(443, 443).union(&tcp(80, 80))));
    assert_eq!(ports("[8000-8100, 0-1]"), Some(tcp(8000, 8100).union(&tcp(0, 1))));
    assert_eq!(
        ports("[udp 53, udp 5000-5001]"),
        Some(ServiceSet::udp(53).union(&ServiceSet::ports(17, 5000, 5001)))
    );
    assert_eq!(ports("[icmp]"), Some(ServiceSet::protocol(1)));
    assert_eq!(ports("[tcp, udp]"), Some(ServiceSet::protocol(6).union(&ServiceSet::protocol(17))));
    assert_eq!(ports("[all]"), Some(ServiceSet::all()));
}

#[test]
fn bad_ports_say_what_is_wrong() {
    let usage = "write a port (443), a range (8000-8100), or `udp 53`, `icmp`, `all`";
    let cases = [
        ("65536", "ports are from 0 to 65535"),
        ("99999999999999999999", "ports are from 0 to 65535"),
        ("-1", usage),
        ("8100-8000", "write `8000-8100`"),
        ("1-70000", "ports are from 0 to 65535"),
        ("80-", usage),
        ("http", usage),
        ("tpc 80", "did you mean `tcp`?"),
        ("TCP 80", "did you mean `tcp`?"),
        ("tcp 80 90", usage),
        ("icmp 8", "write `icmp` alone"),
        ("all 80", "write `all` alone"),
        ("true", usage),
        ("1.5", usage),
        ("''", usage),
    ];
    for (item, help) in cases {
        let source = format!("expect: [{{can: {{from: a.b, to: c.d, ports: [22, {item}]}}}}]\n");
        assert_eq!(problems(&source), [format!("bad-port 1:49 [{item}] {help}")], "{item}");
    }
    let of = |ports: &str| {
        problems(&format!("expect: [{{can: {{from: a.b, to: c.d, ports: {ports}}}}}]\n"))
    };
    assert_eq!(of("[]"), ["no-ports 1:44 [[]] leave out `ports` if all are meant"]);
    assert_eq!(
        of("443"),
        ["wrong-type 1:44 [443] write it as `[...]`, or with `- ` before each item"]
    );
    assert_eq!(of("[[443]]"), ["wrong-type 1:45 [[443]] -"]);
    assert_eq!(of("[~]"), ["wrong-type 1:45 [~] -"]);
}

#[test]
fn all_mistakes_of_a_file_are_found_in_one_run() {
    let source = "\
expect:
  - cannot: { from: internett, to: *.x.y }
  - can: { to: a.b, ports: [70000, \"9-3\"] }
  - canot: { from: vpc }
  - can_start: 10.0.0.0/8
    why: &reason x
  - cannot: { from: 10.1.0.0/8, to: \"tag:x\", to: vpc }
expct: []
";
    let found = problems(source);
    let found: Vec<_> = found.iter().map(|it| it.split_once(" [").unwrap_or_default().0).collect();
    assert_eq!(
        found,
        [
            "unknown-word 2:21",
            "alias 2:36",
            "missing-key 3:10",
            "bad-port 3:29",
            "bad-port 3:36",
            "unknown-key 4:5",
            "not-a-resource 5:16",
            "anchor 6:10",
            "bad-cidr 7:21",
            "bad-selector 7:37",
            "duplicate-key 7:46",
            "unknown-key 8:1",
        ]
    );
}

/// Patterns, addresses, and whether they match.
const ADDRESSES: &[(&str, &str, bool)] = &[
    ("aws_lb.b", "aws_lb.b", true),
    ("aws_lb.b", "aws_lb.bb", false),
    ("aws_lb.b", "module.a.aws_lb.b", false),
    ("aws_lb.*", "aws_lb.b", true),
    ("aws_lb.*", "module.a.aws_lb.b", false),
    ("*.aws_lb.?", "module.a.module.c.aws_lb.b", true),
    ("module.*.aws_lb.b", "module.a.module.c.aws_lb.b", true),
    // All instances, unless one is named.
    ("aws_lb.b", "aws_lb.b[0]", true),
    ("aws_lb.b", "aws_lb.b[\"x]\\\"y\"]", true),
    ("aws_lb.b[0]", "aws_lb.b[0]", true),
    ("aws_lb.b[0]", "aws_lb.b[1]", false),
    ("aws_lb.b[0]", "aws_lb.b0", false),
    ("aws_lb.b[\"a.b\"]", "aws_lb.b[\"a.b\"]", true),
    ("module.a.aws_lb.b", "module.a[\"k.[\"].aws_lb.b[1]", true),
    ("module.a.aws_lb.b", "module.a[0].aws_lb.b", true),
    ("module.a[0].aws_lb.b", "module.a[0].aws_lb.b[1]", true),
    ("module.a[0].aws_lb.b", "module.a[1].aws_lb.b[1]", false),
    ("*.aws_lb.b", "module.a.aws_lb.b[0]", true),
    ("sg-1", "sg-1", true),
    ("arn:aws:ecs:*:service/a", "arn:aws:ecs:eu-west-1:1:service/a", true),
];

#[test]
fn patterns_match_addresses() {
    let tags = BTreeMap::new();
    for (pattern, address, expected) in ADDRESSES {
        let selector = selector(pattern).unwrap();
        assert!(selector.selects_resources());
        assert_eq!(selector.matches(address, None, &tags), *expected, "{pattern} {address}");
    }
}

#[test]
fn types_tags_and_words_match_what_they_say() {
    let tags = BTreeMap::from([("Team".to_owned(), "data lake".to_owned())]);
    let matches = |text: &str, kind| selector(text).unwrap().matches("a.b", kind, &tags);
    assert!(matches("type:aws_lb", Some("aws_lb")));
    assert!(matches("type:aws_*_instance", Some("aws_db_instance")));
    assert!(!matches("type:aws_lb", Some("aws_lb_listener")));
    assert!(!matches("type:*", None));
    assert!(matches("tag:Team=data*", None));
    assert!(!matches("tag:team=data*", None));
    assert!(!matches("tag:Team=data", None));
    for word in ["internet", "ingress", "vpc", "0.0.0.0/0", "::/0"] {
        assert!(!matches(word, Some("a")), "{word}");
        assert!(!selector(word).unwrap().selects_resources());
    }
}

#[test]
fn words_that_are_no_mistakes_are_patterns() {
    for text in
        ["vpc-0a1b2c", "igw-1", "sg-0123", "arn:aws:s3:::b", "aws_vpc.internet", "internet*", "x"]
    {
        assert!(selector(text).unwrap().selects_resources(), "{text}");
    }
}

#[test]
fn a_selector_that_matches_nothing_names_the_nearest() {
    let addresses =
        ["module.a.aws_lb.api", "module.a.aws_lb.web", "module.a.aws_ecs_service.python"];
    let help = |text: &str, candidates: &[&str]| {
        no_match(&selector(text).unwrap(), candidates.iter().copied()).help
    };
    let cases = [
        ("module.a.aws_ecs_service.pyhton", "the nearest is `module.a.aws_ecs_service.python`"),
        ("module.b.aws_lb.api", "the nearest is `module.a.aws_lb.api`"),
        (
            "aws_lb.*",
            "an address begins with its module: `*.aws_lb.*` matches `module.a.aws_lb.api`",
        ),
        (
            "aws_ecs_service.python",
            "an address begins with its module: `*.aws_ecs_service.python` matches `module.a.aws_ecs_service.python`",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(help(text, &addresses).as_deref(), Some(expected), "{text}");
    }
    assert_eq!(help("zzz", &addresses), None);
    assert_eq!(help("aws_lb.b", &[]), None);
    assert_eq!(help(&"x".repeat(100_000), &addresses), None);
    assert_eq!(
        help("type:aws_bd_instance", &["aws_lb", "aws_db_instance"]).as_deref(),
        Some("the nearest is `type:aws_db_instance`")
    );
    assert_eq!(
        help("tag:Team=date", &["Team=data", "Name=x"]).as_deref(),
        Some("the nearest is `tag:Team=data`")
    );
}

/// All problems of a file, as the terminal has them.
fn drawn(source: &str) -> String {
    let problems = expect::read(source).err().unwrap_or_default();
    let drawn = problems.iter().map(|problem| problem.render("expect.yaml", source, false));
    drawn.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn problems_read_well() {
    let source =
        "expect:\r\n  # für später\r\n  - cannot: { from: 'tag:Größe', to: 10.0.0.1/8 }\r\n";
    insta::assert_snapshot!(drawn(source), @"
    error[bad-selector]: `Größe` is not a key and a value
     --> expect.yaml:3:21
      |
    3 |   - cannot: { from: 'tag:Größe', to: 10.0.0.1/8 }
      |                     ^^^^^^^^^^^
      |
      = help: write it as `tag:Team=data`, or `tag:Team=*` for any value

    error[bad-cidr]: `10.0.0.1/8` has bits set after its prefix
     --> expect.yaml:3:38
      |
    3 |   - cannot: { from: 'tag:Größe', to: 10.0.0.1/8 }
      |                                      ^^^^^^^^^^
      |
      = help: did you mean `10.0.0.0/8`?
    ");
    let source = "expect:\n  - cannot: { från: internet, to: *.aws_lb.b }\n    why: \"\"\n  - can_start: type:aws_lb\n    can: {}\n";
    insta::assert_snapshot!(drawn(source), @r#"
    error[missing-key]: the key `from` is missing
     --> expect.yaml:2:13
      |
    2 |   - cannot: { från: internet, to: *.aws_lb.b }
      |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    error[unknown-key]: unknown key `från`
     --> expect.yaml:2:15
      |
    2 |   - cannot: { från: internet, to: *.aws_lb.b }
      |               ^^^^
      |
      = help: known here: `from`, `to`, `ports`, `except_through`, `why`

    error[alias]: `*.aws_lb.b` is read as an alias
     --> expect.yaml:2:35
      |
    2 |   - cannot: { från: internet, to: *.aws_lb.b }
      |                                   ^^^^^^^^^^
      |
      = help: put it in quotes: `"*.aws_lb.b"`

    error[blank-reason]: the reason is blank
     --> expect.yaml:3:10
      |
    3 |     why: ""
      |          ^^
      |
      = help: say why, for those who read it later

    error[several-verbs]: an item has one of `can`, `cannot` and `can_start`
     --> expect.yaml:4:5
      |
    4 |   - can_start: type:aws_lb
      |     ^^^^^^^^^
    5 |     can: {}
      |     --- and this
      |
      = help: write an item for each
    "#);
}

#[test]
fn a_selector_that_matches_nothing_reads_well() {
    let read = expect::read(GOOD).unwrap();
    let ExpectationKind::CanStart(what) = &read.items[4].kind else {
        panic!("{:?}", read.items[4]);
    };
    let problem = no_match(what, ["module.a.aws_ecs_services.b"].into_iter());
    insta::assert_snapshot!(problem.render("expect.yaml", GOOD, false), @r#"
    error[no-match]: `module.*.aws_ecs_service.*` matches nothing
     --> expect.yaml:6:16
      |
    6 |   - can_start: "module.*.aws_ecs_service.*"
      |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: the nearest is `module.a.aws_ecs_services.b`
    "#);
}

/// The examples of the page for users, which are read, and the sentences that it promises.
#[test]
fn the_page_for_users_is_true() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/expectations.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks: Vec<_> = page.split("```").skip(1).step_by(2).collect();
    let examples: Vec<_> = blocks.iter().filter_map(|block| block.strip_prefix("yaml\n")).collect();
    assert_eq!(examples.len(), 4);
    for example in &examples {
        let problems = if example.starts_with("accept:") {
            accept::read(example, &["listener-open-to-world"]).err()
        } else {
            expect::read(example).err()
        };
        let problems = problems.unwrap_or_default();
        let drawn =
            problems.iter().map(|problem| problem.render("expectations.md", example, false));
        assert_eq!(drawn.collect::<Vec<_>>(), [""; 0], "{example}");
    }
    let sentences: String =
        expect::read(examples[0]).unwrap().items.iter().map(|item| format!("{item}\n")).collect();
    assert!(blocks.contains(&format!("text\n{sentences}").as_str()), "{sentences}");
    let wrong = "expect:\n  - cannot: { from: internett, to: \"*.aws_lb.api\" }\n";
    let drawn = expect::read(wrong).unwrap_err()[0].render("expect.yaml", wrong, false);
    assert!(blocks.contains(&format!("text\n{drawn}\n").as_str()), "{drawn}");
}

/// Every text that differs from a good one in one place is read without a panic, and all that is
/// said of it lies within it.
#[test]
fn no_text_breaks_the_reader() {
    let good = "expect:\n  - can:\n      from: 'a.*'\n      to: ::/0\n      ports: [1, \"udp 2\"]\n    why: |\n      ö\n";
    let bad = "\u{feff}expect:\r\n - {é: &a \"日\", <<: *a, ports: [1-9]}\n - |\n  \tx\n";
    let inserted = [
        "\t", "*", "&", "!", "{", "]", ":", ": ", "\"", "'", "\r", "\n", "𝄞", "\u{feff}", "- ",
        " #", "%", "|", ",", "\0", "\n---\n", "\n...\n", "~", "\\",
    ];
    let mut tried = 0;
    for base in [good, bad] {
        for (at, c) in base.char_indices() {
            let (before, rest) = base.split_at(at);
            let without = format!("{before}{}", rest.strip_prefix(c).unwrap_or_default());
            let with = inserted.iter().map(|text| format!("{before}{text}{rest}"));
            for source in with.chain([before.to_owned(), rest.to_owned(), without]) {
                tried += 1;
                for problem in expect::read(&source).err().unwrap_or_default() {
                    for label in &problem.labels {
                        assert!(source.get(label.span.clone()).is_some(), "{source:?} {problem:?}");
                    }
                    let (line, column) = problem.location(&source);
                    assert!(line >= 1 && column >= 1);
                    if tried % 50 == 0 {
                        let drawn = problem.render("x", &source, false);
                        assert!(drawn.starts_with(&format!("error[{}]", problem.code)));
                    }
                }
            }
        }
    }
    assert!(tried > 3000);
}

/// Files of one kind of mistake each, over and over, are refused quickly.
#[test]
fn no_file_takes_long() {
    let fill = |text: &str| text.repeat((1 << 16) / text.len());
    let files = [
        format!("expect: [&a x, {}]\n", fill("*a,")),
        format!("expect: [{}]\n", fill("*.b,")),
        format!("expect: [{}]\n", fill("{a,a},")),
        format!("expect:\n{}\n", fill(" - \t\n")),
        format!("{}: 1\n", fill("é")),
        format!("expect: [{}\n", fill("- ")),
        fill("\"a\": 1\n"),
        fill("["),
        fill("? "),
    ];
    for source in files {
        let started = std::time::Instant::now();
        let problems = expect::read(&source).unwrap_err();
        for problem in problems.iter().take(3) {
            assert!(!problem.render("x", &source, false).is_empty());
        }
        assert!(started.elapsed().as_secs() < 5, "{}", problems[0].title);
    }
}
