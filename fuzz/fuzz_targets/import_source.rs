//! Any texts as Terraform's source beside a small plan: they are read and evaluated as far as that
//! goes, or refused in words; nothing panics or takes for ever, and no place is outside of its file.
//!
//! The input holds up to three texts, each behind a byte of zero: a root module, a module below it,
//! and values of variables.

#![no_main]

use farmgate_aws::import::{Input, Settings, import_with};
use farmgate_aws::network::Lowered;
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 3] = ["main.tf", "modules/m/main.tf", "terraform.tfvars"];

/// A group, a rule of it and a task definition of which the containers aren't known yet.
const PLAN: &[u8] = br#"{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{"root_module":{"resources":[]}},"resource_changes":[
{"address":"aws_security_group.a","mode":"managed","type":"aws_security_group","name":"a","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["create"],"before":null,"after":{"name":"a"},"after_unknown":{"id":true,"vpc_id":true},"before_sensitive":false,"after_sensitive":{}}},
{"address":"aws_ecs_task_definition.t","mode":"managed","type":"aws_ecs_task_definition","name":"t","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["create"],"before":null,"after":{"family":"t","network_mode":"awsvpc"},"after_unknown":{"container_definitions":true},"before_sensitive":false,"after_sensitive":{}}},
{"address":"module.m.aws_vpc_security_group_ingress_rule.r[\"x\"]","module_address":"module.m","mode":"managed","type":"aws_vpc_security_group_ingress_rule","name":"r","index":"x","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["create"],"before":null,"after":{"ip_protocol":"tcp","from_port":80,"to_port":80},"after_unknown":{"security_group_id":true,"cidr_ipv4":true},"before_sensitive":false,"after_sensitive":{}}}],
"configuration":{"root_module":{"resources":[
{"address":"aws_security_group.a","mode":"managed","type":"aws_security_group","name":"a","provider_config_key":"aws","expressions":{"name":{"references":["var.name"]},"vpc_id":{"references":["local.vpc"]}},"schema_version":1},
{"address":"aws_ecs_task_definition.t","mode":"managed","type":"aws_ecs_task_definition","name":"t","provider_config_key":"aws","expressions":{"container_definitions":{"references":["local.containers"]}},"schema_version":1}],
"module_calls":{"m":{"source":"./modules/m","expressions":{"group":{"references":["aws_security_group.a.id","aws_security_group.a"]}},"module":{"resources":[
{"address":"aws_vpc_security_group_ingress_rule.r","mode":"managed","type":"aws_vpc_security_group_ingress_rule","name":"r","provider_config_key":"aws","expressions":{"security_group_id":{"references":["var.group"]},"cidr_ipv4":{"references":["each.value"]}},"for_each_expression":{"references":["var.cidrs"]},"schema_version":0}]}}}}}}"#;

fuzz_target!(|bytes: &[u8]| {
    let plan = [Input { name: "plan.json", bytes: PLAN }];
    let texts = bytes.split(|byte| *byte == 0);
    let source: Vec<Input<'_>> =
        NAMES.iter().zip(texts).map(|(name, bytes)| Input { name, bytes }).collect();
    match import_with(&plan, &Settings { source: &source }) {
        Ok(model) => {
            let _ = Lowered::new(&model);
            for place in model.locations.values() {
                // The longer name first: the other one is its end.
                let file = source.iter().rev().find(|input| place.file.ends_with(input.name));
                let lines = file.map_or(0, |file| file.bytes.split(|b| *b == b'\n').count());
                assert!(place.line as usize <= lines.max(1), "{place}");
            }
        }
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a reason");
            for error in errors {
                assert!(!error.message.is_empty());
                assert!(error.message.len() < 4096, "an error quotes its whole input");
            }
        }
    }
});
