//! The standard output: locked, buffered, with colours where they are wanted.
//!
//! Whoever stops reading early (`farmgate check plan.json | head`) is no error: the rest is not
//! written, and the exit code stays what it was to be.

use std::io::{self, BufWriter, Write};

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;

use crate::args::Color;
use crate::problem::{Failure, Problem};

/// The width of what is no terminal.
const PIPED: usize = 100;

/// The width of texts: the terminal's within reason, or 100 columns.
#[must_use]
pub fn width() -> usize {
    let terminal = terminal_size::terminal_size_of(io::stdout());
    terminal.map_or(PIPED, |(width, _)| usize::from(width.0).clamp(50, 140))
}

/// Writes a text that may hold colours.
///
/// # Errors
/// If it can't be written.
pub fn text(text: &str, color: Color) -> Result<(), Failure> {
    let stdout = AutoStream::new(io::stdout().lock(), choice(color));
    finish(write_text(BufWriter::new(stdout), text))
}

/// Writes a value as JSON, for reading.
///
/// # Errors
/// If it can't be written.
pub fn json<T: Serialize>(value: &T) -> Result<(), Failure> {
    finish(write_json(BufWriter::new(io::stdout().lock()), value))
}

/// What `anstream` calls the choice.
pub(crate) fn choice(color: Color) -> ColorChoice {
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
}

fn write_text(mut to: impl Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.flush()
}

fn write_json<T: Serialize>(mut to: impl Write, value: &T) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut to, value)?;
    to.write_all(b"\n")?;
    to.flush()
}

fn finish(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::environment(vec![Problem::Plain {
            code: "cannot-write",
            file: None,
            message: format!("the standard output can't be written: {error}"),
            help: None,
        }])),
    }
}
