//! A writer of HCL, the language of Terraform: a tree of its native syntax, and the tree's text.
//!
//! The text is what `terraform fmt` leaves unchanged, with lines broken as an expert breaks them.
//! The tree is built with constructors that chain; nothing here knows AWS or checks what attributes
//! a block may have.
//!
//! ```
//! use farmgate_aws::emit::hcl::{Block, File, object, raw, template};
//!
//! let file = File::new().comment("The network.").block(
//!     Block::resource("aws_vpc", "this")
//!         .attr("cidr_block", raw("var.cidr_block"))
//!         .attr("enable_dns_hostnames", true)
//!         .attr("tags", object().attr("Name", template("${var.name}-vpc"))),
//! );
//! assert_eq!(
//!     file.to_string(),
//!     "\
//! ## The network.
//! resource \"aws_vpc\" \"this\" {
//!   cidr_block           = var.cidr_block
//!   enable_dns_hostnames = true
//!   tags                 = { Name = \"${var.name}-vpc\" }
//! }
//! "
//! );
//! ```

mod block;
mod expr;
mod print;
mod text;

pub use block::{Block, Body};
pub use expr::{
    Expr, For, List, Object, Template, call, conditional, indexed, jsonencode, list, object,
    quoted, raw, template,
};

/// A file: its blocks, each with a blank line before it, and comments. Attributes make a `.tfvars`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    body: Body,
}

impl File {
    /// An empty file.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a block.
    #[must_use]
    pub fn block(self, block: Block) -> Self {
        Self { body: self.body.block(block) }
    }

    /// Adds blocks.
    #[must_use]
    pub fn blocks(self, blocks: impl IntoIterator<Item = Block>) -> Self {
        Self { body: self.body.blocks(blocks) }
    }

    /// Adds a block to a file that is being written.
    pub fn push(&mut self, block: Block) {
        self.body = std::mem::take(&mut self.body).block(block);
    }

    /// Adds a comment that belongs to what comes next, without its `#`; it may have many lines.
    #[must_use]
    pub fn comment(self, text: impl Into<String>) -> Self {
        Self { body: self.body.comment(text) }
    }

    /// A blank line, as behind the comment that is about the whole file.
    #[must_use]
    pub fn blank(self) -> Self {
        Self { body: self.body.blank() }
    }

    /// Adds `name = value`, for a `.tfvars` file.
    #[must_use]
    pub fn attr(self, name: impl Into<String>, value: impl Into<Expr>) -> Self {
        Self { body: self.body.attr(name, value) }
    }
}

impl std::fmt::Display for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&print::file(&self.body))
    }
}
