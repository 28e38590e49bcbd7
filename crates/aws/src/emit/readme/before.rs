//! What must exist before the first apply, with the commands that make it. No command prints a
//! secret, or has one among its arguments, where other users of the machine would see it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::design::{Design, SecretSource};

pub(super) fn text(design: &Design) -> String {
    let simple = [account(design), network(design), certificates(design), others(design)];
    let simple: String = simple.iter().flatten().map(|line| format!("- {line}\n")).collect();
    let parts = [simple, secrets(design), images(design)];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

fn account(design: &Design) -> Vec<String> {
    let account = design.account.as_deref().unwrap_or("of the farm");
    vec![format!(
        "credentials for account {account}. `deploy-policy*.json` has what applying needs, and no \
         more."
    )]
}

fn network(design: &Design) -> Vec<String> {
    let Some(existing) = &design.farm.network.existing else { return Vec::new() };
    vec![format!(
        "the network {}, as the farm file describes it, with DNS support and DNS hostnames on.\n  \
         Nothing of it is changed, but VPC endpoints are added: it must have none with private DNS\n  \
         yet for a service that is in `endpoints.tf`.",
        existing.vpc
    )]
}

fn certificates(design: &Design) -> Vec<String> {
    let ingress = &design.farm.ingress;
    let zone = ingress.domain.zone.iter();
    let zone = zone.map(|zone| {
        let name = &ingress.domain.name;
        format!("the public hosted zone `{zone}` of Route 53, to which `{name}` belongs.")
    });
    let own = ingress.tls.certificate.iter().map(|arn| (arn, &ingress.domain.name));
    let services = design
        .farm
        .services
        .values()
        .filter_map(|service| Some((service.certificate.as_ref()?, service.domain.as_ref()?)));
    let certificates = own
        .chain(services)
        .map(|(arn, name)| format!("the certificate of `{name}`, issued:\n  `{arn}`"));
    zone.chain(certificates).collect()
}

fn others(design: &Design) -> Vec<String> {
    let functions = design.farm.rotation.iter().map(|rotation| {
        format!(
            "the function `{}`,\n  which Secrets Manager may invoke: it rotates `{}`.",
            rotation.function, rotation.secret.name
        )
    });
    let topic = design.farm.alarms.as_ref().and_then(|alarms| alarms.topic.as_ref());
    let topic =
        topic.map(|topic| format!("the topic `{topic}`,\n  to which CloudWatch may publish."));
    functions.chain(topic).collect()
}

/// A secret: its keys, if it is an object of JSON, and who reads it.
#[derive(Default)]
struct Secret {
    keys: BTreeSet<String>,
    readers: BTreeSet<String>,
}

/// The secrets that have to exist: of Secrets Manager, and of Systems Manager.
fn needed(design: &Design) -> [BTreeMap<String, Secret>; 2] {
    let (mut secrets, mut parameters) = (BTreeMap::new(), BTreeMap::new());
    for task in &design.tasks {
        for (variable, source) in task.containers.iter().flat_map(|it| &it.secrets) {
            let SecretSource::Arn(arn) = source else { continue };
            let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
            let entry: &mut Secret = match resource.strip_prefix("secret:") {
                Some(rest) => {
                    let mut parts = rest.split(':');
                    let name = parts.next().unwrap_or_default();
                    let secret: &mut Secret = secrets.entry(name.to_owned()).or_default();
                    secret
                        .keys
                        .extend(parts.next().filter(|key| !key.is_empty()).map(str::to_owned));
                    secret
                }
                None => {
                    let name = resource.strip_prefix("parameter").unwrap_or(resource);
                    parameters.entry(name.to_owned()).or_default()
                }
            };
            entry.readers.insert(format!("{} as {variable}", task.party.word()));
        }
    }
    [secrets, parameters]
}

fn secrets(design: &Design) -> String {
    let [secrets, parameters] = needed(design);
    if secrets.is_empty() && parameters.is_empty() {
        return String::new();
    }
    let region = design.farm.region.as_str();
    let mut text = SECRETS.to_owned();
    for (name, secret) in &secrets {
        let _ = writeln!(text, "# read by {}", joined(&secret.readers));
        let create = format!(
            "aws secretsmanager create-secret --region {region} --name '{name}' \\\n    \
             --secret-string file:///dev/stdin"
        );
        let keys: Vec<&str> = secret.keys.iter().map(String::as_str).collect();
        text.push_str(&piped(&keys, &create));
    }
    for (name, parameter) in &parameters {
        let _ = writeln!(text, "# read by {}", joined(&parameter.readers));
        let put = format!(
            "aws ssm put-parameter --region {region} --name '{name}' --type SecureString \\\n    \
             --value file:///dev/stdin"
        );
        text.push_str(&piped(&[], &put));
    }
    text.push_str("```\n");
    let keys = design.farm.gate.keys.as_ref().map(|keys| keys.name.clone());
    let keys = keys.unwrap_or_else(|| format!("{}/gate-keys", design.farm.farm));
    let _ = write!(text, "\n`farmgate key init` makes the value of `{keys}`.");
    if !design.farm.databases.is_empty() {
        text.push_str(" Passwords of databases are not among these: RDS makes\nthem.");
    }
    text.push('\n');
    text
}

const SECRETS: &str = "\
### Secrets

Terraform never sees them. Each command waits for a value, shows nothing of it, and passes it by
standard input, so that it is in no list of processes and in no history. Leave them under AWS's own
keys (`aws/secretsmanager`, `aws/ssm`): the roles may decrypt with no other.

```sh
";

fn joined(words: &BTreeSet<String>) -> String {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// A command that gets a value by standard input, or an object of JSON with a value for each key.
fn piped(keys: &[&str], command: &str) -> String {
    if keys.is_empty() {
        return format!(
            "IFS= read -rs VALUE && printf '%s' \"$VALUE\" |\n  {command}; unset VALUE\n"
        );
    }
    // A line for each key; jq takes them in order.
    let reads = keys.iter().map(|key| {
        format!("  echo '{key}:' >&2; IFS= read -rs VALUE; printf '%s\\n' \"$VALUE\"\n")
    });
    let fields: Vec<String> = keys.iter().map(|key| format!("\"{key}\": input")).collect();
    let (reads, fields) = (reads.collect::<String>(), fields.join(", "));
    format!("{{\n{reads}}} |\n  jq -Rn '{{{fields}}}' |\n  {command}\n")
}

fn images(design: &Design) -> String {
    let containers = design.definitions().flat_map(|task| &task.containers);
    let images: BTreeSet<&str> = containers.map(|container| container.image.as_str()).collect();
    let mut text = "### Images\n\n".to_owned();
    for image in &images {
        let _ = writeln!(text, "- `{image}`");
    }
    if !design.farm.repositories.create.is_empty() {
        text.push_str(
            "\nThe farm's own repositories come first, and then the images:\n\n```sh\n\
             terraform init\nterraform apply -target=aws_ecr_repository.farm\n```\n",
        );
    }
    let registries: BTreeSet<&str> = images
        .iter()
        .filter(|image| image.contains(".dkr.ecr."))
        .filter_map(|image| image.split('/').next())
        .collect();
    if registries.is_empty() {
        return text;
    }
    text.push_str("\n```sh\n");
    for registry in registries {
        let region = registry.split('.').nth(3).unwrap_or(design.farm.region.as_str());
        let _ = writeln!(
            text,
            "aws ecr get-login-password --region {region} |\n  docker login --username AWS \
             --password-stdin {registry}"
        );
    }
    text.push_str("docker push ...\n```\n");
    text
}
