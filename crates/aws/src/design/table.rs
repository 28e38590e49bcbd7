//! Who reaches whom: the flows, as people read them.

use std::collections::BTreeMap;

use super::{Design, End, Flow};

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Whence: `internet`, `203.0.113.0/24`, `ingress`, `gate`, `servers.python`.
    pub from: String,
    /// Where to.
    pub to: String,
    /// TCP ports, in order: `80, 443`.
    pub ports: String,
    /// Why.
    pub why: String,
}

impl End {
    /// In a word.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Party(party) => party.word(),
            Self::Cidr(block) if block.prefix_len() == 0 => "internet".to_owned(),
            Self::Cidr(block) => block.to_string(),
            Self::PrefixList(id) => id.clone(),
            Self::Gateway(service) => format!("endpoints.{service}"),
        }
    }
}

impl Design {
    /// Who reaches whom: a line for each pair, in the order of the flows. Nothing else reaches
    /// anything.
    #[must_use]
    pub fn who_reaches_whom(&self) -> Vec<Row> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut flows: BTreeMap<(String, String), Vec<&Flow>> = BTreeMap::new();
        for flow in &self.flows {
            let pair = (flow.from.word(), flow.to.word());
            let of_pair = flows.entry(pair.clone()).or_default();
            if of_pair.is_empty() {
                pairs.push(pair);
            }
            of_pair.push(flow);
        }
        let rows = pairs.into_iter().map(|(from, to)| {
            let of_pair = flows.get(&(from.clone(), to.clone())).map(Vec::as_slice);
            let of_pair = of_pair.unwrap_or_default();
            let mut ports: Vec<u16> = of_pair.iter().map(|flow| flow.port).collect();
            ports.sort_unstable();
            ports.dedup();
            let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
            let mut why: Vec<&str> = Vec::new();
            for flow in of_pair {
                if !why.contains(&flow.why.as_str()) {
                    why.push(&flow.why);
                }
            }
            Row { from, to, ports: ports.join(", "), why: why.join("; ") }
        });
        rows.collect()
    }
}
