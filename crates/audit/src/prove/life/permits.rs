//! What a service needs to be *allowed* in order to start: that ECS may take on its roles, pull its
//! images, write its log and read what is injected.
//!
//! Sources: Amazon ECS Developer Guide, "Amazon ECS task execution IAM role"; Amazon ECR User Guide,
//! "Amazon ECR IAM policy examples" (a pull takes `BatchGetImage` and `GetDownloadUrlForLayer`;
//! `BatchCheckLayerAvailability` belongs to a push); Service Authorization Reference.

use std::collections::BTreeSet;

use farmgate_aws::iam::Outcome;
use farmgate_aws::model::{Container, EcsService, Key, Note, Role, TaskDefinition, Val};

use super::needs;
use crate::prove::iam::{Asked, Encryption, Here, Secret, allowed, encryption, may, trusts_ecs};
use crate::prove::{Proof, Tally};
use crate::report::{Family, Statement, Verdict};

/// How many causes one statement shows.
const MOST_ASKED: usize = 400;

/// The role with which a task is started, as far as it is known.
enum Execution<'m> {
    Role(&'m Role, Option<Note>),
    /// The task definition names none.
    None,
    /// It is not known, or no source shows its policies.
    Unknown(String),
}

pub(super) fn prove(proof: &Proof<'_>, key: &Key, service: &EcsService) -> Vec<Statement> {
    let definition = service.task_definition.get().and_then(Option::as_ref);
    let Some(definition) = definition.and_then(|d| proof.model.task_definitions.get(d)) else {
        return Vec::new();
    };
    let mut all: Vec<Statement> = Vec::new();
    all.extend(roles(proof, key, definition));
    let execution = execution(proof, &definition.execution_role);
    let (role, assumed) = match &execution {
        Execution::Role(role, assumed) => (Some(*role), assumed.clone()),
        Execution::None => (None, None),
        Execution::Unknown(missing) => {
            let mut tally = Tally::new();
            tally.unknown(missing);
            let text = format!("the execution role of {key} lets ECS start it");
            all.push(tally.statement("may-start", Family::Life, &[key], text));
            return all;
        }
    };
    let question = Question { proof, key, definition, role, here: Here::of(proof.model, role) };
    for (kind, does, asks) in [
        ("may-pull-image", "pull the image", question.images()),
        ("may-write-logs", "write the log", question.logs()),
        ("may-read-secrets", "read the secrets", question.secrets()),
    ] {
        if asks.is_empty() {
            continue;
        }
        let mut tally = question.answer(&asks);
        if let Some(note) = &assumed {
            tally.assume(note);
        }
        let text = match role {
            Some(role) => format!("ECS may {does} of {key}, with {}", role.key),
            None => format!("ECS may {does} of {key}"),
        };
        all.push(tally.statement(kind, Family::Life, &[key], text));
    }
    all
}

fn execution<'m>(proof: &Proof<'m>, named: &Val<Option<Key>>) -> Execution<'m> {
    match named {
        Val::Known(Some(key)) | Val::Assumed(Some(key), _) => match proof.model.roles.get(key) {
            Some(role) => Execution::Role(role, named.assumed().cloned()),
            None => Execution::Unknown(format!("the policies of {key}, which no source shows")),
        },
        Val::Known(None) | Val::Assumed(None, _) => Execution::None,
        Val::OneOf(_, note) | Val::Unknown(note) => Execution::Unknown(note.to_string()),
    }
}

/// ECS may take on the roles that a task definition names.
fn roles(proof: &Proof<'_>, key: &Key, definition: &TaskDefinition) -> Option<Statement> {
    let named = [&definition.execution_role, &definition.task_role];
    let keys = named.iter().filter_map(|role| role.get()).flatten();
    let keys: BTreeSet<&Key> = keys.filter(|key| proof.model.roles.contains_key(*key)).collect();
    if keys.is_empty() {
        return None;
    }
    let mut tally = Tally::new();
    tally.assume_all(named.iter().filter_map(|role| role.assumed()));
    for role in keys.iter().filter_map(|key| proof.model.roles.get(*key)) {
        let here = Here::of(proof.model, Some(role));
        let decision = trusts_ecs(proof.model, role, &here);
        for note in &decision.assumes {
            tally.assume(note);
        }
        let origin = &role.trust.origin;
        match decision.outcome {
            Outcome::Allowed => {}
            Outcome::Unknown => {
                for note in &decision.missing {
                    tally.unknown(format!("{note}, in {origin}"));
                }
            }
            Outcome::Denied | Outcome::NotAllowed => {
                let text = "its trust policy does not let `ecs-tasks.amazonaws.com` take it on";
                tally.fact(Verdict::Refuted, "NOT_TRUSTED", origin, text);
            }
        }
    }
    let text = format!("ECS may take on the roles of {key}: {}", crate::prove::listed(&keys));
    Some(tally.statement("may-take-roles", Family::Life, &[key], text))
}

