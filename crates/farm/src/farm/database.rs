//! `databases:`.

use crate::record::{Number, choice, record};
use crate::word::{Arn, Duration, Port, Text};

record! {
    /// A database of RDS. It is encrypted, takes TLS only, has no public address, and its password
    /// is made and rotated by RDS in Secrets Manager; none of this can be turned off.
    Database {
        /// What it is.
        engine: Engine;
        /// Its major version; RDS's default if absent.
        version: Option<Text> = None;
        /// Where it listens; 5432 if absent.
        port: Port = Number(5432);
        /// The instance's class.
        instance: Text = default_instance();
        /// Its size in GiB.
        storage: Number<20, 65536> = Number(20);
        /// The name of the database in it; the farm's own name for it, with underscores, if absent.
        name: Option<Text> = None;
        /// Whether a second instance stands by in another zone.
        multi_az: bool = true;
        /// For how long backups are kept: 1 to 35 days.
        backups: Duration = Duration::days(7);
        /// Whether it is protected from deletion.
        deletion_protection: bool = true;
        /// The KMS key that encrypts it; AWS's own if absent.
        kms_key: Option<Arn> = None;
    }
}

choice! {
    /// A database engine.
    Engine {
        /// PostgreSQL.
        Postgres = "postgres",
    }
}

fn default_instance() -> Text {
    Text::of("db.t4g.medium")
}
