//! The argument that names prices.

use std::path::PathBuf;

/// By which prices costs are reckoned.
#[derive(Debug, Default, clap::Args)]
pub struct PricesFile {
    /// Reckon costs by the prices in this file, in place of AWS's list prices.
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
}
