//! What `aws` prints of load balancers, services, tasks, interfaces and stores.

use farmgate_aws::model::{Model, Val};
use serde_json::{Value, json};

use crate::described::{VPC, described, groups, subnets, tables, vpcs};
use crate::plans::{key, sure};

const LB: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/lb/50dc6c495c0c9188";
const GROUP: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/tg/73e2d6bc24d8a067";
const CLUSTER: &str = "arn:aws:ecs:eu-west-1:123456789012:cluster/c";
const SERVICE: &str = "arn:aws:ecs:eu-west-1:123456789012:service/c/s";
const DEFINITION: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/f:2";

fn balancer() -> Value {
    json!({ "LoadBalancers": [{ "LoadBalancerArn": LB, "LoadBalancerName": "lb", "Scheme": "internet-facing",
        "Type": "application", "VpcId": VPC, "DNSName": "lb-1.eu-west-1.elb.amazonaws.com",
        "State": { "Code": "active" }, "SecurityGroups": ["sg-1"],
        "AvailabilityZones": [{ "SubnetId": "subnet-1" }, { "SubnetId": "subnet-2" }] }] })
}

fn target_groups() -> Value {
    json!({ "TargetGroups": [{ "TargetGroupArn": GROUP, "TargetGroupName": "tg", "Protocol": "HTTP", "Port": 80,
        "VpcId": VPC, "TargetType": "ip", "LoadBalancerArns": [LB], "HealthCheckPath": "/health",
        "HealthCheckPort": "traffic-port", "Matcher": { "HttpCode": "200" } }] })
}

fn listeners() -> Value {
    let listener = LB.replace(":loadbalancer/", ":listener/") + "/f2f7dc8efc522ab2";
    json!({ "Listeners": [{ "ListenerArn": listener, "LoadBalancerArn": LB, "Port": 443, "Protocol": "HTTPS",
        "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "DefaultActions": [{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }] }] })
}

fn rules() -> Value {
    let rule =
        LB.replace(":loadbalancer/", ":listener-rule/") + "/f2f7dc8efc522ab2/9683b2d02a6cabee";
    json!({ "Rules": [
        { "RuleArn": rule, "Priority": "10", "IsDefault": false,
            "Conditions": [{ "Field": "path-pattern", "Values": ["/mcp"],
                "PathPatternConfig": { "Values": ["/mcp"] } }],
            "Actions": [
                { "Type": "authenticate-oidc", "Order": 1,
                    "AuthenticateOidcConfig": { "OnUnauthenticatedRequest": "deny" } },
                { "Type": "forward", "Order": 2, "TargetGroupArn": GROUP,
                    "ForwardConfig": { "TargetGroups": [{ "TargetGroupArn": GROUP, "Weight": 1 }] } },
            ] },
        { "RuleArn": format!("{rule}d"), "Priority": "default", "IsDefault": true, "Conditions": [],
            "Actions": [{ "Type": "fixed-response" }] },
    ] })
}

fn services() -> Value {
    json!({ "services": [{ "serviceArn": SERVICE, "serviceName": "s", "clusterArn": CLUSTER, "status": "ACTIVE",
        "desiredCount": 2, "runningCount": 1, "launchType": "FARGATE", "taskDefinition": DEFINITION,
        "loadBalancers": [{ "targetGroupArn": GROUP, "containerName": "web", "containerPort": 8000 }],
        "serviceRegistries": [],
        "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-1"],
            "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED" } },
        "deploymentConfiguration": { "deploymentCircuitBreaker": { "enable": true, "rollback": true } },
        "events": [
            { "message": "(service s) was unable to place a task because no container instance met all of its requirements." },
            { "message": "(service s) has reached a steady state." },
        ] }], "failures": [] })
}

fn definition(revision: u64) -> Value {
    let arn = format!("arn:aws:ecs:eu-west-1:123456789012:task-definition/f:{revision}");
    json!({ "taskDefinition": { "taskDefinitionArn": arn, "family": "f", "revision": revision,
        "networkMode": "awsvpc", "executionRoleArn": "arn:aws:iam::123456789012:role/x",
        "containerDefinitions": [{ "name": "web", "image": format!("nginx:{revision}"), "portMappings": [{ "containerPort": 8000 }] }] } })
}

fn task(id: &str, revision: u64, group: &str) -> Value {
    json!({ "taskArn": format!("arn:aws:ecs:eu-west-1:123456789012:task/c/{id}"), "clusterArn": CLUSTER,
        "lastStatus": "RUNNING", "group": group,
        "taskDefinitionArn": format!("arn:aws:ecs:eu-west-1:123456789012:task-definition/f:{revision}"),
        "attachments": [{ "type": "ElasticNetworkInterface", "status": "ATTACHED", "details": [
            { "name": "subnetId", "value": "subnet-1" },
            { "name": "networkInterfaceId", "value": format!("eni-{id}") },
        ] }] })
}

fn interface(id: &str, description: &str, groups: &[&str]) -> Value {
    let groups: Vec<Value> = groups.iter().map(|id| json!({ "GroupId": id })).collect();
    json!({ "NetworkInterfaceId": id, "Description": description, "SubnetId": "subnet-1", "VpcId": VPC,
        "InterfaceType": "interface", "PrivateIpAddress": "10.0.0.9", "Groups": groups,
        "Association": { "PublicIp": "198.51.100.9" } })
}

fn interfaces(extra: &[Value]) -> Value {
    let mut all = vec![
        interface("eni-lb", "ELB app/lb/50dc6c495c0c9188", &["sg-1"]),
        interface("eni-t1", "arn:aws:ecs:eu-west-1:123456789012:attachment/1", &["sg-1"]),
    ];
    all.extend(extra.iter().cloned());
    json!({ "NetworkInterfaces": all })
}

fn farm(more: &[Value]) -> Model {
    let mut all = vec![
        vpcs(),
        subnets(),
        tables(),
        groups(),
        balancer(),
        target_groups(),
        listeners(),
        rules(),
        services(),
        definition(2),
    ];
    all.extend(more.iter().cloned());
    described(&all)
}

fn told<'m>(model: &'m Model, code: &str) -> Vec<&'m str> {
    model.warnings.iter().filter(|w| w.code == code).map(|w| w.text.as_str()).collect()
}

