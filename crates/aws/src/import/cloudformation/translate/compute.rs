//! ECS, Lambda, EC2, Cloud Map, scaling, and what starts tasks.

use super::super::making::{Making, deep, each, one, pick, renamed};
use super::super::value::{Evaluated, What};

pub(super) fn translate(kind: &str, making: &mut Making<'_, '_>) -> bool {
    match kind {
        "ECS::Cluster" => cluster(making),
        "ECS::Service" => service(making),
        "ECS::TaskDefinition" => task_definition(making),
        "ApplicationAutoScaling::ScalableTarget" => making.copy_same(&[
            "ResourceId",
            "MinCapacity",
            "MaxCapacity",
            "ServiceNamespace",
            "ScalableDimension",
        ]),
        "ApplicationAutoScaling::ScalingPolicy" => scaling(making),
        "Lambda::Function" | "Serverless::Function" => function(making),
        "Lambda::Url" => {
            making.copy(&[
                ("TargetFunctionArn", "function_name"),
                ("AuthType", "authorization_type"),
            ]);
        }
        "Lambda::Alias" => making.copy_same(&["FunctionName"]),
        "EC2::Instance" => instance(making),
        "EC2::NetworkInterface" => {
            making.copy(&[("SubnetId", "subnet_id"), ("GroupSet", "security_groups")]);
            making.copy(&[("PrivateIpAddress", "private_ip")]);
        }
        "ServiceDiscovery::Service" => {
            making.copy_same(&["NamespaceId"]);
            let dns = making.get("DnsConfig").map(|of| deep(&of));
            making.own().set_any("dns_config", one(dns.as_ref()).as_ref());
        }
        "ServiceDiscovery::PrivateDnsNamespace"
        | "ServiceDiscovery::PublicDnsNamespace"
        | "ServiceDiscovery::HttpNamespace" => making.copy(&[("Vpc", "vpc")]),
        "Events::Rule" => events(making),
        "Scheduler::Schedule" => {
            let target = making.get("Target").map(|of| deep(&of));
            let target = target.map(|of| pick(&of, &[("ecs_parameters", "ecs_parameters")]));
            making.own().set_any("target", one(target.as_ref()).as_ref());
        }
        _ => return false,
    }
    true
}

fn cluster(making: &mut Making<'_, '_>) {
    let arn = making.arn();
    making.own().set("id", &arn);
    // Services name it by its name.
    let name = making.reference();
    making.own().set("name", &name);
    if let Some(settings) = making.get("ClusterSettings") {
        making.own().set("setting", &deep(&settings));
    }
}

fn service(making: &mut Making<'_, '_>) {
    making.copy(&[
        ("Cluster", "cluster"),
        ("TaskDefinition", "task_definition"),
        ("DesiredCount", "desired_count"),
        ("LaunchType", "launch_type"),
        ("CapacityProviderStrategy", "capacity_provider_strategy"),
        ("LoadBalancers", "load_balancer"),
        ("ServiceRegistries", "service_registries"),
    ]);
    if let Some(network) = making.path(&["NetworkConfiguration", "AwsvpcConfiguration"]) {
        let assign = network.path(&["AssignPublicIp"]).map(|value| match value.as_text() {
            Some(text) => Evaluated { what: What::Bool(text == "ENABLED"), ..value.clone() },
            None => value.clone(),
        });
        let block = if network.reason().is_some() {
            network
        } else {
            let inner = Evaluated::map([
                ("subnets", network.get("Subnets").cloned()),
                ("security_groups", network.get("SecurityGroups").cloned()),
                ("assign_public_ip", assign),
            ]);
            Evaluated { at: network.at, ..inner }
        };
        making.own().set_any("network_configuration", one(Some(&block)).as_ref());
    }
    for (path, name) in [
        (
            &["DeploymentConfiguration", "DeploymentCircuitBreaker"][..],
            "deployment_circuit_breaker",
        ),
        (&["DeploymentConfiguration", "Alarms"][..], "alarms"),
        (&["DeploymentController"][..], "deployment_controller"),
    ] {
        let block = making.path(path).map(|of| deep(&of));
        making.own().set_any(name, one(block.as_ref()).as_ref());
    }
}

