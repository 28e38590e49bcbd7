//! What servers and services have in common: a container, its size, its scaling, its logs.

use std::collections::BTreeMap;

use crate::record::{Number, Spanned, Word as _, choice, record};
use crate::word::{
    Arn, Duration, Image, MountPath, Name, Reach, SecretRef, Text, User, VariableName,
};

use super::access::Permission;

record! {
    /// The size of a Fargate task; AWS offers certain pairs only.
    TaskSize {
        /// CPU units, of which 1024 are one vCPU: 256, 512, 1024, 2048, 4096, 8192 or 16384.
        cpu: Number<256, 16384> = Number(256);
        /// Memory in MiB.
        memory: Number<512, 122880> = Number(512);
    }
}

record! {
    /// The container of a server or a service.
    Container {
        /// Whether it is there at all.
        enabled: bool = true;
        /// Its image, pinned by digest. `build` needs it; without it, `check` assumes a repository
        /// `FARM/NAME` of ECR in this account.
        image: Option<Image> = None;
        /// The command, in place of the image's own.
        command: Vec<Text> = Vec::new();
        /// Environment variables. Secrets have no place here. The value `databases.NAME`, alone,
        /// stands for the host of a database of the farm.
        environment: BTreeMap<VariableName, Text> = BTreeMap::new();
        /// Environment variables that ECS fills from Secrets Manager (`secretsmanager:NAME`,
        /// `secretsmanager:NAME#KEY`), Systems Manager (`ssm:/NAME`), or with what RDS manages for a
        /// database (`databases.NAME#password`).
        secrets: BTreeMap<VariableName, Spanned<SecretRef>> = BTreeMap::new();
        /// What it may connect to, besides what every task needs in order to start: `services.NAME`,
        /// `databases.NAME`, `internet:PORT`, `CIDR:PORT`, `aws:SERVICE`.
        reaches: Vec<Spanned<Reach>> = Vec::new();
        /// What its role may do at AWS.
        permissions: Vec<Permission> = Vec::new();
        /// The processor.
        architecture: Architecture = Architecture::X86;
        /// How many tasks are started at first; `scale.min` if absent.
        desired: Option<Number<0, 5000>> = None;
        /// How many tasks there are, and when more are started.
        scale: Scale, record;
        /// Whether a deployment that fails is rolled back.
        circuit_breaker: bool = true;
        /// For how long a task may take to start before its health counts.
        grace: Duration = Duration::seconds(60);
        /// The health check that ECS runs in the container. ECS ignores a Dockerfile's own. If
        /// absent, a server's bridge checks it.
        check: Option<ContainerCheck> = None;
        /// For how long a task that goes away may finish its work; at most 120 seconds.
        drain: Duration = Duration::seconds(30);
        /// Whether the image's files cannot be changed.
        read_only_root: bool = true;
        /// Empty volumes that can be written, by name: they live and die with the task.
        tmp: BTreeMap<Name, MountPath> = BTreeMap::new();
        /// Who it runs as, as numbers.
        user: Option<Spanned<User>> = None;
        /// How its logs are kept.
        logs: Option<LogSettings> = None;
        ..
        /// Its size.
        size: TaskSize;
    }
}

choice! {
    /// A processor architecture.
    Architecture {
        /// x86, 64 bits.
        X86 = "x86_64",
        /// ARM, 64 bits (Graviton).
        Arm = "arm64",
    }
}

record! {
    /// How many tasks there are. More are started when an average is above its target.
    Scale {
        /// At least.
        min: Number<0, 5000> = Number(1);
        /// At most; `min` if absent.
        max: Option<Number<1, 5000>> = None;
        /// The target of the CPU's average use, in percent.
        cpu: Option<Number<1, 100>> = None;
        /// The target of the memory's average use, in percent.
        memory: Option<Number<1, 100>> = None;
        /// The target of requests a minute that a task gets.
        requests: Option<Number<1, 1000000>> = None;
        /// The time after tasks were stopped before more are.
        r#in: Duration = Duration::minutes(5);
        /// The time after tasks were started before more are.
        out: Duration = Duration::minutes(1);
    }
}

record! {
    /// When more tasks of the gate are started.
    GateScale {
        /// The target of the CPU's average use, in percent.
        cpu: Number<1, 100> = Number(60);
        /// The target of the memory's average use, in percent.
        memory: Option<Number<1, 100>> = None;
        /// The target of requests a minute that a task gets from the load balancer.
        requests: Option<Number<1, 1000000>> = None;
        /// The time after tasks were stopped before more are.
        r#in: Duration = Duration::minutes(5);
        /// The time after tasks were started before more are.
        out: Duration = Duration::minutes(1);
    }
}

record! {
    /// A health check that ECS runs in the container.
    ContainerCheck {
        /// The command; it is healthy if it ends with 0.
        command: Vec<Text>;
        /// The time between checks: 5 to 300 seconds.
        interval: Duration = Duration::seconds(30);
        /// The time to wait: 2 to 60 seconds.
        timeout: Duration = Duration::seconds(5);
        /// After how many failures it is unhealthy: 1 to 10.
        retries: Number<1, 10> = Number(3);
        /// The time after the start in which failures do not count; `grace` if absent. At most 300
        /// seconds.
        start_period: Option<Duration> = None;
    }
}

record! {
    /// How logs are kept, in CloudWatch Logs.
    LogSettings {
        /// For how long; one of the periods that CloudWatch Logs has.
        retention: Duration = Duration::days(30);
        /// The KMS key that encrypts them, beyond CloudWatch's own encryption.
        kms_key: Option<Arn> = None;
    }
}

/// The database whose host a variable's value stands for: of `databases.memories`, `memories`.
#[must_use]
pub fn named_database(value: &str) -> Option<Name> {
    value.strip_prefix("databases.").and_then(|name| Name::parse(name).ok())
}
