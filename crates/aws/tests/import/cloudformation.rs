//! CloudFormation templates: what their expressions come to, what stands for what is not written,
//! and what stays unknown with its name.

use farmgate_aws::import::{ImportError, Input, import};
use farmgate_aws::model::{Container, Key, Model, Origin, SecurityGroup, SourceKind, Val};
use proptest::prelude::*;

fn inputs<'a>(files: &[(&'a str, &'a str)]) -> Vec<Input<'a>> {
    files.iter().map(|(name, text)| Input { name, bytes: text.as_bytes() }).collect()
}

fn model(files: &[(&str, &str)]) -> Model {
    import(&inputs(files)).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn refused(files: &[(&str, &str)]) -> Vec<ImportError> {
    import(&inputs(files)).expect_err("an error")
}

fn group<'m>(model: &'m Model, key: &str) -> &'m SecurityGroup {
    model.security_groups.get(key).unwrap_or_else(|| panic!("no {key}"))
}

fn known<T: Clone>(value: &Val<Option<T>>) -> Option<T> {
    value.known().cloned().flatten()
}

const YAML: &str = "\
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Port: { Type: Number, Default: 8000 }
Resources:
  Net:
    Type: AWS::EC2::VPC
    Properties: { CidrBlock: 10.0.0.0/16 }
  Front:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: front
      VpcId: !Ref Net
  Tasks:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: !Sub 'tasks of ${Net}'
      VpcId: !Ref Net
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: !Ref Port, ToPort: !Ref Port, SourceSecurityGroupId: !GetAtt Front.GroupId }
        - { IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: !GetAtt Net.CidrBlock }
";

const JSON: &str = r#"{
  "Parameters": { "Port": { "Type": "Number", "Default": 8000 } },
  "Resources": {
    "Net": { "Type": "AWS::EC2::VPC", "Properties": { "CidrBlock": "10.0.0.0/16" } },
    "Front": { "Type": "AWS::EC2::SecurityGroup",
      "Properties": { "GroupDescription": "front", "VpcId": { "Ref": "Net" } } },
    "Tasks": { "Type": "AWS::EC2::SecurityGroup",
      "Properties": { "GroupDescription": { "Fn::Sub": "tasks of ${Net}" }, "VpcId": { "Ref": "Net" },
        "SecurityGroupIngress": [
          { "IpProtocol": "tcp", "FromPort": { "Ref": "Port" }, "ToPort": { "Ref": "Port" },
            "SourceSecurityGroupId": { "Fn::GetAtt": ["Front", "GroupId"] } },
          { "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
            "CidrIp": { "Fn::GetAtt": ["Net", "CidrBlock"] } } ] } } } }"#;

#[test]
fn yaml_and_json_say_the_same() {
    let yaml = model(&[("farm.yaml", YAML)]);
    let json = model(&[("farm.template.json", JSON)]);
    for (model, place) in [(&yaml, "farm.yaml:19:11"), (&json, "farm.template.json:10:11")] {
        assert_eq!(model.sources[0].kind, SourceKind::CloudFormation);
        assert_eq!(model.sources[0].resources, 3);
        let tasks = group(model, "farm/Tasks");
        assert_eq!(tasks.vpc, Val::Known(Some(Key::new("farm/Net"))));
        let [front, net] = &tasks.ingress.rules[..] else { panic!("{:?}", tasks.ingress) };
        assert_eq!(front.peers.groups.sure, [Key::new("farm/Front")].into());
        assert!(front.peers.groups.is_settled());
        assert_eq!(net.peers.cidrs.sure, ["10.0.0.0/16".parse().expect("a block")].into());
        assert!(!tasks.ingress.inline, "no other resource's rules fight with these");
        let found = model.location(&front.origin).expect("a place");
        assert_eq!(found.to_string(), place);
    }
    assert_eq!(format!("{:?}", yaml.security_groups), format!("{:?}", json.security_groups));
    let whole = Origin::of(&Key::new("farm/Front"));
    assert_eq!(yaml.location(&whole).expect("a place").to_string(), "farm.yaml:8:3");
    let told: Vec<&str> = yaml.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(told, ["parameter-defaults"]);
}

