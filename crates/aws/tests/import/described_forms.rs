//! What `aws` prints, in the forms in which people keep it: answers one after the other in a file,
//! pages without the last, refusals that are answers, lists with nothing in them, and files that
//! PowerShell wrote.

use farmgate_aws::import::{Input, import};
use farmgate_aws::model::{Key, Model, Val};
use serde_json::{Value, json};

use crate::described::{VPC, described, groups, subnets, tables, vpcs};
use crate::plans::key;

const LB: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/lb/50dc6c495c0c9188";

fn asked(service: &str, operation: &str, parameters: &Value, answer: &Value) -> Value {
    let mut document = json!({ "farmgateRequest": { "service": service, "operation": operation,
        "region": "eu-west-1", "account": "123456789012", "parameters": parameters } });
    for (name, value) in answer.as_object().expect("members") {
        document[name] = value.clone();
    }
    document
}

fn refused(service: &str, operation: &str, parameters: &Value, code: &str) -> Value {
    let error = json!({ "farmgateError": { "code": code, "message": "no" } });
    asked(service, operation, parameters, &error)
}

fn missing(model: &Model) -> String {
    let told = model.warnings.iter().filter(|warning| warning.code == "describe-missing");
    told.map(|warning| warning.text.as_str()).collect::<Vec<_>>().join("\n")
}

fn balancer() -> Value {
    json!({ "LoadBalancers": [{ "LoadBalancerArn": LB, "LoadBalancerName": "lb", "Type": "application",
        "Scheme": "internet-facing", "VpcId": VPC, "SecurityGroups": ["sg-1"],
        "AvailabilityZones": [{ "SubnetId": "subnet-1" }], "State": { "Code": "active" } }] })
}

#[test]
fn answers_one_after_the_other_are_one_source_with_places() {
    let text = format!("{:#}\n{:#}\n\n{}\n", vpcs(), subnets(), tables());
    let model = import(&[Input { name: "all.json", bytes: text.as_bytes() }]).expect("is read");
    assert_eq!(model.sources.len(), 1);
    assert_eq!(model.sources[0].name, "all.json");
    assert!(model.vpcs.contains_key(VPC) && model.subnets.len() == 2);
    let origin = farmgate_aws::model::Origin::of(&key("subnet-1"));
    let line = model.location(&origin).expect("a place").line as usize;
    let shown: Vec<&str> = text.lines().collect();
    let item = shown[line - 1..line + 12].join(" ");
    assert!(item.contains("\"subnet-1\""), "line {line}: {item}");
    // What is no JSON behind an object is still told of, with its place.
    let broken = format!("{}\nnext: 1", vpcs());
    let error = import(&[Input { name: "x", bytes: broken.as_bytes() }]).expect_err("is refused");
    assert!(error[0].message.contains("line 2, column 1"), "{}", error[0].message);
}

#[test]
fn what_powershell_writes_is_read() {
    let text = format!("{:#}\r\n", vpcs());
    let wide = text.encode_utf16().flat_map(u16::to_le_bytes);
    let bytes: Vec<u8> = [0xff, 0xfe].into_iter().chain(wide).collect();
    let model = import(&[Input { name: "vpcs.json", bytes: &bytes }]).expect("is read");
    assert!(model.vpcs.contains_key(VPC));
}

#[test]
fn a_page_that_is_missing_leaves_open_what_it_may_show() {
    let mut first = tables();
    first["NextToken"] = "eyJOZXh0".into();
    let model = described(&[vpcs(), subnets(), groups(), first.clone()]);
    // Its own table may be on the next page.
    let table = &model.subnets[&key("subnet-2")].route_table;
    let note = table.missing().expect("not known").to_string();
    assert!(note.contains("of which the last page isn't there"), "{note}");
    assert!(missing(&model).contains("isn't all that `aws ec2 describe-route-tables` prints"));
    // With its last page it is whole.
    let model = described(&[vpcs(), subnets(), groups(), first, json!({ "RouteTables": [] })]);
    let table = &model.subnets[&key("subnet-2")].route_table;
    assert_eq!(*table, Val::Known(Some(key("rtb-main"))));
    assert!(!missing(&model).contains("isn't all"), "{}", missing(&model));
}

