//! What a farm finds and doesn't make: a VPC that exists, services that exist.
//!
//! A plan of the farm's module names these by id and shows nothing of them. So that such a plan can
//! be compared with the farm, the same description is added to both.

use std::collections::BTreeMap;

use super::{Lowering, Place};
use crate::design::{Design, Party, keys};
use crate::model::{Key, Model, RouteTarget, SetVal, Val};

/// Adds to a model, whose keys `names` gives for those of the farm's model, what exists already.
/// `names` is completed for what had no name there.
pub fn add_given(
    design: &Design,
    place: Place<'_>,
    names: &mut BTreeMap<Key, Key>,
    model: &mut Model,
) {
    let lowering = Lowering { design, place };
    let mut given = Model::default();
    if design.farm.network.existing.is_some() {
        lowering.network(&mut given);
    }
    lowering.existing_services(&mut given);
    let unnamed = given.internet_gateways.keys().chain(given.nat_gateways.keys());
    let unnamed = unnamed.chain(given.load_balancers.keys()).chain(given.subnets.keys());
    for key in unnamed {
        names.entry(key.clone()).or_insert_with(|| key.clone());
    }
    let aliases = lowering.aliases().into_iter().filter(|(_, key)| {
        let services = design.farm.services.iter();
        let mut existing = services.filter(|(_, service)| service.existing.is_some());
        existing.any(|(name, _)| *key == keys::party(&Party::Existing(name.clone())))
    });
    let mut all = (*model.aliases).clone();
    all.extend(aliases);
    model.aliases = all.into();
    Renaming { names }.add(given, model);
}

/// Gives keys their names in another model.
struct Renaming<'a> {
    names: &'a BTreeMap<Key, Key>,
}

impl Renaming<'_> {
    fn key(&self, key: &mut Key) {
        if let Some(name) = self.names.get(key) {
            key.clone_from(name);
        }
    }

    fn val(&self, value: &mut Val<Key>) {
        if let Val::Known(key) | Val::Assumed(key, _) = value {
            self.key(key);
        }
    }

    fn maybe(&self, value: &mut Val<Option<Key>>) {
        if let Val::Known(Some(key)) | Val::Assumed(Some(key), _) = value {
            self.key(key);
        }
    }

    fn set(&self, set: &mut SetVal<Key>) {
        let sure = std::mem::take(&mut set.sure).into_iter();
        set.sure = sure.map(|key| self.names.get(&key).cloned().unwrap_or(key)).collect();
    }

    /// Adds what exists to a model that does not show it.
    fn add(&self, given: Model, model: &mut Model) {
        for mut vpc in given.vpcs.into_values() {
            self.key(&mut vpc.key);
            model.vpcs.entry(vpc.key.clone()).or_insert(vpc);
        }
        for mut subnet in given.subnets.into_values() {
            self.key(&mut subnet.key);
            self.val(&mut subnet.vpc);
            self.maybe(&mut subnet.route_table);
            model.subnets.entry(subnet.key.clone()).or_insert(subnet);
        }
        for mut table in given.route_tables.into_values() {
            self.key(&mut table.key);
            self.val(&mut table.vpc);
            for route in &mut table.routes {
                self.key(&mut route.origin.key);
                if let Val::Known(target) | Val::Assumed(target, _) = &mut route.target
                    && let RouteTarget::InternetGateway(key) | RouteTarget::NatGateway(key) = target
                {
                    self.key(key);
                }
            }
            model.route_tables.entry(table.key.clone()).or_insert(table);
        }
        for mut gateway in given.internet_gateways.into_values() {
            self.key(&mut gateway.key);
            self.maybe(&mut gateway.vpc);
            model.internet_gateways.entry(gateway.key.clone()).or_insert(gateway);
        }
        for mut nat in given.nat_gateways.into_values() {
            self.key(&mut nat.key);
            self.val(&mut nat.subnet);
            model.nat_gateways.entry(nat.key.clone()).or_insert(nat);
        }
        for mut balancer in given.load_balancers.into_values() {
            self.key(&mut balancer.key);
            self.set(&mut balancer.subnets);
            model.load_balancers.entry(balancer.key.clone()).or_insert(balancer);
        }
    }
}
