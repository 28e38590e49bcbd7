resource "aws_lb" "ingress" {
  name               = "mcp-farm"
  load_balancer_type = "application"
  internal           = false
  subnets            = [for subnet in aws_subnet.public : subnet.id]
  security_groups    = [aws_security_group.ingress.id]

  # Streams of MCP are silent for long.
  idle_timeout = 3600

  enable_deletion_protection = true

  # What could be read in two ways, by the load balancer and behind it, is refused.
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "strictest"

  # The gate takes a client's address from here: the last one, which the load balancer adds.
  xff_header_processing_mode = "append"

  access_logs {
    bucket  = aws_s3_bucket.access_logs.id
    prefix  = "ingress"
    enabled = true
  }

  tags = { Name = "mcp-farm-ingress" }

  depends_on = [aws_s3_bucket_policy.access_logs]
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.ingress.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate_validation.farm.certificate_arn

  routing_http_response_strict_transport_security_header_value = "max-age=31536000"
  routing_http_response_server_enabled                         = false

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "application/json"
      message_body = "{\"error\":\"not found\"}"
      status_code  = "404"
    }
  }
}

# HTTP serves nothing; it says where HTTPS is.
resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.ingress.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      host        = "farm.example.com"
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}

# The servers' paths. Where patterns overlap, the lower priority decides; what matches none
# never gets to the gate.
locals {
  routes = {
    nova-act = { priority = 100, path = "/nova-act/mcp" }
    python   = { priority = 200, path = "/python/*" }
    tickets  = { priority = 300, path = "/tickets/mcp" }
  }
}

resource "aws_lb_listener_rule" "server" {
  for_each = local.routes

  listener_arn = aws_lb_listener.https.arn
  priority     = each.value.priority

  condition {
    path_pattern {
      values = [each.value.path]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.gate.arn
  }

  tags = { Name = each.key }
}

# Where clients of OAuth look first for what a server wants of them (RFC 9728).
resource "aws_lb_listener_rule" "metadata" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 50000

  condition {
    path_pattern {
      values = ["/.well-known/oauth-protected-resource*"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.gate.arn
  }
}

# The gate's tasks. The load balancer speaks TLS with them too; it can't verify their
# certificate, which the gate makes itself.
resource "aws_lb_target_group" "gate" {
  name        = "mcp-farm-gate"
  vpc_id      = aws_vpc.farm.id
  target_type = "ip"
  protocol    = "HTTPS"
  port        = 8443

  # As long as the slowest server takes to finish its requests.
  deregistration_delay = 90

  # Streams last: a task with many of them gets fewer new ones.
  load_balancing_algorithm_type = "least_outstanding_requests"

  health_check {
    protocol            = "HTTPS"
    path                = "/health"
    matcher             = "200"
    interval            = 15
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  tags = { Name = "mcp-farm-gate" }
}

# Services behind load balancers of their own, which have no public address.
locals {
  balancers = {
    api = {
      name        = "mcp-farm-service-api"
      domain      = "api.internal.example.com"
      certificate = "arn:aws:acm:us-west-2:123456789012:certificate/6f1c2f5e-3f0c-4c38-9a6e-1d2b7d0c9a11"
      port        = 8000
      protocol    = "HTTP"
      drain       = 30
      health = {
        path      = "/healthz"
        codes     = "200"
        interval  = 30
        timeout   = 5
        healthy   = 2
        unhealthy = 3
      }
    }
  }
}

resource "aws_lb" "service" {
  for_each = local.balancers

  name               = each.value.name
  load_balancer_type = "application"
  internal           = true
  subnets            = [for subnet in aws_subnet.private : subnet.id]
  security_groups    = [aws_security_group.balancer[each.key].id]

  enable_deletion_protection = true

  # What could be read in two ways, by the load balancer and behind it, is refused.
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "strictest"

  access_logs {
    bucket  = aws_s3_bucket.access_logs.id
    prefix  = "services/${each.key}"
    enabled = true
  }

  tags = { Name = each.value.name }

  depends_on = [aws_s3_bucket_policy.access_logs]
}

resource "aws_lb_listener" "service" {
  for_each = local.balancers

  load_balancer_arn = aws_lb.service[each.key].arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = each.value.certificate

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.service[each.key].arn
  }
}

resource "aws_lb_target_group" "service" {
  for_each = local.balancers

  name        = each.value.name
  vpc_id      = aws_vpc.farm.id
  target_type = "ip"
  protocol    = each.value.protocol
  port        = each.value.port

  deregistration_delay          = each.value.drain
  load_balancing_algorithm_type = "least_outstanding_requests"

  health_check {
    protocol            = each.value.protocol
    path                = each.value.health.path
    matcher             = each.value.health.codes
    interval            = each.value.health.interval
    timeout             = each.value.health.timeout
    healthy_threshold   = each.value.health.healthy
    unhealthy_threshold = each.value.health.unhealthy
  }

  tags = { Name = each.value.name }
}
