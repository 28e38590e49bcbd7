//! The limits of a listener and of its connections, as plain data. Each limit stands on its own.

use std::time::Duration;

use ipnet::IpNet;

/// What a listener takes from its clients, and for how long it waits for them. It is read again by
/// every connection, so that new values hold without a restart.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Bytes of a request's head (request line and headers); more are answered with 431. At least
    /// 8192.
    pub head_bytes: usize,
    /// Headers of a request; more are answered with 431.
    pub headers: usize,
    /// Time for TLS's handshake, and for a request's head from its first byte on, each.
    pub head_time: Duration,
    /// How long a connection may stay open without a request.
    pub idle_time: Duration,
    /// How long a client may leave what is sent to it unread, without any progress.
    pub write_time: Duration,
    /// How long streams may go on after a drain began.
    pub drain_time: Duration,
    /// Connections in all, of all workers that share their [`Counts`](crate::Counts).
    pub connections: usize,
    /// Connections of one address (of one /64 for IPv6), likewise.
    pub connections_per_address: usize,
    /// Addresses that are not counted one by one: trusted proxies. They count in all.
    pub uncounted: Vec<IpNet>,
    /// Requests that one HTTP/2 connection may have under way.
    pub streams: u32,
    /// Whether plain HTTP on the TLS port is answered by a redirect (308); otherwise it is closed.
    pub redirect: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            head_bytes: 32 << 10,
            headers: 100,
            head_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(75),
            write_time: Duration::from_secs(60),
            drain_time: Duration::from_secs(30),
            connections: 10_000,
            connections_per_address: 1_000,
            uncounted: Vec::new(),
            streams: 128,
            redirect: true,
        }
    }
}
