//! API Gateway, both generations.

use super::super::making::{Making, deep, one, policy};
use super::super::value::Evaluated;

pub(super) fn translate(kind: &str, making: &mut Making<'_, '_>) -> bool {
    match kind {
        "ApiGatewayV2::Api" => {
            making.copy_same(&["ProtocolType", "Target", "RouteKey"]);
            let endpoint = making.attribute("ApiEndpoint");
            making.own().set("api_endpoint", &endpoint);
            body(making);
        }
        "ApiGatewayV2::Route" => making.copy_same(&[
            "ApiId",
            "RouteKey",
            "Target",
            "AuthorizationType",
            "AuthorizerId",
            "ApiKeyRequired",
        ]),
        "ApiGatewayV2::Integration" => http_integration(making),
        "ApiGatewayV2::Authorizer" => making.copy_same(&["ApiId", "AuthorizerType", "Name"]),
        "ApiGatewayV2::Stage" => {
            making.copy(&[("ApiId", "api_id"), ("StageName", "name")]);
            block(making, "AccessLogSettings", "access_log_settings");
            block(making, "DefaultRouteSettings", "default_route_settings");
            stage_arn(making, "ApiId", "apis");
        }
        "ApiGatewayV2::VpcLink" => making.copy_same(&["SubnetIds", "SecurityGroupIds"]),
        "ApiGateway::RestApi" => rest_api(making),
        "ApiGateway::Resource" => making.copy_same(&["RestApiId", "ParentId", "PathPart"]),
        "ApiGateway::Method" => method(making),
        "ApiGateway::Authorizer" => making.copy_same(&["RestApiId", "Type", "Name"]),
        "ApiGateway::Stage" => {
            making.copy_same(&["RestApiId", "StageName"]);
            block(making, "AccessLogSetting", "access_log_settings");
            stage_arn(making, "RestApiId", "restapis");
            limits(making);
        }
        "ApiGateway::Deployment" => making.copy_same(&["RestApiId", "StageName"]),
        "ApiGateway::DomainName" => making.copy_same(&["SecurityPolicy"]),
        "ApiGatewayV2::DomainName" => {
            making.copy(&[("DomainNameConfigurations", "domain_name_configuration")]);
        }
        "ApiGateway::VpcLink" => making.copy_same(&["TargetArns"]),
        _ => return false,
    }
    true
}

/// Routes that are written as an OpenAPI document: in the template, or in a file, of which nothing
/// is known.
fn body(making: &mut Making<'_, '_>) {
    if let Some(document) = making.get("Body") {
        making.own().set("body", &document);
    } else if making.get("BodyS3Location").is_some() {
        let reason = "is an OpenAPI document in S3, which is not given";
        making.own().set("body", &Evaluated::unknown(reason));
    }
}

fn http_integration(making: &mut Making<'_, '_>) {
    making.copy(&[
        ("ApiId", "api_id"),
        ("ConnectionType", "connection_type"),
        ("ConnectionId", "connection_id"),
        ("IntegrationType", "integration_type"),
        ("IntegrationSubtype", "integration_subtype"),
        ("IntegrationUri", "integration_uri"),
        ("TimeoutInMillis", "timeout_milliseconds"),
    ]);
    let tls = making.get("TlsConfig").map(|of| deep(&of));
    making.own().set_any("tls_config", one(tls.as_ref()).as_ref());
}

fn rest_api(making: &mut Making<'_, '_>) {
    body(making);
    let root = making.attribute("RootResourceId");
    making.own().set("root_resource_id", &root);
    if let Some(document) = making.get("Policy") {
        making.own().set("policy", &policy(&document));
    }
    let endpoints = making.get("EndpointConfiguration").map(|of| deep(&of));
    making.own().set_any("endpoint_configuration", one(endpoints.as_ref()).as_ref());
}

fn method(making: &mut Making<'_, '_>) {
    making.copy(&[
        ("RestApiId", "rest_api_id"),
        ("ResourceId", "resource_id"),
        ("HttpMethod", "http_method"),
        ("AuthorizationType", "authorization"),
        ("AuthorizerId", "authorizer_id"),
        ("ApiKeyRequired", "api_key_required"),
    ]);
    let Some(of) = making.get("Integration") else { return };
    let mut made = making.further("aws_api_gateway_integration", "Integration");
    for (property, name) in
        [("RestApiId", "rest_api_id"), ("ResourceId", "resource_id"), ("HttpMethod", "http_method")]
    {
        made.set_any(name, making.get(property).as_ref());
    }
    for (property, name) in [
        ("Type", "type"),
        ("Uri", "uri"),
        ("ConnectionType", "connection_type"),
        ("ConnectionId", "connection_id"),
        ("TimeoutInMillis", "timeout_milliseconds"),
        ("ResponseTransferMode", "response_transfer_mode"),
        ("IntegrationTarget", "integration_target"),
    ] {
        made.set_any(name, of.path(&[property]));
    }
    making.made.push(made);
}

/// `arn:aws:apigateway:eu-west-1::/restapis/ID/stages/NAME`, as a web ACL is associated with it.
fn stage_arn(making: &mut Making<'_, '_>, api: &str, word: &str) {
    let api = making.get(api).and_then(|api| api.as_text());
    let name = making.get("StageName").and_then(|name| name.as_text());
    let (Some(api), Some(name)) = (api, name) else { return };
    let here = making.world.environment(making.stack);
    let (partition, region) = (here.partition(), here.region().to_owned());
    let text = format!("arn:{partition}:apigateway:{region}::/{word}/{api}/stages/{name}");
    making.own().text("arn", &text);
    making.own().text("id", &format!("{api}/{name}"));
}

/// A property that the provider has as a block.
fn block(making: &mut Making<'_, '_>, property: &str, name: &str) {
    let inner = making.get(property).map(|of| deep(&of));
    making.own().set_any(name, one(inner.as_ref()).as_ref());
}

/// The settings of all methods of a stage (`/*` and `*`), which the provider has apart.
pub(super) fn limits(making: &mut Making<'_, '_>) {
    let Some(all) = making.get("MethodSettings") else { return };
    let is = |of: &Evaluated, name: &str, words: [&str; 2]| {
        of.get(name).and_then(Evaluated::as_text).is_some_and(|text| words.contains(&text.as_str()))
    };
    let whole =
        |of: &&Evaluated| is(of, "HttpMethod", ["*", "*"]) && is(of, "ResourcePath", ["/*", "*"]);
    let settings = match all.reason() {
        Some(_) => all.clone(),
        None => match all.items().iter().find(whole) {
            Some(found) => Evaluated::list(vec![deep(found)]),
            None => return,
        },
    };
    let mut made = making.further("aws_api_gateway_method_settings", "MethodSettings");
    let api = making.get("RestApiId").unwrap_or_else(|| making.reference());
    made.set("rest_api_id", &api);
    made.set_any("stage_name", making.get("StageName").as_ref());
    made.text("method_path", "*/*");
    made.set("settings", &settings);
    making.made.push(made);
}
