//! The farm file as text, commented for the person who goes on with it.

use std::fmt::Write as _;

use super::draft::{Draft, Health, Item, Scale, Server};
use crate::word::Duration;

/// The longest line, where words can be broken.
const WIDTH: usize = 100;

/// What stands for what the source doesn't say. 203.0.113.0/24 is set aside for documentation (RFC
/// 5737): nobody comes from there.
const REGION: &str = "us-east-1";
const ACCOUNT: &str = "123456789012";
const ALLOW: &str = "203.0.113.0/24";
const DOMAIN: &str = "mcp.example.com";
const CERTIFICATE: &str = "00000000-0000-4000-8000-000000000000";

/// CPU and memory of a server that starts a process for each session.
const STDIO_SIZE: (u64, u64) = (512, 1024);

/// The whole file.
pub(super) fn farm(draft: &Draft) -> String {
    let mut file = File::default();
    head(&mut file, draft);
    network(&mut file, draft);
    ingress(&mut file, draft);
    servers(&mut file, draft);
    tail(&mut file);
    file.text
}

fn head(file: &mut File, draft: &Draft) {
    file.comment(
        0,
        &format!("A farm of MCP servers, made by `farmgate init` from {}.", draft.source),
    );
    file.comment(0, "");
    file.comment(0, "EXAMPLE marks what is made up: put yours there.");
    file.comment(0, "EDIT marks what can't work on Fargate as it is.");
    file.comment(0, "docs/farm-file.md explains every key; `farmgate check` says what holds.");
    file.blank();
    file.line(0, &format!("farm: {}", draft.farm));
    match &draft.region {
        Some(region) => file.line(0, &format!("region: {region}")),
        None => file.line(0, &format!("region: {REGION} # EXAMPLE")),
    }
    match &draft.account {
        Some(account) => file.line(0, &format!("account: \"{account}\"")),
        None => file.line(0, &format!("account: \"{ACCOUNT}\" # EXAMPLE")),
    }
    if let Some(stage) = &draft.stage {
        file.line(0, &format!("stage: {}", scalar(stage)));
    }
}

fn network(file: &mut File, draft: &Draft) {
    let network = &draft.network;
    file.blank();
    file.line(0, "network:");
    if let Some(cidr) = &network.cidr {
        file.line(1, &format!("cidr: {cidr}"));
    }
    if !network.private.is_empty() {
        file.line(1, &format!("zones: {}", network.private.len()));
        file.line(1, &format!("public_cidrs: [{}]", network.public.join(", ")));
        file.line(1, &format!("private_cidrs: [{}]", network.private.join(", ")));
    }
    match network.nat {
        Some(nat) => {
            file.comment(1, "No task may use it until its `reaches` says so.");
            file.line(1, &format!("nat: {nat}"));
        }
        None => {
            let about = "No way to the internet: tasks reach AWS by VPC endpoints. A server that \
                         needs the internet wants `nat: one` here, and `reaches: [internet:443]`.";
            file.comment(1, about);
            file.line(1, "nat: none");
        }
    }
}

fn ingress(file: &mut File, draft: &Draft) {
    let region = draft.region.as_deref().unwrap_or(REGION);
    let account = draft.account.as_deref().unwrap_or(ACCOUNT);
    file.blank();
    file.line(0, "ingress:");
    file.comment(1, "Who may connect: your clients' addresses. Nobody has these.");
    file.line(1, &format!("allow: [{ALLOW}] # EXAMPLE"));
    file.comment(1, "The name by which clients call the farm, and its certificate in ACM.");
    file.line(1, &format!("domain: {{ name: {DOMAIN} }} # EXAMPLE"));
    file.line(1, "tls:");
    file.line(
        2,
        &format!(
            "certificate: \"arn:aws:acm:{region}:{account}:certificate/{CERTIFICATE}\" # EXAMPLE"
        ),
    );
    file.blank();
    file.comment(
        0,
        "How callers prove who they are: by a key of the farm, in the header x-api-key.",
    );
    file.line(0, "auth:");
    file.line(1, &format!("- api_keys: {{ store: \"secretsmanager:{}/api-keys\" }}", draft.farm));
    file.blank();
    let about = "EDIT: farmgate's own image, copied to your registry, and the gate's public key, which \
                 `farmgate key init` prints. `build` needs both.";
    file.comment(0, about);
    file.comment(0, "gate:");
    file.comment(0, &format!("  image: \"{}@sha256:...\"", repository(draft, "farmgate")));
    file.comment(0, "  public_key: \"...\"");
    let missing: Vec<String> = draft
        .servers
        .iter()
        .filter(|server| server.image.is_none())
        .map(|server| format!("{}/{}", draft.farm, server.name))
        .collect();
    if !missing.is_empty() {
        file.blank();
        file.comment(
            0,
            "Repositories for the servers' images: scanned on push, tags can't be moved.",
        );
        file.line(0, "repositories:");
        file.list(1, "create", &missing.into_iter().map(Item::plain).collect::<Vec<_>>());
    }
    if let Some(days) = draft.retention {
        file.blank();
        file.line(0, &format!("logs: {{ retention: {days}d }}"));
    }
    if let Some(insights) = draft.insights {
        file.blank();
        file.line(0, &format!("monitoring: {{ container_insights: {insights} }}"));
    }
}

