//! What a task asks of AWS in order to start: which actions, on which resources.
//!
//! Source: Service Authorization Reference, for ECR, CloudWatch Logs, Secrets Manager, Systems
//! Manager.

use std::collections::BTreeSet;

use farmgate_aws::model::{Container, Model};

use crate::prove::way::{ACCOUNT, Ask};

/// A container's images, by where they come from.
#[derive(Debug, Default)]
pub(super) struct Images<'m> {
    /// Hosts of ECR of the same region, with the repositories.
    pub(super) here: BTreeSet<Repository<'m>>,
    /// Hosts of other registries, and of ECR elsewhere.
    pub(super) elsewhere: BTreeSet<&'m str>,
}

/// A repository of ECR.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Repository<'m> {
    account: &'m str,
    region: &'m str,
    name: &'m str,
}

impl Repository<'_> {
    /// The account whose it is.
    pub(super) fn account(&self) -> &str {
        self.account
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        self.name
    }

    /// Its ARN.
    pub(super) fn arn(&self) -> String {
        let Self { account, region, name } = self;
        format!("arn:{}:ecr:{region}:{account}:repository/{name}", partition(region))
    }
}

/// The images of containers.
pub(super) fn images<'m>(model: &Model, containers: &'m [Container]) -> Images<'m> {
    let mut images = Images::default();
    for image in containers.iter().filter_map(|container| container.image.as_deref()) {
        match repository(image) {
            Some(found) if model.region.as_deref().is_none_or(|region| region == found.region) => {
                images.here.insert(found);
            }
            _ => {
                images.elsewhere.insert(registry(image));
            }
        }
    }
    images
}

/// `123456789012.dkr.ecr.eu-west-1.amazonaws.com/name:tag`
pub(super) fn repository(image: &str) -> Option<Repository<'_>> {
    let (host, path) = image.split_once('/')?;
    let (account, rest) = host.split_once(".dkr.ecr")?;
    let (endpoint, _) = rest.split_once(".amazonaws.com")?;
    let region = endpoint.strip_prefix("-fips").unwrap_or(endpoint).strip_prefix('.')?;
    let name = path.split('@').next().unwrap_or_default();
    let name = name.split(':').next().unwrap_or_default();
    Some(Repository { account, region, name })
}

/// The host of an image's registry; Docker Hub's if none is named.
fn registry(image: &str) -> &str {
    let first = image.split('/').next().unwrap_or_default();
    let named = image.contains('/') && (first.contains('.') || first.contains(':'));
    if named || first == "localhost" { first } else { "registry-1.docker.io" }
}

/// The partition of a region.
pub(super) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// A resource of the model's region and account; of [`ACCOUNT`], if that isn't known.
fn arn(model: &Model, service: &str, resource: &str) -> String {
    let region = model.region.as_deref().unwrap_or("REGION");
    let account = model.account.as_deref().unwrap_or(ACCOUNT);
    format!("arn:{}:{service}:{region}:{account}:{resource}", partition(region))
}

/// What an interface endpoint of ECR is asked for: a token. No resource limits it.
pub(super) fn token() -> Vec<Ask> {
    vec![Ask { action: "ecr:GetAuthorizationToken", resource: Some("*".to_owned()) }]
}

/// What is asked of ECR for images; of a repository that is not known, if there is none.
pub(super) fn pull(images: &Images<'_>) -> Vec<Ask> {
    let arns = images.here.iter().map(Repository::arn);
    each(&["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], arns)
}

/// What is asked of S3 for the layers of images.
pub(super) fn layers(model: &Model) -> Vec<Ask> {
    let region = model.region.as_deref().unwrap_or("REGION");
    let bucket = format!("prod-{region}-starport-layer-bucket");
    let layer = format!("arn:{}:s3:::{bucket}/layer", partition(region));
    each(&["s3:GetObject"], [layer])
}

/// What is asked of CloudWatch Logs for the containers that log there.
pub(super) fn logs(model: &Model, containers: &[Container]) -> Vec<Ask> {
    let awslogs = containers.iter().filter(|it| it.log_driver.as_deref() == Some("awslogs"));
    let streams = awslogs.filter_map(|container| {
        let option = |name: &str| container.log_options.get(name);
        let group = option("awslogs-group")?;
        let prefix = option("awslogs-stream-prefix").map_or("ecs", String::as_str);
        let stream = format!("{prefix}/{}/task", container.name);
        Some(arn(model, "logs", &format!("log-group:{group}:log-stream:{stream}")))
    });
    let unknown = containers
        .iter()
        .any(|it| it.unknown.keys().any(|path| path.starts_with("logConfiguration")));
    let actions = ["logs:CreateLogStream", "logs:PutLogEvents"];
    let mut asks = each(&actions, streams.collect::<BTreeSet<_>>());
    if unknown {
        asks.extend(each(&actions, []));
    }
    asks
}

/// What is asked of Secrets Manager or Systems Manager for what is injected.
pub(super) fn secrets(model: &Model, service: &str, containers: &[Container]) -> Vec<Ask> {
    let values = containers.iter().flat_map(|container| {
        let credentials = container.repository_credentials.as_deref();
        container.secrets.values().map(String::as_str).chain(credentials)
    });
    let of_service = values.filter(|value| store(value) == service);
    let resources = of_service.map(|value| match (service, value.starts_with("arn:")) {
        ("ssm", false) => {
            arn(model, "ssm", &format!("parameter/{}", value.trim_start_matches('/')))
        }
        (_, true) => secret(value),
        (_, false) => arn(model, "secretsmanager", &format!("secret:{value}")),
    });
    let action = match service {
        "ssm" => "ssm:GetParameters",
        _ => "secretsmanager:GetSecretValue",
    };
    each(&[action], resources.collect::<BTreeSet<_>>())
}

/// Which service keeps what a `valueFrom` names.
pub(super) fn store(value: &str) -> &'static str {
    if value.contains(":secretsmanager:") { "secretsmanager" } else { "ssm" }
}

/// A secret's whole ARN, as policies see it: without JSON key and version, and with the hyphen and
/// six characters that Secrets Manager appends to the name. ECS takes names without them, too.
fn secret(value: &str) -> String {
    if store(value) == "ssm" {
        return value.to_owned();
    }
    let parts: Vec<&str> = value.splitn(8, ':').take(7).collect();
    let arn = parts.join(":");
    let appended = arn
        .rsplit_once('-')
        .is_some_and(|(_, end)| end.len() == 6 && end.chars().all(|c| c.is_ascii_alphanumeric()));
    if appended || arn.contains('*') { arn } else { format!("{arn}-AbCdEf") }
}

/// Every action on every resource; on one that is not known, if there is none.
fn each(actions: &[&'static str], resources: impl IntoIterator<Item = String>) -> Vec<Ask> {
    let resources: Vec<String> = resources.into_iter().collect();
    let mut asks = Vec::new();
    for action in actions {
        if resources.is_empty() {
            asks.push(Ask { action, resource: None });
        }
        let known = resources.iter().map(|it| Ask { action, resource: Some(it.clone()) });
        asks.extend(known);
    }
    asks
}
