# The gate: the one service that the load balancer speaks to, and the one from which servers take calls.
# It proves who calls, decides what they may do, and passes calls on.

resource "aws_ecs_cluster" "farm" {
  name = "everything"

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

# Names of tasks: known in the VPC only, and each is a record for every task.
resource "aws_service_discovery_private_dns_namespace" "farm" {
  name        = "everything.local"
  description = "Tasks of everything"
  vpc         = aws_vpc.farm.id
}

# The gate's configuration. There is no secret in it: `store` names the environment variable into
# which ECS puts one.
locals {
  gate_config = {
    version         = 1
    farm            = "everything"
    port            = 8443
    hosts           = ["mcp.example.com"]
    trusted_proxies = ["10.20.128.0/24", "10.20.129.0/24"]
    allow           = ["203.0.113.0/24"]
    idle_timeout    = 3600
    servers = {
      files = {
        route    = "/files/mcp"
        priority = 100
        upstream = {
          host   = "files.everything.local"
          port   = 8443
          tls    = true
          bridge = true
        }
        authentication = [{
          kind         = "api_keys"
          store        = "FARMGATE_STORE_1"
          header       = "x-api-key"
          group_header = "x-group-name"
        }]
        health = {
          path      = "/files/mcp"
          codes     = "200,400,405,406"
          interval  = 30
          timeout   = 5
          healthy   = 2
          unhealthy = 3
        }
        drain = 30
      }
      python = {
        route    = "/python/*"
        priority = 200
        upstream = {
          host   = "python.everything.local"
          port   = 8443
          tls    = true
          bridge = true
        }
        authentication = [{
          kind         = "api_keys"
          store        = "FARMGATE_STORE_1"
          header       = "x-api-key"
          group_header = "x-group-name"
        }]
        health = {
          path      = "/python/mcp"
          codes     = "200,400,405,406"
          interval  = 30
          timeout   = 5
          healthy   = 2
          unhealthy = 3
        }
        drain = 60
      }
      search = {
        route    = "/search/mcp"
        priority = 300
        upstream = {
          host   = "search.everything.local"
          port   = 8000
          tls    = true
          bridge = false
        }
        authentication = [{
          kind         = "api_keys"
          store        = "FARMGATE_STORE_1"
          header       = "x-api-key"
          group_header = "x-group-name"
        }]
        health = {
          path      = "/search/mcp"
          codes     = "200,400,405,406"
          interval  = 30
          timeout   = 5
          healthy   = 2
          unhealthy = 3
        }
        drain = 30
      }
    }
    tools = []
  }
}

resource "aws_ecs_task_definition" "gate" {
  family                   = "everything-gate"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.gate_execution.arn
  task_role_arn            = aws_iam_role.gate_task.arn

  container_definitions = jsonencode([{
    name                   = "gate"
    image                  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/farmgate@sha256:5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b"
    essential              = true
    user                   = "65532:65532"
    readonlyRootFilesystem = true
    command                = ["gate"]
    portMappings           = [{ containerPort = 8443, hostPort = 8443, protocol = "tcp" }]
    environment            = [{ name = "FARMGATE_CONFIG", value = jsonencode(local.gate_config) }]
    secrets = [
      {
        name      = "FARMGATE_KEYS"
        valueFrom = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:everything/gate-keys"
      },
      {
        name      = "FARMGATE_STORE_1"
        valueFrom = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:everything/api-keys"
      },
    ]
    stopTimeout = 120
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.gate.name
        awslogs-region        = "eu-west-1"
        awslogs-stream-prefix = "gate"
        mode                  = "blocking"
      }
    }
  }])

  # Earlier revisions stay, so that a deployment that fails can go back to one.
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }
}

resource "aws_ecs_service" "gate" {
  name             = "gate"
  cluster          = aws_ecs_cluster.farm.id
  task_definition  = aws_ecs_task_definition.gate.arn
  desired_count    = 2
  launch_type      = "FARGATE"
  platform_version = "1.4.0"

  # Tasks go only when as many new ones are healthy.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200

  # Nobody gets a shell in a task.
  enable_execute_command  = false
  enable_ecs_managed_tags = true
  propagate_tags          = "SERVICE"

  network_configuration {
    subnets          = [for subnet in aws_subnet.private : subnet.id]
    security_groups  = [aws_security_group.gate.id]
    assign_public_ip = false
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  # For so long the load balancer's checks don't count after a start.
  health_check_grace_period_seconds = 60
  # After a zone was lost, tasks are spread over all zones again.
  availability_zone_rebalancing = "ENABLED"

  load_balancer {
    target_group_arn = aws_lb_target_group.gate.arn
    container_name   = "gate"
    container_port   = 8443
  }

  lifecycle {
    # Application Auto Scaling sets it, within the bounds in scaling.tf.
    ignore_changes = [desired_count]
  }

  depends_on = [
    aws_lb_listener.https,
    aws_lb_listener_rule.server,
    aws_iam_role_policy.gate_execution,
    aws_vpc_endpoint.gateway,
    aws_vpc_endpoint.start,
    aws_vpc_endpoint.used,
    aws_route.private_internet,
    aws_vpc_security_group_egress_rule.gate_to_endpoint,
    aws_vpc_security_group_egress_rule.gate_to_endpoints,
    aws_vpc_security_group_egress_rule.gate_to_s3,
    aws_vpc_security_group_ingress_rule.endpoint_from_gate,
    aws_vpc_security_group_ingress_rule.endpoints_from_gate,
  ]
}
