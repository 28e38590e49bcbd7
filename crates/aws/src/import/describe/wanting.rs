//! What isn't there: the calls whose output would complete what is shown.

use super::balancers::BALANCERS;
use super::folder::{Item, Region};
use super::interfaces::INTERFACES;
use super::made::Making;
use super::services::{DEFINITIONS, SERVICES};
use super::target_groups::HEALTH;
use super::tasks::TASKS;
use super::value::text;

/// For each of these, if it is shown, the others are wanted.
const WANTED: [(&[&str], &[&str]); 5] = [
    (
        &[
            "ec2 describe-vpcs",
            "ec2 describe-subnets",
            "ec2 describe-security-groups",
            BALANCERS,
            SERVICES,
        ],
        &[
            "ec2 describe-vpcs",
            "ec2 describe-subnets",
            "ec2 describe-route-tables",
            "ec2 describe-security-groups",
            "ec2 describe-network-acls",
            "ec2 describe-vpc-endpoints",
            INTERFACES,
        ],
    ),
    (
        &[BALANCERS, "elbv2 describe-target-groups"],
        &[
            BALANCERS,
            "elbv2 describe-listeners",
            "elbv2 describe-rules",
            "elbv2 describe-target-groups",
            HEALTH,
            SERVICES,
        ],
    ),
    (&[SERVICES], &[DEFINITIONS, TASKS, "ecs describe-clusters"]),
    (
        &["apigatewayv2 get-apis"],
        &["apigatewayv2 get-routes", "apigatewayv2 get-integrations", "apigatewayv2 get-vpc-links"],
    ),
    (&["apigateway get-rest-apis"], &["apigateway get-resources", "apigateway get-vpc-links"]),
];

/// Says once what is missing; each verdict that depends on it names it again.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    if region.is_empty() {
        return;
    }
    let (mut missing, mut refused): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (shown, wanted) in WANTED {
        if !shown.iter().any(|operation| region.has_any(operation)) {
            continue;
        }
        let not_there = |operation: &&str| {
            !region.shows(operation) && !region.is_cut(operation) && !is_idle(region, operation)
        };
        for operation in wanted.iter().copied().filter(not_there) {
            let list = if region.is_refused(operation) { &mut refused } else { &mut missing };
            if !list.contains(&operation) {
                list.push(operation);
            }
        }
    }
    for (list, what) in [(missing, "isn't there"), (refused, "was refused by AWS")] {
        if !list.is_empty() {
            let named: Vec<String> =
                list.iter().map(|operation| format!("`aws {operation}`")).collect();
            let text = format!(
                "the output of {}{} {what}: what depends on it is not known; `farmgate collect` \
                 saves all that is read",
                named.join(", "),
                making.place
            );
            making.warn("describe-missing", text, None);
        }
    }
    for (operation, page) in region.cut() {
        let text = format!(
            "{page} isn't all that `aws {operation}` prints: it names a next page, which isn't there; \
             call it without `--max-items` and `--no-paginate`, or give all pages"
        );
        making.warn("describe-missing", text, None);
    }
    definitions(region, making);
}

/// Whether there is nothing that an operation could show: what names its things is there, and names
/// none.
fn is_idle(region: &Region<'_>, operation: &str) -> bool {
    let none = |names: &str| region.has_none(names);
    let no_cluster = || none("ecs list-clusters") || none("ecs describe-clusters");
    match operation {
        "elbv2 describe-listeners" => none(BALANCERS),
        "elbv2 describe-rules" => {
            let has_rules = |item: Item<'_>| {
                text(&item.value, "ListenerArn").is_some_and(|arn| arn.contains(":listener/app/"))
            };
            let listeners = "elbv2 describe-listeners";
            none(BALANCERS) || region.shows(listeners) && !region.items(listeners).any(has_rules)
        }
        HEALTH => none("elbv2 describe-target-groups"),
        SERVICES => no_cluster() || none("ecs list-services"),
        DEFINITIONS => !region.has_any(SERVICES) && !region.has_any(TASKS),
        TASKS => no_cluster() || none("ecs list-tasks") || !region.has_any(SERVICES),
        "ecs describe-clusters" => none("ecs list-clusters") || !region.has_any(SERVICES),
        "apigatewayv2 get-vpc-links" => {
            let integrations = "apigatewayv2 get-integrations";
            let links = |item: Item<'_>| text(&item.value, "ConnectionType") == Some("VPC_LINK");
            region.shows(integrations) && !region.items(integrations).any(links)
        }
        "apigateway get-vpc-links" => {
            let resources = "apigateway get-resources";
            let links = |item: Item<'_>| item.value.to_string().contains("\"VPC_LINK\"");
            region.shows(resources) && !region.items(resources).any(links)
        }
        _ => false,
    }
}

/// Services whose task definition isn't shown.
fn definitions(region: &Region<'_>, making: &mut Making) {
    if !region.shows(DEFINITIONS) {
        return;
    }
    for item in region.items(SERVICES) {
        let (Some(arn), Some(definition)) =
            (text(&item.value, "serviceArn"), text(&item.value, "taskDefinition"))
        else {
            continue;
        };
        if making.has("aws_ecs_service", arn) && !making.has("aws_ecs_task_definition", definition)
        {
            let text = format!(
                "{definition}, which {arn} runs, isn't shown: there is no `aws {DEFINITIONS} \
                 --task-definition {definition}`"
            );
            making.warn("describe-missing", text, Some(arn));
        }
    }
}
