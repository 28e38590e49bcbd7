//! What the YAML layer refuses, and where it says that it is.

use std::ops::Range;

use farmgate_farm::diagnostic::Diagnostic;
use farmgate_farm::yaml::{self, Dialect, MAX_BYTES, Node, Style, Value};

/// Code, line:column, marked text and help of each problem of one of farmgate's own files.
fn problems(source: &str) -> Vec<String> {
    yaml::parse(source, Dialect::Farmgate)
        .problems
        .iter()
        .map(|problem| shown(problem, source))
        .collect()
}

fn shown(problem: &Diagnostic, source: &str) -> String {
    let (line, column) = problem.location(source);
    let marked = source.get(problem.span()).unwrap_or("NOT IN THE FILE");
    let help = problem.help.as_deref().unwrap_or("-");
    format!("{} {line}:{column} [{marked}] {help}", problem.code)
}

/// Applies an accessor to the value of the only key.
fn access<T>(
    source: &str,
    accessor: impl FnOnce(&Node, &mut Vec<Diagnostic>) -> Option<T>,
) -> Result<T, Vec<String>> {
    let read = yaml::document(source, |root, problems| {
        let entries = root.mapping(problems).unwrap_or_default();
        entries.first().and_then(|(_, value)| accessor(value, problems))
    });
    match read {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(Vec::new()),
        Err(problems) => Err(problems.iter().map(|it| shown(it, source)).collect()),
    }
}

/// Files, and the problem of each.
const REFUSALS: &[(&str, &str)] = &[
    ("a: 1\nb: 2\na: 3\n", "duplicate-key 3:1 [a] -"),
    ("a: 1\n\"a\": 3\n", "duplicate-key 2:1 [\"a\"] -"),
    ("a: &x 1\n", "anchor 1:4 [&x] write the value at each place"),
    ("a: &x {b: 1}\n", "anchor 1:4 [&x] write the value at each place"),
    ("a: *.aws_lb.b\n", "alias 1:4 [*.aws_lb.b] put it in quotes: `\"*.aws_lb.b\"`"),
    ("a: [x, *.b]\n", "alias 1:8 [*.b] put it in quotes: `\"*.b\"`"),
    ("a:\n  <<: {b: 1}\n", "merge-key 2:3 [<<] write the keys at each place"),
    ("a: !Ref b\n", "tag 1:4 [!Ref] remove it; a text that begins with `!` has to be in quotes"),
    ("1: a\n", "bad-key 1:1 [1] put it in quotes: `\"1\"`"),
    ("a: {true: b}\n", "bad-key 1:5 [true] put it in quotes: `\"true\"`"),
    (
        "? [a, b]\n: c\n",
        "bad-key 1:3 [[a, b]] a text that begins with `[` or `{` has to be in quotes",
    ),
    (": a\n", "bad-key 1:1 [] write it"),
    (
        "a: 1\n---\nb: 2\n",
        "several-documents 2:1 [---] a file holds one document: move what follows to another file",
    ),
    ("%YAML 1.2\n---\na: 1\n", "directive 1:1 [%] remove the line"),
    ("", "empty-file 1:1 [] -"),
    ("# nothing\n", "empty-file 1:1 [] -"),
];

#[test]
fn each_refusal_has_its_place_and_its_help() {
    for (source, expected) in REFUSALS {
        assert_eq!(problems(source), [*expected], "{source:?}");
    }
}

#[test]
fn tabs_are_refused_where_they_are_no_text() {
    let cases = [
        ("a:\n\tb: 1\n", 1),
        ("a: {\n\tb: 1 }\n", 1),
        ("a:\t1\nb:\t2\n", 2),
        ("a: 1\t\n", 1),
        ("a: 1\t# c\n", 1),
        ("a: [1,\t\t2]\n", 1),
        ("a: 1 #\tc\n", 0),
        ("a: \"x\ty\"\n", 0),
        ("a: |\n  x\n  \ty\n", 0),
    ];
    for (source, expected) in cases {
        let problems = problems(source);
        assert_eq!(problems.len(), expected, "{source:?}: {problems:?}");
        for problem in problems {
            assert!(
                problem.starts_with("tab ") && problem.ends_with("[\t] use spaces"),
                "{problem}"
            );
        }
    }
}