#[test]
fn a_group_without_egress_lets_everything_out() {
    for egress in ["", "      SecurityGroupEgress: []\n"] {
        let text = format!(
            "Resources:\n  G:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: g\n{egress}"
        );
        let model = model(&[("a.yaml", &text)]);
        let rules = &group(&model, "a/G").egress.rules;
        let all: Vec<String> =
            rules.iter().flat_map(|r| &r.peers.cidrs.sure).map(ToString::to_string).collect();
        assert_eq!(all, ["0.0.0.0/0", "::/0"]);
    }
    let text = "
Resources:
  G: { Type: AWS::EC2::SecurityGroup, Properties: { GroupDescription: g } }
  R:
    Type: AWS::EC2::SecurityGroupEgress
    Properties: { GroupId: !Ref G, IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/8 }
";
    let model = model(&[("a.yaml", text)]);
    let egress = &group(&model, "a/G").egress;
    assert_eq!(egress.rules.len(), 1);
    let note = egress.open.as_ref().expect("it may hold more").to_string();
    assert!(note.contains("isn't documented"), "{note}");
}

#[test]
fn what_is_not_written_is_what_aws_documents() {
    let text = "
Resources:
  Lb: { Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: { Subnets: [subnet-1] } }
  Inner: { Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: { Scheme: internal,
    LoadBalancerAttributes: [{ Key: idle_timeout.timeout_seconds, Value: '3600' }] } }
  Group: { Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: { Port: 80, Protocol: HTTP } }
  Tcp: { Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: { Port: 80, Protocol: TCP } }
  S: { Type: AWS::ECS::Service, Properties: { LaunchType: FARGATE, TaskDefinition: !Ref D,
    NetworkConfiguration: { AwsvpcConfiguration: { Subnets: [subnet-1] } } } }
  D: { Type: AWS::ECS::TaskDefinition, Properties: { ContainerDefinitions: [{ Name: a, Image: b }] } }
";
    let model = model(&[("a.yaml", text)]);
    let balancer = |key: &str| &model.load_balancers[&Key::new(key)];
    assert_eq!(balancer("a/Lb").internal, Val::Known(false));
    assert_eq!(balancer("a/Lb").access_logs, Val::Known(false));
    assert_eq!(balancer("a/Inner").internal, Val::Known(true));
    assert_eq!(balancer("a/Inner").idle_timeout, Val::Known(Some(3600)));
    let http = &model.target_groups[&Key::new("a/Group")];
    assert_eq!(http.target_type, Val::Known("instance".to_owned()));
    assert_eq!((http.health.healthy, http.health.unhealthy), (Some(5), Some(2)));
    assert_eq!((http.health.interval, http.health.timeout), (Some(30), Some(5)));
    assert_eq!(model.target_groups[&Key::new("a/Tcp")].health.timeout, Some(10));
    let service = &model.services[&Key::new("a/S")];
    assert_eq!(service.assign_public_ip, Val::Known(false));
    let definition = known(&service.task_definition).expect("a definition");
    let containers = model.task_definitions[&definition].containers.known().expect("containers");
    assert!(containers[0].essential && !containers[0].read_only);
}

const CONDITIONS: &str = "
Parameters:
  Stage: { Type: String }
  Size: { Type: String, Default: small }
Mappings:
  Ports: { small: { port: 80 }, large: { port: 443 } }
Conditions:
  Large: !Equals [!Ref Size, large]
  Small: !Not [!Condition Large]
  Prod: !Equals [!Ref Stage, prod]
  Here: !Equals [!Ref 'AWS::Region', eu-west-1]
  Never: !And [!Condition Prod, !Condition Large]
