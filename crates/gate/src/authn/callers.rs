//! Callers of AWS: the ARN that AWS says of whoever signed a request, and which of them a farm lets
//! in.
//!
//! STS says a role's session as `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`, without the path
//! that the role may have; a pattern with one would match nobody, and is refused with that reason. A
//! user's ARN has its path. The same rules are in `farmgate-farm`, which tells them with the place in
//! the farm file; here they hold for a configuration that was written by hand.

use wildmatch::WildMatchPattern;

/// The longest ARN that is read: AWS's are at most 2048 characters long.
const LONGEST: usize = 2048;

/// `*` stands for any text and nothing else for anything but itself: NUL is in no pattern.
type Part = WildMatchPattern<'*', '\0'>;

/// The callers that a farm lets in.
#[derive(Debug)]
pub(super) struct Callers {
    patterns: Vec<Pattern>,
}

/// One ARN with wildcards. A wildcard doesn't cross a `/`.
#[derive(Debug)]
struct Pattern {
    partition: String,
    account: String,
    service: &'static str,
    parts: Vec<Part>,
}

/// An ARN in its parts.
#[derive(Debug)]
struct Arn<'a> {
    partition: &'a str,
    service: &'a str,
    account: &'a str,
    resource: &'a str,
}

// === impl Arn ===

impl<'a> Arn<'a> {
    /// Of a caller: there is no region in it.
    fn parse(text: &'a str) -> Result<Self, &'static str> {
        if text.len() > LONGEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("it is no ARN");
        }
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().ok_or("it is no ARN");
        if next()? != "arn" {
            return Err("it is no ARN");
        }
        let (partition, service) = (next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        if !partition.starts_with("aws") || !region.is_empty() {
            return Err("a caller's ARN begins with `arn:aws:` and has no region");
        }
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("its account is not 12 digits");
        }
        Ok(Self { partition, service, account, resource })
    }
}

// === impl Callers ===

impl Callers {
    /// Those that one of these patterns matches.
    ///
    /// # Errors
    /// If there is none, or one can match nobody, with the reason.
    pub(super) fn new(patterns: &[String]) -> Result<Self, String> {
        if patterns.is_empty() {
            return Err("`principals` is empty, so nobody could prove it".to_owned());
        }
        let pattern = |text: &String| {
            Pattern::parse(text).map_err(|why| format!("`{text}` matches no caller: {why}"))
        };
        Ok(Self { patterns: patterns.iter().map(pattern).collect::<Result<_, _>>()? })
    }

    /// Whether a caller is one of them.
    pub(super) fn has(&self, caller: &str) -> bool {
        let Ok(arn) = Arn::parse(caller) else { return false };
        let parts: Vec<&str> = arn.resource.split('/').collect();
        self.patterns.iter().any(|pattern| pattern.matches(&arn, &parts))
    }
}

/// Whether a text is written as the ARN of a caller, so that it can be a principal's name.
pub(super) fn is_caller(text: &str) -> bool {
    Arn::parse(text).is_ok_and(|arn| {
        let empty = arn.resource.split('/').any(str::is_empty);
        matches!(arn.service, "sts" | "iam") && !empty
    })
}

/// The account in a caller's ARN.
pub(super) fn account(text: &str) -> Option<&str> {
    Arn::parse(text).ok().map(|arn| arn.account)
}

// === impl Pattern ===

