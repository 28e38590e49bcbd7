//! Load balancers, listeners, target groups, distributions and web ACLs.
//!
//! Defaults are those of the Elastic Load Balancing API, which CloudFormation passes on:
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>.

use super::super::making::{Making, attribute_of, deep, each, one, pick};
use super::super::value::{Evaluated, What};

pub(super) fn translate(kind: &str, making: &mut Making<'_, '_>) -> bool {
    match kind {
        "ElasticLoadBalancingV2::LoadBalancer" => load_balancer(making),
        "ElasticLoadBalancingV2::Listener" => listener(making),
        "ElasticLoadBalancingV2::ListenerRule" => rule(making),
        "ElasticLoadBalancingV2::TargetGroup" => target_group(making),
        "CloudFront::Distribution" => distribution(making),
        "WAFv2::WebACL" => web_acl(making),
        "WAFv2::WebACLAssociation" => {
            making.copy(&[("ResourceArn", "resource_arn"), ("WebACLArn", "web_acl_arn")]);
        }
        _ => return false,
    }
    true
}

/// A text that is `word`, or not; unknown if the text is.
fn is(value: Option<&Evaluated>, word: &str) -> Evaluated {
    match value {
        Some(value) if value.reason().is_some() => value.clone(),
        Some(value) => {
            let same = value.as_text().is_some_and(|text| text.eq_ignore_ascii_case(word));
            Evaluated { what: What::Bool(same), ..value.clone() }
        }
        None => What::Bool(false).into(),
    }
}

fn load_balancer(making: &mut Making<'_, '_>) {
    making.copy(&[
        ("Type", "load_balancer_type"),
        ("Subnets", "subnets"),
        ("SubnetMappings", "subnet_mapping"),
        ("SecurityGroups", "security_groups"),
    ]);
    let scheme = making.get("Scheme");
    making.own().set("internal", &is(scheme.as_ref(), "internal"));
    let dns = making.attribute("DNSName");
    making.own().set("dns_name", &dns);
    let attributes = making.get("LoadBalancerAttributes");
    let of = |key: &str| attribute_of(attributes.as_ref(), key);
    for (key, name) in [
        ("idle_timeout.timeout_seconds", "idle_timeout"),
        ("deletion_protection.enabled", "enable_deletion_protection"),
        ("routing.http.drop_invalid_header_fields.enabled", "drop_invalid_header_fields"),
    ] {
        making.own().set_any(name, of(key).as_ref());
    }
    if let Some(enabled) = of("access_logs.s3.enabled") {
        let logs =
            Evaluated::map([("enabled", Some(enabled)), ("bucket", of("access_logs.s3.bucket"))]);
        making.own().set("access_logs", &Evaluated::list(vec![logs]));
    }
}

fn listener(making: &mut Making<'_, '_>) {
    making.copy_same(&["LoadBalancerArn", "Port", "Protocol", "SslPolicy"]);
    let certificates = making.get("Certificates");
    let first = certificates.as_ref().and_then(|list| list.items().first());
    let certificate = first.and_then(|first| first.path(&["CertificateArn"])).cloned();
    making.own().set_any("certificate_arn", certificate.as_ref());
    if let Some(actions) = making.get("DefaultActions") {
        making.own().set("default_action", &each(&actions, action));
    }
    if let Some(mutual) = making.get("MutualAuthentication") {
        let mutual = pick(&mutual, &[("Mode", "mode")]);
        making.own().set_any("mutual_authentication", one(Some(&mutual)).as_ref());
    }
}

fn rule(making: &mut Making<'_, '_>) {
    making.copy_same(&["ListenerArn", "Priority"]);
    if let Some(actions) = making.get("Actions") {
        making.own().set("action", &each(&actions, action));
    }
    if let Some(conditions) = making.get("Conditions") {
        making.own().set("condition", &each(&conditions, condition));
    }
}

