//! For what each a call is made: out of an answer, the parameters of the calls that follow from it.

use serde_json::{Map, Value, json};

/// The parameters of a call, in the names of the API.
pub(super) type Parameters = Map<String, Value>;

/// What was asked and answered.
pub(super) struct Answered<'a> {
    pub(super) region: &'a str,
    pub(super) parameters: &'a Parameters,
    pub(super) answer: &'a Value,
}

/// The parameters that follow from an answer, one set for each call.
pub(super) type Each = fn(&Answered<'_>) -> Vec<Parameters>;

/// What the members of a list say under a name.
fn texts<'a>(answer: &'a Value, list: &str, name: &str) -> impl Iterator<Item = &'a str> {
    let name = name.to_owned();
    items(answer, list).filter_map(move |item| item.get(&name)?.as_str())
}

fn items<'a>(answer: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    answer.get(list).and_then(Value::as_array).into_iter().flatten()
}

fn one(name: &str, value: &str) -> Parameters {
    std::iter::once((name.to_owned(), Value::from(value))).collect()
}

/// One call for each member of a list.
fn ones(answered: &Answered<'_>, list: &str, member: &str, name: &str) -> Vec<Parameters> {
    texts(answered.answer, list, member).map(|text| one(name, text)).collect()
}

pub(super) fn vpc(answered: &Answered<'_>) -> Vec<Parameters> {
    ones(answered, "Vpcs", "VpcId", "VpcId")
}

pub(super) fn prefix_list(answered: &Answered<'_>) -> Vec<Parameters> {
    ones(answered, "PrefixLists", "PrefixListId", "PrefixListId")
}

pub(super) fn load_balancer(answered: &Answered<'_>) -> Vec<Parameters> {
    ones(answered, "LoadBalancers", "LoadBalancerArn", "LoadBalancerArn")
}

pub(super) fn listener(answered: &Answered<'_>) -> Vec<Parameters> {
    ones(answered, "Listeners", "ListenerArn", "ListenerArn")
}

pub(super) fn target_group(answered: &Answered<'_>) -> Vec<Parameters> {
    ones(answered, "TargetGroups", "TargetGroupArn", "TargetGroupArn")
}

pub(super) fn api(answered: &Answered<'_>) -> Vec<Parameters> {
    ones(answered, "Items", "ApiId", "ApiId")
}

pub(super) fn rest_api(answered: &Answered<'_>) -> Vec<Parameters> {
    ones(answered, "items", "id", "restApiId")
}

pub(super) fn repository(answered: &Answered<'_>) -> Vec<Parameters> {
    ones(answered, "repositories", "repositoryName", "repositoryName")
}

pub(super) fn function(answered: &Answered<'_>) -> Vec<Parameters> {
    ones(answered, "Functions", "FunctionName", "FunctionName")
}

pub(super) fn trail(answered: &Answered<'_>) -> Vec<Parameters> {
    ones(answered, "trailList", "TrailARN", "Name")
}

pub(super) fn trail_by_its_name(answered: &Answered<'_>) -> Vec<Parameters> {
    ones(answered, "trailList", "TrailARN", "TrailName")
}

pub(super) fn secret(answered: &Answered<'_>) -> Vec<Parameters> {
    ones(answered, "SecretList", "ARN", "SecretId")
}

/// What secrets and parameters are encrypted with. AWS's own keys are left out: what they allow, AWS
/// documents.
pub(super) fn key_in_use(answered: &Answered<'_>) -> Vec<Parameters> {
    let of_aws = |name: &&str| name.starts_with("alias/aws/") || name.contains(":alias/aws/");
    let used = texts(answered.answer, "SecretList", "KmsKeyId");
    let used = used.chain(texts(answered.answer, "Parameters", "KeyId"));
    used.filter(|name| !of_aws(name)).map(|name| one("KeyId", name)).collect()
}

/// A key of the account's own.
pub(super) fn own_key(answered: &Answered<'_>) -> Vec<Parameters> {
    let key = answered.answer.get("KeyMetadata");
    let key = key.filter(|key| key.get("KeyManager").and_then(Value::as_str) == Some("CUSTOMER"));
    let arn = key.and_then(|key| key.get("Arn")?.as_str());
    arn.map(|arn| one("KeyId", arn)).into_iter().collect()
}

pub(super) fn detector(answered: &Answered<'_>) -> Vec<Parameters> {
    let ids = items(answered.answer, "DetectorIds").filter_map(Value::as_str);
    ids.map(|id| one("DetectorId", id)).collect()
}

pub(super) fn cluster(answered: &Answered<'_>) -> Vec<Parameters> {
    let arns = items(answered.answer, "clusterArns").filter_map(Value::as_str);
    arns.map(|arn| one("cluster", arn)).collect()
}

/// As many at once as ECS takes.
fn batches(answered: &Answered<'_>, list: &str, name: &str, most: usize) -> Vec<Parameters> {
    let arns: Vec<&Value> = items(answered.answer, list).collect();
    let batch = |arns: &[&Value]| {
        let mut parameters = Parameters::new();
        if let Some(cluster) = answered.parameters.get("cluster") {
            parameters.insert("cluster".to_owned(), cluster.clone());
        }
        parameters.insert(name.to_owned(), json!(arns));
        parameters
    };
    arns.chunks(most).map(batch).collect()
}

pub(super) fn clusters(answered: &Answered<'_>) -> Vec<Parameters> {
    batches(answered, "clusterArns", "clusters", 100)
}

