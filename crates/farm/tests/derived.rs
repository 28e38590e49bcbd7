//! What is derived from a farm: subnets, priorities, endpoints; and the patterns of routes, compared
//! with all short texts.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use farmgate_farm::farm::{self, Farm};
use farmgate_farm::record::Word;
use farmgate_farm::word::PathPattern;
use farmgate_farm::{routes, subnets, waf};

fn good(name: &str) -> Farm {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good").join(name);
    let source = std::fs::read_to_string(path).unwrap();
    farm::read(&source, &["listener-open-to-world", "waf-missing"]).unwrap()
}

#[test]
fn subnets_are_written_derived_or_exist() {
    let shown = |name: &str| {
        let subnets = subnets::subnets(&good(name));
        let all = subnets.public.iter().chain(&subnets.private);
        all.map(|(zone, block)| format!("{zone} {block}")).collect::<Vec<_>>()
    };
    assert_eq!(
        shown("everything.yaml"),
        ["a 10.20.0.0/24", "c 10.20.1.0/24", "a 10.20.4.0/22", "c 10.20.8.0/22"]
    );
    assert_eq!(
        shown("least.yaml"),
        ["a 10.0.128.0/24", "b 10.0.129.0/24", "a 10.0.0.0/20", "b 10.0.16.0/20"]
    );
    assert_eq!(shown("existing.yaml"), ["a 10.1.0.0/24", "b 10.1.1.0/24"]);
}

#[test]
fn routes_have_priorities_and_endpoints() {
    let farm = good("everything.yaml");
    let priorities = routes::priorities(&farm);
    let shown: Vec<String> =
        priorities.iter().map(|(name, priority)| format!("{name} {priority}")).collect();
    assert_eq!(shown, ["files 100", "legacy 200", "web 7"]);
    let farm = good("mcp-farm.yaml");
    let endpoints: Vec<String> = farm.servers.values().map(routes::endpoint).collect();
    assert_eq!(endpoints, ["/nova-act/mcp", "/python/mcp"]);
    assert_eq!(routes::endpoint(good("least.yaml").servers.get("python").unwrap()), "/mcp");
}

#[test]
fn a_web_acl_has_an_order() {
    let farm = good("everything.yaml");
    let order = waf::priorities(farm.ingress.waf.as_ref().unwrap());
    assert_eq!((order.geo, order.managed, order.rate), (Some(0), vec![10, 2, 3], Some(1)));
}

/// All texts over some letters that are at most so long.
fn texts(letters: &[char], longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..longest {
        last = last
            .iter()
            .flat_map(|text| letters.iter().map(move |c| format!("{text}{c}")))
            .collect();
        all.extend(last.iter().cloned());
    }
    all
}

#[test]
fn patterns_meet_and_cover_as_their_texts_do() {
    // A letter that is in no pattern stands for all the others.
    let paths: Vec<String> =
        texts(&['a', 'b', 'z'], 6).iter().map(|text| format!("/{text}")).collect();
    let patterns: Vec<(PathPattern, Vec<bool>)> = texts(&['a', 'b', '*', '?'], 4)
        .iter()
        .map(|text| {
            let pattern = PathPattern::parse(&format!("/{text}")).unwrap();
            let matches = paths.iter().map(|path| pattern.matches(path)).collect();
            (pattern, matches)
        })
        .collect();
    for (one, of_one) in &patterns {
        for (two, of_two) in &patterns {
            let pairs = || of_one.iter().zip(of_two);
            assert_eq!(one.meets(two), pairs().any(|(a, b)| *a && *b), "{one} meets {two}");
            assert_eq!(one.covers(two), pairs().all(|(a, b)| *a || !*b), "{one} covers {two}");
        }
    }
}
