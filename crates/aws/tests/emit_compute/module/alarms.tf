# Alarms. They tell when they begin, and when they are over.

# A key of the farm's own: with AWS's key for SNS, CloudWatch could not publish, as that key's policy
# admits no other service and can't be changed.
resource "aws_kms_key" "alarms" {
  description             = "Alarms of everything"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Account"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::123456789012:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "CloudWatch"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = {
          StringEquals = { "aws:SourceAccount" = "123456789012" }
        }
      },
    ]
  })
}

resource "aws_kms_alias" "alarms" {
  name          = "alias/everything-alarms"
  target_key_id = aws_kms_key.alarms.key_id
}

resource "aws_sns_topic" "alarms" {
  name              = "everything-alarms"
  kms_master_key_id = aws_kms_key.alarms.arn
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "CloudWatch"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alarms.arn
        Condition = {
          ArnLike = {
            "aws:SourceArn" = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:everything-*"
          }
        }
      },
      {
        Sid       = "NothingWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alarms.arn
        Condition = {
          Bool = { "aws:SecureTransport" = "false" }
        }
      },
    ]
  })
}

# Each address gets a message first, and has to confirm.
resource "aws_sns_topic_subscription" "email" {
  for_each = toset(["ops@example.com"])

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name        = "everything-errors"
  alarm_description = "everything: answers with a 5xx status, more than 10 per 5m"
  alarm_actions     = [aws_sns_topic.alarms.arn]
  ok_actions        = [aws_sns_topic.alarms.arn]

  comparison_operator = "GreaterThanThreshold"
  threshold           = 10
  evaluation_periods  = 1
  # There is no count while there is no error.
  treat_missing_data = "notBreaching"

  metric_query {
    id          = "errors"
    label       = "5xx"
    expression  = "FILL(balancer, 0) + FILL(gate, 0)"
    return_data = true
  }

  metric_query {
    id    = "balancer"
    label = "5xx by the load balancer"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_ELB_5XX_Count"
      dimensions  = { LoadBalancer = aws_lb.ingress.arn_suffix }
      stat        = "Sum"
      period      = 300
    }
  }

  metric_query {
    id    = "gate"
    label = "5xx by the gate"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      dimensions  = { LoadBalancer = aws_lb.ingress.arn_suffix }
      stat        = "Sum"
      period      = 300
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "unhealthy" {
  alarm_name        = "everything-unhealthy"
  alarm_description = "everything: a task of the gate is unhealthy, or there is none"
  alarm_actions     = [aws_sns_topic.alarms.arn]
  ok_actions        = [aws_sns_topic.alarms.arn]

  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 5
  # Without any target there is no count.
  treat_missing_data = "breaching"

  namespace   = "AWS/ApplicationELB"
  metric_name = "UnHealthyHostCount"
  dimensions = {
    LoadBalancer = aws_lb.ingress.arn_suffix
    TargetGroup  = aws_lb_target_group.gate.arn_suffix
  }
  statistic = "Maximum"
  period    = 60
}

# Connections that no security group admits. What is open to the internet is scanned without pause;
# the alarm is about more than that.
resource "aws_cloudwatch_log_metric_filter" "rejected" {
  name           = "everything-rejected"
  log_group_name = aws_cloudwatch_log_group.flow.name
  pattern        = "[version, account, interface, source, destination, source_port, destination_port, protocol, packets, bytes, start, end, action = \"REJECT\", status]"

  metric_transformation {
    namespace     = "farmgate/everything"
    name          = "RejectedFlows"
    value         = "1"
    default_value = "0"
  }
}

resource "aws_cloudwatch_metric_alarm" "rejected" {
  alarm_name        = "everything-rejected"
  alarm_description = "everything: flows that no security group admits, more than 500 per 5m"
  alarm_actions     = [aws_sns_topic.alarms.arn]
  ok_actions        = [aws_sns_topic.alarms.arn]

  comparison_operator = "GreaterThanThreshold"
  threshold           = 500
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  namespace   = aws_cloudwatch_log_metric_filter.rejected.metric_transformation[0].namespace
  metric_name = aws_cloudwatch_log_metric_filter.rejected.metric_transformation[0].name
  statistic   = "Sum"
  period      = 300
}