#[test]
fn a_service_behind_a_load_balancer() {
    let model = farm(&[]);
    let service = &model.services[&key(SERVICE)];
    assert_eq!(service.task_definition, Val::Known(Some(key(DEFINITION))));
    assert_eq!(service.assign_public_ip, Val::Known(true));
    assert_eq!(service.rolls_back, Val::Known(true));
    assert_eq!(service.fargate, Val::Known(true));
    assert_eq!(sure(&service.security_groups), ["sg-1"]);
    assert_eq!(service.load_balancers[0].target_group, Val::Known(key(GROUP)));
    let listener = model.listeners.values().next().expect("a listener");
    assert_eq!((listener.rules.len(), &listener.open), (2, &None));
    assert_eq!(listener.rules[0].paths, ["/mcp"]);
    assert_eq!(listener.rules[0].actions.len(), 2);
    let policy = "ELBSecurityPolicy-TLS13-1-2-2021-06".to_owned();
    assert_eq!(listener.tls_policy, Val::Known(Some(policy)));
    assert_eq!(told(&model, "tasks-missing"), [format!("{SERVICE} wants 2 tasks, and 1 run")]);
    let [event] = told(&model, "service-event")[..] else { panic!("{:?}", model.warnings) };
    assert!(event.contains("unable to place a task"), "{event}");
}

#[test]
fn the_definition_that_the_service_runs_is_the_family() {
    let model = farm(&[definition(1), definition(3)]);
    assert_eq!(model.task_definitions.len(), 3);
    let run = &model.task_definitions[&key(DEFINITION)];
    assert_eq!(run.containers.known().expect("known")[0].image.as_deref(), Some("nginx:2"));
    assert_eq!(model.aliases.get("f"), Some(&key(DEFINITION)));
}

#[test]
fn all_interfaces_accounted_for_close_the_vpc() {
    let tasks = json!({ "tasks": [task("t1", 2, "service:s")] });
    let model = farm(&[interfaces(&[]), tasks.clone()]);
    assert_eq!(model.vpcs[&key(VPC)].open, None);
    assert!(model.instances.is_empty(), "{:?}", model.instances.keys());
    // What belongs to nothing that is shown stands for itself.
    let other = interface("eni-x", "a bastion", &["sg-1"]);
    let model = farm(&[interfaces(&[other]), tasks]);
    assert_eq!(model.vpcs[&key(VPC)].open, None);
    let alone = &model.instances[&key("eni-x")];
    assert_eq!(
        (alone.public.clone(), sure(&alone.security_groups)),
        (Val::Known(true), vec!["sg-1"])
    );
    // A task with other groups than its service's.
    let odd = interface("eni-t2", "arn:aws:ecs:eu-west-1:123456789012:attachment/2", &["sg-0"]);
    let two = json!({ "tasks": [task("t1", 2, "service:s"), task("t2", 1, "service:s")] });
    let model = farm(&[interfaces(&[odd]), two]);
    assert_eq!(
        model.instances.keys().map(farmgate_aws::model::Key::as_str).collect::<Vec<_>>(),
        ["eni-t2"]
    );
    let [told] = told(&model, "task-runs-another-definition")[..] else {
        panic!("{:?}", model.warnings)
    };
    assert!(told.contains("task-definition/f:1, and its service says"), "{told}");
}

