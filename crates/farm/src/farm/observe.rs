//! `repositories:`, `monitoring:`, `alarms:`, `rotation:` and `detection:`.

use crate::record::{Number, Spanned, record};
use crate::word::{Arn, Duration, Rate, SecretRef, Text};

record! {
    /// Repositories of ECR that the farm owns: scanned on push, with tags that can't be moved.
    Repositories {
        /// Their names, as in the images.
        create: Vec<Spanned<Text>> = Vec::new();
        /// How many images each keeps.
        keep: Number<1, 1000> = Number(10);
    }
}

record! {
    /// What is measured.
    Monitoring {
        /// Container Insights of the ECS cluster.
        container_insights: bool = true;
    }
}

record! {
    /// Alarms, which tell a topic of SNS.
    Alarms {
        /// The topic's ARN. Without it, the farm makes one.
        topic: Option<Arn> = None;
        /// Addresses that the farm's own topic tells; each has to confirm.
        email: Vec<Text> = Vec::new();
        /// Answers with a 5xx status by the load balancer or the gate, more than which is an alarm.
        errors: Option<Rate> = None;
        /// Whether an unhealthy task of the gate is an alarm.
        unhealthy: bool = true;
        /// Rejected flows, more than which is an alarm; needs flow logs.
        rejected: Option<Rate> = None;
    }
}

record! {
    /// A secret that is rotated by a function of yours, on a schedule. What RDS manages rotates by
    /// itself.
    Rotation {
        /// The secret, in Secrets Manager.
        secret: SecretRef;
        /// The function's ARN.
        function: Arn;
        /// How often: 1 to 1000 days.
        every: Duration = Duration::days(30);
    }
}

record! {
    /// Detection for the whole account: off, as an account has each of these once.
    Detection {
        /// A trail of CloudTrail for all management events, in an encrypted bucket.
        cloudtrail: bool = false;
        /// A detector of GuardDuty.
        guardduty: bool = false;
        /// Security Hub with its foundational standard.
        security_hub: bool = false;
        /// A recorder of Config.
        config: bool = false;
    }
}
