"""The 40 defects of the three systems, and which checks count as finding each.

Reviewed by reading: a check counts if what it says of the resource in question is the defect, or the
part of it that the source shows; not if it merely fails somewhere near. `on` is a part of the name of
the resource that must be told. `code`: no plan, template or description shows it, only source code or
documents; a farm that farmgate builds can't have it, or it is arithmetic.
"""

from dataclasses import dataclass, field


@dataclass
class Defect:
    number: int
    text: str
    input: str = "code"
    farmgate: tuple = ()
    checkov: tuple = ()
    lint: tuple = ()
    guard: tuple = ()
    on: str = ""


BUS, AFTER, ERRORED, BRAIN, MCP = "bus", "bus-after", "bus-errored", "brain", "mcp"

DEFECTS = [
    Defect(1, "a stdio server has no bridge; nothing listens", BUS, ("stdio-without-bridge",)),
    Defect(2, "the MCP SDK is not pinned"),
    Defect(3, "the authorizer reads another payload version"),
    Defect(4, "the authorizer raises what becomes a 500"),
    Defect(5, "the authorizer logs the key"),
    Defect(6, "any group can be claimed with one key"),
    Defect(7, "keys as tool arguments"),
    Defect(8, "the VPC's CIDR is admitted beside the VPC link", BUS, ("target-open-to-network",), on="mcp_server"),
    Defect(9, "a load balancer without a group is passed by", BUS, ("load-balancer-without-security-group",), on="aws_lb"),
    Defect(10, "two kinds of rules: the next apply removes one", AFTER, ("rule-removed-by-next-apply", "security-group-rules-in-two-places")),
    Defect(11, "every hop behind the gateway is plain text", BUS, ("plaintext-hop",)),
    Defect(12, "images come over NAT: no endpoint for them", BUS, ("no-endpoint-for-service",)),
    Defect(13, "the endpoints' cost is wrong", BUS, ("endpoint-cost",)),
    Defect(14, "Timestream takes no new customers", BUS, ("timestream-closed",)),
    Defect(15, "SQL injection in the tools"),
    Defect(16, "IAM statements that do nothing, an orphaned role", BUS, ("iam-ineffective-resource", "iam-role-unused")),
    Defect(17, "log groups declared twice", BUS, ("duplicate-name",)),
    Defect(18, "a configuration that can't be planned", ERRORED, ("exit 2: plan-errored",)),
    Defect(19, "an HTTP API: 30 s, no WAF, no streams", BUS, ("streaming-behind-http-api",)),
    Defect(20, "the allow-all egress is never revoked", BRAIN, ("egress-never-revoked",)),
    Defect(21, "revoking it stops the task", BRAIN, ("statement/pulls-image", "statement/reaches-what-it-names", "statement/ships-logs")),
    Defect(22, "group references don't match public names", BRAIN, ("statement/reaches-what-it-names", "rule-never-matches")),
    Defect(23, "443 is open and nothing speaks TLS", BRAIN, ("plaintext-hop", "port-mismatch")),
    Defect(24, "tasks in public subnets with public addresses", BRAIN, ("public-address",)),
    Defect(25, "tokens are forwarded and none is verified"),
    Defect(26, "commands that fail as written"),
    Defect(27, "a HEALTHCHECK that ECS ignores", "code", ("health-check-ignored",)),
    Defect(28, "nobody verifies SigV4: the load balancer lets anyone in", MCP, ("unauthenticated-path",), on="McpFarm"),
    Defect(29, "the load balancer is open to the world", MCP, ("listener-open-to-world",), ("CKV_AWS_260",), on="McpFarm"),
    Defect(30, "the chatbot's too, past CloudFront", MCP, ("listener-open-to-world",), ("CKV_AWS_260",), on="Chatbot"),
    Defect(31, "the tasks admit the whole VPC", MCP, ("target-open-to-network",), on="mcp-fargate"),
    Defect(32, "a default that is dead code"),
    Defect(33, "an API key in clear in the template", MCP, ("plaintext-parameter",)),
    Defect(34, "the repositories that are scanned are not used", MCP, ("repository-unused",)),
    Defect(35, "access logs off, insights off", MCP, ("access-logs-off", "container-insights-off"), ("CKV_AWS_91", "CKV_AWS_65"), (), ("elbv2_logging_enabled_check", "ecs_container_insights_enabled_check")),
    Defect(36, "the configuration file disagrees with the code"),
    Defect(37, "sessions in memory, no stickiness", MCP, ("session-affinity-missing",)),
    Defect(38, "files and sessions of other tenants"),
    Defect(39, "no way to the internet, it says", MCP, ("egress-to-internet", "egress-unrestricted"), on="mcp-fargate"),
    Defect(40, "no TLS; writable root, root user", MCP, ("plaintext-hop", "writable-root-filesystem", "root-user"), ("CKV_AWS_2", "CKV_AWS_103"), (), ("alb_http_to_https_redirection_check", "ecs_containers_readonly_access_check", "ecs_task_definition_nonroot_user_check")),
]

# Findings that are not so, of the tools of which every finding was read: the check, the input, a part
# of the resource's name, and why. Everything else is true of its resource, whatever it matters; what a
# standard would like is not called false.
FALSE = {
    "farmgate": [],
    "checkov": [
        ("CKV2_AWS_5", BUS, "", "the groups are attached, by references through modules' outputs"),
        ("CKV_AWS_309", BUS, "websocket_", "of a WebSocket API only $connect can have an authorizer, and has"),
    ],
}
