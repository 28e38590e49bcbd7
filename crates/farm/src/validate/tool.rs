//! `tools:`: rules that could apply to something.

use wildmatch::WildMatch;

use super::{Scope, meant};
use crate::diagnostic::{Diagnostic, quoted};
use crate::farm::ToolSelection;
use crate::word::Name;
use crate::yaml::Value;

pub(super) fn check(scope: &Scope<'_>, problems: &mut Vec<Diagnostic>) {
    for rule in &scope.farm.tools {
        let selection = &rule.selection;
        for (key, empty, what) in [
            ("principals", selection.principals.is_empty(), "nobody"),
            ("tools", selection.tools.is_empty(), "no tool"),
        ] {
            if empty && selection.at.sound(&[key]) {
                let title = format!("the rule is about {what}");
                let problem = Diagnostic::error("empty-list", title).at(selection.at.of(key), "");
                problems.push(problem.help("write `\"*\"` for all, or remove the rule"));
            }
        }
        if selection.at.sound(&["server"]) {
            server(scope, selection, problems);
        }
    }
}

fn server(scope: &Scope<'_>, selection: &ToolSelection, problems: &mut Vec<Diagnostic>) {
    let text = selection.server.as_str();
    let whole =
        scope.node(&["servers"]).is_some_and(|(_, it)| matches!(it.value, Value::Mapping(_)));
    if text == "*" || !whole {
        return;
    }
    let pattern = WildMatch::new(text);
    let servers = &scope.farm.servers;
    let mut found = servers.iter().filter(|(name, _)| pattern.matches(name.as_str())).peekable();
    let at = selection.at.of("server");
    let Some((name, _)) = found.peek().copied() else {
        let bare = text.strip_prefix("servers.").unwrap_or(text);
        let title = format!("{} is none of the servers", quoted(text));
        let problem = Diagnostic::error("unknown-server", title).at(at, "");
        problems.push(problem.help(meant(bare, "", servers.keys().map(Name::as_str))));
        return;
    };
    if !found.any(|(_, server)| server.container.enabled) {
        let title = format!("{} is disabled", quoted(&format!("servers.{name}")));
        let problem = Diagnostic::error("disabled", title)
            .at(at, "")
            .context(&scope.value(&["servers", name.as_str(), "enabled"]), "by this");
        problems.push(problem.help("enable it, or remove the rule"));
    }
}
