//! What the AWS command line prints of what exists: `aws ec2 describe-security-groups` and its like.
//!
//! A folder of such documents is read as one. Every document is told by what it holds, or by the
//! request that `farmgate collect` writes into it ([`document`]); documents of one region are put
//! together ([`folder`]); and each family of AWS's items is said anew in the words of Terraform's AWS
//! provider ([`made`]), so that it is read by the readers that every source has.
//!
//! Nothing is concluded from what isn't there: a call whose output is missing leaves what it would
//! have shown unknown, with the call as the reason. Requests are never made here.

mod acls;
mod apis;
mod balancers;
mod databases;
mod detection;
mod discovery;
mod document;
mod edge;
mod endpoints;
mod events;
mod folder;
mod functions;
mod gateways;
mod groups;
mod iam;
mod images;
mod interfaces;
mod listeners;
mod lists;
mod made;
mod network;
mod owners;
mod rest;
mod routes;
mod scaling;
mod services;
mod stores;
mod tags;
mod target_groups;
mod tasks;
mod value;
mod waf;
mod wanting;

use super::ImportError;
use super::detect::Members;
use super::terraform::Parsed;
use crate::model::{SourceKind, Warning};

use folder::{Folder, Region};
use made::Making;

/// The members by which a document of `aws` is told from another JSON object.
pub(super) use document::{is_described, is_member};

/// One document.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) name: &'a str,
    /// The text of its file, which may hold others.
    pub(super) whole: &'a str,
    pub(super) text: &'a str,
    pub(super) members: Members<'a>,
}

/// Reads all documents together: one source for every region.
///
/// # Errors
/// One for every document that is not what its members promise.
pub(super) fn read(documents: &[Document<'_>]) -> Result<Vec<Parsed>, Vec<ImportError>> {
    if documents.is_empty() {
        return Ok(Vec::new());
    }
    let (folder, mut warnings) = Folder::new(documents)?;
    let name = common_name(documents);
    let account = folder.account();
    let alone = folder.regions.len() == 1;
    let mut all = Vec::new();
    for (at, region) in folder.regions.iter().enumerate() {
        let mut making = Making::new(at == 0);
        let named = region.name.as_deref().filter(|_| !alone);
        making.place = named.map(|name| format!(" in {name}")).unwrap_or_default();
        making.facts(region.name.as_deref(), account.as_deref());
        translate(region, &mut making);
        if at == 0 {
            making.warnings.append(&mut warnings);
        }
        let (resources, found) = making.finish();
        let of = region.name.as_deref().filter(|_| !alone);
        let called = of.map_or_else(|| name.clone(), |region| format!("{name} of {region}"));
        let mut source = Parsed::empty(&called, SourceKind::Described);
        source.managed = resources.iter().filter(|raw| !raw.data).count();
        source.resources = resources;
        source.warnings = found;
        all.push(source);
    }
    Ok(all)
}

fn translate(region: &Region<'_>, making: &mut Making) {
    network::read(region, making);
    routes::read(region, making);
    gateways::read(region, making);
    lists::read(region, making);
    groups::read(region, making);
    acls::read(region, making);
    endpoints::read(region, making);
    balancers::read(region, making);
    listeners::read(region, making);
    target_groups::read(region, making);
    apis::read(region, making);
    rest::read(region, making);
    edge::read(region, making);
    waf::read(region, making);
    services::read(region, making);
    scaling::read(region, making);
    discovery::read(region, making);
    functions::read(region, making);
    databases::read(region, making);
    stores::read(region, making);
    images::read(region, making);
    iam::read(region, making);
    detection::read(region, making);
    interfaces::read(region, making);
    tags::read(region, making);
    events::read(region, making);
    wanting::read(region, making);
}

/// What a reader knows the documents by: the one name, or the folder that they are all in.
fn common_name(documents: &[Document<'_>]) -> String {
    if let [first, rest @ ..] = documents
        && rest.iter().all(|document| document.name == first.name)
    {
        return first.name.to_owned();
    }
    let folder = |name: &str| name.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let mut shared = documents.first().and_then(|first| folder(first.name));
    for document in documents {
        while let Some(prefix) = &shared {
            if document.name.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('/'))
            {
                break;
            }
            shared = folder(prefix);
        }
    }
    match shared.filter(|shared| !shared.is_empty()) {
        Some(shared) => format!("{shared}/"),
        None => format!("the output of {} calls of `aws`", documents.len()),
    }
}

/// A warning about a whole source.
fn warning(code: &'static str, text: String) -> Warning {
    Warning { code, text, on: None }
}
