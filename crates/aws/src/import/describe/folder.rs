//! All documents, put together by the region that they speak of.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::super::{ImportError, Refusal};
use super::Document;
use super::document::{self, Request, Shape};
use super::value::arn_part;
use crate::model::{Location, Warning};

/// One document, or one page of a longer answer.
pub(super) struct Page<'a> {
    pub(super) name: &'a str,
    /// The same, for all places in it.
    shared: Arc<str>,
    pub(super) request: Request,
    text: &'a str,
    items: Vec<&'a str>,
    /// Whether there is a page after it.
    has_next: bool,
    lines: OnceCell<Vec<u32>>,
}

/// One thing that a document shows.
pub(super) struct Item<'p> {
    pub(super) value: Value,
    pub(super) page: &'p Page<'p>,
    text: &'p str,
}

impl Page<'_> {
    /// Whether it shows nothing: AWS has none.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl Item<'_> {
    /// Where it is in its document.
    pub(super) fn location(&self) -> Option<Location> {
        let start = self.text.as_ptr().addr().checked_sub(self.page.text.as_ptr().addr())?;
        let before = self.page.text.get(..start)?;
        let ends = self.page.lines.get_or_init(|| {
            let ends = self.page.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            ends.filter_map(|(at, _)| u32::try_from(at).ok()).collect()
        });
        let line = ends.partition_point(|end| usize::try_from(*end).is_ok_and(|end| end < start));
        let end = line.checked_sub(1).and_then(|at| ends.get(at));
        let begin = end.and_then(|end| usize::try_from(*end).ok()).map_or(0, |end| end + 1);
        Some(Location {
            file: Arc::clone(&self.page.shared),
            line: u32::try_from(line + 1).ok()?,
            column: super::super::column(before.get(begin..).unwrap_or_default()),
        })
    }
}

/// What is shown of one region (or of what belongs to none).
#[derive(Default)]
pub(super) struct Region<'a> {
    pub(super) name: Option<String>,
    pages: BTreeMap<&'static str, Vec<Page<'a>>>,
    refused: BTreeMap<String, Vec<(Request, String)>>,
}

impl<'a> Region<'a> {
    /// The documents of an operation.
    pub(super) fn pages(&self, operation: &str) -> &[Page<'a>] {
        self.pages.get(operation).map_or(&[], Vec::as_slice)
    }

    /// Everything that an operation shows.
    pub(super) fn items<'r>(
        &'r self,
        operation: &str,
    ) -> impl Iterator<Item = Item<'r>> + use<'r, 'a> {
        self.pages(operation).iter().flat_map(items_of)
    }

    /// Whether the output of an operation is there, to its last page.
    pub(super) fn shows(&self, operation: &str) -> bool {
        self.pages.contains_key(operation) && !self.is_cut(operation)
    }

    /// Whether the last page of an answer is missing.
    pub(super) fn is_cut(&self, operation: &str) -> bool {
        let pages = self.pages(operation);
        !pages.is_empty() && pages.iter().all(|page| page.has_next)
    }

    /// The operations whose last page is missing, each with a document that names a next page.
    pub(super) fn cut(&self) -> impl Iterator<Item = (&'static str, &'a str)> {
        let cut = self.pages.iter().filter(|(operation, _)| self.is_cut(operation));
        cut.filter_map(|(operation, pages)| Some((*operation, pages.last()?.name)))
    }

    /// Whether the answer to an operation is there, and there is nothing in it.
    pub(super) fn has_none(&self, operation: &str) -> bool {
        self.shows(operation) && self.pages(operation).iter().all(Page::is_empty)
    }

    /// Whether an operation shows anything.
    pub(super) fn has_any(&self, operation: &str) -> bool {
        self.pages(operation).iter().any(|page| !page.is_empty())
    }

    /// Whether it was asked, and refused.
    pub(super) fn is_refused(&self, operation: &str) -> bool {
        self.refused.contains_key(operation)
    }

    /// Whether anything at all is shown.
    pub(super) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// Why what an operation would show is not known, as a predicate.
    pub(super) fn missing(&self, operation: &str) -> String {
        self.missing_of(operation, "")
    }

    /// The same, of an operation that is asked for one thing (`--load-balancer-arn ...`).
    pub(super) fn missing_of(&self, operation: &str, arguments: &str) -> String {
        let refused = self.refused.get(operation).and_then(|all| {
            let named = all.iter().find(|(request, _)| {
                let mut values = request.parameters.values();
                !arguments.is_empty()
                    && values.any(|value| value.iter().any(|v| arguments.contains(v.as_str())))
            });
            named.or_else(|| all.first().filter(|_| arguments.is_empty()))
        });
        let space = if arguments.is_empty() { "" } else { " " };
        match refused {
            Some((_, code)) => {
                format!("isn't shown: AWS answered `aws {operation}{space}{arguments}` with {code}")
            }
            None if self.is_cut(operation) => {
                format!("isn't in what `aws {operation}` shows, of which the last page isn't there")
            }
            None if self.shows(operation) && arguments.is_empty() => {
                format!("isn't in what `aws {operation}` shows")
            }
            None => format!("isn't shown: there is no `aws {operation}{space}{arguments}`"),
        }
    }

    fn add(&mut self, operation: &'static str, page: Page<'a>) {
        self.pages.entry(operation).or_default().push(page);
    }
}

