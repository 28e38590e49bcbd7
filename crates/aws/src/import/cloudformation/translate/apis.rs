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
            stage_arn(making, "ApiId", "apis");
        }
        "ApiGatewayV2::VpcLink" => making.copy_same(&["SubnetIds", "SecurityGroupIds"]),
        "ApiGateway::RestApi" => rest_api(making),
        "ApiGateway::Resource" => making.copy_same(&["RestApiId", "ParentId", "PathPart"]),
        "ApiGateway::Method" => method(making),
        "ApiGateway::Authorizer" => making.copy_same(&["RestApiId", "Type", "Name"]),
        "ApiGateway::Stage" => {
            making.copy_same(&["RestApiId", "StageName"]);
            stage_arn(making, "RestApiId", "restapis");
        }
        "ApiGateway::Deployment" => making.copy_same(&["RestApiId", "StageName"]),
        "ApiGateway::VpcLink" => making.copy_same(&["TargetArns"]),
        _ => return false,
    }
    true
}

/// Routes that are written in a document of their own are not read: there may be any.
fn body(making: &mut Making<'_, '_>) {
    let given = ["Body", "BodyS3Location"].iter().any(|name| making.get(name).is_some());
    if given {
        let reason = "is an OpenAPI document, which is not read";
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
