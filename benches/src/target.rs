//! Where a server listens, and sockets to it.

use std::{
    fmt,
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    os::unix::net::UnixStream,
    path::PathBuf,
    time::Duration,
};

use mio::{Interest, Registry, Token, event::Source};

use crate::{Error, Result, reply::Scanner};

/// How long a connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The address of a server.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A TCP host and port.
    Tcp { host: String, port: u16 },
    /// The path of a Unix socket.
    Unix(PathBuf),
    /// Another target and the arguments of AUTH, sent on every connection.
    Guarded { inner: Box<Target>, credentials: Vec<String> },
}

impl Target {
    /// A server on this machine.
    pub fn local(port: u16) -> Self {
        Self::Tcp { host: "127.0.0.1".into(), port }
    }

    /// Opens a blocking connection, with TCP_NODELAY, and authenticates it if this target says so.
    ///
    /// # Errors
    /// `Connect`, with the address and the system's reason; `Refused` when AUTH fails.
    pub fn connect(&self) -> Result<Stream> {
        if let Self::Guarded { inner, credentials } = self {
            let mut stream = inner.connect()?;
            authenticate(&mut stream, credentials)?;
            return Ok(stream);
        }
        self.open().map_err(|cause| Error::Connect { target: self.to_string(), cause })
    }

    fn open(&self) -> io::Result<Stream> {
        match self {
            Self::Guarded { inner, .. } => inner.open(),
            Self::Unix(path) => Ok(Stream::Unix(UnixStream::connect(path)?)),
            Self::Tcp { host, port } => {
                let mut failure =
                    io::Error::new(io::ErrorKind::NotFound, "the host has no address");
                for address in (host.as_str(), *port).to_socket_addrs()? {
                    match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
                        Ok(stream) => {
                            stream.set_nodelay(true)?;
                            return Ok(Stream::Tcp(stream));
                        }
                        Err(error) => failure = error,
                    }
                }
                Err(failure)
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Guarded { inner, .. } => write!(f, "{inner}"),
        }
    }
}

/// Sends AUTH and waits for its reply, byte by byte: nothing else comes before the first request.
fn authenticate(stream: &mut Stream, credentials: &[String]) -> Result<()> {
    let failed = |cause| Error::io("authenticating", cause);
    let mut request = format!("*{}\r\n$4\r\nAUTH\r\n", credentials.len() + 1);
    for word in credentials {
        request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let (mut scanner, mut byte) = (Scanner::default(), [0]);
    loop {
        stream.read_exact(&mut byte).map_err(failed)?;
        if scanner.scan(&byte)? > 0 {
            break;
        }
    }
    match scanner.first_error() {
        Some(reply) => Err(Error::Refused { request: "AUTH".into(), reply }),
        None => Ok(()),
    }
}

/// A blocking connection of either kind.
#[derive(Debug)]
pub enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// Bounds how long a read waits.
    pub fn set_read_timeout(&self, timeout: Duration) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(Some(timeout)),
            Self::Unix(stream) => stream.set_read_timeout(Some(timeout)),
        }
    }

    /// Hands the connection to an event loop.
    pub fn into_socket(self) -> io::Result<Socket> {
        Ok(match self {
            Self::Tcp(stream) => {
                stream.set_nonblocking(true)?;
                Socket::Tcp(mio::net::TcpStream::from_std(stream))
            }
            Self::Unix(stream) => {
                stream.set_nonblocking(true)?;
                Socket::Unix(mio::net::UnixStream::from_std(stream))
            }
        })
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection that belongs to an event loop and never blocks.
#[derive(Debug)]
pub enum Socket {
    Tcp(mio::net::TcpStream),
    Unix(mio::net::UnixStream),
}

impl Socket {
    /// Joins an event loop, edge-triggered in both directions: while the send buffer has room, the
    /// kernel sends no extra wake-ups for the writable side.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        match self {
            Self::Tcp(stream) => stream.register(registry, token, interest),
            Self::Unix(stream) => stream.register(registry, token, interest),
        }
    }
}

impl Read for Socket {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Socket {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
