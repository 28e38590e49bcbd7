//! `ingress.tf`: the load balancer in front, which ends TLS and forwards the servers' paths to the
//! gate; and the load balancers of services.

use farmgate_farm::farm::Scheme;
use farmgate_farm::gate;

use super::hcl::{Block, Body, Expr, File, Object, object, raw};
use super::{access_logs as logs, balancers, names};
use crate::design::{Design, Party};

/// How long browsers keep to HTTPS, in seconds: a year.
const HSTS: &str = "max-age=31536000";

pub(super) fn file(design: &Design) -> File {
    let mut file = File::new().block(balancer(design)).block(https(design));
    if design.farm.ingress.tls.redirect {
        file = file.comment("HTTP serves nothing; it says where HTTPS is.").block(http(design));
    }
    if !design.routes.is_empty() {
        file = file
            .comment(
                "The servers' paths. Where patterns overlap, the lower priority decides; what matches none\n\
                 never gets to the gate.",
            )
            .block(routes(design))
            .block(rule());
    }
    if let Some(metadata) = &design.metadata {
        let rule = Block::resource("aws_lb_listener_rule", "metadata")
            .attr("listener_arn", raw("aws_lb_listener.https.arn"))
            .attr("priority", metadata.priority)
            .block(path(&metadata.path))
            .block(forward());
        file = file
            .comment(
                "Where clients of OAuth look first for what a server wants of them (RFC 9728).",
            )
            .block(rule);
    }
    let file = file
        .comment(
            "The gate's tasks. The load balancer speaks TLS with them too; it can't verify their\n\
             certificate, which the gate makes itself.",
        )
        .block(targets(design));
    balancers::add(design, file)
}

fn balancer(design: &Design) -> Block {
    let block = Block::resource("aws_lb", "ingress")
        .attr("name", names::balancer_name(design, &Party::Ingress))
        .attr("load_balancer_type", "application")
        .attr("internal", design.farm.ingress.scheme == Scheme::Internal)
        .attr("subnets", names::ingress_subnets(design))
        .attr("security_groups", [names::group(design, &Party::Ingress)]);
    let block = block
        .blank()
        .comment("Streams of MCP are silent for long.")
        .attr("idle_timeout", design.farm.ingress.idle_timeout.as_seconds())
        .extend(hardening(design))
        .blank()
        .comment("The gate takes a client's address from here: the last one, which the load balancer adds.")
        .attr("xff_header_processing_mode", "append");
    let file = format!("{}-ingress", design.farm.farm);
    access_logs(design, block, logs::INGRESS).attr("tags", object().attr("Name", file))
}

/// What all load balancers have in common.
pub(super) fn hardening(design: &Design) -> Body {
    Body::new()
        .blank()
        .attr("enable_deletion_protection", design.farm.ingress.deletion_protection)
        .blank()
        .comment("What could be read in two ways, by the load balancer and behind it, is refused.")
        .attr("drop_invalid_header_fields", true)
        .attr("desync_mitigation_mode", "strictest")
}

/// Adds access logs to a load balancer, if there are any, and a blank line for what follows.
pub(super) fn access_logs(design: &Design, block: Block, prefix: impl Into<Expr>) -> Block {
    if !design.farm.ingress.access_logs.enabled {
        return block.blank();
    }
    let logs = Block::new("access_logs")
        .attr("bucket", raw("aws_s3_bucket.access_logs.id"))
        .attr("prefix", prefix)
        .attr("enabled", true);
    // The load balancer tries to write as soon as it is told to.
    block.block(logs).depends_on(["aws_s3_bucket_policy.access_logs"])
}

fn https(design: &Design) -> Block {
    let ingress = &design.farm.ingress;
    let certificate: Expr = match &ingress.tls.certificate {
        Some(arn) => arn.as_str().into(),
        None => raw("aws_acm_certificate_validation.farm.certificate_arn"),
    };
    let answer = Block::new("fixed_response")
        .attr("content_type", "application/json")
        .attr("message_body", ingress.default.body.as_str())
        .attr("status_code", ingress.default.status.get().to_string());
    Block::resource("aws_lb_listener", "https")
        .attr("load_balancer_arn", raw("aws_lb.ingress.arn"))
        .attr("port", 443)
        .attr("protocol", "HTTPS")
        .attr("ssl_policy", ingress.tls.policy.word())
        .attr("certificate_arn", certificate)
        .blank()
        .attr("routing_http_response_strict_transport_security_header_value", HSTS)
        .attr("routing_http_response_server_enabled", false)
        .block(Block::new("default_action").attr("type", "fixed-response").block(answer))
}

fn http(design: &Design) -> Block {
    let redirect = Block::new("redirect")
        .attr("host", design.farm.ingress.domain.name.as_str())
        .attr("protocol", "HTTPS")
        .attr("port", "443")
        .attr("status_code", "HTTP_301");
    Block::resource("aws_lb_listener", "http")
        .attr("load_balancer_arn", raw("aws_lb.ingress.arn"))
        .attr("port", 80)
        .attr("protocol", "HTTP")
        .block(Block::new("default_action").attr("type", "redirect").block(redirect))
}

fn routes(design: &Design) -> Block {
    let routes = design.routes.iter().map(|route| {
        let route_of = object().attr("priority", route.priority).attr("path", route.path.as_str());
        (route.server.as_str(), route_of)
    });
    Block::locals().attr("routes", Object::new().attrs(routes).tall())
}

fn rule() -> Block {
    Block::resource("aws_lb_listener_rule", "server")
        .for_each(raw("local.routes"))
        .attr("listener_arn", raw("aws_lb_listener.https.arn"))
        .attr("priority", raw("each.value.priority"))
        .block(path(raw("each.value.path")))
        .block(forward())
        .extend(Body::new().blank().attr("tags", object().attr("Name", raw("each.key"))))
}

fn path(pattern: impl Into<Expr>) -> Block {
    Block::new("condition").block(Block::new("path_pattern").attr("values", [pattern.into()]))
}

fn forward() -> Block {
    Block::new("action")
        .attr("type", "forward")
        .attr("target_group_arn", raw("aws_lb_target_group.gate.arn"))
}

fn targets(design: &Design) -> Block {
    // What runs behind the gate may finish, and so may the gate's part in it.
    let drain = design.gate.servers.values().map(|server| server.drain).max().unwrap_or(30);
    let health = Block::new("health_check")
        .attr("protocol", "HTTPS")
        .attr("path", gate::HEALTH_PATH)
        .attr("matcher", "200")
        .attr("interval", 15)
        .attr("timeout", 5)
        .attr("healthy_threshold", 2)
        .attr("unhealthy_threshold", 2);
    let name = names::targets_name(design, &Party::Ingress);
    Block::resource("aws_lb_target_group", "gate")
        .attr("name", name.as_str())
        .attr("vpc_id", names::vpc(design))
        .attr("target_type", "ip")
        .attr("protocol", "HTTPS")
        .attr("port", gate::PORT)
        .blank()
        .comment("As long as the slowest server takes to finish its requests.")
        .attr("deregistration_delay", drain)
        .blank()
        .comment("Streams last: a task with many of them gets fewer new ones.")
        .attr("load_balancing_algorithm_type", "least_outstanding_requests")
        .block(health)
        .extend(Body::new().blank().attr("tags", object().attr("Name", name)))
}
