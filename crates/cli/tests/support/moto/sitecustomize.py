"""What Terraform needs and moto 5.2 lacks, added to moto as it starts.

Python imports this file before anything else when its folder is in PYTHONPATH; so it works for
whichever Python moto_server belongs to. Each part stands alone and is left out, with a line on
standard error, if that version of moto has no place for it. Once moto has it, drop the part here.
"""

import inspect
import json
import os
import sys
import threading
import uuid


def part(add):
    try:
        add()
    except Exception as error:
        print(f"sitecustomize: without {add.__name__}: {error!r}", file=sys.stderr)


def end_with_standard_input():
    """A server that outlives whoever started it helps nobody."""

    def wait():
        while os.read(0, 4096):
            pass
        os._exit(0)

    if os.environ.get("FARMGATE_MOTO_UNTIL_EOF"):
        threading.Thread(target=wait, daemon=True).start()


def tags_of_scalable_targets():
    """ListTagsForResource: called after every creation of aws_appautoscaling_target."""
    from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Response

    register, tags = Response.register_scalable_target, {}

    def register_scalable_target(self):
        answer = register(self)
        given = self._get_param("Tags")
        if given:
            tags[json.loads(answer)["ScalableTargetARN"]] = dict(given)
        return answer

    def list_tags_for_resource(self):
        return json.dumps({"Tags": tags.get(self._get_param("ResourceARN"), {})})

    def tag_resource(self):
        tags.setdefault(self._get_param("ResourceARN"), {}).update(self._get_param("Tags"))
        return "{}"

    def untag_resource(self):
        for key in self._get_param("TagKeys"):
            tags.get(self._get_param("ResourceARN"), {}).pop(key, None)
        return "{}"

    Response.register_scalable_target = register_scalable_target
    Response.list_tags_for_resource = list_tags_for_resource
    Response.tag_resource = tag_resource
    Response.untag_resource = untag_resource


def trails_by_arn():
    """StartLogging and others: aws_cloudtrail names the trail by its ARN, moto knows names only."""
    from moto.cloudtrail.models import CloudTrailBackend as Backend

    def by_name(method):
        def named(self, name, *rest, **more):
            return method(self, name.rsplit(":trail/", 1)[-1], *rest, **more)

        return named

    for name in ("start_logging", "stop_logging", "delete_trail", "update_trail"):
        setattr(Backend, name, by_name(getattr(Backend, name)))


def query_definitions():
    """aws_cloudwatch_query_definition."""
    from moto.logs.responses import LogsResponse as Response

    kept = {}

    def put_query_definition(self):
        fields = ("name", "queryString", "logGroupNames")
        identity = self._get_param("queryDefinitionId") or str(uuid.uuid4())
        given = {field: self._get_param(field) for field in fields}
        kept[identity] = {"queryDefinitionId": identity, "lastModified": 0} | {
            field: value for field, value in given.items() if value is not None
        }
        return json.dumps({"queryDefinitionId": identity})

    def describe_query_definitions(self):
        prefix = self._get_param("queryDefinitionNamePrefix") or ""
        found = [query for query in kept.values() if query["name"].startswith(prefix)]
        return json.dumps({"queryDefinitions": found})

    def delete_query_definition(self):
        return json.dumps({"success": bool(kept.pop(self._get_param("queryDefinitionId"), None))})

    Response.put_query_definition = put_query_definition
    Response.describe_query_definitions = describe_query_definitions
    Response.delete_query_definition = delete_query_definition


def security_hub_settings():
    """UpdateSecurityHubConfiguration: called by aws_securityhub_account."""
    from moto.securityhub.responses import SecurityHubResponse as Response

    Response.update_security_hub_configuration = lambda self: "{}"


def security_hub_standards():
    """aws_securityhub_standards_subscription."""
    from moto.securityhub import urls
    from moto.securityhub.responses import SecurityHubResponse as Response

    enabled = {}

    def batch_enable_standards(self):
        answer = []
        for request in json.loads(self.body)["StandardsSubscriptionRequests"]:
            standard = request["StandardsArn"]
            arn = "arn:aws:securityhub:{}:{}:subscription/{}".format(
                self.region, self.current_account, standard.split("/", 1)[-1]
            )
            enabled[arn] = {
                "StandardsArn": standard,
                "StandardsSubscriptionArn": arn,
                "StandardsInput": {},
                "StandardsStatus": "READY",
            }
            answer.append(enabled[arn])
        return json.dumps({"StandardsSubscriptions": answer})

    def get_enabled_standards(self):
        arns = json.loads(self.body or "{}").get("StandardsSubscriptionArns") or list(enabled)
        return json.dumps({"StandardsSubscriptions": [enabled[a] for a in arns if a in enabled]})

    def batch_disable_standards(self):
        arns = json.loads(self.body)["StandardsSubscriptionArns"]
        gone = [enabled.pop(arn) for arn in arns if arn in enabled]
        return json.dumps({"StandardsSubscriptions": gone})

    Response.batch_enable_standards = batch_enable_standards
    Response.get_enabled_standards = get_enabled_standards
    Response.batch_disable_standards = batch_disable_standards
    for action in ("register", "get", "deregister"):
        urls.url_paths["{0}/standards/" + action + "$"] = Response.dispatch