Resources:
  Gone: { Type: AWS::EC2::SecurityGroup, Condition: Large, Properties: { GroupDescription: g } }
  Never1: { Type: AWS::EC2::SecurityGroup, Condition: Never, Properties: { GroupDescription: g } }
  There: { Type: AWS::EC2::SecurityGroup, Condition: Small, Properties: { GroupDescription: g,
    SecurityGroupIngress: [
      { IpProtocol: tcp, FromPort: !FindInMap [Ports, !Ref Size, port], ToPort: 80, CidrIp: 10.0.0.0/8 },
      !If [Prod, { IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0 }, !Ref 'AWS::NoValue'],
      !If [Large, { IpProtocol: tcp, FromPort: 23, ToPort: 23, CidrIp: 0.0.0.0/0 }, !Ref 'AWS::NoValue'] ] } }
  Rule: { Type: AWS::EC2::SecurityGroupIngress, Condition: Prod,
    Properties: { GroupId: !Ref There, IpProtocol: tcp, FromPort: 24, ToPort: 24, CidrIp: 0.0.0.0/0 } }
  Perhaps: { Type: AWS::EC2::SecurityGroup, Condition: Here, Properties: { GroupDescription: g } }
";

#[test]
fn conditions_are_decided_or_unknown() {
    let model = model(&[("a.yaml", CONDITIONS)]);
    assert!(!model.security_groups.contains_key("a/Gone"));
    assert!(!model.security_groups.contains_key("a/Never1"), "one false part decides");
    let there = group(&model, "a/There");
    let note = there.ingress.open.as_ref().expect("there may be another rule").to_string();
    assert!(note.contains("`Prod`") && note.contains("parameter `Stage`"), "{note}");
    let inline = there.ingress.rules.iter().filter(|rule| rule.origin.key == there.key);
    assert_eq!(inline.count(), 1);
    let rule = there.ingress.rules.iter().find(|rule| rule.origin.key.as_str() == "a/Rule");
    let rule = rule.expect("the rule that may be there");
    assert!(rule.peers.cidrs.sure.is_empty() && rule.peers.cidrs.open, "{rule:?}");
    // No source says the region, so nothing is known of what exists only in one.
    let perhaps = group(&model, "a/Perhaps");
    let note = perhaps.egress.open.as_ref().expect("unknown").to_string();
    assert!(note.contains("the region, which no source says"), "{note}");
}

const NETWORK: &str = "
Resources:
  Net: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
  A: { Type: AWS::EC2::Subnet, Properties: { VpcId: !Ref Net,
    CidrBlock: !Select [1, !Cidr [!GetAtt Net.CidrBlock, 4, 8]], AvailabilityZone: !Select [0, !GetAZs ''] } }
  B: { Type: AWS::EC2::Subnet, Properties: { VpcId: !Ref Net, CidrBlock: 10.0.9.0/24,
    AvailabilityZone: !Select [1, !GetAZs ''] } }
Outputs:
  Vpc: { Value: !Ref Net, Export: { Name: !Sub '${AWS::StackName}-vpc' } }
  Subnets: { Value: !Join [',', [!Ref A, !Ref B]], Export: { Name: subnets } }
";

const SERVICE: &str = "
Parameters:
  Network: { Type: String, Default: network }
  Tag: { Type: String }
Resources:
  Group: { Type: AWS::EC2::SecurityGroup, Properties: { GroupDescription: g,
    VpcId: !ImportValue { 'Fn::Sub': '${Network}-vpc' } } }
  Other: { Type: AWS::EC2::SecurityGroup, Properties: { GroupDescription: g, VpcId: !ImportValue nobody } }
  S: { Type: AWS::ECS::Service, Properties: { LaunchType: FARGATE, TaskDefinition: !Ref D,
    NetworkConfiguration: { AwsvpcConfiguration: { SecurityGroups: [!Ref Group],
      Subnets: !Split [',', !ImportValue subnets] } } } }
  D:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: web
          Image: !Sub 'registry.example.com/web:${Tag}'
          PortMappings: [{ ContainerPort: 8000 }]
          Environment: [{ Name: MODE, Value: on }, { Name: TAG, Value: !Ref Tag }]
          LogConfiguration: { LogDriver: awslogs, Options: { awslogs-group: !Ref Logs } }
  Logs: { Type: AWS::Logs::LogGroup }
";

