//! Plain HTTP on the port of TLS: one head is read, within bounds, and answered by where to go
//! instead. No body is read, and nothing of the request is acted on.

use std::rc::Rc;

use http::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Settings;
use crate::framing::{Follower, Seen, Side};
use crate::link::{Link, Phase};

/// The most that is read of what is not wanted after the answer.
const LINGER_BYTES: usize = 64 << 10;
/// Headers that are looked at for `Host`.
const HEADERS: usize = 64;

/// Answers one request with 308, or 400 if it can't be told where to; then the connection ends.
pub(super) async fn answer(mut stream: TcpStream, link: &Rc<Link>, settings: &Settings) {
    link.enter(Phase::Head);
    let Some(head) = head(&mut stream, settings.head_bytes).await else { return };
    let answer = match head.as_deref().and_then(location) {
        Some(location) => format!(
            "HTTP/1.1 308 Permanent Redirect\r\nlocation: {location}\r\ncontent-length: 0\r\n\
             connection: close\r\n\r\n"
        ),
        None => format!(
            "HTTP/1.1 {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            StatusCode::BAD_REQUEST
        ),
    };
    if stream.write_all(answer.as_bytes()).await.is_err() || stream.shutdown().await.is_err() {
        return;
    }
    // So that the client reads the answer before it learns that not all it sent was read.
    link.enter(Phase::Lingering);
    let mut scrap = [0; 4096];
    let mut left = LINGER_BYTES;
    while let Ok(read @ 1..) = stream.read(&mut scrap).await {
        left = left.saturating_sub(read);
        if left == 0 {
            return;
        }
    }
}

/// One head. `Some(None)`: what came is no head that is clear, or is too large; none: nothing came.
async fn head(stream: &mut TcpStream, most: usize) -> Option<Option<Vec<u8>>> {
    let mut follower = Follower::new(Side::Requests, most);
    let mut head = Vec::new();
    while follower.heads() == 0 {
        let before = head.len();
        if stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
        // What comes after the head may be a fault without concern here.
        let seen = follower.follow(head.get(before..).unwrap_or_default());
        if seen != Seen::Clear && follower.heads() == 0 {
            return Some(None);
        }
    }
    Some(Some(head))
}

/// Where the same is to be had over TLS. `Host` was seen to be valid, and so was the target; a
/// client that lies in them redirects itself.
fn location(head: &[u8]) -> Option<String> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    request.parse(head).ok()?;
    let path = request.path?;
    let host = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("host"))?;
    let host = std::str::from_utf8(host.value).ok()?;
    // A whole URI has the host in it; what follows it is the path.
    let path = match path.split_once("://") {
        Some((_, rest)) if !path.starts_with('/') => {
            rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/")
        }
        _ => path,
    };
    path.starts_with('/').then(|| format!("https://{host}{path}"))
}
