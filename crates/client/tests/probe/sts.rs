//! An STS that says of everybody the same: whether it is right is not what is tested here.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Who calls, as STS says it.
pub(crate) const CALLER: &str = "arn:aws:sts::123456789012:assumed-role/agents-test/session";

pub(crate) fn start(config: Arc<ServerConfig>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for tcp in listener.incoming() {
            let Ok(tcp) = tcp else { return };
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, tcp);
            thread::spawn(move || {
                let mut seen = Vec::new();
                let mut part = [0; 4096];
                while !seen.windows(17).any(|it| it == b"GetCallerIdentity") {
                    match stream.read(&mut part) {
                        Ok(0) | Err(_) => return,
                        Ok(read) => seen.extend_from_slice(&part[..read]),
                    }
                }
                let body = format!(
                    "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                     <GetCallerIdentityResult><Arn>{CALLER}</Arn><UserId>AROAEXAMPLE:session</UserId>\
                     <Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata>\
                     <RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>\
                     </GetCallerIdentityResponse>"
                );
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).and_then(|()| stream.flush());
            });
        }
    });
    address
}
