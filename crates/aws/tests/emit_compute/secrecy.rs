//! No secret is in a module, and nothing in it makes Terraform keep one in its state.

use super::{farms, module};

/// What holds a secret's value, or makes Terraform read or make one.
const FORBIDDEN: [&str; 14] = [
    "secret_string",
    "aws_secretsmanager_secret_version",
    "aws_secretsmanager_random_password",
    "random_password",
    "random_string",
    "tls_private_key",
    "aws_iam_access_key",
    "SecureString",
    " password ",
    "master_password",
    "data \"",
    "ephemeral \"",
    "sensitive_content",
    "provisioner",
];

#[test]
fn no_value_of_a_secret_and_nothing_that_reads_one() {
    for (farm, source) in farms() {
        for (name, text) in module(&source) {
            if !name.ends_with(".tf") {
                continue;
            }
            let code: Vec<&str> =
                text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
            for word in FORBIDDEN {
                let found = code.iter().find(|line| line.contains(word));
                assert_eq!(found, None, "{farm} {name}: {word}");
            }
        }
    }
}

/// Every secret of a container is an ARN, or what RDS tells of its own.
#[test]
fn secrets_are_named_and_not_written() {
    let mut seen = 0;
    for (_, source) in farms() {
        let module = module(&source);
        let lines = module.values().flat_map(|text| text.lines());
        for line in lines.filter(|line| line.contains("valueFrom")) {
            let value = line.split("valueFrom").nth(1).unwrap().trim_start_matches([' ', '=']);
            let value = value.trim_start_matches('"');
            let database = value.starts_with("${aws_db_instance.database[");
            let kept = ["arn:aws:secretsmanager:", "arn:aws:ssm:"];
            assert!(database || kept.iter().any(|kept| value.starts_with(kept)), "{line}");
            seen += 1;
        }
    }
    assert!(seen > 6, "{seen}");
}

/// Text of the person's is text to Terraform, whatever is in it.
#[test]
fn text_of_the_file_is_no_expression() {
    let module = module(&super::everything());
    assert!(module["servers.tf"].contains(r#""a \"quoted\" $${text} with %%{signs}""#));
}
