#!/usr/bin/env python3
"""Lays out what a fuzz target starts from: seeds.py TARGET FOLDER DICTIONARY

import_terraform starts from the plans and states of the examples, cut to one resource each, since
small inputs are what a fuzzer can work with; import_cloudformation from small stacks with every
function, import_describe from one thing of each call, import_source from a root module with a module
below it and from the examples' files; expectations from the documentation of their format; farm
from the blueprints, whole and cut to their first servers; mcp_* from messages, lists and streams as
clients and servers send them; http_framing from requests and answers; keys from stores and a set of keys;
sigv4 from requests that are signed in the header and in the query.
"""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
EXAMPLES = HERE.parent / "examples"


def words(value, found):
    """All short words in a JSON value."""
    if isinstance(value, dict):
        for key, item in value.items():
            words(key, found)
            words(item, found)
    elif isinstance(value, list):
        for item in value:
            words(item, found)
    elif isinstance(value, str) and re.fullmatch(r"[\w.:/-]{2,32}", value):
        found.add(value)
    return found


def cut(plan):
    """A plan or state with one of its resources at a time."""
    root = plan.get("planned_values", plan.get("values"))["root_module"]
    for resource in root["resources"]:
        address, name = resource["address"], f"{resource['type']}.{resource['name']}"
        small = dict(plan)
        small.pop("relevant_attributes", None)
        if "values" in plan:
            small["values"] = {"root_module": {"resources": [resource]}}
        else:
            config = plan["configuration"]["root_module"]["resources"]
            small["planned_values"] = {"root_module": {"resources": [resource]}}
            small["resource_changes"] = [c for c in plan["resource_changes"] if c["address"] == address]
            small["configuration"] = {
                "root_module": {"resources": [r for r in config if r["address"] == name]}
            }
        yield address, small


