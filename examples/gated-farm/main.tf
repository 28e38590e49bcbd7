# A farm with a gate: the load balancer speaks to farmgate's gate alone, which verifies every
# caller and speaks TLS to the servers; each server admits the gate's group and nobody else.
# Farmgate refutes nothing here and finds nothing.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.80"
    }
  }
}

# Made-up credentials and no look-ups, so that it can be planned without an account.
provider "aws" {
  region                      = var.region
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "clients" {
  type        = string
  description = "Where the clients are"
  default     = "203.0.113.0/24"
}

locals {
  account  = "123456789012"
  registry = "${local.account}.dkr.ecr.${var.region}.amazonaws.com"
  zones    = { a = 0, b = 1 }
  port     = 8443
  logs     = "logs-of-example-com"

  servers = {
    browser = {
      route    = "/browser/mcp"
      priority = 10
      image    = "${local.registry}/browser@sha256:3c1d5e7f9b2a4c6d8e0f1a3b5c7d9e1f2a4b6c8d0e2f4a6b8c0d2e4f6a8b0c2d"
    }
    python = {
      route    = "/python/mcp"
      priority = 20
      image    = "${local.registry}/python@sha256:9b2a7c1d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccddeef"
    }
  }

  # Names that the tasks need, by the secrets' ARNs.
  secrets = {
    FARMGATE_KEYS     = "arn:aws:secretsmanager:${var.region}:${local.account}:secret:gated/keys-Kx3fQz"
    FARMGATE_API_KEYS = "arn:aws:secretsmanager:${var.region}:${local.account}:secret:gated/api-keys-Pw7dRt"
  }

  gate_config = {
    version         = 1
    farm            = "gated"
    port            = local.port
    hosts           = ["mcp.example.com"]
    trusted_proxies = [for zone in sort(keys(local.zones)) : aws_subnet.public[zone].cidr_block]
    allow           = [var.clients]
    idle_timeout    = 3600
    tools           = []

    servers = {
      for name, server in local.servers : name => {
        route    = server.route
        priority = server.priority
        drain    = 30
        upstream = {
          host   = "${name}.${aws_service_discovery_private_dns_namespace.farm.name}"
          port   = local.port
          tls    = true
          bridge = true
        }
        authentication = [{
          kind         = "api_keys"
          store        = "FARMGATE_API_KEYS"
          header       = "x-api-key"
          group_header = "x-group-name"
        }]
        health = { path = "/health", codes = "200", interval = 30, timeout = 5, healthy = 2, unhealthy = 3 }
      }
    }
  }
}

# --- network ---

resource "aws_vpc" "farm" {
  cidr_block           = "10.30.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "gated" }
}

# What groups reject is logged.
resource "aws_flow_log" "rejected" {
  vpc_id               = aws_vpc.farm.id
  traffic_type         = "REJECT"
  log_destination_type = "s3"
  log_destination      = "arn:aws:s3:::${local.logs}/flows/"
}

resource "aws_subnet" "public" {
  for_each = local.zones

  vpc_id            = aws_vpc.farm.id
  cidr_block        = cidrsubnet("10.30.0.0/16", 8, each.value)
  availability_zone = "${var.region}${each.key}"
  tags              = { Name = "gated-public-${each.key}" }
}

resource "aws_subnet" "private" {
  for_each = local.zones

  vpc_id            = aws_vpc.farm.id
  cidr_block        = cidrsubnet("10.30.0.0/16", 8, each.value + 10)
  availability_zone = "${var.region}${each.key}"
  tags              = { Name = "gated-private-${each.key}" }
}

resource "aws_internet_gateway" "farm" {
  vpc_id = aws_vpc.farm.id
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.farm.id
}

resource "aws_route" "public_internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.farm.id
}

resource "aws_route_table_association" "public" {
  for_each = local.zones

  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table" "private" {
  for_each = local.zones

  vpc_id = aws_vpc.farm.id
}

resource "aws_route_table_association" "private" {
  for_each = local.zones

  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}

