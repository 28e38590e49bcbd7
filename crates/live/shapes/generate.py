"""Writes `src/collect/api.json`: how the calls of `src/collect/operations.rs` are made, and what of
their answers is kept.

    python3 crates/live/shapes/generate.py [FOLDER]

FOLDER is botocore's folder `data`; without it, that of the installed botocore. The output depends on
nothing else, so a newer botocore shows as a difference. It is needed only when an operation is added.
"""

import gzip
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent
OUT = HERE / "src/collect/api.json"
# The protocols that `src/collect` speaks.
PROTOCOLS = ("ec2", "query", "json", "rest-json", "rest-xml")
# What the `aws` command names otherwise than botocore.
FOLDERS = {"configservice": "config"}
PRIMITIVES = {
    "string": "text",
    "character": "text",
    "integer": "int",
    "long": "int",
    "float": "float",
    "double": "float",
    "boolean": "bool",
    "timestamp": "time",
    "blob": "blob",
}
# What must not be kept, or what is large and says nothing of who reaches what.
DROPPED = {
    ("lambda", "FunctionConfiguration", "Environment"),
    ("apigateway", "Stage", "variables"),
    ("apigateway", "Integration", "requestTemplates"),
    ("apigateway", "IntegrationResponse", "responseTemplates"),
    ("apigatewayv2", "Stage", "StageVariables"),
    ("apigatewayv2", "Integration", "RequestTemplates"),
    ("apigatewayv2", "Integration", "ResponseParameters"),
    ("elbv2", "AuthenticateOidcActionConfig", "AuthenticationRequestExtraParams"),
    ("elbv2", "AuthenticateOidcActionConfig", "ClientSecret"),
    ("elbv2", "AuthenticateCognitoActionConfig", "AuthenticationRequestExtraParams"),
    ("rds", "DBInstance", "PendingModifiedValues"),
    ("rds", "DBCluster", "PendingModifiedValues"),
}
# Operations that come in pages of which botocore's list doesn't know: where the next begins.
PAGES = {
    ("wafv2", "list-web-acls"): {"give": "NextMarker", "take": "NextMarker", "lists": ["WebACLs"]},
    ("apigatewayv2", "get-vpc-links"): {
        "give": "NextToken",
        "take": "NextToken",
        "lists": ["Items"],
    },
}


def read(path):
    """A file of botocore's, which newer ones compress."""
    packed = path.with_name(path.name + ".gz")
    return json.loads(gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes())


def kebab(name):
    name = re.sub("([^-])([A-Z][a-z]+)", r"\1-\2", name)
    return re.sub("([a-z0-9])([A-Z])", r"\1-\2", name).lower()


def command_name(name):
    special = {
        "ListWebACLs": "list-web-acls",
        "GetWebACL": "get-web-acl",
        "GetWebACLForResource": "get-web-acl-for-resource",
        "DescribeDBInstances": "describe-db-instances",
        "DescribeDBClusters": "describe-db-clusters",
        "DescribeDBSubnetGroups": "describe-db-subnet-groups",
    }
    return special.get(name) or kebab(name)


def listed():
    table = (HERE / "src/collect/operations.rs").read_text()
    return sorted(set(re.findall(r'\bop\(\s*"([a-z0-9-]+)",\s*"([a-z0-9-]+)"', table)))


