//! Cloud Map.

use serde_json::json;

use super::folder::Region;
use super::made::{Made, Making};
use super::value::text;

/// Reads namespaces and services.
pub(super) fn read(region: &Region<'_>, making: &mut Making) {
    let mut namespaces = Vec::new();
    for item in region.items("servicediscovery list-namespaces") {
        let Some(id) = text(&item.value, "Id") else { continue };
        let kind = match text(&item.value, "Type") {
            Some("DNS_PRIVATE") => "aws_service_discovery_private_dns_namespace",
            Some("DNS_PUBLIC") => "aws_service_discovery_public_dns_namespace",
            _ => "aws_service_discovery_http_namespace",
        };
        namespaces.push(id.to_owned());
        let mut made = Made::new(kind, id, &item);
        made.copy(&item.value, &[("arn", "Arn"), ("name", "Name")]);
        making.add(made);
    }
    for item in region.items("servicediscovery list-services") {
        let Some(id) = text(&item.value, "Id") else { continue };
        let arn = text(&item.value, "Arn").unwrap_or(id);
        let mut made = Made::new("aws_service_discovery_service", arn, &item);
        made.set("id", id).set("arn", arn).copy(&item.value, &[("name", "Name")]);
        let in_dns = item.value.get("DnsConfig").and_then(|dns| text(dns, "NamespaceId"));
        let filter = item.page.request.parameters.get("Filters").and_then(|all| {
            namespaces.iter().find(|id| all.iter().any(|text| text.contains(id.as_str())))
        });
        let only = match namespaces.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        let namespace = text(&item.value, "NamespaceId").or(in_dns);
        let namespace = namespace.or_else(|| filter.or(only).map(String::as_str));
        made.set_or("namespace_id", namespace, || {
            "isn't shown: `aws servicediscovery list-services` says it only if it is asked for one \
             namespace (`--filters Name=NAMESPACE_ID,Values=...`)"
                .to_owned()
        });
        if let Some(namespace) = namespace.filter(|_| item.value.get("DnsConfig").is_some()) {
            made.set("dns_config", json!([{ "namespace_id": namespace }]));
        }
        making.add(made);
    }
}
