//! Security groups, with the rules that other resources give them.
//!
//! Inline blocks and separate rules on one group fight: on the first apply both hold, on the next
//! the inline list wins and the separate rule is revoked although it stays in the state. See the
//! warning at the top of
//! <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group_rule>.

mod mentioned;

use std::collections::BTreeMap;

use super::graph::{Graph, Resource};
use super::literals;
use super::place::Place;
use super::raw::Action;
use super::rules::{
    Separate, assumed_there, earlier, inline, is_part_of, not_in_sources, perhaps_there,
    rules_not_shown, separate, without,
};
use super::vpc::tags;
use super::wanted::VPC;
use crate::model::{
    Direction, Key, Model, Note, RemovedRule, RuleList, SecurityGroup, SecurityGroupRule, Tags, Val,
};

pub(super) use mentioned::add_mentioned;

const KINDS: [&str; 2] = ["aws_security_group", "aws_default_security_group"];

/// Into how many groups a rule is put of which it does not show whose it is. Beyond that, the
/// groups are said to have rules that are not known.
const MOST_CANDIDATES: usize = 64;

/// Reads security groups.
pub(super) fn read(graph: &mut Graph, model: &mut Model) {
    let mut updates = Updates::new();
    let keys: Vec<Key> = graph.of_either(&KINDS).map(|group| group.key.clone()).collect();
    graph.read_once(keys, &["ingress", "egress"], |graph, resource| {
        model.literal_lists.extend(literals::of(graph, resource));
        let group = group(graph, resource);
        if resource.action == Action::Update && !resource.data {
            for direction in BOTH {
                let update = Update::new(graph, resource, direction);
                updates.insert((group.key.clone(), direction), update);
            }
        }
        model.security_groups.insert(group.key.clone(), group);
    });
    let mut unplaced = Vec::new();
    for rule in separate(graph) {
        let update = rule.group.get().and_then(|key| updates.get(&(key.clone(), rule.direction)));
        match &rule.group {
            _ if update.is_some_and(|update| update.removes(&rule.rule)) => remove(model, &rule),
            Val::Unknown(_) => unplaced.push(rule),
            _ => add(model, &rule),
        }
    }
    place_anywhere(model, &unplaced);
    for group in model.security_groups.values_mut() {
        for direction in BOTH {
            let own = group.key.clone();
            settle(&own, group.rules_mut(direction));
        }
    }
}

const BOTH: [Direction; 2] = [Direction::Ingress, Direction::Egress];

type Updates = BTreeMap<(Key, Direction), Update>;

/// What a planned update does to the rules of a group.
struct Update {
    before: Vec<SecurityGroupRule>,
    after: RuleList,
}

impl Update {
    fn new(graph: &Graph, resource: &Resource, direction: Direction) -> Self {
        let before = earlier(graph, resource, direction);
        Self { before, after: inline(&Place::top(graph, resource), direction) }
    }

    /// Whether the group has a separate rule before, and not after.
    fn removes(&self, separate: &SecurityGroupRule) -> bool {
        let within =
            |rules: &[SecurityGroupRule]| rules.iter().any(|rule| is_part_of(separate, rule));
        let certain = self.after.open.is_none() && self.after.assumed.is_none();
        certain && within(&self.before) && !within(&self.after.rules)
    }
}

fn group(graph: &Graph, resource: &Resource) -> SecurityGroup {
    let place = Place::top(graph, resource);
    let is_default = resource.kind == "aws_default_security_group";
    let vpc = place.attribute("vpc_id");
    let rules = |direction| {
        if resource.data {
            RuleList { open: Some(rules_not_shown(&resource.key)), ..RuleList::default() }
        } else {
            inline(&place, direction)
        }
    };
    SecurityGroup {
        key: resource.key.clone(),
        name: place.attribute("name").text(),
        description: place.attribute("description").known_text(),
        vpc: if vpc.is_left_out() { Val::Known(None) } else { vpc.key(&VPC) },
        is_default: is_default || resource.text("name") == Some("default"),
        managed: !resource.data,
        ingress: rules(Direction::Ingress),
        egress: rules(Direction::Egress),
        tags: tags(resource),
    }
}

fn remove(model: &mut Model, separate: &Separate) {
    let Some(group) = separate.group.get() else {
        return;
    };
    model.removed_rules.push(RemovedRule {
        group: group.clone(),
        declared_by: separate.rule.origin.key.clone(),
        rule: separate.rule.clone(),
        direction: separate.direction,
    });
}

/// Gives a separate rule to its group, or to all groups that may be it.
fn add(model: &mut Model, separate: &Separate) {
    let direction = separate.direction;
    let mut give = |key: &Key, rule: SecurityGroupRule| {
        let group = model
            .security_groups
            .entry(key.clone())
            .or_insert_with(|| unmanaged(key, &not_in_sources(key)));
        group.rules_mut(direction).rules.push(rule);
    };
    match &separate.group {
        Val::Known(key) => give(key, separate.rule.clone()),
        Val::Assumed(key, note) => give(key, assumed_there(&separate.rule, note)),
        Val::OneOf(keys, note) if keys.len() <= MOST_CANDIDATES => {
            for key in keys {
                give(key, perhaps_there(&separate.rule, note));
            }
        }
        Val::OneOf(keys, note) => {
            for key in keys {
                if let Some(group) = model.security_groups.get_mut(key) {
                    group.rules_mut(direction).open.get_or_insert_with(|| note.clone());
                }
            }
        }
        Val::Unknown(_) => {}
    }
}

/// Gives rules of which nothing shows whose they are to every group, as rules that it may have.
fn place_anywhere(model: &mut Model, rules: &[Separate]) {
    let few = rules.len() <= MOST_CANDIDATES;
    for group in model.security_groups.values_mut() {
        for separate in if few { rules } else { &[] } {
            let Some(note) = separate.group.missing() else {
                continue;
            };
            let list = group.rules_mut(separate.direction);
            list.rules.push(perhaps_there(&separate.rule, note));
        }
        let first = rules.first().filter(|_| !few);
        if let Some(note) = first.and_then(|rule| rule.group.missing()) {
            for direction in BOTH {
                group.rules_mut(direction).open.get_or_insert_with(|| note.clone());
            }
        }
    }
}

/// Lists every rule once, as that of the separate resource where there is one.
fn settle(own: &Key, list: &mut RuleList) {
    let (inline, separate): (Vec<_>, Vec<_>) =
        std::mem::take(&mut list.rules).into_iter().partition(|rule| rule.origin.key == *own);
    let mut kept = Vec::new();
    for rule in inline {
        let left = separate.iter().try_fold(rule, without);
        kept.extend(left);
    }
    // Only Terraform takes a separate rule away that its own list lacks.
    let by_terraform = own.resource_type().is_some_and(|kind| kind.starts_with("aws_"));
    list.inline = !kept.is_empty() && by_terraform;
    kept.extend(separate);
    kept.shrink_to_fit();
    list.rules = kept;
}

fn unmanaged(key: &Key, note: &Note) -> SecurityGroup {
    let open = || RuleList { open: Some(note.clone()), ..RuleList::default() };
    SecurityGroup {
        key: key.clone(),
        name: Val::Unknown(note.clone()),
        description: None,
        vpc: Val::Unknown(note.clone()),
        is_default: false,
        managed: false,
        ingress: open(),
        egress: open(),
        tags: Tags::new(),
    }
}