fn action(of: &Evaluated) -> Evaluated {
    let inner = |name: &str, pairs: &[(&'static str, &'static str)]| {
        one(of.get(name).map(|inner| pick(inner, pairs)).as_ref())
    };
    let forward = of.get("ForwardConfig").map(|forward| {
        let groups = forward.path(&["TargetGroups"]).map(|groups| {
            each(groups, |group| pick(group, &[("TargetGroupArn", "arn"), ("Weight", "weight")]))
        });
        Evaluated::list(vec![Evaluated::map([("target_group", groups)])])
    });
    // Of what logs users in, only how it treats those who are not: the rest holds secrets.
    let unauthenticated = [("OnUnauthenticatedRequest", "on_unauthenticated_request")];
    let redirect = [("Protocol", "protocol"), ("Port", "port"), ("StatusCode", "status_code")];
    Evaluated::map([
        ("type", of.get("Type").cloned()),
        ("order", of.get("Order").cloned()),
        ("target_group_arn", of.get("TargetGroupArn").cloned()),
        ("forward", forward),
        ("redirect", inner("RedirectConfig", &redirect)),
        ("fixed_response", inner("FixedResponseConfig", &[("StatusCode", "status_code")])),
        ("authenticate_oidc", inner("AuthenticateOidcConfig", &unauthenticated)),
        ("authenticate_cognito", inner("AuthenticateCognitoConfig", &unauthenticated)),
    ])
}

fn condition(of: &Evaluated) -> Evaluated {
    const KINDS: [(&str, &str, &str); 6] = [
        ("path-pattern", "PathPatternConfig", "path_pattern"),
        ("host-header", "HostHeaderConfig", "host_header"),
        ("source-ip", "SourceIpConfig", "source_ip"),
        ("http-header", "HttpHeaderConfig", "http_header"),
        ("http-request-method", "HttpRequestMethodConfig", "http_request_method"),
        ("query-string", "QueryStringConfig", "query_string"),
    ];
    let field = of.get("Field").and_then(Evaluated::as_text);
    let kind = KINDS.iter().find(|(field_name, config, _)| {
        field.as_deref() == Some(field_name) || of.get(config).is_some()
    });
    let Some((_, config, block)) = kind else {
        return Evaluated::unknown("is a condition of a kind that is not known");
    };
    // `Values` beside `Field` is the older form of the same.
    let values = of.path(&[config, "Values"]).or_else(|| of.get("Values")).cloned();
    if *block == "query_string" {
        let pairs = [("Key", "key"), ("Value", "value")];
        let list = values.map(|values| each(&values, |value| pick(value, &pairs)));
        return Evaluated::map([(*block, list)]);
    }
    let header = of.path(&[config, "HttpHeaderName"]).cloned();
    let inner = Evaluated::map([("values", values), ("http_header_name", header)]);
    Evaluated::map([(*block, Some(Evaluated::list(vec![inner])))])
}

fn target_group(making: &mut Making<'_, '_>) {
    making.copy_same(&["Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId"]);
    health(making);
    let attributes = making.get("TargetGroupAttributes");
    let of = |key: &str| attribute_of(attributes.as_ref(), key);
    if let Some(enabled) = of("stickiness.enabled") {
        let sticky = Evaluated::map([("enabled", Some(enabled)), ("type", of("stickiness.type"))]);
        making.own().set("stickiness", &Evaluated::list(vec![sticky]));
    }
    making.own().set_any("preserve_client_ip", of("preserve_client_ip.enabled").as_ref());
    let arn = making.reference();
    let targets = making.get("Targets");
    for (at, target) in targets.iter().flat_map(Evaluated::items).enumerate() {
        let kind = "aws_lb_target_group_attachment";
        let mut made = making.further(kind, &format!("Targets[{at}]"));
        made.set("target_group_arn", &arn);
        made.set_any("target_id", target.path(&["Id"]));
        made.set_any("port", target.path(&["Port"]));
        making.made.push(made);
    }
}

