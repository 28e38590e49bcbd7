# What others join to. Nothing of it is secret.

output "load_balancer" {
  description = "The load balancer in front: its ARN, and what an alias record of its name needs"
  value = {
    arn      = aws_lb.ingress.arn
    dns_name = aws_lb.ingress.dns_name
    zone_id  = aws_lb.ingress.zone_id
  }
}

output "urls" {
  description = "Where clients find the servers, by server"
  value       = { for name, it in aws_ssm_parameter.endpoint : name => it.insecure_value }
}

output "parameters" {
  description = "The parameters of Systems Manager that hold these URLs, by server"
  value       = { for name, it in aws_ssm_parameter.endpoint : name => it.name }
}

output "vpc_id" {
  description = "The VPC"
  value       = aws_vpc.farm.id
}

output "private_subnet_ids" {
  description = "The subnets of all tasks"
  value       = [for subnet in aws_subnet.private : subnet.id]
}

output "security_group_ids" {
  description = "The farm's security groups, by whose they are"
  value = {
    ingress         = aws_security_group.ingress.id
    gate            = aws_security_group.gate.id
    probe           = aws_security_group.probe.id
    start_endpoints = aws_security_group.endpoints.id
    servers         = { for name, it in aws_security_group.server : name => it.id }
    services        = { for name, it in aws_security_group.service : name => it.id }
    balancers       = { for name, it in aws_security_group.balancer : name => it.id }
    databases       = { for name, it in aws_security_group.database : name => it.id }
    used_endpoints  = { for name, it in aws_security_group.endpoint : name => it.id }
  }
}

output "vpc_endpoint_ids" {
  description = "The VPC endpoints, by service"
  value = {
    "ecr.api"      = aws_vpc_endpoint.start["ecr.api"].id
    "ecr.dkr"      = aws_vpc_endpoint.start["ecr.dkr"].id
    logs           = aws_vpc_endpoint.start["logs"].id
    s3             = aws_vpc_endpoint.gateway["s3"].id
    secretsmanager = aws_vpc_endpoint.used["secretsmanager"].id
    ssm            = aws_vpc_endpoint.used["ssm"].id
  }
}

output "cluster" {
  description = "The ECS cluster"
  value = {
    arn  = aws_ecs_cluster.farm.arn
    name = aws_ecs_cluster.farm.name
  }
}

output "probe" {
  description = "What `farmgate probe --from-task` runs, and where"
  value = {
    cluster         = aws_ecs_cluster.farm.name
    task_definition = aws_ecs_task_definition.probe.family
    subnets         = [for subnet in aws_subnet.private : subnet.id]
    security_group  = aws_security_group.probe.id
    log_group       = aws_cloudwatch_log_group.probe.name
  }
}

output "task_role_arns" {
  description = "The roles with which containers run"
  value = {
    gate     = aws_iam_role.gate_task.arn
    probe    = aws_iam_role.probe_task.arn
    servers  = { for name, it in aws_iam_role.server_task : name => it.arn }
    services = { for name, it in aws_iam_role.service_task : name => it.arn }
  }
}

output "log_group_names" {
  description = "Where tasks log to"
  value = {
    gate     = aws_cloudwatch_log_group.gate.name
    probe    = aws_cloudwatch_log_group.probe.name
    servers  = { for name, it in aws_cloudwatch_log_group.server : name => it.name }
    services = { for name, it in aws_cloudwatch_log_group.service : name => it.name }
  }
}

output "repository_urls" {
  description = "The repositories of images, by name"
  value       = { for name, it in aws_ecr_repository.farm : name => it.repository_url }
}

output "database_addresses" {
  description = "The databases' hosts, by name"
  value       = { for name, it in aws_db_instance.database : name => it.address }
}

output "database_secret_arns" {
  description = "The secrets in which RDS keeps the databases' passwords, by name"
  value       = { for name, it in aws_db_instance.database : name => it.master_user_secret[0].secret_arn }
}

output "alarm_topic_arn" {
  description = "The topic that alarms tell"
  value       = aws_sns_topic.alarms.arn
}
