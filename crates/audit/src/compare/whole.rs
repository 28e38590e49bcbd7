//! Everything that a model holds, compared kind by kind; and what it holds besides items.
//!
//! The model is taken apart here without `..`, and so is every type elsewhere: a new field does not
//! compile until somebody has said what a difference in it means.

use std::collections::{BTreeMap, BTreeSet};

use farmgate_aws::model::{Key, Model, Named, Opaque, Warning};

use super::Difference;
use super::diff::Diff;
use super::names::{Names, Side};
use super::value::Value;

macro_rules! items {
    ($diff:ident, $right:ident: $($of:ident),* $(,)?) => {$( $diff.items($of, &$right.$of); )*};
}

/// Compares all settings.
pub(super) fn settings(diff: &mut Diff<'_>) {
    let (left, right) = (diff.names.left, diff.names.right);
    // How an id is written is no setting. What KMS encrypts is compared with what it encrypts.
    let Model {
        sources: _,
        region,
        account,
        warnings: _,
        vpcs,
        subnets,
        route_tables,
        internet_gateways,
        nat_gateways,
        prefix_lists,
        literal_lists: _,
        network_acls,
        security_groups,
        endpoints,
        removed_rules,
        load_balancers,
        listeners,
        target_groups,
        apis,
        vpc_links,
        distributions,
        waf,
        web_acls,
        stages,
        api_domains,
        flow_logs,
        detection,
        clusters,
        services,
        task_definitions,
        scaling_targets,
        scaling_policies,
        functions,
        instances,
        databases,
        timestream,
        gates,
        discovery,
        repositories,
        registry_scanning,
        log_groups,
        secrets,
        parameters,
        encrypted: _,
        roles,
        resource_policies,
        named,
        unmodelled: _,
        opaque: _,
        aliases: _,
        locations: _,
    } = left;
    diff.late("region", region, &right.region);
    diff.late("account", account, &right.account);
    items!(diff, right: vpcs, subnets, route_tables, internet_gateways, nat_gateways, prefix_lists);
    items!(diff, right: network_acls, security_groups, endpoints, roles, resource_policies);
    diff.entries("removed rule", (removed_rules, &right.removed_rules), (None, None));
    items!(diff, right: load_balancers, listeners, target_groups, apis, vpc_links, distributions, waf);
    items!(diff, right: clusters, services, task_definitions, scaling_targets, functions, instances);
    items!(diff, right: web_acls, stages, api_domains, flow_logs, scaling_policies, parameters);
    super::protection::detection(diff, detection, &right.detection);
    time_series(diff, timestream, &right.timestream);
    items!(diff, right: databases, gates, discovery, repositories, registry_scanning, log_groups, secrets);
    physical_names(diff, named, &right.named);
    beside(diff, left, right);
}

/// What is beside the items: what isn't modelled, and what the sources warn of.
fn beside(diff: &mut Diff<'_>, left: &Model, right: &Model) {
    not_modelled(diff, &left.unmodelled, &right.unmodelled);
    not_followed(diff, &left.opaque, &right.opaque);
    warned(diff, &left.warnings, &right.warnings);
}

/// What is known by its key alone.
fn time_series(diff: &mut Diff<'_>, left: &BTreeSet<Key>, right: &BTreeSet<Key>) {
    let names = diff.names;
    let all = |side, of: &BTreeSet<Key>| -> BTreeSet<Key> {
        of.iter().map(|key| names.key(side, key)).collect()
    };
    let (ours, theirs) = (all(Side::Left, left), all(Side::Right, right));
    for key in left.iter().filter(|key| !theirs.contains(&names.key(Side::Left, key))) {
        only(diff, &format!("time series {key}"), Side::Left, key);
    }
    for key in right.iter().filter(|key| !ours.contains(&names.key(Side::Right, key))) {
        only(diff, &format!("time series {key}"), Side::Right, key);
    }
}

