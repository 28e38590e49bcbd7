//! Databases and Cloud Map services.

use super::endpoints::default_group_at;
use super::graph::Graph;
use super::place::Place;
use super::vpc::tags;
use super::wanted::{DB_CLUSTER, DB_SUBNET_GROUP, GROUP, NAMESPACE, SUBNET};
use crate::model::{Database, DiscoveryService, Key, Model, SetVal, Val};

/// Reads databases and Cloud Map services.
pub(super) fn read(graph: &Graph, model: &mut Model) {
    for resource in graph.of(&["aws_db_instance", "aws_rds_cluster"]) {
        let database = database(&Place::top(graph, resource), model);
        model.databases.insert(database.key.clone(), database);
    }
    // A cluster is as public as any of its instances.
    for resource in graph.of(&["aws_rds_cluster_instance"]) {
        let place = Place::top(graph, resource);
        let public = place.attribute("publicly_accessible").flag(false);
        let of = place.attribute("cluster_identifier").needed(&DB_CLUSTER);
        let Some(cluster) = of.get().and_then(|key| model.databases.get_mut(key)) else {
            continue;
        };
        if cluster.public != Val::Known(true) && public != Val::Known(false) {
            cluster.public = public;
        }
    }
    for resource in graph.of(&["aws_service_discovery_service"]) {
        let service = discovery(&Place::top(graph, resource));
        model.discovery.insert(service.key.clone(), service);
    }
}

fn database(place: &Place<'_>, model: &Model) -> Database {
    let engine = place.attribute("engine").text();
    let port = place.attribute("port");
    let port = match (&engine, port.is_left_out()) {
        (_, false) => port.number(),
        (Val::Known(Some(engine)), true) => Val::Known(default_port(engine)),
        _ => Val::Unknown(port.pending()),
    };
    let subnets = subnets(place);
    let groups = place.attribute("vpc_security_group_ids");
    let given = if groups.is_left_out() { SetVal::default() } else { groups.keys(&GROUP) };
    let security_groups =
        if given == SetVal::default() { default_group_at(model, &subnets) } else { given };
    Database {
        key: place.resource.key.clone(),
        engine,
        port,
        subnets,
        security_groups,
        deletion_protection: place.attribute("deletion_protection").flag(false),
        public: place.attribute("publicly_accessible").flag(false),
        encrypted: encrypted(place),
        tags: tags(place.resource),
    }
}

/// Where nothing is written, storage is plain; but what is made of a snapshot, of another database or in
/// a cluster is as that is (`StorageEncrypted` of `CreateDBInstance`, Amazon RDS API Reference).
fn encrypted(place: &Place<'_>) -> Val<bool> {
    const INHERITS: [&str; 7] = [
        "snapshot_identifier",
        "replicate_source_db",
        "replication_source_identifier",
        "restore_to_point_in_time",
        "s3_import",
        "global_cluster_identifier",
        "engine_mode",
    ];
    let written = place.attribute("storage_encrypted");
    if !written.is_left_out() {
        return written.flag(false);
    }
    let from = INHERITS.into_iter().map(|name| place.attribute(name)).find(|it| {
        let blocks = it.value.and_then(serde_json::Value::as_array).is_some_and(Vec::is_empty);
        // The mode that all take who write none.
        !it.is_left_out() && !blocks && it.known_text().is_none_or(|text| text != "provisioned")
    });
    if let Some(from) = from {
        return Val::Unknown(from.odd("decides whether the storage is encrypted"));
    }
    let engine = place.attribute("engine").known_text().unwrap_or_default();
    if place.resource.kind == "aws_db_instance" && engine.starts_with("aurora") {
        return Val::Unknown(written.odd("is its cluster's"));
    }
    Val::Known(false)
}

/// See `Port` of <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>.
fn default_port(engine: &str) -> Option<u16> {
    const PORTS: [(&str, u16); 6] = [
        ("postgres", 5432),
        ("mysql", 3306),
        ("mariadb", 3306),
        ("oracle", 1521),
        ("sqlserver", 1433),
        ("db2", 50000),
    ];
    // `aurora` alone is Aurora for MySQL 5.6.
    let known = PORTS.iter().find(|(name, _)| engine.contains(name)).map(|(_, port)| *port);
    known.or_else(|| (engine == "aurora").then_some(3306))
}

fn subnets(place: &Place<'_>) -> SetVal<Key> {
    let name = place.attribute("db_subnet_group_name");
    if name.is_left_out() {
        return SetVal::unknown(name.odd("is not given: the default VPC's subnets"));
    }
    let graph = place.graph;
    match name.key(&DB_SUBNET_GROUP) {
        Val::Known(Some(key)) => group_subnets(graph, &key),
        Val::Assumed(Some(key), note) => {
            let mut set = group_subnets(graph, &key);
            set.assumed.get_or_insert(note);
            set
        }
        Val::OneOf(keys, note) => {
            let mut all = SetVal::unknown(note);
            for key in keys.into_iter().flatten() {
                all.maybe.extend(group_subnets(graph, &key).mentioned().cloned());
            }
            all
        }
        Val::Unknown(note) => SetVal::unknown(note),
        Val::Known(None) | Val::Assumed(None, _) => SetVal::unknown(name.odd("is not given")),
    }
}

/// The subnets of a subnet group, by key or by name.
fn group_subnets(graph: &Graph, key: &Key) -> SetVal<Key> {
    let by_name = || {
        graph
            .of_either(&["aws_db_subnet_group"])
            .find(|group| group.text("name") == Some(key.as_str()))
    };
    match graph.get(key).or_else(by_name) {
        Some(group) => Place::top(graph, group).attribute("subnet_ids").keys(&SUBNET),
        None => SetVal::unknown(super::rules::not_in_sources(key)),
    }
}

fn discovery(place: &Place<'_>) -> DiscoveryService {
    let in_dns = place.only("dns_config").map(|block| block.attribute("namespace_id"));
    let namespace = match in_dns {
        Some(attribute) if !attribute.is_left_out() => attribute,
        _ => place.attribute("namespace_id"),
    };
    let of = namespace.key(&NAMESPACE);
    let name = match &of {
        Val::Known(Some(key)) | Val::Assumed(Some(key), _) => {
            let resource = place.graph.get(key);
            let name = resource.map(|r| Place::top(place.graph, r).attribute("name").text());
            match (name, of.assumed()) {
                (Some(name), Some(note)) => super::subnets::also_assuming(name, note),
                (Some(name), None) => name,
                (None, _) => Val::Unknown(super::rules::not_in_sources(key)),
            }
        }
        Val::Known(None) | Val::Assumed(None, _) => Val::Known(None),
        Val::OneOf(_, note) | Val::Unknown(note) => Val::Unknown(note.clone()),
    };
    DiscoveryService {
        key: place.resource.key.clone(),
        name: place.attribute("name").text(),
        namespace: name,
        note: None,
    }
}
