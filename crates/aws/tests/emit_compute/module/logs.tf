# Log groups, made here so that they have a retention: whoever writes to one that isn't there
# makes one that is kept for ever.

# Also the record of who called which tool.
resource "aws_cloudwatch_log_group" "gate" {
  name              = "/ecs/everything/gate"
  retention_in_days = 365
  kms_key_id        = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
}

# What the probe found, each time that somebody ran it.
resource "aws_cloudwatch_log_group" "probe" {
  name              = "/ecs/everything/probe"
  retention_in_days = 30
}

resource "aws_cloudwatch_log_group" "server" {
  for_each = {
    files  = { name = "/ecs/everything/servers/files", days = 7 }
    python = { name = "/ecs/everything/servers/python", days = 30 }
    search = { name = "/ecs/everything/servers/search", days = 30 }
  }

  name              = each.value.name
  retention_in_days = each.value.days
}

resource "aws_cloudwatch_log_group" "service" {
  for_each = {
    api   = { name = "/ecs/everything/services/api", days = 30 }
    cache = { name = "/ecs/everything/services/cache", days = 30 }
  }

  name              = each.value.name
  retention_in_days = each.value.days
}

resource "aws_cloudwatch_log_group" "database" {
  for_each = {
    "memories/postgresql" = "/aws/rds/instance/everything-memories/postgresql"
    "memories/upgrade"    = "/aws/rds/instance/everything-memories/upgrade"
  }

  name              = each.value
  retention_in_days = 30
}
