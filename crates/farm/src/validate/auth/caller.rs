//! ARNs of callers: patterns that somebody who signs requests can match.

use super::super::{Scope, amazon, twice};
use crate::diagnostic::{Diagnostic, quoted};
use crate::record::{Places, Spanned};
use crate::word::Arn;

/// The `principals` of a way to prove who calls, which is written at `at`.
pub(super) fn all(
    scope: &Scope<'_>,
    at: &Places,
    principals: &[Spanned<Arn>],
    problems: &mut Vec<Diagnostic>,
) {
    if at.sound(&["principals"]) && principals.is_empty() {
        let problem = Diagnostic::error("nobody", "nobody could prove it");
        problems.push(
            problem
                .at(at.of("principals"), "")
                .help("name roles: `arn:aws:sts::123456789012:assumed-role/NAME/*`"),
        );
    }
    for principal in principals {
        if let Err((title, help)) = caller(scope, &principal.value) {
            let problem = Diagnostic::error("bad-principal", title).at(&principal.span, "");
            problems.push(problem.help(help));
        }
    }
    let places = principals.iter().map(|it| (it.as_str(), it.span.clone()));
    twice(places, |it| format!("{} is there twice", quoted(it)), "remove one", problems);
}

/// Whether STS can answer with an ARN that a pattern matches. What is wrong otherwise, and what to
/// do.
fn caller(scope: &Scope<'_>, arn: &Arn) -> Result<(), (String, String)> {
    let (account, resource) = (arn.account(), arn.resource());
    let partition = amazon::partition(arn);
    let own = scope.farm.region.partition();
    if scope.farm.at.sound(&["region"]) && partition != own {
        let title = format!("{} is another partition", quoted(partition));
        return Err((title, format!("begin it with `arn:{own}:`")));
    }
    let prefix = format!("arn:{partition}:sts::{account}:assumed-role");
    if !matches!(arn.service(), "sts" | "iam") {
        let title = format!("something of {} signs no requests", quoted(arn.service()));
        return Err((title, format!("write it as `arn:{own}:sts::ACCOUNT:assumed-role/ROLE/*`")));
    }
    if !arn.region().is_empty() {
        let title = format!("a caller's ARN has no region, and this has {}", quoted(arn.region()));
        return Err((title, "leave the part empty: `arn:aws:sts::ACCOUNT:...`".to_owned()));
    }
    if account.len() != 12 || !account.chars().all(|c| c.is_ascii_digit()) {
        let title = format!("{} is not an account", quoted(account));
        let help = "write the account's 12 digits: other accounts name their roles as they like";
        return Err((title, help.to_owned()));
    }
    let parts: Vec<&str> = resource.split('/').collect();
    let drops = "the ARN that STS answers with has no path of the role";
    match (arn.service(), parts.as_slice()) {
        ("sts", ["assumed-role", role, session]) | ("iam", ["role", role, session])
            if role.is_empty() || session.is_empty() =>
        {
            Err(("a part of the ARN is empty".to_owned(), format!("write it as `{prefix}/ROLE/*`")))
        }
        ("sts", ["assumed-role", _, _]) | ("iam", ["role", _] | ["user", ..])
            if parts.len() > 1 =>
        {
            Ok(())
        }
        ("sts", ["assumed-role", role]) => {
            let title = "an assumed role has a session".to_owned();
            Err((title, format!("write `{prefix}/{role}/*` for any session")))
        }
        ("sts", ["assumed-role", .., role, session]) => {
            let title = format!("{drops}, so this matches nobody");
            Err((title, format!("write `{prefix}/{role}/{session}`")))
        }
        ("iam", ["role", .., role]) => {
            let title = format!("{drops}, so this matches nobody");
            Err((title, format!("write `{prefix}/{role}/*`")))
        }
        _ => {
            let title = "this is the ARN of nobody who signs requests".to_owned();
            Err((title, format!("write it as `{prefix}/ROLE/*`")))
        }
    }
}
