//! CloudTrail, GuardDuty, Security Hub and Config.

use serde_json::{Value, json};

use super::folder::{Page, Region, items_of};
use super::made::{Made, Making};
use super::value::{flag, list, text};

/// Reads trails, detectors, hubs and recorders.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    trails(region, making);
    listed(region, making);
    for item in region.items("guardduty get-detector") {
        let id = item.page.request.parameter("DetectorId").unwrap_or("the GuardDuty detector");
        let mut made = Made::new("aws_guardduty_detector", id, &item);
        made.set("enable", text(&item.value, "Status").map(|status| status == "ENABLED"));
        making.add(made);
    }
    for item in region.items("securityhub describe-hub") {
        let Some(arn) = text(&item.value, "HubArn") else { continue };
        let mut made = Made::new("aws_securityhub_account", arn, &item);
        made.set("arn", arn);
        making.add(made);
    }
    for item in region.items("configservice describe-configuration-recorders") {
        let Some(name) = text(&item.value, "name") else { continue };
        let mut made =
            Made::new("aws_config_configuration_recorder", &format!("the recorder {name}"), &item);
        made.set("name", name);
        made.set("role_arn", text(&item.value, "roleARN"));
        making.add_named(made, name);
    }
    for item in region.items("configservice describe-configuration-recorder-status") {
        let Some(name) = text(&item.value, "name") else { continue };
        let address = format!("the status of the recorder {name}");
        let mut made = Made::new("aws_config_configuration_recorder_status", &address, &item);
        made.set("name", name).set("is_enabled", flag(&item.value, "recording"));
        making.add_named(made, name);
    }
}

/// What a region is seen to have none of: the list is there, and empty.
fn listed(region: &Region<'_>, making: &mut Making) {
    for (operation, kind) in [
        ("cloudtrail describe-trails", "aws_cloudtrail"),
        ("guardduty list-detectors", "aws_guardduty_detector"),
        ("configservice describe-configuration-recorders", "aws_config_configuration_recorder"),
        // Where it is off, AWS answers that the account is not subscribed.
        ("securityhub describe-hub", "aws_securityhub_account"),
    ] {
        if region.has_none(operation) {
            making.lists(kind);
        }
    }
}

fn trails(region: &Region<'_>, making: &mut Making) {
    const TRAILS: &str = "cloudtrail describe-trails";
    let total = region.items(TRAILS).count();
    for item in region.items(TRAILS) {
        let (Some(arn), Some(name)) = (text(&item.value, "TrailARN"), text(&item.value, "Name"))
        else {
            continue;
        };
        let mut made = Made::new("aws_cloudtrail", arn, &item);
        made.set("arn", arn).copy(
            &item.value,
            &[
                ("name", "Name"),
                ("is_multi_region_trail", "IsMultiRegionTrail"),
                ("include_global_service_events", "IncludeGlobalServiceEvents"),
                ("enable_log_file_validation", "LogFileValidationEnabled"),
                ("kms_key_id", "KmsKeyId"),
                ("s3_bucket_name", "S3BucketName"),
            ],
        );
        let own = |page: &&Page<'_>| match page.request.parameter("Name") {
            Some(asked) => asked == arn || asked == name,
            None => total == 1,
        };
        let status = region.pages("cloudtrail get-trail-status").iter().find(own);
        let logging = status.and_then(|page| flag(&items_of(page).next()?.value, "IsLogging"));
        made.set_or("enable_logging", logging, || {
            region.missing_of("cloudtrail get-trail-status", &format!("--name {name}"))
        });
        let selectors = region.items("cloudtrail get-event-selectors");
        let selectors = selectors.into_iter().find(|one| text(&one.value, "TrailARN") == Some(arn));
        match selectors {
            Some(found) => {
                made.set("event_selector", selected(&found.value));
                made.copy(&found.value, &[("advanced_event_selector", "AdvancedEventSelectors")]);
            }
            None => {
                made.unsaid(
                    "event_selector",
                    region.missing_of(
                        "cloudtrail get-event-selectors",
                        &format!("--trail-name {name}"),
                    ),
                );
            }
        }
        making.add_named(made, arn);
    }
}

fn selected(all: &Value) -> Vec<Value> {
    list(all, "EventSelectors")
        .map(|one| {
            json!({
                "read_write_type": text(one, "ReadWriteType"),
                "include_management_events": flag(one, "IncludeManagementEvents"),
            })
        })
        .collect()
}