def descriptions_of_group_rules():
    """The description of a rule whose other end is a group or a prefix list."""
    from moto.ec2.models.security_groups import SecurityGroupRule as Rule

    begin = Rule.__init__
    parameters = inspect.signature(begin)

    def __init__(self, *given, **more):
        begin(self, *given, **more)
        self.prefix_list = parameters.bind(self, *given, **more).arguments.get("prefix_list_id")

    def description(self):
        ends = (self.ip_range, self.source_group, self.prefix_list or {})
        return next((end["Description"] for end in ends if end.get("Description")), None)

    Rule.__init__, Rule.description = __init__, property(description)


def settings_of_services():
    """What CreateService and UpdateService say and moto does not keep; and tasks that run.

    Without tasks, aws_ecs_service with wait_for_steady_state waits for ever.
    """
    from botocore import xform_name
    from moto.ecs.models import Service
    from moto.ecs.responses import EC2ContainerServiceResponse as Response

    kept = (
        "alarms",
        "availabilityZoneRebalancing",
        "capacityProviderStrategy",
        "deploymentConfiguration",
        "enableECSManagedTags",
        "enableExecuteCommand",
        "healthCheckGracePeriodSeconds",
        "serviceConnectConfiguration",
    )

    def keeping(method):
        def and_keep(self):
            answer = method(self)
            service = answer.result["service"]
            for field in kept:
                value = self._get_param(field)
                if value is not None:
                    setattr(service, xform_name(field), value)
            return answer

        return and_keep

    Response.create_service = keeping(Response.create_service)
    Response.update_service = keeping(Response.update_service)
    Service.running_count = property(lambda self: self.desired_count, lambda self, value: None)
    Service.pending_count = property(lambda self: 0, lambda self, value: None)


def settings_of_databases():
    """performance_insights_enabled; and parameters, which are read only if a user set them."""
    from moto.rds.models import DBInstance, DBParameterGroup

    begin = DBInstance.__init__

    def __init__(self, *given, enable_performance_insights=False, **more):
        begin(self, *given, **more)
        self.performance_insights_enabled = enable_performance_insights

    update = DBParameterGroup.update_parameters

    def update_parameters(self, parameters):
        update(self, [{"Source": "user", **parameter} for parameter in parameters])

    DBInstance.__init__ = __init__
    DBParameterGroup.update_parameters = update_parameters


def rotation_by_others():
    """A secret may be rotated by a function that this emulation did not make; none is run."""
    from moto.secretsmanager.models import SecretsManagerBackend as Backend

    def rotate_secret(self, secret_id, rotation_lambda_arn=None, rotation_rules=None, **rest):
        secret = self.secrets[secret_id]
        secret.rotation_requested = secret.rotation_enabled = True
        secret.rotation_lambda_arn = rotation_lambda_arn or ""
        secret.auto_rotate_after_days = (rotation_rules or {}).get("AutomaticallyAfterDays", 0)
        return secret.to_short_dict()

    Backend.rotate_secret = rotate_secret


def secrets_of_others():
    """A module may name a secret that a person made before: it is there as soon as it is named."""
    from moto.secretsmanager.models import SecretsManagerBackend as Backend

    valid = Backend._is_valid_identifier

    def there(self, identifier):
        if not valid(self, identifier) and not identifier.startswith("arn:"):
            self.create_secret(identifier, "made-up", None, None, None, None, None, [], False)
        return valid(self, identifier)

    Backend._is_valid_identifier = there

    rotate = Backend.rotate_secret

    def rotate_secret(self, secret_id, **rest):
        there(self, secret_id)
        return rotate(self, secret_id, **rest)

    Backend.rotate_secret = rotate_secret


def certificates_of_others():
    """A listener may name a certificate that this emulation did not issue."""
    import moto.elbv2.models

    moto.elbv2.models.register_certificate = lambda **certificate: None


def zones_of_others():
    """Zones that a module expects to be there, in FARMGATE_MOTO_ZONES: `Z0123=example.com,...`."""
    from moto.route53.models import Route53Backend as Backend

    begin = Backend.__init__
    zones = os.environ.get("FARMGATE_MOTO_ZONES", "").split(",")
    wanted = [zone.split("=", 1) for zone in zones if zone]

    def __init__(self, *given, **more):
        begin(self, *given, **more)
        for identity, name in wanted:
            zone = self.create_hosted_zone(f"{name}.", private_zone=False)
            del self.zones[zone.resource_id]
            zone.resource_id = identity
            self.zones[identity] = zone

    Backend.__init__ = __init__


for add in (
    end_with_standard_input,
    tags_of_scalable_targets,
    trails_by_arn,
    query_definitions,
    security_hub_settings,
    security_hub_standards,
    descriptions_of_group_rules,
    settings_of_services,
    settings_of_databases,
    rotation_by_others,
    secrets_of_others,
    certificates_of_others,
    zones_of_others,
):
    part(add)
