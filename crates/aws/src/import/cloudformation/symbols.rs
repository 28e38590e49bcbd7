//! What `Ref` and `Fn::GetAtt` of a resource come to: what the template gives, or a stand-in for
//! what only deployment does.
//!
//! See "Return values" of each type in
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html>.
//! A stand-in is equal to itself wherever it is named. Names and ARNs have the form that they will
//! have, as far as the template gives their parts.

use std::collections::BTreeSet;

use super::super::terraform::default_port;
use super::template::One;
use super::types::{Reference, Type, of};
use super::value::{Evaluated, What};
use super::world::World;

/// All properties of a resource, evaluated.
pub(super) fn properties(
    world: &World<'_>,
    stack: usize,
    resource: usize,
    depth: usize,
) -> Evaluated {
    let (Some(template), Some(declared)) = (world.template(stack), world.declared(stack, resource))
    else {
        return Evaluated::nothing();
    };
    world.evaluate(stack, &template.properties(declared), depth)
}

/// One property of a resource, evaluated.
fn property(
    world: &World<'_>,
    stack: usize,
    resource: usize,
    path: &[&str],
    depth: usize,
) -> Option<Evaluated> {
    let template = world.template(stack)?;
    let declared = template.resources.get(resource)?;
    let memo = format!("{}.{}", declared.name, path.join("."));
    let value = world.once(stack, "property", &memo, || {
        match template.property(declared, path) {
            Some(One::There(item)) => return world.evaluate(stack, &item, depth),
            Some(One::Absent) => return Evaluated::nothing(),
            None => {}
        }
        let all = template.properties(declared);
        let mut here = &all;
        for (at, key) in path.iter().enumerate() {
            match here.get(key) {
                Some(inner) => here = inner,
                // A function may stand in the place of a map.
                None if here.entries().iter().any(|entry| entry.key.starts_with("Fn::")) => {
                    let value = world.evaluate(stack, here, depth);
                    let rest = path.get(at..).unwrap_or_default();
                    return value.path(rest).cloned().unwrap_or_else(Evaluated::nothing);
                }
                None => return Evaluated::nothing(),
            }
        }
        world.evaluate(stack, here, depth)
    });
    (!value.is_nothing()).then_some(value)
}

/// Why a stand-in is not known.
fn reason(world: &World<'_>, stack: usize, resource: usize) -> String {
    let name = world.declared(stack, resource).map_or("", |declared| declared.name.as_str());
    format!("depends on `{name}`, which is known once it is made")
}

fn stand_in(world: &World<'_>, stack: usize, resource: usize, end: &str) -> Evaluated {
    let name = world.declared(stack, resource).map_or("", |declared| declared.name.as_str());
    let text = format!("{}{end}", world.key(stack, name));
    Evaluated::symbol(text, &reason(world, stack, resource), true)
}

/// The physical name of a resource: given, or made by CloudFormation of the stack's name, its own
/// and some letters.
pub(super) fn name(world: &World<'_>, stack: usize, resource: usize, depth: usize) -> Evaluated {
    let Some(declared) = world.declared(stack, resource) else { return Evaluated::nothing() };
    let of_type = of(&declared.kind);
    let given = of_type.name.split('.').collect::<Vec<_>>();
    let given = if of_type.name.is_empty() {
        None
    } else {
        property(world, stack, resource, &given, depth)
    };
    given.unwrap_or_else(|| {
        let key = world.key(stack, &declared.name).replace('/', "-");
        Evaluated::symbol(key, &reason(world, stack, resource), true)
    })
}

/// The types whose names nothing but references compares: while such a name isn't known, what it
/// names is still the same thing wherever it is named.
const NAMED_BY_REFERENCE: [&str; 9] = [
    "AWS::IAM::Role",
    "AWS::IAM::ManagedPolicy",
    "AWS::Lambda::Function",
    "AWS::Serverless::Function",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
];

/// What others call a resource by: its name; a stand-in, if that holds what isn't known.
fn called(world: &World<'_>, stack: usize, resource: usize, depth: usize) -> Evaluated {
    let name = name(world, stack, resource, depth);
    let Some(declared) = world.declared(stack, resource) else { return name };
    if name.reason().is_none() || !NAMED_BY_REFERENCE.contains(&declared.kind.as_str()) {
        return name;
    }
    // No physical name holds a dollar sign.
    let key = world.key(stack, &declared.name).replace('/', "-");
    Evaluated::symbol(format!("${key}"), &reason(world, stack, resource), true)
}

