//! A relay that adds one header to each request and changes nothing else: the suite has no way to
//! send a key. A connection of the client's is a connection to the gate, and ends with it.

use std::io::{self, Read, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// A relay; it ends with the process of the test.
pub(crate) struct Relay {
    address: SocketAddr,
}

/// What the client sends, a part of which was read already.
struct Client {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Relay {
    pub(crate) fn start(to: SocketAddr, header: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let header = header.to_owned();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let header = header.clone();
                thread::spawn(move || relay(client, to, &header));
            }
        });
        Self { address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

fn relay(client: TcpStream, to: SocketAddr, header: &str) -> io::Result<()> {
    let gate = TcpStream::connect(to)?;
    client.set_nodelay(true)?;
    gate.set_nodelay(true)?;
    let (mut answers, mut back) = (gate.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Both);
    });
    let mut client = Client { stream: client, read: Vec::new() };
    let mut gate = gate;
    let sent = loop {
        match request(&mut client, &mut gate, header) {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    // A client that leaves leaves the gate too.
    let _ = gate.shutdown(Shutdown::Both);
    sent
}

/// Hands one request on; false if there is none any more.
fn request(client: &mut Client, gate: &mut TcpStream, header: &str) -> io::Result<bool> {
    let Some(head) = client.head()? else { return Ok(false) };
    let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
    assert!(!text.contains("\r\ntransfer-encoding:"), "the suite sends whole bodies");
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.map_or(0, |length| length.trim().parse().unwrap());
    let end = head.len() - 2;
    gate.write_all(&head[..end])?;
    gate.write_all(format!("{header}\r\n\r\n").as_bytes())?;
    gate.write_all(&client.body(length)?)?;
    Ok(true)
}

// === impl Client ===

impl Client {
    /// A request's head, with the empty line.
    fn head(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let end = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            if let Some(end) = end {
                let rest = self.read.split_off(end + 4);
                return Ok(Some(std::mem::replace(&mut self.read, rest)));
            }
            if !self.more()? {
                return Ok(None);
            }
        }
    }

    fn body(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.read.len() < length {
            if !self.more()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let rest = self.read.split_off(length);
        Ok(std::mem::replace(&mut self.read, rest))
    }

    fn more(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 16 << 10];
        let count = self.stream.read(&mut buffer)?;
        self.read.extend_from_slice(&buffer[..count]);
        Ok(count > 0)
    }
}
