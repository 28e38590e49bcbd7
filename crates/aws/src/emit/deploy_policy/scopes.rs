//! What a statement of the deploy policy is limited to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::policies::account;
use crate::design::{Design, SecretSource};

/// To what actions are limited. The order is that of statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// Nothing: AWS knows no resource for these (Service Authorization Reference), or looks things
    /// up by what isn't in their ARN.
    Any,
    /// The region's VPCs and their parts, whose ids are EC2's choice.
    Vpc,
    /// The same, and only what bears the farm's tag.
    VpcOwn,
    /// Load balancers, listeners, rules and target groups by name.
    Balancers,
    /// The web ACL, what it is put before, and AWS's managed rules in it.
    WebAcl,
    /// Certificates, whose ids are ACM's choice.
    Certificates,
    /// The hosted zone of the farm's domain.
    Zone,
    /// Hosted zones that the farm makes, whose ids are Route 53's choice.
    Zones,
    /// Changes of Route 53 in progress.
    ZoneChanges,
    /// Cloud Map, whose ids are its choice.
    Names,
    /// The cluster, its services and task definitions by name.
    Ecs,
    /// Scaling targets, whose ids are Application Auto Scaling's choice.
    Scaling,
    /// Alarms by which Application Auto Scaling scales the cluster's services.
    ScalingAlarms,
    /// Roles by name.
    Roles,
    /// AWS's own policy for Config, and no other.
    ConfigPolicy,
    /// Roles by name, handed to the services that take them.
    PassRoles,
    /// Roles that AWS's services make for themselves, once in an account.
    LinkedRoles,
    /// Log groups by name.
    Logs,
    /// Alarms by name.
    Alarms,
    /// All alarms: they are looked up in a list.
    AllAlarms,
    /// Topics by name.
    Topics,
    /// New keys, with the farm's tag.
    NewKeys,
    /// Keys, whose ids are KMS's choice.
    Keys,
    /// The same, and only what bears the farm's tag.
    KeysOwn,
    /// Aliases by name.
    Aliases,
    /// Keys that the farm file names for databases.
    DatabaseKeys,
    /// Repositories by name.
    Repositories,
    /// Parameters by their folders.
    Parameters,
    /// All databases: they are looked up in a list.
    AllDatabases,
    /// Databases, their groups and snapshots by name.
    Databases,
    /// The secrets that RDS makes.
    DatabaseSecrets,
    /// Secrets that are rotated.
    Rotated,
    /// The functions that rotate them.
    Rotators,
    /// Buckets by name.
    Buckets,
    /// The trail.
    Trail,
    /// Config's recorder, whose id is its choice.
    Recorder,
    /// GuardDuty's detector.
    Detector,
    /// Security Hub.
    Hub,
}

impl Scope {
    /// The statement's id.
    pub(super) fn sid(self) -> String {
        format!("{self:?}")
    }

    /// The ARNs; none if there is nothing of the kind.
    pub(super) fn resources(self, design: &Design) -> Vec<String> {
        let arns = design.arns();
        let (partition, account, farm) = (design.partition, account(design), &design.farm.farm);
        let all = |service: &str, resources: &[&str]| -> Vec<String> {
            let filled = resources.iter().map(|it| it.replace("FARM", farm.as_str()));
            filled.map(|resource| arns.of(service, &resource)).collect()
        };
        let role = |name: &str| vec![format!("arn:{partition}:iam::{account}:role/{name}")];
        match self {
            Self::Any | Self::NewKeys => vec!["*".to_owned()],
            Self::Vpc | Self::VpcOwn => all("ec2", &["*"]),
            Self::Balancers => all("elasticloadbalancing", BALANCERS),
            Self::WebAcl => {
                let mut acl =
                    all("wafv2", &["regional/webacl/FARM/*", "regional/managedruleset/*"]);
                acl.extend(all("elasticloadbalancing", &["loadbalancer/app/FARM/*"]));
                acl
            }
            Self::Certificates => all("acm", &["certificate/*"]),
            Self::Zone => {
                let zone = design.farm.ingress.domain.zone.iter();
                zone.map(|id| format!("arn:{partition}:route53:::hostedzone/{id}")).collect()
            }
            Self::Zones => vec![format!("arn:{partition}:route53:::hostedzone/*")],
            Self::ZoneChanges => vec![format!("arn:{partition}:route53:::change/*")],
            Self::Names => all("servicediscovery", &["namespace/*", "service/*"]),
            Self::Ecs => all("ecs", &["cluster/FARM", "service/FARM/*", "task-definition/FARM-*"]),
            Self::Scaling => all("application-autoscaling", &["scalable-target/*"]),
            Self::ScalingAlarms => all("cloudwatch", &["alarm:TargetTracking-service/FARM/*"]),
            Self::Roles | Self::PassRoles => role(&format!("{farm}-*")),
            Self::ConfigPolicy => role(&format!("{farm}-config")),
            Self::LinkedRoles => role("aws-service-role/*"),
            Self::Logs => all("logs", LOG_GROUPS),
            Self::Alarms => all("cloudwatch", &["alarm:FARM-*"]),
            Self::AllAlarms => all("cloudwatch", &["alarm:*"]),
            Self::Topics => all("sns", &["FARM-alarms"]),
            Self::Keys | Self::KeysOwn => all("kms", &["key/*"]),
            Self::Aliases => all("kms", &["alias/FARM-*"]),
            Self::DatabaseKeys => database_keys(design),
            Self::Repositories => {
                let names = design.farm.repositories.create.iter();
                names.map(|name| arns.of("ecr", &format!("repository/{}", name.value))).collect()
            }
            Self::Parameters => folders(design),
            Self::AllDatabases => all("rds", &["db:*"]),
            Self::Databases => all("rds", DATABASES),
            Self::DatabaseSecrets => vec![arns.managed_secrets()],
            Self::Rotated => {
                let secrets = design.farm.rotation.iter();
                let secrets = secrets
                    .map(|it| arns.of("secretsmanager", &format!("secret:{}", it.secret.name)));
                secrets.map(|arn| arns.granted(&SecretSource::Arn(arn))).collect()
            }
            Self::Rotators => {
                let functions = design.farm.rotation.iter().map(|it| it.function.as_str());
                functions.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect()
            }
            Self::Buckets => vec![format!("arn:{partition}:s3:::{farm}-{account}-*")],
            Self::Trail => all("cloudtrail", &["trail/FARM"]),
            Self::Recorder => all("config", &["config-recorder/*"]),
            Self::Detector => all("guardduty", &["detector/*"]),
            Self::Hub => all("securityhub", &["hub/default"]),
        }
    }

