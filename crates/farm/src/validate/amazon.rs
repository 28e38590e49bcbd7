//! ARNs and ids: of the right kind, and in the farm's region.

use std::ops::Range;

use super::Scope;
use crate::diagnostic::{Diagnostic, quoted};
use crate::word::{Arn, ResourceId};

/// A kind of resource that is named by its ARN.
pub(super) struct Kind {
    /// With an article: `a certificate of ACM`.
    what: &'static str,
    /// `acm`.
    service: &'static str,
    /// What the resource part begins with: `certificate/`.
    prefix: &'static str,
    /// What follows it, for an example.
    rest: &'static str,
}

pub(super) const CERTIFICATE: Kind = Kind {
    what: "a certificate of ACM",
    service: "acm",
    prefix: "certificate/",
    rest: "6f1c2f5e-3f0c-4c38-9a6e-1d2b7d0c9a11",
};

pub(super) const KEY: Kind = Kind {
    what: "a key of KMS",
    service: "kms",
    prefix: "key/",
    rest: "1234abcd-12ab-34cd-56ef-1234567890ab",
};

pub(super) const TOPIC: Kind =
    Kind { what: "a topic of SNS", service: "sns", prefix: "", rest: "alarms" };

pub(super) const FUNCTION: Kind =
    Kind { what: "a function of Lambda", service: "lambda", prefix: "function:", rest: "rotate" };

/// Checks that an ARN is of a kind, whole, and in the farm's region.
pub(super) fn arn(
    scope: &Scope<'_>,
    arn: &Arn,
    kind: &Kind,
    at: &Range<usize>,
    problems: &mut Vec<Diagnostic>,
) {
    let Kind { what, service, prefix, rest } = kind;
    let sound = scope.farm.at.sound(&["region"]);
    let region = &scope.farm.region;
    let shown = if sound { region.as_str() } else { "REGION" };
    let example = format!("write it as `arn:aws:{service}:{shown}:123456789012:{prefix}{rest}`");
    let account = arn.account();
    let whole = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    let resource = arn.resource().strip_prefix(prefix).filter(|rest| !rest.is_empty());
    if arn.service() != *service {
        let title = format!("expected {what}, found something of {}", quoted(arn.service()));
        problems.push(Diagnostic::error("wrong-arn", title).at(at, "").help(example));
        return;
    }
    if !whole || resource.is_none() || arn.as_str().contains(['*', '?']) {
        let title = format!("this is not the ARN of {what}");
        problems.push(Diagnostic::error("wrong-arn", title).at(at, "").help(example));
        return;
    }
    if sound && arn.region() != region.as_str() {
        let title = format!(
            "it is in {}, and the farm is in {}",
            quoted(arn.region()),
            quoted(region.as_str())
        );
        let problem = Diagnostic::error("wrong-region", title)
            .at(at, "")
            .context(&scope.value(&["region"]), "the farm's region");
        problems.push(problem.help(format!("name {what} in {}", quoted(region.as_str()))));
    } else if sound && partition(arn) != region.partition() {
        let title = format!("{} is another partition", quoted(partition(arn)));
        let problem = Diagnostic::error("wrong-region", title).at(at, "");
        problems.push(problem.help(format!("begin it with `arn:{}:`", region.partition())));
    }
}

/// What follows `arn:`.
pub(super) fn partition(arn: &Arn) -> &str {
    arn.as_str().split(':').nth(1).unwrap_or_default()
}

/// Checks that an id is of a kind: `vpc`, `subnet`, `rtb`, `sg`.
pub(super) fn id(
    id: &ResourceId,
    kind: &str,
    what: &str,
    at: &Range<usize>,
    problems: &mut Vec<Diagnostic>,
) {
    if id.kind() != kind {
        let title = format!("{} is not {what}'s id", quoted(id.as_str()));
        let problem = Diagnostic::error("wrong-id", title).at(at, "");
        problems.push(problem.help(format!("{what}'s id begins with `{kind}-`")));
    }
}
