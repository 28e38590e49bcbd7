//! Roles, as `iam.tf` writes them.

use serde_json::{Value, json};

use super::Lowering;
use crate::design::{FLOW_LOGS, Grant, NO_ACCOUNT, Task, keys};
use crate::emit::names::{self, Role as Kind};
use crate::iam::{Policy, managed_policy};
use crate::model::{Key, Model, Origin, PolicyAt, Role, Val};

impl Lowering<'_> {
    pub(super) fn roles(&self, model: &mut Model) {
        for task in self.design.definitions() {
            let party = &task.party;
            for (kind, key, grants) in [
                (Kind::Execution, keys::execution_role(party), &task.execution),
                (Kind::Task, keys::task_role(party), &task.role),
            ] {
                let mut words = names::words(party);
                words.push(kind.word());
                let name = names::physical_within(self.design, &words, names::ROLE_NAME);
                let statements: Vec<Value> =
                    grants.iter().map(|grant| self.statement(grant)).collect();
                let policies = match grants.is_empty() {
                    true => Vec::new(),
                    false => vec![self.policy(&key, kind.word(), task.at, &statements)],
                };
                let trust = self.tasks_trust(task, &key);
                self.role(model, key, name, trust, policies);
            }
        }
        self.flow_role(model);
        self.config_role(model);
    }

    fn account(&self) -> &str {
        self.design.account.as_deref().unwrap_or(NO_ACCOUNT)
    }

    fn role(
        &self,
        model: &mut Model,
        key: Key,
        name: String,
        trust: PolicyAt,
        policies: Vec<PolicyAt>,
    ) {
        let arn = format!("arn:{}:iam::{}:role/{name}", self.design.partition, self.account());
        let role = Role {
            name: Val::Known(Some(name)),
            arn: Some(arn),
            trust,
            policies,
            open: None,
            boundary: None,
            used: Val::Known(true),
            key: key.clone(),
        };
        model.roles.insert(key, role);
    }

    fn policy(&self, key: &Key, name: &str, at: usize, statements: &[Value]) -> PolicyAt {
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        let document = match Policy::from_value(&document, None, key.as_str()) {
            Ok(policy) => Val::Known(policy),
            Err(note) => Val::Unknown(note),
        };
        PolicyAt {
            origin: self.origin(key, at),
            name: name.to_owned(),
            of_aws: false,
            document,
            mentions: Vec::new(),
        }
    }

    /// A grant. What RDS makes is named only once it is made.
    fn statement(&self, grant: &Grant) -> Value {
        let resources =
            grant.resources.iter().map(|resource| match resource.starts_with(Grant::DATABASE) {
                true => self.design.arns().managed_secrets(),
                false => resource.clone(),
            });
        let resources: Vec<String> = resources.collect();
        json!({
            "Sid": grant.sid, "Effect": "Allow", "Action": grant.actions, "Resource": resources,
        })
    }

    /// Who may take on a task's roles.
    fn tasks_trust(&self, task: &Task, key: &Key) -> PolicyAt {
        let condition = json!({
            "StringEquals": { "aws:SourceAccount": self.account() },
            "ArnLike": { "aws:SourceArn": self.design.arns().of("ecs", "*") },
        });
        self.trust(key, task.at, "ecs-tasks.amazonaws.com", &condition)
    }

    fn trust(&self, key: &Key, at: usize, service: &str, condition: &Value) -> PolicyAt {
        let statement = json!({
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "sts:AssumeRole",
            "Condition": condition,
        });
        self.policy(key, "assume_role_policy", at, &[statement])
    }

    /// The role that writes flow logs.
    fn flow_role(&self, model: &mut Model) {
        let arns = self.design.arns();
        let Some((group, _)) = self.design.logs.iter().find(|(_, it)| it.of == FLOW_LOGS) else {
            return;
        };
        let key = keys::flow_role();
        let source = json!({ "ArnLike": { "aws:SourceArn": arns.of("ec2", "vpc-flow-log/*") } });
        let trust = self.trust(&key, 0, "vpc-flow-logs.amazonaws.com", &source);
        let write =
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"].as_slice();
        let statements = vec![
            json!({
                "Sid": "WriteFlows", "Effect": "Allow", "Action": write,
                "Resource": arns.log_streams(group),
            }),
            json!({
                "Sid": "FindGroup", "Effect": "Allow", "Action": "logs:DescribeLogGroups",
                "Resource": arns.of("logs", "log-group:*"),
            }),
        ];
        let name = names::physical_within(self.design, &["flow"], names::ROLE_NAME);
        let policies = vec![self.policy(&key, "write-flows", 0, &statements)];
        self.role(model, key, name, trust, policies);
    }

    /// The role with which Config reads configurations.
    fn config_role(&self, model: &mut Model) {
        if !self.design.farm.detection.config {
            return;
        }
        let key = keys::config_role();
        let account = self.account();
        let source = json!({ "StringEquals": { "aws:SourceAccount": account } });
        let trust = self.trust(&key, 0, "config.amazonaws.com", &source);
        let bucket = names::physical(self.design, &[account, "config"]);
        let bucket = format!("arn:{}:s3:::{bucket}", self.design.partition);
        let statements = vec![
            json!({
                "Effect": "Allow", "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
                "Resource": bucket,
            }),
            json!({
                "Effect": "Allow", "Action": "s3:PutObject",
                "Resource": format!("{bucket}/AWSLogs/{account}/Config/*"),
            }),
        ];
        let managed =
            format!("arn:{}:iam::aws:policy/service-role/AWS_ConfigRole", self.design.partition);
        let of_aws = PolicyAt {
            origin: Origin::of(&key),
            document: match managed_policy(&managed) {
                Some(policy) => Val::Known(policy),
                None => Val::Unknown(format!("the policy {managed}, which no source shows").into()),
            },
            name: managed,
            of_aws: true,
            mentions: Vec::new(),
        };
        let policies = vec![of_aws, self.policy(&key, "deliver", 0, &statements)];
        let name = names::physical_within(self.design, &["config"], names::ROLE_NAME);
        self.role(model, key, name, trust, policies);
    }
}
