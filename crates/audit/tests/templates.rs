//! What is said of small templates: of what is invoked, of what only passes on, of what is shut, and in
//! whose words.

#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use farmgate_audit::check::{Options, check};
use farmgate_audit::report::{Report, Statement, Verdict};
use farmgate_aws::import::{Input, import};

const NETWORK: &str = "
Resources:
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
  Gateway: { Type: AWS::EC2::InternetGateway }
  Attached: { Type: AWS::EC2::VPCGatewayAttachment, Properties: { VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway } }
  Subnet: { Type: AWS::EC2::Subnet, Properties: { VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24 } }
  Table: { Type: AWS::EC2::RouteTable, Properties: { VpcId: !Ref Vpc } }
  Out: { Type: AWS::EC2::Route, Properties: { RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway } }
  Of: { Type: AWS::EC2::SubnetRouteTableAssociation, Properties: { SubnetId: !Ref Subnet, RouteTableId: !Ref Table } }
";

const BALANCED: &str = "
  Tasks: { Type: AWS::EC2::SecurityGroup, Properties: { GroupDescription: t, VpcId: !Ref Vpc, SecurityGroupIngress: [ { IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/16 } ] } }
  Nlb: { Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: { Type: network, Scheme: internet-facing, Subnets: [ !Ref Subnet ] } }
  Listener: { Type: AWS::ElasticLoadBalancingV2::Listener, Properties: { LoadBalancerArn: !Ref Nlb, Port: 80, Protocol: TCP, DefaultActions: [ { Type: forward, TargetGroupArn: !Ref Group } ] } }
  Group: { Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: { VpcId: !Ref Vpc, Port: 80, Protocol: TCP, TargetType: ip } }
  Task: { Type: AWS::ECS::TaskDefinition, Properties: { Family: t, NetworkMode: awsvpc, ContainerDefinitions: [ { Name: a, Image: a, PortMappings: [ { ContainerPort: 80 } ] } ] } }
  Service:
    Type: AWS::ECS::Service
    Properties:
      LaunchType: FARGATE
      DesiredCount: 1
      TaskDefinition: !Ref Task
      LoadBalancers: [ { ContainerName: a, ContainerPort: 80, TargetGroupArn: !Ref Group } ]
      NetworkConfiguration: { AwsvpcConfiguration: { Subnets: [ !Ref Subnet ], SecurityGroups: [ !Ref Tasks ] } }
";

fn report(text: &str) -> Report {
    let model = import(&[Input { name: "a.yaml", bytes: text.as_bytes() }]).unwrap();
    check(&model, &Options::default()).unwrap()
}

fn statement<'r>(report: &'r Report, part: &str) -> &'r Statement {
    let mut all = report.statements.iter().filter(|it| it.text.contains(part));
    all.next().unwrap_or_else(|| panic!("no statement with {part}"))
}

fn found<'r>(report: &'r Report, rule: &str) -> Vec<&'r str> {
    let all = report.findings.iter().filter(|finding| finding.rule == rule);
    all.map(|finding| finding.fix.text.as_str()).collect()
}

#[test]
fn what_a_network_load_balancer_passes_on_may_be_plain_text() {
    let report = report(&format!("{NETWORK}{BALANCED}"));
    let encrypted = statement(&report, "every hop from the internet to a/Service");
    assert_eq!(encrypted.verdict, Verdict::Unknown);
    assert!(encrypted.missing[0].contains("a/Listener passes on what comes"), "{encrypted:?}");
    assert_eq!(found(&report, "unauthenticated-path").len(), 1);
}

#[test]
fn nothing_is_found_on_a_way_that_is_shut() {
    let shut = BALANCED.replace("CidrIp: 10.0.0.0/16", "CidrIp: 10.0.9.0/24");
    let report = report(&format!("{NETWORK}{shut}"));
    assert_eq!(statement(&report, "a/Nlb reaches a/Service").verdict, Verdict::Refuted);
    assert_eq!(found(&report, "unauthenticated-path"), Vec::<&str>::new());
}

#[test]
fn tasks_on_machines_have_no_interface_of_their_own() {
    let hosted = BALANCED
        .replace("      NetworkConfiguration: { AwsvpcConfiguration: { Subnets: [ !Ref Subnet ], SecurityGroups: [ !Ref Tasks ] } }\n", "")
        .replace("LaunchType: FARGATE", "LaunchType: EC2")
        .replace("NetworkMode: awsvpc", "NetworkMode: bridge");
    let report = report(&format!("{NETWORK}{hosted}"));
    let about: Vec<_> = report
        .statements
        .iter()
        .filter(|it| it.text.contains("a/Service") && it.verdict != Verdict::Unknown)
        .map(|it| it.text.as_str())
        .collect();
    assert_eq!(about, Vec::<&str>::new());
    let reaches = statement(&report, "a/Nlb reaches a/Service");
    let note = "on which container instances a/Service runs";
    assert!(reaches.missing.iter().any(|it| it.contains(note)), "{:?}", reaches.missing);
}

