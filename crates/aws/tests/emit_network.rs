//! The network half of the emitted Terraform.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

use farmgate_aws::design::Design;
use farmgate_aws::emit::terraform;

fn design(source: &str) -> Design {
    let farm = farmgate_farm::farm::read(source, &["listener-open-to-world"]);
    Design::of(&farm.unwrap_or_else(|problems| panic!("{problems:#?}")))
}

/// Writes the module of the farm file that `FARMGATE_DUMP` names to the folder `FARMGATE_DUMP_TO`.
#[test]
#[ignore = "by hand, to look at a module"]
fn dump() {
    let (from, to) = (std::env::var("FARMGATE_DUMP"), std::env::var("FARMGATE_DUMP_TO"));
    let to = std::path::PathBuf::from(to.expect("FARMGATE_DUMP_TO"));
    let source = std::fs::read_to_string(from.expect("FARMGATE_DUMP")).expect("a farm file");
    std::fs::create_dir_all(&to).expect("a folder");
    for (name, text) in terraform::module(&design(&source)) {
        std::fs::write(to.join(name), text).expect("a file");
    }
}
