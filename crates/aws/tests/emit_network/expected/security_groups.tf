# A group for everyone, and its rules: who reaches whom, and nobody else. Rules name groups, so
# they hold wherever a task is started. They are resources of their own, so that a group is there
# before the rules that name it, and other modules can add some.
#
# Where a group has no egress rule here it has none at all: Terraform takes away the one that AWS
# gives to new groups.

# The load balancer in front. Only those come in that the farm allows.
resource "aws_security_group" "ingress" {
  name        = "mcp-farm-ingress"
  description = "Load balancer in front"
  vpc_id      = aws_vpc.farm.id

  tags = { Name = "mcp-farm-ingress" }
}

resource "aws_vpc_security_group_ingress_rule" "ingress_from_client_lists" {
  for_each = toset(["pl-0123456789abcdef0"])

  security_group_id = aws_security_group.ingress.id
  description       = "HTTPS from clients"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = each.key

  tags = { Name = "mcp-farm-ingress-from-client-lists-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "ingress_from_client_lists_80" {
  for_each = toset(["pl-0123456789abcdef0"])

  security_group_id = aws_security_group.ingress.id
  description       = "HTTP from clients is redirected to HTTPS"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  prefix_list_id    = each.key

  tags = { Name = "mcp-farm-ingress-from-client-lists-80-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "ingress_from_clients" {
  for_each = toset(["198.51.100.7/32", "203.0.113.0/24"])

  security_group_id = aws_security_group.ingress.id
  description       = "HTTPS from clients"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = each.key

  tags = { Name = "mcp-farm-ingress-from-clients-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "ingress_from_clients_80" {
  for_each = toset(["198.51.100.7/32", "203.0.113.0/24"])

  security_group_id = aws_security_group.ingress.id
  description       = "HTTP from clients is redirected to HTTPS"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv4         = each.key

  tags = { Name = "mcp-farm-ingress-from-clients-80-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "ingress_from_clients_ipv6" {
  for_each = toset(["2001:db8::/48"])

  security_group_id = aws_security_group.ingress.id
  description       = "HTTPS from clients"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv6         = each.key

  tags = { Name = "mcp-farm-ingress-from-clients-ipv6-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "ingress_from_clients_ipv6_80" {
  for_each = toset(["2001:db8::/48"])

  security_group_id = aws_security_group.ingress.id
  description       = "HTTP from clients is redirected to HTTPS"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv6         = each.key

  tags = { Name = "mcp-farm-ingress-from-clients-ipv6-80-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "ingress_to_gate" {
  security_group_id            = aws_security_group.ingress.id
  description                  = "calls and health checks"
  ip_protocol                  = "tcp"
  from_port                    = 8443
  to_port                      = 8443
  referenced_security_group_id = aws_security_group.gate.id

  tags = { Name = "mcp-farm-ingress-to-gate" }
}

# The gate: only the load balancer comes in.
resource "aws_security_group" "gate" {
  name        = "mcp-farm-gate"
  description = "Gate"
  vpc_id      = aws_vpc.farm.id

  tags = { Name = "mcp-farm-gate" }
}

resource "aws_vpc_security_group_ingress_rule" "gate_from_ingress" {
  security_group_id            = aws_security_group.gate.id
  description                  = "calls and health checks"
  ip_protocol                  = "tcp"
  from_port                    = 8443
  to_port                      = 8443
  referenced_security_group_id = aws_security_group.ingress.id

  tags = { Name = "mcp-farm-gate-from-ingress" }
}

resource "aws_vpc_security_group_egress_rule" "gate_to_endpoint" {
  for_each = toset(["secretsmanager", "sts"])

  security_group_id            = aws_security_group.gate.id
  description                  = "${each.key} by its endpoint"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.endpoint[each.key].id

  tags = { Name = "mcp-farm-gate-to-endpoint-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "gate_to_endpoints" {
  security_group_id            = aws_security_group.gate.id
  description                  = "images and logs"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.endpoints.id

  tags = { Name = "mcp-farm-gate-to-endpoints" }
}

resource "aws_vpc_security_group_egress_rule" "gate_to_internet" {
  security_group_id = aws_security_group.gate.id
  description       = "keys of the issuer id.example.com"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"

  tags = { Name = "mcp-farm-gate-to-internet" }
}

resource "aws_vpc_security_group_egress_rule" "gate_to_s3" {
  security_group_id = aws_security_group.gate.id
  description       = "s3 by its endpoint"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.gateway["s3"].prefix_list_id

  tags = { Name = "mcp-farm-gate-to-s3" }
}

resource "aws_vpc_security_group_egress_rule" "gate_to_server" {
  for_each = { nova-act = 8443, python = 3001, tickets = 8443 }

  security_group_id            = aws_security_group.gate.id
  description                  = "calls that the gate lets through to ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
  referenced_security_group_id = aws_security_group.server[each.key].id

  tags = { Name = "mcp-farm-gate-to-server-${each.key}" }
}

# The probe, which somebody starts by hand: it tries the servers' ports, and nobody lets it in.
resource "aws_security_group" "probe" {
  name        = "mcp-farm-probe"
  description = "Probe"
  vpc_id      = aws_vpc.farm.id

  tags = { Name = "mcp-farm-probe" }
}

resource "aws_vpc_security_group_egress_rule" "probe_to_10_0_0_0_16_3001" {
  security_group_id = aws_security_group.probe.id
  description       = "tries whether a server answers"
  ip_protocol       = "tcp"
  from_port         = 3001
  to_port           = 3001
  cidr_ipv4         = "10.0.0.0/16"

  tags = { Name = "mcp-farm-probe-to-10-0-0-0-16-3001" }
}

resource "aws_vpc_security_group_egress_rule" "probe_to_10_0_0_0_16_8000" {
  security_group_id = aws_security_group.probe.id
  description       = "tries whether a server answers"
  ip_protocol       = "tcp"
  from_port         = 8000
  to_port           = 8000
  cidr_ipv4         = "10.0.0.0/16"

  tags = { Name = "mcp-farm-probe-to-10-0-0-0-16-8000" }
}

resource "aws_vpc_security_group_egress_rule" "probe_to_10_0_0_0_16_8443" {
  security_group_id = aws_security_group.probe.id
  description       = "tries whether a server answers"
  ip_protocol       = "tcp"
  from_port         = 8443
  to_port           = 8443
  cidr_ipv4         = "10.0.0.0/16"

  tags = { Name = "mcp-farm-probe-to-10-0-0-0-16-8443" }
}

resource "aws_vpc_security_group_egress_rule" "probe_to_endpoints" {
  security_group_id            = aws_security_group.probe.id
  description                  = "images and logs"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.endpoints.id

  tags = { Name = "mcp-farm-probe-to-endpoints" }
}

resource "aws_vpc_security_group_egress_rule" "probe_to_s3" {
  security_group_id = aws_security_group.probe.id
  description       = "s3 by its endpoint"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.gateway["s3"].prefix_list_id

  tags = { Name = "mcp-farm-probe-to-s3" }
}

# MCP servers: only the gate comes in.
resource "aws_security_group" "server" {
  for_each = local.servers

  name        = "mcp-farm-server-${each.key}"
  description = "MCP server ${each.key}"
  vpc_id      = aws_vpc.farm.id

  tags = { Name = "mcp-farm-server-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "server_from_gate" {
  for_each = { nova-act = 8443, python = 3001, tickets = 8443 }

  security_group_id            = aws_security_group.server[each.key].id
  description                  = "calls that the gate lets through to ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
  referenced_security_group_id = aws_security_group.gate.id

  tags = { Name = "mcp-farm-server-from-gate-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "server_to_192_0_2_0_24_8443" {
  for_each = toset(["tickets"])

  security_group_id = aws_security_group.server[each.key].id
  description       = "servers.${each.key} reaches 192.0.2.0/24:8443"
  ip_protocol       = "tcp"
  from_port         = 8443
  to_port           = 8443
  cidr_ipv4         = "192.0.2.0/24"

  tags = { Name = "mcp-farm-server-to-192-0-2-0-24-8443-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "server_to_balancer_api" {
  for_each = toset(["nova-act"])

  security_group_id            = aws_security_group.server[each.key].id
  description                  = "servers.${each.key} reaches services.api"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.balancer["api"].id

  tags = { Name = "mcp-farm-server-to-balancer-api-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "server_to_database_memories" {
  for_each = toset(["tickets"])

  security_group_id            = aws_security_group.server[each.key].id
  description                  = "servers.${each.key} reaches databases.memories"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.database["memories"].id

  tags = { Name = "mcp-farm-server-to-database-memories-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "server_to_endpoint_ssm" {
  for_each = toset(["nova-act"])

  security_group_id            = aws_security_group.server[each.key].id
  description                  = "ssm by its endpoint"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.endpoint["ssm"].id

  tags = { Name = "mcp-farm-server-to-endpoint-ssm-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "server_to_endpoints" {
  for_each = local.servers

  security_group_id            = aws_security_group.server[each.key].id
  description                  = "images and logs"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.endpoints.id

  tags = { Name = "mcp-farm-server-to-endpoints-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "server_to_internet" {
  for_each = toset(["nova-act"])

  security_group_id = aws_security_group.server[each.key].id
  description       = "servers.${each.key} reaches internet:443"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"

  tags = { Name = "mcp-farm-server-to-internet-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "server_to_s3" {
  for_each = local.servers

  security_group_id = aws_security_group.server[each.key].id
  description       = "s3 by its endpoint"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.gateway["s3"].prefix_list_id

  tags = { Name = "mcp-farm-server-to-s3-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "server_to_service_brain" {
  for_each = toset(["python", "tickets"])

  security_group_id            = aws_security_group.server[each.key].id
  description                  = "servers.${each.key} reaches services.brain"
  ip_protocol                  = "tcp"
  from_port                    = 9000
  to_port                      = 9000
  referenced_security_group_id = aws_security_group.service["brain"].id

  tags = { Name = "mcp-farm-server-to-service-brain-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "server_to_service_legacy" {
  for_each = toset(["python"])

  security_group_id            = aws_security_group.server[each.key].id
  description                  = "servers.${each.key} reaches services.legacy"
  ip_protocol                  = "tcp"
  from_port                    = 8443
  to_port                      = 8443
  referenced_security_group_id = "sg-0123456789abcdef0"

  tags = { Name = "mcp-farm-server-to-service-legacy-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "server_to_service_legacy_9443" {
  for_each = toset(["python"])

  security_group_id            = aws_security_group.server[each.key].id
  description                  = "servers.${each.key} reaches services.legacy"
  ip_protocol                  = "tcp"
  from_port                    = 9443
  to_port                      = 9443
  referenced_security_group_id = "sg-0123456789abcdef0"

  tags = { Name = "mcp-farm-server-to-service-legacy-9443-${each.key}" }
}

# Services: only those come in that say so.
resource "aws_security_group" "service" {
  for_each = local.services

  name        = "mcp-farm-service-${each.key}"
  description = "Service ${each.key}"
  vpc_id      = aws_vpc.farm.id

  tags = { Name = "mcp-farm-service-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "service_brain_from_server" {
  for_each = toset(["python", "tickets"])

  security_group_id            = aws_security_group.service["brain"].id
  description                  = "servers.${each.key} reaches services.brain"
  ip_protocol                  = "tcp"
  from_port                    = 9000
  to_port                      = 9000
  referenced_security_group_id = aws_security_group.server[each.key].id

  tags = { Name = "mcp-farm-service-brain-from-server-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "service_from_balancer" {
  for_each = local.balancers

  security_group_id            = aws_security_group.service[each.key].id
  description                  = "requests to ${each.key} and its health checks"
  ip_protocol                  = "tcp"
  from_port                    = 8000
  to_port                      = 8000
  referenced_security_group_id = aws_security_group.balancer[each.key].id

  tags = { Name = "mcp-farm-service-from-balancer-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "service_to_database_memories" {
  for_each = local.services

  security_group_id            = aws_security_group.service[each.key].id
  description                  = "services.${each.key} reaches databases.memories"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.database["memories"].id

  tags = { Name = "mcp-farm-service-to-database-memories-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "service_to_dynamodb" {
  for_each = toset(["brain"])

  security_group_id = aws_security_group.service[each.key].id
  description       = "dynamodb by its endpoint"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.gateway["dynamodb"].prefix_list_id

  tags = { Name = "mcp-farm-service-to-dynamodb-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "service_to_endpoints" {
  for_each = local.services

  security_group_id            = aws_security_group.service[each.key].id
  description                  = "images and logs"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.endpoints.id

  tags = { Name = "mcp-farm-service-to-endpoints-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "service_to_s3" {
  for_each = local.services

  security_group_id = aws_security_group.service[each.key].id
  description       = "s3 by its endpoint"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.gateway["s3"].prefix_list_id

  tags = { Name = "mcp-farm-service-to-s3-${each.key}" }
}

# The load balancers of services.
resource "aws_security_group" "balancer" {
  for_each = local.balancers

  name        = "mcp-farm-balancer-${each.key}"
  description = "Load balancer of service ${each.key}"
  vpc_id      = aws_vpc.farm.id

  tags = { Name = "mcp-farm-balancer-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "balancer_api_from_server" {
  for_each = toset(["nova-act"])

  security_group_id            = aws_security_group.balancer["api"].id
  description                  = "servers.${each.key} reaches services.api"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.server[each.key].id

  tags = { Name = "mcp-farm-balancer-api-from-server-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "balancer_to_service" {
  for_each = local.balancers

  security_group_id            = aws_security_group.balancer[each.key].id
  description                  = "requests to ${each.key} and its health checks"
  ip_protocol                  = "tcp"
  from_port                    = 8000
  to_port                      = 8000
  referenced_security_group_id = aws_security_group.service[each.key].id

  tags = { Name = "mcp-farm-balancer-to-service-${each.key}" }
}

# Databases: nothing goes out.
resource "aws_security_group" "database" {
  for_each = local.databases

  name        = "mcp-farm-database-${each.key}"
  description = "Database ${each.key}"
  vpc_id      = aws_vpc.farm.id

  tags = { Name = "mcp-farm-database-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "database_memories_from_server" {
  for_each = toset(["tickets"])

  security_group_id            = aws_security_group.database["memories"].id
  description                  = "servers.${each.key} reaches databases.memories"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.server[each.key].id

  tags = { Name = "mcp-farm-database-memories-from-server-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "database_memories_from_service" {
  for_each = local.services

  security_group_id            = aws_security_group.database["memories"].id
  description                  = "services.${each.key} reaches databases.memories"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.service[each.key].id

  tags = { Name = "mcp-farm-database-memories-from-service-${each.key}" }
}

# The endpoints that every task needs in order to start.
resource "aws_security_group" "endpoints" {
  name        = "mcp-farm-endpoints"
  description = "Endpoints for images and logs"
  vpc_id      = aws_vpc.farm.id

  tags = { Name = "mcp-farm-endpoints" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_gate" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "images and logs"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.gate.id

  tags = { Name = "mcp-farm-endpoints-from-gate" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_probe" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "images and logs"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.probe.id

  tags = { Name = "mcp-farm-endpoints-from-probe" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_server" {
  for_each = local.servers

  security_group_id            = aws_security_group.endpoints.id
  description                  = "images and logs"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.server[each.key].id

  tags = { Name = "mcp-farm-endpoints-from-server-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_service" {
  for_each = local.services

  security_group_id            = aws_security_group.endpoints.id
  description                  = "images and logs"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.service[each.key].id

  tags = { Name = "mcp-farm-endpoints-from-service-${each.key}" }
}

# The endpoints that some tasks use.
resource "aws_security_group" "endpoint" {
  for_each = toset(["secretsmanager", "ssm", "sts"])

  name        = "mcp-farm-endpoint-${each.key}"
  description = "Endpoint ${each.key}"
  vpc_id      = aws_vpc.farm.id

  tags = { Name = "mcp-farm-endpoint-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoint_from_gate" {
  for_each = toset(["secretsmanager", "sts"])

  security_group_id            = aws_security_group.endpoint[each.key].id
  description                  = "${each.key} by its endpoint"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.gate.id

  tags = { Name = "mcp-farm-endpoint-from-gate-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoint_ssm_from_server" {
  for_each = toset(["nova-act"])

  security_group_id            = aws_security_group.endpoint["ssm"].id
  description                  = "ssm by its endpoint"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.server[each.key].id

  tags = { Name = "mcp-farm-endpoint-ssm-from-server-${each.key}" }
}

# sg-0123456789abcdef0 isn't ours: these rules are added to it, and the rest stays its owner's.
resource "aws_vpc_security_group_ingress_rule" "service_legacy_from_server" {
  for_each = toset(["python"])

  security_group_id            = "sg-0123456789abcdef0"
  description                  = "servers.${each.key} reaches services.legacy"
  ip_protocol                  = "tcp"
  from_port                    = 8443
  to_port                      = 8443
  referenced_security_group_id = aws_security_group.server[each.key].id

  tags = { Name = "mcp-farm-service-legacy-from-server-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "service_legacy_from_server_9443" {
  for_each = toset(["python"])

  security_group_id            = "sg-0123456789abcdef0"
  description                  = "servers.${each.key} reaches services.legacy"
  ip_protocol                  = "tcp"
  from_port                    = 9443
  to_port                      = 9443
  referenced_security_group_id = aws_security_group.server[each.key].id

  tags = { Name = "mcp-farm-service-legacy-from-server-9443-${each.key}" }
}
