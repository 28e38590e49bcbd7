//! API Gateway v1: REST APIs.

use serde_json::{Value, json};

use super::apis::pages;
use super::folder::{Item, Region, items_of};
use super::made::{Made, Making};
use super::value::{text, words};

const RESOURCES: &str = "apigateway get-resources";

/// Reads REST APIs.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    let mut ids = Vec::new();
    for item in region.items("apigateway get-rest-apis") {
        let Some(id) = text(&item.value, "id") else { continue };
        ids.push(id.to_owned());
        let mut made = Made::new("aws_api_gateway_rest_api", &address(region, id, ""), &item);
        made.set("id", id)
            .copy(&item.value, &[("name", "name"), ("root_resource_id", "rootResourceId")]);
        if region.name.is_some() {
            made.set("arn", address(region, id, ""));
        }
        let types = item.value.get("endpointConfiguration").map(|all| words(all, "types"));
        made.set("endpoint_configuration", types.map(|types| json!([{ "types": types }])));
        made.set("policy", policy(&item.value));
        making.add(made);
    }
    resources(region, &ids, making);
    for (id, page) in pages(region, ("apigateway get-authorizers", "restApiId"), &ids, making) {
        for item in items_of(page) {
            let Some(own) = text(&item.value, "id") else { continue };
            let address = address(region, &id, &format!("/authorizers/{own}"));
            let mut made = Made::new("aws_api_gateway_authorizer", &address, &item);
            made.set("id", own).set("rest_api_id", id.as_str());
            made.copy(&item.value, &[("name", "name"), ("type", "type")]);
            making.add(made);
        }
    }
    for (id, page) in pages(region, ("apigateway get-stages", "restApiId"), &ids, making) {
        for item in items_of(page) {
            let Some(name) = text(&item.value, "stageName") else { continue };
            let address = address(region, &id, &format!("/stages/{name}"));
            let mut made = Made::new("aws_api_gateway_stage", &address, &item);
            made.set("id", format!("ags-{id}-{name}")).set("rest_api_id", id.as_str());
            made.set("stage_name", name);
            let log = item.value.get("accessLogSettings").filter(|log| log.is_object());
            made.set("access_log_settings", log.map(|log| json!([super::value::block(log)])));
            if let Some(settings) = limits(&item, &id, name, &address) {
                making.add(settings);
            }
            if let Some(region) = &region.name {
                made.set("arn", address).set(
                    "invoke_url",
                    format!("https://{id}.execute-api.{region}.amazonaws.com/{name}"),
                );
            }
            if let Some(acl) = text(&item.value, "webAclArn") {
                making.add(protection(&item, &made_arn(region, &id, name), acl));
            }
            making.add(made);
        }
    }
    for item in region.items("apigateway get-vpc-links") {
        let Some(id) = text(&item.value, "id") else { continue };
        let mut made = Made::new("aws_api_gateway_vpc_link", &format!("the VPC link {id}"), &item);
        made.set("id", id).copy(&item.value, &[("name", "name")]);
        made.set("target_arns", words(&item.value, "targetArns"));
        making.add(made);
    }
}

/// The settings of all methods of a stage, which `aws` prints with the stage.
fn limits(item: &Item<'_>, api: &str, stage: &str, address: &str) -> Option<Made> {
    let settings = item.value.get("methodSettings")?.get("*/*")?;
    let at = format!("{address}/methods/*/*");
    let mut made = Made::new("aws_api_gateway_method_settings", &at, item);
    made.set("rest_api_id", api).set("stage_name", stage).set("method_path", "*/*");
    made.set("settings", json!([super::value::block(settings)]));
    Some(made)
}

fn made_arn(region: &Region<'_>, id: &str, stage: &str) -> String {
    address(region, id, &format!("/stages/{stage}"))
}

fn protection(item: &Item<'_>, stage: &str, acl: &str) -> Made {
    let name = format!("the web ACL of {stage}");
    let mut made = Made::new("aws_wafv2_web_acl_association", &name, item);
    made.set("resource_arn", stage).set("web_acl_arn", acl);
    made
}

fn address(region: &Region<'_>, id: &str, rest: &str) -> String {
    match &region.name {
        Some(name) => format!("arn:aws:apigateway:{name}::/restapis/{id}{rest}"),
        None => format!("the REST API {id}{rest}"),
    }
}

/// API Gateway prints a policy with its quotation marks escaped once more.
fn policy(item: &Value) -> Option<String> {
    let printed = text(item, "policy")?;
    if serde_json::from_str::<Value>(printed).is_ok() {
        return Some(printed.to_owned());
    }
    let plain: String = serde_json::from_str(&format!("\"{printed}\"")).ok()?;
    Some(plain)
}

fn resources(region: &Region<'_>, ids: &[String], making: &mut Making) {
    let shown = pages(region, (RESOURCES, "restApiId"), ids, making);
    for id in ids {
        if region.is_cut(RESOURCES) || !shown.iter().any(|(of, _)| of == id) {
            let reason =
                region.missing_of(RESOURCES, &format!("--embed methods --rest-api-id {id}"));
            making.change("aws_api_gateway_rest_api", &address(region, id, ""), |made| {
                made.unsaid("route", reason);
            });
        }
    }
    for (api, page) in shown {
        for item in items_of(page) {
            let Some(id) = text(&item.value, "id") else { continue };
            if text(&item.value, "path") == Some("/") {
                making.change("aws_api_gateway_rest_api", &address(region, &api, ""), |made| {
                    made.set("root_resource_id", id);
                });
            } else {
                let own = address(region, &api, &format!("/resources/{id}"));
                let mut made = Made::new("aws_api_gateway_resource", &own, &item);
                made.set("id", id).set("rest_api_id", api.as_str()).copy(
                    &item.value,
                    &[("parent_id", "parentId"), ("path_part", "pathPart"), ("path", "path")],
                );
                making.add(made);
            }
            if let Some(Value::Object(methods)) = item.value.get("resourceMethods") {
                for (word, method) in methods {
                    method_of(region, (&api, id, word), &item, method, making);
                }
            }
        }
    }
}

fn method_of(
    region: &Region<'_>,
    (api, resource, word): (&str, &str, &str),
    item: &Item<'_>,
    method: &Value,
    making: &mut Making,
) {
    let at = address(region, api, &format!("/resources/{resource}/methods/{word}"));
    let mut made = Made::new("aws_api_gateway_method", &at, item);
    made.set("rest_api_id", api).set("resource_id", resource).set("http_method", word);
    made.copy(method, &[("authorizer_id", "authorizerId"), ("api_key_required", "apiKeyRequired")]);
    let reason = || region.missing_of(RESOURCES, &format!("--embed methods --rest-api-id {api}"));
    made.set_or("authorization", text(method, "authorizationType"), reason);
    making.add(made);
    let mut made = Made::new("aws_api_gateway_integration", &format!("{at}/integration"), item);
    made.set("rest_api_id", api).set("resource_id", resource).set("http_method", word);
    let Some(inner) = method.get("methodIntegration") else {
        if text(method, "authorizationType").is_none() {
            for name in ["type", "uri", "connection_id"] {
                made.unsaid(name, reason());
            }
            making.add(made);
        }
        return;
    };
    made.copy(
        inner,
        &[
            ("type", "type"),
            ("uri", "uri"),
            ("connection_type", "connectionType"),
            ("connection_id", "connectionId"),
            ("timeout_milliseconds", "timeoutInMillis"),
            ("response_transfer_mode", "responseTransferMode"),
            ("integration_target", "integrationTarget"),
        ],
    );
    making.add(made);
}
