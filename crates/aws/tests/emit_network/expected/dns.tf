# The name by which clients call the farm. Its load balancer has IPv4 addresses only.
resource "aws_route53_record" "farm" {
  zone_id = "Z0123456789ABCDEFGHIJ"
  name    = "farm.example.com"
  type    = "A"

  alias {
    name                   = aws_lb.ingress.dns_name
    zone_id                = aws_lb.ingress.zone_id
    evaluate_target_health = true
  }
}

# The farm's certificate. ACM renews it for as long as the record is there.
resource "aws_acm_certificate" "farm" {
  domain_name       = "farm.example.com"
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  zone_id = "Z0123456789ABCDEFGHIJ"
  name    = one(aws_acm_certificate.farm.domain_validation_options).resource_record_name
  type    = one(aws_acm_certificate.farm.domain_validation_options).resource_record_type
  records = [one(aws_acm_certificate.farm.domain_validation_options).resource_record_value]
  ttl     = 300

  # A certificate for the same name, of another farm or region, has the same record.
  allow_overwrite = true
}

# Waits until the certificate is issued.
resource "aws_acm_certificate_validation" "farm" {
  certificate_arn         = aws_acm_certificate.farm.arn
  validation_record_fqdns = [aws_route53_record.validation.fqdn]
}

# Names of services, which resolve to private addresses, as the rules of security groups that name
# groups match no others. Each zone is of that one name, so that all else of its domain resolves
# as it does elsewhere.
resource "aws_route53_zone" "service" {
  for_each = local.balancers

  name    = each.value.domain
  comment = "Resolves in the farm's VPC only"

  vpc {
    vpc_id = aws_vpc.farm.id
  }

  tags = { Name = each.value.name }
}

resource "aws_route53_record" "service" {
  for_each = local.balancers

  zone_id = aws_route53_zone.service[each.key].zone_id
  name    = each.value.domain
  type    = "A"

  alias {
    name                   = aws_lb.service[each.key].dns_name
    zone_id                = aws_lb.service[each.key].zone_id
    evaluate_target_health = true
  }
}
