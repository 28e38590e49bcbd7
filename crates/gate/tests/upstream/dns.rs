//! A name server for tests: one UDP socket on loopback, which answers what it is told.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

const A: u16 = 1;
const AAAA: u16 = 28;

/// What a name server answers to every question for one family.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    /// Addresses, with a time to live in seconds. Those of the other family are left out.
    Addresses(Vec<IpAddr>, u32),
    /// That there is no such name (NXDOMAIN).
    NoSuchName,
    /// That it can't (SERVFAIL).
    Fails,
    /// Nothing.
    Silence,
}

/// A name server, which ends when this is dropped.
pub(crate) struct Dns {
    pub(crate) address: SocketAddr,
    said: Rc<Said>,
    task: JoinHandle<()>,
}

struct Said {
    v4: RefCell<Says>,
    v6: RefCell<Says>,
    questions: Cell<usize>,
}

impl Dns {
    pub(crate) async fn start(says: Says) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let said = Rc::new(Said {
            v4: RefCell::new(says.clone()),
            v6: RefCell::new(says),
            questions: Cell::default(),
        });
        let shared = Rc::clone(&said);
        let task = tokio::task::spawn_local(async move {
            let mut question = [0; 512];
            while let Ok((length, peer)) = socket.recv_from(&mut question).await {
                shared.questions.set(shared.questions.get() + 1);
                if let Some(answer) = shared.answer(&question[..length]) {
                    socket.send_to(&answer, peer).await.unwrap();
                }
            }
        });
        Self { address, said, task }
    }

    pub(crate) fn now_says(&self, says: Says) {
        *self.said.v4.borrow_mut() = says.clone();
        *self.said.v6.borrow_mut() = says;
    }

    pub(crate) fn now_says_v6(&self, says: Says) {
        *self.said.v6.borrow_mut() = says;
    }

    pub(crate) fn questions(&self) -> usize {
        self.said.questions.get()
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Said {
    /// RFC 1035, 4.1: the question comes back, with records whose names point to its name.
    fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let name_length = question[12..].iter().position(|byte| *byte == 0)? + 1;
        let end = 12 + name_length + 4;
        let kind = u16::from_be_bytes([question[end - 4], question[end - 3]]);
        let says = match kind {
            A => self.v4.borrow().clone(),
            AAAA => self.v6.borrow().clone(),
            _ => Says::NoSuchName,
        };
        let (code, addresses, seconds) = match says {
            Says::Addresses(addresses, seconds) => (0, addresses, seconds),
            Says::NoSuchName => (3, Vec::new(), 0),
            Says::Fails => (2, Vec::new(), 0),
            Says::Silence => return None,
        };
        let fits = |address: &&IpAddr| address.is_ipv4() == (kind == A);
        let records: Vec<&IpAddr> = addresses.iter().filter(fits).collect();
        let mut answer = question[..2].to_vec();
        let count = u16::try_from(records.len()).unwrap();
        // An authoritative answer, to one question, with so many records.
        for number in [0x8580 | code, 1, count, 0, 0] {
            answer.extend_from_slice(&u16::to_be_bytes(number));
        }
        answer.extend_from_slice(&question[12..end]);
        for address in records {
            answer.extend_from_slice(&[0xc0, 12]);
            answer.extend_from_slice(&kind.to_be_bytes());
            answer.extend_from_slice(&[0, 1]);
            answer.extend_from_slice(&seconds.to_be_bytes());
            match address {
                IpAddr::V4(address) => {
                    answer.extend_from_slice(&[0, 4]);
                    answer.extend_from_slice(&address.octets());
                }
                IpAddr::V6(address) => {
                    answer.extend_from_slice(&[0, 16]);
                    answer.extend_from_slice(&address.octets());
                }
            }
        }
        Some(answer)
    }
}
