//! A connection before it is shared: it is opened, logs in, and learns its protocol version.
//!
//! It asks for RESP3 and takes RESP2 from a server that does not know HELLO. Here one request is
//! sent and its reply awaited; pipelining is the driver's.

use bytes::{Bytes, BytesMut};
use mainstay_protocol::{Frame, FrameDecoder, FrameLimits};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::error::Cause;
use crate::options::Place;
use crate::{Call, Error, FromFrame, Options, call};

/// Least free bytes of the read buffer before a read.
const READ_BYTES: usize = 16 * 1024;
/// Most bytes the read buffer grows at once, whatever length a server announces.
const READ_BYTES_MAX: usize = 1024 * 1024;

pub(crate) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// Both directions of a connection.
pub(crate) struct Connection {
    pub(crate) input: Input,
    pub(crate) writer: Writer,
}

/// The direction frames come from.
pub(crate) struct Input {
    reader: Box<dyn AsyncRead + Send + Unpin>,
    buffer: BytesMut,
    decoder: FrameDecoder,
}

impl Connection {
    /// Opens a connection and makes it ready for calls.
    pub(crate) async fn open(options: &Options) -> Result<Connection, Error> {
        let opening = async {
            let mut connection = Connection::to(&options.place).await.map_err(Error::connect)?;
            connection.greet(options).await?;
            Ok(connection)
        };
        timeout(options.connect_timeout, opening)
            .await
            .unwrap_or_else(|_| Err(Error::connect_timeout()))
    }

    async fn to(place: &Place) -> std::io::Result<Connection> {
        Ok(match place {
            Place::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let (reader, writer) = stream.into_split();
                Connection::new(reader, writer)
            }
            Place::Unix(path) => {
                let (reader, writer) = UnixStream::connect(path).await?.into_split();
                Connection::new(reader, writer)
            }
        })
    }

    pub(crate) fn new(
        reader: impl AsyncRead + Send + Unpin + 'static,
        writer: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Connection {
        let (buffer, decoder) = (BytesMut::new(), FrameDecoder::new());
        let input = Input { reader: Box::new(reader), buffer, decoder };
        Connection { input, writer: Box::new(writer) }
    }

    async fn greet(&mut self, options: &Options) -> Result<(), Error> {
        let login = options.login();
        let mut hello = call("HELLO").arg(3);
        if let Some((user, password)) = &login {
            hello = hello.arg("AUTH").arg(user).arg(password);
        }
        match self.ask(hello).await {
            Ok(_) => {}
            Err(error) if knows_no_hello(&error) => {
                if let Some((user, password)) = &login {
                    // A server this old has no users, and one argument is all its AUTH takes.
                    let auth = match options.user {
                        Some(_) => call("AUTH").arg(user).arg(password),
                        None => call("AUTH").arg(password),
                    };
                    self.ask(auth).await?;
                }
            }
            Err(error) => return Err(error),
        }
        if options.database > 0 {
            self.ask(call("SELECT").arg(options.database)).await?;
        }
        Ok(())
    }

    /// Sends a call and waits for its reply.
    async fn ask(&mut self, call: Call<Frame>) -> Result<Frame, Error> {
        self.send(&call).await.map_err(|cause| Error::lost(cause, false))?;
        let frame = self.input.frame().await.map_err(|cause| Error::lost(cause, false))?;
        Frame::from_frame(frame)
    }

    pub(crate) async fn send<T>(&mut self, call: &Call<T>) -> Result<(), Cause> {
        let mut output = BytesMut::new();
        call.line.encode(&mut output);
        self.writer.write_all(&output).await?;
        Ok(())
    }
}

/// Servers before Redis 6 call HELLO an unknown command, later ones may lack version 3.
fn knows_no_hello(error: &Error) -> bool {
    error.code() == Some("NOPROTO")
        || error.reply_text().is_some_and(|text: &Bytes| {
            let start = b"ERR unknown command";
            text.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start))
        })
}

impl Input {
    /// The next frame, once it is there. Dropping the future loses nothing.
    pub(crate) async fn frame(&mut self) -> Result<Frame, Cause> {
        loop {
            if let Some(frame) = self.ready_frame()? {
                return Ok(frame);
            }
            self.read().await?;
        }
    }

    /// The next frame, if it is there.
    pub(crate) fn ready_frame(&mut self) -> Result<Option<Frame>, Cause> {
        Ok(self.decoder.decode(&mut self.buffer, &FrameLimits::DEFAULT)?)
    }

    /// Reads what has come, at least a byte. Dropping the future loses nothing.
    pub(crate) async fn read(&mut self) -> Result<(), Cause> {
        let missing = self.decoder.wanted().saturating_sub(self.buffer.len());
        if self.buffer.capacity() - self.buffer.len() < READ_BYTES / 4 {
            self.buffer.reserve(missing.clamp(READ_BYTES, READ_BYTES_MAX));
        }
        match self.reader.read_buf(&mut self.buffer).await? {
            0 => Err(Cause::Closed),
            _ => Ok(()),
        }
    }
}
