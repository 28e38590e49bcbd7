//! Any texts as saved output of `aws ... describe-*`: they are read together and lowered, or refused
//! in words; nothing panics.
//!
//! The input holds up to eight texts, each behind a byte of zero.

#![no_main]

use farmgate_aws::import::{Input, import};
use farmgate_aws::network::Lowered;
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 8] =
    ["a.json", "b.json", "c.json", "d.json", "e.json", "f.json", "g.json", "h.json"];

fuzz_target!(|bytes: &[u8]| {
    let texts = bytes.split(|byte| *byte == 0);
    let inputs: Vec<Input<'_>> =
        NAMES.iter().zip(texts).map(|(name, bytes)| Input { name, bytes }).collect();
    match import(&inputs) {
        Ok(model) => {
            let _ = Lowered::new(&model);
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
