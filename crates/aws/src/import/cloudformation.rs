//! CloudFormation templates.

use super::terraform::Parsed;
use super::{ImportError, Refusal};

/// One template.
#[derive(Debug, Clone, Copy)]
pub(super) struct Template<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

/// Reads all templates together.
pub(super) fn read(templates: &[Template<'_>]) -> Result<Vec<Parsed>, Vec<ImportError>> {
    let refuse = |template: &Template<'_>| {
        Refusal::new(
            "cloudformation",
            "this is a CloudFormation template, which this version does not read yet",
        )
        .help("give a Terraform plan or state instead")
        .of(template.name)
    };
    if templates.is_empty() { Ok(Vec::new()) } else { Err(templates.iter().map(refuse).collect()) }
}