/// That nothing is cut off where nobody is shown to come is no reason to drop a rule.
#[test]
fn who_needs_an_open_target_may_be_nobody_that_a_source_shows() {
    let alone = BALANCED.replace(
        "LoadBalancers: [ { ContainerName: a, ContainerPort: 80, TargetGroupArn: !Ref Group } ]",
        "LoadBalancers: []",
    );
    let report = report(&format!("{NETWORK}{alone}"));
    let fixes = found(&report, "target-open-to-network");
    assert_eq!(fixes.len(), 1);
    assert!(fixes[0].starts_with("admit only the groups that need it"), "{fixes:?}");
    assert!(fixes[0].ends_with("which these are, no source shows"), "{fixes:?}");
}

#[test]
fn functions_are_invoked() {
    let text = format!("{NETWORK}{}", "
  Fn: { Type: AWS::Lambda::Function, Properties: { FunctionName: fn } }
  Alb: { Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: { Scheme: internet-facing, Subnets: [ !Ref Subnet ], SecurityGroups: [ !Ref Front ] } }
  Front: { Type: AWS::EC2::SecurityGroup, Properties: { GroupDescription: f, VpcId: !Ref Vpc, SecurityGroupIngress: [ { IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0 } ] } }
  Listener: { Type: AWS::ElasticLoadBalancingV2::Listener, Properties: { LoadBalancerArn: !Ref Alb, Port: 80, Protocol: HTTP, DefaultActions: [ { Type: forward, TargetGroupArn: !Ref Group } ] } }
  Group: { Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: { TargetType: lambda, Targets: [ { Id: !GetAtt Fn.Arn } ] } }
");
    let report = report(&text);
    assert!(
        report.statements.iter().all(|it| it.verdict != Verdict::Unknown),
        "{:?}",
        report.statements
    );
    assert_eq!(found(&report, "unauthenticated-path").len(), 1);
}

#[test]
fn fixes_of_templates_are_in_their_words() {
    let report = report(&format!("{NETWORK}{BALANCED}"));
    let [protected] = found(&report, "unprotected-from-deletion")[..] else { panic!("one") };
    assert_eq!(protected, "set `deletion_protection.enabled` of its attributes to true");
    let words = ["aws_", "internal = true", "desired_count"];
    for finding in &report.findings {
        let text = &finding.fix.text;
        assert!(words.iter().all(|word| !text.contains(word)), "{}: {text}", finding.rule);
    }
}

#[test]
fn a_gateway_endpoint_hides_no_caller() {
    let endpoint = "
  S3: { Type: AWS::EC2::VPCEndpoint, Properties: { VpcId: !Ref Vpc, ServiceName: com.amazonaws.eu-west-1.s3, RouteTableIds: [ !Ref Table ] } }
";
    let without = report(&format!("{NETWORK}{BALANCED}"));
    let with = report(&format!("{NETWORK}{BALANCED}{endpoint}"));
    for rule in ["unauthenticated-path", "listener-open-to-world"] {
        assert_eq!(found(&with, rule), found(&without, rule), "{rule}");
        assert_eq!(found(&with, rule).len(), 1, "{rule}");
    }
}

#[test]
fn of_an_api_that_only_answers_by_itself_nothing_is_said() {
    let text = "
Resources:
  Api: { Type: AWS::ApiGateway::RestApi, Properties: { Name: a } }
  Any: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId, HttpMethod: ANY, AuthorizationType: NONE, Integration: { Type: MOCK } } }
";
    assert_eq!(report(text).statements, []);
    let calls = text.replace("Type: MOCK", "Type: HTTP_PROXY, Uri: 'https://example.com/'");
    let report = report(&calls);
    assert_eq!(statement(&report, "callers are authorized").verdict, Verdict::Refuted);
}

#[test]
fn an_api_of_which_no_route_is_shown_is_not_passed_over() {
    let report = report(
        "
Resources:
  Api: { Type: AWS::ApiGateway::RestApi, Properties: { BodyS3Location: { Bucket: b, Key: k } } }
",
    );
    let routes = statement(&report, "callers are authorized on every route");
    assert_eq!(routes.verdict, Verdict::Unknown);
    assert!(routes.missing[0].contains("document in S3"));
}