/// A text of literals and values.
fn written(parts: &[&Evaluated]) -> Evaluated {
    let mut whole = Evaluated::nothing();
    let mut text = String::new();
    for part in parts {
        if let Some(reason) = part.reason() {
            return Evaluated::unknown(reason.clone());
        }
        text.push_str(&part.as_text().unwrap_or_default());
        whole = whole.depending_on(part);
    }
    whole.what = What::Text(text);
    whole
}

/// The ARN of a resource, of the form that its type has; a bare stand-in for other types.
pub(super) fn arn(world: &World<'_>, stack: usize, resource: usize, depth: usize) -> Evaluated {
    let Some(declared) = world.declared(stack, resource) else { return Evaluated::nothing() };
    let of_type = of(&declared.kind);
    let Some(form) = of_type.arn else {
        let end = if of_type.reference == Reference::Arn { "" } else { ".Arn" };
        return stand_in(world, stack, resource, end);
    };
    let environment = world.environment(stack);
    let mut text = String::new();
    let mut whole = Evaluated::nothing();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once('{') {
        let (hole, behind) = after.split_once('}').unwrap_or((after, ""));
        rest = behind;
        text.push_str(before);
        let missing = |known: bool, what: &str| {
            let reason = format!("depends on {what}, which no source says");
            if known { Evaluated::text("") } else { Evaluated::symbol("", &reason, false) }
        };
        let part = match hole {
            "p" => Evaluated::text(environment.partition()),
            "r" => {
                text.push_str(environment.region());
                missing(environment.region.is_some(), "the region")
            }
            "a" => {
                text.push_str(environment.account());
                missing(environment.account.is_some(), "the account")
            }
            "path" => property(world, stack, resource, &["Path"], depth)
                .unwrap_or_else(|| Evaluated::text("/")),
            "cluster" => cluster(world, stack, resource, depth),
            _ => called(world, stack, resource, depth),
        };
        if let Some(reason) = part.reason() {
            if NAMED_BY_REFERENCE.contains(&declared.kind.as_str()) {
                return stand_in(world, stack, resource, ".Arn");
            }
            return Evaluated::unknown(reason.clone());
        }
        let own = part.as_text().unwrap_or_default();
        // `parameter/` ends with the slash that names of parameters begin with.
        text.push_str(if text.ends_with('/') { own.trim_start_matches('/') } else { &own });
        // Names of resources end ARNs, so that these can be taken apart before them.
        let mut part = part;
        if let Some(symbol) = &mut part.symbol {
            symbol.opaque = false;
        }
        whole = whole.depending_on(&part);
    }
    text.push_str(rest);
    whole.what = What::Text(text);
    whole
}

/// The name of a service's cluster, by which its ARN goes.
fn cluster(world: &World<'_>, stack: usize, resource: usize, depth: usize) -> Evaluated {
    let Some(mut of) = property(world, stack, resource, &["Cluster"], depth) else {
        return Evaluated::text("default");
    };
    if let Some(text) = of.as_text() {
        of.what = What::Text(text.rsplit('/').next().unwrap_or_default().to_owned());
    }
    of
}

/// What `Ref` of a resource comes to.
pub(super) fn reference(
    world: &World<'_>,
    stack: usize,
    resource: usize,
    depth: usize,
) -> Evaluated {
    let Some(declared) = world.declared(stack, resource) else { return Evaluated::nothing() };
    if is_custom(&declared.kind) {
        return Evaluated::unknown(format!("is what `{}` returns", declared.name));
    }
    match of(&declared.kind).reference {
        Reference::Id => stand_in(world, stack, resource, ""),
        Reference::Label => label(world, stack, resource),
        Reference::Arn => arn(world, stack, resource, depth),
        Reference::Name => called(world, stack, resource, depth),
    }
}

/// An id that may stand in a host name: of an API.
fn label(world: &World<'_>, stack: usize, resource: usize) -> Evaluated {
    let name = world.declared(stack, resource).map_or("", |declared| declared.name.as_str());
    let text = world.key(stack, name).replace(['/', '.', '_'], "-");
    Evaluated::symbol(text, &reason(world, stack, resource), true)
}

/// The host name that AWS gives a resource.
pub(super) fn host(world: &World<'_>, stack: usize, resource: usize, end: &str) -> Evaluated {
    let name = world.declared(stack, resource).map_or("", |declared| declared.name.as_str());
    let prefix = world.stack(stack).map_or("", |stack| stack.prefix.as_str());
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
    let prefix: String = prefix.chars().map(fits).collect();
    let text = format!("{name}.{prefix}.{end}");
    Evaluated::symbol(text, &reason(world, stack, resource), true)
}

