#!/usr/bin/env python3
"""Writes a large source: synthetic_sources.py template|describe MEGABYTES TO

`template`: one CloudFormation template, indented by one as CDK writes it: security groups of eight
rules, task definitions with twenty variables, roles. `describe`: a folder of what `aws ec2 describe-*`
prints: security groups of twenty rules, and an interface in each.
"""

import json
import pathlib
import sys


def group(at):
    rules = [
        {"IpProtocol": "tcp", "FromPort": 8000 + n, "ToPort": 8000 + n, "CidrIp": f"10.{at % 250}.{n}.0/24",
         "Description": f"clients of port {n} of service number {at}"}
        for n in range(8)
    ]
    of = {"GroupDescription": f"Clients of service {at}, who are many", "VpcId": {"Ref": "Vpc"}, "SecurityGroupIngress": rules}
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": of}


def definition(at):
    variables = [{"Name": f"VARIABLE_{n}", "Value": f"what it needs of service number {at}, {n}"} for n in range(20)]
    image = {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/service:1"}
    of = {
        "Family": f"service-{at}",
        "NetworkMode": "awsvpc",
        "ContainerDefinitions": [{"Name": "service", "Image": image, "Environment": variables}],
        "ExecutionRoleArn": {"Fn::GetAtt": [f"Role{at}", "Arn"]},
    }
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": of}


def role(_):
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = {"Version": "2012-10-17", "Statement": [trust]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": policy}}


def template(size, to):
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/8"}}
    resources, written, at = {"Vpc": vpc}, 0, 0
    while written < size:
        for name, make in (("Group", group), ("Task", definition), ("Role", role)):
            resources[f"{name}{at}"] = make(at)
            written += len(json.dumps({f"{name}{at}": make(at)}, indent=1))
        at += 1
    with open(to, "w") as file:
        json.dump({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}, file, indent=1)


def permission(at, n):
    peers = {"IpRanges": [{"CidrIp": f"10.{at % 250}.{n}.0/24", "Description": f"clients {n}"}]}
    none = {"Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
    return {"IpProtocol": "tcp", "FromPort": 8000 + n, "ToPort": 8000 + n, **peers, **none}


def described(at):
    name = f"sg-{at:017x}"
    of = {"GroupId": name, "GroupName": f"service-{at}", "Description": "clients", "OwnerId": "123456789012", "VpcId": "vpc-1"}
    rules = {"IpPermissions": [permission(at, n) for n in range(20)], "IpPermissionsEgress": []}
    interface = {
        "NetworkInterfaceId": f"eni-{at:017x}", "SubnetId": "subnet-1", "VpcId": "vpc-1", "OwnerId": "123456789012",
        "PrivateIpAddress": f"10.{at >> 16}.{at >> 8 & 255}.{at & 255}", "InterfaceType": "interface", "Status": "in-use",
        "Groups": [{"GroupId": name, "GroupName": f"service-{at}"}], "Description": "",
    }
    return {**of, **rules}, interface


def describe(size, to):
    folder = pathlib.Path(to)
    folder.mkdir()
    groups, interfaces, written = [], [], 0
    while written < size:
        group, interface = described(len(groups))
        written += sum(len(json.dumps(it, indent=4)) for it in (group, interface))
        groups.append(group)
        interfaces.append(interface)
    vpc = {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/8", "OwnerId": "123456789012", "IsDefault": False}
    subnet = {"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/8", "AvailabilityZone": "eu-west-1a", "OwnerId": "123456789012"}
    for name, content in (
        ("vpcs", {"Vpcs": [vpc]}),
        ("subnets", {"Subnets": [subnet]}),
        ("security-groups", {"SecurityGroups": groups}),
        ("network-interfaces", {"NetworkInterfaces": interfaces}),
    ):
        (folder / f"describe-{name}.json").write_text(json.dumps(content, indent=4))


kind, megabytes, to = sys.argv[1:]
{"template": template, "describe": describe}[kind](float(megabytes) * 1e6, to)