    /// The condition, if there is one.
    pub(super) fn condition(self, design: &Design, kinds: &BTreeSet<&str>) -> Option<Value> {
        let farm = design.farm.farm.as_str();
        match self {
            Self::VpcOwn | Self::KeysOwn => {
                Some(json!({ "StringEquals": { "aws:ResourceTag/Farm": farm } }))
            }
            Self::NewKeys => Some(json!({ "StringEquals": { "aws:RequestTag/Farm": farm } })),
            Self::PassRoles => {
                Some(json!({ "StringEquals": { "iam:PassedToService": services(PASSED, kinds) } }))
            }
            Self::LinkedRoles => {
                Some(json!({ "StringEquals": { "iam:AWSServiceName": services(LINKED, kinds) } }))
            }
            Self::ConfigPolicy => {
                let policy =
                    format!("arn:{}:iam::aws:policy/service-role/AWS_ConfigRole", design.partition);
                Some(json!({ "ArnEquals": { "iam:PolicyARN": policy } }))
            }
            Self::DatabaseKeys => Some(json!({ "Bool": { "kms:GrantIsForAWSResource": "true" } })),
            _ => None,
        }
    }
}

/// Load balancers are called by the farm's name alone or with more behind it; their listeners and
/// rules after them.
const BALANCERS: &[&str] = &["*/app/FARM/*", "*/app/FARM-*", "targetgroup/FARM-*"];

const LOG_GROUPS: &[&str] = &[
    "log-group:/ecs/FARM/*",
    "log-group:/aws/vpc/FARM/*",
    "log-group:/aws/rds/instance/FARM-*",
    "log-group:aws-waf-logs-FARM*",
];

const DATABASES: &[&str] =
    &["db:FARM-*", "subgrp:FARM-*", "pg:FARM-*", "snapshot:FARM-*", "og:default*"];

/// Services to which roles are handed, by the type of resource that does so.
const PASSED: &[(&str, &str)] = &[
    ("aws_config_configuration_recorder", "config.amazonaws.com"),
    ("aws_ecs_task_definition", "ecs-tasks.amazonaws.com"),
    ("aws_flow_log", "vpc-flow-logs.amazonaws.com"),
];

/// Services that make a role of their own at their first use.
const LINKED: &[(&str, &str)] = &[
    ("aws_appautoscaling_target", "ecs.application-autoscaling.amazonaws.com"),
    ("aws_db_instance", "rds.amazonaws.com"),
    ("aws_ecs_cluster", "ecs.amazonaws.com"),
    ("aws_guardduty_detector", "guardduty.amazonaws.com"),
    ("aws_lb", "elasticloadbalancing.amazonaws.com"),
    ("aws_securityhub_account", "securityhub.amazonaws.com"),
    ("aws_wafv2_web_acl_logging_configuration", "wafv2.amazonaws.com"),
];

fn services(table: &[(&str, &'static str)], kinds: &BTreeSet<&str>) -> Vec<&'static str> {
    table.iter().filter(|(kind, _)| kinds.contains(kind)).map(|(_, service)| *service).collect()
}

fn database_keys(design: &Design) -> Vec<String> {
    let keys = design.farm.databases.values().filter_map(|it| it.kms_key.as_ref());
    keys.map(|key| key.as_str().to_owned()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The parameters' folders; one that is alone in its folder is named itself.
fn folders(design: &Design) -> Vec<String> {
    let mut folders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for route in &design.routes {
        let (folder, _) = route.parameter.rsplit_once('/').unwrap_or_default();
        folders.entry(folder).or_default().insert(&route.parameter);
    }
    let names = folders.into_iter().flat_map(|(folder, parameters)| {
        let alone = parameters.len() == 1 || folder.is_empty();
        let names: Vec<String> = if alone {
            parameters.into_iter().map(str::to_owned).collect()
        } else {
            vec![format!("{folder}/*")]
        };
        names
    });
    names.map(|name| design.arns().of("ssm", &format!("parameter{name}"))).collect()
}
