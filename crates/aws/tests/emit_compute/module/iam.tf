# Two roles for each task: with one ECS starts it (pulls its image, writes its log, reads its
# secrets), with the other its containers run.

locals {
  # ECS alone takes on these roles, and only for tasks of this account.
  tasks_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = "123456789012" }
        ArnLike      = { "aws:SourceArn" = "arn:aws:ecs:eu-west-1:123456789012:*" }
      }
    }]
  })
}

resource "aws_iam_role" "gate_execution" {
  name               = "everything-gate-execution"
  description        = "everything: starts tasks of the gate"
  assume_role_policy = local.tasks_trust
}

resource "aws_iam_role_policy" "gate_execution" {
  name = "execution"
  role = aws_iam_role.gate_execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "RegistryToken"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Sid      = "PullImages"
        Effect   = "Allow"
        Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = "arn:aws:ecr:eu-west-1:123456789012:repository/farmgate"
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/everything/gate:*"
      },
      {
        Sid    = "ReadSecrets"
        Effect = "Allow"
        Action = "secretsmanager:GetSecretValue"
        Resource = [
          "arn:aws:secretsmanager:eu-west-1:123456789012:secret:everything/api-keys-??????",
          "arn:aws:secretsmanager:eu-west-1:123456789012:secret:everything/gate-keys-??????",
        ]
      },
    ]
  })
}

# With this role containers may do nothing at AWS: the farm file permits nothing.
resource "aws_iam_role" "gate_task" {
  name               = "everything-gate-task"
  description        = "everything: runs in tasks of the gate"
  assume_role_policy = local.tasks_trust
}

resource "aws_iam_role" "probe_execution" {
  name               = "everything-probe-execution"
  description        = "everything: starts tasks of the probe"
  assume_role_policy = local.tasks_trust
}

resource "aws_iam_role_policy" "probe_execution" {
  name = "execution"
  role = aws_iam_role.probe_execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "RegistryToken"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Sid      = "PullImages"
        Effect   = "Allow"
        Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = "arn:aws:ecr:eu-west-1:123456789012:repository/farmgate"
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/everything/probe:*"
      },
    ]
  })
}

# With this role containers may do nothing at AWS: the farm file permits nothing.
resource "aws_iam_role" "probe_task" {
  name               = "everything-probe-task"
  description        = "everything: runs in tasks of the probe"
  assume_role_policy = local.tasks_trust
}

locals {
  server_execution_policies = {
    files = [
      {
        Sid      = "RegistryToken"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Sid    = "PullImages"
        Effect = "Allow"
        Action = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [
          "arn:aws:ecr:eu-west-1:123456789012:repository/farmgate",
          "arn:aws:ecr:eu-west-1:123456789012:repository/files",
        ]
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/everything/servers/files:*"
      },
    ]
    python = [
      {
        Sid      = "RegistryToken"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Sid    = "PullImages"
        Effect = "Allow"
        Action = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [
          "arn:aws:ecr:eu-west-1:123456789012:repository/farmgate",
          "arn:aws:ecr:eu-west-1:123456789012:repository/python",
        ]
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/everything/servers/python:*"
      },
      {
        Sid      = "ReadSecrets"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:everything/python-??????"
      },
      {
        Sid      = "ReadParameters"
        Effect   = "Allow"
        Action   = "ssm:GetParameters"
        Resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/everything/model-key"
      },
    ]
    search = [
      {
        Sid      = "RegistryToken"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Sid      = "PullImages"
        Effect   = "Allow"
        Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = "arn:aws:ecr:eu-west-1:123456789012:repository/search"
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/everything/servers/search:*"
      },
    ]
  }
}

resource "aws_iam_role" "server_execution" {
  for_each = local.servers

  name               = "everything-server-${each.key}-execution"
  description        = "everything: starts tasks of ${each.key}"
  assume_role_policy = local.tasks_trust
}

resource "aws_iam_role_policy" "server_execution" {
  for_each = local.server_execution_policies

  name   = "execution"
  role   = aws_iam_role.server_execution[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

locals {
  server_task_policies = {
    python = [
      {
        Sid      = "Permission1"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "arn:aws:s3:::everything-samples/*"
      },
    ]
  }
}

# With these roles containers may do at AWS what the farm file permits them, and nothing else.
resource "aws_iam_role" "server_task" {
  for_each = local.servers

  name               = "everything-server-${each.key}-task"
  description        = "everything: runs in tasks of ${each.key}"
  assume_role_policy = local.tasks_trust
}

resource "aws_iam_role_policy" "server_task" {
  for_each = local.server_task_policies

  name   = "task"
  role   = aws_iam_role.server_task[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

locals {
  service_execution_policies = {
    api = [
      {
        Sid      = "RegistryToken"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Sid      = "PullImages"
        Effect   = "Allow"
        Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = "arn:aws:ecr:eu-west-1:123456789012:repository/api"
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/everything/services/api:*"
      },
      {
        Sid      = "ReadSecrets"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = aws_db_instance.database["memories"].master_user_secret[0].secret_arn
      },
    ]
    cache = [
      {
        Sid      = "RegistryToken"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Sid      = "PullImages"
        Effect   = "Allow"
        Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = "arn:aws:ecr:eu-west-1:123456789012:repository/cache"
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/everything/services/cache:*"
      },
    ]
  }
}

resource "aws_iam_role" "service_execution" {
  for_each = local.services

  name               = "everything-service-${each.key}-execution"
  description        = "everything: starts tasks of ${each.key}"
  assume_role_policy = local.tasks_trust
}

resource "aws_iam_role_policy" "service_execution" {
  for_each = local.service_execution_policies

  name   = "execution"
  role   = aws_iam_role.service_execution[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

# With this role containers may do nothing at AWS: the farm file permits nothing.
resource "aws_iam_role" "service_task" {
  for_each = local.services

  name               = "everything-service-${each.key}-task"
  description        = "everything: runs in tasks of ${each.key}"
  assume_role_policy = local.tasks_trust
}
