//! `farmgate print`: a farm file with its overlay merged in.

use crate::args::{Color, Print};
use crate::exit::Exit;
use crate::farm::FarmFile;
use crate::output;
use crate::problem::Failure;

/// Prints it.
///
/// # Errors
/// If a file can't be read or is wrong, or the output can't be written.
pub fn run(args: &Print) -> Result<Exit, Failure> {
    let farm = FarmFile::open(&args.farm, args.env.as_deref())?;
    output::text(&farm.merged()?, Color::Never)?;
    Ok(Exit::Fine)
}
