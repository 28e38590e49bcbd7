//! `farmgate build`: from a farm file to a Terraform module.

pub mod folder;

use crate::args::{Build, Color};
use crate::exit::Exit;
use crate::problem::Failure;

/// Builds.
///
/// # Errors
/// If the farm is wrong or incomplete, or the folder can't be written.
pub fn run(_args: &Build, _color: Color) -> Result<Exit, Failure> {
    Ok(Exit::Fine)
}
