//! `gate:`.

use crate::record::{Number, choice, record};
use crate::word::{Duration, Image, Rate, SecretRef, Text};

use super::container::{Architecture, GateScale, LogSettings, TaskSize};

record! {
    /// The gate: the service that authenticates, authorizes and routes every call.
    Gate {
        /// Its image: farmgate's, pinned by digest, in a registry that the tasks reach. `build`
        /// needs it; without it, `check` assumes a repository `farmgate` of ECR in this account.
        image: Option<Image> = None;
        /// How many tasks there are at least.
        min: Number<1, 1000> = Number(2);
        /// How many tasks there are at most.
        max: Number<1, 1000> = Number(6);
        /// When more are started.
        scale: GateScale, record;
        /// The secret in Secrets Manager with the gate's own keys, which `farmgate key init` makes;
        /// `secretsmanager:FARM/gate-keys` if absent.
        keys: Option<SecretRef> = None;
        /// The gate's public key, with which bridges verify what it signed. `farmgate key init`
        /// prints it. It is no secret.
        public_key: Option<Text> = None;
        /// The processor.
        architecture: Architecture = Architecture::X86;
        /// How its logs are kept, the audit among them.
        logs: Option<LogSettings> = None;
        /// How much it takes from clients. Every task of the gate counts by itself: a client that
        /// reaches N of them gets N times as much. `ingress.waf.rate` counts for all of them.
        limits: GateLimits, record;
        /// What it writes down of every call.
        audit: GateAudit, record;
        ..
        /// Its size: 256 and 512 if absent.
        size: TaskSize;
    }
}

record! {
    /// How much a gate takes from clients.
    GateLimits {
        /// Calls of one principal; more are answered with 429.
        per_principal: Rate = five_minutes(2000);
        /// Requests from one client address, with a credential or without.
        per_address: Rate = five_minutes(2000);
        /// Calls of one server, whoever makes them; unlimited if absent.
        per_server: Option<Rate> = None;
        /// Calls of one server that are under way at a time, streams among them; more wait for
        /// their turn a short while, and are then answered with 503.
        at_a_time: Number<1, 100000> = Number(1024);
        /// Those of one principal.
        at_a_time_per_principal: Number<1, 100000> = Number(256);
        /// The largest body of a request, in KiB; larger ones are answered with 413.
        body: Number<1, 65536> = Number(4096);
        /// The time that a server has for the first byte of an answer; then it is 504. A call that
        /// takes longer has to answer with a stream of events. At most `ingress.idle_timeout`.
        answer: Duration = Duration::minutes(5);
    }
}

record! {
    /// What a gate writes down of every call: one line of JSON each, chained by hash, in its logs.
    GateAudit {
        /// Whether the arguments of tools are written down. What looks like a secret is blacked out,
        /// but what it says is the callers' own: think of who reads the logs.
        arguments: bool = false;
        /// What happens to calls while lines can't be written.
        fail: AuditFailure = AuditFailure::Closed;
    }
}

choice! {
    /// What happens to calls while the audit can't be written.
    AuditFailure {
        /// They are answered with 503.
        Closed = "closed",
        /// They go on unwritten; how many is said as soon as lines can be written again.
        Open = "open",
    }
}

fn five_minutes(count: u64) -> Rate {
    Rate { count, per: Duration::minutes(5) }
}
