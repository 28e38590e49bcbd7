# No secret is in this module, and none gets into Terraform's state: tasks name what they need, and
# ECS puts it into their environment. These must exist before the first apply
# (README.md says how to make them):
#
#   secretsmanager:everything/api-keys
#     gate (FARMGATE_STORE_1)
#   secretsmanager:everything/gate-keys
#     gate (FARMGATE_KEYS)
#   secretsmanager:everything/python
#     servers.python (TOKEN)
#   ssm:/everything/model-key
#     servers.python (MODEL_KEY)

# Where clients find the servers. These are URLs and no secrets, so a plan may show them.
resource "aws_ssm_parameter" "endpoint" {
  for_each = {
    files = { name = "/mcp/endpoints/everything/files", url = "https://mcp.example.com/files/mcp" }
    python = {
      name = "/mcp/endpoints/everything/python"
      url  = "https://mcp.example.com/python/mcp"
    }
    search = {
      name = "/mcp/endpoints/everything/search"
      url  = "https://mcp.example.com/search/mcp"
    }
  }

  name           = each.value.name
  description    = "URL of the MCP server ${each.key}"
  type           = "String"
  insecure_value = each.value.url
}

# The functions must let secretsmanager.amazonaws.com invoke them. ECS reads a secret when it starts
# a task: what a rotation made reaches tasks with their next deployment
# (`aws ecs update-service --force-new-deployment`).
resource "aws_secretsmanager_secret_rotation" "schedule" {
  for_each = {
    "everything/api-keys" = {
      function = "arn:aws:lambda:eu-west-1:123456789012:function:rotate-keys"
      days     = 30
    }
  }

  secret_id           = each.key
  rotation_lambda_arn = each.value.function

  # An apply rotates nothing; the schedule does.
  rotate_immediately = false

  rotation_rules {
    automatically_after_days = each.value.days
  }

  lifecycle {
    # Secrets Manager answers with the ARN, whose last six characters only it knows.
    ignore_changes = [secret_id]
  }
}