# Nothing uses it, and nothing can: it has no rule.
resource "aws_default_security_group" "farm" {
  vpc_id = aws_vpc.farm.id
}

# --- endpoints: all that the tasks need, so that there is no NAT gateway ---

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.farm.id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for table in aws_route_table.private : table.id]
}

resource "aws_security_group" "endpoints" {
  name        = "gated-endpoints"
  description = "Interface endpoints for images, logs and secrets"
  vpc_id      = aws_vpc.farm.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_gate" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "The gate pulls its image, writes its log, reads its secrets"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.gate.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_server" {
  for_each = local.servers

  security_group_id            = aws_security_group.endpoints.id
  description                  = "The server pulls its image and writes its log"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.server[each.key].id
}

resource "aws_vpc_endpoint" "interface" {
  for_each = toset(["ecr.api", "ecr.dkr", "logs", "secretsmanager"])

  vpc_id              = aws_vpc.farm.id
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]
}

# --- load balancer ---

resource "aws_security_group" "alb" {
  name        = "gated-alb"
  description = "The load balancer"
  vpc_id      = aws_vpc.farm.id
}

resource "aws_vpc_security_group_ingress_rule" "alb" {
  security_group_id = aws_security_group.alb.id
  description       = "Clients"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = var.clients
}

resource "aws_vpc_security_group_egress_rule" "alb_to_gate" {
  security_group_id            = aws_security_group.alb.id
  description                  = "Requests and health checks"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = aws_security_group.gate.id
}

resource "aws_lb" "farm" {
  name                       = "gated"
  internal                   = false
  load_balancer_type         = "application"
  security_groups            = [aws_security_group.alb.id]
  subnets                    = [for subnet in aws_subnet.public : subnet.id]
  idle_timeout               = 3600
  drop_invalid_header_fields = true
  enable_deletion_protection = true

  # A bucket of the account, for all of its load balancers.
  access_logs {
    bucket  = local.logs
    prefix  = "gated"
    enabled = true
  }
}

resource "aws_lb_target_group" "gate" {
  name        = "gated-gate"
  vpc_id      = aws_vpc.farm.id
  target_type = "ip"
  protocol    = "HTTPS"
  port        = local.port

  health_check {
    protocol = "HTTPS"
    path     = "/health"
    matcher  = "200"
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.farm.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = "arn:aws:acm:${var.region}:${local.account}:certificate/6f1c2f5e-3f0c-4c38-9a6e-1d2b7d0c9a11"

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "server" {
  for_each = local.servers

  listener_arn = aws_lb_listener.https.arn
  priority     = each.value.priority

  condition {
    path_pattern {
      values = [each.value.route, "${each.value.route}/*"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.gate.arn
  }
}

# --- names ---

resource "aws_service_discovery_private_dns_namespace" "farm" {
  name = "gated.local"
  vpc  = aws_vpc.farm.id
}

resource "aws_service_discovery_service" "server" {
  for_each = local.servers

  name = each.key

  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.farm.id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10
    }
  }
}

# --- tasks ---

resource "aws_iam_role" "execution" {
  name = "gated-execution"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role" "gate_execution" {
  name               = "gated-gate-execution"
  assume_role_policy = aws_iam_role.execution.assume_role_policy
}

resource "aws_iam_role_policy_attachment" "gate_execution" {
  role       = aws_iam_role.gate_execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

# The keys are the gate's alone.
resource "aws_iam_role_policy" "gate_secrets" {
  name = "read-keys"
  role = aws_iam_role.gate_execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = values(local.secrets)
    }]
  })
}

resource "aws_ecs_cluster" "farm" {
  name = "gated"

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_cloudwatch_log_group" "gate" {
  name              = "/ecs/gated/gate"
  retention_in_days = 30
}

resource "aws_cloudwatch_log_group" "server" {
  for_each = local.servers

  name              = "/ecs/gated/${each.key}"
  retention_in_days = 30
}

# --- gate ---

resource "aws_security_group" "gate" {
  name        = "gated-gate"
  description = "The gate"
  vpc_id      = aws_vpc.farm.id
}

