//! Settings of databases and gates.

use farmgate_aws::model::{Database, Gate, GateRoute};

use super::diff::{Diff, Entry, Item};
use super::names::Names;

impl Item for Database {
    const KIND: &'static str = "database";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self {
            key: _,
            engine,
            port,
            subnets,
            security_groups,
            public,
            encrypted,
            deletion_protection,
            tags,
        } = left;
        diff.val("engine", engine, &right.engine);
        diff.val("port", port, &right.port);
        diff.set("subnets", subnets, &right.subnets);
        diff.set("security_groups", security_groups, &right.security_groups);
        diff.val("public", public, &right.public);
        diff.val("encrypted", encrypted, &right.encrypted);
        let protection = (deletion_protection, &right.deletion_protection);
        diff.val("deletion_protection", protection.0, protection.1);
        diff.tags(tags, &right.tags);
    }
}

impl Item for Gate {
    const KIND: &'static str = "gate";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, origin: _, port, routes } = left;
        diff.plain("port", port, &right.port);
        diff.entries("route", (routes, &right.routes), (None, None));
        // The first route that fits decides.
        let paths = |routes: &[GateRoute]| -> Vec<String> {
            routes.iter().map(|route| route.path.clone()).collect()
        };
        let (own, other) = (paths(routes), paths(&right.routes));
        let sorted = |mut paths: Vec<String>| {
            paths.sort_unstable();
            paths
        };
        if own != other && sorted(own.clone()) == sorted(other.clone()) {
            diff.differs("order of routes", own.join(", "), other.join(", "));
        }
    }
}

impl Entry for GateRoute {
    fn same(left: &Self, right: &Self, _names: &Names<'_>) -> bool {
        left.path == right.path
    }

    fn words(&self) -> String {
        self.path.clone()
    }

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { origin: _, path: _, to, port, tls, health_path, authentication, vouched } = left;
        diff.val("to", to, &right.to);
        diff.plain("port", port, &right.port);
        diff.plain("tls", tls, &right.tls);
        diff.plain("health_path", health_path, &right.health_path);
        diff.unordered("authentication", authentication, &right.authentication);
        diff.plain("vouched", vouched, &right.vouched);
    }
}
