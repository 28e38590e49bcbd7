//! Names whose A and AAAA records are a server's targets, looked up again when their time to live is
//! over.
//!
//! The two families are looked up and remembered apart: a name server that fails for one of them
//! doesn't take the other's targets away. An answer without records does. A failure leaves the last
//! answer, for a while. Nothing is cached beyond that, and only configured names are ever looked up.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ProtocolConfig, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{Name, RecordType};
use tokio::time::{Instant, sleep};

use super::address;
use super::targets::{NameState, Targets};

/// However short or long an answer says that it may be kept.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// The longest time between two tries while lookups fail; at first it is [`SHORTEST`].
const LONGEST_RETRY: Duration = Duration::from_secs(15);
/// How long one name server may take, and how often it is asked again.
const PATIENCE: Duration = Duration::from_secs(2);
const ATTEMPTS: usize = 2;
/// The most addresses of a name that become targets.
const MOST: usize = 64;

/// One family's records.
struct Family {
    kind: RecordType,
    addresses: Vec<IpAddr>,
    /// When the last answer came.
    answered: Instant,
    failed: Option<String>,
}

/// What a lookup gave: addresses, and how long they may be kept.
type Answer = Result<(Vec<IpAddr>, Duration), String>;

/// A resolver that asks these name servers, or those of the system.
///
/// # Errors
/// If the system's configuration can't be read.
fn resolver(servers: Option<&[SocketAddr]>) -> Result<TokioResolver, String> {
    let mut builder = match servers {
        None => TokioResolver::builder_tokio().map_err(|error| error.to_string())?,
        Some(servers) => {
            let config = ResolverConfig::from_name_servers(servers.iter().map(server).collect());
            let provider = TokioRuntimeProvider::default();
            let mut builder = TokioResolver::builder_with_config(config, provider);
            *builder.options_mut() = ResolverOpts::default();
            builder
        }
    };
    let options = builder.options_mut();
    options.cache_size = 0;
    options.timeout = PATIENCE;
    options.attempts = ATTEMPTS;
    builder.build().map_err(|error| error.to_string())
}

fn server(address: &SocketAddr) -> NameServerConfig {
    let connections = [ProtocolConfig::Udp, ProtocolConfig::Tcp].map(|protocol| {
        let mut connection = ConnectionConfig::new(protocol);
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}

/// The addresses of a name that is no server's, asked for once, IPv4 first.
///
/// # Errors
/// If no family's records can be had.
pub(crate) async fn addresses(host: &str) -> Result<Vec<IpAddr>, String> {
    let resolver = resolver(None);
    let (a, aaaa) = tokio::join!(
        look_up(&resolver, host, RecordType::A),
        look_up(&resolver, host, RecordType::AAAA)
    );
    match (a, aaaa) {
        (Err(error), Err(_)) => Err(error),
        (a, aaaa) => Ok([a, aaaa].into_iter().flatten().flat_map(|(found, _)| found).collect()),
    }
}

/// Follows a server's name for as long as it is polled. `arranged` is called when targets may have
/// changed.
pub(super) async fn follow(
    targets: Arc<Targets>,
    host: Arc<str>,
    servers: Option<Vec<SocketAddr>>,
    stale: Duration,
    arranged: impl Fn(),
) {
    let mut families = [Family::new(RecordType::A), Family::new(RecordType::AAAA)];
    let (mut lookups, mut retry, mut made) = (0, SHORTEST, None);
    loop {
        let resolver = made.take().unwrap_or_else(|| resolver(servers.as_deref()));
        let [a, aaaa] = &families;
        let (a, aaaa) =
            tokio::join!(look_up(&resolver, &host, a.kind), look_up(&resolver, &host, aaaa.kind));
        lookups += 1;
        let mut next = LONGEST;
        for (family, answer) in families.iter_mut().zip([a, aaaa]) {
            next = next.min(family.take(answer, stale).unwrap_or(retry));
        }
        let failed = families.iter().any(|family| family.failed.is_some());
        retry = if failed { (retry * 2).min(LONGEST_RETRY) } else { SHORTEST };
        // If it fails, the system's name servers may be others by now.
        made = (!failed).then_some(resolver);
        targets.resolved(state(&targets, &host, &families, lookups));
        arranged();
        sleep(next.clamp(SHORTEST, LONGEST)).await;
    }
}

async fn look_up(resolver: &Result<TokioResolver, String>, host: &str, kind: RecordType) -> Answer {
    let resolver = resolver.as_ref().map_err(Clone::clone)?;
    let mut name = Name::from_ascii(host).map_err(|error| error.to_string())?;
    // A name with a dot is whole: the domains that the system searches are not tried with it.
    name.set_fqdn(host.contains('.'));
    match resolver.lookup(name, kind).await {
        Ok(lookup) => {
            let records = lookup.answers();
            let seconds = records.iter().map(|record| record.ttl).min().unwrap_or_default();
            let addresses = records.iter().filter_map(|record| record.data.ip_addr()).collect();
            Ok((addresses, Duration::from_secs(seconds.into())))
        }
        Err(NetError::Dns(DnsError::NoRecordsFound(none))) => {
            Ok((Vec::new(), Duration::from_secs(none.negative_ttl.unwrap_or_default().into())))
        }
        Err(error) => Err(super::health::words(&error)),
    }
}

/// What a name resolves to, as far as targets may have such addresses.
fn state(targets: &Targets, host: &str, families: &[Family], lookups: u64) -> NameState {
    let loopback = targets.settings.load().loopback;
    let mut state = NameState {
        server: targets.server().to_owned(),
        host: host.to_owned(),
        lookups,
        ..NameState::default()
    };
    for address in families.iter().flat_map(|family| &family.addresses) {
        match address::check(*address, loopback) {
            Ok(()) => state.addresses.push(address.to_canonical()),
            Err(what) => state.refused.push(format!("{address} is {what}")),
        }
    }
    state.addresses.sort_unstable();
    state.addresses.dedup();
    state.addresses.truncate(MOST);
    state.refused.truncate(MOST);
    state.error = families.iter().find_map(|family| family.failed.clone());
    state
}

// === impl Family ===

impl Family {
    fn new(kind: RecordType) -> Self {
        Self { kind, addresses: Vec::new(), answered: Instant::now(), failed: None }
    }

    /// Takes an answer. How long it may be kept; none if it is a failure.
    fn take(&mut self, answer: Answer, stale: Duration) -> Option<Duration> {
        match answer {
            Ok((addresses, time)) => {
                self.addresses = addresses;
                self.answered = Instant::now();
                self.failed = None;
                Some(time)
            }
            Err(error) => {
                if self.answered.elapsed() > stale {
                    self.addresses.clear();
                }
                self.failed = Some(error);
                None
            }
        }
    }
}