fn is_custom(kind: &str) -> bool {
    kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource"
}

/// What `Fn::GetAtt` of a resource comes to.
pub(super) fn attribute(
    world: &World<'_>,
    stack: usize,
    resource: usize,
    attribute: &str,
    depth: usize,
) -> Evaluated {
    let Some(declared) = world.declared(stack, resource) else { return Evaluated::nothing() };
    let kind = declared.kind.as_str();
    if let Some(output) = attribute.strip_prefix("Outputs.") {
        let nested = world.stack(stack).and_then(|it| it.nested.get(&declared.name).copied());
        let value = nested.and_then(|nested| world.output(nested, output, depth + 1));
        return value.unwrap_or_else(|| {
            let name = &declared.name;
            Evaluated::unknown(format!("is an output of `{name}`, whose template is not given"))
        });
    }
    if is_custom(kind) || kind.starts_with("AWS::CloudFormation::") {
        return Evaluated::unknown(format!("is what `{}` returns", declared.name));
    }
    if is_reference(kind, attribute) {
        return reference(world, stack, resource, depth);
    }
    address(world, stack, resource, attribute, depth)
        .unwrap_or_else(|| made(world, (stack, resource), attribute, depth))
}

/// What `Fn::GetAtt` gives of what a resource says itself, or of the names that AWS makes of it.
fn made(
    world: &World<'_>,
    (stack, resource): (usize, usize),
    attribute: &str,
    depth: usize,
) -> Evaluated {
    let Some(declared) = world.declared(stack, resource) else { return Evaluated::nothing() };
    let own = |path: &[&str]| property(world, stack, resource, path, depth);
    match (declared.kind.as_str(), attribute) {
        ("AWS::EC2::VPC", "CidrBlock")
        | ("AWS::EC2::Subnet", "CidrBlock" | "VpcId" | "AvailabilityZone") => own(&[attribute])
            .unwrap_or_else(|| stand_in(world, stack, resource, &format!(".{attribute}"))),
        ("AWS::Logs::LogGroup", "Arn") => {
            let arn = arn(world, stack, resource, depth);
            written(&[&arn, &Evaluated::text(":*")])
        }
        (_, "Arn" | "RoleArn" | "ClusterArn" | "FunctionArn" | "TopicArn" | "PolicyArn") => {
            arn(world, stack, resource, depth)
        }
        ("AWS::ECS::Service", "Name") | (_, "RepositoryName" | "RoleName" | "FunctionName") => {
            called(world, stack, resource, depth)
        }
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerName")
        | ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupName") => {
            name(world, stack, resource, depth)
        }
        ("AWS::RDS::DBInstance" | "AWS::RDS::DBCluster", "Endpoint.Port") => own(&["Port"])
            .unwrap_or_else(|| match own(&["Engine"]).and_then(|it| it.as_text()) {
                Some(engine) if default_port(&engine).is_some() => {
                    What::Number(default_port(&engine).unwrap_or_default().into()).into()
                }
                _ => Evaluated::unknown("is the port of a database, which is not given"),
            }),
        ("AWS::ServiceDiscovery::Service", "Name") => {
            own(&["Name"]).unwrap_or_else(|| name(world, stack, resource, depth))
        }
        _ => other(world, stack, resource, attribute, depth),
    }
}

/// Attributes that are what `Ref` gives.
fn is_reference(kind: &str, attribute: &str) -> bool {
    matches!(
        (kind, attribute),
        ("AWS::EC2::SecurityGroup", "GroupId" | "Id")
            | ("AWS::EC2::VPC", "VpcId")
            | ("AWS::EC2::Subnet", "SubnetId")
            | ("AWS::EC2::RouteTable", "RouteTableId")
            | ("AWS::EC2::InternetGateway", "InternetGatewayId")
            | ("AWS::EC2::NatGateway", "NatGatewayId")
            | ("AWS::EC2::PrefixList", "PrefixListId")
            | ("AWS::EC2::NetworkAcl", "Id")
            | ("AWS::ServiceDiscovery::Service" | "AWS::EFS::FileSystem", "Id" | "FileSystemId")
            | ("AWS::ServiceDiscovery::PrivateDnsNamespace", "Id")
            | ("AWS::ServiceDiscovery::PublicDnsNamespace", "Id")
            | ("AWS::ServiceDiscovery::HttpNamespace", "Id")
            | ("AWS::ApiGatewayV2::Api", "ApiId")
            | ("AWS::ApiGateway::RestApi", "RestApiId")
            | ("AWS::ApiGatewayV2::VpcLink", "VpcLinkId")
            | ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerArn")
            | ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupArn")
            | ("AWS::ElasticLoadBalancingV2::Listener", "ListenerArn")
            | ("AWS::ECS::Service", "ServiceArn")
            | ("AWS::ECS::TaskDefinition", "TaskDefinitionArn")
            | ("AWS::SecretsManager::Secret", "Id")
            | ("AWS::EC2::VPCEndpoint", "Id")
    )
}

