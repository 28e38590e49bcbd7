# Services that servers call. Only those reach them that say so in the farm file.

locals {
  services = {
    api = {
      behind          = "alb"
      port            = 8000
      grace           = 60
      cpu             = 256
      memory          = 512
      architecture    = "X86_64"
      desired         = 2
      circuit_breaker = true
    }
    cache = {
      behind          = "name"
      port            = 6379
      grace           = 60
      cpu             = 256
      memory          = 512
      architecture    = "X86_64"
      desired         = 1
      circuit_breaker = true
    }
  }
}

# What runs in each task; where its logs go is added below.
locals {
  service_containers = {
    api = [
      {
        name                   = "api"
        image                  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/api@sha256:1a3b5c7d9e1f2a4b6c8d0e2f4a6b8c0d2e4f6a8b0c2d3c1d5e7f9b2a4c6d8e0f"
        essential              = true
        user                   = "10001:10001"
        readonlyRootFilesystem = true
        portMappings           = [{ containerPort = 8000, hostPort = 8000, protocol = "tcp" }]
        secrets = [
          {
            name      = "DATABASE_PASSWORD"
            valueFrom = "${aws_db_instance.database["memories"].master_user_secret[0].secret_arn}:password::"
          },
          {
            name      = "DATABASE_USER"
            valueFrom = "${aws_db_instance.database["memories"].master_user_secret[0].secret_arn}:username::"
          },
        ]
        stopTimeout = 30
      },
    ]
    cache = [
      {
        name                   = "cache"
        image                  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/cache@sha256:8b0c2d3c1d5e7f9b2a4c6d8e0f1a3b5c7d9e1f2a4b6c8d0e2f4a6b8c0d2e4f6a"
        essential              = true
        user                   = "10001:10001"
        readonlyRootFilesystem = true
        portMappings           = [{ containerPort = 6379, hostPort = 6379, protocol = "tcp" }]
        stopTimeout            = 30
      },
    ]
  }
}

resource "aws_ecs_task_definition" "service" {
  for_each = local.services

  family                   = "everything-service-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.cpu
  memory                   = each.value.memory
  execution_role_arn       = aws_iam_role.service_execution[each.key].arn
  task_role_arn            = aws_iam_role.service_task[each.key].arn

  container_definitions = jsonencode([
    for container in local.service_containers[each.key] : merge(container, {
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.service[each.key].name
          awslogs-region        = "eu-west-1"
          awslogs-stream-prefix = each.key
          mode                  = "non-blocking"
          max-buffer-size       = "4m"
        }
      }
    })
  ])

  # Earlier revisions stay, so that a deployment that fails can go back to one.
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = each.value.architecture
  }
}

# Services that callers find by name: each of their tasks has a record.
resource "aws_ecs_service" "service" {
  for_each = { for name, service in local.services : name => service if service.behind == "name" }

  name             = each.key
  cluster          = aws_ecs_cluster.farm.id
  task_definition  = aws_ecs_task_definition.service[each.key].arn
  desired_count    = each.value.desired
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
    security_groups  = [aws_security_group.service[each.key].id]
    assign_public_ip = false
  }

  deployment_circuit_breaker {
    enable   = each.value.circuit_breaker
    rollback = each.value.circuit_breaker
  }

  service_registries {
    registry_arn = aws_service_discovery_service.service[each.key].arn
  }

  lifecycle {
    # Application Auto Scaling sets it, within the bounds in scaling.tf.
    ignore_changes = [desired_count]
  }

  depends_on = [
    aws_iam_role_policy.service_execution,
    aws_vpc_endpoint.gateway,
    aws_vpc_endpoint.start,
    aws_vpc_endpoint.used,
    aws_route.private_internet,
    aws_vpc_security_group_egress_rule.service_to_endpoint_secretsmanager,
    aws_vpc_security_group_egress_rule.service_to_endpoints,
    aws_vpc_security_group_egress_rule.service_to_s3,
    aws_vpc_security_group_ingress_rule.endpoint_secretsmanager_from_service,
    aws_vpc_security_group_ingress_rule.endpoints_from_service,
  ]
}

resource "aws_service_discovery_service" "service" {
  for_each = { for name, service in local.services : name => service if service.behind == "name" }

  name = each.key

  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.farm.id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10
    }
  }

  # ECS says which tasks are healthy; a task that isn't has no record.
  health_check_custom_config {
    failure_threshold = 1
  }
}

# Services behind a load balancer of their own (ingress.tf).
resource "aws_ecs_service" "balanced" {
  for_each = { for name, service in local.services : name => service if service.behind == "alb" }

  name             = each.key
  cluster          = aws_ecs_cluster.farm.id
  task_definition  = aws_ecs_task_definition.service[each.key].arn
  desired_count    = each.value.desired
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
    security_groups  = [aws_security_group.service[each.key].id]
    assign_public_ip = false
  }

  deployment_circuit_breaker {
    enable   = each.value.circuit_breaker
    rollback = each.value.circuit_breaker
  }

  # For so long the load balancer's checks don't count after a start.
  health_check_grace_period_seconds = each.value.grace

  load_balancer {
    target_group_arn = aws_lb_target_group.service[each.key].arn
    container_name   = each.key
    container_port   = each.value.port
  }

  lifecycle {
    # Application Auto Scaling sets it, within the bounds in scaling.tf.
    ignore_changes = [desired_count]
  }

  depends_on = [
    aws_lb_listener.service,
    aws_iam_role_policy.service_execution,
    aws_vpc_endpoint.gateway,
    aws_vpc_endpoint.start,
    aws_vpc_endpoint.used,
    aws_route.private_internet,
    aws_vpc_security_group_egress_rule.service_to_endpoint_secretsmanager,
    aws_vpc_security_group_egress_rule.service_to_endpoints,
    aws_vpc_security_group_egress_rule.service_to_s3,
    aws_vpc_security_group_ingress_rule.endpoint_secretsmanager_from_service,
    aws_vpc_security_group_ingress_rule.endpoints_from_service,
  ]
}
