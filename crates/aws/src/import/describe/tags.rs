//! Tags, which `aws` prints for some things only if it is asked for them: `elbv2 describe-tags`, and
//! `resourcegroupstaggingapi get-resources`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::folder::Region;
use super::made::Making;
use super::value::{tags, text};

const OPERATIONS: [(&str, &str); 2] = [
    ("elbv2 describe-tags", "ResourceArn"),
    ("resourcegroupstaggingapi get-resources", "ResourceARN"),
];

/// Gives tags to what has been made.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    for (operation, name) in OPERATIONS {
        for item in region.items(operation) {
            if let Some(arn) = text(&item.value, name) {
                found.insert(arn.to_owned(), tags(&item.value, "Tags"));
            }
        }
    }
    making.tag(&found);
}
