//! `dns.tf`: the farm's name and its certificate, and the names of services behind load balancers.

use super::balancers;
use super::hcl::{Block, Body, File, object, raw};
use super::names;
use crate::design::Design;

pub(super) fn file(design: &Design) -> File {
    let domain = &design.farm.ingress.domain;
    let mut file = File::new();
    if let Some(zone) = &domain.zone {
        let record = Block::resource("aws_route53_record", "farm")
            .attr("zone_id", zone.as_str())
            .attr("name", domain.name.as_str())
            .attr("type", "A")
            .block(alias("aws_lb.ingress"));
        file = file
            .comment("The name by which clients call the farm. Its load balancer has IPv4 addresses only.")
            .block(record);
        if design.farm.ingress.tls.certificate.is_none() {
            file = certificate(domain.name.as_str(), zone.as_str(), file);
        }
    }
    if balancers::of(design).is_empty() {
        return file;
    }
    services(design, file)
}

fn alias(balancer: &str) -> Block {
    Block::new("alias")
        .attr("name", raw(format!("{balancer}.dns_name")))
        .attr("zone_id", raw(format!("{balancer}.zone_id")))
        .attr("evaluate_target_health", true)
}

/// A certificate for the farm's name, validated by a record in its zone.
fn certificate(name: &str, zone: &str, file: File) -> File {
    let certificate = Block::resource("aws_acm_certificate", "farm")
        .attr("domain_name", name)
        .attr("validation_method", "DNS")
        .lifecycle(Body::new().attr("create_before_destroy", true));
    let option = |name: &str| {
        raw(format!(
            "one(aws_acm_certificate.farm.domain_validation_options).resource_record_{name}"
        ))
    };
    let record = Block::resource("aws_route53_record", "validation")
        .attr("zone_id", zone)
        .attr("name", option("name"))
        .attr("type", option("type"))
        .attr("records", [option("value")])
        .attr("ttl", 300)
        .blank()
        .comment("A certificate for the same name, of another farm or region, has the same record.")
        .attr("allow_overwrite", true);
    let validation = Block::resource("aws_acm_certificate_validation", "farm")
        .attr("certificate_arn", raw("aws_acm_certificate.farm.arn"))
        .attr("validation_record_fqdns", [raw("aws_route53_record.validation.fqdn")]);
    file.comment("The farm's certificate. ACM renews it for as long as the record is there.")
        .block(certificate)
        .block(record)
        .comment("Waits until the certificate is issued.")
        .block(validation)
}

/// Private zones for services behind load balancers.
fn services(design: &Design, file: File) -> File {
    let zone = Block::resource("aws_route53_zone", "service")
        .for_each(raw("local.balancers"))
        .attr("name", raw("each.value.domain"))
        .attr("comment", "Resolves in the farm's VPC only")
        .block(Block::new("vpc").attr("vpc_id", names::vpc(design)))
        .extend(Body::new().blank().attr("tags", object().attr("Name", raw("each.value.name"))));
    let record = Block::resource("aws_route53_record", "service")
        .for_each(raw("local.balancers"))
        .attr("zone_id", raw("aws_route53_zone.service[each.key].zone_id"))
        .attr("name", raw("each.value.domain"))
        .attr("type", "A")
        .block(alias("aws_lb.service[each.key]"));
    file.comment(
        "Names of services, which resolve to private addresses, as the rules of security groups that name\n\
         groups match no others. Each zone is of that one name, so that all else of its domain resolves\n\
         as it does elsewhere.",
    )
    .block(zone)
    .block(record)
}
