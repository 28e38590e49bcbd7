//! Farms as designs, and as models.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use farmgate_aws::design::Design;

fn design(source: &str) -> Design {
    let farm = farmgate_farm::farm::read(source, &["listener-open-to-world"]);
    let farm = farm.unwrap_or_else(|problems| panic!("{problems:#?}"));
    Design::of(&farm)
}

#[test]
fn show() {
    let Ok(path) = std::env::var("FARM") else { return };
    let design = design(&std::fs::read_to_string(path).unwrap());
    for row in design.who_reaches_whom() {
        println!("{} -> {} {} ({})", row.from, row.to, row.ports, row.why);
    }
    println!("{:#?}", Design { farm: design.farm.clone(), ..design.clone() }.endpoints);
    println!("{:#?}\n{:#?}", design.tasks, design.gate);
}
