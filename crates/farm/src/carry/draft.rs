//! A farm file before it is written: what the source says, and remarks for the person.

/// A text that is written with a remark behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// The text.
    pub(super) text: String,
    /// What to know of it.
    pub(super) remark: Option<&'static str>,
}

/// The farm.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// What the source is, with an article.
    pub(super) source: &'static str,
    pub(super) farm: String,
    pub(super) region: Option<String>,
    pub(super) account: Option<String>,
    pub(super) stage: Option<String>,
    pub(super) network: Network,
    /// Days for which logs are kept.
    pub(super) retention: Option<u64>,
    pub(super) insights: Option<bool>,
    pub(super) servers: Vec<Server>,
}

/// The network, as far as the source describes one.
#[derive(Debug, Clone, Default)]
pub(super) struct Network {
    /// Where the source describes it.
    pub(super) path: String,
    pub(super) cidr: Option<String>,
    pub(super) public: Vec<String>,
    pub(super) private: Vec<String>,
    pub(super) nat: Option<&'static str>,
}

/// A server.
#[derive(Debug, Clone, Default)]
pub(super) struct Server {
    /// Where the source describes it.
    pub(super) path: String,
    pub(super) name: String,
    /// Comments over it, one paragraph each.
    pub(super) about: Vec<String>,
    pub(super) disabled: bool,
    /// Whether it speaks MCP over standard input and output.
    pub(super) stdio: bool,
    /// Its image, where a task can pull it as it is.
    pub(super) image: Option<String>,
    /// Its image, where it has to be copied or pinned first.
    pub(super) foreign: Option<String>,
    pub(super) command: Vec<Item>,
    /// The command on the person's machine.
    pub(super) local: Vec<String>,
    pub(super) environment: Vec<(String, Item)>,
    pub(super) secrets: Vec<(String, String)>,
    pub(super) user: Option<String>,
    pub(super) port: Option<u64>,
    pub(super) size: Option<(u64, u64)>,
    pub(super) desired: Option<u64>,
    pub(super) scale: Option<Scale>,
    pub(super) health: Option<Health>,
    /// Seconds.
    pub(super) grace: Option<u64>,
}

/// How many tasks.
#[derive(Debug, Clone, Default)]
pub(super) struct Scale {
    pub(super) min: u64,
    pub(super) max: u64,
    /// Percent.
    pub(super) cpu: Option<u64>,
    /// Percent.
    pub(super) memory: Option<u64>,
    /// Seconds.
    pub(super) cooldown_in: Option<u64>,
    /// Seconds.
    pub(super) cooldown_out: Option<u64>,
}

/// How it is probed; times in seconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    pub(super) path: Option<String>,
    pub(super) interval: Option<u64>,
    pub(super) timeout: Option<u64>,
    pub(super) unhealthy: Option<u64>,
}

// === impl Item ===

impl Item {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), remark: None }
    }

    pub(super) fn remarked(text: impl Into<String>, remark: &'static str) -> Self {
        Self { text: text.into(), remark: Some(remark) }
    }
}

// === impl Server ===

impl Server {
    /// Whether it has a variable of this name.
    pub(super) fn has(&self, variable: &str) -> bool {
        self.secrets.iter().any(|(name, _)| name == variable)
            || self.environment.iter().any(|(name, _)| name == variable)
    }
}

// === impl Draft ===

impl Draft {
    pub(super) fn new(source: &'static str, farm: String) -> Self {
        Self {
            source,
            farm,
            region: None,
            account: None,
            stage: None,
            network: Network::default(),
            retention: None,
            insights: None,
            servers: Vec::new(),
        }
    }

    /// The name of a server's secret in Secrets Manager.
    pub(super) fn secret(farm: &str, server: &str, variable: &str) -> String {
        format!("{farm}/{server}/{variable}")
    }

    /// The names of all servers' secrets.
    pub(super) fn secret_names(&self) -> Vec<String> {
        let of = |server: &Server| {
            let name =
                |(variable, _): &(String, String)| Self::secret(&self.farm, &server.name, variable);
            server.secrets.iter().map(name).collect::<Vec<_>>()
        };
        self.servers.iter().flat_map(of).collect()
    }
}
