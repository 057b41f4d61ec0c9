//! The cheapest server there can be: it counts requests and answers `+OK` to each.
//!
//! It is the floor under every comparison (what sockets and the loop cost when the data costs
//! nothing), the ceiling of the generator, and what the tests of the generator talk to. A request whose
//! command begins with `FAIL` is answered with an error.
//!
//! Not here: everything else. It keeps nothing, and it is no example of a server.

use std::{
    io::{ErrorKind, Read, Write},
    sync::Arc,
    thread::JoinHandle,
};

use mio::{
    Events, Interest, Poll, Token, Waker,
    net::{TcpListener, TcpStream},
};

use crate::{Error, Result, reply::Scanner};

const LISTENER: Token = Token(usize::MAX);
const STOP: Token = Token(usize::MAX - 1);
const REFUSAL: &[u8] = b"-ERR as you wish\r\n";

/// A floor server in a thread of its own, stopped when dropped.
#[derive(Debug)]
pub struct Floor {
    port: u16,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

impl Floor {
    /// Listens on 127.0.0.1; port 0 lets the system choose.
    pub fn start(port: u16) -> Result<Self> {
        let mut service = Service::new(port)?;
        let waker = Waker::new(service.poll.registry(), STOP)
            .map_err(|cause| Error::io("creating a waker", cause))?;
        let port = service.port;
        let thread = std::thread::spawn(move || {
            // A loop that fails closes its connections, which the other side reports.
            let _ = service.run();
        });
        Ok(Self { port, waker: Arc::new(waker), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        if self.waker.wake().is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

/// Serves in the calling thread until the process ends.
pub fn serve(port: u16) -> Result<()> {
    Service::new(port)?.run()
}

struct Service {
    poll: Poll,
    listener: TcpListener,
    port: u16,
    peers: Vec<Option<Peer>>,
}

struct Peer {
    socket: TcpStream,
    scanner: Scanner,
    unsent: Vec<u8>,
    /// Set once a request began with FAIL; a connection sends one kind of request.
    refuses: bool,
}

impl Service {
    fn new(port: u16) -> Result<Self> {
        let failed = |cause| Error::io(format!("listening on 127.0.0.1:{port}"), cause);
        let poll = Poll::new().map_err(failed)?;
        let mut listener = TcpListener::bind(std::net::SocketAddr::from(([127, 0, 0, 1], port)))
            .map_err(failed)?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        Ok(Self { poll, listener, port, peers: Vec::new() })
    }

    fn run(&mut self) -> Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut input = vec![0; 64 << 10];
        let answers = b"+OK\r\n".repeat(1024);
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other.map_err(|cause| Error::io("waiting for requests", cause))?,
            }
            for event in &events {
                match event.token() {
                    STOP => return Ok(()),
                    LISTENER => self.accept()?,
                    Token(index) => {
                        let alive = self.peers[index]
                            .as_mut()
                            .is_some_and(|peer| peer.serve(&mut input, &answers));
                        if !alive {
                            self.peers[index] = None;
                        }
                    }
                }
            }
        }
    }

    fn accept(&mut self) -> Result<()> {
        while let Ok((mut socket, _)) = self.listener.accept() {
            let free = self.peers.iter().position(Option::is_none).unwrap_or(self.peers.len());
            let interest = Interest::READABLE | Interest::WRITABLE;
            let registered = self.poll.registry().register(&mut socket, Token(free), interest);
            registered.map_err(|cause| Error::io("registering a connection", cause))?;
            let _ = socket.set_nodelay(true);
            let (scanner, unsent) = (Scanner::default(), Vec::new());
            let peer = Some(Peer { socket, scanner, unsent, refuses: false });
            match self.peers.get_mut(free) {
                Some(place) => *place = peer,
                None => self.peers.push(peer),
            }
        }
        Ok(())
    }
}

impl Peer {
    /// Answers what has come; false when the connection is over.
    fn serve(&mut self, input: &mut [u8], answers: &[u8]) -> bool {
        loop {
            let count = match self.socket.read(input) {
                Ok(0) => return false,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return false,
            };
            self.refuses |= input[..count.min(40)].windows(6).any(|bytes| bytes == b"\r\nFAIL");
            let Ok(requests) = self.scanner.scan(&input[..count]) else { return false };
            let mut bytes = requests as usize * 5;
            if self.refuses {
                self.unsent.extend_from_slice(&REFUSAL.repeat(requests as usize));
                bytes = 0;
            }
            if bytes == 0 {
                // Only part of a request came, or all were refused.
            } else if self.unsent.is_empty() && bytes <= answers.len() {
                match self.socket.write(&answers[..bytes]) {
                    Ok(taken) => self.unsent.extend_from_slice(&answers[taken..bytes]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        self.unsent.extend_from_slice(&answers[..bytes]);
                    }
                    Err(_) => return false,
                }
            } else {
                self.unsent.extend_from_slice(&b"+OK\r\n".repeat(bytes / 5));
            }
            if count < input.len() {
                break;
            }
        }
        while !self.unsent.is_empty() {
            match self.socket.write(&self.unsent) {
                Ok(taken) => drop(self.unsent.drain(..taken)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
        }
        true
    }
}
