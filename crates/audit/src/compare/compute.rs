//! Settings of ECS, Lambda and EC2, and of the names by which tasks are found.

use farmgate_aws::model::{
    Cluster, DiscoveryService, EcsService, Function, Instance, Key, ScalingTarget, ServiceTarget,
    Val,
};

use super::diff::{Diff, Entry, Item};
use super::names::{Names, Side};
use super::value::{Value, told};

impl Item for Cluster {
    const KIND: &'static str = "cluster";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, name, managed: _, container_insights } = left;
        diff.val("name", name, &right.name);
        // The account's own default is `disabled` (`PutAccountSettingDefault`).
        let default = "disabled".to_owned();
        let insights = &right.container_insights;
        diff.val_or("container_insights", container_insights, insights, &default);
    }
}

impl Item for EcsService {
    const KIND: &'static str = "service";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self {
            key: _,
            name,
            cluster,
            task_definition,
            desired_count,
            fargate,
            subnets,
            security_groups,
            assign_public_ip,
            load_balancers,
            registries,
            rolls_back,
            tags,
        } = left;
        diff.val("name", name, &right.name);
        diff.val("cluster", cluster, &right.cluster);
        diff.val("task_definition", task_definition, &right.task_definition);
        diff.val("desired_count", desired_count, &right.desired_count);
        diff.val("fargate", fargate, &right.fargate);
        diff.set("subnets", subnets, &right.subnets);
        diff.set("security_groups", security_groups, &right.security_groups);
        diff.val("assign_public_ip", assign_public_ip, &right.assign_public_ip);
        diff.entries("load balancer", (load_balancers, &right.load_balancers), (None, None));
        diff.entries("registry", (registries, &right.registries), (None, None));
        diff.val("rolls_back", rolls_back, &right.rolls_back);
        diff.tags(tags, &right.tags);
    }
}

/// Whether both are known to name the same thing.
fn same_key(left: &Val<Key>, right: &Val<Key>, names: &Names<'_>) -> bool {
    match (left.get(), right.get()) {
        (Some(own), Some(other)) => names.key(Side::Left, own) == names.key(Side::Right, other),
        _ => false,
    }
}

/// A reference in a list of them: a registration, a file system, a function's URL.
impl Entry for Val<Key> {
    fn same(left: &Self, right: &Self, names: &Names<'_>) -> bool {
        same_key(left, right, names)
    }

    fn is_loose(&self) -> bool {
        self.get().is_none()
    }

    fn words(&self) -> String {
        told(self, Value::words)
    }

    fn compare(_: &mut Diff<'_>, _: &Self, _: &Self) {}
}

impl Entry for ServiceTarget {
    fn same(left: &Self, right: &Self, names: &Names<'_>) -> bool {
        same_key(&left.target_group, &right.target_group, names)
    }

    fn is_loose(&self) -> bool {
        self.target_group.get().is_none()
    }

    fn words(&self) -> String {
        told(&self.target_group, Value::words)
    }

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { origin: _, target_group: _, container, port } = left;
        diff.plain("container", container, &right.container);
        diff.val("port", port, &right.port);
    }
}

impl Item for ScalingTarget {
    const KIND: &'static str = "scaling target";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, service, min, max } = left;
        diff.val("service", service, &right.service);
        diff.val("min", min, &right.min);
        diff.val("max", max, &right.max);
    }
}

impl Item for Function {
    const KIND: &'static str = "function";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, name, subnets, security_groups, urls, image } = left;
        diff.val("name", name, &right.name);
        diff.set("subnets", subnets, &right.subnets);
        diff.set("security_groups", security_groups, &right.security_groups);
        diff.entries("url", (urls, &right.urls), (None, None));
        diff.val("image", image, &right.image);
    }
}

/// How callers of a function's URL are authorized.
impl Entry for Val<String> {
    fn same(left: &Self, right: &Self, _names: &Names<'_>) -> bool {
        matches!((left.get(), right.get()), (Some(own), Some(other)) if own == other)
    }

    fn is_loose(&self) -> bool {
        self.get().is_none()
    }

    fn words(&self) -> String {
        told(self, Value::words)
    }

    fn compare(_: &mut Diff<'_>, _: &Self, _: &Self) {}
}

impl Item for Instance {
    const KIND: &'static str = "instance";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, subnet, security_groups, public, address, tags } = left;
        diff.val("subnet", subnet, &right.subnet);
        diff.set("security_groups", security_groups, &right.security_groups);
        diff.val("public", public, &right.public);
        diff.late("address", address, &right.address);
        diff.tags(tags, &right.tags);
    }
}

impl Item for DiscoveryService {
    const KIND: &'static str = "discovery service";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, name, namespace, note } = left;
        diff.val("name", name, &right.name);
        diff.val("namespace", namespace, &right.namespace);
        let words = |note: &Option<farmgate_aws::model::Note>| match note {
            Some(note) => note.to_string(),
            None => "followed".to_owned(),
        };
        if note.is_some() || right.note.is_some() {
            diff.open("what it leads to", words(note), words(&right.note));
        }
    }
}
