//! Services, tasks, databases, instances: what is read of each type, and the defaults.

use farmgate_aws::model::Val;
use serde_json::json;

use crate::plans::{Plan, key, literal, maybe, names, read, refs, shown_state, sure};

#[test]
fn ecs_services_and_their_tasks() {
    let containers = json!([{
        "name": "app", "image": "x:1", "portMappings": [{ "containerPort": 8000 }],
        "environment": [{ "name": "A", "value": "b" }],
        "secrets": [{ "name": "S", "valueFrom": "arn:aws:ssm:p" }],
        "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "/g" } },
        "healthCheck": { "command": ["CMD", "true"] },
    }]);
    let state = shown_state(&[
        (
            "aws_ecs_cluster.c",
            json!({ "id": "arn:c", "arn": "arn:c", "name": "c",
            "setting": [{ "name": "containerInsights", "value": "disabled" }] }),
        ),
        (
            "aws_ecs_task_definition.t",
            json!({ "id": "t", "arn": "arn:aws:ecs:r:1:task-definition/t:3",
            "arn_without_revision": "arn:aws:ecs:r:1:task-definition/t", "family": "t",
            "network_mode": "awsvpc", "container_definitions": containers.to_string(),
            "volume": [{ "name": "v", "efs_volume_configuration": [{ "file_system_id": "fs-1" }] }] }),
        ),
        (
            "aws_ecs_service.s",
            json!({ "id": "arn:s", "name": "s", "cluster": "c",
            "task_definition": "t:3", "desired_count": 2, "launch_type": "FARGATE",
            "network_configuration": [{ "subnets": ["subnet-1"], "security_groups": ["sg-1"],
                "assign_public_ip": true }],
            "load_balancer": [{ "target_group_arn": "arn:tg", "container_name": "app",
                "container_port": 8000, "elb_name": "" }],
            "service_registries": [{ "registry_arn": "arn:reg" }] }),
        ),
        (
            "aws_appautoscaling_target.a",
            json!({ "id": "x", "resource_id": "service/c/s",
            "min_capacity": 1, "max_capacity": 4, "service_namespace": "ecs" }),
        ),
        (
            "aws_service_discovery_service.d",
            json!({ "id": "srv-1", "arn": "arn:reg", "name": "d",
            "dns_config": [{ "namespace_id": "ns-1" }] }),
        ),
        (
            "aws_service_discovery_private_dns_namespace.n",
            json!({ "id": "ns-1", "name": "x.local" }),
        ),
    ]);
    let model = read(&[("s", &state)]);
    let service = &model.services[&key("aws_ecs_service.s")];
    assert_eq!(service.cluster, Val::Known(Some(key("aws_ecs_cluster.c"))));
    assert_eq!(service.task_definition, Val::Known(Some(key("aws_ecs_task_definition.t"))));
    assert_eq!(service.fargate, Val::Known(true));
    assert_eq!(service.assign_public_ip, Val::Known(true));
    assert_eq!(service.load_balancers[0].port, Val::Known(8000));
    assert_eq!(service.registries, [Val::Known(key("aws_service_discovery_service.d"))]);
    let task = &model.task_definitions[&key("aws_ecs_task_definition.t")];
    let container = &task.containers.known().expect("containers")[0];
    assert_eq!(container.ports, [(8000, "tcp".to_owned())]);
    assert_eq!(container.secrets["S"], "arn:aws:ssm:p");
    assert_eq!(container.log_options["awslogs-group"], "/g");
    assert_eq!(task.file_systems, [Val::Known(key("fs-1"))]);
    let target = &model.scaling_targets[&key("aws_appautoscaling_target.a")];
    assert_eq!(
        (&target.service, &target.max),
        (&Val::Known(key("aws_ecs_service.s")), &Val::Known(4))
    );
    let discovery = &model.discovery[&key("aws_service_discovery_service.d")];
    assert_eq!(discovery.namespace, Val::Known(Some("x.local".into())));
}

