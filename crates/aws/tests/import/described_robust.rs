//! Whatever a folder of documents holds, the importer answers.

use std::path::Path;

use farmgate_aws::import::{Input, import};
use proptest::prelude::*;
use serde_json::Value;

use crate::robust::{odd, places};

/// A folder of our own with something of most families.
fn folder() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/mem-brain-as-documented/described");
    let mut names: Vec<_> = std::fs::read_dir(path)
        .expect("a folder")
        .map(|entry| entry.expect("a file").path())
        .collect();
    names.sort();
    let read = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).expect("a file");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    names.iter().map(read).collect()
}

fn try_all(documents: &[Vec<u8>]) {
    let inputs: Vec<Input<'_>> =
        documents.iter().map(|bytes| Input { name: "d.json", bytes }).collect();
    let _ = import(&inputs);
}

fn bytes(document: &Value) -> Vec<u8> {
    serde_json::to_vec(document).expect("JSON")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn values_of_other_types_do_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), odd()), 1..12)) {
        let mut documents = folder();
        for (document, place, value) in changes {
            let at = document.index(documents.len());
            let mut all = Vec::new();
            places(&documents[at], &mut Vec::new(), &mut all);
            let path = place.get(&all);
            let mut here = &mut documents[at];
            for step in path {
                here = match here {
                    Value::Array(items) => &mut items[step.parse::<usize>().expect("a number")],
                    other => &mut other[step.as_str()],
                };
            }
            *here = value;
        }
        try_all(&documents.iter().map(bytes).collect::<Vec<_>>());
    }

    #[test]
    fn documents_that_are_cut_or_missing_do_no_harm(cut in any::<prop::sample::Index>(), end in any::<prop::sample::Index>(), keep in prop::collection::vec(any::<bool>(), 40)) {
        let mut documents: Vec<Vec<u8>> = folder().iter().map(bytes).collect();
        let at = cut.index(documents.len());
        let length = end.index(documents[at].len() + 1);
        documents[at].truncate(length);
        try_all(&documents);
        let mut keep = keep.into_iter();
        documents.retain(|_| keep.next().unwrap_or(true));
        try_all(&documents);
    }
}
