# How many tasks there are. A target holds the number within its bounds; policies move it so that an
# average stays near its target value. More tasks are started when any policy wants them, and fewer
# are left when all do.

resource "aws_appautoscaling_target" "gate" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.farm.name}/${aws_ecs_service.gate.name}"
  min_capacity       = 2
  max_capacity       = 6
}

resource "aws_appautoscaling_policy" "gate_cpu" {
  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.gate.service_namespace
  scalable_dimension = aws_appautoscaling_target.gate.scalable_dimension
  resource_id        = aws_appautoscaling_target.gate.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_in_cooldown  = 600
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "gate_memory" {
  name               = "memory"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.gate.service_namespace
  scalable_dimension = aws_appautoscaling_target.gate.scalable_dimension
  resource_id        = aws_appautoscaling_target.gate.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 70
    scale_in_cooldown  = 600
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageMemoryUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "gate_requests" {
  name               = "requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.gate.service_namespace
  scalable_dimension = aws_appautoscaling_target.gate.scalable_dimension
  resource_id        = aws_appautoscaling_target.gate.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 6000
    scale_in_cooldown  = 600
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.ingress.arn_suffix}/${aws_lb_target_group.gate.arn_suffix}"
    }
  }
}

# Bounds, target values (percent; requests a minute and task), cooldowns (seconds).
locals {
  server_scaling = {
    files = {
      min          = 2
      max          = 2
      cpu          = null
      memory       = null
      requests     = null
      cooldown_in  = 300
      cooldown_out = 60
    }
    python = {
      min          = 1
      max          = 10
      cpu          = 60
      memory       = 70
      requests     = 600
      cooldown_in  = 600
      cooldown_out = 180
    }
    search = {
      min          = 1
      max          = 1
      cpu          = null
      memory       = null
      requests     = null
      cooldown_in  = 300
      cooldown_out = 60
    }
  }
}

resource "aws_appautoscaling_target" "server" {
  for_each = local.server_scaling

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.farm.name}/${aws_ecs_service.server[each.key].name}"
  min_capacity       = each.value.min
  max_capacity       = each.value.max
}

resource "aws_appautoscaling_policy" "server_cpu" {
  for_each = { for name, scaling in local.server_scaling : name => scaling if scaling.cpu != null }

  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.server[each.key].service_namespace
  scalable_dimension = aws_appautoscaling_target.server[each.key].scalable_dimension
  resource_id        = aws_appautoscaling_target.server[each.key].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.cpu
    scale_in_cooldown  = each.value.cooldown_in
    scale_out_cooldown = each.value.cooldown_out

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "server_memory" {
  for_each = {
    for name, scaling in local.server_scaling : name => scaling if scaling.memory != null
  }

  name               = "memory"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.server[each.key].service_namespace
  scalable_dimension = aws_appautoscaling_target.server[each.key].scalable_dimension
  resource_id        = aws_appautoscaling_target.server[each.key].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.memory
    scale_in_cooldown  = each.value.cooldown_in
    scale_out_cooldown = each.value.cooldown_out

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageMemoryUtilization"
    }
  }
}

# Servers stand behind no load balancer: the gate counts their requests, and the number of running
# tasks divides them. A minute without a count is one without requests, or without tasks.
resource "aws_appautoscaling_policy" "server_requests" {
  for_each = {
    for name, scaling in local.server_scaling : name => scaling if scaling.requests != null
  }

  name               = "requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.server[each.key].service_namespace
  scalable_dimension = aws_appautoscaling_target.server[each.key].scalable_dimension
  resource_id        = aws_appautoscaling_target.server[each.key].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.requests
    scale_in_cooldown  = each.value.cooldown_in
    scale_out_cooldown = each.value.cooldown_out

    customized_metric_specification {
      metrics {
        id          = "requests"
        label       = "Requests that the gate passed on"
        return_data = false

        metric_stat {
          stat = "Sum"

          metric {
            namespace   = "farmgate"
            metric_name = "Requests"

            dimensions {
              name  = "Farm"
              value = "everything"
            }

            dimensions {
              name  = "Server"
              value = each.key
            }
          }
        }
      }

      metrics {
        id          = "tasks"
        label       = "Running tasks"
        return_data = false

        metric_stat {
          stat = "Average"

          metric {
            namespace   = "ECS/ContainerInsights"
            metric_name = "RunningTaskCount"

            dimensions {
              name  = "ClusterName"
              value = aws_ecs_cluster.farm.name
            }

            dimensions {
              name  = "ServiceName"
              value = aws_ecs_service.server[each.key].name
            }
          }
        }
      }

      metrics {
        id          = "per_task"
        label       = "Requests a minute and task"
        expression  = "FILL(requests, 0) / IF(FILL(tasks, 0) > 0, FILL(tasks, 0), 1)"
        return_data = true
      }
    }
  }
}

# Bounds, target values (percent; requests a minute and task), cooldowns (seconds).
locals {
  service_scaling = {
    api = {
      min          = 2
      max          = 4
      cpu          = null
      memory       = null
      requests     = 1200
      cooldown_in  = 300
      cooldown_out = 60
    }
    cache = {
      min          = 1
      max          = 2
      cpu          = null
      memory       = 75
      requests     = null
      cooldown_in  = 300
      cooldown_out = 60
    }
  }
}

resource "aws_appautoscaling_target" "service" {
  for_each = local.service_scaling

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.farm.name}/${each.key}"
  min_capacity       = each.value.min
  max_capacity       = each.value.max

  depends_on = [aws_ecs_service.service, aws_ecs_service.balanced]
}

resource "aws_appautoscaling_policy" "service_memory" {
  for_each = {
    for name, scaling in local.service_scaling : name => scaling if scaling.memory != null
  }

  name               = "memory"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.service[each.key].service_namespace
  scalable_dimension = aws_appautoscaling_target.service[each.key].scalable_dimension
  resource_id        = aws_appautoscaling_target.service[each.key].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.memory
    scale_in_cooldown  = each.value.cooldown_in
    scale_out_cooldown = each.value.cooldown_out

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageMemoryUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "service_requests" {
  for_each = {
    for name, scaling in local.service_scaling : name => scaling if scaling.requests != null && local.services[name].behind == "alb"
  }

  name               = "requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.service[each.key].service_namespace
  scalable_dimension = aws_appautoscaling_target.service[each.key].scalable_dimension
  resource_id        = aws_appautoscaling_target.service[each.key].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.requests
    scale_in_cooldown  = each.value.cooldown_in
    scale_out_cooldown = each.value.cooldown_out

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${aws_lb.service[each.key].arn_suffix}/${aws_lb_target_group.service[each.key].arn_suffix}"
    }
  }
}
