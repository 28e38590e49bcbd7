//! What `aws` prints: documents of every family, alone, with parts missing, and beside Terraform.

use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{Authorization, Direction, Key, Model, RouteTarget, SourceKind, Val};
use serde_json::{Value, json};

use crate::plans::{Plan, key, sure};

pub(crate) const VPC: &str = "vpc-1";

/// Reads documents, each called after its place.
pub(crate) fn described(documents: &[Value]) -> Model {
    let texts: Vec<String> = documents.iter().map(Value::to_string).collect();
    let names: Vec<String> = (0..texts.len()).map(|at| format!("d/{at}.json")).collect();
    let inputs: Vec<Input<'_>> = names
        .iter()
        .zip(&texts)
        .map(|(name, text)| Input { name, bytes: text.as_bytes() })
        .collect();
    import(&inputs).expect("documents that are read")
}

fn codes(model: &Model) -> Vec<&str> {
    model.warnings.iter().map(|warning| warning.code).collect()
}

pub(crate) fn vpcs() -> Value {
    json!({ "Vpcs": [{ "VpcId": VPC, "CidrBlock": "10.0.0.0/16", "OwnerId": "123456789012",
        "CidrBlockAssociationSet": [
            { "CidrBlock": "10.0.0.0/16", "CidrBlockState": { "State": "associated" } },
            { "CidrBlock": "10.1.0.0/16", "CidrBlockState": { "State": "associated" } },
            { "CidrBlock": "10.9.0.0/16", "CidrBlockState": { "State": "disassociated" } },
        ],
        "Tags": [{ "Key": "Name", "Value": "main" }, { "Key": "aws:cloudformation:x", "Value": "y" }] }] })
}

pub(crate) fn subnets() -> Value {
    json!({ "Subnets": [
        { "SubnetId": "subnet-1", "VpcId": VPC, "CidrBlock": "10.0.0.0/24",
            "SubnetArn": "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1",
            "AvailabilityZone": "eu-west-1a", "MapPublicIpOnLaunch": true },
        { "SubnetId": "subnet-2", "VpcId": VPC, "CidrBlock": "10.0.1.0/24",
            "SubnetArn": "arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-2",
            "AvailabilityZone": "eu-west-1b", "MapPublicIpOnLaunch": false },
    ] })
}