#[test]
fn syntax_errors_say_what_to_do() {
    let quotes = "here a text that holds `[`, `]`, `{`, `}` or `,` has to be in quotes";
    let indentation = "check the indentation; a text that holds `: ` has to be in quotes";
    let cases = [
        ("a: {b: m[\"x\"]}\n", format!("1:9 [[] {quotes}")),
        ("a: [b\n", "1:4 [[] -".to_owned()),
        ("a: [b}\n", "1:4 [[] -".to_owned()),
        ("a: b: c\n", format!("1:5 [:] {indentation}")),
        ("a: 1\n b: 2\n", format!("2:3 [:] {indentation}")),
        ("a: 1\nb\nc: 2\n", "2:1 [b] check the indentation of this line".to_owned()),
        ("a: *\n", "1:4 [*] a text that begins with `*` or `&` has to be in quotes".to_owned()),
        ("a: @b\n", "1:4 [@] put it in quotes".to_owned()),
        ("a: \"b\n", "2:1 [] look for the quote before this place".to_owned()),
        ("a: \"\\d\"\n", "1:4 [\"] write `\\\\` for a backslash, or use single quotes".to_owned()),
    ];
    for (source, expected) in cases {
        assert_eq!(problems(source), [format!("yaml-syntax {expected}")], "{source:?}");
    }
}

#[test]
fn all_problems_of_a_file_are_found_in_one_run() {
    let source = "\
a: &x 1
b: *x
c: *y
a: !t 2
d: {<<: {e: 1}, 2: f}
g:\th
";
    assert_eq!(
        problems(source),
        [
            "anchor 1:4 [&x] write the value at each place",
            "alias 3:4 [*y] put it in quotes: `\"*y\"`",
            "tag 4:4 [!t] remove it; a text that begins with `!` has to be in quotes",
            "duplicate-key 4:1 [a] -",
            "merge-key 5:5 [<<] write the keys at each place",
            "bad-key 5:17 [2] put it in quotes: `\"2\"`",
            "tab 6:3 [\t] use spaces",
        ]
    );
}

#[test]
fn an_anchor_shows_its_aliases() {
    let source = "a: &x 1\nb: [*x, *x]\n";
    let parsed = yaml::parse(source, Dialect::Farmgate);
    let labels: Vec<_> =
        parsed.problems[0].labels.iter().map(|it| &source[it.span.clone()]).collect();
    assert_eq!(labels, ["&x", "*x", "*x"]);
}

#[test]
fn size_and_depth_are_bounded() {
    let large = format!("a: {}", "x".repeat(MAX_BYTES));
    assert_eq!(problems(&large), ["too-large 1:1 [] -"]);
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert_eq!(problems(&deep(64)), [""; 0]);
    assert_eq!(problems(&deep(65)), ["too-deep 1:65 [[] -"]);
    assert_eq!(problems(&deep(100_000)), ["too-deep 1:65 [[] -"]);
    assert_eq!(problems(&"- ".repeat(100_000)), ["too-deep 1:129 [-] -"]);
    let many = "a: 1\n".repeat(1000);
    let problems = yaml::document(&many, |_, _| ()).unwrap_err();
    assert_eq!(problems.len(), 101);
    assert_eq!(problems[100].title, "899 further problems are not shown");
}

#[test]
fn positions_are_right_after_wide_characters_crlf_and_a_byte_order_mark() {
    let cases = [
        ("ü: 1\nü: 2\n", "duplicate-key 2:1 [ü] -"),
        ("\"日本\": 1\r\né: {é: 1, \"日本\": 2, é: 3}\r\n", "duplicate-key 2:20 [é] -"),
        ("\u{feff}a: 1\r\na: 2\r\n", "duplicate-key 2:1 [a] -"),
        ("\u{feff}1: a\n", "bad-key 1:1 [1] put it in quotes: `\"1\"`"),
        ("a: \"𝄞\" # ä\r\nb: 'ä'\r\nb: x", "duplicate-key 3:1 [b] -"),
    ];
    for (source, expected) in cases {
        assert_eq!(problems(source), [expected], "{source:?}");
        let parsed = yaml::parse(source, Dialect::Farmgate);
        let drawn = parsed.problems[0].render("x.yaml", source, false);
        let (line, column) = parsed.problems[0].location(source);
        assert!(drawn.contains(&format!("x.yaml:{line}:{column}\n")), "{drawn}");
    }
}