#[test]
fn nothing_is_missing_of_what_there_is_none() {
    let none = |service: &str, operation: &str, member: &str| {
        asked(service, operation, &json!({}), &json!({ member: [] }))
    };
    let empty = [
        none("ecs", "list-clusters", "clusterArns"),
        none("elbv2", "describe-load-balancers", "LoadBalancers"),
        none("elbv2", "describe-target-groups", "TargetGroups"),
        none("apigatewayv2", "get-apis", "Items"),
        none("apigateway", "get-rest-apis", "items"),
    ];
    let mut all = vec![vpcs(), subnets(), groups(), tables()];
    all.extend(empty);
    let told = missing(&described(&all));
    assert!(told.contains("`aws ec2 describe-network-acls`"), "{told}");
    for call in ["ecs ", "elbv2 ", "apigateway"] {
        assert!(!told.contains(call), "{told}");
    }
    // A load balancer has targets, though nothing runs them in ECS.
    let all = [balancer(), none("ecs", "list-clusters", "clusterArns")];
    let told = missing(&described(&all));
    assert!(told.contains("describe-target-groups") && !told.contains("ecs "), "{told}");
}

#[test]
fn refusals_that_say_that_there_is_none_are_answers() {
    let of = json!({ "ResourceArn": LB });
    let model = described(&[
        balancer(),
        refused("wafv2", "get-web-acl-for-resource", &of, "WAFNonexistentItemException"),
        refused("waf-regional", "get-web-acl-for-resource", &of, "Unreachable"),
        refused("securityhub", "describe-hub", &json!({}), "InvalidAccessException"),
    ]);
    assert!(model.waf.is_empty(), "{:?}", model.waf);
    assert!(model.detection.lists("aws_securityhub_account"));
    // What was denied is none of these.
    let model = described(&[
        balancer(),
        refused("wafv2", "get-web-acl-for-resource", &of, "AccessDeniedException"),
        refused("securityhub", "describe-hub", &json!({}), "AccessDeniedException"),
    ]);
    let association = model.waf.values().next().expect("one that isn't known");
    assert!(association.web_acl.missing().expect("not known").contains("`AccessDeniedException`"));
    assert!(!model.detection.lists("aws_securityhub_account"));
}

#[test]
fn a_web_acl_of_waf_classic_is_one() {
    let of = json!({ "ResourceArn": LB });
    let none = asked("wafv2", "get-web-acl-for-resource", &of, &json!({}));
    let classic = |answer: &Value| asked("waf-regional", "get-web-acl-for-resource", &of, answer);
    let summary = json!({ "WebACLSummary": { "WebACLId": "a-b-c", "Name": "old" } });
    let model = described(&[balancer(), none.clone(), classic(&summary)]);
    let association = model.waf.values().next().expect("one");
    assert_eq!(association.resource.get(), Some(&key(LB)));
    assert!(association.web_acl.missing().expect("not known").contains("AWS WAF Classic"));
    let asked = "aws_wafregional_web_acl_association";
    let model = described(&[balancer(), none.clone(), classic(&json!({}))]);
    assert!(model.waf.is_empty() && model.detection.lists(asked));
    let denied = refused("waf-regional", "get-web-acl-for-resource", &of, "AccessDeniedException");
    let model = described(&[balancer(), none, denied]);
    assert!(model.waf.is_empty() && !model.detection.lists(asked));
}