pub(crate) fn tables() -> Value {
    json!({ "RouteTables": [
        { "RouteTableId": "rtb-main", "VpcId": VPC,
            "Associations": [{ "Main": true, "RouteTableAssociationId": "rtbassoc-0" }],
            "Routes": [
                { "DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active" },
                { "DestinationCidrBlock": "192.168.0.0/16", "TransitGatewayId": "tgw-1", "State": "active" },
                { "DestinationCidrBlock": "172.16.0.0/12", "NatGatewayId": "nat-0", "State": "blackhole" },
            ] },
        { "RouteTableId": "rtb-1", "VpcId": VPC,
            "Associations": [{ "Main": false, "RouteTableAssociationId": "rtbassoc-1", "SubnetId": "subnet-1",
                "AssociationState": { "State": "associated" } }],
            "Routes": [
                { "DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable" },
                { "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "Origin": "CreateRoute" },
                { "DestinationPrefixListId": "pl-s3", "GatewayId": "vpce-s3", "Origin": "CreateRoute" },
            ] },
    ] })
}

pub(crate) fn groups() -> Value {
    json!({ "SecurityGroups": [
        { "GroupId": "sg-0", "GroupName": "default", "VpcId": VPC, "IpPermissions": [], "IpPermissionsEgress": [] },
        { "GroupId": "sg-1", "GroupName": "web", "VpcId": VPC, "Description": "web",
            "SecurityGroupArn": "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1",
            "IpPermissions": [{ "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
                "IpRanges": [{ "CidrIp": "0.0.0.0/0", "Description": "all" }, { "CidrIp": "10.0.0.0/8" }],
                "Ipv6Ranges": [{ "CidrIpv6": "::/0", "Description": "all" }],
                "UserIdGroupPairs": [{ "GroupId": "sg-1", "UserId": "123456789012" }],
                "PrefixListIds": [{ "PrefixListId": "pl-1" }] }],
            "IpPermissionsEgress": [{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }] },
    ] })
}

fn rules_of(model: &Model, group: &str, direction: Direction) -> usize {
    model.security_groups[&key(group)].rules(direction).rules.len()
}

#[test]
fn a_network() {
    let model = described(&[vpcs(), subnets(), tables(), groups()]);
    assert_eq!(model.region.as_deref(), Some("eu-west-1"));
    assert_eq!(model.account.as_deref(), Some("123456789012"));
    assert_eq!(model.sources.len(), 1);
    assert_eq!(model.sources[0].kind, SourceKind::Described);
    assert_eq!(model.sources[0].name, "d/");
    let vpc = &model.vpcs[&key(VPC)];
    let blocks: Vec<String> = vpc.cidrs.sure.iter().map(ToString::to_string).collect();
    assert_eq!(blocks, ["10.0.0.0/16", "10.1.0.0/16"]);
    assert_eq!(vpc.tags.keys().collect::<Vec<_>>(), ["Name"]);
    assert_eq!(vpc.main_route_table, Some(key("rtb-main")));
    assert_eq!(vpc.default_security_group, Some(key("sg-0")));
    // One table by association, the other the main one.
    assert_eq!(model.subnets[&key("subnet-1")].route_table, Val::Known(Some(key("rtb-1"))));
    assert_eq!(model.subnets[&key("subnet-2")].route_table, Val::Known(Some(key("rtb-main"))));
    let targets: Vec<RouteTarget> = model.route_tables[&key("rtb-main")]
        .routes
        .iter()
        .filter_map(|route| route.target.known().cloned())
        .collect();
    assert_eq!(
        targets,
        [RouteTarget::Opaque("a transit gateway tgw-1".to_owned()), RouteTarget::Blackhole]
    );
    // Peers with one description are one rule.
    assert_eq!(rules_of(&model, "sg-1", Direction::Ingress), 2);
    let own = &model.security_groups[&key("sg-1")].ingress.rules[1];
    assert_eq!(sure(&own.peers.groups), ["sg-1"]);
    assert_eq!(sure(&own.peers.prefix_lists), ["pl-1"]);
    assert_eq!(own.peers.cidrs.sure.len(), 1);
}

#[test]
fn what_is_missing_is_not_known_and_is_named() {
    let model = described(&[subnets(), groups()]);
    let subnet = &model.subnets[&key("subnet-1")];
    let note = subnet.route_table.missing().expect("a table that isn't known");
    assert!(note.ends_with("isn't shown: there is no `aws ec2 describe-route-tables`"), "{note}");
    let note = subnet.network_acl.missing().expect("a list that isn't known");
    assert!(note.ends_with("there is no `aws ec2 describe-network-acls`"), "{note}");
    let [warning] = model.warnings.as_slice() else { panic!("{:?}", model.warnings) };
    assert_eq!(warning.code, "describe-missing");
    for call in [
        "describe-vpcs",
        "describe-route-tables",
        "describe-network-acls",
        "describe-network-interfaces",
    ] {
        assert!(warning.text.contains(&format!("`aws ec2 {call}`")), "{}", warning.text);
    }
    let vpc = &described(&[vpcs()]).vpcs[&key(VPC)];
    let dns = vpc.dns_support.missing().expect("not known").to_string();
    assert!(
        dns.contains("describe-vpc-attribute --attribute enableDnsSupport --vpc-id vpc-1"),
        "{dns}"
    );
    assert!(vpc.flow_logs.missing().expect("not known").contains("describe-flow-logs"));
    assert!(vpc.open.as_ref().expect("open").contains("describe-network-interfaces"));
}

#[test]
fn a_call_that_was_refused_is_the_reason() {
    let refused = json!({ "farmgateRequest": { "service": "ec2", "operation": "describe-route-tables",
        "region": "eu-west-1", "account": "123456789012", "parameters": {} },
        "farmgateError": { "code": "UnauthorizedOperation", "message": "no" } });
    let model = described(&[subnets(), refused]);
    let note = model.subnets[&key("subnet-1")].route_table.missing().cloned();
    let note = note.expect("not known");
    assert!(
        note.contains("AWS answered `aws ec2 describe-route-tables` with `UnauthorizedOperation`"),
        "{note}"
    );
}

#[test]
fn a_vpc_s_blocks_are_in_its_route_tables_too() {
    let model = described(&[subnets(), tables()]);
    let vpc = &model.vpcs[&key(VPC)];
    assert_eq!(vpc.cidrs.sure.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/16"]);
    assert_eq!(vpc.main_route_table, Some(key("rtb-main")));
}

#[test]
fn one_thing_shown_twice() {
    let mut other = groups();
    other["SecurityGroups"][1]["IpPermissionsEgress"] = json!([]);
    let model = described(&[groups(), other.clone()]);
    let told: Vec<&str> = model
        .warnings
        .iter()
        .filter(|w| w.code == "sources-disagree")
        .map(|w| w.text.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "`egress` of sg-1 is not the same in d/0.json and in d/1.json: what d/0.json shows is used; \
          give only documents of one moment"
        ]
    );
    assert_eq!(rules_of(&model, "sg-1", Direction::Egress), 1);
    assert_eq!(rules_of(&described(&[other, groups()]), "sg-1", Direction::Egress), 0);
    assert!(!codes(&described(&[groups(), groups()])).contains(&"sources-disagree"));
}

#[test]
fn rules_without_their_group() {
    let rules = json!({ "SecurityGroupRules": [
        { "SecurityGroupRuleId": "sgr-1", "GroupId": "sg-9", "IsEgress": false, "IpProtocol": "tcp",
            "FromPort": 80, "ToPort": 80, "CidrIpv4": "0.0.0.0/0" },
        { "SecurityGroupRuleId": "sgr-2", "GroupId": "sg-1", "IsEgress": true, "IpProtocol": "-1",
            "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0" },
    ] });
    let model = described(&[groups(), rules.clone()]);
    // Of a group that is shown its own rules count.
    assert_eq!(rules_of(&model, "sg-1", Direction::Egress), 1);
    let group = &model.security_groups[&key("sg-9")];
    assert_eq!(group.ingress.rules.len(), 1);
    let open = group.ingress.open.as_ref().expect("a filter may hide others");
    assert!(open.contains("describe-security-groups"), "{open}");
    // With the request it is known that there are no others.
    let mut asked = rules;
    asked["farmgateRequest"] = json!({ "service": "ec2", "operation": "describe-security-group-rules",
        "region": "eu-west-1", "account": "123456789012", "parameters": {} });
    assert_eq!(described(&[asked]).security_groups[&key("sg-9")].ingress.open, None);
}

#[test]
fn regions_do_not_mix() {
    let logs = |region: &str, days: u64| {
        json!({ "logGroups": [{ "logGroupName": "/ecs/a", "retentionInDays": days,
            "arn": format!("arn:aws:logs:{region}:123456789012:log-group:/ecs/a:*") }] })
    };
    let model = described(&[subnets(), groups(), logs("eu-west-1", 7), logs("us-east-1", 30)]);
    let names: Vec<(&str, &str)> = model
        .named
        .iter()
        .filter(|n| n.kind == "log group")
        .map(|n| (n.key.as_str(), n.name.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/a", "/ecs/a"),
            ("arn:aws:logs:us-east-1:123456789012:log-group:/ecs/a", "/ecs/a"),
        ]
    );
    assert_eq!(model.sources.len(), 2);
    assert_eq!(model.region, None);
    assert!(!codes(&model).contains(&"sources-disagree"));
}

#[test]
fn network_lists() {
    let lists = json!({ "NetworkAcls": [{ "NetworkAclId": "acl-1", "VpcId": VPC, "IsDefault": true,
        "Associations": [{ "SubnetId": "subnet-1" }],
        "Entries": [
            { "RuleNumber": 100, "Protocol": "6", "RuleAction": "allow", "Egress": false,
                "CidrBlock": "0.0.0.0/0", "PortRange": { "From": 443, "To": 443 } },
            { "RuleNumber": 32767, "Protocol": "-1", "RuleAction": "deny", "Egress": false, "CidrBlock": "0.0.0.0/0" },
            { "RuleNumber": 100, "Protocol": "-1", "RuleAction": "allow", "Egress": true, "CidrBlock": "0.0.0.0/0" },
        ] }] });
    let model = described(&[vpcs(), subnets(), lists]);
    let list = &model.network_acls[&key("acl-1")];
    assert_eq!((list.entries.len(), list.is_default, list.open.clone()), (2, true, None));
    assert_eq!(model.subnets[&key("subnet-1")].network_acl, Val::Known(Some(key("acl-1"))));
    // The list of the other subnet was filtered out.
    let note = model.subnets[&key("subnet-2")].network_acl.missing().cloned();
    assert!(
        note.expect("not known").contains("isn't in what `aws ec2 describe-network-acls` shows")
    );
}

#[test]
fn an_http_api() {
    let api = |id: &str| {
        json!({ "ApiId": id, "Name": id, "ProtocolType": "HTTP",
        "ApiEndpoint": format!("https://{id}.execute-api.eu-west-1.amazonaws.com") })
    };
    let routes = json!({ "Items": [{ "RouteId": "r", "RouteKey": "POST /mcp", "AuthorizationType": "AWS_IAM",
        "ApiKeyRequired": false, "Target": "integrations/i" }] });
    let integrations = json!({ "Items": [{ "IntegrationId": "i", "IntegrationType": "HTTP_PROXY",
        "ConnectionType": "INTERNET", "IntegrationUri": "https://example.com", "TimeoutInMillis": 30000 }] });
    let model =
        described(&[subnets(), json!({ "Items": [api("a")] }), routes.clone(), integrations]);
    let only = model.apis.values().next().expect("an API");
    assert_eq!(only.open, None);
    assert_eq!(only.routes[0].authorization, Val::Known(Authorization::Iam));
    assert_eq!(only.key.as_str(), "arn:aws:apigateway:eu-west-1::/apis/a");
    // With two APIs nobody knows whose route it is.
    let model = described(&[subnets(), json!({ "Items": [api("a"), api("b")] }), routes]);
    assert!(codes(&model).contains(&"document-not-told"));
    for api in model.apis.values() {
        assert!(api.open.as_ref().expect("open").contains("aws apigatewayv2 get-routes --api-id"));
        assert!(api.routes.is_empty());
    }
}

#[test]
fn a_plan_in_what_is_there() {
    let plan = Plan::new()
        .keep("", "aws_vpc.v", json!({ "id": VPC, "cidr_block": "10.0.0.0/16" }))
        .create("", "aws_subnet.new", json!({ "vpc_id": VPC, "cidr_block": "10.0.7.0/24" }), json!({ "id": true }))
        .change("", "aws_security_group.web", json!({ "actions": ["update"],
            "before": { "id": "sg-1", "name": "web", "ingress": [] },
            "after": { "id": "sg-1", "name": "web", "ingress": [], "egress": [] }, "after_unknown": {} }))
        .change("", "aws_subnet.gone", json!({ "actions": ["delete"],
            "before": { "id": "subnet-2" }, "after": null, "after_unknown": {} }));
    let bytes = plan.bytes();
    let texts = [vpcs(), subnets(), tables(), groups()].map(|document| document.to_string());
    let mut inputs = vec![Input { name: "plan.json", bytes: &bytes }];
    inputs.extend(texts.iter().map(|text| Input { name: "d", bytes: text.as_bytes() }));
    let model = import(&inputs).expect("a model");
    // Merged by id, under Terraform's address.
    assert_eq!(model.vpcs.keys().collect::<Vec<_>>(), [&key("aws_vpc.v")]);
    assert_eq!(model.vpcs[&key("aws_vpc.v")].main_route_table, Some(key("rtb-main")));
    // What the plan changes wins, what it doesn't speak of is there, and what it deletes is gone.
    assert_eq!(rules_of(&model, "aws_security_group.web", Direction::Ingress), 0);
    let subnets: Vec<&Key> = model.subnets.keys().collect();
    assert_eq!(subnets, [&key("aws_subnet.new"), &key("subnet-1")]);
}
