//! What roles may do: the execution role what ECS needs in order to start the task, the task role
//! what the file permits, and nothing else.

use std::collections::BTreeSet;

use farmgate_farm::farm::Permission;

use super::base::Arns;
use super::{ContainerDesign, Grant, SecretSource};

/// Actions that pull an image.
pub(super) const PULL: [&str; 2] = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

/// Actions that ship logs.
pub(super) const LOG: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];

/// What an execution role may do.
pub(super) fn execution(
    arns: &Arns,
    containers: &[ContainerDesign],
    log_group: &str,
) -> Vec<Grant> {
    let images = containers.iter().filter_map(|container| arns.repository(&container.image));
    let images: BTreeSet<String> = images.collect();
    let secrets = containers.iter().flat_map(|container| container.secrets.values());
    let (parameters, secrets): (Vec<_>, Vec<_>) = secrets.partition(|source| is_parameter(source));
    let granted = |sources: Vec<&SecretSource>| -> BTreeSet<String> {
        sources.into_iter().map(|source| arns.granted(source)).collect()
    };
    let mut grants = Vec::new();
    if !images.is_empty() {
        // AWS knows no resource for a token (Service Authorization Reference, Amazon ECR).
        grants.push(grant("RegistryToken", ["ecr:GetAuthorizationToken"], ["*".to_owned()]));
        grants.push(grant("PullImages", PULL, images));
    }
    grants.push(grant("WriteLogs", LOG, [arns.log_streams(log_group)]));
    let secrets = granted(secrets);
    if !secrets.is_empty() {
        grants.push(grant("ReadSecrets", ["secretsmanager:GetSecretValue"], secrets));
    }
    let parameters = granted(parameters);
    if !parameters.is_empty() {
        grants.push(grant("ReadParameters", ["ssm:GetParameters"], parameters));
    }
    grants
}

/// Whether a secret is a parameter of Systems Manager.
pub(super) fn is_parameter(source: &SecretSource) -> bool {
    matches!(source, SecretSource::Arn(arn) if arn.split(':').nth(2) == Some("ssm"))
}

/// What a task role may do: what is written.
pub(super) fn role(permissions: &[Permission]) -> Vec<Grant> {
    let numbered = permissions.iter().zip(1..);
    let grants = numbered.map(|(permission, number): (&Permission, u32)| Grant {
        sid: format!("Permission{number}"),
        actions: permission.actions.iter().map(|action| action.as_str().to_owned()).collect(),
        resources: permission.resources.iter().map(|arn| arn.as_str().to_owned()).collect(),
    });
    grants.collect()
}

fn grant<const N: usize>(
    sid: &str,
    actions: [&str; N],
    resources: impl IntoIterator<Item = String>,
) -> Grant {
    Grant {
        sid: sid.to_owned(),
        actions: actions.into_iter().map(str::to_owned).collect(),
        resources: resources.into_iter().collect(),
    }
}