#[test]
fn stacks_are_joined_by_their_exports() {
    let model = model(&[("network.yaml", NETWORK), ("service.yaml", SERVICE)]);
    let vpc = Key::new("network/Net");
    assert_eq!(group(&model, "service/Group").vpc, Val::Known(Some(vpc)));
    let service = &model.services[&Key::new("service/S")];
    assert_eq!(service.subnets.sure, [Key::new("network/A"), Key::new("network/B")].into());
    assert!(service.subnets.is_settled());
    let note = group(&model, "service/Other").vpc.missing().expect("unknown").to_string();
    assert!(note.contains("the export `nobody`, which no given stack exports"), "{note}");
    let zone = |key: &str| known(&model.subnets[&Key::new(key)].zone);
    assert_eq!(zone("network/A").as_deref(), Some("zone 1 of REGION"));
    assert_ne!(zone("network/A"), zone("network/B"));
    let cidrs = &model.subnets[&Key::new("network/A")].cidrs.sure;
    assert_eq!(*cidrs, ["10.0.1.0/24".parse().expect("a block")].into());
}

#[test]
fn one_export_of_two_stacks_is_an_assumption() {
    let files = [("one.yaml", NETWORK), ("two.yaml", NETWORK), ("service.yaml", SERVICE)];
    let model = model(&files);
    let service = &model.services[&Key::new("service/S")];
    assert_eq!(service.subnets.sure, [Key::new("two/A"), Key::new("two/B")].into());
    let note = service.subnets.assumed.as_ref().expect("an assumption").to_string();
    assert!(note.contains("one and two export"), "{note}");
    assert!(model.warnings.iter().any(|warning| warning.code == "export-twice"));
}

#[test]
fn containers_are_known_part_by_part() {
    let model = model(&[("service.yaml", SERVICE)]);
    let definition = &model.task_definitions[&Key::new("service/D")];
    let [web] = &definition.containers.known().expect("containers")[..] else { panic!("one") };
    let Container { name, image, ports, environment, log_options, unknown, .. } = web;
    assert_eq!((name.as_str(), image, ports.len()), ("web", &None, 1));
    assert_eq!(environment.get("MODE").map(String::as_str), Some("on"));
    assert_eq!(log_options.get("awslogs-group").map(String::as_str), Some("service-Logs"));
    let parts: Vec<&str> = unknown.keys().map(String::as_str).collect();
    assert_eq!(parts, ["environment.TAG", "image"]);
    let note = unknown["image"].to_string();
    assert!(note.contains("`container_definitions[0].image` of service/D"), "{note}");
    assert!(note.contains("the parameter `Tag`, which has no default"), "{note}");
}

#[test]
fn nested_stacks_get_parameters_and_give_outputs() {
    let parent = "
Resources:
  Inner: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: ./inner.yaml,
    Parameters: { Block: 10.1.0.0/16 } } }
  Group: { Type: AWS::EC2::SecurityGroup, Properties: { GroupDescription: g, VpcId: !GetAtt Inner.Outputs.Id } }
  Gone: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: ./gone.yaml } }
  Lost: { Type: AWS::EC2::SecurityGroup, Properties: { GroupDescription: g, VpcId: !GetAtt Gone.Outputs.Id } }
";
    let inner = "
Parameters: { Block: { Type: String } }
Resources: { Net: { Type: AWS::EC2::VPC, Properties: { CidrBlock: !Ref Block } } }
Outputs: { Id: { Value: !Ref Net } }
";
    let model = model(&[("farm/parent.yaml", parent), ("farm/inner.yaml", inner)]);
    let net = Key::new("parent/Inner/Net");
    assert_eq!(model.vpcs[&net].cidrs.sure, ["10.1.0.0/16".parse().expect("a block")].into());
    assert_eq!(group(&model, "parent/Group").vpc, Val::Known(Some(net)));
    let note = group(&model, "parent/Lost").vpc.missing().expect("unknown").to_string();
    assert!(note.contains("an output of `Gone`, whose template is not given"), "{note}");
    assert_eq!(model.vpcs.len(), 1, "a nested template is no stack of its own");
}

