//! The blueprints, compiled in.

use farmgate_farm::diagnostic::{self, listed, quoted};

use crate::problem::{Failure, Problem};

/// A ready farm.
pub(super) struct Blueprint {
    /// Its name, which is its folder's in `blueprints/`.
    pub(super) name: &'static str,
    /// Its `farm.yaml`.
    pub(super) farm: &'static str,
    /// Its overlays: name and text.
    pub(super) overlays: &'static [(&'static str, &'static str)],
}

/// What is in a folder of `blueprints/`.
macro_rules! blueprint {
    ($name:literal $(, $overlay:literal)*) => {
        Blueprint {
            name: $name,
            farm: include_str!(concat!("../../../../blueprints/", $name, "/farm.yaml")),
            overlays: &[$((
                $overlay,
                include_str!(concat!("../../../../blueprints/", $name, "/farm.", $overlay, ".yaml")),
            )),*],
        }
    };
}

/// All of them; the first is what `init` takes by itself.
const ALL: [Blueprint; 4] = [
    blueprint!("quickstart"),
    blueprint!("mcp-farm"),
    blueprint!("mem-brain", "existing"),
    blueprint!("bus-simulator"),
];

/// The farm file with which `init` and `up` begin by themselves.
pub(crate) fn quickstart() -> &'static str {
    let [first, ..] = &ALL;
    first.farm
}

/// The blueprint of this name.
pub(super) fn find(name: Option<&str>) -> Result<&'static Blueprint, Failure> {
    let [first, ..] = &ALL;
    let Some(name) = name else {
        return Ok(first);
    };
    ALL.iter().find(|blueprint| blueprint.name == name).ok_or_else(|| {
        let names = || ALL.iter().map(|blueprint| blueprint.name);
        let help = match diagnostic::nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", listed(names())),
        };
        Failure::input(vec![Problem::Plain {
            code: "unknown-blueprint",
            file: None,
            message: format!("no blueprint is called {}", quoted(name)),
            help: Some(help),
        }])
    })
}
