//! Connections: TCP, and TLS that behaves; each within the probe's bounds. What is written on them is
//! written as it is, right or wrong.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use socket2::{Domain, Socket, Type};

use super::answer::{Answer, Came, Read};
use super::scan::Scan;
use super::target::Target;
use super::{Cancel, ProbeError, Settings, Trust};

/// What is read that isn't understood, at most.
const NOISE_BYTES: usize = 2 << 20;
/// How often, and how long at a time, a request waits that comes too early.
const PATIENT: usize = 4;
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Interim answers (1xx) before an answer.
const INTERIM: usize = 4;

/// A probe that is under way: what is known of the farm, and what is left of the bounds.
pub(crate) struct Probe<'t> {
    pub(crate) target: &'t Target,
    pub(crate) settings: &'t Settings,
    pub(crate) scan: Scan,
    cancel: &'t Cancel,
    requests: Cell<u32>,
    bytes: Cell<u64>,
    until: Instant,
}

/// A connection.
pub(crate) struct Connection<'p> {
    probe: &'p Probe<'p>,
    stream: Stream,
    buffer: Vec<u8>,
    ended: bool,
}

enum Stream {
    Plain(TcpStream),
    Secure(Box<StreamOwned<ClientConnection, TcpStream>>),
}

// === impl Probe ===

impl<'t> Probe<'t> {
    pub(crate) fn new(target: &'t Target, settings: &'t Settings, cancel: &'t Cancel) -> Self {
        Self {
            target,
            settings,
            scan: Scan::new(target),
            cancel,
            requests: Cell::new(settings.requests),
            bytes: Cell::new(settings.bytes),
            until: Instant::now() + settings.time,
        }
    }

    /// Whether anybody is there who may be trusted with a credential.
    pub(crate) fn reach(&self) -> Result<(), ProbeError> {
        let place = format!("{}:{}", self.target.host, self.target.port);
        let Some(trust) = &self.target.trust else {
            return match self.tcp(self.gate(), None) {
                Ok(_) => Ok(()),
                Err(error) => Err(ProbeError::Silent { place, why: words(&error) }),
            };
        };
        let tcp = self.tcp(self.gate(), None);
        let tcp =
            tcp.map_err(|error| ProbeError::Silent { place: place.clone(), why: words(&error) })?;
        match self.secure(tcp, trust) {
            Ok(_) => Ok(()),
            Err(error) => match error.get_ref().and_then(|it| it.downcast_ref::<rustls::Error>()) {
                Some(rustls::Error::InvalidCertificate(why)) => {
                    Err(ProbeError::Untrusted { place, why: format!("{why:?}") })
                }
                _ => Err(ProbeError::Silent { place, why: words(&error) }),
            },
        }
    }

    /// Where the farm is.
    pub(crate) fn gate(&self) -> SocketAddr {
        let first = self.target.addresses.first().copied();
        SocketAddr::new(first.unwrap_or(IpAddr::from([127, 0, 0, 1])), self.target.port)
    }