fn health(making: &mut Making<'_, '_>) {
    let text = |name: &str| making.get(name).and_then(|value| value.as_text());
    let balances_http = !matches!(
        text("Protocol").as_deref(),
        Some("TCP" | "UDP" | "TCP_UDP" | "TLS" | "QUIC" | "TCP_QUIC" | "GENEVE")
    );
    let checks_http = match text("HealthCheckProtocol").as_deref() {
        Some("TCP") => false,
        Some(_) => true,
        None => balances_http,
    };
    let or = |name: &str, default: u64| {
        let default = || What::Number(default.into()).into();
        Some(making.get(name).unwrap_or_else(default))
    };
    let timeout = match (balances_http, checks_http) {
        (true, _) => 5,
        (false, true) => 6,
        (false, false) => 10,
    };
    let matcher =
        making.path(&["Matcher", "HttpCode"]).or_else(|| making.path(&["Matcher", "GrpcCode"]));
    let check = Evaluated::map([
        ("enabled", making.get("HealthCheckEnabled")),
        ("protocol", making.get("HealthCheckProtocol")),
        ("port", making.get("HealthCheckPort")),
        ("path", making.get("HealthCheckPath")),
        ("matcher", matcher),
        ("interval", or("HealthCheckIntervalSeconds", 30)),
        ("timeout", or("HealthCheckTimeoutSeconds", timeout)),
        ("healthy_threshold", or("HealthyThresholdCount", 5)),
        ("unhealthy_threshold", or("UnhealthyThresholdCount", 2)),
    ]);
    making.own().set("health_check", &Evaluated::list(vec![check]));
}

fn distribution(making: &mut Making<'_, '_>) {
    let domain = making.attribute("DomainName");
    making.own().set("domain_name", &domain);
    let Some(config) = making.get("DistributionConfig") else { return };
    let origins = config.path(&["Origins"]).map(|list| {
        each(list, |origin| {
            let custom = origin.get("CustomOriginConfig").map(deep);
            Evaluated::map([
                ("domain_name", origin.get("DomainName").cloned()),
                ("origin_id", origin.get("Id").cloned()),
                ("custom_origin_config", one(custom.as_ref())),
                ("vpc_origin_config", one(origin.get("VpcOriginConfig").map(deep).as_ref())),
            ])
        })
    });
    making.own().set_any("origin", origins.as_ref());
    let behaviour = |of: &Evaluated| {
        Evaluated::map([
            ("viewer_protocol_policy", of.get("ViewerProtocolPolicy").cloned()),
            ("target_origin_id", of.get("TargetOriginId").cloned()),
            ("path_pattern", of.get("PathPattern").cloned()),
            ("lambda_function_association", of.get("LambdaFunctionAssociations").map(deep)),
            ("function_association", of.get("FunctionAssociations").map(deep)),
        ])
    };
    let default = config.path(&["DefaultCacheBehavior"]).and_then(|of| one(Some(of)));
    let default = default.map(|list| each(&list, behaviour));
    making.own().set_any("default_cache_behavior", default.as_ref());
    let ordered = config.path(&["CacheBehaviors"]).map(|list| each(list, behaviour));
    making.own().set_any("ordered_cache_behavior", ordered.as_ref());
    making.own().set_any("web_acl_id", config.path(&["WebACLId"]));
}

/// Rules keep their nesting, in the provider's words: what is one there is a block, a list of one.
fn web_acl(making: &mut Making<'_, '_>) {
    making.copy_same(&["Scope"]);
    let default = making.get("DefaultAction").map(|of| deep(&of));
    making.own().set_any("default_action", one(default.as_ref()).as_ref());
    let Some(rules) = making.get("Rules") else { return };
    let rules = each(&rules, |rule| {
        let block = |name: &str| one(rule.get(name).map(deep).as_ref());
        Evaluated::map([
            ("name", rule.get("Name").cloned()),
            ("priority", rule.get("Priority").cloned()),
            ("action", block("Action")),
            ("override_action", block("OverrideAction")),
            ("statement", block("Statement").map(|list| each(&list, blocks))),
        ])
    });
    making.own().set("rule", &rules);
}

/// Maps inside of a map as lists of one.
fn blocks(of: &Evaluated) -> Evaluated {
    let What::Map(members) = &of.what else { return of.clone() };
    let member = |(key, at, value): &(String, Option<usize>, Evaluated)| {
        let inner = match &value.what {
            What::Map(_) => Evaluated::list(vec![blocks(value)]),
            What::List(items) => Evaluated::list(items.iter().map(blocks).collect()),
            _ => value.clone(),
        };
        (key.clone(), *at, inner)
    };
    What::Map(members.iter().map(member).collect()).into()
}
