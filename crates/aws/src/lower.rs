//! From a farm's design to the model about which statements are proved.
//!
//! Everything that the farm makes is known; its keys are the words of the farm file
//! ([`crate::design::keys`]), and rules say on which line they are written. What exists already and
//! isn't the farm's is as the file describes it, and said to be assumed. Nothing is decided here
//! that [`crate::design`] hasn't decided.

mod compute;
mod existing;
mod fronts;
mod given;
mod groups;
mod iam;
mod named;
mod network;
mod protection;
mod stores;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use given::add_given;

use crate::design::{Design, NO_ACCOUNT, Party, keys};
use crate::model::{Key, Model, Note, Origin, SetVal, Source, SourceKind};

/// Where a byte of the farm file is: the file's name and the line, from 1.
pub type Place<'a> = &'a dyn Fn(usize) -> (String, usize);

/// A design that is being lowered.
struct Lowering<'a> {
    design: &'a Design,
    place: Place<'a>,
}

/// The model of a design.
#[must_use]
pub fn model(design: &Design, place: Place<'_>) -> Model {
    let lowering = Lowering { design, place };
    let account = design.account.as_deref().unwrap_or(NO_ACCOUNT);
    let mut model = Model {
        region: Some(design.farm.region.as_str().to_owned()),
        account: Some(account.to_owned()),
        ..Model::default()
    };
    lowering.network(&mut model);
    lowering.groups(&mut model);
    lowering.endpoints(&mut model);
    lowering.fronts(&mut model);
    lowering.compute(&mut model);
    lowering.protection(&mut model);
    lowering.data(&mut model);
    lowering.stores(&mut model);
    lowering.roles(&mut model);
    lowering.existing_services(&mut model);
    lowering.names(&mut model);
    model.aliases = Arc::new(lowering.aliases());
    let (name, _) = place(0);
    let resources = count(&model);
    model.sources = vec![Source { name, kind: SourceKind::FarmFile, resources }];
    model
}

/// How many resources a model holds.
fn count(model: &Model) -> usize {
    let rules = model.security_groups.values().map(|group| {
        let own = usize::from(group.managed);
        own + group.ingress.rules.len() + group.egress.rules.len()
    });
    let listeners = model.listeners.values().map(|listener| listener.rules.len());
    model.vpcs.len()
        + model.subnets.len()
        + model.route_tables.len()
        + model.internet_gateways.len()
        + model.nat_gateways.len()
        + rules.sum::<usize>()
        + model.endpoints.len()
        + model.load_balancers.len()
        + listeners.sum::<usize>()
        + model.target_groups.len()
        + model.waf.len()
        + model.web_acls.len()
        + model.flow_logs.len()
        + model.detection.trails.len()
        + model.detection.detectors.len()
        + model.detection.hubs.len()
        + model.detection.recorders.len()
        + model.scaling_policies.len()
        + model.clusters.len()
        + model.services.len()
        + model.task_definitions.len()
        + model.scaling_targets.len()
        + model.databases.len()
        + model.discovery.len()
        + model.repositories.len()
        + model.roles.len()
}

impl Lowering<'_> {
    /// A place of the farm file in a resource: `farm.yaml:12`.
    fn origin(&self, key: &Key, at: usize) -> Origin {
        Origin::at(key, self.line(at))
    }

    fn line(&self, at: usize) -> String {
        let (name, line) = (self.place)(at);
        format!("{name}:{line}")
    }

    /// The private subnets.
    fn private_subnets(&self) -> SetVal<Key> {
        SetVal::known(self.design.private.iter().map(|it| keys::private_subnet(it.letter)))
    }

    /// The public subnets.
    fn public_subnets(&self) -> SetVal<Key> {
        SetVal::known(self.design.public.iter().map(|it| keys::public_subnet(it.letter)))
    }

    /// Whether the VPC exists already; what is assumed of it then.
    fn existing_network(&self) -> Option<Note> {
        let existing = self.design.farm.network.existing.as_ref()?;
        Some(format!("{} is as the farm file describes it", existing.vpc).into())
    }

    /// Other names of what is in the model.
    fn aliases(&self) -> BTreeMap<String, Key> {
        let design = self.design;
        let mut aliases = BTreeMap::new();
        let mut alias = |name: &str, key: Key| aliases.insert(name.to_owned(), key);
        for task in design.tasks.iter().filter(|task| task.discovered) {
            let name = format!("{}.{}", task.name, design.namespace());
            alias(&name, keys::party(&task.party));
        }
        for (name, service) in &design.farm.services {
            if let Some(existing) = &service.existing {
                alias(existing.host(), keys::party(&Party::Existing(name.clone())));
            } else if let Some(domain) = &service.domain {
                alias(domain.as_str(), keys::party(&Party::Balancer(name.clone())));
            }
        }
        for name in design.farm.databases.keys() {
            // What a variable says for its host, which RDS gives it.
            let key = keys::party(&Party::Database(name.clone()));
            alias(&key.to_string(), key);
        }
        if let Some(existing) = &design.farm.network.existing {
            alias(existing.vpc.as_str(), keys::vpc());
        }
        let public = design.public.iter().map(|it| (it, keys::public_subnet(it.letter)));
        let private = design.private.iter().map(|it| (it, keys::private_subnet(it.letter)));
        for (subnet, key) in public.chain(private) {
            if let Some((id, _)) = &subnet.existing {
                alias(id, key);
            }
        }
        aliases
    }
}
