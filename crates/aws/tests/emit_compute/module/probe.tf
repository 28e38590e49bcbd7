# The probe: no service runs it. `farmgate probe --from-task` prints the command that starts it
# once, in a private subnet and with a group that nobody admits. What answers it is a finding.

resource "aws_ecs_task_definition" "probe" {
  family                   = "everything-probe"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.probe_execution.arn
  task_role_arn            = aws_iam_role.probe_task.arn

  container_definitions = jsonencode([{
    name                   = "probe"
    image                  = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/farmgate@sha256:5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b"
    essential              = true
    user                   = "65532:65532"
    readonlyRootFilesystem = true
    command                = ["probe", "--task"]
    environment = [{
      name  = "FARMGATE_PROBE"
      value = "{\"version\":1,\"farm\":\"everything\",\"url\":\"https://mcp.example.com\",\"servers\":{\"files\":[\"files.everything.local:8443\"],\"python\":[\"python.everything.local:8443\",\"python.everything.local:3001\"],\"search\":[\"search.everything.local:8000\"]}}"
    }]
    stopTimeout = 10
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.probe.name
        awslogs-region        = "eu-west-1"
        awslogs-stream-prefix = "probe"
        mode                  = "non-blocking"
        max-buffer-size       = "4m"
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
