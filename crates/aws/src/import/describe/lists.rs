//! Prefix lists: the customer's with their entries, and AWS's.

use serde_json::{Value, json};

use super::folder::{Item, Page, Region, items_of};
use super::made::{Made, Making};
use super::value::{list, text, words};

const ENTRIES: &str = "ec2 get-managed-prefix-list-entries";
const LISTS: &str = "ec2 describe-managed-prefix-lists";

/// Reads prefix lists.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    for item in region.items(LISTS) {
        let Some(id) = text(&item.value, "PrefixListId") else { continue };
        if text(&item.value, "State").is_some_and(|state| state.starts_with("delete-complete")) {
            continue;
        }
        let mut made = made(&item, id);
        let entries = entries(region, id);
        made.set_or("entry", entries, || {
            region.missing_of(ENTRIES, &format!("--prefix-list-id {id}"))
        });
        making.add(made);
    }
    for item in region.items("ec2 describe-prefix-lists") {
        let Some(id) = text(&item.value, "PrefixListId") else { continue };
        let mut made = made(&item, id);
        made.set("entry", blocks(words(&item.value, "Cidrs")));
        making.add(made);
    }
    told_by_routes(region, making);
    not_told(region, making);
}

fn made(item: &Item<'_>, id: &str) -> Made {
    let mut made = Made::new("aws_ec2_managed_prefix_list", id, item);
    made.copy(
        &item.value,
        &[("name", "PrefixListName"), ("arn", "PrefixListArn"), ("owner_id", "OwnerId")],
    );
    made
}

fn blocks(all: Vec<String>) -> Value {
    all.into_iter().map(|cidr| json!({ "cidr": cidr })).collect()
}

/// The pages of entries that no request says the list of.
fn nameless<'r, 'a>(region: &'r Region<'a>) -> Vec<&'r Page<'a>> {
    region
        .pages(ENTRIES)
        .iter()
        .filter(|page| page.request.parameter("PrefixListId").is_none())
        .collect()
}

/// The entries of a list. Without a request in the document they are its entries if there is no
/// other list, and no other such document.
fn entries(region: &Region<'_>, id: &str) -> Option<Value> {
    let pages = region.pages(ENTRIES).iter();
    let mut own: Vec<&Page<'_>> =
        pages.filter(|page| page.request.parameter("PrefixListId") == Some(id)).collect();
    if own.is_empty() && is_only_list(region) {
        own = nameless(region);
    }
    if own.is_empty() {
        return None;
    }
    let cidrs = own.into_iter().flat_map(items_of);
    Some(blocks(cidrs.filter_map(|item| text(&item.value, "Cidr").map(str::to_owned)).collect()))
}

fn is_only_list(region: &Region<'_>) -> bool {
    nameless(region).len() == 1 && region.items(LISTS).count() == 1
}

fn not_told(region: &Region<'_>, making: &mut Making) {
    if is_only_list(region) {
        return;
    }
    for page in nameless(region) {
        let text = format!(
            "{} doesn't say of which prefix list the entries are, so they are not used; \
             `farmgate collect` writes that down",
            page.name
        );
        making.warn("document-not-told", text, None);
    }
}

/// The list of a gateway endpoint's service: its routes name it.
fn told_by_routes(region: &Region<'_>, making: &mut Making) {
    let mut found: Vec<(String, String)> = Vec::new();
    for item in region.items("ec2 describe-route-tables") {
        for route in list(&item.value, "Routes") {
            let (gateway, id) = (text(route, "GatewayId"), text(route, "DestinationPrefixListId"));
            if let (Some(gateway), Some(id)) = (gateway.filter(|id| id.starts_with("vpce-")), id)
                && !found.iter().any(|(_, known)| known == id)
            {
                found.push((gateway.to_owned(), id.to_owned()));
            }
        }
    }
    for item in region.items("ec2 describe-vpc-endpoints") {
        let Some(endpoint) = text(&item.value, "VpcEndpointId") else { continue };
        let Some((_, id)) = found.iter().find(|(gateway, _)| gateway == endpoint) else { continue };
        if making.has("aws_ec2_managed_prefix_list", id) {
            continue;
        }
        let mut made = Made::new("aws_ec2_managed_prefix_list", id, &item);
        made.copy(&item.value, &[("name", "ServiceName")]);
        made.unsaid("entry", region.missing("ec2 describe-prefix-lists"));
        making.add(made);
    }
}
