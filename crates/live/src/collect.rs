//! What an account has, asked of AWS: the calls of one list, which only read, and their answers as the
//! `aws` command prints them.
//!
//! A call that is denied, or that a region doesn't know, is told of in its document and ends nothing.
//! It decides nothing of what the answers mean, and writes no file.

mod answer;
mod api;
mod caller;
mod document;
mod each;
mod operations;
mod pages;
mod place;
mod policy;
mod redact;
mod refusal;
mod request;
mod xml;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{Chain, NoCredentials, NoRegion, SignError, region};
use api::Api;
use caller::{Caller, Failure, UNREACHABLE};
use document::{Asked, Outcome};
use each::{Answered, Parameters};
use operations::Fixed;

pub use document::Document;
pub use operations::{OPERATIONS, Operation};
pub use place::NoPlace;
pub use policy::policy;
pub use redact::REDACTED;
pub use refusal::Refusal;

/// Calls at a time.
const AT_ONCE: usize = 8;
/// Calls of one collection, pages not counted.
const MOST_CALLS: usize = 200_000;
/// Bytes of all answers, as they are kept.
const MOST_BYTES: usize = 1 << 30;

/// What a variable of the environment says.
pub type Variable = Rc<dyn Fn(&str) -> Option<String>>;

/// How patient a collection is.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How often a call is tried.
    pub tries: u32,
    /// The first pause at most; each one after it is twice as long at most.
    pub first: Duration,
    /// The longest pause.
    pub most: Duration,
}

/// How to collect.
pub struct Settings {
    /// Whom TLS believes.
    pub roots: Arc<RootCertStore>,
    /// The regions; those of the chain if there is none.
    pub regions: Vec<String>,
    /// How patient to be.
    pub pace: Pace,
    /// The environment, of which AWS_ENDPOINT_URL and its like are read.
    pub variable: Variable,
}

/// How far a collection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Calls that ended.
    pub done: usize,
    /// Calls that are known of; there may come more.
    pub known: usize,
}

/// What was collected.
#[derive(Debug)]
pub struct Collected {
    /// The account's number, if AWS told it.
    pub account: Option<String>,
    /// The regions that were asked, sorted.
    pub regions: Vec<String>,
    /// The answers, in the order of their paths.
    pub documents: Vec<Document>,
    /// The calls that have no answer, not counting those that were told that there is nothing: service and operation, the code, and how many of them.
    pub refused: BTreeMap<(String, String), usize>,
}