#[test]
fn a_list_of_interfaces_that_was_filtered_closes_nothing() {
    let mut some = interfaces(&[]);
    some["NetworkInterfaces"].as_array_mut().expect("a list").remove(0);
    let open = farm(&[some]).vpcs[&key(VPC)].open.clone().expect("open");
    assert!(open.contains(&format!("shows no interface of {LB}")), "{open}");
    let mut asked = interfaces(&[]);
    asked["farmgateRequest"] = json!({ "service": "ec2", "operation": "describe-network-interfaces",
        "region": "eu-west-1", "account": "1", "parameters": { "Filters": [{ "Name": "vpc-id" }] } });
    let open = farm(&[asked]).vpcs[&key(VPC)].open.clone().expect("open");
    assert!(open.contains("was asked for a part only"), "{open}");
    // An interface that no group filters and that belongs to nothing shown.
    let free = interface("eni-n", "ELB net/other/1234567890abcdef", &[]);
    let open = farm(&[interfaces(&[free])]).vpcs[&key(VPC)].open.clone().expect("open");
    assert!(open.contains("eni-n"), "{open}");
}

#[test]
fn targets_that_no_service_registers() {
    let health = json!({ "TargetHealthDescriptions": [
        { "Target": { "Id": "10.0.0.9", "Port": 8000 }, "TargetHealth": { "State": "healthy" } },
        { "Target": { "Id": "10.0.0.77", "Port": 9000 }, "TargetHealth": { "State": "unhealthy",
            "Reason": "Target.Timeout", "Description": "Request timed out" } },
    ] });
    let mut all = vec![
        vpcs(),
        subnets(),
        tables(),
        groups(),
        balancer(),
        target_groups(),
        listeners(),
        rules(),
    ];
    all.push(health);
    all.push(json!({ "NetworkInterfaces": [interface("eni-x", "a worker", &["sg-1"])] }));
    let model = described(&all);
    let group = &model.target_groups[&key(GROUP)];
    let targets: Vec<(Option<&str>, Option<u16>)> = group
        .attachments
        .iter()
        .map(|one| (one.target.known().map(farmgate_aws::model::Key::as_str), one.port))
        .collect();
    assert_eq!(targets, [(Some("eni-x"), Some(8000)), (Some("10.0.0.77"), Some(9000))]);
    let [unhealthy] = told(&model, "target-unhealthy")[..] else { panic!("{:?}", model.warnings) };
    assert_eq!(
        unhealthy,
        format!("the target 10.0.0.77:9000 of {GROUP} is unhealthy: Request timed out")
    );
}

#[test]
fn a_load_balancer_whose_listeners_are_not_shown() {
    let model = described(&[
        vpcs(),
        subnets(),
        tables(),
        groups(),
        balancer(),
        target_groups(),
        services(),
    ]);
    let [listener] = model.listeners.values().collect::<Vec<_>>()[..] else { panic!("a stand-in") };
    assert!(
        listener.port.missing().expect("not known").contains(&format!("--load-balancer-arn {LB}"))
    );
    assert_eq!(listener.rules[0].actions.len(), 1);
    // One empty answer is that of the only load balancer.
    let model = described(&[vpcs(), subnets(), balancer(), json!({ "Listeners": [] })]);
    assert!(model.listeners.is_empty());
}

#[test]
fn stores_and_data() {
    let model = described(&[
        subnets(),
        groups(),
        json!({ "Parameters": [{ "Name": "/key", "Type": "String", "Value": "hunter2",
            "ARN": "arn:aws:ssm:eu-west-1:123456789012:parameter/key" }] }),
        json!({ "SecretList": [{ "ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf", "Name": "a" }] }),
        json!({ "DBInstances": [{ "DBInstanceIdentifier": "db", "DBInstanceArn": "arn:aws:rds:eu-west-1:123456789012:db:db",
            "Engine": "postgres", "Endpoint": { "Address": "db.example.eu-west-1.rds.amazonaws.com", "Port": 5433 },
            "DBSubnetGroup": { "DBSubnetGroupName": "g", "VpcId": VPC,
                "Subnets": [{ "SubnetIdentifier": "subnet-1" }, { "SubnetIdentifier": "subnet-2" }] },
            "VpcSecurityGroups": [{ "VpcSecurityGroupId": "sg-1", "Status": "active" }],
            "PubliclyAccessible": false, "StorageEncrypted": true, "DeletionProtection": true }] }),
        json!({ "Functions": [{ "FunctionName": "fn", "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:fn",
            "VpcConfig": { "SubnetIds": ["subnet-2"], "SecurityGroupIds": ["sg-1"] },
            "Environment": { "Variables": { "TOKEN": "hunter2" } } }] }),
        json!({ "FunctionUrlConfigs": [{ "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:fn",
            "FunctionUrl": "https://x.lambda-url.eu-west-1.on.aws/", "AuthType": "NONE" }] }),
    ]);
    let database = model.databases.values().next().expect("a database");
    assert_eq!(
        (database.port.clone(), database.encrypted.clone()),
        (Val::Known(Some(5433)), Val::Known(true))
    );
    assert_eq!(sure(&database.subnets), ["subnet-1", "subnet-2"]);
    let function = model.functions.values().next().expect("a function");
    assert_eq!(function.urls, [Val::Known("NONE".to_owned())]);
    assert_eq!(sure(&function.subnets), ["subnet-2"]);
    assert!(!format!("{model:?}").contains("hunter2"));
}
