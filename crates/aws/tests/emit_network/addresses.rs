//! A tiny reader of the addresses that a module makes, for files that this crate emitted: blocks and
//! their `for_each`, which is a set of texts, an object, or a local value that is an object.

use std::collections::{BTreeMap, BTreeSet};

/// Addresses of resources.
pub(crate) type Instances = BTreeSet<String>;

/// The keys of the objects in `locals`, by name.
pub(crate) fn locals(module: &BTreeMap<String, String>) -> BTreeMap<String, Vec<String>> {
    let mut locals: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for text in module.values() {
        let (mut inside, mut name) = (false, None);
        for line in text.lines() {
            match line {
                "locals {" => inside = true,
                "}" => (inside, name) = (false, None),
                line if inside => {
                    let depth = line.len() - line.trim_start().len();
                    let Some((key, value)) = line.trim().split_once(" = ") else { continue };
                    let key = key.trim().trim_matches('"').to_owned();
                    if depth == 2 {
                        name = value.starts_with('{').then_some(key);
                    } else if let (4, Some(name)) = (depth, &name) {
                        locals.entry(name.clone()).or_default().push(key);
                    }
                }
                _ => {}
            }
        }
    }
    locals
}

/// All addresses of the texts' resources.
pub(crate) fn addresses(texts: &[&str], locals: &BTreeMap<String, Vec<String>>) -> Instances {
    let mut all = Instances::new();
    for text in texts {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(rest) = line.strip_prefix("resource \"") else { continue };
            let names: Vec<&str> = rest.split('"').collect();
            let address = format!("{}.{}", names[0], names[2]);
            let Some(each) = lines.get(at + 1).and_then(|it| it.strip_prefix("  for_each = "))
            else {
                assert!(all.insert(address.clone()), "{address} is there twice");
                continue;
            };
            for key in keys(each, &lines[at + 2..], locals) {
                let address = format!("{address}[\"{key}\"]");
                assert!(all.insert(address.clone()), "{address} is there twice");
            }
        }
    }
    all
}

fn keys(each: &str, below: &[&str], locals: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    if let Some(name) = each.strip_prefix("local.") {
        return locals.get(name).unwrap_or_else(|| panic!("no local.{name}")).clone();
    }
    let text = |it: &str| it.trim().trim_matches('"').to_owned();
    let tall: Vec<&str> =
        below.iter().copied().take_while(|line| line.starts_with("    ")).collect();
    if let Some(set) = each.strip_prefix("toset([") {
        return match set.strip_suffix("])") {
            Some(items) => items.split(", ").map(text).collect(),
            None => tall.iter().map(|line| text(line.trim().trim_end_matches(','))).collect(),
        };
    }
    let object = each.strip_prefix('{').unwrap_or_else(|| panic!("for_each = {each}"));
    let entries: Vec<&str> = match object.strip_suffix('}') {
        Some(entries) => entries.split(", ").collect(),
        None => tall,
    };
    entries.iter().filter_map(|it| it.split_once(" = ")).map(|(key, _)| text(key)).collect()
}