fn servers(file: &mut File, draft: &Draft) {
    file.blank();
    if draft.servers.iter().any(|server| !server.secrets.is_empty()) {
        file.comment(
            0,
            "Secrets are named here and kept in Secrets Manager. To put one there, its value",
        );
        file.comment(0, "in no history and no list of processes:");
        file.comment(0, "  read -rs VALUE && printf %s \"$VALUE\" |");
        file.comment(
            0,
            "    aws secretsmanager create-secret --name NAME --secret-string file:///dev/stdin",
        );
        file.comment(0, "");
    }
    if draft.servers.iter().any(|server| server.stdio) {
        let about = "A server with `transport: stdio` speaks MCP on standard input: farmgate's \
                     bridge starts its `command`, a process for each session, and makes HTTPS of \
                     it. Measure, and choose `cpu` and `memory` by that. Files can be written under \
                     `tmp` alone; they live and die with the task. `local` is what `farmgate up` \
                     starts on this machine.";
        file.comment(0, about);
    }
    file.line(0, "servers:");
    for (at, server) in draft.servers.iter().enumerate() {
        if at > 0 {
            file.blank();
        }
        self::server(file, draft, server);
    }
}

fn server(file: &mut File, draft: &Draft, server: &Server) {
    let name = &server.name;
    file.line(1, &format!("{name}:"));
    for about in &server.about {
        file.comment(2, about);
    }
    if server.disabled {
        file.line(2, "enabled: false");
    }
    file.line(2, &format!("route: /{name}/mcp"));
    image(file, draft, server);
    if server.stdio {
        file.line(2, "transport: stdio");
    }
    if !server.command.is_empty() {
        file.list(2, "command", &server.command);
    }
    if let Some(port) = server.port {
        file.line(2, &format!("port: {port}"));
    }
    if let Some((cpu, memory)) = server.size.or(server.stdio.then_some(STDIO_SIZE)) {
        file.line(2, &format!("cpu: {cpu}"));
        file.line(2, &format!("memory: {memory}"));
    }
    variables(file, draft, server);
    file.comment(2, "reaches: [internet:443] # nothing, until this says otherwise");
    if let Some(user) = &server.user {
        file.line(2, &format!("user: \"{user}\""));
    }
    if server.stdio {
        file.line(2, "tmp: { tmp: /tmp }");
    }
    if let Some(desired) = server.desired {
        file.line(2, &format!("desired: {desired}"));
    }
    if let Some(scale) = &server.scale {
        file.line(2, &format!("scale: {{ {} }}", self::scale(scale)));
    }
    if let Some(health) = server.health.as_ref().map(self::health).filter(|it| !it.is_empty()) {
        file.line(2, &format!("health: {{ {health} }}"));
    }
    if let Some(grace) = server.grace {
        file.line(2, &format!("grace: {}", Duration::seconds(grace)));
    }
    if !server.local.is_empty() {
        file.line(2, "local:");
        let local: Vec<Item> = server.local.iter().map(Item::plain).collect();
        file.list(3, "command", &local);
    }
}

/// A repository of ECR, with its registry.
fn repository(draft: &Draft, name: &str) -> String {
    let account = draft.account.as_deref().unwrap_or(ACCOUNT);
    let region = draft.region.as_deref().unwrap_or(REGION);
    format!("{account}.dkr.ecr.{region}.amazonaws.com/{name}")
}

fn image(file: &mut File, draft: &Draft, server: &Server) {
    if let Some(image) = &server.image {
        file.line(2, &format!("image: {}", scalar(image)));
        return;
    }
    let own = repository(draft, &format!("{}/{}", draft.farm, server.name));
    if let Some(foreign) = &server.foreign {
        file.comment(
            2,
            "EDIT: its image comes from elsewhere. Copy it, and name it by its digest:",
        );
        file.comment(2, "  docker buildx imagetools create \\");
        file.comment(2, &format!("    --tag {own}:1 \\"));
        file.comment(2, &format!("    {foreign}"));
    } else {
        file.comment(
            2,
            "EDIT: its image, by digest. `build` needs it; `check` assumes this repository:",
        );
    }
    file.comment(2, &format!("image: \"{own}@sha256:...\""));
}

fn variables(file: &mut File, draft: &Draft, server: &Server) {
    if !server.environment.is_empty() {
        file.line(2, "environment:");
        for (name, value) in &server.environment {
            let remark = value.remark.map_or(String::new(), |remark| format!(" # {remark}"));
            // Quoted, so that nothing is taken for a number.
            file.line(3, &format!("{name}: {}{remark}", quoted(&value.text)));
        }
    }
    if !server.secrets.is_empty() {
        file.line(2, "secrets:");
        for (name, _) in &server.secrets {
            let secret = Draft::secret(&draft.farm, &server.name, name);
            file.line(3, &format!("{name}: {}", quoted(&format!("secretsmanager:{secret}"))));
        }
    }
}