/// Attributes by which others reach it: host names and URLs.
fn address(
    world: &World<'_>,
    stack: usize,
    resource: usize,
    attribute: &str,
    depth: usize,
) -> Option<Evaluated> {
    let kind = world.declared(stack, resource)?.kind.as_str();
    let here = world.environment(stack);
    Some(match (kind, attribute) {
        ("AWS::ECR::Repository", "RepositoryUri") => {
            let region = told(here.region.is_some(), here.region(), "the region");
            let account = told(here.account.is_some(), here.account(), "the account");
            let text = |text: &str| Evaluated::text(text);
            let name = name(world, stack, resource, depth);
            let (ecr, dot, slash) = (text(".dkr.ecr."), text("."), text("/"));
            written(&[&account, &ecr, &region, &dot, &text(here.suffix()), &slash, &name])
        }
        (
            "AWS::ElasticLoadBalancingV2::LoadBalancer" | "AWS::ElasticLoadBalancing::LoadBalancer",
            "DNSName",
        ) => host(world, stack, resource, "elb.amazonaws.com"),
        ("AWS::CloudFront::Distribution", "DomainName") => {
            host(world, stack, resource, "cloudfront.net")
        }
        ("AWS::RDS::DBInstance" | "AWS::RDS::DBCluster", "Endpoint.Address") => {
            host(world, stack, resource, "rds.amazonaws.com")
        }
        ("AWS::RDS::DBCluster", "ReadEndpoint.Address") => {
            host(world, stack, resource, "ro.rds.amazonaws.com")
        }
        ("AWS::ApiGatewayV2::Api", "ApiEndpoint") => {
            let (id, text) = (label(world, stack, resource), |text: &str| Evaluated::text(text));
            let region = told(here.region.is_some(), here.region(), "the region");
            let end = text(&format!(".{}", here.suffix()));
            written(&[&text("https://"), &id, &text(".execute-api."), &region, &end])
        }
        _ => return None,
    })
}

fn told(known: bool, text: &str, what: &str) -> Evaluated {
    let reason = format!("depends on {what}, which no source says");
    if known { Evaluated::text(text) } else { Evaluated::symbol(text, &reason, false) }
}

/// Attributes that are known by their names alone: ids and ARNs are stand-ins, all else is what
/// AWS gives.
fn other(
    world: &World<'_>,
    stack: usize,
    resource: usize,
    attribute: &str,
    depth: usize,
) -> Evaluated {
    let Some(declared) = world.declared(stack, resource) else { return Evaluated::nothing() };
    if let Some(own) = property(world, stack, resource, &[attribute], depth) {
        return own;
    }
    let id = ["Id", "Arn", "ARN", "Group", "Acl", "Name", "Domain", "Url", "URL", "Alias"];
    if id.iter().any(|end| attribute.ends_with(end)) {
        return stand_in(world, stack, resource, &format!(".{attribute}"));
    }
    let name = &declared.name;
    Evaluated::unknown(format!("is `{attribute}` of `{name}`, which is known once it is made"))
}

/// The type of a declared resource.
pub(super) fn type_of(world: &World<'_>, stack: usize, resource: usize) -> Type {
    of(world.declared(stack, resource).map_or("", |declared| declared.kind.as_str()))
}

/// The groups to which resources of their own add egress rules, by id.
pub(super) fn groups_with_egress(world: &World<'_>) -> std::sync::Arc<BTreeSet<String>> {
    if let Some(known) = world.egress.borrow().as_ref() {
        return known.clone();
    }
    let mut found = BTreeSet::new();
    for stack in 0..world.stacks.len() {
        let all = world.template(stack).map_or(&[][..], |template| template.resources.as_slice());
        for (resource, declared) in all.iter().enumerate() {
            if declared.kind == "AWS::EC2::SecurityGroupEgress" {
                let group = property(world, stack, resource, &["GroupId"], 0);
                found.extend(group.and_then(|group| group.as_text()));
            }
        }
    }
    let found = std::sync::Arc::new(found);
    *world.egress.borrow_mut() = Some(found.clone());
    found
}
