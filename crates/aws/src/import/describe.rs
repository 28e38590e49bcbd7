//! What the AWS command line prints of what exists.

use super::detect::Members;
use super::terraform::Parsed;
use super::{ImportError, Refusal};

/// One document.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) name: &'a str,
    #[expect(dead_code, reason = "read by the importer that comes")]
    pub(super) members: Members<'a>,
}

/// Reads all documents together.
pub(super) fn read(documents: &[Document<'_>]) -> Result<Vec<Parsed>, Vec<ImportError>> {
    let refuse = |document: &Document<'_>| {
        Refusal::new(
            "aws-describe",
            "this looks like the output of an `aws ... describe` command, which this version does not read yet",
        )
        .help("give a Terraform plan or state instead")
        .of(document.name)
    };
    if documents.is_empty() { Ok(Vec::new()) } else { Err(documents.iter().map(refuse).collect()) }
}
