//! Farmgate's gates: ECS services one of whose containers is given a gate's configuration.
//!
//! The configuration names servers by their Cloud Map names; which ECS service answers to a name is
//! read from the registrations. Nothing is concluded from the names of resources.

use farmgate_farm::gate::{self, CONFIG_VARIABLE, Config};

use super::subnets::also_assuming;
use crate::model::{
    DiscoveryService, EcsService, Gate, GateRoute, Key, Model, Note, Origin, TaskDefinition, Val,
    Warning,
};

/// Finds the gates among the services that were read.
pub(super) fn read(model: &mut Model) {
    let mut warnings = Vec::new();
    let definitions = model.task_definitions.values();
    let found: Vec<(Key, Config)> = definitions
        .filter_map(|definition| Some((definition.key.clone(), config(definition, &mut warnings)?)))
        .collect();
    for (definition, config) in &found {
        let own = |service: &EcsService| match service.task_definition.get() {
            Some(Some(key)) => key == definition,
            _ => false,
        };
        let gates = model.services.values().filter(|service| own(service));
        let gates: Vec<Gate> =
            gates.map(|service| gate(model, service, definition, config)).collect();
        model.gates.extend(gates.into_iter().map(|gate| (gate.key.clone(), gate)));
    }
    model.warnings.extend(warnings);
}

/// The configuration in a container's environment, if there is one that can be read.
fn config(definition: &TaskDefinition, warnings: &mut Vec<Warning>) -> Option<Config> {
    let containers = definition.containers.get()?.iter();
    for text in containers.filter_map(|container| container.environment.get(CONFIG_VARIABLE)) {
        match Config::parse(text) {
            Ok(config) => return Some(config),
            Err(error) => warnings.push(Warning {
                code: "gate-configuration",
                text: format!(
                    "`{CONFIG_VARIABLE}` of {} is no configuration of a gate, so it is taken for an \
                     ordinary service: {error}",
                    definition.key
                ),
                on: Some(definition.key.clone()),
            }),
        }
    }
    None
}

fn gate(model: &Model, service: &EcsService, definition: &Key, config: &Config) -> Gate {
    let mut routes: Vec<(&String, &gate::Server)> = config.servers.iter().collect();
    routes.sort_by_key(|(name, server)| (server.priority, *name));
    let routes = routes.into_iter().map(|(name, server)| {
        let mut to = upstream(model, &server.upstream.host);
        if let Some(note) = service.task_definition.assumed() {
            to = also_assuming(to, note);
        }
        GateRoute {
            origin: Origin::at(definition, format!("{CONFIG_VARIABLE} servers.{name}")),
            path: server.route.clone(),
            to,
            port: server.upstream.port,
            tls: server.upstream.tls,
            health_path: server.health.path.clone(),
            authentication: server
                .authentication
                .iter()
                .map(|how| how.words().to_owned())
                .collect(),
            vouched: server.is_vouched(),
        }
    });
    Gate {
        key: service.key.clone(),
        origin: Origin::at(definition, CONFIG_VARIABLE),
        port: config.port,
        routes: routes.collect(),
    }
}

/// The ECS service whose tasks a host name leads to.
fn upstream(model: &Model, host: &str) -> Val<Key> {
    let (mut sure, mut maybe) = (Vec::new(), Vec::new());
    for discovery in model.discovery.values() {
        let Some(namespace) = named(discovery, host) else { continue };
        for service in model.services.values() {
            for registry in &service.registries {
                match registry {
                    Val::Known(key) | Val::Assumed(key, _) if *key == discovery.key => {
                        let notes = [registry.assumed(), namespace.as_ref()];
                        sure.push((service.key.clone(), joined(notes)));
                    }
                    Val::OneOf(keys, note) if keys.contains(&discovery.key) => {
                        maybe.push((service.key.clone(), note.clone()));
                    }
                    _ => {}
                }
            }
        }
    }
    match (sure.as_slice(), maybe.as_slice()) {
        ([(key, None)], []) => Val::Known(key.clone()),
        ([(key, Some(note))], []) => Val::Assumed(key.clone(), note.clone()),
        ([], []) => Val::Unknown(
            format!("what `{host}` is: no ECS service is registered in Cloud Map by that name")
                .into(),
        ),
        ([], [(_, note), ..]) => {
            let keys = maybe.iter().map(|(key, _)| key.clone()).collect();
            Val::OneOf(keys, format!("what `{host}` is: {note}").into())
        }
        _ => {
            let all = sure.iter().map(|(key, _)| key).chain(maybe.iter().map(|(key, _)| key));
            let note = format!("what `{host}` is: several services are registered by that name");
            Val::OneOf(all.cloned().collect(), note.into())
        }
    }
}

/// Whether a Cloud Map service is called so; with what was assumed in order to say it.
#[allow(clippy::option_option, reason = "whether, and if so under which assumption")]
fn named(discovery: &DiscoveryService, host: &str) -> Option<Option<Note>> {
    let (Some(Some(name)), Some(Some(namespace))) =
        (discovery.name.get(), discovery.namespace.get())
    else {
        return None;
    };
    let called = format!("{name}.{namespace}");
    let fits = called.eq_ignore_ascii_case(host.trim_end_matches('.'));
    fits.then(|| joined([discovery.name.assumed(), discovery.namespace.assumed()]))
}

/// Several reasons for one assumption, as one note.
fn joined(notes: [Option<&Note>; 2]) -> Option<Note> {
    match notes {
        [Some(one), Some(two)] => Some(format!("{one}; {two}").into()),
        [one, two] => one.or(two).cloned(),
    }
}
