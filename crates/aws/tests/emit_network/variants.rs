//! Farms that differ from `farm.yaml` in one thing or another.

/// The farm with everything.
pub(crate) fn farm() -> String {
    let path = super::here("farm.yaml");
    std::fs::read_to_string(path).expect("the farm")
}

/// Another text in place of one that must be there.
fn with(source: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(source.to_owned(), |source, (old, new)| {
        assert!(source.contains(old), "no {old:?}");
        source.replace(old, new)
    })
}

/// The farm without one of its servers or services, and without what reaches it.
pub(crate) fn without(kind: &str, name: &str) -> String {
    let source = farm();
    let mut inside = "";
    let mut skipping = false;
    let mut lines = Vec::new();
    for line in source.lines() {
        if !line.starts_with(' ') {
            inside = line.trim_end_matches(':');
        }
        let entry = line.starts_with("  ") && !line.starts_with("   ");
        if entry || !line.starts_with(' ') {
            skipping = entry && inside == kind && line.trim() == format!("{name}:");
        }
        if !skipping {
            lines.push(line);
        }
    }
    let text = lines.join("\n");
    let word = format!("{kind}.{name}");
    text.replace(&format!(", {word}"), "")
        .replace(&format!("[{word}, "), "[")
        .replace(&format!("[{word}]"), "[]")
}

/// All farms, by name.
pub(crate) fn variants() -> Vec<(&'static str, String)> {
    let farm = farm();
    let certificate = "  tls: { certificate: \"arn:aws:acm:us-west-2:123456789012:certificate/6f1c2f5e-3f0c-4c38-9a6e-1d2b7d0c9a11\", redirect: false }\n  idle_timeout: 1h";
    let minimal = include_str!("minimal.yaml");
    let existing = "  existing:\n    vpc: vpc-0123456789abcdef0\n    nat: true\n    \
                    public_subnets:\n      - { id: subnet-0bbbbbbbbbbbbbbb1, cidr: 10.0.128.0/24, zone: a, route_table: rtb-0bbbbbbbbbbbbbbb1 }\n      \
                    - { id: subnet-0bbbbbbbbbbbbbbb2, cidr: 10.0.129.0/24, zone: b, route_table: rtb-0bbbbbbbbbbbbbbb1 }\n    \
                    private_subnets:\n      - { id: subnet-0aaaaaaaaaaaaaaa1, cidr: 10.0.0.0/20, zone: a, route_table: rtb-0aaaaaaaaaaaaaaa1 }\n      \
                    - { id: subnet-0aaaaaaaaaaaaaaa2, cidr: 10.0.16.0/20, zone: b, route_table: rtb-0aaaaaaaaaaaaaaa1 }\n";
    let network = "  cidr: 10.0.0.0/16\n  zones: 2\n  nat: one\n  flow_logs: { traffic: rejected, retention: 7d }\n";
    vec![
        ("everything", farm.clone()),
        ("minimal", minimal.to_owned()),
        (
            "internal",
            with(
                minimal,
                &[("  allow: [internet]\n", "  scheme: internal\n  allow: [10.0.0.0/8]\n")],
            ),
        ),
        ("existing", with(&farm, &[(network, existing)])),
        (
            "endpoints-none",
            with(&farm, &[("  nat: one\n", "  nat: per-zone\n  endpoints: none\n")]),
        ),
        (
            "some-endpoints",
            with(&farm, &[("  nat: one\n", "  nat: one\n  endpoints: [ecr.api, s3, sts]\n")]),
        ),
        (
            "three-zones",
            with(
                &farm,
                &[
                    ("  zones: 2\n  nat: one\n", "  zones: \"a,b,d\"\n  nat: per-zone\n"),
                    ("traffic: rejected", "traffic: all"),
                    ("geo: { allow: [US, CA] }", "geo: { block: [KP] }\n    metrics: false"),
                ],
            ),
        ),
        (
            "own-certificate",
            with(
                &farm,
                &[
                    ("  idle_timeout: 1h", certificate),
                    (", zone: Z0123456789ABCDEFGHIJ", ""),
                    ("nat: one", "nat: one\n  endpoints: auto"),
                ],
            ),
        ),
    ]
}
