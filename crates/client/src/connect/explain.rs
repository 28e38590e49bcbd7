//! What a refusal means and what to do about it: one line for people. Pure.
//!
//! A line may be read by anyone who reads the client's log: who called is named by key id, variable
//! and header, never by a secret. What the other side says is cut, and has no control characters.

use super::scope::Named;

/// The clock's difference that no verifier of SigV4 takes, in seconds.
const SKEW: i64 = 300;
/// The longest word of another that is repeated.
const LONGEST: usize = 200;

/// Who asked, as far as it may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// Nobody: no way to prove it was chosen.
    Nobody,
    /// The key in this variable, in this header, for this group.
    Key {
        /// The environment variable.
        variable: String,
        /// The header.
        header: String,
        /// The group.
        group: Option<String>,
    },
    /// The token in this variable.
    Token {
        /// The environment variable.
        variable: String,
    },
    /// A signature.
    Signed {
        /// The access key id.
        key_id: String,
        /// The region in the scope.
        region: String,
        /// The service in the scope.
        service: String,
        /// What the host's name says, if that is something else.
        named: Named,
    },
    /// A proof for STS.
    Proof {
        /// The access key id.
        key_id: String,
        /// The region whose STS is to verify it.
        region: String,
        /// The farm that it is for.
        audience: String,
    },
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The status.
    pub(crate) status: u16,
    /// What the other side says of it.
    pub(crate) told: Option<String>,
    /// By how many seconds our clock is ahead of the other's.
    pub(crate) ahead: Option<i64>,
    /// For how many seconds it wants to be left alone.
    pub(crate) after: Option<u64>,
}

/// The line for a refusal.
pub(crate) fn refused(who: &Who, refused: &Refused) -> String {
    let Refused { status, told, ahead, after } = refused;
    let told = told.as_deref().map(visible).filter(|told| !told.is_empty());
    let told = told.map(|told| format!(" (`{told}`)")).unwrap_or_default();
    if *status == 429 {
        let after = after.map(|it| format!("; it asks for {it} s of patience")).unwrap_or_default();
        return format!(
            "429{told}: too many calls{after}; call less often, or have the limit raised"
        );
    }
    let sent = sent(who);
    let signed = matches!(who, Who::Signed { .. } | Who::Proof { .. });
    if let Some(ahead) = ahead.filter(|ahead| signed && ahead.abs() > SKEW) {
        let way = if ahead > 0 { "ahead of" } else { "behind" };
        let by = ahead.abs();
        return format!(
            "{status}{told}: {sent}: this machine's clock is {by} s {way} the farm's: set the clock"
        );
    }
    format!("{status}{told}: {sent}: {}", advice(*status, who))
}

/// What was sent to prove who calls.
fn sent(who: &Who) -> String {
    match who {
        Who::Nobody => "nothing was sent that says who calls".to_owned(),
        Who::Key { variable, header, group } => {
            let group = group.as_ref().map(|it| format!(", group `{it}`")).unwrap_or_default();
            format!("the key of `{variable}` in the header `{header}`{group}")
        }
        Who::Token { variable } => format!("the token of `{variable}`"),
        Who::Signed { key_id, region, service, .. } => {
            format!("signed with {key_id} for region `{region}`, service `{service}`")
        }
        Who::Proof { key_id, region, audience } => {
            format!("a proof by {key_id} for the farm `{audience}`, verified in `{region}`")
        }
    }
}

fn advice(status: u16, who: &Who) -> String {
    match who {
        Who::Nobody => {
            "say who calls by --sigv4, --sts-proof, --api-key-env VAR or --token-env VAR".to_owned()
        }
        Who::Key { group: None, .. } if status == 401 => {
            "the farm does not know it, or wants its group: give --group".to_owned()
        }
        Who::Key { .. } if status == 401 => {
            "the farm does not know it, or not in this group: `farmgate key list` shows the keys".to_owned()
        }
        Who::Token { .. } if status == 401 => {
            "it has expired, or is for another farm: get another one and start again".to_owned()
        }
        Who::Signed { region, service, named, .. } => {
            let other = |named: &Option<String>, used: &str| {
                named.clone().filter(|named| named != used)
            };
            match (other(&named.region, region), other(&named.service, service)) {
                (Some(named), _) => format!("the host's name says `{named}`: leave out --region"),
                (_, Some(named)) => format!("the host's name says `{named}`: leave out --service"),
                _ => "check key, --region and --service against the farm's `sigv4_issued_keys` \
                      (or the IAM policy); other credentials: --profile"
                    .to_owned(),
            }
        }
        Who::Proof { .. } if status == 401 => {
            "check --audience (the farm's domain), --region, and that the principal is in the farm's \
             `sts_proof`"
                .to_owned()
        }
        _ => "this caller is known, and may not do that: ask for a rule in the farm's `tools`, or \
              check the address from which it comes"
            .to_owned(),
    }
}

/// A text of another side: without control characters, and not long.
pub(crate) fn visible(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().filter(|it| !it.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(who: &Who, status: u16, ahead: Option<i64>) -> String {
        refused(who, &Refused { status, told: None, ahead, after: None })
    }

    fn signed() -> Who {
        Who::Signed {
            key_id: "FGAKEXAMPLE".to_owned(),
            region: "us-west-2".to_owned(),
            service: "execute-api".to_owned(),
            named: Named::default(),
        }
    }

    #[test]
    fn a_line_says_who_asked_and_what_to_do() {
        assert!(line(&Who::Nobody, 401, None).contains("--sigv4"));
        let key = Who::Key {
            variable: "KEY".to_owned(),
            header: "x-api-key".to_owned(),
            group: Some("people".to_owned()),
        };
        let said = line(&key, 401, None);
        assert!(said.contains("`KEY`") && said.contains("`people`"), "{said}");
        let said = line(&signed(), 403, None);
        for word in ["FGAKEXAMPLE", "us-west-2", "execute-api"] {
            assert!(said.contains(word), "{said}");
        }
        assert!(line(&key, 403, None).contains("tools"));
    }

    #[test]
    fn a_wrong_clock_is_said_to_those_who_sign() {
        assert!(line(&signed(), 401, Some(400)).contains("400 s ahead"));
        assert!(line(&signed(), 401, Some(-400)).contains("400 s behind"));
        assert!(!line(&signed(), 401, Some(200)).contains("clock"));
        assert!(!line(&Who::Nobody, 401, Some(400)).contains("clock"));
    }

    #[test]
    fn a_scope_that_the_host_contradicts_is_said() {
        let Who::Signed { key_id, region, service, .. } = signed() else { return };
        let named = Named { region: Some("eu-west-1".to_owned()), service: None };
        let said = line(&Who::Signed { key_id, region, service, named }, 403, None);
        assert!(said.contains("`eu-west-1`"), "{said}");
    }

    #[test]
    fn what_the_other_side_says_is_one_short_line() {
        let told = Some(format!("a\nb\u{1b}[31m{}", "x".repeat(1000)));
        let after = Some(7);
        let said = refused(&Who::Nobody, &Refused { status: 429, told, ahead: None, after });
        assert!(said.contains("`a b[31mx") && said.contains("7 s"), "{said}");
        assert!(said.len() < 400 && !said.chars().any(char::is_control), "{said}");
    }
}