/// Why a collection ended early. Nothing of a credential is in it.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// There are none.
    #[error(transparent)]
    Credentials(#[from] NoCredentials),
    /// They were good and are not any more.
    #[error("the credentials have expired ({0}); sign in again, and collect again")]
    Expired(String),
    /// AWS doesn't know them.
    #[error("AWS doesn't take these credentials: {} ({})", .0.message, .0.code)]
    Stranger(Refusal),
    /// It isn't known where to ask.
    #[error(transparent)]
    Region(#[from] NoRegion),
    /// A word is no region.
    #[error("`{0}` is no region")]
    NotRegion(String),
    /// Regions are in partitions of AWS that have nothing to do with each other.
    #[error("`{0}` and `{1}` are in different partitions of AWS, which have different credentials")]
    Partitions(String, String),
    /// A variable of the environment names no endpoint.
    #[error(transparent)]
    Place(#[from] NoPlace),
    /// Nothing answers.
    #[error("AWS can't be reached: {0}")]
    Unreachable(String),
    /// A request can't be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// There is more than fits.
    #[error("the account has more than is read: {0}")]
    TooMuch(&'static str),
    /// The program is not what it should be.
    #[error("the table of calls can't be read: {0}")]
    Table(#[from] serde_json::Error),
    /// A call came to no end.
    #[error("a call broke off")]
    Broken,
}

/// Asks an account for everything that is in the list of operations. Must run within a
/// [`tokio::task::LocalSet`].
///
/// # Errors
/// If there are no credentials, or they are not or no longer good; if nothing answers; or if there is
/// more than is read.
pub async fn collect(
    chain: Rc<Chain>,
    settings: Settings,
    progress: &dyn Fn(Progress),
) -> Result<Collected, CollectError> {
    let Settings { roots, regions, pace, variable } = settings;
    let regions = checked(&chain, regions).await?;
    let caller = Rc::new(Caller::new(Api::read()?, chain, roots, pace, variable));
    let mut run = Run::new(&caller, &regions);
    run.start(&regions);
    let account = run.account().await?;
    while let Some((asked, result)) = run.next().await? {
        run.keep(asked, result)?;
        progress(Progress { done: run.outcomes.len(), known: run.seen.len() });
    }
    let mut refused = BTreeMap::new();
    for (asked, result) in &run.outcomes {
        let (service, name) = (asked.operation.service, asked.operation.name);
        if let Err(refusal) = result
            && !refusal.is_absence(service, name)
        {
            let what = format!("{service} {name}");
            *refused.entry((what, refusal.code.clone())).or_default() += 1;
        }
    }
    let documents = document::documents(run.outcomes, account.as_deref());
    Ok(Collected { account, regions, documents, refused })
}

/// The regions to ask, sorted, each once, and all of one partition.
async fn checked(chain: &Chain, regions: Vec<String>) -> Result<Vec<String>, CollectError> {
    let regions = if regions.is_empty() { vec![chain.region().await?] } else { regions };
    let regions: BTreeSet<String> = regions.into_iter().collect();
    if let Some(wrong) = regions.iter().find(|region| !region::is_region(region)) {
        return Err(CollectError::NotRegion(wrong.clone()));
    }
    let mut others = regions.iter();
    if let Some(first) = others.next() {
        let partition = place::partition(first);
        if let Some(other) = others.find(|region| place::partition(region) != partition) {
            return Err(CollectError::Partitions(first.clone(), other.clone()));
        }
    }
    Ok(regions.into_iter().collect())
}

/// A collection under way.
struct Run {
    caller: Rc<Caller>,
    /// Where those are asked that are asked once.
    first: String,
    seen: BTreeSet<(String, &'static str, &'static str, String)>,
    waiting: VecDeque<Asked>,
    under_way: JoinSet<(Asked, Result<Value, Failure>)>,
    outcomes: Vec<Outcome>,
    bytes: usize,
}

// === impl Run ===

impl Run {
    fn new(caller: &Rc<Caller>, regions: &[String]) -> Self {
        Self {
            caller: Rc::clone(caller),
            first: regions.first().cloned().unwrap_or_default(),
            seen: BTreeSet::new(),
            waiting: VecDeque::new(),
            under_way: JoinSet::new(),
            outcomes: Vec::new(),
            bytes: 0,
        }
    }

    /// What is asked first: all that is not for each of something.
    fn start(&mut self, regions: &[String]) {
        for operation in OPERATIONS.iter().filter(|operation| operation.per.is_none()) {
            if operation.global {
                // A partition without CloudFront has nothing to be asked.
                if let Some(region) = place::global_region(operation, &self.first) {
                    self.add(Asked {
                        operation,
                        region,
                        global: true,
                        parameters: fixed(operation),
                    });
                }
                continue;
            }
            for region in regions {
                let region = region.clone();
                self.add(Asked { operation, region, global: false, parameters: fixed(operation) });
            }
        }
    }

    fn add(&mut self, asked: Asked) {
        if self.seen.insert(asked.id()) {
            self.waiting.push_back(asked);
        }
    }

    /// Whose account it is, which is asked before all else: with credentials that aren't good, one
    /// call shows it.
    async fn account(&mut self) -> Result<Option<String>, CollectError> {
        let Some(asked) = self.waiting.pop_front() else { return Ok(None) };
        match self.caller.ask(&asked).await {
            Ok(answer) => {
                let account = answer.get("Account").and_then(Value::as_str).map(str::to_owned);
                self.outcomes.push((asked, Ok(answer)));
                Ok(account)
            }
            Err(Failure::Said(refusal)) if refusal.code == UNREACHABLE => {
                Err(CollectError::Unreachable(refusal.message))
            }
            Err(Failure::Said(refusal)) => {
                self.outcomes.push((asked, Err(refusal)));
                Ok(None)
            }
            Err(Failure::Ends(error)) => Err(error),
        }
    }

    /// The next that ends; none after the last.
    async fn next(&mut self) -> Result<Option<(Asked, Result<Value, Failure>)>, CollectError> {
        while self.under_way.len() < AT_ONCE
            && let Some(asked) = self.waiting.pop_front()
        {
            let caller = Rc::clone(&self.caller);
            self.under_way.spawn_local(async move {
                let answer = caller.ask(&asked).await;
                (asked, answer)
            });
        }
        match self.under_way.join_next().await {
            None => Ok(None),
            Some(Ok(ended)) => Ok(Some(ended)),
            Some(Err(_)) => Err(CollectError::Broken),
        }
    }

    /// Keeps an outcome, and adds what follows from it.
    fn keep(&mut self, asked: Asked, result: Result<Value, Failure>) -> Result<(), CollectError> {
        let result = match result {
            Ok(mut answer) => {
                let operation = asked.operation;
                redact::redact(operation.service, operation.name, &mut answer);
                if operation.service == "iam" {
                    only_policies_in_use(&mut answer);
                }
                self.bytes = self.bytes.saturating_add(size(&answer));
                self.follow(&asked, &answer);
                Ok(answer)
            }
            Err(Failure::Said(refusal)) => Err(refusal),
            Err(Failure::Ends(error)) => return Err(error),
        };
        self.outcomes.push((asked, result));
        if self.seen.len() > MOST_CALLS {
            return Err(CollectError::TooMuch("it would take more than 200,000 calls"));
        }
        if self.bytes > MOST_BYTES {
            return Err(CollectError::TooMuch("its answers have more than 1 GiB"));
        }
        Ok(())
    }

    /// Adds the calls that are made for each of what an answer names.
    fn follow(&mut self, asked: &Asked, answer: &Value) {
        let name = format!("{} {}", asked.operation.service, asked.operation.name);
        for operation in OPERATIONS {
            let Some(per) = operation.per.as_ref().filter(|per| per.of.contains(&name.as_str()))
            else {
                continue;
            };
            let answered =
                Answered { region: &asked.region, parameters: &asked.parameters, answer };
            for found in (per.each)(&answered) {
                let mut parameters = fixed(operation);
                parameters.extend(found);
                let (region, global) = (asked.region.clone(), asked.global);
                self.add(Asked { operation, region, global, parameters });
            }
        }
    }
}

fn fixed(operation: &Operation) -> Parameters {
    let value = |fixed: &Fixed| match fixed {
        Fixed::Text(text) => Value::from(*text),
        Fixed::List(list) => Value::from(list.to_vec()),
    };
    operation.fixed.iter().map(|(name, fixed)| ((*name).to_owned(), value(fixed))).collect()
}

/// AWS has more than a thousand policies of its own; those that nobody uses say nothing.
fn only_policies_in_use(answer: &mut Value) {
    let unused = |policy: &Value| {
        let of_aws = policy
            .get("Arn")
            .and_then(Value::as_str)
            .is_some_and(|arn| arn.contains(":iam::aws:policy/"));
        let uses = |name: &str| policy.get(name).and_then(Value::as_i64).unwrap_or(0);
        of_aws && uses("AttachmentCount") == 0 && uses("PermissionsBoundaryUsageCount") == 0
    };
    if let Some(Value::Array(policies)) = answer.get_mut("Policies") {
        policies.retain(|policy| !unused(policy));
    }
}

/// About how many bytes a value has as text; the depth is bounded where it is read.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(size).sum::<usize>() + 2,
        Value::Object(object) => {
            object.iter().map(|(name, value)| name.len() + 4 + size(value)).sum::<usize>() + 2
        }
        _ => 8,
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("regions", &self.regions)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

impl Pace {
    /// As AWS's own tools have it, a little more patient; AWS_MAX_ATTEMPTS says how often.
    #[must_use]
    pub fn of(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let named = variable("AWS_MAX_ATTEMPTS").and_then(|text| text.trim().parse().ok());
        let tries = named.filter(|tries| (1..=20).contains(tries)).unwrap_or(6);
        Self { tries, first: Duration::from_millis(500), most: Duration::from_secs(20) }
    }
}
