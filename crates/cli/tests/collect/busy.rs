//! A server that answers every call of AWS with nothing, but for those that a test chooses.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What is asked.
pub(crate) struct Request {
    /// The operation in the API, or else the path.
    pub(crate) name: String,
    pub(crate) body: String,
}

/// What is answered.
pub(crate) struct Reply {
    status: u16,
    headers: Vec<&'static str>,
    body: String,
}

/// Chooses an answer, by the request and how many of its name there were before.
type Choose = dyn Fn(&Request, usize) -> Option<Reply> + Send + Sync;

/// It listens as long as the test runs; its threads end with the process.
pub(crate) struct Server {
    address: SocketAddr,
    counts: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Reply {
    pub(crate) fn xml(status: u16, body: String) -> Self {
        Self { status, headers: vec!["content-type: text/xml"], body }
    }

    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self { status, headers: vec!["content-type: application/json"], body: body.to_owned() }
    }

    pub(crate) fn with(mut self, header: &'static str) -> Self {
        self.headers.push(header);
        self
    }
}

impl Server {
    pub(crate) fn start(
        choose: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let counts = Arc::new(Mutex::new(BTreeMap::new()));
        let (choose, kept): (Arc<Choose>, _) = (Arc::new(choose), Arc::clone(&counts));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (choose, counts) = (Arc::clone(&choose), Arc::clone(&kept));
                std::thread::spawn(move || serve(&stream, &*choose, &counts));
            }
        });
        Self { address, counts }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests of this name there were.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.counts.lock().expect("counts").get(name).copied().unwrap_or(0)
    }

    /// How many requests there were.
    pub(crate) fn all(&self) -> usize {
        self.counts.lock().expect("counts").values().sum()
    }
}

fn serve(
    stream: &TcpStream,
    choose: &Choose,
    counts: &Mutex<BTreeMap<String, usize>>,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let mut name = line.split(' ').nth(1)?.to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let Some((key, value)) = header.trim().split_once(": ") else { break };
            match key.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().ok()?,
                "x-amz-target" => name = value.rsplit('.').next()?.to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body = String::from_utf8(body).ok()?;
        if let Some(rest) = body.strip_prefix("Action=") {
            name = rest.split('&').next()?.to_owned();
        }
        let request = Request { name, body };
        let before = {
            let mut counts = counts.lock().ok()?;
            let count = counts.entry(request.name.clone()).or_default();
            *count += 1;
            *count - 1
        };
        let reply = choose(&request, before).unwrap_or_else(|| nothing(&request));
        let mut text = format!("HTTP/1.1 {} x\r\n", reply.status);
        for header in &reply.headers {
            text.push_str(&format!("{header}\r\n"));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n{}", reply.body.len(), reply.body));
        let mut to = stream;
        to.write_all(text.as_bytes()).ok()?;
    }
}

/// That there is nothing; and whose account it is.
fn nothing(request: &Request) -> Reply {
    let name = &request.name;
    if name.contains("/distribution") {
        return Reply::xml(200, "<DistributionList><Items/></DistributionList>".to_owned());
    }
    if request.body.starts_with("Action=") {
        let inner = "<Account>123456789012</Account>";
        let body = format!("<{name}Response><{name}Result>{inner}</{name}Result></{name}Response>");
        return Reply::xml(200, body);
    }
    Reply::json(200, "{}")
}
