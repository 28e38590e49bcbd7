//! Statements, rules and reports over the model.
//!
//! Pure and synchronous: the model in, a [`report::Report`] out. Reading order: `report` (what comes
//! out), `check` (how it comes about), `prove` (statements), `rules` (findings).

pub mod accept;
pub mod baseline;
pub mod check;
pub mod compare;
pub mod credential;
pub mod diff;
pub mod explain;
pub mod fix;
mod image;
mod in_templates;
pub mod prices;
pub mod prove;
pub mod report;
pub mod rules;
