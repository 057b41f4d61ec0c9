//! migration/follow/wire.rs — the socket to the server that is followed.
//!
//! It blocks, but never for long: now and then it looks whether it is still wished for, whether the
//! other side has been silent for too long, and tells it that we live.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use mainstay_protocol::encode_request;

use crate::clock;
use crate::following::Master;
use crate::process::Process;
use crate::settings::redis as said;

/// How long a read blocks.
const LOOK: Duration = Duration::from_millis(100);

/// How long connecting may take, and a write.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the other side is told that we live.
const ALIVE: Duration = Duration::from_secs(1);

/// Why a link ends that nobody wishes for any more.
pub(super) fn unwished() -> io::Error {
    io::Error::other("it is not wished any more")
}

/// Connects to the first address that takes it.
fn dial(master: &Master) -> io::Result<TcpStream> {
    let cannot =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot connect: {error}"));
    let mut last = io::Error::new(ErrorKind::NotFound, "cannot connect: no address");
    for address in (master.host.as_str(), master.port).to_socket_addrs().map_err(cannot)? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = cannot(error),
        }
    }
    Err(last)
}

/// See the module.
pub(super) struct Wire<'p> {
    process: &'p Process,
    socket: TcpStream,
    wish: u64,
    /// What was read and belongs to whoever reads next.
    unread: Vec<u8>,
    heard: Instant,
    alive: Instant,
    /// Whether a copy comes. Before that a sign of life would only put the copy off: Redis waits
    /// for silence.
    is_copying: bool,
    /// Whether silence is fine: then reading ends when nothing comes for a moment.
    is_patient: bool,
}

impl<'p> Wire<'p> {
    /// Connects.
    pub(super) fn connect(
        process: &'p Process,
        master: &Master,
        wish: u64,
    ) -> io::Result<Wire<'p>> {
        // Finding an address may take its time, and a process that stops does not wait for it.
        let (found, wait) = channel();
        let master = master.clone();
        thread::Builder::new().name("dialler".into()).spawn(move || found.send(dial(&master)))?;
        let now = clock::instant();
        let look = |wish| wish == process.following.wish() && !process.is_stopping();
        let socket = loop {
            match wait.recv_timeout(LOOK) {
                Ok(dialled) => break dialled?,
                Err(RecvTimeoutError::Timeout) if look(wish) => {}
                Err(_) => return Err(unwished()),
            }
        };
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(LOOK))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(Wire {
            process,
            socket,
            wish,
            unread: Vec::new(),
            heard: now,
            alive: now,
            is_copying: false,
            is_patient: false,
        })
    }

    /// Puts bytes back that were read too far.
    pub(super) fn unread(&mut self, bytes: Vec<u8>) {
        self.unread = bytes;
    }

    /// Says whether a copy comes.
    pub(super) fn set_copying(&mut self, is_copying: bool) {
        self.is_copying = is_copying;
    }

    /// Sends a request.
    pub(super) fn send(&mut self, args: &[&[u8]]) -> io::Result<()> {
        let mut bytes = Vec::new();
        encode_request(args.iter().copied(), &mut bytes);
        self.socket.write_all(&bytes)
    }

    /// Reads what has come; nothing if nothing comes for a moment.
    pub(super) fn read_some(&mut self, to: &mut [u8]) -> io::Result<Option<usize>> {
        self.is_patient = true;
        let read = self.read(to);
        self.is_patient = false;
        match read {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            read => read.map(Some),
        }
    }

    /// Whether to go on.
    fn look(&mut self) -> io::Result<()> {
        if self.process.is_stopping() || self.process.following.wish() != self.wish {
            return Err(unwished());
        }
        let timeout = self.process.settings.integer(&said::REPL_TIMEOUT);
        let timeout = Duration::from_secs(timeout.unsigned_abs());
        if self.heard.elapsed() > timeout {
            let why = format!("nothing came for {} s", timeout.as_secs());
            return Err(io::Error::new(ErrorKind::TimedOut, why));
        }
        Ok(())
    }
}

impl Read for Wire<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if !self.unread.is_empty() {
            let count = self.unread.len().min(to.len());
            to[..count].copy_from_slice(&self.unread[..count]);
            self.unread.drain(..count);
            return Ok(count);
        }
        loop {
            match self.socket.read(to) {
                Ok(0) => {
                    return Err(io::Error::new(ErrorKind::ConnectionAborted, "the link closed"));
                }
                Ok(read) => {
                    let now = clock::instant();
                    if self.is_copying && now.duration_since(self.alive) >= ALIVE {
                        // While a copy comes Redis takes an empty line for a sign of life.
                        self.alive = now;
                        self.socket.write_all(b"\n")?;
                        self.look()?;
                        self.process.following.tell(|status| status.heard = clock::now());
                    }
                    self.heard = now;
                    return Ok(read);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    self.look()?;
                    if self.is_patient {
                        return Err(ErrorKind::WouldBlock.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}
