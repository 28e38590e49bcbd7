"""Makes one of everything that `farmgate collect` asks for, in the emulation at AWS_ENDPOINT_URL.

What a version of moto can't make is told on standard error and left out.
"""

import io
import json
import sys
import zipfile

import boto3
from botocore.config import Config

REGION = "eu-central-1"
PARTS = []


def client(service):
    return boto3.client(service, region_name=REGION, config=Config(retries={"total_max_attempts": 1}))


def part(add):
    PARTS.append(add)
    return add


ec2, elb, ecs, iam = client("ec2"), client("elbv2"), client("ecs"), client("iam")
made = {}


@part
def network():
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "a & <b>"}])
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=REGION + "ab"[n])
        for n in range(2)
    ]
    made.update(vpc=vpc, subnets=[subnet["Subnet"]["SubnetId"] for subnet in subnets])
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    egress = ec2.create_egress_only_internet_gateway(VpcId=vpc)
    egress = egress["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    made["table"] = table
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.create_route(
        RouteTableId=table, DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=egress
    )
    ec2.associate_route_table(RouteTableId=table, SubnetId=made["subnets"][0])
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_nat_gateway(SubnetId=made["subnets"][0], AllocationId=address)


@part
def groups():
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=made["vpc"])["GroupId"]
    made["group"] = group
    prefix_list = ec2.create_managed_prefix_list(
        PrefixListName="p",
        MaxEntries=2,
        AddressFamily="IPv4",
        Entries=[{"Cidr": "192.0.2.0/24", "Description": "x"}],
    )["PrefixList"]["PrefixListId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": group}]},
            {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]},
            {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "PrefixListIds": [{"PrefixListId": prefix_list}]},
        ],
    )


@part
def lists():
    acl = ec2.create_network_acl(VpcId=made["vpc"])["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl,
        RuleNumber=100,
        Protocol="6",
        RuleAction="allow",
        Egress=False,
        CidrBlock="10.0.0.0/16",
        PortRange={"From": 1024, "To": 65535},
    )


@part
def endpoints():
    ec2.create_vpc_endpoint(
        VpcId=made["vpc"], ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=[made["table"]]
    )
    ec2.create_vpc_endpoint(
        VpcId=made["vpc"],
        VpcEndpointType="Interface",
        ServiceName=f"com.amazonaws.{REGION}.ecr.api",
        SubnetIds=made["subnets"],
        SecurityGroupIds=[made["group"]],
        PrivateDnsEnabled=True,
    )


@part
def flow_logs():
    ec2.create_flow_logs(
        ResourceIds=[made["vpc"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flows",
    )


@part
def ways_out():
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    ec2.create_vpc_peering_connection(VpcId=made["vpc"], PeerVpcId=other)
    transit = ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=transit, VpcId=made["vpc"], SubnetIds=made["subnets"][:1]
    )
    vpn = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=vpn, VpcId=made["vpc"])


@part
def machines():
    image = ec2.describe_images()["Images"][0]["ImageId"]
    ec2.run_instances(
        ImageId=image,
        MinCount=1,
        MaxCount=1,
        SubnetId=made["subnets"][0],
        SecurityGroupIds=[made["group"]],
        UserData="export PASSWORD=not-to-be-read",
    )
    ec2.create_network_interface(SubnetId=made["subnets"][1], Groups=[made["group"]])


@part
def balancers():
    balancer = elb.create_load_balancer(
        Name="b", Subnets=made["subnets"], SecurityGroups=[made["group"]], Scheme="internal"
    )["LoadBalancers"][0]["LoadBalancerArn"]
    target = elb.create_target_group(
        Name="t", Protocol="HTTP", Port=8080, VpcId=made["vpc"], TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=target, Targets=[{"Id": "10.0.0.10", "Port": 8080}])
    listener = elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"}}
        ],
    )["Listeners"][0]["ListenerArn"]
    elb.create_rule(
        ListenerArn=listener,
        Priority=10,
        Conditions=[
            {"Field": "path-pattern", "Values": ["/a/*"]},
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x-origin", "Values": ["not-to-be-read"]}},
        ],
        Actions=[{"Type": "forward", "TargetGroupArn": target}],
    )
    elb.create_load_balancer(Name="n", Subnets=made["subnets"], Type="network")
    made.update(balancer=balancer, target=target)


