//! Any texts as CloudFormation templates of several stacks: they are read and lowered, or refused in
//! words; nothing panics.
//!
//! The input holds up to four texts, each behind a byte of zero: stacks import each other's exports,
//! and nested ones are read together.

#![no_main]

use farmgate_aws::import::{Input, import};
use farmgate_aws::network::Lowered;
use libfuzzer_sys::fuzz_target;

/// The names of the texts; what a text is, its content says.
const NAMES: [&str; 4] = ["one.template.json", "two.yaml", "three.template", "manifest.json"];

fuzz_target!(|bytes: &[u8]| {
    let texts = bytes.split(|byte| *byte == 0);
    let inputs: Vec<Input<'_>> =
        NAMES.iter().zip(texts).map(|(name, bytes)| Input { name, bytes }).collect();
    match import(&inputs) {
        Ok(model) => {
            let _ = Lowered::new(&model);
            for location in model.locations.values() {
                assert!(location.line > 0 && location.column > 0, "{location}");
                assert!(NAMES.contains(&&*location.file), "{location}");
            }
        }
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a reason");
            for error in errors {
                assert!(!error.message.is_empty());
                assert!(error.message.len() < 4096, "an error quotes its whole input");
            }
        }
    }
});