resource "aws_vpc_security_group_ingress_rule" "gate_from_alb" {
  security_group_id            = aws_security_group.gate.id
  description                  = "Only the load balancer"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = aws_security_group.alb.id
}

resource "aws_vpc_security_group_egress_rule" "gate_to_server" {
  for_each = local.servers

  security_group_id            = aws_security_group.gate.id
  description                  = "Requests and health checks"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = aws_security_group.server[each.key].id
}

resource "aws_vpc_security_group_egress_rule" "gate_to_endpoints" {
  security_group_id            = aws_security_group.gate.id
  description                  = "Image, log and keys"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.endpoints.id
}

resource "aws_vpc_security_group_egress_rule" "gate_to_s3" {
  security_group_id = aws_security_group.gate.id
  description       = "The image's layers"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
}

resource "aws_ecs_task_definition" "gate" {
  family                   = "gated-gate"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.gate_execution.arn

  container_definitions = jsonencode([{
    name                   = "gate"
    image                  = "${local.registry}/farmgate@sha256:5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b"
    essential              = true
    command                = ["gate"]
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    portMappings           = [{ containerPort = local.port, hostPort = local.port, protocol = "tcp" }]
    environment            = [{ name = "FARMGATE_CONFIG", value = jsonencode(local.gate_config) }]
    secrets                = [for name in sort(keys(local.secrets)) : { name = name, valueFrom = local.secrets[name] }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.gate.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "gate"
      }
    }
  }])
}

resource "aws_ecs_service" "gate" {
  name             = "gate"
  cluster          = aws_ecs_cluster.farm.id
  task_definition  = aws_ecs_task_definition.gate.arn
  launch_type      = "FARGATE"
  platform_version = "1.4.0"
  desired_count    = 2

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = [for subnet in aws_subnet.private : subnet.id]
    security_groups  = [aws_security_group.gate.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.gate.arn
    container_name   = "gate"
    container_port   = local.port
  }

  depends_on = [aws_lb_listener.https]
}

# --- servers ---

resource "aws_security_group" "server" {
  for_each = local.servers

  name        = "gated-${each.key}"
  description = "The server ${each.key}"
  vpc_id      = aws_vpc.farm.id
}

resource "aws_vpc_security_group_ingress_rule" "server_from_gate" {
  for_each = local.servers

  security_group_id            = aws_security_group.server[each.key].id
  description                  = "Only the gate"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = aws_security_group.gate.id
}

resource "aws_vpc_security_group_egress_rule" "server_to_endpoints" {
  for_each = local.servers

  security_group_id            = aws_security_group.server[each.key].id
  description                  = "Image and log"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.endpoints.id
}

resource "aws_vpc_security_group_egress_rule" "server_to_s3" {
  for_each = local.servers

  security_group_id = aws_security_group.server[each.key].id
  description       = "The image's layers"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
}

resource "aws_ecs_task_definition" "server" {
  for_each = local.servers

  family                   = "gated-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 1024
  memory                   = 2048
  execution_role_arn       = aws_iam_role.execution.arn

  container_definitions = jsonencode([{
    name                   = each.key
    image                  = each.value.image
    essential              = true
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    portMappings           = [{ containerPort = local.port, hostPort = local.port, protocol = "tcp" }]
    environment            = [{ name = "FARMGATE_PUBLIC_KEY", value = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.server[each.key].name
        awslogs-region        = var.region
        awslogs-stream-prefix = each.key
      }
    }
  }])
}

resource "aws_ecs_service" "server" {
  for_each = local.servers

  name             = each.key
  cluster          = aws_ecs_cluster.farm.id
  task_definition  = aws_ecs_task_definition.server[each.key].arn
  launch_type      = "FARGATE"
  platform_version = "1.4.0"
  desired_count    = 1

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = [for subnet in aws_subnet.private : subnet.id]
    security_groups  = [aws_security_group.server[each.key].id]
    assign_public_ip = false
  }

  service_registries {
    registry_arn = aws_service_discovery_service.server[each.key].arn
  }
}
