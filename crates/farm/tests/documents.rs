//! The pages and the schema in `docs/`, which are made from the types.
//!
//! `FARMGATE_BLESS=1 cargo test -p farmgate-farm` writes them anew.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use farmgate_farm::{farm, page, schema};

fn compare(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if std::env::var_os("FARMGATE_BLESS").is_some() {
        std::fs::write(path, made).unwrap();
    } else {
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == made, "docs/{name} is stale: FARMGATE_BLESS=1 writes it anew");
    }
}

#[test]
fn the_page_is_fresh() {
    compare("farm-file.md", &page::page());
}

#[test]
fn the_schema_is_fresh() {
    compare("farm.schema.json", &schema::text());
}

#[test]
fn the_example_on_the_page_is_read() {
    if let Err(problems) = farm::read(page::EXAMPLE, &[]) {
        let drawn = problems.iter().map(|it| it.render("example.yaml", page::EXAMPLE, false));
        panic!("{}", drawn.collect::<Vec<_>>().join("\n"));
    }
}
