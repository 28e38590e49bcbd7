//! References as Terraform writes them, taken apart.

use super::*;

#[test]
fn shorter_forms_of_one_reference_are_dropped() {
    let list = ["a.b[0].id", "a.b[0]", "a.b", "a.b", "count.index", "a.b.id", "a.b"];
    assert_eq!(longest(list.into_iter()), ["a.b[0].id", "a.b", "count.index", "a.b.id"]);
}

#[test]
fn module_path_with_quoted_dots() {
    let steps = module_steps(r#"module.a["x.y\"]"].module.b[2]"#);
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[0].index, Some(Index::Text("x.y\"]".into())));
    assert_eq!(steps[1], Step { name: "b".into(), index: Some(Index::Number(2)) });
}

#[test]
fn heads() {
    let Some(Head::Resource { group, kind, data, index, rest }) =
        head(r#"data.aws_subnet.p["k"].id"#)
    else {
        panic!("not a resource");
    };
    assert_eq!((group.as_str(), kind.as_str(), data), ("data.aws_subnet.p", "aws_subnet", true));
    assert_eq!(index, Some(Index::Text("k".into())));
    assert_eq!(rest, [Part::Name("id".into())]);
    assert!(matches!(head("module.m"), Some(Head::Module { output: None, .. })));
    assert!(matches!(head("module.m[0].out[1]"), Some(Head::Module { output: Some(_), .. })));
    assert!(matches!(head("each.value.id"), Some(Head::EachValue { rest }) if rest.len() == 1));
    assert_eq!(head(""), None);
    assert_eq!(head("[[["), None);
}