fn scale(scale: &Scale) -> String {
    let mut text = format!("min: {}, max: {}", scale.min, scale.max);
    let cooldown = |seconds: Option<u64>| seconds.map(|it| Duration::seconds(it).to_string());
    for (key, value) in [
        ("cpu", scale.cpu.map(|percent| percent.to_string())),
        ("memory", scale.memory.map(|percent| percent.to_string())),
        ("in", cooldown(scale.cooldown_in)),
        ("out", cooldown(scale.cooldown_out)),
    ] {
        if let Some(value) = value {
            // Writing to a string doesn't fail.
            let _ = write!(text, ", {key}: {value}");
        }
    }
    text
}

fn health(health: &Health) -> String {
    let mut parts = Vec::new();
    parts.extend(health.path.as_ref().map(|path| format!("path: {}", scalar(path))));
    parts
        .extend(health.interval.map(|seconds| format!("interval: {}", Duration::seconds(seconds))));
    parts.extend(health.timeout.map(|seconds| format!("timeout: {}", Duration::seconds(seconds))));
    parts.extend(health.unhealthy.map(|count| format!("unhealthy: {count}")));
    parts.join(", ")
}

fn tail(file: &mut File) {
    file.blank();
    file.comment(
        0,
        "What must hold. `farmgate check` proves it, and `build` builds nothing otherwise.",
    );
    file.line(0, "expect:");
    file.line(1, "- cannot: { from: internet, to: \"servers.*\", except_through: gate }");
    file.line(1, "- can_start: \"servers.*\"");
}

/// A text that grows by lines.
#[derive(Default)]
struct File {
    text: String,
}

impl File {
    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn line(&mut self, depth: usize, line: &str) {
        // Writing to a string doesn't fail.
        let _ = writeln!(self.text, "{:indent$}{line}", "", indent = depth * 2);
    }

    /// A comment, on as many lines as it needs. What isn't printable is left out.
    fn comment(&mut self, depth: usize, comment: &str) {
        let room = WIDTH.saturating_sub(depth * 2 + 2);
        let lead: String = comment.chars().take_while(|c| *c == ' ').collect();
        let mut line = String::new();
        for word in comment.split_whitespace() {
            let word: String = word.chars().filter(|c| printable(*c)).collect();
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
                self.line(depth, format!("# {lead}{line}").trim_end());
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        self.line(depth, format!("# {lead}{line}").trim_end());
    }

    /// A list: on one line if it fits and nothing is to be remarked.
    fn list(&mut self, depth: usize, key: &str, items: &[Item]) {
        let texts: Vec<String> = items.iter().map(|item| scalar(&item.text)).collect();
        let line = format!("{key}: [{}]", texts.join(", "));
        let fits = line.chars().count() + depth * 2 <= WIDTH;
        if fits && items.iter().all(|item| item.remark.is_none()) {
            return self.line(depth, &line);
        }
        self.line(depth, &format!("{key}:"));
        for (item, text) in items.iter().zip(texts) {
            let remark = item.remark.map_or(String::new(), |remark| format!(" # {remark}"));
            self.line(depth + 1, &format!("- {text}{remark}"));
        }
    }
}

/// A text as a scalar of YAML, in quotes unless nobody could take it for anything else.
fn scalar(text: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || "_./-=@".contains(c);
    // An option may begin with one hyphen or two; a number may not.
    let bare = text.strip_prefix("--").or_else(|| text.strip_prefix('-')).unwrap_or(text);
    let starts = bare.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    // Words that are, or once were, something else than texts.
    let taken = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let plain =
        starts && text.chars().all(word) && !taken.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { quoted(text) }
}

/// A text in double quotes, what can't be seen escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if printable(c) => quoted.push(c),
            c => {
                // Writing to a string doesn't fail.
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character may stand in a file as it is.
fn printable(c: char) -> bool {
    // Marks of direction and other invisible characters could make a line seem something else.
    let unseen = matches!(c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..);
    !c.is_control() && !unseen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_where_they_have_to_be() {
        for plain in ["npx", "/data", "a/b-c.d_e", "-y", "--x=y", "a@1.2.3"] {
            assert_eq!(scalar(plain), plain);
        }
        for (text, expected) in [
            ("-1", "\"-1\""),
            ("---", "\"---\""),
            ("true", "\"true\""),
            ("No", "\"No\""),
            ("8000", "\"8000\""),
            ("a: b", "\"a: b\""),
            ("@a/b", "\"@a/b\""),
            ("a\"b\\c", "\"a\\\"b\\\\c\""),
            ("tab\there", "\"tab\\U00000009here\""),
            ("\u{202e}x", "\"\\U0000202Ex\""),
            ("", "\"\""),
            ("日本", "\"日本\""),
        ] {
            assert_eq!(scalar(text), expected);
        }
    }
}