/// What must be unique: log groups, secrets and roles are known by their names alone.
fn physical_names(diff: &mut Diff<'_>, left: &[Named], right: &[Named]) {
    let mut rest: Vec<&Named> = right.iter().collect();
    for own in left {
        let Named { key, kind, scope, name } = own;
        let names = diff.names;
        let same = |other: &&Named| {
            names.key(Side::Left, key) == names.key(Side::Right, &other.key)
                && *kind == other.kind
                && *name == other.name
                && names.key(Side::Left, &Key::new(scope))
                    == names.key(Side::Right, &Key::new(&other.scope))
        };
        match rest.iter().position(same) {
            Some(at) => drop(rest.remove(at)),
            None => only(diff, &named_words(own), Side::Left, key),
        }
    }
    for other in rest {
        only(diff, &named_words(other), Side::Right, &other.key);
    }
}

fn named_words(named: &Named) -> String {
    let within = match named.scope.as_str() {
        "" => String::new(),
        scope => format!(" in {scope}"),
    };
    format!("name {} `{}`{within} of {}", named.kind, named.name, named.key)
}

fn only(diff: &mut Diff<'_>, what: &str, side: Side, key: &Key) {
    diff.only(true, what, side, key, "missing".to_owned());
}

type ByType = BTreeMap<String, Vec<Key>>;

/// What no part of the model shows can only be counted. A named key is accounted for by the caller,
/// who may know it from where it comes from.
fn not_modelled(diff: &mut Diff<'_>, left: &ByType, right: &ByType) {
    let names = diff.names;
    let all = |side, of: &ByType| -> BTreeSet<(String, Key)> {
        let entries = of.iter().flat_map(|(kind, keys)| keys.iter().map(move |key| (kind, key)));
        entries.map(|(kind, key)| (kind.clone(), names.key(side, key))).collect()
    };
    let (ours, theirs) = (all(Side::Left, left), all(Side::Right, right));
    for (kind, keys) in left {
        for key in keys {
            if !theirs.contains(&(kind.clone(), names.key(Side::Left, key))) {
                only(diff, &format!("unmodelled {kind} {key}"), Side::Left, key);
            }
        }
    }
    for (kind, keys) in right {
        for key in keys.iter().filter(|key| !names.is_named(key)) {
            if !ours.contains(&(kind.clone(), names.key(Side::Right, key))) {
                only(diff, &format!("unmodelled {kind} {key}"), Side::Right, key);
            }
        }
    }
}

/// What may connect networks and is not followed.
fn not_followed(diff: &mut Diff<'_>, left: &[Opaque], right: &[Opaque]) {
    let mut rest: Vec<&Opaque> = right.iter().collect();
    for own in left {
        let Opaque { key, kind, touches } = own;
        let names = diff.names;
        let same = |other: &&Opaque| {
            names.key(Side::Left, key) == names.key(Side::Right, &other.key)
                && *kind == other.kind
                && touched(names, Side::Left, touches)
                    == touched(names, Side::Right, &other.touches)
        };
        match rest.iter().position(same) {
            Some(at) => drop(rest.remove(at)),
            None => only(diff, &opaque_words(own), Side::Left, key),
        }
    }
    for other in rest {
        only(diff, &opaque_words(other), Side::Right, &other.key);
    }
}

fn touched(names: &Names<'_>, side: Side, keys: &[Key]) -> BTreeSet<Key> {
    keys.iter().map(|key| names.key(side, key)).collect()
}

fn opaque_words(opaque: &Opaque) -> String {
    format!("{} {}, which touches {}", opaque.kind, opaque.key, opaque.touches.words())
}

/// A source that is incomplete, or that others contradict, may have said something else.
fn warned(diff: &mut Diff<'_>, left: &[Warning], right: &[Warning]) {
    for (side, list) in [(Side::Left, left), (Side::Right, right)] {
        for Warning { code, text, on } in list {
            let (warned, nothing) = (text.clone(), "nothing of that".to_owned());
            let (left, right) = match side {
                Side::Left => (warned, nothing),
                Side::Right => (nothing, warned),
            };
            let keys =
                |of: Side| if of == side { on.iter().cloned().collect() } else { Vec::new() };
            let (left_keys, right_keys) = (keys(Side::Left), keys(Side::Right));
            let what = format!("warning {code}");
            diff.push(false, Difference { what, left, right, left_keys, right_keys });
        }
    }
}