@part
def containers():
    ecs.create_cluster(clusterName="c", settings=[{"name": "containerInsights", "value": "enabled"}])
    ecs.register_task_definition(
        family="f",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[
            {
                "name": "main",
                "image": "example/main:1",
                "portMappings": [{"containerPort": 8080}],
                "environment": [
                    {"name": "API_URL", "value": "http://api:8080"},
                    {"name": "API_KEY", "value": "not-to-be-read"},
                    {"name": "TOKEN", "value": "not-to-be-read-9f8e7d6c5b4a"},
                ],
            }
        ],
    )
    network = {
        "awsvpcConfiguration": {"subnets": made["subnets"], "securityGroups": [made["group"]]}
    }
    for n in range(11):
        ecs.create_service(
            cluster="c",
            serviceName=f"s{n}",
            taskDefinition="f",
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration=network,
        )


@part
def scaling():
    scale = client("application-autoscaling")
    one = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/c/s0",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scale.register_scalable_target(**one, MinCapacity=1, MaxCapacity=4)
    scale.put_scaling_policy(
        **one,
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 60.5,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
            },
        },
    )


@part
def http_apis():
    api = client("apigatewayv2")
    identity = api.create_api(Name="h", ProtocolType="HTTP")["ApiId"]
    link = api.create_vpc_link(Name="l", SubnetIds=made["subnets"], SecurityGroupIds=[made["group"]])
    integration = api.create_integration(
        ApiId=identity,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="ANY",
        ConnectionType="VPC_LINK",
        ConnectionId=link["VpcLinkId"],
        IntegrationUri="arn:aws:servicediscovery:x",
        PayloadFormatVersion="1.0",
        RequestParameters={"overwrite:path": "$request.path", "append:header.x-key": "not-to-be-read"},
    )["IntegrationId"]
    api.create_authorizer(
        ApiId=identity,
        Name="a",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Audience": ["x"], "Issuer": "https://example.com"},
    )
    api.create_route(ApiId=identity, RouteKey="ANY /a/{proxy+}", Target=f"integrations/{integration}")
    api.create_stage(ApiId=identity, StageName="$default", AutoDeploy=True)


@part
def rest_apis():
    api = client("apigateway")
    identity = api.create_rest_api(name="r", endpointConfiguration={"types": ["REGIONAL"]})["id"]
    root = api.get_resources(restApiId=identity)["items"][0]["id"]
    resource = api.create_resource(restApiId=identity, parentId=root, pathPart="{proxy+}")["id"]
    one = {"restApiId": identity, "resourceId": resource, "httpMethod": "ANY"}
    api.put_method(**one, authorizationType="AWS_IAM", requestParameters={"method.request.path.proxy": True})
    api.put_integration(
        **one,
        type="HTTP_PROXY",
        integrationHttpMethod="ANY",
        uri="http://example.com/{proxy}",
        requestParameters={
            "integration.request.path.proxy": "method.request.path.proxy",
            "integration.request.header.x-key": "'not-to-be-read'",
        },
    )
    api.create_deployment(restApiId=identity, stageName="prod")
    api.create_authorizer(restApiId=identity, name="a", type="TOKEN", authorizerUri="arn:aws:x")
    api.create_vpc_link(name="l", targetArns=[made["balancer"]])


@part
def names():
    discovery = client("servicediscovery")
    discovery.create_private_dns_namespace(Name="farm.local", Vpc=made["vpc"])
    namespace = discovery.list_namespaces()["Namespaces"][0]["Id"]
    discovery.create_service(
        Name="s",
        NamespaceId=namespace,
        DnsConfig={"NamespaceId": namespace, "DnsRecords": [{"Type": "A", "TTL": 60}]},
    )


@part
def roles():
    trust = {
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }],
    }
    grant = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(grant))
    own = iam.create_policy(PolicyName="own", PolicyDocument=json.dumps(grant))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn=own)
    iam.attach_role_policy(
        RoleName="r",
        PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    )


