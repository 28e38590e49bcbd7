//! Any bytes as a Terraform plan or state: they are read and lowered, or refused in words; nothing
//! panics.

#![no_main]

use farmgate_aws::import::{Input, import};
use farmgate_aws::network::Lowered;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let input = Input { name: "fuzz.json", bytes };
    match import(&[input]) {
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
