//! Reading a secret that is encrypted with a key of the account's own: it takes `kms:Decrypt` on that key
//! as well, which the key's policy has to allow, or to leave to the role's.
//!
//! Sources: AWS Secrets Manager User Guide, "Secret encryption and decryption in AWS Secrets Manager"; AWS
//! Systems Manager User Guide, "AWS KMS encryption for AWS Systems Manager Parameter Store SecureString
//! parameters". What AWS's own keys encrypt, everybody in the account may decrypt through the service.

use farmgate_aws::iam::{Decision, Outcome};
use farmgate_aws::model::{Key, Model, Note, Role, SourceKind, Val};

use super::{Asked, DECRYPT, Here, Secret, may};

/// What a secret is encrypted with, as a question to a role that reads it.
pub(crate) enum Encryption {
    /// Nothing more is asked; with what that assumes.
    Free(Option<Note>),
    /// A key of the account's own.
    Key(Asked, Option<Note>),
    /// It is not known.
    Unknown(Note),
}

/// What a secret is encrypted with. What no source shows is taken to be under AWS's own key.
pub(crate) fn encryption(model: &Model, here: &Here, secret: &Secret) -> Encryption {
    let own = secret.key.as_ref().and_then(|key| model.encrypted.get(key));
    match own {
        // A farm reads secrets under AWS's own keys: it gives nobody leave to use another.
        None if of_farms(model) => Encryption::Free(None),
        None => {
            let note = "secrets that no source shows are encrypted with AWS's own keys";
            Encryption::Free(Some(note.into()))
        }
        Some(Val::Known(None)) => Encryption::Free(None),
        Some(Val::Assumed(None, note)) => Encryption::Free(Some(note.clone())),
        Some(Val::Known(Some(key))) => Encryption::Key(asked(model, here, secret, key), None),
        Some(Val::Assumed(Some(key), note)) => {
            Encryption::Key(asked(model, here, secret, key), Some(note.clone()))
        }
        Some(Val::OneOf(_, note) | Val::Unknown(note)) => Encryption::Unknown(note.clone()),
    }
}

/// Whether there is nothing but farm files.
fn of_farms(model: &Model) -> bool {
    model.sources.iter().all(|source| source.kind == SourceKind::FarmFile)
}

/// The call that the service makes for whoever reads.
fn asked(model: &Model, here: &Here, secret: &Secret, key: &Key) -> Asked {
    let is_arn = |text: &str| text.starts_with("arn:");
    let named = model.aliases.iter().find(|(name, of)| *of == key && is_arn(name));
    let resource = match named {
        Some((arn, _)) => arn.clone(),
        None if is_arn(key.as_str()) => key.to_string(),
        None => here.arn("kms", "key/*"),
    };
    let mut when = Vec::new();
    if here.partition == "aws" {
        let service = if secret.parameter { "ssm" } else { "secretsmanager" };
        when.push(("kms:ViaService", format!("{service}.{}.amazonaws.com", here.region)));
    }
    if here.account != "*" {
        when.push(("kms:CallerAccount", here.account.clone()));
    }
    if is_arn(&secret.arn) {
        let name = match secret.parameter {
            true => "kms:EncryptionContext:PARAMETER_ARN",
            false => "kms:EncryptionContext:SecretARN",
        };
        when.push((name, secret.arn.clone()));
    }
    Asked { action: DECRYPT, resource, key: Some(key.clone()), when }
}

/// Whether a role may read a secret: get it, and decrypt it.
pub(crate) fn may_read(
    model: &Model,
    role: &Role,
    here: &Here,
    secret: &Secret,
    action: &'static str,
) -> Decision {
    let mut gets = may(model, role, here, &secret.read(action));
    if matches!(gets.outcome, Outcome::Denied | Outcome::NotAllowed) {
        return gets;
    }
    match encryption(model, here, secret) {
        Encryption::Free(note) => gets.assumes.extend(note),
        Encryption::Unknown(note) => {
            gets.outcome = Outcome::Unknown;
            gets.missing.insert(note);
        }
        Encryption::Key(asked, note) => {
            let decrypts = may(model, role, here, &asked);
            gets.assumes.extend(note);
            match decrypts.outcome {
                Outcome::Allowed => gets.assumes.extend(decrypts.assumes),
                Outcome::Unknown => {
                    gets.outcome = Outcome::Unknown;
                    gets.missing.extend(decrypts.missing);
                }
                Outcome::Denied | Outcome::NotAllowed => return decrypts,
            }
        }
    }
    gets
}
