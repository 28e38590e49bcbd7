//! Services that exist already: something with a security group that isn't the farm's.

use super::Lowering;
use super::groups::foreign;
use crate::design::{Party, keys};
use crate::model::{LoadBalancer, LoadBalancerKind, Model, SetVal, Tags, Val};

impl Lowering<'_> {
    /// What stands behind a URL the file does not say; for packets it is interfaces that carry a
    /// group, as a load balancer's are.
    pub(super) fn existing_services(&self, model: &mut Model) {
        for (name, service) in &self.design.farm.services {
            let Some(existing) = &service.existing else { continue };
            let party = Party::Existing(name.clone());
            let key = keys::party(&party);
            let where_it_is = if existing.here {
                format!("{key} is in the farm's private subnets, as the farm file says")
            } else {
                format!("{key} is reached as if it were in the farm's private subnets")
            };
            let private = format!(
                "{} resolves to private addresses in the VPC, as the farm file says",
                existing.host()
            );
            let group = self.group_key(&party);
            let known = model.security_groups.entry(group.clone());
            known.or_insert_with(|| foreign(&group));
            let balancer = LoadBalancer {
                key: key.clone(),
                kind: LoadBalancerKind::Application,
                name: Val::Known(None),
                internal: Val::Assumed(true, private.into()),
                subnets: SetVal { assumed: Some(where_it_is.into()), ..self.private_subnets() },
                security_groups: Some(SetVal::known([group])),
                idle_timeout: Val::Known(None),
                access_logs: Val::Unknown(format!("the access logs of {key}").into()),
                deletion_protection: Val::Unknown(
                    format!("whether {key} is protected from deletion").into(),
                ),
                tags: Tags::new(),
            };
            model.load_balancers.insert(key, balancer);
        }
    }
}
