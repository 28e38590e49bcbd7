//! `farmgate init`: a farm file to start from.

use crate::args::{Color, Init};
use crate::exit::Exit;
use crate::problem::{Failure, Problem};

/// Writes the farm file.
///
/// # Errors
/// If the file to start from is wrong, something would be overwritten, or a file can't be written.
pub fn run(args: &Init, _color: Color) -> Result<Exit, Failure> {
    Err(Failure::input(vec![Problem::Plain {
        code: "not-ready",
        file: Some(args.dir.to_string_lossy().into_owned()),
        message: "not ready".to_owned(),
        help: None,
    }]))
}
