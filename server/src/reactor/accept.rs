//! reactor/accept.rs — listening sockets, and who may come in.

use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use mio::net::{TcpListener, UnixListener};
use mio::{Interest, Registry, Token};
use socket2::{Domain, SockRef, Socket, TcpKeepalive, Type};

use super::Reactor;
use crate::clients::Card;
use crate::clock::Millis;
use crate::connection::Stream;
use crate::error::Fault;
use crate::mail::{Address, Mail};
use crate::process::Process;
use crate::session::Session;
use crate::settings::Settings;
use crate::settings::catalog as said;

/// Connections accepted in one turn, so that a storm does not starve those who are in.
const ACCEPTS: usize = 128;

const PROTECTED: &str = "DENIED Mainstay is running in protected mode because protected mode is \
    enabled and no password is set for the default user. In this mode connections are only \
    accepted from the loopback interface. To connect from other computers, do one of the \
    following: 1) set a password with 'requirepass', or 2) switch protected mode off with \
    'protected-mode no', in the configuration file, with a flag, or with CONFIG SET from the \
    loopback interface; and make sure that the server is not reachable from the internet.";

/// The sockets that connections come in by.
pub struct Listeners {
    tcp: Vec<TcpListener>,
    unix: Vec<(UnixListener, PathBuf)>,
}

impl Listeners {
    /// Opens what the settings name.
    ///
    /// # Errors
    /// If an address cannot be listened on; names it.
    pub fn open(settings: &Settings) -> Result<Listeners, Fault> {
        let mut listeners = Listeners { tcp: Vec::new(), unix: Vec::new() };
        let port = settings.integer(&said::PORT) as u16;
        let backlog = settings.integer(&said::TCP_BACKLOG) as i32;
        if port != 0 {
            for word in settings.words(&said::BIND) {
                let (host, optional) = match word.strip_prefix('-') {
                    Some(host) => (host, true),
                    None => (&word[..], false),
                };
                match listen(host, port, backlog) {
                    Ok(mut opened) => listeners.tcp.append(&mut opened),
                    Err(_) if optional => {}
                    Err(error) => {
                        return Err(Fault::io(format!("listen on {host}:{port}"))(error));
                    }
                }
            }
            if listeners.tcp.is_empty() {
                let none = io::Error::from(ErrorKind::AddrNotAvailable);
                return Err(Fault::io(format!("listen on port {port}"))(none));
            }
        }
        let path = settings.text(&said::UNIXSOCKET);
        if !path.is_empty() {
            let path = PathBuf::from(path);
            let doing = || format!("listen on {}", path.display());
            // A socket file that nobody listens on is left over from a process that was killed.
            if std::os::unix::net::UnixStream::connect(&path).is_err() {
                let _ = std::fs::remove_file(&path);
            }
            let listener = UnixListener::bind(&path).map_err(Fault::io(doing()))?;
            let mode = settings.mode(&said::UNIXSOCKETPERM);
            if mode != 0 {
                let permissions = std::fs::Permissions::from_mode(mode);
                std::fs::set_permissions(&path, permissions).map_err(Fault::io(doing()))?;
            }
            listeners.unix.push((listener, path));
        }
        Ok(listeners)
    }

    /// Where connections are taken, for people.
    pub fn places(&self) -> Vec<String> {
        let tcp = self.tcp.iter().filter_map(|listener| listener.local_addr().ok());
        let unix = self.unix.iter().map(|(_, path)| path.display().to_string());
        tcp.map(|address| address.to_string()).chain(unix).collect()
    }

