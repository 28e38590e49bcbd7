//! What is written as a literal where AWS has another value in every region.

use super::Origin;

/// A prefix list that is named by its id, as `pl-82a045eb`, in what a person wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiteralList {
    /// Where it is written.
    pub origin: Origin,
    /// The id.
    pub id: String,
}
