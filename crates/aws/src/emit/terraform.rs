//! The Terraform module of a farm: which files it has, and who writes which.
//!
//! Nothing in it depends on anything but the design: no time, no account, no file. A file in which
//! there would be nothing isn't there.

use std::collections::BTreeMap;

use super::hcl::File;
use super::{
    access_logs, alarms, databases, deploy_policy, detection, dns, endpoints, gate, iam, ingress,
    logs, moves, network, outputs, probe, readme, repositories, scaling, secrets, security_groups,
    servers, services, versions, waf,
};
use crate::design::Design;

/// Who writes a file.
type Writer<T> = fn(&Design) -> T;

/// The files in HCL, by name.
const HCL: &[(&str, Writer<File>)] = &[
    ("versions.tf", versions::file),
    ("network.tf", network::file),
    ("security_groups.tf", security_groups::file),
    ("endpoints.tf", endpoints::file),
    ("ingress.tf", ingress::file),
    ("access_logs.tf", access_logs::file),
    ("dns.tf", dns::file),
    ("waf.tf", waf::file),
    ("gate.tf", gate::file),
    ("servers.tf", servers::file),
    ("probe.tf", probe::file),
    ("services.tf", services::file),
    ("databases.tf", databases::file),
    ("iam.tf", iam::file),
    ("secrets.tf", secrets::file),
    ("repositories.tf", repositories::file),
    ("logs.tf", logs::file),
    ("scaling.tf", scaling::file),
    ("alarms.tf", alarms::file),
    ("detection.tf", detection::file),
    ("outputs.tf", outputs::file),
    ("moves.tf", moves::file),
];

/// The files of other kinds, by name.
const TEXTS: &[(&str, Writer<String>)] = &[("README.md", readme::text)];

/// The module: the text of each file, by name.
#[must_use]
pub fn module(design: &Design) -> BTreeMap<String, String> {
    let hcl = HCL.iter().map(|(name, write)| (*name, write(design).to_string()));
    let texts = TEXTS.iter().map(|(name, write)| (*name, write(design)));
    let files = hcl.chain(texts).filter(|(_, text)| !text.trim().is_empty());
    let mut files: BTreeMap<String, String> =
        files.map(|(name, text)| (name.to_owned(), text)).collect();
    let policies = deploy_policy::files(design, &files);
    files.extend(policies);
    files
}