/// A question, with what to say if what is asked for is not known.
struct Need {
    /// Each of these has to be allowed.
    asked: Asked,
    /// The same in another form, which AWS's documents give too.
    or: Option<Asked>,
    /// Why it is not known what is asked for. It may be less: not to be allowed is no fault then.
    unsure: Option<Note>,
    /// What is assumed for it to be all.
    assumes: Option<Note>,
}

impl Need {
    fn new(asked: Asked) -> Self {
        Self { asked, or: None, unsure: None, assumes: None }
    }
}

struct Question<'p, 'm> {
    proof: &'p Proof<'m>,
    key: &'p Key,
    definition: &'p TaskDefinition,
    role: Option<&'p Role>,
    here: Here,
}

impl Question<'_, '_> {
    fn answer(&self, needs: &[Need]) -> Tally {
        let mut tally = Tally::new();
        let Some(role) = self.role else {
            for note in needs.iter().filter_map(|need| need.unsure.as_ref()) {
                tally.unknown(note);
            }
            if needs.iter().any(|need| need.unsure.is_none()) {
                let text = "the task definition names no execution role";
                let origin = &self.definition.key;
                tally.fact(Verdict::Refuted, "NO_EXECUTION_ROLE", origin, text);
            }
            return tally;
        };
        let model = self.proof.model;
        for Need { asked, or, unsure, assumes } in needs.iter().take(MOST_ASKED) {
            tally.assume_all(assumes);
            let mut decision = may(model, role, &self.here, asked);
            if let (Some(or), true) = (or, decision.outcome != Outcome::Allowed) {
                let other = may(model, role, &self.here, or);
                if other.outcome == Outcome::Allowed {
                    decision = other;
                }
            }
            match (unsure, decision.outcome) {
                (Some(note), outcome) if outcome != Outcome::Allowed => tally.unknown(note),
                _ => allowed(&mut tally, &role.key, asked, &decision),
            }
        }
        if needs.len() > MOST_ASKED {
            tally.unknown(format!("what {} needs: it is more than is asked", self.key));
        }
        tally
    }

    /// The containers, or why they are not known.
    fn containers(&self) -> Result<&[Container], Note> {
        match &self.definition.containers {
            Val::Known(list) | Val::Assumed(list, _) => Ok(list),
            Val::OneOf(_, note) | Val::Unknown(note) => Err(note.clone()),
        }
    }

    /// Something of which only the kind is known.
    fn any(&self, action: &'static str, service: &str, kind: &str, note: &Note) -> Need {
        let asked =
            Asked { action, resource: self.here.arn(service, kind), key: None, when: Vec::new() };
        Need { unsure: Some(note.clone()), ..Need::new(asked) }
    }

    fn images(&self) -> Vec<Need> {
        const PULL: [&str; 2] = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
        let mut all = Vec::new();
        let mut token: Option<Option<Note>> = None;
        let containers = match self.containers() {
            Ok(containers) => containers,
            Err(note) => {
                all.extend(PULL.map(|action| self.any(action, "ecr", "repository/*", &note)));
                token = Some(Some(note));
                &[]
            }
        };
        let mut repositories = BTreeSet::new();
        for container in containers {
            if let Some(note) = container.unknown.get("image") {
                all.extend(PULL.map(|action| self.any(action, "ecr", "repository/*", note)));
                token.get_or_insert_with(|| Some(note.clone()));
            } else if let Some(found) = container.image.as_deref().and_then(needs::repository) {
                repositories.insert(found);
            }
        }
        for repository in &repositories {
            token = Some(None);
            let named = self.proof.model.repositories.values().find(|it| {
                let named = matches!(&it.name, Val::Known(Some(name)) if name == repository.name());
                named && [self.here.account.as_str(), "*"].contains(&repository.account())
            });
            for action in PULL {
                let key = named.map(|found| found.key.clone());
                let asked = Asked { action, resource: repository.arn(), key, when: Vec::new() };
                all.push(Need::new(asked));
            }
        }
        if let Some(unsure) = token {
            let action = "ecr:GetAuthorizationToken";
            let asked = Asked { action, resource: "*".to_owned(), key: None, when: Vec::new() };
            all.push(Need { unsure, ..Need::new(asked) });
        }
        all
    }

