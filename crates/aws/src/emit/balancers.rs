//! The load balancers of services, in `ingress.tf`: internal, with TLS, each for one service.

use farmgate_farm::farm::{Behind, Service};
use farmgate_farm::word::Name;

use super::hcl::{Block, Body, File, Object, Template, object, raw};
use super::{ingress, names};
use crate::design::{Design, Party};

/// The services that have a load balancer, in order of name.
pub(super) fn of(design: &Design) -> Vec<(&Name, &Service)> {
    let services = design.farm.services.iter();
    let made = services.filter(|(name, service)| {
        service.behind == Behind::Alb && design.task(&Party::Service((*name).clone())).is_some()
    });
    made.collect()
}

/// Adds them to a file, if there are any.
pub(super) fn add(design: &Design, file: File) -> File {
    let all = of(design);
    if all.is_empty() {
        return file;
    }
    let each = all.iter().map(|(name, service)| (name.as_str(), settings(design, name, service)));
    let balancers = Object::new().attrs(each).tall();
    file.comment("Services behind load balancers of their own, which have no public address.")
        .block(Block::locals().attr("balancers", balancers))
        .block(balancer(design))
        .block(listener(design))
        .block(targets(design))
}

fn settings(design: &Design, name: &Name, service: &Service) -> Object {
    let party = Party::Service(name.clone());
    let port = design.task(&party).map_or(0, |task| task.port);
    let health = &service.health;
    let path = health.path.as_ref().map_or("/health", |path| path.as_str());
    let checks = object()
        .attr("path", path)
        .attr("codes", health.codes.as_str())
        .attr("interval", health.interval.as_seconds())
        .attr("timeout", health.timeout.as_seconds())
        .attr("healthy", health.healthy.get())
        .attr("unhealthy", health.unhealthy.get());
    object()
        .attr("name", names::balancer_name(design, &Party::Balancer(name.clone())))
        .maybe("domain", service.domain.as_ref().map(|domain| domain.as_str()))
        .maybe("certificate", service.certificate.as_ref().map(|arn| arn.as_str()))
        .attr("port", port)
        .attr("protocol", if service.tls { "HTTPS" } else { "HTTP" })
        .attr("drain", service.container.drain.as_seconds())
        .attr("health", checks)
}

fn tags() -> Object {
    object().attr("Name", raw("each.value.name"))
}

fn balancer(design: &Design) -> Block {
    let block = Block::resource("aws_lb", "service")
        .for_each(raw("local.balancers"))
        .attr("name", raw("each.value.name"))
        .attr("load_balancer_type", "application")
        .attr("internal", true)
        .attr("subnets", names::private_subnets(design))
        .attr("security_groups", [raw("aws_security_group.balancer[each.key].id")]);
    let prefix =
        Template::new().text(format!("{}/", super::access_logs::SERVICES)).value(raw("each.key"));
    ingress::access_logs(design, block.extend(ingress::hardening(design)), prefix)
        .attr("tags", tags())
}

fn listener(design: &Design) -> Block {
    let forward = Block::new("default_action")
        .attr("type", "forward")
        .attr("target_group_arn", raw("aws_lb_target_group.service[each.key].arn"));
    Block::resource("aws_lb_listener", "service")
        .for_each(raw("local.balancers"))
        .attr("load_balancer_arn", raw("aws_lb.service[each.key].arn"))
        .attr("port", 443)
        .attr("protocol", "HTTPS")
        .attr("ssl_policy", design.farm.ingress.tls.policy.word())
        .attr("certificate_arn", raw("each.value.certificate"))
        .block(forward)
}

fn targets(design: &Design) -> Block {
    let health = Block::new("health_check")
        .attr("protocol", raw("each.value.protocol"))
        .attr("path", raw("each.value.health.path"))
        .attr("matcher", raw("each.value.health.codes"))
        .attr("interval", raw("each.value.health.interval"))
        .attr("timeout", raw("each.value.health.timeout"))
        .attr("healthy_threshold", raw("each.value.health.healthy"))
        .attr("unhealthy_threshold", raw("each.value.health.unhealthy"));
    Block::resource("aws_lb_target_group", "service")
        .for_each(raw("local.balancers"))
        .attr("name", raw("each.value.name"))
        .attr("vpc_id", names::vpc(design))
        .attr("target_type", "ip")
        .attr("protocol", raw("each.value.protocol"))
        .attr("port", raw("each.value.port"))
        .blank()
        .attr("deregistration_delay", raw("each.value.drain"))
        .attr("load_balancing_algorithm_type", "least_outstanding_requests")
        .block(health)
        .extend(Body::new().blank().attr("tags", tags()))
}