#[test]
fn container_definitions_that_are_not_known_say_what_they_mention() {
    let plan = Plan::new()
        .both("aws_ecr_repository.r", json!({ "name": "r" }), json!({ "id": true }), json!({}))
        .both(
            "aws_ecs_task_definition.t",
            json!({ "family": "t" }),
            json!({ "container_definitions": true }),
            json!({ "container_definitions":
                refs(&["aws_ecr_repository.r.repository_url", "aws_ecr_repository.r", "var.tag"]) }),
        );
    let task = plan.model().task_definitions[&key("aws_ecs_task_definition.t")].clone();
    assert_eq!(
        task.containers.missing().map(AsRef::as_ref),
        Some("`container_definitions` of aws_ecs_task_definition.t is known only after apply")
    );
    assert_eq!(task.mentions, [key("aws_ecr_repository.r")]);
}

#[test]
fn databases_with_default_ports_and_subnet_groups() {
    let plan = Plan::new()
        .both("aws_subnet.s", json!({}), json!({ "id": true }), json!({}))
        .both("aws_db_subnet_group.g", json!({ "name": "g" }), json!({ "subnet_ids": true }),
            json!({ "subnet_ids": names("aws_subnet.s.id") }))
        .both("aws_db_instance.d",
            json!({ "engine": "sqlserver-ex", "db_subnet_group_name": "g", "storage_encrypted": true }),
            json!({ "port": true, "vpc_security_group_ids": true }),
            json!({ "db_subnet_group_name": names("aws_db_subnet_group.g.name"),
                "vpc_security_group_ids": literal(json!(["sg-1"])) }))
        .both("aws_rds_cluster.c", json!({ "engine": "aurora-postgresql", "cluster_identifier": "c" }),
            json!({ "port": true }), json!({}))
        .both("aws_rds_cluster_instance.i", json!({ "publicly_accessible": true }),
            json!({ "cluster_identifier": true }),
            json!({ "cluster_identifier": names("aws_rds_cluster.c.id") }));
    let model = plan.model();
    let instance = &model.databases[&key("aws_db_instance.d")];
    assert_eq!(instance.port, Val::Known(Some(1433)));
    assert_eq!(sure(&instance.subnets), ["aws_subnet.s"]);
    assert_eq!(instance.encrypted, Val::Known(true));
    let cluster = &model.databases[&key("aws_rds_cluster.c")];
    assert_eq!(cluster.port, Val::Known(Some(5432)));
    assert_eq!(cluster.public, Val::Known(true));
    assert!(cluster.subnets.open);
}

#[test]
fn instances_and_single_interfaces() {
    let state = shown_state(&[
        (
            "aws_subnet.s",
            json!({ "id": "subnet-1", "vpc_id": "vpc-1", "cidr_block": "10.0.0.0/24",
            "map_public_ip_on_launch": true }),
        ),
        (
            "aws_instance.a",
            json!({ "id": "i-1", "subnet_id": "subnet-1", "private_ip": "10.0.0.4",
            "vpc_security_group_ids": ["sg-1"] }),
        ),
        (
            "aws_network_interface.n",
            json!({ "id": "eni-1", "subnet_id": "subnet-1",
            "security_groups": ["sg-2"] }),
        ),
        (
            "aws_eip.e",
            json!({ "id": "eipalloc-1", "network_interface": "eni-1", "public_ip": "203.0.113.5" }),
        ),
    ]);
    let model = read(&[("s", &state)]);
    let instance = &model.instances[&key("aws_instance.a")];
    assert_eq!(instance.public, Val::Known(true));
    assert_eq!(instance.address, "10.0.0.4".parse().ok());
    let interface = &model.instances[&key("aws_network_interface.n")];
    assert_eq!(interface.public, Val::Known(true));
    assert_eq!(sure(&interface.security_groups), ["sg-2"]);
    assert!(maybe(&interface.security_groups).is_empty());
}