@part
def stores():
    client("ssm").put_parameter(Name="/p", Value="not-to-be-read", Type="SecureString")
    for n in range(60):
        client("ssm").put_parameter(Name=f"/many/{n}", Value="not-to-be-read", Type="String")
    client("secretsmanager").create_secret(Name="s", SecretString="not-to-be-read")
    key = client("kms").create_key(Description="of secrets")["KeyMetadata"]["Arn"]
    secret = dict(Name="under-a-key", SecretString="not-to-be-read", KmsKeyId=key)
    secret = client("secretsmanager").create_secret(**secret)["ARN"]
    nobody = {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": nobody})
    client("secretsmanager").put_resource_policy(SecretId=secret, ResourcePolicy=policy)
    logs = client("logs")
    logs.create_log_group(logGroupName="/g")
    logs.put_retention_policy(logGroupName="/g", retentionInDays=30)


@part
def images():
    ecr = client("ecr")
    ecr.create_repository(repositoryName="one", imageScanningConfiguration={"scanOnPush": True})
    ecr.create_repository(repositoryName="two")
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {"mediaType": "x", "size": 1, "digest": "sha256:" + "0" * 64},
        "layers": [],
    }
    ecr.put_image(repositoryName="one", imageManifest=json.dumps(manifest), imageTag="1")
    pull = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    policy = {"Version": "2012-10-17", "Statement": [pull]}
    ecr.set_repository_policy(repositoryName="one", policyText=json.dumps(policy))


@part
def walls():
    waf = client("wafv2")
    shown = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    acl = waf.create_web_acl(
        Name="w",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        VisibilityConfig=shown,
        Rules=[{
            "Name": "rate",
            "Priority": 1,
            "Statement": {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}},
            "Action": {"Block": {}},
            "VisibilityConfig": shown,
        }],
    )["Summary"]["ARN"]
    waf.associate_web_acl(WebACLArn=acl, ResourceArn=made["balancer"])


@part
def databases():
    rds = client("rds")
    rds.create_db_subnet_group(
        DBSubnetGroupName="g", DBSubnetGroupDescription="d", SubnetIds=made["subnets"]
    )
    rds.create_db_instance(
        DBInstanceIdentifier="i",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="u",
        MasterUserPassword="not-to-be-read",
        DBSubnetGroupName="g",
        VpcSecurityGroupIds=[made["group"]],
    )
    rds.create_db_cluster(
        DBClusterIdentifier="c",
        Engine="aurora-postgresql",
        MasterUsername="u",
        MasterUserPassword="not-to-be-read",
    )


@part
def functions():
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): pass")
    functions = client("lambda")
    functions.create_function(
        FunctionName="f",
        Runtime="python3.12",
        Handler="main.handler",
        Role="arn:aws:iam::123456789012:role/r",
        Code={"ZipFile": code.getvalue()},
        VpcConfig={"SubnetIds": made["subnets"], "SecurityGroupIds": [made["group"]]},
        Environment={"Variables": {"ANYTHING": "not-to-be-read"}},
    )
    functions.create_function_url_config(FunctionName="f", AuthType="NONE")


@part
def distributions():
    client("cloudfront").create_distribution(DistributionConfig={
        "CallerReference": "x",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [{
            "Id": "o",
            "DomainName": "b.example.com",
            "CustomHeaders": {
                "Quantity": 1,
                "Items": [{"HeaderName": "x-origin", "HeaderValue": "not-to-be-read"}],
            },
            "CustomOriginConfig": {
                "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only",
            },
        }]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "o",
            "ViewerProtocolPolicy": "https-only",
            "MinTTL": 0,
            "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
        },
    })


@part
def watchers():
    client("s3").create_bucket(
        Bucket="trail", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    client("cloudtrail").create_trail(Name="trail", S3BucketName="trail", IsMultiRegionTrail=True)
    client("cloudtrail").start_logging(Name="trail")
    client("guardduty").create_detector(Enable=True)
    client("securityhub").enable_security_hub()
    client("config").put_configuration_recorder(ConfigurationRecorder={
        "name": "default",
        "roleARN": "arn:aws:iam::123456789012:role/r",
        "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
    })


for add in PARTS:
    try:
        add()
    except Exception as error:
        print(f"account: without {add.__name__}: {error!r}", file=sys.stderr)
