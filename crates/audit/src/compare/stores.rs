//! Settings of what keeps images, logs, secrets and parameters.

use farmgate_aws::model::{Key, LogGroup, Parameter, RegistryScanning, Repository, Secret, Val};

use super::diff::{Diff, Item};

impl Item for Repository {
    const KIND: &'static str = "repository";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        // Who makes it, and what else there is, is a matter of the sources.
        let Self { key: _, name, url, managed: _, others_run: _, immutable, scan_on_push } = left;
        diff.val("name", name, &right.name);
        diff.late("url", url, &right.url);
        diff.val("immutable", immutable, &right.immutable);
        diff.val("scan_on_push", scan_on_push, &right.scan_on_push);
    }
}

impl Item for RegistryScanning {
    const KIND: &'static str = "registry scanning";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key: _, filters } = left;
        diff.val("filters", filters, &right.filters);
    }
}

impl Item for LogGroup {
    const KIND: &'static str = "log group";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        // What names it is compared where it is written.
        let Self { key: _, name, retention, named: _ } = left;
        diff.val("name", name, &right.name);
        diff.val("retention", retention, &right.retention);
    }
}

/// The keys of KMS; AWS's own where none is said.
fn encryption(diff: &mut Diff<'_>, left: &Key, right: &Key) {
    let of_aws = Val::Known(None);
    let names = diff.names;
    let own = names.left.encrypted.get(left).unwrap_or(&of_aws);
    diff.val("KMS key", own, names.right.encrypted.get(right).unwrap_or(&of_aws));
}

impl Item for Secret {
    const KIND: &'static str = "secret";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        let Self { key, name, rotates } = left;
        encryption(diff, key, &right.key);
        diff.val("name", name, &right.name);
        diff.val("rotates", rotates, &right.rotates);
    }
}

impl Item for Parameter {
    const KIND: &'static str = "parameter";

    fn compare(diff: &mut Diff<'_>, left: &Self, right: &Self) {
        // Where its value is written says nothing of what is made.
        let Self { key, name, kind, written: _ } = left;
        encryption(diff, key, &right.key);
        diff.val("name", name, &right.name);
        diff.val("kind", kind, &right.kind);
    }
}