    fn logs(&self) -> Vec<Need> {
        const WRITE: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];
        let any = "log-group:*:log-stream:*";
        let containers = match self.containers() {
            Ok(containers) => containers,
            Err(note) => return WRITE.map(|action| self.any(action, "logs", any, &note)).into(),
        };
        let mut all = Vec::new();
        for container in containers {
            let unknown = |name: &str| container.unknown.get(name);
            if let Some(note) = unknown("logConfiguration") {
                all.extend(WRITE.map(|action| self.any(action, "logs", any, note)));
            }
            if container.log_driver.as_deref() != Some("awslogs") {
                continue;
            }
            let option = |name: &str| container.log_options.get(name).map(String::as_str);
            let Some(group) = option("awslogs-group") else {
                let of = format!("logConfiguration.options.{}", "awslogs-group");
                let note = unknown(&of).cloned().unwrap_or_else(|| {
                    format!("the log group of `{}` of {}", container.name, self.definition.key)
                        .into()
                });
                all.extend(WRITE.map(|action| self.any(action, "logs", any, &note)));
                continue;
            };
            let mut here = self.here.clone();
            if let Some(region) = option("awslogs-region") {
                here.region = region.to_owned();
            }
            let named = self.proof.model.named.iter();
            let mut named = named.filter(|it| it.kind == "log group" && it.name == group);
            let key = self.proof.model.aliases.get(group).cloned();
            let key = key.or_else(|| named.next().map(|it| it.key.clone()));
            let ask = |action, resource: &str| Asked {
                action,
                resource: here.arn("logs", resource),
                key: key.clone(),
                when: Vec::new(),
            };
            let prefix = option("awslogs-stream-prefix").unwrap_or("*");
            let stream = format!("log-group:{group}:log-stream:{prefix}/{}/*", container.name);
            let streams = WRITE.map(|action| ask(action, &stream));
            all.extend(streams.map(Need::new));
            if option("awslogs-create-group") == Some("true") {
                let action = "logs:CreateLogGroup";
                let asked = ask(action, &format!("log-group:{group}"));
                // The form in which CloudWatch Logs itself names a group in its answers.
                let or = Some(ask(action, &format!("log-group:{group}:log-stream:")));
                all.push(Need { or, ..Need::new(asked) });
            }
        }
        all
    }

    fn secrets(&self) -> Vec<Need> {
        let containers = match self.containers() {
            Ok(containers) => containers,
            Err(note) => return self.mentioned(&note),
        };
        let mut all = Vec::new();
        let mut seen = BTreeSet::new();
        for container in containers {
            let values = container.secrets.values().map(String::as_str);
            for value in values.chain(container.repository_credentials.as_deref()) {
                let secret = Secret::named(self.proof.model, &self.here, value);
                if seen.insert(secret.clone()) {
                    all.extend(self.reads(&secret));
                }
            }
            for (name, note) in &container.unknown {
                if name == "secrets" || name.starts_with("secrets.") {
                    let action = "secretsmanager:GetSecretValue";
                    all.push(self.any(action, "secretsmanager", "secret:*", note));
                }
            }
        }
        all
    }

    /// To get a secret, and to decrypt it.
    fn reads(&self, secret: &Secret) -> Vec<Need> {
        let gets = Need::new(asks(secret));
        match encryption(self.proof.model, &self.here, secret) {
            Encryption::Free(assumes) => vec![Need { assumes, ..gets }],
            Encryption::Key(asked, assumes) => {
                vec![gets, Need { assumes, ..Need::new(asked) }]
            }
            Encryption::Unknown(note) => {
                let decrypts = self.any("kms:Decrypt", "kms", "key/*", &note);
                vec![gets, decrypts]
            }
        }
    }

    /// Of containers that are not known: what their expression names.
    fn mentioned(&self, note: &Note) -> Vec<Need> {
        let mentions = self.definition.mentions.iter();
        let needs = mentions.filter_map(|key| {
            let (action, service, kind) = match key.resource_type()? {
                "aws_secretsmanager_secret" => {
                    ("secretsmanager:GetSecretValue", "secretsmanager", "secret")
                }
                "aws_ssm_parameter" => ("ssm:GetParameters", "ssm", "parameter"),
                _ => return None,
            };
            let named = self.proof.model.named.iter().find(|it| it.key == *key);
            let resource = match (named, kind) {
                (Some(it), "secret") => format!("secret:{}-??????", it.name),
                (Some(it), _) => format!("parameter/{}", it.name.trim_start_matches('/')),
                (None, "secret") => "secret:*".to_owned(),
                (None, _) => "parameter/*".to_owned(),
            };
            let resource = self.here.arn(service, &resource);
            let asked = Asked { action, resource, key: Some(key.clone()), when: Vec::new() };
            Some(Need { unsure: Some(note.clone()), ..Need::new(asked) })
        });
        needs.collect()
    }
}

/// What ECS asks for in order to inject a secret.
fn asks(secret: &Secret) -> Asked {
    secret.read(match secret.parameter {
        true => "ssm:GetParameters",
        false => "secretsmanager:GetSecretValue",
    })
}
