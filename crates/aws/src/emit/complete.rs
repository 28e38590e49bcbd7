//! What a farm must say before it can be built, though it can be checked and run without.

use std::ops::Range;

use farmgate_farm::diagnostic::Diagnostic;
use farmgate_farm::farm::{Container, ServerTls};

use crate::design::Design;

/// One diagnostic for each thing that a module needs and the farm doesn't say; in the farm file's
/// own places.
#[must_use]
pub fn missing(design: &Design) -> Vec<Diagnostic> {
    let farm = &design.farm;
    let gate = farm.at.key(if farm.at.has("gate") { "gate" } else { "servers" });
    let mut all = Vec::new();
    if design.account.is_none() {
        all.push(
            Diagnostic::error("account-needed", "the account is not known")
                .at(farm.at.key("region"), "")
                .help("write `account: \"123456789012\"` beside it; resources are named by it"),
        );
    }
    if farm.gate.image.is_none() {
        all.push(
            Diagnostic::error("image-needed", "the gate has no image").at(gate, "").help(
                "write farmgate's image under `gate`, as `image: REGISTRY/farmgate@sha256:...`",
            ),
        );
    }
    let servers = farm.servers.iter().map(|(name, s)| (format!("servers.{name}"), &s.container));
    let services = farm
        .services
        .iter()
        .filter(|(_, s)| s.existing.is_none())
        .map(|(name, s)| (format!("services.{name}"), &s.container));
    for (name, container) in servers.chain(services).filter(|(_, c)| c.enabled) {
        all.extend(image(&name, container));
    }
    let bridged = farm
        .servers
        .values()
        .find(|server| server.container.enabled && server.tls == ServerTls::Bridge);
    if let (Some(_), None) = (bridged, &farm.gate.public_key) {
        all.push(
            Diagnostic::error("public-key-needed", "the gate has no public key")
                .at(gate, "bridges take only what the gate signed")
                .help("`farmgate key init` makes the pair; write `public_key` under `gate`"),
        );
    }
    all
}

fn image(name: &str, container: &Container) -> Option<Diagnostic> {
    if container.image.is_some() {
        return None;
    }
    let place: &Range<usize> = container.at.own();
    let problem = Diagnostic::error("image-needed", format!("`{name}` has no image")).at(place, "");
    Some(problem.help("write its image, pinned: `image: REGISTRY/REPOSITORY@sha256:...`"))
}
