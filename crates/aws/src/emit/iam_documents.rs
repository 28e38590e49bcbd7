//! Documents of IAM that are written more than once.

use super::hcl::{Object, object};

/// Who may take a role: a service of AWS, on behalf of what the condition says (the confused deputy
/// problem, IAM User Guide).
pub(super) fn trust(service: &str, condition: Object) -> Object {
    let statement = object()
        .attr("Effect", "Allow")
        .attr("Action", "sts:AssumeRole")
        .attr("Principal", object().attr("Service", service))
        .attr("Condition", condition);
    object().attr("Version", "2012-10-17").attr("Statement", [statement]).tall()
}