    /// A connection to the farm as clients make it, from an address of this machine's choosing if
    /// one is given.
    pub(crate) fn connect(&self, from: Option<IpAddr>) -> Result<Connection<'_>, Came> {
        let tcp = self.tcp(self.gate(), from).map_err(|error| no_connection(&error))?;
        match &self.target.trust {
            None => Ok(self.over(Stream::Plain(tcp))),
            Some(trust) => {
                let secure = self.secure(tcp, trust).map_err(|error| no_handshake(&error))?;
                Ok(self.over(secure))
            }
        }
    }

    /// A connection in plain text to any place that may be asked.
    pub(crate) fn plain(
        &self,
        to: SocketAddr,
        from: Option<IpAddr>,
    ) -> Result<Connection<'_>, Came> {
        let tcp = self.tcp(to, from).map_err(|error| no_connection(&error))?;
        Ok(self.over(Stream::Plain(tcp)))
    }

    /// A connection over TLS, whoever answers.
    pub(crate) fn secure_to_anyone(&self, to: SocketAddr) -> Result<Connection<'_>, Came> {
        let tcp = self.tcp(to, None).map_err(|error| no_connection(&error))?;
        let trust = Trust::anyone().map_err(Came::NoConnection)?;
        Ok(self.over(self.secure(tcp, &trust).map_err(|error| no_handshake(&error))?))
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, bytes: &[u8]) -> Came {
        self.ask_from(None, bytes)
    }

    /// The same from an address of this machine's choosing. Who asks too often, as after another
    /// probe, waits as it is told to, and asks again.
    pub(crate) fn ask_from(&self, from: Option<IpAddr>, bytes: &[u8]) -> Came {
        for _ in 0..PATIENT {
            let came = self.ask_once(from, bytes);
            let wait = came.answer().filter(|answer| answer.status == 429);
            let wait = wait.and_then(|answer| answer.header("retry-after")?.parse().ok());
            let Some(wait) = wait.map(Duration::from_secs) else { return came };
            if wait > LONGEST_WAIT || !self.wait(wait) {
                return came;
            }
        }
        self.ask_once(from, bytes)
    }

    pub(crate) fn ask_once(&self, from: Option<IpAddr>, bytes: &[u8]) -> Came {
        match self.connect(from) {
            Ok(mut connection) => connection.ask(bytes),
            Err(came) => came,
        }
    }

    /// What is told of what came: nothing that is secret.
    pub(crate) fn words(&self, came: &Came) -> String {
        self.scan.blacked_out(came.words())
    }

    /// Waits, unless the probe is ended meanwhile; false if there is no time for it.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while Instant::now() < end {
            if self.is_over() {
                return false;
            }
            let left = end.saturating_duration_since(Instant::now());
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
        true
    }

    pub(crate) fn is_over(&self) -> bool {
        self.cancel.is_cancelled() || Instant::now() >= self.until
    }

    fn over(&self, stream: Stream) -> Connection<'_> {
        Connection { probe: self, stream, buffer: Vec::new(), ended: false }
    }

    fn tcp(&self, to: SocketAddr, from: Option<IpAddr>) -> io::Result<TcpStream> {
        if !self.spend(0) {
            return Err(io::Error::new(ErrorKind::QuotaExceeded, "the bounds are used up"));
        }
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        if let Some(from) = from {
            socket.bind(&SocketAddr::new(from, 0).into())?;
        }
        socket.connect_timeout(&to.into(), self.settings.connect)?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(self.settings.patience))?;
        stream.set_write_timeout(Some(self.settings.patience))?;
        Ok(stream)
    }

    fn secure(&self, mut tcp: TcpStream, trust: &Trust) -> io::Result<Stream> {
        let name = ServerName::try_from(self.target.host.clone()).map_err(io::Error::other)?;
        let connection = ClientConnection::new(trust.config(), name).map_err(io::Error::other)?;
        let mut connection = connection;
        let until = Instant::now() + self.settings.patience;
        while connection.is_handshaking() {
            connection.complete_io(&mut tcp)?;
            if Instant::now() >= until {
                return Err(ErrorKind::TimedOut.into());
            }
        }
        Ok(Stream::Secure(Box::new(StreamOwned::new(connection, tcp))))
    }

    /// Takes a request of so many bytes off what may be sent; a connection counts as a request of
    /// none.
    fn spend(&self, bytes: usize) -> bool {
        if self.is_over() {
            return false;
        }
        let one = u32::from(bytes > 0);
        let requests = self.requests.get().checked_sub(one);
        let bytes = self.bytes.get().checked_sub(bytes as u64);
        match (requests, bytes) {
            (Some(requests), Some(bytes)) => {
                self.requests.set(requests);
                self.bytes.set(bytes);
                true
            }
            _ => false,
        }
    }
}

