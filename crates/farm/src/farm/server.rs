//! `servers:`.

use std::collections::BTreeMap;

use crate::record::{Number, choice, record};
use crate::word::{
    Codes, Duration, ParameterName, PathPattern, Port, RequestPath, SecretRef, Text, VariableName,
};

use super::access::Auth;
use super::container::Container;

/// What begins the name of a server that comes with farmgate, in a `local.command`.
pub const BUILTIN: &str = "builtin:";

/// The server that comes with farmgate.
pub const EVERYTHING: &str = "builtin:everything";

/// What stands for the port in a `local` command and its environment.
pub const PORT_WORD: &str = "{port}";

record! {
    /// An MCP server. Nobody reaches it but the gate.
    ///
    /// Beside it runs farmgate's bridge, which speaks TLS with the gate, verifies that the gate
    /// signed a call, and hands it on within the task.
    Server {
        /// How it speaks MCP.
        transport: Transport = Transport::Http;
        /// The path that leads to it: exact (`/nova-act/mcp`), or a pattern (`/python/*`).
        route: PathPattern;
        /// Its priority among the load balancer's rules; lower comes first. If absent, hundreds in
        /// the order of names, after the highest that is given.
        priority: Option<Number<1, 50000>> = None;
        /// The path at which clients find it; that of `route`, with `mcp` for a last `*`, if absent.
        endpoint: Option<RequestPath> = None;
        /// The parameter of Systems Manager that names its URL for clients;
        /// `/mcp/endpoints/FARM/NAME` if absent.
        parameter: Option<ParameterName> = None;
        /// Where it listens. With `tls: bridge` only its own task reaches this port.
        port: Port = Number(8000);
        /// Who ends the gate's TLS.
        tls: ServerTls = ServerTls::Bridge;
        /// How the gate probes it.
        health: Health, record;
        /// Its own list of ways to prove who calls, in place of the farm's.
        auth: Option<Vec<Auth>> = None;
        /// How `farmgate up` runs it on this machine.
        local: Option<Local> = None;
        ..
        /// Its container.
        container: Container;
    }
}

choice! {
    /// How a server speaks MCP.
    Transport {
        /// Streamable HTTP.
        Http = "http",
        /// Standard input and output: the bridge starts the command, one process a session.
        Stdio = "stdio",
    }
}

choice! {
    /// Who ends the gate's TLS.
    ServerTls {
        /// Farmgate's bridge, beside the server.
        Bridge = "bridge",
        /// The server itself, which serves HTTPS at `port`. It does not verify who calls.
        Server = "server",
    }
}

record! {
    /// How the gate probes a server.
    Health {
        /// The path; the server's endpoint if absent.
        path: Option<RequestPath> = None;
        /// The status codes that are healthy. MCP servers answer a plain GET with 400, 405 or 406.
        codes: Codes = default_codes();
        /// The time between probes: 5 to 300 seconds.
        interval: Duration = Duration::seconds(30);
        /// The time to wait: 2 to 120 seconds, and less than `interval`.
        timeout: Duration = Duration::seconds(5);
        /// After how many successes it is healthy: 2 to 10.
        healthy: Number<2, 10> = Number(2);
        /// After how many failures it is unhealthy: 2 to 10.
        unhealthy: Number<2, 10> = Number(3);
    }
}

fn default_codes() -> Codes {
    Codes::of("200,400,405,406")
}

record! {
    /// How `farmgate up` runs a server on this machine.
    Local {
        /// The command. `builtin:everything`, alone, is the server that comes with farmgate. With
        /// `transport: http`, `{port}` stands for the port of 127.0.0.1 on which it has to listen.
        command: Vec<Text>;
        /// How the command speaks MCP; as the server does if absent. What speaks standard input and
        /// output gets a bridge.
        transport: Option<Transport> = None;
        /// Environment variables. With `transport: http`, `{port}` stands for the port, which is in
        /// `PORT` too.
        environment: BTreeMap<VariableName, Text> = BTreeMap::new();
        /// Environment variables with secrets, answered from `farm.secrets`.
        secrets: BTreeMap<VariableName, SecretRef> = BTreeMap::new();
        /// The command's tools, where they are others than the image's: who may call any tool of the
        /// server may call these on this machine.
        tools: Vec<Text> = Vec::new();
    }
}

// === impl Server ===

impl Server {
    /// How what runs on this machine speaks MCP.
    #[must_use]
    pub fn local_transport(&self) -> Transport {
        self.local.as_ref().and_then(|local| local.transport).unwrap_or(self.transport)
    }
}