pub(super) fn services(answered: &Answered<'_>) -> Vec<Parameters> {
    batches(answered, "serviceArns", "services", 10)
}

pub(super) fn tasks(answered: &Answered<'_>) -> Vec<Parameters> {
    batches(answered, "taskArns", "tasks", 100)
}

/// Of services, of what they are changing to, of their task sets, and of what runs.
pub(super) fn task_definition(answered: &Answered<'_>) -> Vec<Parameters> {
    let mut found: Vec<Parameters> = Vec::new();
    let name = "taskDefinition";
    for service in items(answered.answer, "services") {
        let own = service.get(name).and_then(Value::as_str);
        let others = ["deployments", "taskSets"].map(|list| texts(service, list, name));
        let all = own.into_iter().chain(others.into_iter().flatten());
        found.extend(all.map(|arn| one(name, arn)));
    }
    found.extend(texts(answered.answer, "tasks", "taskDefinitionArn").map(|arn| one(name, arn)));
    found
}

pub(super) fn web_acl(answered: &Answered<'_>) -> Vec<Parameters> {
    let all = |item: &Value| -> Option<Parameters> {
        let mut parameters = Parameters::new();
        parameters.insert("Name".to_owned(), item.get("Name")?.clone());
        parameters.insert("Scope".to_owned(), answered.parameters.get("Scope")?.clone());
        parameters.insert("Id".to_owned(), item.get("Id")?.clone());
        Some(parameters)
    };
    items(answered.answer, "WebACLs").filter_map(all).collect()
}

/// What a regional web ACL may protect: application load balancers and stages of REST APIs. (Those of
/// HTTP APIs have none.)
pub(super) fn protected(answered: &Answered<'_>) -> Vec<Parameters> {
    let balancers = items(answered.answer, "LoadBalancers").filter_map(|item| {
        let is_application = item.get("Type")?.as_str()? == "application";
        item.get("LoadBalancerArn")?.as_str().filter(|_| is_application).map(str::to_owned)
    });
    let partition = super::place::partition(answered.region).name;
    let api = answered.parameters.get("restApiId").and_then(Value::as_str);
    let stage = |name: &str| {
        let (region, api) = (answered.region, api?);
        Some(format!("arn:{partition}:apigateway:{region}::/restapis/{api}/stages/{name}"))
    };
    let stages = texts(answered.answer, "item", "stageName").filter_map(stage);
    balancers.chain(stages).map(|arn| one("ResourceArn", &arn)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(answer: &Value, parameters: &Value, each: Each) -> Value {
        let parameters = parameters.as_object().cloned().unwrap_or_default();
        json!(each(&Answered { region: "eu-west-1", parameters: &parameters, answer }))
    }

    #[test]
    fn services_are_asked_in_tens_with_their_cluster() {
        let arns: Vec<String> = (0..12).map(|it| format!("s{it}")).collect();
        let asked = after(&json!({ "serviceArns": arns }), &json!({ "cluster": "c" }), services);
        let expected = json!([
            { "cluster": "c", "services": arns.get(..10) },
            { "cluster": "c", "services": arns.get(10..) },
        ]);
        assert_eq!(asked, expected);
        assert_eq!(after(&json!({}), &json!({}), services), json!([]));
    }

    #[test]
    fn what_a_web_acl_may_protect_is_asked_for() {
        let balancers = json!({ "LoadBalancers": [
            { "Type": "application", "LoadBalancerArn": "a" },
            { "Type": "network", "LoadBalancerArn": "n" },
        ] });
        let asked = after(&balancers, &json!({}), protected);
        assert_eq!(asked, json!([{ "ResourceArn": "a" }]));
        let stages = json!({ "item": [{ "stageName": "prod" }] });
        let asked = after(&stages, &json!({ "restApiId": "r" }), protected);
        let arn = "arn:aws:apigateway:eu-west-1::/restapis/r/stages/prod";
        assert_eq!(asked, json!([{ "ResourceArn": arn }]));
    }

    #[test]
    fn keys_are_asked_for_that_are_not_aws_s() {
        let secrets = json!({ "SecretList": [
            { "ARN": "s", "KmsKeyId": "arn:aws:kms:eu-west-1:1:key/k" },
            { "ARN": "t", "KmsKeyId": "alias/aws/secretsmanager" },
            { "ARN": "u" },
        ] });
        let asked = after(&secrets, &json!({}), key_in_use);
        assert_eq!(asked, json!([{ "KeyId": "arn:aws:kms:eu-west-1:1:key/k" }]));
        let parameters =
            json!({ "Parameters": [{ "KeyId": "alias/own" }, { "KeyId": "alias/aws/ssm" }] });
        assert_eq!(after(&parameters, &json!({}), key_in_use), json!([{ "KeyId": "alias/own" }]));
        let key = |manager: &str| json!({ "KeyMetadata": { "Arn": "k", "KeyManager": manager } });
        assert_eq!(after(&key("CUSTOMER"), &json!({}), own_key), json!([{ "KeyId": "k" }]));
        assert_eq!(after(&key("AWS"), &json!({}), own_key), json!([]));
    }

    #[test]
    fn definitions_are_those_of_services_and_of_what_runs() {
        let answer = json!({ "services": [
            { "taskDefinition": "d:2", "deployments": [{ "taskDefinition": "d:1" }] },
        ] });
        let asked = after(&answer, &json!({}), task_definition);
        assert_eq!(asked, json!([{ "taskDefinition": "d:2" }, { "taskDefinition": "d:1" }]));
    }
}