fn task_definition(making: &mut Making<'_, '_>) {
    let arn = making.reference();
    making.own().set("arn", &arn);
    let family = making.get("Family");
    let family = family.unwrap_or_else(|| making.name());
    making.own().set("id", &family);
    making.own().set("family", &family);
    making.copy_same(&[
        "NetworkMode",
        "ExecutionRoleArn",
        "TaskRoleArn",
        "RequiresCompatibilities",
        "Cpu",
        "Memory",
        "PidMode",
    ]);
    if let Some(containers) = making.get("ContainerDefinitions") {
        making.own().set("container_definitions", &renamed(&containers, &lower_first));
    }
    let platform = making.get("RuntimePlatform").map(|of| deep(&of));
    making.own().set_any("runtime_platform", one(platform.as_ref()).as_ref());
    let Some(volumes) = making.get("Volumes") else { return };
    let volumes = each(&volumes, |volume| {
        let files =
            volume.get("EFSVolumeConfiguration").or_else(|| volume.get("EfsVolumeConfiguration"));
        let files = files.map(|of| {
            pick(
                of,
                &[
                    ("FilesystemId", "file_system_id"),
                    ("RootDirectory", "root_directory"),
                    ("TransitEncryption", "transit_encryption"),
                    ("AuthorizationConfig", "authorization_config"),
                ],
            )
        });
        Evaluated::map([
            ("name", volume.get("Name").cloned()),
            ("host_path", volume.path(&["Host", "SourcePath"]).cloned()),
            ("efs_volume_configuration", one(files.as_ref())),
        ])
    });
    making.own().set("volume", &volumes);
}

/// `LogConfiguration` as `logConfiguration`; the options of a log driver are lower case already,
/// and labels are what people choose: of these only a first capital would change.
fn lower_first(key: &str) -> String {
    let mut letters = key.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().collect::<String>() + letters.as_str()
    })
}

fn scaling(making: &mut Making<'_, '_>) {
    making.copy_same(&[
        "PolicyType",
        "ResourceId",
        "ScalingTargetId",
        "ScalableDimension",
        "ServiceNamespace",
    ]);
    for name in ["TargetTrackingScalingPolicyConfiguration", "StepScalingPolicyConfiguration"] {
        let block = making.get(name).map(|of| deep(&of));
        let list = one(block.as_ref());
        making.own().set_any(&super::super::types::snake(name), list.as_ref());
    }
}

fn function(making: &mut Making<'_, '_>) {
    let name = making.name();
    making.own().set("function_name", &name);
    let network = making.get("VpcConfig").map(|of| deep(&of));
    making.own().set_any("vpc_config", one(network.as_ref()).as_ref());
    let arn = making.arn();
    super::serverless::events(making, Some(&arn));
    // SAM's short form of a function URL.
    if let Some(url) = making.get("FunctionUrlConfig") {
        let mut made = making.further("aws_lambda_function_url", "FunctionUrlConfig");
        made.set("function_name", &making.arn());
        made.set_any("authorization_type", url.path(&["AuthType"]));
        making.made.push(made);
    }
}

fn instance(making: &mut Making<'_, '_>) {
    making.copy(&[("SubnetId", "subnet_id"), ("SecurityGroupIds", "vpc_security_group_ids")]);
    making.copy(&[("PrivateIpAddress", "private_ip")]);
    let interfaces = making.get("NetworkInterfaces");
    let Some(first) = interfaces.as_ref().and_then(|list| list.items().first()) else { return };
    for (property, name) in [
        ("SubnetId", "subnet_id"),
        ("GroupSet", "vpc_security_group_ids"),
        ("AssociatePublicIpAddress", "associate_public_ip_address"),
    ] {
        making.own().set_any(name, first.path(&[property]));
    }
    if let Some(id) = first.path(&["NetworkInterfaceId"]) {
        let block = Evaluated::map([("network_interface_id", Some(id.clone()))]);
        making.own().set("network_interface", &Evaluated::list(vec![block]));
    }
}

/// Targets of a rule that are ECS tasks: each starts some with interfaces of their own.
fn events(making: &mut Making<'_, '_>) {
    let targets = making.get("Targets");
    for (at, target) in targets.iter().flat_map(Evaluated::items).enumerate() {
        let Some(ecs) = target.get("EcsParameters") else { continue };
        let kind = "aws_cloudwatch_event_target";
        let mut made = making.further(kind, &format!("Targets[{at}]"));
        made.set("id", &Evaluated::text(made.key.clone()));
        made.set_any("ecs_target", one(Some(&deep(ecs))).as_ref());
        making.made.push(made);
    }
}