#[test]
fn spans_cover_what_is_written() {
    let source = "list:\n  - one\n  - { two: \"2\" }\n  - |\n    three\n    3\n\nnone:\n# end\n";
    let root = yaml::parse(source, Dialect::Farmgate).root.unwrap();
    let entries = root.mapping(&mut Vec::new()).unwrap();
    let list = &entries[0].1;
    assert_eq!(&source[list.span.clone()], "- one\n  - { two: \"2\" }\n  - |\n    three\n    3");
    assert_eq!(&source[list.mark()], "- one");
    let Value::Sequence(items) = &list.value else {
        panic!("{list:?}");
    };
    let texts: Vec<_> = items.iter().map(|item| &source[item.span.clone()]).collect();
    assert_eq!(texts, ["one", "{ two: \"2\" }", "three\n    3"]);
    assert_eq!(items[2].scalar().unwrap().text, "three\n3\n");
    assert_eq!(items[2].scalar().unwrap().style, Style::Quoted);
    let none = &entries[1].1;
    assert!(none.is_nothing() && none.span.is_empty());
    assert_eq!(&source[none.mark()], "none");
}

#[test]
fn cloudformation_has_tags_and_number_keys() {
    let source = "Resources:\n  A: !Sub \"${B}\"\n  C: !Select [0, !GetAZs x]\n  1:\t2\n";
    let parsed = yaml::parse(source, Dialect::CloudFormation);
    assert_eq!(parsed.problems, []);
    let mut problems = Vec::new();
    let root = parsed.root.unwrap();
    let resources = root.fields(&["Resources"], &mut problems).unwrap();
    let resources = resources.require("Resources", &mut problems).unwrap();
    let entries = resources.mapping(&mut problems).unwrap();
    let tags = entries.iter().map(|(_, value)| value.tag.as_ref().map(|tag| tag.text.as_str()));
    assert_eq!(tags.collect::<Vec<_>>(), [Some("!Sub"), Some("!Select"), None]);
    let tag = entries[0].1.tag.as_ref().unwrap();
    assert_eq!(&source[tag.span.clone()], "!Sub");
    assert_eq!(entries[2].0.scalar().unwrap().text, "1");
    let anchors = yaml::parse("a: &x 1\nb: *x\n", Dialect::CloudFormation);
    assert_eq!(anchors.problems.len(), 1);
}

#[test]
fn texts_are_texts_only() {
    let text = |source| access(source, |node, problems| node.text(problems).map(str::to_owned));
    for (source, expected) in [
        ("a: b c\n", "b c"),
        ("a: yes\n", "yes"),
        ("a: \"1\"\n", "1"),
        ("a: ''\n", ""),
        ("a: 10.0.0.0/8\n", "10.0.0.0/8"),
        ("a: 2027-06-30\n", "2027-06-30"),
        ("a: 1.2.3\n", "1.2.3"),
        ("a: >-\n  b\n  c\n", "b c"),
    ] {
        assert_eq!(text(source), Ok(expected.to_owned()), "{source:?}");
    }
    for (source, expected) in [
        ("a: 1\n", "wrong-type 1:4 [1] put it in quotes: `\"1\"`"),
        ("a: -1.5e3\n", "wrong-type 1:4 [-1.5e3] put it in quotes: `\"-1.5e3\"`"),
        ("a: 0x1F\n", "wrong-type 1:4 [0x1F] put it in quotes: `\"0x1F\"`"),
        ("a: True\n", "wrong-type 1:4 [True] put it in quotes: `\"True\"`"),
        ("a:\n", "wrong-type 1:1 [a] -"),
        ("a: ~\n", "wrong-type 1:4 [~] -"),
        ("a: [b]\n", "wrong-type 1:4 [[b]] -"),
        ("a: \"\\e[2J\"\n", "control-character 1:4 [\"\\e[2J\"] remove it"),
    ] {
        assert_eq!(text(source), Err(vec![expected.to_owned()]), "{source:?}");
    }
}