/// The things that one document shows.
pub(super) fn items_of<'p>(page: &'p Page<'_>) -> impl Iterator<Item = Item<'p>> + use<'p> {
    page.items.iter().filter_map(move |text| {
        let value: Value = serde_json::from_str(text).ok()?;
        value.is_object().then_some(Item { value, page, text })
    })
}

/// All documents.
pub(super) struct Folder<'a> {
    pub(super) regions: Vec<Region<'a>>,
    accounts: BTreeSet<String>,
}

/// A document whose region is yet to be found.
struct Unplaced<'a> {
    operation: &'static str,
    page: Page<'a>,
    region: Option<String>,
    vpc: Option<String>,
}

impl<'a> Folder<'a> {
    /// Reads the top level of all documents.
    pub(super) fn new(
        documents: &[Document<'a>],
    ) -> Result<(Self, Vec<Warning>), Vec<ImportError>> {
        let (mut errors, mut warnings) = (Vec::new(), Vec::new());
        let (mut read, mut refused) = (Vec::new(), Vec::new());
        let mut accounts = BTreeSet::new();
        for found in documents {
            let request = Request::of(&found.members);
            accounts.extend(request.account.clone());
            if let Some(code) = document::error(&found.members) {
                let operation = request.operation.clone().unwrap_or_default();
                let shape = document::shape(&found.members, &request).ok().flatten();
                if let Some(shape) = shape.filter(|it| document::is_absence(it.operation, &code)) {
                    read.push(placed(found, shape, request, Vec::new()));
                    continue;
                }
                let where_ = request.region.clone();
                refused.push((operation, request, code, where_));
                continue;
            }
            match document::shape(&found.members, &request) {
                Ok(Some(shape)) => match page(found, shape, request) {
                    Ok(unplaced) => {
                        if accounts.is_empty() {
                            accounts.extend(account_in(unplaced.page.text));
                        }
                        read.push(unplaced);
                    }
                    Err(refusal) => errors.push(refusal.of(found.name)),
                },
                Ok(None) => {
                    let text = document::unread(found.name, &found.members);
                    warnings.push(super::warning("document-not-read", text));
                }
                Err(text) => warnings
                    .push(super::warning("document-not-told", format!("{}: {text}", found.name))),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut folder = Self { regions: Vec::new(), accounts };
        folder.place(read);
        for (operation, request, code, region) in refused {
            let at = folder.at(region.as_deref());
            if let Some(region) = folder.regions.get_mut(at) {
                region.refused.entry(operation).or_default().push((request, code));
            }
        }
        Ok((folder, warnings))
    }

    /// The account, if all that name one name the same.
    pub(super) fn account(&self) -> Option<String> {
        self.accounts.first().filter(|_| self.accounts.len() == 1).cloned()
    }

    fn place(&mut self, read: Vec<Unplaced<'a>>) {
        let mut of_vpc: BTreeMap<String, String> = BTreeMap::new();
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for one in &read {
            if let Some(region) = &one.region {
                *count.entry(region.clone()).or_default() += 1;
                if let Some(vpc) = &one.vpc {
                    of_vpc.insert(vpc.clone(), region.clone());
                }
            }
        }
        // The region of which most is shown comes first; what says no region is taken for its own.
        let mut order: Vec<(&String, &usize)> = count.iter().collect();
        order.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
        let main = order.first().map(|(name, _)| (*name).clone());
        let names: Vec<Option<String>> =
            order.iter().map(|(name, _)| Some((*name).clone())).collect();
        let names = if names.is_empty() { vec![None] } else { names };
        self.regions = names.into_iter().map(|name| Region { name, ..Region::default() }).collect();
        for one in read {
            let by_vpc = one.vpc.as_ref().and_then(|vpc| of_vpc.get(vpc)).cloned();
            let region = one.region.or(by_vpc).or_else(|| main.clone());
            let at = self.at(region.as_deref());
            if let Some(region) = self.regions.get_mut(at) {
                region.add(one.operation, one.page);
            }
        }
    }

    fn at(&self, region: Option<&str>) -> usize {
        let same = |known: &Region<'_>| known.name.as_deref() == region;
        self.regions.iter().position(same).unwrap_or(0)
    }
}

fn page<'a>(
    found: &Document<'a>,
    shape: &'static Shape,
    request: Request,
) -> Result<Unplaced<'a>, Refusal> {
    let refuse = || {
        Refusal::new(
            "aws-describe",
            format!("it holds `{}`, but not as `aws {}` prints it", shape.member, shape.operation),
        )
        .help("give the output of the command as it is, in JSON and without `--query`")
    };
    let items = document::items(found.text, &found.members, shape).ok_or_else(refuse)?;
    Ok(placed(found, shape, request, items))
}

/// A document with what it shows, and where that is.
fn placed<'a>(
    found: &Document<'a>,
    shape: &'static Shape,
    request: Request,
    items: Vec<&'a str>,
) -> Unplaced<'a> {
    let region = match &request.region {
        Some(region) => Some(region.clone()),
        None => items.iter().take(50).find_map(|text| region_in(text)),
    };
    let vpc = items.first().and_then(|text| value_in(text, "\"VpcId\""));
    let region = region.filter(|_| !shape.is_global());
    let shared = Arc::from(found.name);
    let (name, text, lines) = (found.name, found.whole, OnceCell::new());
    let has_next = document::has_next(&found.members);
    let page = Page { name, shared, request, text, items, has_next, lines };
    Unplaced { operation: shape.operation, page, region, vpc }
}