#[test]
fn a_manifest_names_stacks_and_where_they_are() {
    let files = [
        ("out/manifest.json", include_str!("fixtures/cdk/manifest.json")),
        ("out/Net.template.json", include_str!("fixtures/cdk/Net.template.json")),
        ("out/Farm.template.json", include_str!("fixtures/cdk/Farm.template.json")),
        (
            "out/FarmDataAC6D4B82.nested.template.json",
            include_str!("fixtures/cdk/FarmDataAC6D4B82.nested.template.json"),
        ),
    ];
    let model = model(&files);
    assert_eq!(model.region.as_deref(), Some("eu-west-1"));
    assert_eq!(model.account.as_deref(), Some("123456789012"));
    assert_eq!(model.vpcs.len(), 1);
    let (key, database) = model.databases.first_key_value().expect("a database");
    assert!(key.as_str().starts_with("Farm/DataNestedStack"), "{key}");
    assert_eq!(database.encrypted, Val::Known(true));
    assert_eq!(database.port, Val::Known(Some(5432)));
    // CDK's custom resource takes the default group's rules away.
    let default = model.security_groups.values().find(|group| group.is_default);
    let default = default.expect("the default group");
    assert!(default.ingress.rules.is_empty() && default.egress.rules.is_empty(), "{default:?}");
    let services: Vec<&str> = model.services.keys().map(Key::as_str).collect();
    assert_eq!(services, ["Farm/ToolsServiceADB752FB", "Farm/WorkerService9FFC549A"]);
    for service in model.services.values() {
        assert!(service.subnets.is_settled() && service.security_groups.is_settled());
        assert!(service.task_definition.known().is_some());
    }
    let logs = model.endpoints.values().filter_map(|it| it.service_name.known());
    assert!(logs.into_iter().any(|name| name == "com.amazonaws.eu-west-1.logs"));
}

#[test]
fn a_problem_is_told_in_its_place_with_the_nearest_right_thing() {
    let text = "
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Condition: Prodd
    Properties:
      GroupDescription: !Rref Name
      VpcId: !Ref Nett
  Net:
    Type: AWS::EC2::VPC
    Properties: { CidrBlock: !FindInMap [a, b] }
Conditions:
  Prod: !Equals [a, b]
";
    let [error] = &refused(&[("a.yaml", text)])[..] else { panic!("one error") };
    assert_eq!(error.code, "unknown-function");
    assert_eq!(error.help.as_deref(), Some("did you mean `!Ref`?"));
    let text = text.replace("!Rref", "!Ref");
    let [error] = &refused(&[("a.yaml", &text)])[..] else { panic!("one error") };
    let told: Vec<(&str, usize, Option<&str>)> = error
        .diagnostics
        .iter()
        .map(|it| (it.title.as_str(), it.location(&text).0, it.help.as_deref()))
        .collect();
    let neither = "is neither a parameter nor a resource of this template";
    assert_eq!(
        told,
        [
            ("the template has no condition `Prodd`", 5, Some("did you mean `Prod`?")),
            (&*format!("`Name` {neither}"), 7, None),
            (&*format!("`Nett` {neither}"), 8, Some("did you mean `Net`?")),
            ("`Fn::FindInMap` takes a mapping and two keys", 11, None),
        ]
    );
}

#[test]
fn no_secret_gets_into_the_model() {
    let text = "
Parameters:
  Password: { Type: String, NoEcho: true, Default: hunter2hunter2 }
Resources:
  Key: { Type: AWS::SSM::Parameter, Properties: { Name: /key, Type: String, Value: hunter3hunter3 } }
  Secret: { Type: AWS::SecretsManager::Secret, Properties: { SecretString: hunter4hunter4 } }
  Db: { Type: AWS::RDS::DBInstance, Properties: { Engine: postgres, MasterUserPassword: !Ref Password } }
  D: { Type: AWS::ECS::TaskDefinition, Properties: { ContainerDefinitions: [{ Name: a, Image: b,
    Environment: [{ Name: PW, Value: !Ref Password }] }] } }
";
    let told = format!("{:?}", model(&[("a.yaml", text)]));
    for secret in ["hunter2", "hunter3", "hunter4"] {
        assert!(!told.contains(secret), "{secret}");
    }
}