impl Pattern {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let arn = Arn::parse(text)?;
        let parts: Vec<&str> = arn.resource.split('/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Err("a part of it is empty");
        }
        let (service, parts) = match (arn.service, parts.as_slice()) {
            ("sts", ["assumed-role", _, _]) | ("iam", ["user", _, ..]) => (arn.service, parts),
            // Any session of the role.
            ("iam", ["role", role]) => ("sts", vec!["assumed-role", *role, "*"]),
            ("sts", ["assumed-role", _]) => {
                return Err("an assumed role has a session: end it with `/*` for any");
            }
            ("iam", ["role", _, ..]) | ("sts", ["assumed-role", _, ..]) => {
                return Err("the ARN that STS says has no path of the role: leave the path out");
            }
            _ => return Err("it is neither a role nor a user"),
        };
        Ok(Self {
            partition: arn.partition.to_owned(),
            account: arn.account.to_owned(),
            service: if service == "sts" { "sts" } else { "iam" },
            parts: parts.into_iter().map(Part::new).collect(),
        })
    }

    fn matches(&self, arn: &Arn<'_>, parts: &[&str]) -> bool {
        self.partition == arn.partition
            && self.account == arn.account
            && self.service == arn.service
            && self.parts.len() == parts.len()
            && self.parts.iter().zip(parts).all(|(pattern, part)| pattern.matches(part))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn has(patterns: &[&str], caller: &str) -> bool {
        let patterns: Vec<String> = patterns.iter().map(|&it| it.to_owned()).collect();
        Callers::new(&patterns).unwrap().has(caller)
    }

    #[test]
    fn a_pattern_matches_whom_it_says_and_nobody_else() {
        let agents = "arn:aws:sts::123456789012:assumed-role/agents-*/*";
        for (patterns, caller, want) in [
            (&[agents][..], "arn:aws:sts::123456789012:assumed-role/agents-a/me@example.com", true),
            (&[agents], "arn:aws:sts::123456789012:assumed-role/agents-/x", true),
            (&[agents], "arn:aws:sts::123456789012:assumed-role/admins/agents-a", false),
            (&[agents], "arn:aws:sts::123456789012:assumed-role/agents-a", false),
            (&[agents], "arn:aws:sts::123456789012:assumed-role/agents-a/b/c", false),
            (&[agents], "arn:aws:sts::210987654321:assumed-role/agents-a/b", false),
            (&[agents], "arn:aws-cn:sts::123456789012:assumed-role/agents-a/b", false),
            (&[agents], "arn:aws:iam::123456789012:assumed-role/agents-a/b", false),
            (&[agents], "arn:aws:sts::123456789012:federated-user/agents-a/b", false),
            (&[agents], "arn:aws:iam::123456789012:root", false),
            (&[agents], "", false),
            (
                &["arn:aws:iam::123456789012:role/a"],
                "arn:aws:sts::123456789012:assumed-role/a/s",
                true,
            ),
            (&["arn:aws:iam::123456789012:role/a"], "arn:aws:iam::123456789012:role/a", false),
            (
                &["arn:aws:iam::123456789012:role/a"],
                "arn:aws:sts::123456789012:assumed-role/ab/s",
                false,
            ),
            (&["arn:aws:iam::123456789012:user/*"], "arn:aws:iam::123456789012:user/bob", true),
            (
                &["arn:aws:iam::123456789012:user/*"],
                "arn:aws:iam::123456789012:user/team/bob",
                false,
            ),
            (
                &["arn:aws:iam::123456789012:user/team/*"],
                "arn:aws:iam::123456789012:user/team/bob",
                true,
            ),
            (&["arn:aws:iam::123456789012:user/b?b"], "arn:aws:iam::123456789012:user/bob", false),
            (
                &["arn:aws:iam::123456789012:user/*", agents],
                "arn:aws:sts::123456789012:assumed-role/agents-a/b",
                true,
            ),
        ] {
            assert_eq!(has(patterns, caller), want, "{patterns:?} {caller}");
        }
    }

    #[test]
    fn what_can_match_nobody_is_refused_with_the_reason() {
        for (pattern, why) in [
            ("arn:aws:iam::123456789012:role/service/agents", "no path of the role"),
            ("arn:aws:sts::123456789012:assumed-role/service/agents/*", "no path of the role"),
            ("arn:aws:sts::123456789012:assumed-role/agents", "has a session"),
            ("arn:aws:sts::*:assumed-role/agents/*", "12 digits"),
            ("arn:aws:sts:us-east-1:123456789012:assumed-role/agents/*", "no region"),
            ("arn:aws:s3:::bucket", "12 digits"),
            ("arn:aws:iam::123456789012:root", "neither a role nor a user"),
            ("arn:aws:iam::123456789012:user", "neither a role nor a user"),
            ("arn:aws:sts::123456789012:assumed-role//x", "empty"),
            ("*", "no ARN"),
        ] {
            let error = Callers::new(&[pattern.to_owned()]).unwrap_err();
            assert!(error.contains(why) && error.contains(pattern), "{error}");
        }
        assert!(Callers::new(&[]).unwrap_err().contains("nobody"));
    }
}