    pub(super) fn register(&mut self, registry: &Registry) -> io::Result<()> {
        let mut token = 1;
        for listener in &mut self.tcp {
            registry.register(listener, Token(token), Interest::READABLE)?;
            token += 1;
        }
        for (listener, _) in &mut self.unix {
            registry.register(listener, Token(token), Interest::READABLE)?;
            token += 1;
        }
        Ok(())
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for (_, path) in &self.unix {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn listen(host: &str, port: u16, backlog: i32) -> io::Result<Vec<TcpListener>> {
    let addresses: Vec<SocketAddr> = match host {
        "*" => vec![SocketAddr::from(([0, 0, 0, 0], port))],
        "::*" => vec![SocketAddr::from(([0u16; 8], port))],
        _ => match host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => (host, port).to_socket_addrs()?.take(1).collect(),
        },
    };
    addresses
        .into_iter()
        .map(|address| {
            let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
            socket.set_reuse_address(true)?;
            socket.set_nonblocking(true)?;
            if address.is_ipv6() {
                socket.set_only_v6(true)?;
            }
            socket.bind(&address.into())?;
            socket.listen(backlog)?;
            Ok(TcpListener::from_std(socket.into()))
        })
        .collect()
}

/// What is remembered of a fresh connection.
pub(super) fn session(
    process: &Process,
    stream: &Stream,
    address: Address,
    now: Millis,
) -> Session {
    let (peer, local, is_unix) = match stream {
        Stream::Tcp(stream) => (
            stream.peer_addr().map_or_else(|_| "?:0".to_owned(), |peer| peer.to_string()),
            stream.local_addr().map_or_else(|_| "?:0".to_owned(), |local| local.to_string()),
            false,
        ),
        Stream::Unix(stream) => {
            let path = stream.local_addr().ok();
            let path = path.and_then(|local| local.as_pathname().map(|path| path.to_owned()));
            let name = format!("{}:0", path.unwrap_or_default().display());
            (name.clone(), name, true)
        }
    };
    let card = Card {
        id: process.clients.number(),
        address,
        peer: peer.into(),
        local: local.into(),
        descriptor: stream.descriptor(),
        is_unix,
        since: now,
        active: AtomicU64::new(now),
        doomed: AtomicBool::new(false),
        ..Card::default()
    };
    let card = process.clients.enter(card);
    let open = process.settings.text(&said::REQUIREPASS).is_empty();
    Session::new(card.id, address, card, open)
}

impl Reactor<'_> {
    /// Takes in who is waiting.
    pub(super) fn accept(&mut self) {
        let Some(mut listeners) = self.listeners.take() else { return };
        let mut left = ACCEPTS;
        for listener in &mut listeners.tcp {
            while left > 0 {
                match listener.accept() {
                    Ok((stream, peer)) => {
                        left -= 1;
                        self.prepare(&stream);
                        self.admit(Stream::Tcp(stream), peer.ip().to_canonical().is_loopback());
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => {
                        self.note_accept_error(&error);
                        break;
                    }
                }
            }
        }
        for (listener, _) in &mut listeners.unix {
            while left > 0 {
                match listener.accept() {
                    Ok((stream, _)) => {
                        left -= 1;
                        self.admit(Stream::Unix(stream), true);
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => {
                        self.note_accept_error(&error);
                        break;
                    }
                }
            }
        }
        if left == 0 {
            // There may be more, and its edge has passed.
            self.accept_again = true;
        }
        self.listeners = Some(listeners);
    }

    fn note_accept_error(&mut self, error: &io::Error) {
        if error.kind() != ErrorKind::WouldBlock {
            self.accept_failed = true;
            tracing::warn!("cannot accept a connection: {error}");
        }
    }

    fn prepare(&self, stream: &mio::net::TcpStream) {
        // Neither is worth refusing a connection for.
        let _ = stream.set_nodelay(true);
        if self.policy.keepalive_seconds > 0 {
            let time = Duration::from_secs(self.policy.keepalive_seconds);
            let probes = TcpKeepalive::new().with_time(time).with_interval(time / 3);
            let _ = SockRef::from(stream).set_tcp_keepalive(&probes);
        }
    }

    fn admit(&mut self, mut stream: Stream, is_local: bool) {
        let clients = &self.process.clients;
        if clients.len() + clients.arriving.load(Relaxed) >= self.policy.clients_max {
            self.counters.connections_refused.add(1);
            let _ = stream.write(b"-ERR max number of clients reached\r\n");
            return;
        }
        let settings = &self.process.settings;
        if !is_local
            && settings.boolean(&said::PROTECTED_MODE)
            && settings.text(&said::REQUIREPASS).is_empty()
        {
            self.counters.connections_refused.add(1);
            let _ = stream.write(format!("-{PROTECTED}\r\n").as_bytes());
            return;
        }
        let target = self.next_loop;
        self.next_loop = (self.next_loop + 1) % self.process.mailboxes.len();
        if target == usize::from(self.number) {
            self.adopt(stream);
        } else {
            self.process.clients.arriving.fetch_add(1, Relaxed);
            self.process.mailboxes[target].send(Mail::Accepted(stream));
        }
    }

    /// Whether the last round of accepting left somebody waiting, as far as it knows.
    pub(super) fn accepts_again(&mut self) -> bool {
        std::mem::take(&mut self.accept_again)
    }
}
