//! What a design's parts have in common: the farm, its account, and how ARNs are made.

use farmgate_farm::farm::{Container, Farm};
use farmgate_farm::gate;
use farmgate_farm::word::{Image, SecretRef, SecretStore};

use super::SecretSource;

/// The account in ARNs while none is known. No account has this number; `build` refuses it.
pub const NO_ACCOUNT: &str = "000000000000";

/// A farm and where it is.
pub(super) struct Base<'a> {
    pub(super) farm: &'a Farm,
    pub(super) arns: Arns,
}

/// How ARNs of the farm's account and region are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arns {
    partition: &'static str,
    suffix: &'static str,
    region: String,
    account: String,
}

/// The account: what the file says, else that of the certificate, which must be the load balancer's
/// own, else that of the first image in ECR.
pub(super) fn account(farm: &Farm) -> Option<String> {
    let written = farm.account.as_ref().map(|account| account.as_str().to_owned());
    let certificate = || {
        let arn = farm.ingress.tls.certificate.as_ref()?;
        Some(arn.account().to_owned()).filter(|account| !account.is_empty())
    };
    let image = || {
        let servers = gate::enabled(farm).map(|(_, server)| &server.container);
        let services = farm.services.values().map(|service| &service.container);
        let images = servers.chain(services).filter_map(|container| container.image.as_ref());
        let mut images = farm.gate.image.iter().chain(images);
        images.find_map(|image| image.ecr().map(|ecr| ecr.account.to_owned()))
    };
    written.or_else(certificate).or_else(image)
}

impl Arns {
    /// Those of a farm.
    pub(super) fn new(farm: &Farm, account: Option<&str>) -> Self {
        Self {
            partition: farm.region.partition(),
            suffix: farm.region.dns_suffix(),
            region: farm.region.as_str().to_owned(),
            account: account.unwrap_or(NO_ACCOUNT).to_owned(),
        }
    }

    /// The ARN of a resource of a service: `arn:aws:logs:us-west-2:123456789012:RESOURCE`.
    #[must_use]
    pub fn of(&self, service: &str, resource: &str) -> String {
        let Self { partition, region, account, .. } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// The ARN of a log group's streams, as IAM wants it.
    #[must_use]
    pub fn log_streams(&self, group: &str) -> String {
        self.of("logs", &format!("log-group:{group}:*"))
    }

    /// The ARN of a repository of ECR; of this account and region, if the image isn't in another.
    #[must_use]
    pub fn repository(&self, image: &str) -> Option<String> {
        let image = parsed(image)?;
        let ecr = image.ecr()?;
        let Self { partition, .. } = self;
        Some(format!("arn:{partition}:ecr:{}:{}:repository/{}", ecr.region, ecr.account, ecr.name))
    }

    /// Whether an image is in ECR of this region, so that endpoints lead to it.
    #[must_use]
    pub fn is_here(&self, image: &str) -> bool {
        let image = parsed(image);
        image.and_then(|image| image.ecr().map(|ecr| ecr.region == self.region)).unwrap_or_default()
    }

    /// The host of this account's registry in ECR.
    #[must_use]
    pub fn registry(&self) -> String {
        let Self { suffix, region, account, .. } = self;
        format!("{account}.dkr.ecr.{region}.{suffix}")
    }

    /// An image of ECR in this account, for what has none in the file.
    pub(super) fn image(&self, repository: &str) -> String {
        format!("{}/{repository}", self.registry())
    }

    /// Where S3 keeps the layers of images (Amazon ECR User Guide, "Interface VPC endpoints").
    #[must_use]
    pub fn layers(&self) -> String {
        let Self { partition, region, .. } = self;
        format!("arn:{partition}:s3:::prod-{region}-starport-layer-bucket/*")
    }

    /// What ECS is told of a secret.
    pub(super) fn secret(&self, secret: &SecretRef) -> SecretSource {
        match secret.store {
            SecretStore::SecretsManager => {
                let arn = self.of("secretsmanager", &format!("secret:{}", secret.name));
                SecretSource::Arn(match &secret.key {
                    Some(key) => format!("{arn}:{key}::"),
                    None => arn,
                })
            }
            SecretStore::Parameter => {
                SecretSource::Arn(self.of("ssm", &format!("parameter{}", secret.name)))
            }
            SecretStore::Database => {
                // A reference to a database begins with a name that was read as one.
                match farmgate_farm::record::Word::parse(&secret.name) {
                    Ok(name) => SecretSource::Database(name, secret.key.clone()),
                    Err(_) => SecretSource::Arn(self.managed_secrets()),
                }
            }
        }
    }

    /// The secrets that RDS makes and manages in this account: their names are known only once
    /// they are made.
    #[must_use]
    pub fn managed_secrets(&self) -> String {
        self.of("secretsmanager", "secret:rds!db-*")
    }

    /// The resource of a policy for what a container is injected: the secret without its key, with the
    /// six characters that Secrets Manager appends.
    #[must_use]
    pub fn granted(&self, source: &SecretSource) -> String {
        match source {
            SecretSource::Arn(arn) if arn.split(':').nth(2) == Some("secretsmanager") => {
                let name: Vec<&str> = arn.splitn(8, ':').take(7).collect();
                format!("{}-??????", name.join(":"))
            }
            SecretSource::Arn(arn) => arn.clone(),
            SecretSource::Database(name, _) => format!("{}{name}", super::Grant::DATABASE),
        }
    }
}

fn parsed(image: &str) -> Option<Image> {
    farmgate_farm::record::Word::parse(image).ok()
}

impl Base<'_> {
    /// A container's image, or what `check` assumes.
    pub(super) fn image(&self, name: &str, container: &Container) -> String {
        container.image.as_ref().map_or_else(
            || self.arns.image(&format!("{}/{name}", self.farm.farm)),
            |image| image.as_str().to_owned(),
        )
    }

    /// Farmgate's own image.
    pub(super) fn farmgate(&self) -> String {
        let image = self.farm.gate.image.as_ref();
        image.map_or_else(|| self.arns.image("farmgate"), |image| image.as_str().to_owned())
    }
}
