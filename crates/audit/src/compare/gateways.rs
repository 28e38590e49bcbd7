//! Settings of route tables and gateways.

use farmgate_aws::model::{InternetGateway, NatGateway, Route, RouteTable};

use super::diff::{Diff, Entry, Item};
use super::names::{Names, Side};
use super::value::{Value, told};

impl Item for RouteTable {
    const KIND: &'static str = "route table";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        // Assumed routes count as those that there are.
        let Self { key: _, vpc, routes, open, assumed: _ } = left;
        diff.val("vpc", vpc, &right.vpc);
        diff.entries("route", (routes, &right.routes), (open.as_ref(), right.open.as_ref()));
    }
}

impl Entry for Route {
    fn same(left: &Self, right: &Self, names: &Names<'_>) -> bool {
        match (left.destination.get(), right.destination.get()) {
            (Some(own), Some(other)) => {
                own.named(Side::Left, names) == other.named(Side::Right, names)
                    && left.propagated == right.propagated
            }
            _ => false,
        }
    }

    fn is_loose(&self) -> bool {
        self.destination.get().is_none()
    }

    fn words(&self) -> String {
        let by = if self.propagated { "propagated " } else { "" };
        format!("{by}{}", told(&self.destination, Value::words))
    }

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { origin: _, destination: _, target, propagated: _ } = left;
        diff.val("target", target, &right.target);
    }
}

impl Item for InternetGateway {
    const KIND: &'static str = "internet gateway";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, vpc, egress_only } = left;
        diff.val("vpc", vpc, &right.vpc);
        diff.plain("egress_only", egress_only, &right.egress_only);
    }
}

impl Item for NatGateway {
    const KIND: &'static str = "NAT gateway";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, subnet, public, public_address, private_address } = left;
        diff.val("subnet", subnet, &right.subnet);
        diff.val("public", public, &right.public);
        diff.late("public_address", public_address, &right.public_address);
        diff.late("private_address", private_address, &right.private_address);
    }
}