class Service:
    def __init__(self, data, name):
        folder = data / FOLDERS.get(name, name)
        newest = sorted(path for path in folder.iterdir() if path.is_dir())[-1]
        self.name = name
        self.model = read(newest / "service-2.json")
        self.paginators = read(newest / "paginators-1.json")["pagination"]
        self.meta = self.model["metadata"]
        # Newer ones first; of several a service speaks each.
        spoken = self.meta.get("protocols", [self.meta["protocol"]])
        self.protocol = next(name for name in spoken if name in PROTOCOLS)
        self.xml = self.protocol in ("ec2", "query", "rest-xml")
        self.shapes = {}
        self.operations = {command_name(name): name for name in self.model["operations"]}

    def wire(self, member, name):
        return member.get("locationName", name)

    def use(self, name):
        """The word for a shape, which is written if it isn't yet."""
        shape = self.model["shapes"][name]
        kind = shape["type"]
        if kind in PRIMITIVES:
            policy = self.name == "iam" and name == "policyDocumentType"
            return "policy" if policy else PRIMITIVES[kind]
        if shape.get("document"):
            return "any"
        if name in self.shapes:
            return name
        assert not shape.get("flattened"), name
        self.shapes[name] = None
        if kind == "structure":
            self.shapes[name] = {"members": self.members(name, shape)}
        elif kind == "list":
            member = shape["member"]
            assert not member.get("jsonvalue"), name
            self.shapes[name] = {"list": [self.wire(member, "member"), self.use(member["shape"])]}
        else:
            assert kind == "map" and not self.xml, name
            self.shapes[name] = {"map": self.use(shape["value"]["shape"])}
        return name

    def members(self, name, shape):
        kept = []
        for member, reference in shape["members"].items():
            if (self.name, name, member) in DROPPED:
                continue
            if reference.get("location") in ("header", "headers", "statusCode"):
                continue
            word = "any" if reference.get("jsonvalue") else self.use(reference["shape"])
            kept.append([member, self.wire(reference, member), word])
        return kept

    def call(self, command):
        name = self.operations[command]
        operation = self.model["operations"][name]
        http = operation["http"]
        call = {"name": name, "method": http["method"], "path": http["requestUri"]}
        call["parameters"] = self.parameters(operation)
        output = operation["output"]
        wrapper = output.get("resultWrapper")
        shape = self.model["shapes"][output["shape"]]
        payload = shape.get("payload")
        if wrapper:
            call["wrapper"] = wrapper
        if payload:
            call["payload"] = payload
        call["output"] = self.use(output["shape"])
        pages = self.pages(command, name)
        if pages:
            call["pages"] = pages
        return call

    def parameters(self, operation):
        """How parameters are written: place and name."""
        if "input" not in operation:
            return {}
        written = {}
        for name, member in self.model["shapes"][operation["input"]["shape"]]["members"].items():
            wire = member.get("locationName", name)
            if self.protocol == "ec2":
                wire = member.get("queryName") or wire[0].upper() + wire[1:]
            place = member.get("location", "body")
            assert place != "body" or not self.protocol.startswith("rest"), (self.name, name)
            written[name] = [place, wire]
        return written

    def pages(self, command, name):
        if (self.name, command) in PAGES:
            return PAGES[self.name, command]
        page = self.paginators.get(name)
        if page is None:
            return None
        one = lambda value: value if isinstance(value, str) else value[0]
        lists = page["result_key"]
        lists = [lists] if isinstance(lists, str) else lists
        # `NextMarker || Marker`, and `DistributionList.NextMarker`.
        give = one(page["output_token"]).split("||")[0].strip()
        made = {"give": give, "take": one(page["input_token"]), "lists": lists}
        if page.get("more_results"):
            made["more"] = page["more_results"]
        if page.get("non_aggregate_keys"):
            made["first"] = page["non_aggregate_keys"]
        return made

    def written(self, commands):
        calls = {command: self.call(command) for command in commands}
        service = {
            "protocol": self.protocol,
            "id": self.meta["serviceId"].upper().replace(" ", "_"),
            "host": self.meta["endpointPrefix"],
            "signs": self.meta.get("signingName", self.meta["endpointPrefix"]),
            "version": self.meta["apiVersion"],
        }
        if "targetPrefix" in self.meta:
            service["target"] = self.meta["targetPrefix"]
        if "jsonVersion" in self.meta:
            service["json"] = self.meta["jsonVersion"]
        return service, calls, dict(sorted(self.shapes.items()))


def lines(name, table):
    short = lambda value: json.dumps(value, separators=(",", ":"))
    return f'  "{name}": {{\n' + ",\n".join(
        f'    "{key}": {short(value)}' for key, value in table.items()
    ) + "\n  }"


def main():
    if len(sys.argv) > 1:
        data = pathlib.Path(sys.argv[1])
    else:
        import botocore

        data = pathlib.Path(botocore.__file__).parent / "data"
    commands = {}
    for service, command in listed():
        commands.setdefault(service, []).append(command)
    parts = []
    for name, operations in commands.items():
        service, calls, shapes = Service(data, name).written(operations)
        text = json.dumps(service)[1:-1]
        parts.append(
            f'"{name}": {{\n  {text},\n' + lines("calls", calls) + ",\n" + lines("shapes", shapes) + "\n}"
        )
    OUT.write_text("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    main()
