//! Where a stack is deployed: the region and the account, as far as the sources say so.
//!
//! CDK writes both into the names of its bootstrap bucket and repository, which are always those of
//! the stack's own environment; its manifest names them outright.

use std::collections::BTreeSet;

/// A region and an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Environment {
    pub(super) region: Option<String>,
    pub(super) account: Option<String>,
}

impl Environment {
    /// What stands in texts for the region: the word that the statements use for it, too.
    pub(super) fn region(&self) -> &str {
        self.region.as_deref().unwrap_or("REGION")
    }

    /// What stands in texts for the account.
    pub(super) fn account(&self) -> &str {
        self.account.as_deref().unwrap_or("ACCOUNT")
    }

    pub(super) fn partition(&self) -> &'static str {
        match self.region() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    pub(super) fn suffix(&self) -> &'static str {
        if self.region().starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
    }

    /// What another source says besides.
    pub(super) fn or(&mut self, other: &Self) {
        if self.region.is_none() {
            self.region.clone_from(&other.region);
        }
        if self.account.is_none() {
            self.account.clone_from(&other.account);
        }
    }
}

/// `aws://123456789012/eu-west-1`, as CDK's manifest has it.
pub(super) fn of_manifest(text: &str) -> Environment {
    let Some((account, region)) = text.strip_prefix("aws://").and_then(|it| it.split_once('/'))
    else {
        return Environment::default();
    };
    Environment {
        region: is_region(region).then(|| region.to_owned()),
        account: is_account(account).then(|| account.to_owned()),
    }
}

/// `assets-123456789012-eu-west-1`, in the names of CDK's bootstrap bucket and repository. If a
/// text names several, it says nothing.
pub(super) fn said(text: &str) -> Environment {
    const MARK: &str = "assets-";
    let mut found = BTreeSet::new();
    let mut rest = text;
    while let Some(at) = rest.find(MARK) {
        rest = rest.get(at + MARK.len()..).unwrap_or_default();
        let Some((account, after)) = rest.split_once('-') else { break };
        if !is_account(account) {
            continue;
        }
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let region = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
        if is_region(region) {
            found.insert((account.to_owned(), region.to_owned()));
        }
        if found.len() > 1 {
            return Environment::default();
        }
    }
    match found.pop_first() {
        Some((account, region)) => Environment { region: Some(region), account: Some(account) },
        None => Environment::default(),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `eu-west-1`, `us-gov-east-1`.
fn is_region(text: &str) -> bool {
    let mut parts = text.rsplit('-');
    let number = parts.next().is_some_and(|it| it.len() == 1 && it.parse::<u8>().is_ok());
    let words: Vec<&str> = parts.collect();
    let all = words.iter().all(|it| !it.is_empty() && it.bytes().all(|b| b.is_ascii_lowercase()));
    number && all && (2..=3).contains(&words.len())
}
