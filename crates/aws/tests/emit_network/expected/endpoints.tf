locals {
  # What each endpoint lets through: what its users need of it. An endpoint is no way out for
  # somebody else's credentials.
  endpoint_policies = {
    dynamodb = {
      Version = "2012-10-17"
      Statement = [{
        Sid       = "ServicesBrainPermission1"
        Effect    = "Allow"
        Principal = "*"
        Action    = ["dynamodb:GetItem", "dynamodb:PutItem"]
        Resource  = ["arn:aws:dynamodb:us-west-2:123456789012:table/memories"]
      }]
    }
    "ecr.api" = {
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "PullImages"
          Effect    = "Allow"
          Principal = "*"
          Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = [
            "arn:aws:ecr:us-west-2:123456789012:repository/api",
            "arn:aws:ecr:us-west-2:123456789012:repository/brain",
            "arn:aws:ecr:us-west-2:123456789012:repository/farmgate",
            "arn:aws:ecr:us-west-2:123456789012:repository/nova-act",
            "arn:aws:ecr:us-west-2:123456789012:repository/python",
            "arn:aws:ecr:us-west-2:123456789012:repository/tickets",
          ]
        },
        {
          Sid       = "RegistryToken"
          Effect    = "Allow"
          Principal = "*"
          Action    = ["ecr:GetAuthorizationToken"]
          Resource  = ["*"]
        },
      ]
    }
    "ecr.dkr" = {
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "PullImages"
          Effect    = "Allow"
          Principal = "*"
          Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = [
            "arn:aws:ecr:us-west-2:123456789012:repository/api",
            "arn:aws:ecr:us-west-2:123456789012:repository/brain",
            "arn:aws:ecr:us-west-2:123456789012:repository/farmgate",
            "arn:aws:ecr:us-west-2:123456789012:repository/nova-act",
            "arn:aws:ecr:us-west-2:123456789012:repository/python",
            "arn:aws:ecr:us-west-2:123456789012:repository/tickets",
          ]
        },
        {
          Sid       = "RegistryToken"
          Effect    = "Allow"
          Principal = "*"
          Action    = ["ecr:GetAuthorizationToken"]
          Resource  = ["*"]
        },
      ]
    }
    logs = {
      Version = "2012-10-17"
      Statement = [{
        Sid       = "WriteLogs"
        Effect    = "Allow"
        Principal = "*"
        Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource  = ["arn:aws:logs:us-west-2:123456789012:log-group:/ecs/mcp-farm/*:*"]
      }]
    }
    s3 = {
      Version = "2012-10-17"
      Statement = [{
        Sid       = "ImageLayers"
        Effect    = "Allow"
        Principal = "*"
        Action    = ["s3:GetObject"]
        Resource  = ["arn:aws:s3:::prod-us-west-2-starport-layer-bucket/*"]
      }]
    }
    secretsmanager = {
      Version = "2012-10-17"
      Statement = [{
        Sid       = "ReadSecrets"
        Effect    = "Allow"
        Principal = "*"
        Action    = ["secretsmanager:GetSecretValue"]
        Resource = [
          "arn:aws:secretsmanager:us-west-2:123456789012:secret:mcp-farm/api-keys-??????",
          "arn:aws:secretsmanager:us-west-2:123456789012:secret:mcp-farm/gate-keys-??????",
        ]
      }]
    }
    ssm = {
      Version = "2012-10-17"
      Statement = [{
        Sid       = "ReadParameters"
        Effect    = "Allow"
        Principal = "*"
        Action    = ["ssm:GetParameters"]
        Resource  = ["arn:aws:ssm:us-west-2:123456789012:parameter/nova-act-mcp/api-key"]
      }]
    }
    sts = {
      Version = "2012-10-17"
      Statement = [{
        Sid       = "VerifyProofs"
        Effect    = "Allow"
        Principal = "*"
        Action    = ["sts:GetCallerIdentity"]
        Resource  = ["*"]
      }]
    }
  }
}

# What every task needs in order to start: its image and its log.
resource "aws_vpc_endpoint" "start" {
  for_each = toset(["ecr.api", "ecr.dkr", "logs"])

  vpc_id              = aws_vpc.farm.id
  service_name        = "com.amazonaws.us-west-2.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]
  policy              = jsonencode(local.endpoint_policies[each.key])

  tags = { Name = "mcp-farm-${each.key}" }
}

# What some tasks use. Each admits its users' groups only.
resource "aws_vpc_endpoint" "used" {
  for_each = toset(["secretsmanager", "ssm", "sts"])

  vpc_id              = aws_vpc.farm.id
  service_name        = "com.amazonaws.us-west-2.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoint[each.key].id]
  policy              = jsonencode(local.endpoint_policies[each.key])

  tags = { Name = "mcp-farm-${each.key}" }
}

# Routes to AWS that cost nothing. The layers of images are in S3.
resource "aws_vpc_endpoint" "gateway" {
  for_each = toset(["dynamodb", "s3"])

  vpc_id            = aws_vpc.farm.id
  service_name      = "com.amazonaws.us-west-2.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for table in aws_route_table.private : table.id]
  policy            = jsonencode(local.endpoint_policies[each.key])

  tags = { Name = "mcp-farm-${each.key}" }
}
