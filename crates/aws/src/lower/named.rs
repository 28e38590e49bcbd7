//! Physical names that must be unique in the account.

use super::Lowering;
use crate::design::{FLOW_LOGS, Party, keys};
use crate::emit::names::{self, Role};
use crate::model::{Key, Model, Named};

impl Lowering<'_> {
    pub(super) fn names(&self, model: &mut Model) {
        let design = self.design;
        let mut all: Vec<Named> = Vec::new();
        let mut name = |key: Key, kind: &'static str, scope: &str, name: String| {
            all.push(Named { key, kind, scope: scope.to_owned(), name });
        };
        for group in design.logs.keys() {
            name(keys::log_group(group), "log group", "", group.clone());
        }
        for route in &design.routes {
            let server = Party::Server(route.server.clone());
            name(keys::parameter(&server), "parameter", "", route.parameter.clone());
        }
        for (key, balancer) in &model.load_balancers {
            if let Some(Some(known)) = balancer.name.known() {
                name(key.clone(), "load balancer", "", known.clone());
            }
        }
        for (key, group) in &model.target_groups {
            if let Some(Some(known)) = group.name.known() {
                name(key.clone(), "target group", "", known.clone());
            }
        }
        name(keys::cluster(), "ECS cluster", "", design.farm.farm.as_str().to_owned());
        for (key, repository) in &model.repositories {
            if let Some(Some(known)) = repository.name.known() {
                name(key.clone(), "ECR repository", "", known.clone());
            }
        }
        if design.logs.values().any(|group| group.of == FLOW_LOGS) {
            let physical = names::physical_within(design, &["flow"], names::ROLE_NAME);
            name(keys::flow_role(), "IAM role", "account", physical);
        }
        if design.farm.detection.config {
            let physical = names::physical_within(design, &["config"], names::ROLE_NAME);
            name(keys::config_role(), "IAM role", "account", physical);
        }
        let cluster = keys::cluster();
        for task in &design.tasks {
            name(keys::party(&task.party), "ECS service", cluster.as_str(), task.name.clone());
        }
        for task in design.definitions() {
            let party = &task.party;
            for (role, key) in [
                (Role::Execution, keys::execution_role(party)),
                (Role::Task, keys::task_role(party)),
            ] {
                let mut words = names::words(party);
                words.push(role.word());
                let physical = names::physical_within(design, &words, names::ROLE_NAME);
                name(key, "IAM role", "account", physical);
            }
        }
        for database in design.farm.databases.keys() {
            let party = Party::Database(database.clone());
            let physical = names::physical(design, &[database.as_str()]);
            name(keys::party(&party), "database", "", physical);
        }
        for (key, group) in &model.security_groups {
            if let (Some(Some(known)), false) = (group.name.known(), group.is_default) {
                name(key.clone(), "security group", keys::vpc().as_str(), known.clone());
            }
        }
        model.named = std::sync::Arc::new(all);
    }
}
