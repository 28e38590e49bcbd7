//! Stands before the gate and undoes one control. It ends TLS, looks at the first request of a
//! connection, and passes everything else on byte for byte, from the address of whoever asked.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::farm::{roots, server_config};

/// Another answer for the one that came.
type Respond = dyn Fn(&Call, Vec<u8>) -> Vec<u8> + Send + Sync;

/// What a front undoes.
#[derive(Clone)]
pub(crate) enum Undo {
    /// Changes the first request of a connection.
    Rewrite(Arc<dyn Fn(&mut Call) + Send + Sync>),
    /// Changes the answer to it, of which the first bytes are given.
    Respond(Arc<Respond>),
    /// Answers it, and lets nothing through.
    Answer(&'static str),
    /// Makes an ambiguous request clear before it is passed on.
    Repair,
    /// Passes plain HTTP on as if it were HTTPS.
    Plain,
    /// Agrees to a version of TLS that is no longer spoken.
    OldTls,
}

/// A request that is framed as it should be.
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// The request at the front of what came; none if it isn't clear, or not whole.
    fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ').map(str::to_owned);
        let (method, path) = (words.next()?, words.next()?);
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(": ")?;
            let clean = !name.contains([' ', '\t']) && !value.contains(|c: char| c.is_control());
            headers.push(clean.then(|| (name.to_owned(), value.to_owned()))?);
        }
        let mut call = Self { method, path, headers, body: Vec::new() };
        let lengths = call.headers.iter().filter(|(name, _)| name == "content-length").count();
        if call.header("transfer-encoding").is_some() || lengths > 1 {
            return None;
        }
        let length: usize = call.header("content-length").unwrap_or("0").parse().ok()?;
        call.body = bytes.get(end + 4..end + 4 + length)?.to_vec();
        Some((call, end + 4 + length))
    }

    fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Starts one before this gate; it ends with the test's process.
pub(crate) fn start(gate: SocketAddr, undo: Undo) -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let acceptor = TlsAcceptor::from(server_config());
            while let Ok((tcp, peer)) = listener.accept().await {
                let (acceptor, undo) = (acceptor.clone(), undo.clone());
                tokio::spawn(async move {
                    // A connection that breaks is what is tested.
                    let _ = serve(tcp, peer, gate, acceptor, undo).await;
                });
            }
        });
    });
    told.recv().unwrap()
}

async fn serve(
    mut tcp: TcpStream,
    peer: SocketAddr,
    gate: SocketAddr,
    acceptor: TlsAcceptor,
    undo: Undo,
) -> io::Result<()> {
    let mut first = [0; 11];
    while tcp.peek(&mut first).await? < 11 {
        tokio::task::yield_now().await;
    }
    if first[0] != 22 {
        let mut above = above(peer, gate).await?;
        if !matches!(undo, Undo::Plain) {
            return copy_bidirectional(&mut tcp, &mut above).await.map(drop);
        }
        let mut above = secure(above).await?;
        return copy_bidirectional(&mut tcp, &mut above).await.map(drop);
    }
    // The version that a hello offers stands behind the record's header and the message's.
    if matches!(undo, Undo::OldTls) && u16::from_be_bytes([first[9], first[10]]) < 0x0303 {
        let mut hello = vec![22, 3, 1, 0, 42, 2, 0, 0, 38, first[9], first[10]];
        hello.extend([9; 32]);
        hello.extend([0, 0xc0, 0x13, 0]);
        let mut all = Vec::with_capacity(16 << 10);
        let _ = tcp.read_buf(&mut all).await?;
        tcp.write_all(&hello).await?;
        return tcp.shutdown().await;
    }
    let mut client = acceptor.accept(tcp).await?;
    let mut above = secure(above(peer, gate).await?).await?;
    exchange(&mut client, &mut above, &undo).await
}

async fn exchange<C, A>(client: &mut C, above: &mut A, undo: &Undo) -> io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
    A: AsyncRead + AsyncWrite + Unpin,
{
    let mut came = Vec::with_capacity(256 << 10);
    if client.read_buf(&mut came).await? == 0 {
        return Ok(());
    }
    let parsed = Call::parse(&came);
    match (undo, parsed) {
        (Undo::Answer(text), _) => {
            client.write_all(text.as_bytes()).await?;
            return client.shutdown().await;
        }
        (Undo::Rewrite(change), Some((mut call, used))) => {
            change(&mut call);
            above.write_all(&call.bytes()).await?;
            above.write_all(&came[used..]).await?;
        }
        (Undo::Respond(change), Some((call, _))) => {
            above.write_all(&came).await?;
            above.flush().await?;
            let mut answer = Vec::with_capacity(64 << 10);
            above.read_buf(&mut answer).await?;
            client.write_all(&change(&call, answer)).await?;
        }
        (Undo::Repair, None) => above.write_all(&repaired(&came)).await?,
        _ => above.write_all(&came).await?,
    }
    above.flush().await?;
    client.flush().await?;
    copy_bidirectional(client, above).await.map(drop)
}

/// What has a length and chunks is given its length alone, as a lenient proxy does.
fn repaired(came: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(came).into_owned();
    let Some((head, rest)) = text.split_once("\r\n\r\n") else { return came.to_vec() };
    let both = head.contains("content-length") && head.contains("transfer-encoding: chunked");
    if !both || head.contains('\n') && head.split("\r\n").any(|line| line.contains(['\r', '\n'])) {
        return came.to_vec();
    }
    let lines: Vec<&str> =
        head.split("\r\n").filter(|line| !line.starts_with("transfer-encoding")).collect();
    let (_, rest) = rest.split_once("\r\n").unwrap_or_default();
    let rest = rest.replacen("\r\n0\r\n\r\n", "", 1);
    format!("{}\r\n\r\n{rest}", lines.join("\r\n")).into_bytes()
}

/// From the address of whoever asked, so that the gate sees it.
async fn above(peer: SocketAddr, gate: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(peer.ip(), 0))?;
    socket.connect(gate).await
}

async fn secure(tcp: TcpStream) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots())
        .with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}
