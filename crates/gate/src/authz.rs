//! Who may call which tool: the farm's rules, compiled.
//!
//! The first rule that matches principal, server and tool decides; with any rule in the farm, what
//! none allows is refused, at every server. Without rules whoever may reach a server may call its
//! tools. The same rules decide what is listed, so that nobody sees what they may not call. Prompts
//! and resources have no rules. Who the principal is, is decided in `authn`.

use farmgate_farm::gate::ToolRule;
use farmgate_keys::Principal;
use farmgate_mcp::Message;
use wildmatch::WildMatchPattern;

/// The longest name of a tool that rules are asked about, in bytes; the protocol advises 128
/// characters (MCP 2025-11-25, Tools). Longer ones are refused where there are rules.
pub const LONGEST_TOOL: usize = 1024;

/// `*` stands for any text and nothing else for anything but itself: NUL is in no pattern.
type Pattern = WildMatchPattern<'*', '\0'>;

/// The rules of a farm.
#[derive(Debug, Clone, Default)]
pub struct Authorizer {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    allow: bool,
    principals: Vec<Pattern>,
    server: Pattern,
    tools: Vec<Pattern>,
}

/// What one principal may do at one server.
#[derive(Debug)]
pub struct Permissions<'a> {
    /// Those of the rules that are about principal and server, in order; none if there are no rules.
    rules: Option<Vec<&'a Rule>>,
}

/// Why a message isn't let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// The rules don't allow this tool, whether there is one of that name or not.
    #[error("you may not call this tool")]
    Tool,
    /// A call whose tool can't be told.
    #[error("`params.name` is missing")]
    Unnamed,
    /// A method of tools that the rules know nothing of: it could call one.
    #[error("this method is not known here")]
    Method,
}

// === impl Authorizer ===

impl Authorizer {
    /// Compiles the rules.
    #[must_use]
    pub fn new(rules: &[ToolRule]) -> Self {
        let patterns = |texts: &[String]| texts.iter().map(|text| Pattern::new(text)).collect();
        let rules = rules.iter().map(|rule| Rule {
            allow: rule.allow,
            principals: patterns(&rule.principals),
            server: Pattern::new(&rule.server),
            tools: patterns(&rule.tools),
        });
        Self { rules: rules.collect() }
    }

    /// Whether there are no rules, and so nothing to ask and nothing to filter.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.rules.is_empty()
    }

    /// What a principal may do at a server. Ask once for many tools, as when a list is filtered.
    #[must_use]
    pub fn permissions(&self, principal: &Principal, server: &str) -> Permissions<'_> {
        if self.is_open() {
            return Permissions { rules: None };
        }
        let names: Vec<_> = principal.names().collect();
        let about = |rule: &&Rule| {
            let is_meant = |who: &Pattern| names.iter().any(|name| who.matches(name));
            rule.server.matches(server) && rule.principals.iter().any(is_meant)
        };
        Permissions { rules: Some(self.rules.iter().filter(about).collect()) }
    }

    /// Whether a principal may call a tool of a server.
    #[must_use]
    pub fn allows(&self, principal: &Principal, server: &str, tool: &str) -> bool {
        self.permissions(principal, server).allows(tool)
    }

    /// Whether a message may go to a server: what it calls, if it calls a tool.
    ///
    /// # Errors
    /// If the rules don't allow it, or can't tell.
    pub fn check(
        &self,
        principal: &Principal,
        server: &str,
        message: &Message<'_>,
    ) -> Result<(), Forbidden> {
        let Some(method) = message.method.as_deref().filter(|_| !self.is_open()) else {
            return Ok(());
        };
        match method {
            "tools/list" => Ok(()),
            "tools/call" => match message.name.as_deref() {
                None => Err(Forbidden::Unnamed),
                Some(tool) if self.allows(principal, server, tool) => Ok(()),
                Some(_) => Err(Forbidden::Tool),
            },
            // `Tools/Call` is a method of no server that does as the protocol says.
            other if is_of_tools(other) => Err(Forbidden::Method),
            _ => Ok(()),
        }
    }
}

/// Whether a method looks like one of tools.
fn is_of_tools(method: &str) -> bool {
    const FAMILY: &str = "tools/";
    let method = method.trim();
    method.get(..FAMILY.len()).is_some_and(|start| start.eq_ignore_ascii_case(FAMILY))
}

// === impl Permissions ===

impl Permissions<'_> {
    /// Whether the principal may call this tool of the server.
    #[must_use]
    pub fn allows(&self, tool: &str) -> bool {
        let Some(rules) = &self.rules else {
            return true;
        };
        let mut deciding = rules.iter().filter(|rule| rule.tools.iter().any(|it| it.matches(tool)));
        tool.len() <= LONGEST_TOOL && deciding.next().is_some_and(|rule| rule.allow)
    }
}

#[cfg(test)]
mod tests;
