//! The emulation of AWS on this machine (moto), and what is known to be wrong with it.
//!
//! It starts with `moto/sitecustomize.py`, which adds what Terraform needs and moto lacks. What is
//! left is below, as data: a test that finds a difference looks here before it blames the module.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::process::{Group, find};
use super::terraform::{Change, Failure};

/// How long it may take to start.
const LIMIT: Duration = Duration::from_secs(60);

/// An emulation of one AWS account, on loopback, for as long as this is kept.
pub(crate) struct Moto {
    url: String,
    // Dropped, and so killed, before the folder.
    _server: Group,
    _folder: TempDir,
}

impl Moto {
    /// Starts one on a free port, in which there are these Route 53 zones, by id and name, as a farm
    /// expects its own to be there.
    ///
    /// `None` if there is no moto_server; `FARMGATE_MOTO` names another than that in PATH.
    pub(crate) fn start(zones: &[(&str, &str)]) -> Result<Option<Self>, Failure> {
        let Some(program) = find("moto_server", "FARMGATE_MOTO") else {
            return Ok(None);
        };
        let folder = tempfile::Builder::new().prefix("farmgate-moto-").tempdir()?;
        let (out, err) = (folder.path().join("stdout"), folder.path().join("stderr"));
        let mut server = Group::start(&mut command(&program, zones), &out, &err)?;
        let start = Instant::now();
        loop {
            let said = [&out, &err].map(|file| fs::read_to_string(file).unwrap_or_default());
            if let Some(url) = said.iter().find_map(|said| announced(said)) {
                return Ok(Some(Self { url, _server: server, _folder: folder }));
            }
            match server.ended()? {
                // A shim of a tool that keeps several Pythons, of which none has it.
                Some(status) if status.code() == Some(127) => return Ok(None),
                None if start.elapsed() < LIMIT => std::thread::sleep(Duration::from_millis(50)),
                _ => return Err(Failure::new(format!("moto_server: {}", said.join("\n")))),
            }
        }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }
}

fn command(program: &Path, zones: &[(&str, &str)]) -> Command {
    let zones: Vec<String> = zones.iter().map(|(id, name)| format!("{id}={name}")).collect();
    let additions = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/moto");
    let mut command = Command::new(program);
    command
        .args(["-H", "127.0.0.1", "-p", "0"])
        .env("PYTHONPATH", additions)
        .env("PYTHONUNBUFFERED", "1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        .env("MOTO_ACM_VALIDATION_WAIT", "0")
        .env("FARMGATE_MOTO_ZONES", zones.join(","))
        // Ends it with the test, even with one that was killed.
        .env("FARMGATE_MOTO_UNTIL_EOF", "1");
    command
}

/// The address in ` * Running on http://127.0.0.1:37759`, once the line is whole.
fn announced(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("Running on ")?;
    let (url, _) = rest.split_once('\n')?;
    Some(url.trim().to_owned())
}

// === what is known ===

/// An attribute that moto changes, so that a second plan wants to change it back.
pub(crate) struct Known {
    pub(crate) kind: &'static str,
    pub(crate) attribute: &'static str,
    pub(crate) cause: &'static str,
}

/// What moto 5.2.1 makes of attributes, with the additions.
pub(crate) const KNOWN: &[Known] = &[
    Known {
        kind: "aws_cloudfront_distribution",
        attribute: "default_cache_behavior",
        cause: "moto gives forwarded_values, with a cache policy too",
    },
    Known {
        kind: "aws_cloudfront_distribution",
        attribute: "viewer_certificate",
        cause: "moto gives an ssl_support_method for its own certificate",
    },
    Known {
        kind: "aws_lb",
        attribute: "enforce_security_group_inbound_rules_on_private_link_traffic",
        cause: "moto does not keep it",
    },
    Known {
        kind: "aws_rds_cluster",
        attribute: "scaling_configuration",
        cause: "moto gives one to every cluster",
    },
    Known {
        kind: "aws_route53_zone",
        attribute: "vpc",
        cause: "moto does not give the networks of a private zone",
    },
    Known {
        kind: "aws_secretsmanager_secret_rotation",
        attribute: "rotation_rules",
        cause: "moto keeps days only, neither schedules nor windows",
    },
];

/// A type that moto cannot make, or makes anew each time.
pub(crate) struct Lack {
    pub(crate) kind: &'static str,
    pub(crate) cause: &'static str,
}

/// What cannot be applied on moto 5.2.1, with the additions.
pub(crate) const LACKS: &[Lack] = &[
    Lack { kind: "aws_accessanalyzer_analyzer", cause: "no such service" },
    Lack { kind: "aws_budgets_budget", cause: "ListTagsForResource is not there" },
    Lack { kind: "aws_cloudwatch_composite_alarm", cause: "PutCompositeAlarm is not there" },
    Lack {
        kind: "aws_cloudwatch_log_data_protection_policy",
        cause: "PutDataProtectionPolicy is not there",
    },
    Lack { kind: "aws_ecr_pull_through_cache_rule", cause: "its API is not there" },
    Lack { kind: "aws_ecs_account_setting_default", cause: "its API is not there" },
    Lack { kind: "aws_elasticache_replication_group", cause: "its clusters are not found" },
    Lack { kind: "aws_elasticache_serverless_cache", cause: "its API is not there" },
    Lack { kind: "aws_lb_trust_store", cause: "its API is not there" },
    Lack { kind: "aws_networkfirewall_rule_group", cause: "its API is not there" },
    Lack { kind: "aws_route53_resolver_firewall_domain_list", cause: "its API is not there" },
    Lack { kind: "aws_route53_resolver_firewall_rule_group", cause: "its API is not there" },
    Lack {
        kind: "aws_route53_resolver_query_log_config",
        cause: "ListTagsForResource does not find it",
    },
    Lack {
        kind: "aws_s3_account_public_access_block",
        cause: "the provider puts the account before the host, which is an address here",
    },
    Lack { kind: "aws_vpc_block_public_access_options", cause: "its API is not there" },
];

/// The changes that moto's known faults do not explain, with the attributes that are left.
pub(crate) fn unexplained(changes: Vec<Change>) -> Vec<Change> {
    let explain = |mut change: Change| {
        let known = |attribute: &String| {
            KNOWN.iter().any(|known| known.kind == change.kind && known.attribute == *attribute)
        };
        let update = matches!(change.actions.as_slice(), [one] if one == "update");
        let left: Vec<String> =
            change.attributes.iter().filter(|attribute| !known(attribute)).cloned().collect();
        if update && left.is_empty() && !change.attributes.is_empty() {
            return None;
        }
        change.attributes = left;
        Some(change)
    };
    changes.into_iter().filter_map(explain).collect()
}

/// Why a plan cannot be applied here, one line for each type.
pub(crate) fn lacking(plan: &Value) -> Vec<String> {
    let resources = plan["resource_changes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let used = |lack: &&Lack| resources.iter().any(|resource| resource["type"] == lack.kind);
    LACKS.iter().filter(used).map(|lack| format!("{}: {}", lack.kind, lack.cause)).collect()
}
