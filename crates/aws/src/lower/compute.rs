//! Cluster, services, task definitions, scaling, the gate; databases.

use std::collections::BTreeMap;

use farmgate_farm::farm::Engine;
use farmgate_farm::word::Name;

use super::Lowering;
use crate::design::{ContainerDesign, Party, SecretSource, Task, keys};
use crate::emit::names;
use crate::model::{
    Cluster, Container, ContainerRun, Database, DiscoveryService, EcsService, Gate, GateRoute,
    Model, Mount, Note, Origin, ScalingTarget, ServiceTarget, SetVal, Tags, TaskDefinition, Val,
    Volume,
};

impl Lowering<'_> {
    pub(super) fn compute(&self, model: &mut Model) {
        let farm = &self.design.farm;
        let insights = if farm.monitoring.container_insights { "enabled" } else { "disabled" };
        let cluster = Cluster {
            key: keys::cluster(),
            name: Val::Known(Some(farm.farm.as_str().to_owned())),
            managed: true,
            container_insights: Val::Known(Some(insights.to_owned())),
        };
        model.clusters.insert(cluster.key.clone(), cluster);
        for task in &self.design.tasks {
            let definition = self.definition(task);
            model.task_definitions.insert(definition.key.clone(), definition);
            let service = self.service(task);
            model.services.insert(service.key.clone(), service);
            if task.discovered {
                let entry = DiscoveryService {
                    key: keys::discovery(&task.party),
                    name: Val::Known(Some(task.name.clone())),
                    namespace: Val::Known(Some(self.design.namespace())),
                    note: None,
                };
                model.discovery.insert(entry.key.clone(), entry);
            }
            let target = ScalingTarget {
                key: keys::scaling(&task.party),
                service: Val::Known(keys::party(&task.party)),
                min: Val::Known(task.min),
                max: Val::Known(task.max),
            };
            model.scaling_targets.insert(target.key.clone(), target);
        }
        let probe = self.definition(&self.design.probe);
        model.task_definitions.insert(probe.key.clone(), probe);
        let gate = self.gate();
        model.gates.insert(gate.key.clone(), gate);
    }

    fn service(&self, task: &Task) -> EcsService {
        let key = keys::party(&task.party);
        let front = match &task.party {
            Party::Gate => Some(Party::Ingress),
            Party::Service(name) if !task.discovered => Some(Party::Balancer(name.clone())),
            _ => None,
        };
        let container = task.containers.last().map(|container| container.name.clone());
        let target = front.map(|front| ServiceTarget {
            origin: self.origin(&key, task.at),
            target_group: Val::Known(keys::targets(&front)),
            container: container.unwrap_or_default(),
            port: Val::Known(task.port),
        });
        let registry = task.discovered.then(|| Val::Known(keys::discovery(&task.party)));
        EcsService {
            name: Val::Known(Some(task.name.clone())),
            cluster: Val::Known(Some(keys::cluster())),
            task_definition: Val::Known(Some(keys::task(&task.party))),
            desired_count: Val::Known(Some(task.desired)),
            fargate: Val::Known(true),
            subnets: self.private_subnets(),
            security_groups: SetVal::known([keys::group(&task.party)]),
            assign_public_ip: Val::Known(false),
            load_balancers: target.into_iter().collect(),
            registries: registry.into_iter().collect(),
            rolls_back: Val::Known(task.circuit_breaker),
            tags: Tags::new(),
            key,
        }
    }

    fn definition(&self, task: &Task) -> TaskDefinition {
        let party = &task.party;
        let containers = task.containers.iter().map(|container| self.container(task, container));
        TaskDefinition {
            key: keys::task(party),
            family: Val::Known(Some(names::physical(self.design, &names::words(party)))),
            network_mode: Val::Known(Some("awsvpc".to_owned())),
            containers: Val::Known(containers.collect()),
            mentions: Vec::new(),
            execution_role: Val::Known(Some(keys::execution_role(party))),
            task_role: Val::Known(Some(keys::task_role(party))),
            file_systems: Vec::new(),
            volumes: task.volumes.iter().map(|name| volume(name)).collect(),
            for_fargate: Val::Known(true),
            windows: Val::Known(false),
            pid_mode: Val::Known(None),
        }
    }

    fn container(&self, task: &Task, container: &ContainerDesign) -> Container {
        let secrets = container.secrets.iter();
        let mut log_options = BTreeMap::from([
            ("awslogs-group".to_owned(), task.log_group.clone()),
            ("awslogs-region".to_owned(), self.design.farm.region.as_str().to_owned()),
            ("awslogs-stream-prefix".to_owned(), task.name.clone()),
        ]);
        let mode = task.log_mode().iter();
        log_options.extend(mode.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Container {
            name: container.name.clone(),
            image: Some(container.image.clone()),
            essential: container.essential,
            user: Some(container.user.clone()),
            read_only: container.read_only,
            ports: container.ports.iter().map(|port| (*port, "tcp".to_owned())).collect(),
            environment: container.environment.clone(),
            secrets: secrets.map(|(name, from)| (name.clone(), self.value_from(from))).collect(),
            log_driver: Some("awslogs".to_owned()),
            log_options,
            repository_credentials: None,
            health_command: container
                .health
                .as_ref()
                .map(|it| it.command.clone())
                .unwrap_or_default(),
            run: run(container),
            unknown: undecided(container),
        }
    }

    /// A secret's `valueFrom`. The name of what RDS makes is known only once it is made.
    fn value_from(&self, source: &SecretSource) -> String {
        let managed = || self.design.arns().managed_secrets();
        match source {
            SecretSource::Arn(arn) => arn.clone(),
            SecretSource::Database(_, Some(key)) => format!("{}:{key}::", managed()),
            SecretSource::Database(_, None) => managed(),
        }
    }

    fn gate(&self) -> Gate {
        let farm = &self.design.farm;
        let key = keys::party(&Party::Gate);
        let routes = self.design.routes.iter().filter_map(|route| {
            let name: &Name = &route.server;
            let server = self.design.gate.servers.get(name.as_str())?;
            let to = keys::party(&Party::Server(name.clone()));
            let at = farm.servers.get(name).map(|it| it.at.own().start).unwrap_or_default();
            let authentication = server.authentication.iter().map(|how| how.words().to_owned());
            Some(GateRoute {
                origin: self.origin(&to, at),
                path: server.route.clone(),
                to: Val::Known(to),
                port: server.upstream.port,
                tls: server.upstream.tls,
                health_path: server.health.path.clone(),
                authentication: authentication.collect(),
                vouched: server.is_vouched(),
            })
        });
        let at = farm.gate.at.own().start;
        Gate {
            origin: Origin::at(&key, self.line(at)),
            port: self.design.gate.port,
            routes: routes.collect(),
            key,
        }
    }

    pub(super) fn data(&self, model: &mut Model) {
        let farm = &self.design.farm;
        for (name, database) in &farm.databases {
            let party = Party::Database(name.clone());
            let engine = match database.engine {
                Engine::Postgres => "postgres",
            };
            let made = Database {
                key: keys::party(&party),
                engine: Val::Known(Some(engine.to_owned())),
                port: Val::Known(u16::try_from(database.port.get()).ok()),
                subnets: self.private_subnets(),
                security_groups: SetVal::known([keys::group(&party)]),
                public: Val::Known(false),
                encrypted: Val::Known(true),
                deletion_protection: Val::Known(database.deletion_protection),
                tags: Tags::new(),
            };
            model.databases.insert(made.key.clone(), made);
        }
    }
}

/// An empty volume.
fn volume(name: &str) -> Volume {
    Volume { name: Val::Known(name.to_owned()), host_path: Val::Known(None) }
}

/// What the farm file leaves to whoever builds: an image that it doesn't name has no digest yet.
fn undecided(container: &ContainerDesign) -> BTreeMap<String, Note> {
    let pinned = container.image.contains('@');
    let note =
        || Note::from(format!("the image of `{}`, which the file doesn't name", container.name));
    (!pinned).then(|| ("image.digest".to_owned(), note())).into_iter().collect()
}

fn run(container: &ContainerDesign) -> ContainerRun {
    let mounts = container.mounts.iter().map(|(volume, (path, read_only))| Mount {
        volume: volume.clone(),
        path: path.clone(),
        read_only: *read_only,
    });
    ContainerRun {
        entry_point: container.entry_point.clone(),
        command: container.command.clone(),
        mounts: mounts.collect(),
        ..ContainerRun::default()
    }
}
