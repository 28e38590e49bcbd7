//! What servers say of themselves: that their callers sign with SigV4.
//!
//! It is only quoted, where nobody verifies: no verdict depends on it.

use farmgate_aws::model::{Action, Key, ListenerRule, TaskDefinition};

use crate::prove::Proof;

/// The word, in lower case.
const SIGV4: &str = "sigv4";

/// Where the configuration of a server behind a rule speaks of SigV4, in words: `` `AUTH` of
/// aws_ecs_service.x says `sigv4` ``.
pub(crate) fn sigv4_claim(proof: &Proof<'_>, rule: &ListenerRule) -> Option<String> {
    rule.actions.iter().find_map(|action| {
        let Action::Forward(groups) = action else { return None };
        groups.sure.iter().find_map(|group| {
            let found = proof.model.target_groups.get(group)?;
            let targets = proof.lowered.targets(proof.model, group, found);
            targets.iter().find_map(|target| of_service(proof, &target.owner))
        })
    })
}

fn of_service(proof: &Proof<'_>, service: &Key) -> Option<String> {
    let definition = proof.model.services.get(service)?.task_definition.get()?.as_ref()?;
    let variable = variable(proof.model.task_definitions.get(definition)?)?;
    Some(format!("`{variable}` of {service} speaks of SigV4"))
}

/// The variable that speaks of it, in its name or its value, which isn't quoted: it may be long.
fn variable(definition: &TaskDefinition) -> Option<&str> {
    let speaks = |text: &str| text.to_ascii_lowercase().replace(['-', '_'], "").contains(SIGV4);
    let mut variables = definition.containers.get()?.iter().flat_map(|it| &it.environment);
    variables.find(|(name, value)| speaks(name) || speaks(value)).map(|(name, _)| name.as_str())
}