def templates():
    """Stacks, by name: texts in YAML and JSON, several of which are read together."""
    network = """AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Cidr: {Type: String, Default: 10.0.0.0/16}
  Open: {Type: String, AllowedValues: ["yes", "no"], Default: "no"}
Mappings: {Ports: {mcp: {Port: 8080}}}
Conditions:
  IsOpen: !Equals [!Ref Open, "yes"]
  Never: !And [!Condition IsOpen, !Not [!Or [!Condition IsOpen, !Equals [a, b]]]]
Resources:
  Vpc: {Type: "AWS::EC2::VPC", Properties: {CidrBlock: !Ref Cidr, EnableDnsHostnames: true}}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]
      AvailabilityZone: !Select [0, !GetAZs ""]
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      VpcId: !Ref Vpc
      GroupDescription: !Sub ["${A} of ${AWS::StackName}", {A: !Join ["-", [a, b]]}]
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: !FindInMap [Ports, mcp, Port]
          ToPort: !FindInMap [Ports, mcp, Port]
          CidrIp: !If [IsOpen, 0.0.0.0/0, !Ref "AWS::NoValue"]
Outputs:
  Group: {Value: !GetAtt Group.GroupId, Export: {Name: !Sub "${AWS::StackName}-group"}}
"""
    task = {
        "Resources": {
            "Task": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {
                    "NetworkMode": "awsvpc",
                    "ContainerDefinitions": [
                        {"Name": "mcp", "Image": {"Fn::Sub": "${AWS::AccountId}.dkr.ecr/a"}, "PortMappings": [{"ContainerPort": 8080}]}
                    ],
                },
            },
            "Service": {
                "Type": "AWS::ECS::Service",
                "DependsOn": "Task",
                "Properties": {
                    "TaskDefinition": {"Ref": "Task"},
                    "LaunchType": "FARGATE",
                    "NetworkConfiguration": {
                        "AwsvpcConfiguration": {
                            "Subnets": {"Fn::Split": [",", {"Fn::ImportValue": "one-subnets"}]},
                            "SecurityGroups": [{"Fn::ImportValue": "one-group"}],
                        }
                    },
                },
            },
            "Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "three.template", "Parameters": {"Open": "yes"}}},
        }
    }
    front = {
        "Resources": {
            "Lb": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"Subnets": ["subnet-1"], "SecurityGroups": [{"Fn::GetAtt": ["Group", "GroupId"]}]}},
            "Listener": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": {"LoadBalancerArn": {"Ref": "Lb"}, "Port": 80, "Protocol": "HTTP", "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]}},
            "Function": {"Type": "AWS::Serverless::Function", "Properties": {"Events": {"A": {"Type": "HttpApi", "Properties": {"Path": "/a", "Method": "get"}}}}},
        },
        "Transform": "AWS::Serverless-2016-10-31",
    }
    manifest = {"version": "36.0.0", "artifacts": {"One": {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/us-west-2", "properties": {"templateFile": "one.template.json", "stackName": "one"}}}}
    network, task, front, manifest = network.encode(), *(json.dumps(it).encode() for it in (task, front, manifest))
    joined = b"\0".join
    return {"network": network, "task": task, "front": front, "two": joined([task, network]), "all": joined([task, network, front, manifest])}


def described():
    """What `aws` prints, by its call; and several of them together."""
    page = {
        "vpcs": {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}}], "OwnerId": "123456789012", "IsDefault": False}]},
        "subnets": {"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "eu-west-1a", "MapPublicIpOnLaunch": True, "SubnetArn": "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1"}]},
        "groups": {"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "a", "VpcId": "vpc-1", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "UserIdGroupPairs": [{"GroupId": "sg-1"}]}], "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}]},
        "rules": {"SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-1", "IsEgress": False, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIpv4": "0.0.0.0/0"}]},
        "tables": {"RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"Main": True, "RouteTableId": "rtb-1"}], "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}]}]},
        "balancers": {"LoadBalancers": [{"LoadBalancerArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/1", "LoadBalancerName": "a", "Scheme": "internet-facing", "Type": "application", "VpcId": "vpc-1", "SecurityGroups": ["sg-1"], "AvailabilityZones": [{"SubnetId": "subnet-1"}]}]},
        "listeners": {"Listeners": [{"ListenerArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/a/1/2", "LoadBalancerArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/1", "Port": 80, "Protocol": "HTTP", "DefaultActions": [{"Type": "forward", "TargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/t/3"}]}]},
        "targets": {"TargetGroups": [{"TargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/t/3", "TargetGroupName": "t", "Protocol": "HTTP", "Port": 8080, "VpcId": "vpc-1", "TargetType": "ip"}]},
        "health": {"TargetHealthDescriptions": [{"Target": {"Id": "10.0.0.7", "Port": 8080}, "TargetHealth": {"State": "healthy"}}]},
        "services": {"services": [{"serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/c/s", "serviceName": "s", "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/c", "launchType": "FARGATE", "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/t:1", "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}}, "events": [{"message": "m"}]}]},
        "task": {"taskDefinition": {"taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/t:1", "family": "t", "networkMode": "awsvpc", "containerDefinitions": [{"name": "a", "image": "b", "secrets": [{"name": "K", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/k"}]}]}},
        "parameters": {"Parameters": [{"Name": "/k", "Type": "String"}]},
        "refused": {"farmgateRequest": {"service": "ecs", "operation": "describe-services", "region": "eu-west-1", "account": "123456789012", "parameters": {}}, "farmgateError": {"code": "AccessDenied", "message": "no"}},
    }
    pages = {name: json.dumps(value).encode() for name, value in page.items()}
    network = [pages[name] for name in ("vpcs", "subnets", "groups", "tables")]
    fronts = [pages[name] for name in ("balancers", "listeners", "targets", "services")]
    return pages | {"network": b"\0".join(network), "all": b"\0".join(network + fronts)}


def mcp(target):
    """Messages, lists of tools and streams of events, by name."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "progressToken": 1,
    }
    messages = {
        "call": {"id": 1, "method": "tools/call", "params": {"name": "a", "arguments": {"b": [1.5e3]}, "_meta": meta}},
        "read": {"id": "x", "method": "resources/read", "params": {"uri": "file:///a"}},
        "initialize": {"id": 0, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}},
        "cancelled": {"method": "notifications/cancelled", "params": {"requestId": 1}},
        "result": {"id": 1, "result": {"content": [{"type": "text", "text": "\ud83d\ude00\n"}]}},
        "error": {"id": 1, "error": {"code": -32602, "message": "m"}},
    }
    tools = [{"name": name, "inputSchema": {"type": "object"}} for name in ("yes", "no", "yes_too")]
    messages["list"] = {"id": 1, "result": {"tools": tools, "nextCursor": "c", "ttlMs": 5, "cacheScope": "public"}}
    texts = {name: json.dumps({"jsonrpc": "2.0", **message}) for name, message in messages.items()}
    if target == "mcp_message":
        lines = "mcp-protocol-version: 2026-07-28\nmcp-method: tools/call\nmcp-name: =?base64?YQ==?=\n\n"
        return {name: lines + text for name, text in texts.items()} | {
            "bare-" + name: "\n" + text for name, text in texts.items()
        }
    if target == "mcp_tools":
        return {"list": texts["list"], "result": texts["result"]}
    lines = ["id: 0", "data:", "", ": ping", "", "retry: 5", "event: message", "data: " + texts["list"], "", ""]
    streams = {f"stream-{at}": end.join(lines) for at, end in enumerate(("\n", "\r\n", "\r"))}
    return {name: "\x03\x11\x40" + stream for name, stream in streams.items()}


def framing():
    """Requests and answers of HTTP/1, framed in each way that there is."""
    head = "POST /a HTTP/1.1\r\nHost: h:80\r\n"
    texts = [
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET http://a/ HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        head + "Content-Length: 3\r\n\r\nabc" + head + "Content-Length: 0\r\n\r\n",
        head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + head + "Expect: 100-continue\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: [::1]\r\nUpgrade: h2c\r\n\r\n",
        "HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    ]
    return [text.encode() for text in texts]


def signed():
    """Requests with a signature in the header, in the query, and none; and a proof for STS."""
    scope = "20261122/us-west-2/execute-api/aws4_request"
    authorization = f"Authorization: AWS4-HMAC-SHA256 Credential=FGAKEXAMPLE/{scope}, SignedHeaders=host;x-amz-date, Signature={'0f' * 32}"
    parameters = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"FGAKEXAMPLE/{scope}".replace("/", "%2F"),
        "X-Amz-Date": "20261122T080910Z",
        "X-Amz-Expires": "900",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Security-Token": "FwoG%2F",
        "X-Amz-Signature": "0f" * 32,
    }
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    lines = "Host: h\nX-Amz-Date: 20261122T080910Z\n"
    return [
        f"POST /a/../b//c%20d?b=1&a=%2f+&a\n{lines}Mcp-Session-Id:  a  b\n{authorization}\nContent-Type: application/json\n\n{{}}",
        f"POST /a\n{lines}X-Amz-Content-Sha256: UNSIGNED-PAYLOAD\nA: 1\nA: 2\n{authorization}\n\nbody",
        f"GET https://h/a?{query}\nX-More: 1\n\n",
        f"GET /a?{query}&x=1\nHost: h\n\n",
        f"DELETE /a\nHost: h\nDate: Sun, 22 Nov 2026 08:09:10 GMT\n{authorization}\n\n",
        "v1.eyJyZWdpb24iOiJ1cy13ZXN0LTIiLCJhdXRob3JpemF0aW9uIjoiYSIsImRhdGUiOiJkIiwiYXVkaWVuY2UiOiJmIn0",
    ]


def entry(word):
    """A word as libFuzzer's dictionaries write it: it knows the escapes of quotes, of backslashes, and \\xNN."""
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\x{ord(c):02x}" for c in word) + '"'


def main(target, folder, dictionary):
    folder, found = pathlib.Path(folder), set()
    if target == "import_terraform":
        for file in sorted(EXAMPLES.glob("*/*.json")):
            plan = json.loads(file.read_text())
            words(plan, found)
            for address, small in cut(plan):
                name = re.sub(r"\W+", "-", f"{file.parent.name}-{file.stem}-{address}").strip("-")
                (folder / name).write_text(json.dumps(small, separators=(",", ":")))
    if target in ("import_cloudformation", "import_describe"):
        for name, text in (templates() if target == "import_cloudformation" else described()).items():
            (folder / name).write_bytes(text)
            found |= set(re.findall(r"!?[A-Za-z:-]{2,48}|[\w./:-]{2,32}", text.decode()))
    if target == "import_source":
        root = """variable "name" { default = "a" }
locals {
  vpc        = try(aws_vpc.v[0].id, null)
  ports      = concat([80], [for p in ["443"] : tonumber(p)])
  containers = jsonencode([merge({ name = "a", image = format("%s:%s", var.name, "1") }, { portMappings = [for p in local.ports : { containerPort = p } if p > 0] })])
}
resource "aws_security_group" "a" {
  name   = var.name == "" ? "b" : "${var.name}-${length(local.ports)}"
  vpc_id = local.vpc
}
resource "aws_ecs_task_definition" "t" {
  family                = "t"
  container_definitions = local.containers
}
module "m" {
  source = "./modules/m"
  group  = aws_security_group.a.id
  cidrs  = { x = cidrsubnet("10.0.0.0/16", 8, 1) }
}
"""
        module = """variable "group" {}
variable "cidrs" { type = map(string) }
resource "aws_vpc_security_group_ingress_rule" "r" {
  for_each          = var.cidrs
  security_group_id = var.group
  cidr_ipv4         = each.value
}
"""
        texts = {"root": root, "modules": "\0".join([root, module, 'name = "b"\n'])}
        texts |= {"-".join(file.relative_to(EXAMPLES).parts): file.read_text() for file in sorted(EXAMPLES.glob("*/*.tf"))}
        for name, text in texts.items():
            (folder / name).write_text(text)
            found |= set(re.findall(r"[a-z_]{2,32}[(.\[]?|[\w.:/-]{2,32}", text))
        found |= {"[*].", ".*.", "<<-EOT\n", "EOT\n", "%{ if ", "%{ for ", "%{ endif }", "${~", "...", "=>", "dynamic ", "for_each = ", "each.value", "count.index", "self."}
    if target == "expectations":
        page = (HERE.parent / "docs" / "expectations.md").read_text()
        for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)):
            found |= set(re.findall(r"[a-z_]{2,}:?", block))
            (folder / f"documented-{number}").write_text(block)
    if target == "farm":
        for file in sorted((HERE.parent / "blueprints").glob("*/farm.yaml")):
            text = file.read_text()
            found |= set(re.findall(r"[a-z_]{2,}:", text)) | set(re.findall(r"[\w.:/-]{2,32}", text))
            bare = "".join(line for line in text.splitlines(True) if not line.lstrip().startswith("#"))
            (folder / file.parent.name).write_text(bare)
    if target.startswith("mcp_"):
        for name, text in mcp(target).items():
            (folder / name).write_bytes(text.encode())
            found |= set(re.findall(r'"[\w.:/-]{1,48}"|[\w-]{2,32}:', text)) | {'"na\\u006de"', '"Name"', "\\ud800"}
    if target == "http_framing":
        for number, message in enumerate(framing()):
            (folder / str(number)).write_bytes(bytes([0, 32, 64, 96, 128, 160, 192, 224]) + message)
            found |= set(re.findall(r"[\w-]{2,32}:?", message.decode())) | {"\r\n", "\r\n\r\n", "0\r\n\r\n"}
    if target == "gate_route":
        texts = ["/a/..;/b", "/a/%2e%2e/b", "/caf%C3%A9", "https://mcp.example.com:8443", "http://[::1]:1", "a.farm.example", "10.0.3.7:1"]
        for number, text in enumerate(texts):
            (folder / str(number)).write_text(text)
        found |= {"%2e", "%2f", "%5c", "%3b", "..;", "//", "localhost", "127.0.0.1", "https://", ".farm.example"}
    if target == "keys":
        key = {"id": "abcdefghijkl", "name": "alice", "group": "g", "sha256": "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2, "created": "2026-11-22T08:00:00Z", "expires": "2027-02-20T08:00:00Z"}
        pair = {"id": "abcdefgh", "key": "c2VjcmV0" * 5 + "c2U"}
        access = {name: value for name, value in key.items() if name != "sha256"}
        access |= {"id": "FGAKABCDEFGHIJ234567", "sealed": "k1.abcdefgh." + "c2VjcmV0" * 12}
        (folder / "access").write_text(json.dumps({"version": 1, "keys": [access]}))
        (folder / "store").write_text(json.dumps({"version": 1, "keys": [key]}))
        (folder / "keys").write_text(json.dumps({"version": 1, "sign": [pair, pair], "seal": [pair, pair]}))
        (folder / "public").write_text(",".join(["/9SiZkjohyXtohKJjUoVGSqDwTAjtWbdODPypKE8X6w="] * 2))
        found |= {f'"{word}":' for word in key | access} | {"FGAK", "k1.", "fgsk_", '"version":1', '"keys":[', '"sign":[', '"seal":[', "v1.", "s1.", "fg_"}
    if target == "sigv4":
        for number, text in enumerate(signed()):
            (folder / str(number)).write_text(text)
            found |= set(re.findall(r"[A-Za-z0-9-]{3,32}[:=]?", text)) | {"%2f", "&&", "/./", "/../", "; ", "\n\n"}
    entries = sorted(entry(word) for word in found if word.isascii())
    pathlib.Path(dictionary).write_text("".join(line + "\n" for line in entries))


if __name__ == "__main__":
    main(*sys.argv[1:])
