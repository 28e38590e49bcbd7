//! API Gateway v2: HTTP and WebSocket APIs.
//!
//! Routes, integrations, authorizers and stages don't say of which API they are: the request does, or
//! there is but one API.

use serde_json::json;

use super::folder::{Item, Page, Region, items_of};
use super::made::{Made, Making};
use super::value::{text, words};

const APIS: &str = "apigatewayv2 get-apis";

/// Reads APIs and what belongs to them.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    let mut ids = Vec::new();
    for item in region.items(APIS) {
        let Some(id) = text(&item.value, "ApiId") else { continue };
        ids.push(id.to_owned());
        let mut made = Made::new("aws_apigatewayv2_api", &arn(region, id, ""), &item);
        made.set("id", id).copy(
            &item.value,
            &[
                ("name", "Name"),
                ("protocol_type", "ProtocolType"),
                ("api_endpoint", "ApiEndpoint"),
                ("disable_execute_api_endpoint", "DisableExecuteApiEndpoint"),
            ],
        );
        if region.name.is_some() {
            made.set("arn", arn(region, id, ""));
        }
        making.add(made);
    }
    parts(region, &ids, making);
    for item in region.items("apigatewayv2 get-vpc-links") {
        let Some(id) = text(&item.value, "VpcLinkId") else { continue };
        let mut made = Made::new("aws_apigatewayv2_vpc_link", &format!("the VPC link {id}"), &item);
        made.set("id", id)
            .copy(&item.value, &[("name", "Name")])
            .set("subnet_ids", words(&item.value, "SubnetIds"))
            .set("security_group_ids", words(&item.value, "SecurityGroupIds"));
        making.add(made);
    }
}

fn arn(region: &Region<'_>, id: &str, rest: &str) -> String {
    match &region.name {
        Some(name) => format!("arn:aws:apigateway:{name}::/apis/{id}{rest}"),
        None => format!("the API {id}{rest}"),
    }
}

/// The documents of an operation, with the API that each is about.
pub(super) fn pages<'r, 'a>(
    region: &'r Region<'a>,
    (operation, parameter): (&str, &str),
    ids: &[String],
    making: &mut Making,
) -> Vec<(String, &'r Page<'a>)> {
    let mut found = Vec::new();
    for page in region.pages(operation) {
        match (page.request.parameter(parameter), ids) {
            (Some(id), _) => found.push((id.to_owned(), page)),
            (None, [only]) => found.push((only.clone(), page)),
            (None, _) => {
                let which = match ids.len() {
                    0 => "which API".to_owned(),
                    many => format!("which of {many} APIs"),
                };
                let text = format!(
                    "{} doesn't say of {which} it is, so it is not used; `farmgate collect` writes \
                     that down",
                    page.name,
                );
                making.warn("document-not-told", text, None);
            }
        }
    }
    found
}

fn parts(region: &Region<'_>, ids: &[String], making: &mut Making) {
    const ROUTES: &str = "apigatewayv2 get-routes";
    let shown = pages(region, (ROUTES, "ApiId"), ids, making);
    for id in ids {
        if region.is_cut(ROUTES) || !shown.iter().any(|(of, _)| of == id) {
            let reason = region.missing_of(ROUTES, &format!("--api-id {id}"));
            making.change("aws_apigatewayv2_api", &arn(region, id, ""), |made| {
                made.unsaid("route", reason);
            });
        }
    }
    type Read = fn(&Region<'_>, &str, &Item<'_>) -> Option<Made>;
    let kinds: [(&str, Read); 4] = [
        (ROUTES, route),
        ("apigatewayv2 get-integrations", integration),
        ("apigatewayv2 get-authorizers", authorizer),
        ("apigatewayv2 get-stages", stage),
    ];
    for (operation, read) in kinds {
        for (id, page) in pages(region, (operation, "ApiId"), ids, making) {
            for item in items_of(page) {
                if let Some(made) = read(region, &id, &item) {
                    making.add(made);
                }
            }
        }
    }
}

fn route(region: &Region<'_>, api: &str, item: &Item<'_>) -> Option<Made> {
    let id = text(&item.value, "RouteId")?;
    let mut made =
        Made::new("aws_apigatewayv2_route", &arn(region, api, &format!("/routes/{id}")), item);
    made.set("id", id).set("api_id", api).copy(
        &item.value,
        &[
            ("route_key", "RouteKey"),
            ("target", "Target"),
            ("authorization_type", "AuthorizationType"),
            ("authorizer_id", "AuthorizerId"),
            ("api_key_required", "ApiKeyRequired"),
        ],
    );
    Some(made)
}

fn integration(region: &Region<'_>, api: &str, item: &Item<'_>) -> Option<Made> {
    let id = text(&item.value, "IntegrationId")?;
    let address = arn(region, api, &format!("/integrations/{id}"));
    let mut made = Made::new("aws_apigatewayv2_integration", &address, item);
    made.set("id", id).set("api_id", api).copy(
        &item.value,
        &[
            ("connection_type", "ConnectionType"),
            ("connection_id", "ConnectionId"),
            ("integration_type", "IntegrationType"),
            ("integration_subtype", "IntegrationSubtype"),
            ("integration_uri", "IntegrationUri"),
            ("timeout_milliseconds", "TimeoutInMillis"),
        ],
    );
    if let Some(name) = item.value.get("TlsConfig").filter(|config| config.is_object()) {
        made.set(
            "tls_config",
            json!([{ "server_name_to_verify": text(name, "ServerNameToVerify") }]),
        );
    }
    Some(made)
}

fn authorizer(region: &Region<'_>, api: &str, item: &Item<'_>) -> Option<Made> {
    let id = text(&item.value, "AuthorizerId")?;
    let address = arn(region, api, &format!("/authorizers/{id}"));
    let mut made = Made::new("aws_apigatewayv2_authorizer", &address, item);
    made.set("id", id)
        .set("api_id", api)
        .copy(&item.value, &[("authorizer_type", "AuthorizerType"), ("name", "Name")]);
    Some(made)
}

fn stage(region: &Region<'_>, api: &str, item: &Item<'_>) -> Option<Made> {
    let name = text(&item.value, "StageName")?;
    let address = arn(region, api, &format!("/stages/{name}"));
    let mut made = Made::new("aws_apigatewayv2_stage", &address, item);
    made.set("id", name).set("api_id", api).set("name", name);
    if let Some(region) = &region.name {
        made.set("arn", address)
            .set("invoke_url", format!("https://{api}.execute-api.{region}.amazonaws.com/{name}"));
    }
    if let Some(log) = item.value.get("AccessLogSettings").filter(|log| log.is_object()) {
        made.set("access_log_settings", json!([super::value::block(log)]));
    }
    if let Some(all) = item.value.get("DefaultRouteSettings").filter(|all| all.is_object()) {
        made.set("default_route_settings", json!([super::value::block(all)]));
    }
    Some(made)
}