#[test]
fn what_secrets_are_encrypted_with() {
    const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/1";
    let secret =
        |name: &str| format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{name}-AbCdEf");
    let shown = |manager: &str, id: &str| {
        let arn = format!("arn:aws:kms:eu-west-1:123456789012:key/{id}");
        let metadata = json!({ "KeyMetadata": { "KeyId": id, "Arn": arn, "KeyManager": manager } });
        let named = if id == "1" { "alias/own" } else { arn.as_str() };
        asked("kms", "describe-key", &json!({ "KeyId": named }), &metadata)
    };
    let policy = asked(
        "kms",
        "get-key-policy",
        &json!({ "KeyId": KEY, "PolicyName": "default" }),
        &json!({ "Policy": "{\"Version\":\"2012-10-17\",\"Statement\":[]}", "PolicyName": "default" }),
    );
    let model = described(&[
        json!({ "SecretList": [
            { "ARN": secret("plain"), "Name": "plain" },
            { "ARN": secret("own"), "Name": "own", "KmsKeyId": "alias/own", "RotationEnabled": true },
            { "ARN": secret("aws"), "Name": "aws", "KmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/2" },
            { "ARN": secret("far"), "Name": "far", "KmsKeyId": "arn:aws:kms:eu-west-1:210987654321:key/3" },
        ] }),
        json!({ "Parameters": [
            { "Name": "/clear", "Type": "String", "ARN": "arn:aws:ssm:eu-west-1:123456789012:parameter/clear" },
            { "Name": "/own", "Type": "SecureString", "KeyId": "alias/own",
                "ARN": "arn:aws:ssm:eu-west-1:123456789012:parameter/own" },
            { "Name": "/aws", "Type": "SecureString", "KeyId": "alias/aws/ssm",
                "ARN": "arn:aws:ssm:eu-west-1:123456789012:parameter/aws" },
        ] }),
        shown("CUSTOMER", "1"),
        shown("AWS", "2"),
        policy,
    ]);
    let with = |name: &str| model.encrypted[&Key::new(name)].clone();
    let parameter =
        |name: &str| with(&format!("arn:aws:ssm:eu-west-1:123456789012:parameter/{name}"));
    assert_eq!(with(&secret("plain")), Val::Known(None));
    assert_eq!(with(&secret("own")), Val::Known(Some(key(KEY))));
    assert_eq!(with(&secret("aws")), Val::Known(None));
    let far = Some(key("arn:aws:kms:eu-west-1:210987654321:key/3"));
    assert_eq!(with(&secret("far")), Val::Known(far));
    assert_eq!(parameter("clear"), Val::Known(None));
    assert_eq!(parameter("own"), Val::Known(Some(key(KEY))));
    assert_eq!(parameter("aws"), Val::Known(None));
    let found = &model.resource_policies[&key(KEY)];
    assert!(matches!(found.policy.document, Val::Known(_)), "{found:?}");
    // What the list of secrets says of rotation is no assumption.
    assert_eq!(model.secrets[&Key::new(&secret("plain"))].rotates, Val::Known(false));
    assert_eq!(model.secrets[&Key::new(&secret("own"))].rotates, Val::Known(true));
}

#[test]
fn tags_that_another_call_prints() {
    let tag = json!([{ "Key": "Team", "Value": "data" }, { "Key": "aws:cloudformation:x", "Value": "y" }]);
    for document in [
        json!({ "TagDescriptions": [{ "ResourceArn": LB, "Tags": tag }] }),
        json!({ "PaginationToken": "", "ResourceTagMappingList": [{ "ResourceARN": LB, "Tags": tag }] }),
    ] {
        let model = described(&[balancer(), document]);
        let tags = &model.load_balancers[&key(LB)].tags;
        assert_eq!(tags.iter().collect::<Vec<_>>(), [(&"Team".to_owned(), &"data".to_owned())]);
        assert!(!missing(&model).contains("isn't all"), "{}", missing(&model));
    }
}

/// Advanced selectors are not read, and a trail that has them is not taken to record everything.
#[test]
fn a_trail_with_advanced_selectors_is_not_known_to_record() {
    let arn = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/all";
    let trails = json!({ "trailList": [{ "Name": "all", "TrailARN": arn }] });
    let selectors = |advanced: Value| {
        let selectors =
            json!({ "TrailARN": arn, "EventSelectors": [], "AdvancedEventSelectors": advanced });
        let model = described(&[
            asked("cloudtrail", "describe-trails", &json!({}), &trails),
            asked("cloudtrail", "get-event-selectors", &json!({ "TrailName": arn }), &selectors),
        ]);
        let trail = model.detection.trails.values().next().expect("a trail");
        trail.management.clone()
    };
    assert_eq!(selectors(json!([])), Val::Known(true));
    let fields = json!([{ "Field": "eventCategory", "Equals": ["Data"] }]);
    let found = selectors(json!([{ "Name": "data", "FieldSelectors": fields }]));
    assert!(matches!(found, Val::Unknown(_)), "{found:?}");
}
