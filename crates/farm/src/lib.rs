//! The farm file: one document that says which MCP servers there are, who may call them and what
//! they may reach.
//!
//! Pure and synchronous: text in, a validated [`farm::Farm`] or all problems out. Reading order:
//! `yaml` (strict, with the place of everything), `diagnostic` (what is wrong, and where), `record`
//! (how a type is declared with its reader and its documentation), `word` (the scalars), `farm` (the
//! types, which are the documentation), `validate` (what must hold between them), `layers` (several
//! files as one), `expect` and `accept` (lists that other files hold too). `schema` and `page`
//! describe the types; `subnets`, `routes` and `waf` derive what isn't written.

pub mod accept;
pub mod carry;
pub mod diagnostic;
pub mod expect;
pub mod farm;
pub mod gate;
pub mod layers;
pub mod page;
pub mod record;
pub mod routes;
pub mod schema;
pub mod subnets;
mod validate;
pub mod waf;
pub mod word;
pub mod yaml;
