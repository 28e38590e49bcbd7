# The farm of ../farm-with-a-hole made right: compare the two with diff.
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

variable "identity_provider" {
  type        = string
  description = "The addresses of id.example.com, where the load balancer redeems codes"
  default     = "198.51.100.0/24"
}

variable "oidc_client_secret" {
  type      = string
  sensitive = true
}

locals {
  account = "123456789012"
  zones   = { a = 0, b = 1 }
  port    = 8443
  logs    = "logs-of-example-com"
}

# --- network ---

resource "aws_vpc" "farm" {
  cidr_block           = "10.20.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = "farm" }
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
  cidr_block        = cidrsubnet(aws_vpc.farm.cidr_block, 8, each.value)
  availability_zone = "${var.region}${each.key}"
  tags              = { Name = "farm-public-${each.key}" }
}

resource "aws_subnet" "private" {
  for_each = local.zones

  vpc_id            = aws_vpc.farm.id
  cidr_block        = cidrsubnet(aws_vpc.farm.cidr_block, 8, each.value + 10)
  availability_zone = "${var.region}${each.key}"
  tags              = { Name = "farm-private-${each.key}" }
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
  for_each = aws_subnet.public

  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.farm.id
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private.id
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
  route_table_ids   = [aws_route_table.private.id]
}

resource "aws_security_group" "endpoints" {
  name        = "farm-endpoints"
  description = "Interface endpoints for images, logs and secrets"
  vpc_id      = aws_vpc.farm.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_python" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "The tasks pull their image, write their log, read their secret"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.python.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_rotation" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "The rotation writes the new key"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.rotation.id
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
  name        = "farm-alb"
  description = "The load balancer"
  vpc_id      = aws_vpc.farm.id
}

resource "aws_vpc_security_group_ingress_rule" "alb" {
  for_each = toset(["80", "443"])

  security_group_id = aws_security_group.alb.id
  description       = "Clients"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
  cidr_ipv4         = var.clients
}

resource "aws_vpc_security_group_egress_rule" "alb_to_python" {
  security_group_id            = aws_security_group.alb.id
  description                  = "Requests and health checks"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = aws_security_group.python.id
}

resource "aws_vpc_security_group_egress_rule" "alb_to_identity_provider" {
  security_group_id = aws_security_group.alb.id
  description       = "Codes are redeemed for tokens"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = var.identity_provider
}

resource "aws_lb" "farm" {
  name                       = "farm"
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
    prefix  = "farm"
    enabled = true
  }
}

resource "aws_lb_target_group" "python" {
  name        = "farm-python"
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
    type = "authenticate-oidc"

    authenticate_oidc {
      issuer                     = "https://id.example.com"
      authorization_endpoint     = "https://id.example.com/authorize"
      token_endpoint             = "https://id.example.com/token"
      user_info_endpoint         = "https://id.example.com/userinfo"
      client_id                  = "farm"
      client_secret              = var.oidc_client_secret
      on_unauthenticated_request = "authenticate"
    }
  }

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.python.arn
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.farm.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}

# --- server ---

resource "aws_security_group" "python" {
  name        = "farm-python"
  description = "The Python server"
  vpc_id      = aws_vpc.farm.id
}

resource "aws_vpc_security_group_ingress_rule" "python_from_alb" {
  security_group_id            = aws_security_group.python.id
  description                  = "Only the load balancer"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
  referenced_security_group_id = aws_security_group.alb.id
}

resource "aws_vpc_security_group_egress_rule" "python_to_endpoints" {
  security_group_id            = aws_security_group.python.id
  description                  = "Image, log and secret"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.endpoints.id
}

resource "aws_vpc_security_group_egress_rule" "python_to_s3" {
  security_group_id = aws_security_group.python.id
  description       = "The image's layers"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
}

resource "aws_cloudwatch_log_group" "python" {
  name              = "/ecs/python"
  retention_in_days = 30
}

resource "aws_iam_role" "execution" {
  name = "farm-execution"
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

resource "aws_iam_role_policy" "execution_secret" {
  name = "read-secret"
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = local.secret
    }]
  })
}

locals {
  secret = "arn:aws:secretsmanager:${var.region}:${local.account}:secret:farm/python-Kx3fQz"
}

resource "aws_ecs_cluster" "farm" {
  name = "farm"

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "python" {
  family                   = "python"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 2048
  memory                   = 4096
  execution_role_arn       = aws_iam_role.execution.arn

  container_definitions = jsonencode([{
    name                   = "python"
    image                  = "${local.account}.dkr.ecr.${var.region}.amazonaws.com/python-mcp@sha256:9b2a7c1d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccddeef"
    essential              = true
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    portMappings           = [{ containerPort = local.port, hostPort = local.port, protocol = "tcp" }]
    environment            = [{ name = "MCP_PATH", value = "/python/mcp" }]
    secrets                = [{ name = "API_KEY", valueFrom = local.secret }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.python.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "python"
      }
    }
  }])
}

resource "aws_ecs_service" "python" {
  name             = "python"
  cluster          = aws_ecs_cluster.farm.id
  task_definition  = aws_ecs_task_definition.python.arn
  launch_type      = "FARGATE"
  platform_version = "1.4.0"
  desired_count    = 1

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = [for subnet in aws_subnet.private : subnet.id]
    security_groups  = [aws_security_group.python.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.python.arn
    container_name   = "python"
    container_port   = local.port
  }

  depends_on = [aws_lb_listener.https]
}

# --- rotation of the key ---

resource "aws_security_group" "rotation" {
  name        = "farm-rotation"
  description = "The function that rotates the key"
  vpc_id      = aws_vpc.farm.id
}

resource "aws_vpc_security_group_egress_rule" "rotation_to_endpoints" {
  security_group_id            = aws_security_group.rotation.id
  description                  = "The new key"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.endpoints.id
}

resource "aws_iam_role" "rotation" {
  name = "farm-rotation"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "rotation" {
  role       = aws_iam_role.rotation.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
}

resource "aws_iam_role_policy" "rotation_secret" {
  name = "write-secret"
  role = aws_iam_role.rotation.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"]
      Resource = local.secret
    }]
  })
}

resource "aws_lambda_function" "rotation" {
  function_name = "farm-rotation"
  role          = aws_iam_role.rotation.arn
  package_type  = "Image"
  image_uri     = "${local.account}.dkr.ecr.${var.region}.amazonaws.com/rotation@sha256:1f0e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"

  vpc_config {
    subnet_ids         = [for subnet in aws_subnet.private : subnet.id]
    security_group_ids = [aws_security_group.rotation.id]
  }
}
