//! Farmgate's gates: services that take connections on one port and open others to the servers of
//! their routes.
//!
//! A gate's paths are not told apart here: whoever reaches its port may ask for any of them.

use std::collections::BTreeSet;

use farmgate_net::service::ServiceSet;
use farmgate_net::topology::{Back, Forward, Front, Relay};
use farmgate_net::uncertain::Note;

use super::super::Lowered;
use super::named;
use crate::model::{Gate, GateRoute, Key, Model};

/// A service to which a route of a gate leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Led {
    /// The service.
    pub to: Key,
    /// What was assumed in order to say so.
    pub assumed: Option<Note>,
    /// What decides over whether it does, if it only may.
    pub maybe: Option<Note>,
}

impl Lowered {
    pub(super) fn add_gates(&mut self, model: &Model) {
        for (key, gate) in &model.gates {
            let own = self.interfaces_of(key).to_vec();
            let relay = Relay {
                name: key.to_string(),
                front: Front::Interfaces(own.clone()),
                back: Back::Interfaces(own),
                forwards: self.gate_forwards(model, gate),
            };
            self.add_relay(key, relay);
        }
    }

    fn gate_forwards(&self, model: &Model, gate: &Gate) -> Vec<Forward> {
        let mut seen = BTreeSet::new();
        let mut forwards = Vec::new();
        for route in &gate.routes {
            for led in led_to(model, gate, route) {
                // Two paths of one server are one way for packets.
                if !seen.insert((led.to.clone(), route.port, led.maybe.clone())) {
                    continue;
                }
                forwards.push(Forward {
                    name: gate.key.to_string(),
                    listen: ServiceSet::tcp(gate.port),
                    targets: self.interfaces_of(&led.to).to_vec(),
                    service: ServiceSet::tcp(route.port),
                    preserves_client: false,
                    assumed: led.assumed.into_iter().collect(),
                    maybe: led.maybe,
                });
            }
        }
        forwards
    }
}

/// The services to which a route of a gate leads, or may lead: any but the gate, if that is not
/// known at all.
#[must_use]
pub fn led_to(model: &Model, gate: &Gate, route: &GateRoute) -> Vec<Led> {
    if let Some(to) = route.to.get() {
        let assumed = route.to.assumed().cloned();
        return vec![Led { to: to.clone(), assumed, maybe: None }];
    }
    let others = model.services.keys().filter(|key| **key != gate.key);
    let led = others.filter_map(|key| {
        let maybe = named(&route.to, key)?;
        Some(Led { to: key.clone(), assumed: None, maybe })
    });
    led.collect()
}
