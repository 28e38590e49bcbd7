resource "aws_wafv2_web_acl" "ingress" {
  name        = "mcp-farm"
  description = "Before the load balancer of mcp-farm"
  scope       = "REGIONAL"

  # What no rule blocks goes on to the load balancer, and to the gate.
  default_action {
    allow {}
  }

  rule {
    name     = "countries"
    priority = 0

    action {
      block {}
    }

    statement {
      not_statement {
        statement {
          geo_match_statement {
            country_codes = ["US", "CA"]
          }
        }
      }
    }

    visibility_config {
      metric_name                = "countries"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "core"
    priority = 1

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesCommonRuleSet"

        # It would block messages over 8 KiB, as those with code are.
        rule_action_override {
          name = "SizeRestrictions_BODY"

          action_to_use {
            count {}
          }
        }
      }
    }

    visibility_config {
      metric_name                = "core"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "sql"
    priority = 9

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesSQLiRuleSet"

        rule_action_override {
          name = "SQLi_COOKIE"

          action_to_use {
            count {}
          }
        }
      }
    }

    visibility_config {
      metric_name                = "sql"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "rate"
    priority = 10

    action {
      block {}
    }

    statement {
      rate_based_statement {
        aggregate_key_type    = "IP"
        limit                 = 2000
        evaluation_window_sec = 300
      }
    }

    visibility_config {
      metric_name                = "rate"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    metric_name                = "mcp-farm"
    cloudwatch_metrics_enabled = true
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_association" "ingress" {
  resource_arn = aws_lb.ingress.arn
  web_acl_arn  = aws_wafv2_web_acl.ingress.arn
}

# What the web ACL blocked or counted.
resource "aws_cloudwatch_log_group" "waf" {
  name              = "aws-waf-logs-mcp-farm"
  retention_in_days = 30
}

# Made here, as the policy that WAF would make by itself is shared by all of the account's web ACLs.
resource "aws_cloudwatch_log_resource_policy" "waf" {
  policy_name = "aws-waf-logs-mcp-farm"
  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "${aws_cloudwatch_log_group.waf.arn}:*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = "123456789012" }
        ArnLike      = { "aws:SourceArn" = "arn:aws:logs:us-west-2:123456789012:*" }
      }
    }]
  })
}

resource "aws_wafv2_web_acl_logging_configuration" "ingress" {
  resource_arn            = aws_wafv2_web_acl.ingress.arn
  log_destination_configs = [aws_cloudwatch_log_group.waf.arn]

  # What it lets through is in the load balancer's access logs.
  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }

      condition {
        action_condition {
          action = "COUNT"
        }
      }
    }
  }

  # Callers' credentials are nobody's to read.
  redacted_fields {
    single_header {
      name = "authorization"
    }
  }

  redacted_fields {
    single_header {
      name = "cookie"
    }
  }

  redacted_fields {
    single_header {
      name = "x-amz-security-token"
    }
  }

  redacted_fields {
    single_header {
      name = "x-api-key"
    }
  }

  depends_on = [aws_cloudwatch_log_resource_policy.waf]
}
