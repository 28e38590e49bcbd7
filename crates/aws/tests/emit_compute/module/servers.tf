# The MCP servers. Nobody reaches them but the gate (security_groups.tf).

locals {
  servers = {
    files = {
      cpu             = 256
      memory          = 512
      architecture    = "ARM64"
      desired         = 2
      circuit_breaker = false
      volumes         = ["farmgate"]
    }
    python = {
      cpu             = 2048
      memory          = 4096
      architecture    = "X86_64"
      desired         = 1
      circuit_breaker = true
      volumes         = ["scratch"]
    }
    search = {
      cpu             = 256
      memory          = 512
      architecture    = "X86_64"
      desired         = 1
      circuit_breaker = true
      volumes         = []
    }
  }
}

# What runs in each task; where its logs go is added below.
# `bridge` ends the gate's TLS, takes only calls that the gate signed, and hands them on within the
# task. The server's own port is no port of the task's.
# `bridge-install` copies the bridge to a volume and ends. The bridge then starts the server's command,
# one process a session, and speaks with it over standard input and output.
# `volumes` gives the empty volumes to who writes them, and ends: Fargate makes them root's.
locals {
  server_containers = {
    files = [
      {
        name                   = "bridge-install"
        image                  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/farmgate@sha256:5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b"
        essential              = false
        user                   = "65532:65532"
        readonlyRootFilesystem = true
        command                = ["bridge", "--install", "/opt/farmgate"]
        mountPoints = [{
          sourceVolume  = "farmgate"
          containerPath = "/opt/farmgate"
          readOnly      = false
        }]
        stopTimeout = 30
      },
      {
        name                   = "files"
        image                  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/files@sha256:3c1d5e7f9b2a4c6d8e0f1a3b5c7d9e1f2a4b6c8d0e2f4a6b8c0d2e4f6a8b0c2d"
        essential              = true
        user                   = "10001:10001"
        readonlyRootFilesystem = true
        entryPoint             = ["/opt/farmgate/farmgate", "bridge", "--listen", "0.0.0.0:8443", "--"]
        command                = ["node", "/app/index.js", "/data"]
        portMappings           = [{ containerPort = 8443, hostPort = 8443, protocol = "tcp" }]
        environment = [
          { name = "FARMGATE_PUBLIC_KEY", value = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" },
          { name = "FARMGATE_SERVER", value = "files" },
        ]
        mountPoints = [{
          sourceVolume  = "farmgate"
          containerPath = "/opt/farmgate"
          readOnly      = true
        }]
        dependsOn = [{ containerName = "bridge-install", condition = "SUCCESS" }]
        healthCheck = {
          command = [
            "CMD",
            "/opt/farmgate/farmgate",
            "bridge",
            "--check",
            "https://127.0.0.1:8443/health",
            "--codes",
            "200",
          ]
          interval    = 30
          timeout     = 5
          retries     = 3
          startPeriod = 60
        }
        stopTimeout = 30
      },
    ]
    python = [
      {
        name                   = "volumes"
        image                  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/farmgate@sha256:5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b"
        essential              = false
        user                   = "0:0"
        readonlyRootFilesystem = true
        command                = ["bridge", "--own", "10001:10001", "/volumes/scratch"]
        mountPoints = [{
          sourceVolume  = "scratch"
          containerPath = "/volumes/scratch"
          readOnly      = false
        }]
        stopTimeout = 60
      },
      {
        name                   = "python"
        image                  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/python@sha256:9b2a7c1d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccddeef"
        essential              = true
        user                   = "10001:10001"
        readonlyRootFilesystem = true
        environment = [
          { name = "GREETING", value = "a \"quoted\" $${text} with %%{signs}" },
          { name = "LOG_LEVEL", value = "info" },
        ]
        secrets = [
          {
            name      = "MODEL_KEY"
            valueFrom = "arn:aws:ssm:eu-west-1:123456789012:parameter/everything/model-key"
          },
          {
            name      = "TOKEN"
            valueFrom = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:everything/python:token::"
          },
        ]
        mountPoints = [{ sourceVolume = "scratch", containerPath = "/tmp", readOnly = false }]
        dependsOn   = [{ containerName = "volumes", condition = "SUCCESS" }]
        stopTimeout = 60
      },
      {
        name                   = "bridge"
        image                  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/farmgate@sha256:5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b"
        essential              = true
        user                   = "65532:65532"
        readonlyRootFilesystem = true
        command                = ["bridge", "--listen", "0.0.0.0:8443", "--upstream", "http://127.0.0.1:3001"]
        portMappings           = [{ containerPort = 8443, hostPort = 8443, protocol = "tcp" }]
        environment = [
          { name = "FARMGATE_PUBLIC_KEY", value = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" },
          { name = "FARMGATE_SERVER", value = "python" },
        ]
        healthCheck = {
          command = [
            "CMD",
            "/farmgate",
            "bridge",
            "--check",
            "http://127.0.0.1:3001/python/mcp",
            "--codes",
            "200,400,405,406",
          ]
          interval    = 30
          timeout     = 5
          retries     = 3
          startPeriod = 60
        }
        stopTimeout = 60
      },
    ]
    search = [
      {
        name                   = "search"
        image                  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/search@sha256:7d9e1f2a4b6c8d0e2f4a6b8c0d2e4f6a8b0c2d3c1d5e7f9b2a4c6d8e0f1a3b5c"
        essential              = true
        user                   = "10001:10001"
        readonlyRootFilesystem = true
        portMappings           = [{ containerPort = 8000, hostPort = 8000, protocol = "tcp" }]
        healthCheck = {
          command     = ["CMD", "/app/check"]
          interval    = 15
          timeout     = 5
          retries     = 3
          startPeriod = 60
        }
        stopTimeout = 30
      },
    ]
  }
}

resource "aws_ecs_task_definition" "server" {
  for_each = local.servers

  family                   = "everything-server-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.cpu
  memory                   = each.value.memory
  execution_role_arn       = aws_iam_role.server_execution[each.key].arn
  task_role_arn            = aws_iam_role.server_task[each.key].arn

  container_definitions = jsonencode([
    for container in local.server_containers[each.key] : merge(container, {
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.server[each.key].name
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

  dynamic "volume" {
    for_each = each.value.volumes

    content {
      name = volume.value
    }
  }
}

resource "aws_ecs_service" "server" {
  for_each = local.servers

  name             = each.key
  cluster          = aws_ecs_cluster.farm.id
  task_definition  = aws_ecs_task_definition.server[each.key].arn
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
    security_groups  = [aws_security_group.server[each.key].id]
    assign_public_ip = false
  }

  deployment_circuit_breaker {
    enable   = each.value.circuit_breaker
    rollback = each.value.circuit_breaker
  }

  service_registries {
    registry_arn = aws_service_discovery_service.server[each.key].arn
  }

  lifecycle {
    # Application Auto Scaling sets it, within the bounds in scaling.tf.
    ignore_changes = [desired_count]
  }

  depends_on = [
    aws_iam_role_policy.server_execution,
    aws_vpc_endpoint.gateway,
    aws_vpc_endpoint.start,
    aws_vpc_endpoint.used,
    aws_route.private_internet,
    aws_vpc_security_group_egress_rule.server_to_endpoint_secretsmanager,
    aws_vpc_security_group_egress_rule.server_to_endpoint_ssm,
    aws_vpc_security_group_egress_rule.server_to_endpoints,
    aws_vpc_security_group_egress_rule.server_to_s3,
    aws_vpc_security_group_ingress_rule.endpoint_secretsmanager_from_server,
    aws_vpc_security_group_ingress_rule.endpoint_ssm_from_server,
    aws_vpc_security_group_ingress_rule.endpoints_from_server,
  ]
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

  # ECS says which tasks are healthy; a task that isn't has no record.
  health_check_custom_config {
    failure_threshold = 1
  }
}