#[test]
fn what_refers_to_itself_ends() {
    let text = "
Conditions: { A: !Condition B, B: !Or [!Condition A, !Condition A] }
Resources:
  One: { Type: AWS::Logs::LogGroup, Condition: A, Properties: { LogGroupName: !Sub '${Two}${Two}' } }
  Two: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: !Sub '${One}${One}' } }
Outputs:
  X: { Value: !ImportValue y, Export: { Name: x } }
  Y: { Value: !ImportValue x, Export: { Name: y } }
";
    let model = model(&[("a.yaml", text)]);
    assert_eq!(model.sources[0].resources, 2);
}

#[test]
fn types_that_nobody_reads_and_macros_are_no_obstacle() {
    let text = "
Transform: Acme::Networks
Resources:
  Fn: { Type: AWS::Serverless::Function, Properties: { FunctionUrlConfig: { AuthType: NONE },
    VpcConfig: { SubnetIds: [subnet-1], SecurityGroupIds: [sg-1] } } }
  Own: { Type: Custom::Thing, Properties: { Of: !Ref FnRole } }
  New: { Type: AWS::Quantum::Gate, Properties: { SubnetIds: [subnet-1], X: !GetAtt Own.Y } }
  Peer: { Type: AWS::EC2::VPCPeeringConnection, Properties: { VpcId: vpc-1, PeerVpcId: vpc-2 } }
  Cache: { Type: AWS::ElastiCache::ReplicationGroup, Properties: { SecurityGroupIds: [sg-1] } }
";
    let model = model(&[("a.yaml", text)]);
    let function = &model.functions[&Key::new("a/Fn")];
    assert_eq!(function.urls, [Val::Known("NONE".to_owned())]);
    let opaque: Vec<&str> = model.opaque.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(opaque, ["aws_vpc_peering_connection"]);
    assert!(model.unmodelled.contains_key("aws_elasticache_replication_group"));
    assert!(model.warnings.iter().any(|warning| warning.code == "macro-not-run"));
}

proptest! {
    #[test]
    fn whatever_is_cut_or_changed_is_answered(
        which in 0_usize..4,
        cut in 0_usize..4_000,
        at in 0_usize..4_000,
        byte in any::<u8>(),
    ) {
        let text = [YAML, JSON, CONDITIONS, SERVICE][which];
        let mut bytes = text.as_bytes().to_vec();
        bytes.truncate(bytes.len() - cut % bytes.len());
        let length = bytes.len();
        bytes[at % length] = byte;
        let _ = import(&[Input { name: "a.yaml", bytes: &bytes }]);
        let whole = Input { name: "network.yaml", bytes: NETWORK.as_bytes() };
        let _ = import(&[whole, Input { name: "a.yaml", bytes: &bytes }]);
    }

    #[test]
    fn functions_in_odd_places_are_answered(
        name in prop::sample::select(vec!["Ref", "Fn::Sub", "Fn::Join", "Fn::GetAtt", "Fn::Select",
            "Fn::Split", "Fn::Cidr", "Fn::If", "Fn::GetAZs", "Fn::ImportValue", "Fn::FindInMap",
            "Fn::Length", "Fn::ToJsonString", "Fn::Base64", "Fn::Equals", "Fn::Transform"]),
        of in prop::sample::select(vec!["\"\"", "\"a.b\"", "[]", "[\"\", []]", "[0, [\"x\"]]", "{}",
            "[\",\", \"${\"]", "[\"${}\", {}]", "null", "[{\"Ref\": \"AWS::NoValue\"}, 1, 2]", "-1",
            "[\"10.0.0.0/0\", 999999, 40]"]),
        place in 0_usize..3,
    ) {
        let value = format!("{{\"{name}\": {of}}}");
        let text = match place {
            0 => JSON.replace("\"10.0.0.0/16\"", &value),
            1 => JSON.replace("{ \"Ref\": \"Port\" }", &value),
            _ => JSON.replace("{ \"Ref\": \"Net\" }", &value),
        };
        let _ = import(&[Input { name: "a.json", bytes: text.as_bytes() }]);
    }
}
