//! What isn't asked since it is the same would have been answered alike.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{Direction, RulePeers};

use super::super::same::Same;
use super::*;
use crate::diff::pairs::Pairs;

/// An example's model, of its plan or of its state.
fn example(name: &str, file: &str) -> Model {
    let path = format!("{}/../../examples/{name}/{file}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).unwrap();
    import(&[Input { name: file, bytes: &bytes }]).unwrap()
}

/// The changes, with everything asked, and with what is asked of a farm.
fn both(left: &Model, right: &Model, map: &BTreeMap<Key, Key>) -> [Vec<String>; 2] {
    [true, false].map(|everything| {
        let names = Names::new(left, right, map);
        let (left, right) = lowered(&names);
        let sides = [&left, &right];
        let mut all: Vec<End> = ends(&mut Diff::new(&names), sides);
        let parties = parties::parties(&names, sides, &mut all);
        let mut kept = Kept { parties, lines: BTreeMap::new(), told: Vec::new() };
        let same = if everything { Same::default() } else { Same::new(&names, sides, &all) };
        super::super::ask_but(&names, sides, (all, same), &mut kept);
        let told = kept.told.iter();
        told.map(|it| format!("{:?} {:?} {} {:?}", it.title, it.fate, it.words, it.notes)).collect()
    })
}

/// Everything that one change at one place makes of a model.
fn changed(model: &Model) -> Vec<(String, Model)> {
    let mut all = Vec::new();
    let mut add = |what: String, change: &dyn Fn(&mut Model)| {
        let mut changed = model.clone();
        change(&mut changed);
        all.push((what, changed));
    };
    for (key, group) in &model.security_groups {
        for direction in [Direction::Ingress, Direction::Egress] {
            for at in 0..group.rules(direction).rules.len() {
                add(format!("{key} without rule {at}"), &|model| {
                    let group = model.security_groups.get_mut(key).unwrap();
                    group.rules_mut(direction).rules.remove(at);
                });
                add(format!("{key} with another peer in rule {at}"), &|model| {
                    let group = model.security_groups.get_mut(key).unwrap();
                    let rule = &mut group.rules_mut(direction).rules[at];
                    rule.peers = RulePeers::default();
                    rule.peers.cidrs.sure.insert("10.0.1.128/25".parse().unwrap());
                });
            }
        }
        add(format!("another {key}"), &|model| {
            let group = model.security_groups.remove(key).unwrap();
            let other = Key::new(&format!("{key}_other"));
            model.security_groups.insert(other.clone(), group);
            model.security_groups.get_mut(&other).unwrap().key = other.clone();
        });
    }
    for (key, table) in &model.route_tables {
        for at in 0..table.routes.len() {
            add(format!("{key} without route {at}"), &|model| {
                model.route_tables.get_mut(key).unwrap().routes.remove(at);
            });
        }
    }
    for (key, acl) in &model.network_acls {
        for at in 0..acl.entries.len() {
            add(format!("{key} without entry {at}"), &|model| {
                model.network_acls.get_mut(key).unwrap().entries.remove(at);
            });
        }
    }
    for (key, service) in &model.services {
        for (of, keys) in
            [("group", &service.security_groups.sure), ("subnet", &service.subnets.sure)]
        {
            for one in keys {
                add(format!("{key} without the {of} {one}"), &|model| {
                    let service = model.services.get_mut(key).unwrap();
                    service.security_groups.sure.remove(one);
                    service.subnets.sure.remove(one);
                });
            }
        }
    }
    for key in model.nat_gateways.keys() {
        add(format!("no {key}"), &|model| drop(model.nat_gateways.remove(key)));
    }
    for key in model.endpoints.keys() {
        add(format!("no {key}"), &|model| drop(model.endpoints.remove(key)));
    }
    all
}

#[test]
fn what_is_not_asked_is_answered_alike() {
    let (mut compared, mut differing) = (0, 0);
    for name in ["clean-farm", "farm-with-a-hole", "gated-farm"] {
        let model = example(name, "plan.json");
        let map: BTreeMap<Key, Key> = BTreeMap::new();
        for (what, other) in changed(&model) {
            for (left, right) in [(&model, &other), (&other, &model)] {
                let [everything, asked] = both(left, right, &map);
                assert_eq!(everything, asked, "{name}: {what}");
                compared += 1;
                differing += usize::from(!everything.is_empty());
            }
        }
        let [everything, asked] = both(&model, &model, &map);
        assert!(everything.is_empty() && asked.is_empty(), "{name}: {everything:?}");
    }
    println!("{compared} comparisons, {differing} with changes");
    assert!(compared > 200 && differing > 150, "{compared}, {differing}");
}

/// A plan knows no addresses, and a state does.
#[test]
fn what_is_not_asked_of_a_plan_and_a_state_is_answered_alike() {
    for name in ["clean-farm", "farm-with-a-hole"] {
        let (plan, state) = (example(name, "plan.json"), example(name, "state.json"));
        let pairs = Pairs::new(&plan, &state, &BTreeMap::new());
        let map: BTreeMap<Key, Key> =
            pairs.map.iter().map(|(own, (other, _))| (own.clone(), other.clone())).collect();
        for (what, other) in changed(&state).into_iter().step_by(4) {
            let [everything, asked] = both(&plan, &other, &map);
            assert_eq!(everything, asked, "{name}: {what}");
        }
    }
}

#[test]
fn what_is_the_same_is_not_asked() {
    let model = example("clean-farm", "plan.json");
    let map = BTreeMap::new();
    let names = Names::new(&model, &model, &map);
    let (left, right) = lowered(&names);
    let all = ends(&mut Diff::new(&names), [&left, &right]);
    let same = Same::new(&names, [&left, &right], &all);
    let pairs = (0..all.len()).flat_map(|from| (0..all.len()).map(move |to| (from, to)));
    let asked = pairs.filter(|(from, to)| !same.between(*from, *to)).count();
    assert_eq!(asked, 0, "of {} interfaces", all.len());
}
