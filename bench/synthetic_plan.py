#!/usr/bin/env python3
"""Prints a Terraform plan of N resources: synthetic_plan.py N [PLAN] > plan.json

It is made from a real plan (default: ../examples/farm-with-a-hole/plan.json), so that it has all that
real ones have. Each VPC is a module of its own with everything in that plan, and nine more services
like its `python` behind the same load balancer. Names, ids and addresses are distinct; the same N
gives the same plan.
"""

import copy
import json
import pathlib
import sys

SERVICES = 9
EXAMPLE = pathlib.Path(__file__).parent.parent / "examples" / "farm-with-a-hole" / "plan.json"


def renamed(value, names):
    """A copy of a JSON value with parts of its strings and keys replaced."""
    if isinstance(value, str):
        for old, new in names.items():
            value = value.replace(old, new)
        return value
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    if isinstance(value, dict):
        return {renamed(key, names): renamed(item, names) for key, item in value.items()}
    return value


class Template:
    """The parts of the real plan, by resource."""

    def __init__(self, plan):
        self.plan = plan
        self.changes = plan["resource_changes"]
        self.planned = {r["address"]: r for r in plan["planned_values"]["root_module"]["resources"]}
        self.config = plan["configuration"]["root_module"]["resources"]
        self.service = [c for c in self.changes if "python" in c["name"]]


class Vpc:
    """One module: its changes, planned values and configuration."""

    def __init__(self, template, number):
        self.template = template
        self.module = f"farm{number:04}"
        # In the order given: what is physical gets the module's name, addresses get its number.
        self.physical = {
            "farm-": f"{self.module}-",
            "/ecs/": f"/ecs/{self.module}/",
            "secret:farm/": f"secret:{self.module}/",
            "10.20.": f"10.{number % 256}.",
        }
        self.changes, self.planned, self.config = [], [], []
        self.services = 0
        self.add(template.changes, template.config, {})

    def add(self, changes, config, names):
        for change in changes:
            planned = self.template.planned[change["address"]]
            self.changes.append(self.placed(renamed(change, names), True))
            self.planned.append(self.placed(renamed(planned, names), False))
        self.config.extend(copy.deepcopy(renamed(resource, names)) for resource in config)

    def placed(self, resource, change):
        values = resource["change"]["after"] if change else resource["values"]
        values = renamed(values, self.physical)
        if resource["type"] == "aws_ecs_cluster":
            values["name"] = self.module
        resource = dict(resource, address=f"module.{self.module}.{resource['address']}")
        if change:
            return dict(resource, module_address=f"module.{self.module}", change=dict(resource["change"], after=values))
        return dict(resource, values=values)

    def add_service(self):
        """One more service, with a rule of the listener of its own."""
        self.services += 1
        names = {"python": f"python{self.services:02}"}
        service = {(c["type"], c["name"]) for c in self.template.service}
        config = [r for r in self.template.config if (r["type"], r["name"]) in service]
        self.add(self.template.service, config, names)
        self.add_rule(f"python{self.services:02}")

    def add_rule(self, name):
        path = {"path_pattern": [{"values": [f"/{name}/*"]}]}
        values = {
            "action": [{"type": "forward", "order": 1}],
            "condition": [path],
            "priority": self.services,
            "tags": None,
        }
        unknown = {
            "arn": True,
            "id": True,
            "listener_arn": True,
            "tags_all": True,
            "action": [{"target_group_arn": True}],
            "condition": [{"path_pattern": [{"values": [False]}]}],
        }
        identity = {
            "address": f"aws_lb_listener_rule.{name}",
            "mode": "managed",
            "type": "aws_lb_listener_rule",
            "name": name,
            "provider_name": "registry.terraform.io/hashicorp/aws",
        }
        change = {"actions": ["create"], "before": None, "after": values, "after_unknown": unknown}
        change |= {"before_sensitive": False, "after_sensitive": {}}
        self.changes.append(self.placed(dict(identity, change=change), True))
        self.planned.append(self.placed(dict(identity, schema_version=0, values=values), False))
        target = ["arn", ""]
        references = [f"aws_lb_target_group.{name}{'.' * bool(end)}{end}" for end in target]
        self.config.append({
            "address": identity["address"],
            "mode": "managed",
            "type": identity["type"],
            "name": name,
            "provider_config_key": "aws",
            "schema_version": 0,
            "expressions": {
                "action": [{"type": {"constant_value": "forward"}, "target_group_arn": {"references": references}}],
                "condition": [{"path_pattern": [{"values": {"constant_value": [f"/{name}/*"]}}]}],
                "listener_arn": {"references": ["aws_lb_listener.https.arn", "aws_lb_listener.https"]},
                "priority": {"constant_value": self.services},
            },
        })

    def add_log_group(self, number):
        """Makes up the number."""
        group = [c for c in self.template.changes if c["type"] == "aws_cloudwatch_log_group"]
        config = [r for r in self.template.config if r["type"] == "aws_cloudwatch_log_group"]
        self.add(group, config, {"python": f"spare{number:02}"})


def synthetic(plan, size):
    template = Template(plan)
    base, service = len(template.changes), len(template.service) + 1
    vpcs, left = [], size
    while left >= base or not vpcs:
        vpcs.append(Vpc(template, len(vpcs) + 1))
        left -= base
        for _ in range(min(SERVICES, max(left, 0) // service)):
            vpcs[-1].add_service()
            left -= service
    while left >= service:
        vpcs[-1].add_service()
        left -= service
    for number in range(max(left, 0)):
        vpcs[-1].add_log_group(number)

    whole = {key: value for key, value in plan.items() if key != "relevant_attributes"}
    whole["resource_changes"] = [change for vpc in vpcs for change in vpc.changes]
    whole["planned_values"] = {
        "root_module": {
            "child_modules": [
                {"address": f"module.{vpc.module}", "resources": vpc.planned} for vpc in vpcs
            ]
        }
    }
    root = plan["configuration"]["root_module"]
    variables = root.get("variables", {})
    whole["configuration"] = dict(
        plan["configuration"],
        root_module={
            "variables": variables,
            "module_calls": {
                vpc.module: {
                    "source": "./farm",
                    "expressions": {name: {"references": [f"var.{name}"]} for name in variables},
                    "module": {"variables": variables, "resources": vpc.config},
                }
                for vpc in vpcs
            },
        },
    )
    return whole


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or not sys.argv[1].isdigit():
        sys.exit(__doc__)
    source = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else EXAMPLE
    json.dump(synthetic(json.loads(source.read_text()), int(sys.argv[1])), sys.stdout, separators=(",", ":"))