#[test]
fn integers_have_one_spelling_and_bounds() {
    let integer = |source| access(source, |node, problems| node.integer(-5..=70_000, problems));
    assert_eq!(integer("a: 443\n"), Ok(443));
    assert_eq!(integer("a: -5\n"), Ok(-5));
    for (source, expected) in [
        ("a: 70001\n", "out-of-range 1:4 [70001] -"),
        (
            "a: 99999999999999999999\n",
            "wrong-type 1:4 [99999999999999999999] write it with the digits 0 to 9 only",
        ),
        ("a: 0443\n", "wrong-type 1:4 [0443] write it with the digits 0 to 9 only"),
        ("a: +5\n", "wrong-type 1:4 [+5] write it with the digits 0 to 9 only"),
        ("a: 1.0\n", "wrong-type 1:4 [1.0] write it with the digits 0 to 9 only"),
        ("a: \"5\"\n", "wrong-type 1:4 [\"5\"] -"),
        ("a: 1_000\n", "wrong-type 1:4 [1_000] -"),
        ("a: {b: 1}\n", "wrong-type 1:4 [{b: 1}] -"),
    ] {
        assert_eq!(integer(source), Err(vec![expected.to_owned()]), "{source:?}");
    }
}

#[test]
fn booleans_are_true_and_false_only() {
    let boolean = |source: &str| access(source, |node, problems| node.boolean(problems));
    assert_eq!(boolean("a: true\n"), Ok(true));
    assert_eq!(boolean("a: false\n"), Ok(false));
    for word in ["yes", "on", "Yes", "ON", "True", "\"true\"", "y", "1"] {
        let expected = format!("wrong-type 1:4 [{word}] write `true`, without quotes");
        assert_eq!(boolean(&format!("a: {word}\n")), Err(vec![expected]), "{word}");
    }
    for word in ["no", "off", "FALSE", "'false'", "0"] {
        let expected = format!("wrong-type 1:4 [{word}] write `false`, without quotes");
        assert_eq!(boolean(&format!("a: {word}\n")), Err(vec![expected]), "{word}");
    }
    assert_eq!(boolean("a: maybe\n"), Err(vec!["wrong-type 1:4 [maybe] -".to_owned()]));
    assert_eq!(boolean("a:\n"), Err(vec!["wrong-type 1:1 [a] -".to_owned()]));
}

#[test]
fn keys_are_known_and_there() {
    let keys = |source| {
        access(source, |node, problems| {
            let fields = node.fields(&["from", "to"], problems)?;
            fields.require("from", problems).map(|_| ())
        })
    };
    assert_eq!(keys("a: {from: 1, to: 2}\n"), Ok(()));
    for (source, expected) in [
        ("a: {to: 2}\n", "missing-key 1:4 [{to: 2}] -"),
        ("a:\n  to: 2\n", "missing-key 2:3 [to: 2] -"),
        ("a: {form: 2}\n", "unknown-key 1:5 [form] did you mean `from`?"),
        ("a: {from: 1, FROM: 2}\n", "unknown-key 1:14 [FROM] did you mean `from`?"),
        ("a: {from: 1, whence: 2}\n", "unknown-key 1:14 [whence] known here: `from`, `to`"),
        ("a: [from]\n", "wrong-type 1:4 [[from]] its keys are `from`, `to`"),
    ] {
        assert_eq!(keys(source), Err(vec![expected.to_owned()]), "{source:?}");
    }
}

#[test]
fn a_problem_reads_well() {
    let source = "expect: []\nwhy: 'ü'\nexpect: 1\n";
    let parsed = yaml::parse(source, Dialect::Farmgate);
    insta::assert_snapshot!(parsed.problems[0].render("farm.yaml", source, false), @"
    error[duplicate-key]: the key `expect` is there twice
     --> farm.yaml:3:1
      |
    1 | expect: []
      | ------ the first time
    2 | why: 'ü'
    3 | expect: 1
      | ^^^^^^ the second time
    ");
    let styled = parsed.problems[0].render("farm.yaml", source, true);
    assert!(styled.contains("\u{1b}["), "{styled}");
    let located = parsed.problems[0].located("farm.yaml", source);
    insta::assert_snapshot!(serde_json::to_string_pretty(&located).unwrap(), @r#"
    {
      "file": "farm.yaml",
      "line": 3,
      "column": 1,
      "code": "duplicate-key",
      "severity": "error",
      "title": "the key `expect` is there twice"
    }
    "#);
}

#[test]
fn a_span_of_another_text_does_no_harm() {
    let problem =
        Diagnostic::warning("x", "y").at(&(1..900), "z").context(&Range { start: 3, end: 2 }, "");
    for source in ["", "ü", "\u{feff}", "aü"] {
        assert!(problem.render("f", source, false).starts_with("warning[x]: y"));
        assert_eq!(problem.location(source).0, 1);
    }
}
