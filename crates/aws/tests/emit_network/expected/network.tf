locals {
  # Availability zones, by letter, with the addresses of their subnets.
  zones = {
    a = { public = "10.0.128.0/24", private = "10.0.0.0/20" }
    b = { public = "10.0.129.0/24", private = "10.0.16.0/20" }
  }
}

resource "aws_vpc" "farm" {
  cidr_block = "10.0.0.0/16"

  # Endpoints and Cloud Map names are answered by the VPC's own DNS.
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = "mcp-farm" }
}

# What gets no group of its own lands in the VPC's default one. It has no rule, so that it opens
# nothing.
resource "aws_default_security_group" "farm" {
  vpc_id = aws_vpc.farm.id
}

# Public subnets: only the load balancer and NAT are here. Nothing gets a public address unasked.
resource "aws_subnet" "public" {
  for_each = local.zones

  vpc_id                  = aws_vpc.farm.id
  availability_zone       = "us-west-2${each.key}"
  cidr_block              = each.value.public
  map_public_ip_on_launch = false

  tags = { Name = "mcp-farm-public-${each.key}" }
}

resource "aws_internet_gateway" "farm" {
  vpc_id = aws_vpc.farm.id

  tags = { Name = "mcp-farm" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.farm.id

  tags = { Name = "mcp-farm-public" }
}

resource "aws_route" "public_internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.farm.id
}

resource "aws_route_table_association" "public" {
  for_each = local.zones

  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}

# Private subnets: all tasks are here. No way leads in from the internet.
resource "aws_subnet" "private" {
  for_each = local.zones

  vpc_id                  = aws_vpc.farm.id
  availability_zone       = "us-west-2${each.key}"
  cidr_block              = each.value.private
  map_public_ip_on_launch = false

  tags = { Name = "mcp-farm-private-${each.key}" }
}

resource "aws_route_table" "private" {
  for_each = local.zones

  vpc_id = aws_vpc.farm.id

  tags = { Name = "mcp-farm-private-${each.key}" }
}

resource "aws_route_table_association" "private" {
  for_each = local.zones

  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}

# One NAT gateway for all zones: if its zone fails, the others lose their way out.
resource "aws_eip" "nat" {
  for_each = toset(["a"])

  domain = "vpc"

  tags = { Name = "mcp-farm-nat-${each.key}" }
}

resource "aws_nat_gateway" "nat" {
  for_each = toset(["a"])

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags = { Name = "mcp-farm-nat-${each.key}" }

  depends_on = [aws_internet_gateway.farm]
}

resource "aws_route" "private_internet" {
  for_each = local.zones

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.nat["a"].id
}

# What security groups reject in the VPC is logged.
resource "aws_flow_log" "farm" {
  vpc_id          = aws_vpc.farm.id
  traffic_type    = "REJECT"
  log_destination = aws_cloudwatch_log_group.flow.arn
  iam_role_arn    = aws_iam_role.flow.arn

  # A minute, and not ten, so that an alarm comes while it happens.
  max_aggregation_interval = 60

  tags = { Name = "mcp-farm" }
}

resource "aws_cloudwatch_log_group" "flow" {
  name              = "/aws/vpc/mcp-farm/flow"
  retention_in_days = 7
}

resource "aws_iam_role" "flow" {
  name        = "mcp-farm-flow"
  description = "Writes the VPC's flow log"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Condition = {
        ArnLike = { "aws:SourceArn" = "arn:aws:ec2:us-west-2:123456789012:vpc-flow-log/*" }
      }
    }]
  })
}

resource "aws_iam_role_policy" "flow" {
  name = "write-flows"
  role = aws_iam_role.flow.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "WriteFlows"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:us-west-2:123456789012:log-group:/aws/vpc/mcp-farm/flow:*"
      },
      {
        Sid      = "FindGroup"
        Effect   = "Allow"
        Action   = "logs:DescribeLogGroups"
        Resource = "arn:aws:logs:us-west-2:123456789012:log-group:*"
      },
    ]
  })
}