// === impl Connection ===

impl Connection<'_> {
    /// Sends bytes and reads one answer.
    pub(crate) fn ask(&mut self, bytes: &[u8]) -> Came {
        match self.send(bytes) {
            Ok(()) => self.answer(),
            Err(Came::Closed) => self.answer(),
            Err(came) => came,
        }
    }

    /// Sends bytes. If the other side has closed already, there may still be an answer to read.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Came> {
        if !self.probe.spend(bytes.len()) {
            return Err(Came::Spent);
        }
        let sent = match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
            Stream::Secure(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        };
        sent.map_err(|error| match is_late(&error) {
            true => Came::Silence,
            false => Came::Closed,
        })
    }

    /// The next answer; interim ones are passed over.
    pub(crate) fn answer(&mut self) -> Came {
        let until = Instant::now() + self.probe.settings.patience;
        let mut interim = 0;
        loop {
            match Answer::read(&self.buffer, self.ended) {
                Read::Whole(answer, used) => {
                    self.probe.scan.look(self.buffer.get(..used).unwrap_or_default());
                    self.probe.scan.look(&answer.body);
                    self.buffer.drain(..used);
                    if (100..200).contains(&answer.status) && interim < INTERIM {
                        interim += 1;
                        continue;
                    }
                    return Came::Answer(answer);
                }
                Read::Noise if self.buffer.is_empty() => return Came::Closed,
                Read::Noise => {
                    self.probe.scan.look(&self.buffer);
                    return Came::Noise(std::mem::take(&mut self.buffer));
                }
                Read::More if self.buffer.len() > NOISE_BYTES => {
                    return Came::Noise(std::mem::take(&mut self.buffer));
                }
                Read::More => {}
            }
            match self.more(until) {
                Ok(0) => self.ended = true,
                Ok(_) => {}
                Err(error) if is_late(&error) => return Came::Silence,
                Err(_) => self.ended = true,
            }
        }
    }

    /// What comes next as it is: so many bytes, or less if there are no more.
    pub(crate) fn raw(&mut self, most: usize) -> Result<Vec<u8>, Came> {
        let until = Instant::now() + self.probe.settings.patience;
        while self.buffer.len() < most && !self.ended {
            match self.more(until) {
                Ok(1..) => {}
                Err(error) if is_late(&error) && self.buffer.is_empty() => {
                    return Err(Came::Silence);
                }
                Ok(0) | Err(_) => self.ended = true,
            }
        }
        Ok(std::mem::take(&mut self.buffer))
    }

    fn more(&mut self, until: Instant) -> io::Result<usize> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || self.probe.cancel.is_cancelled() {
            return Err(ErrorKind::TimedOut.into());
        }
        let mut part = [0; 16 << 10];
        let read = match &mut self.stream {
            Stream::Plain(stream) => {
                stream.set_read_timeout(Some(left))?;
                stream.read(&mut part)
            }
            Stream::Secure(stream) => {
                stream.sock.set_read_timeout(Some(left))?;
                stream.read(&mut part)
            }
        }?;
        self.buffer.extend_from_slice(part.get(..read).unwrap_or_default());
        Ok(read)
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn no_connection(error: &io::Error) -> Came {
    match error.kind() {
        ErrorKind::QuotaExceeded => Came::Spent,
        _ => Came::NoConnection(words(error)),
    }
}

fn no_handshake(error: &io::Error) -> Came {
    match is_late(error) {
        true => Came::Silence,
        false => Came::NoConnection(format!("no TLS: {}", words(error))),
    }
}

/// An error in the words of this program, where it has some.
fn words(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "refused".to_owned(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "nothing came in time".to_owned(),
        ErrorKind::ConnectionReset => "reset".to_owned(),
        ErrorKind::UnexpectedEof => "closed".to_owned(),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "unreachable".to_owned(),
        _ => super::answer::visible(&error.to_string()),
    }
}
