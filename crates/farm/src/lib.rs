//! The farm file: one document that says which MCP servers there are, who may call them and what
//! they may reach.
//!
//! Pure and synchronous: text in, a validated [`farm::Farm`] or all problems out. Reading order:
//! `yaml` (strict, with the place of everything), `diagnostic` (what is wrong, and where), `farm`
//! (the types, which are the documentation), `expect` and `accept` (lists that other files hold
//! too).

pub mod accept;
pub mod diagnostic;
pub mod expect;
pub mod farm;
pub mod gate;
pub mod record;
pub mod word;
pub mod yaml;
