//! What keeps images, logs and parameters: repositories, log groups, the registry of endpoints.
//!
//! Secrets aren't here: they exist before the farm, which never makes one.

use super::Lowering;
use crate::design::{Party, keys};
use crate::model::{LogGroup, Model, Parameter, Repository, Val};

impl Lowering<'_> {
    pub(super) fn stores(&self, model: &mut Model) {
        let design = self.design;
        for name in design.farm.repositories.create.iter().map(|name| name.as_str()) {
            let url = design.arns().registry();
            let made = Repository {
                key: keys::repository(name),
                name: Val::Known(Some(name.to_owned())),
                url: Some(format!("{url}/{name}")),
                managed: true,
                others_run: false,
                immutable: Val::Known(true),
                scan_on_push: Val::Known(true),
            };
            model.repositories.insert(made.key.clone(), made);
        }
        for (name, group) in &design.logs {
            let made = LogGroup {
                key: keys::log_group(name),
                name: Val::Known(Some(name.clone())),
                retention: Val::Known(u32::try_from(group.retention).ok()),
                named: Val::Known(true),
            };
            model.log_groups.insert(made.key.clone(), made);
        }
        for route in &design.routes {
            let made = Parameter {
                key: keys::parameter(&Party::Server(route.server.clone())),
                name: Val::Known(Some(route.parameter.clone())),
                kind: Val::Known("String".to_owned()),
                written: Val::Known(true),
            };
            model.encrypted.insert(made.key.clone(), Val::Known(None));
            model.parameters.insert(made.key.clone(), made);
        }
    }
}
