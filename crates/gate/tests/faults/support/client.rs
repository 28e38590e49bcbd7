//! A client that writes bytes and reads answers, with nothing in between that could repair them.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::PATIENCE;

/// A connection to the gate.
pub(crate) struct Client {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
}

pub(crate) trait Stream: Read + Write + Send {
    fn tcp(&self) -> &TcpStream;
}

/// An answer. The body of a stream of events is what was read of it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A request, as text to be changed at will.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

// === impl Ask ===

impl Ask {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let host = ("Host".to_owned(), "127.0.0.1".to_owned());
        Self { line: format!("{method} {path} HTTP/1.1"), headers: vec![host], body: Vec::new() }
    }

    /// A message to `/mcp`, with the headers that it needs.
    pub(crate) fn message(body: &str) -> Self {
        Self::new("POST", "/mcp")
            .with("Content-Type", "application/json")
            .with("Accept", "application/json, text/event-stream")
            .with("MCP-Protocol-Version", "2025-11-25")
            .body(body)
    }

    /// A call of the tool `echo` that is answered with `text`.
    pub(crate) fn call(id: u64, text: &str) -> Self {
        Self::tool(id, "echo", text)
    }

    pub(crate) fn tool(id: u64, tool: &str, text: &str) -> Self {
        Self::message(&format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{{"text":"{text}"}}}}}}"#
        ))
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// In place of what it had under this name.
    pub(crate) fn instead(self, name: &str, value: &str) -> Self {
        self.without(name).with(name, value)
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// With this body and its length.
    pub(crate) fn body(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        let length = self.body.len().to_string();
        self.instead("Content-Length", &length)
    }

    pub(crate) fn key(self, key: &str, group: &str) -> Self {
        self.with("x-api-key", key).with("x-group-name", group)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.line);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

// === impl Answer ===

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether it is the answer to the call of this id with this text, and to no other.
    pub(crate) fn echoes(&self, id: u64, text: &str) -> bool {
        let Ok(message) = serde_json::from_slice::<serde_json::Value>(&self.body) else {
            return false;
        };
        self.status == 200 && message["id"] == id && message["result"]["content"][0]["text"] == text
    }
}

// === impl Client ===

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address).unwrap()
    }

    pub(crate) fn try_connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self::over(stream))
    }

    pub(crate) fn over(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), buffer: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        // The gate may have refused and closed before all of it was written.
        let _sent = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
    }

    pub(crate) fn ask(&mut self, ask: &Ask) -> Answer {
        self.try_ask(ask).expect("an answer")
    }

    pub(crate) fn try_ask(&mut self, ask: &Ask) -> io::Result<Answer> {
        self.stream.write_all(&ask.bytes())?;
        self.stream.flush()?;
        self.answer()
    }

    /// Gives up soon on what the gate doesn't take.
    pub(crate) fn impatient(&self) {
        let soon = std::time::Duration::from_millis(500);
        self.stream.tcp().set_write_timeout(Some(soon)).unwrap();
    }

    /// Says that no more will be sent.
    pub(crate) fn half_close(&self) {
        self.stream.tcp().shutdown(Shutdown::Write).unwrap();
    }

    /// The next answer, whole.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let mut answer = self.head()?;
        if answer.header("transfer-encoding").is_some_and(|it| it.eq_ignore_ascii_case("chunked")) {
            while let Some(chunk) = self.chunk()? {
                answer.body.extend(chunk);
            }
        } else if let Some(length) = answer.header("content-length") {
            let length: usize = length.parse().map_err(io::Error::other)?;
            while self.buffer.len() < length {
                self.more()?;
            }
            answer.body = self.buffer.drain(..length).collect();
        } else if answer.status >= 200 && ![202, 204, 304].contains(&answer.status) {
            while self.more().is_ok() {}
            answer.body = std::mem::take(&mut self.buffer);
        }
        Ok(answer)
    }

    /// The head of the next answer, whose body is read by [`Self::chunk`].
    pub(crate) fn head(&mut self) -> io::Result<Answer> {
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.more()?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        self.buffer.drain(..end + 4);
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status: {head:?}")))?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        Ok(Answer { status, headers, body: Vec::new() })
    }

    /// The next chunk of a body; none at its end. An error if the connection breaks before.
    pub(crate) fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let end = loop {
            if let Some(end) = self.buffer.windows(2).position(|two| two == b"\r\n") {
                break end;
            }
            self.more()?;
        };
        let size = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let size = usize::from_str_radix(&size, 16).map_err(io::Error::other)?;
        self.buffer.drain(..end + 2);
        while self.buffer.len() < size + 2 {
            self.more()?;
        }
        let chunk: Vec<u8> = self.buffer.drain(..size).collect();
        self.buffer.drain(..2);
        Ok((size > 0).then_some(chunk))
    }

    /// Everything until the gate closes the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.more().is_ok() {}
        std::mem::take(&mut self.buffer)
    }

    /// Whether the gate closed the connection, with nothing more said.
    pub(crate) fn is_over(&mut self) -> bool {
        self.buffer.is_empty() && self.more().is_err() && self.buffer.is_empty()
    }

    /// At least `length` bytes as they come, for what is no HTTP/1.1.
    pub(crate) fn raw(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.more()?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    fn more(&mut self) -> io::Result<()> {
        let mut part = [0; 16 << 10];
        match self.stream.read(&mut part)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            length => {
                self.buffer.extend_from_slice(&part[..length]);
                Ok(())
            }
        }
    }
}

impl Stream for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}