/// The text that a member has, found without reading the whole.
fn value_in(text: &str, quoted: &str) -> Option<String> {
    let rest = text.split_once(quoted)?.1.trim_start().strip_prefix(':')?.trim_start();
    let value = rest.strip_prefix('"')?.split('"').next()?;
    (!value.is_empty() && value.len() < 200).then(|| value.to_owned())
}

/// The first region that an item names: in an ARN, by its zone, or by a service's name.
fn region_in(text: &str) -> Option<String> {
    let arns = text.split("\"arn:").skip(1).take(20);
    let mut named = arns.filter_map(|rest| {
        let arn = format!("arn:{}", rest.split('"').next()?);
        arn_part(&arn, 3).map(str::to_owned)
    });
    let by_zone = || {
        let zone =
            value_in(text, "\"AvailabilityZone\"").or_else(|| value_in(text, "\"ZoneName\""))?;
        let region = zone.trim_end_matches(|c: char| c.is_ascii_lowercase());
        region.ends_with(|c: char| c.is_ascii_digit()).then(|| region.to_owned())
    };
    let by_service = || {
        let service = value_in(text, "\"ServiceName\"")?;
        service.strip_prefix("com.amazonaws.")?.split('.').next().map(str::to_owned)
    };
    let found = named.next().or_else(by_zone).or_else(by_service)?;
    looks_like_region(&found).then_some(found)
}

/// `eu-west-1`, `us-gov-west-1`.
fn looks_like_region(text: &str) -> bool {
    let dashes = text.bytes().filter(|byte| *byte == b'-').count();
    (2..=4).contains(&dashes) && text.ends_with(|c: char| c.is_ascii_digit()) && text.len() < 30
}

/// The first account that a document names.
fn account_in(text: &str) -> Option<String> {
    let is_account =
        |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let owner = value_in(text, "\"OwnerId\"").filter(|owner| is_account(owner));
    owner.or_else(|| {
        let arns = text.split("\"arn:").skip(1).take(20);
        let mut named = arns.filter_map(|rest| {
            let arn = format!("arn:{}", rest.split('"').next()?);
            arn_part(&arn, 4).filter(|account| is_account(account)).map(str::to_owned)
        });
        named.next()
    })
}
