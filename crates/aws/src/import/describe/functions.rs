//! Lambda functions and their URLs.

use serde_json::{Value, json};

use super::folder::Region;
use super::made::{Made, Making};
use super::value::{arn_part, text, words};

/// Reads functions.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    for operation in ["lambda list-functions", "lambda get-function"] {
        for item in region.items(operation) {
            let Some(arn) = text(&item.value, "FunctionArn") else { continue };
            let name = text(&item.value, "FunctionName").unwrap_or(arn);
            let mut made = Made::new("aws_lambda_function", arn, &item);
            made.set("arn", arn).set("function_name", name).set("invoke_arn", invoke_arn(arn));
            let network = item
                .value
                .get("VpcConfig")
                .filter(|network| !words(network, "SubnetIds").is_empty());
            if let Some(network) = network {
                made.set(
                    "vpc_config",
                    json!([{
                        "subnet_ids": words(network, "SubnetIds"),
                        "security_group_ids": words(network, "SecurityGroupIds"),
                    }]),
                );
            }
            making.add_named(made, name);
        }
    }
    for operation in ["lambda list-function-url-configs", "lambda get-function-url-config"] {
        for item in region.items(operation) {
            let Some(arn) = text(&item.value, "FunctionArn") else { continue };
            let mut made =
                Made::new("aws_lambda_function_url", &format!("the URL of {arn}"), &item);
            made.set("function_arn", arn).set("function_name", arn).copy(
                &item.value,
                &[("authorization_type", "AuthType"), ("function_url", "FunctionUrl")],
            );
            making.add(made);
        }
    }
}

/// How API Gateway names a function.
fn invoke_arn(arn: &str) -> Value {
    let (Some(partition), Some(region)) = (arn_part(arn, 1), arn_part(arn, 3)) else {
        return Value::Null;
    };
    format!(
        "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    )
    .into()
}
