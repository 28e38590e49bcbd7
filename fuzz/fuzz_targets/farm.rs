//! Any text as a farm file: every problem in it is named, or it is a farm, and then it comes to a
//! design, a model and a module without a panic.

#![no_main]

use farmgate_aws::{design::Design, emit, lower};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|source: &str| {
    match farmgate_farm::farm::read(source, &["listener-open-to-world"]) {
        Err(problems) => assert!(!problems.is_empty(), "refused without a reason"),
        Ok(farm) => {
            let design = Design::of(&farm);
            let model = lower::model(&design, &|at| (String::new(), at));
            assert!(model.services.contains_key("gate"));
            assert!(emit::terraform::module(&design).contains_key("gate.tf"));
        }
    }
});
