//! What can go wrong with a call, and what one may conclude from it.
//!
//! The kinds are private, so that new ones break nobody. A program asks the questions it can act
//! on: which code did the server answer, is the connection to blame, may the call have been run.

use std::sync::Arc;
use std::{fmt, io};

use bytes::Bytes;
use mainstay_protocol::{Frame, FrameError};

/// Why a call has no result. Cheap to clone.
#[derive(Clone)]
pub struct Error {
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Address(Arc<str>),
    Connect(Arc<io::Error>),
    ConnectTimeout,
    Lost { cause: Cause, sent: bool },
    Timeout { sent: bool },
    Reply(Bytes),
    Shape { wanted: &'static str, got: Arc<str> },
    Refused(&'static str),
    ForeignSlot,
    TooSlow,
}

/// Why a connection ended.
#[derive(Clone)]
pub(crate) enum Cause {
    /// The server closed it.
    Closed,
    /// The operating system says so.
    Io(Arc<io::Error>),
    /// The server sent what is no RESP.
    Frame(FrameError),
    /// The server sent a reply that belongs to no call.
    Unasked(Arc<str>),
}

impl Error {
    /// The first word of the error the server answered, such as `ERR` or `WRONGTYPE`; none when it
    /// was not the server that refused.
    pub fn code(&self) -> Option<&str> {
        let Kind::Reply(text) = &self.kind else { return None };
        let word = text.split(|byte| *byte == b' ').next()?;
        std::str::from_utf8(word).ok().filter(|word| !word.is_empty())
    }

    /// Whether there is no connection or none any more: another call on this client fails too.
    pub fn is_connection(&self) -> bool {
        matches!(self.kind, Kind::Connect(_) | Kind::ConnectTimeout | Kind::Lost { .. })
    }

    /// Whether the server may or may not have run the call: it was handed to the connection, and
    /// then the connection was lost or the answer did not come in time. After any other error the
    /// outcome is known.
    pub fn is_unknown_outcome(&self) -> bool {
        matches!(self.kind, Kind::Lost { sent: true, .. } | Kind::Timeout { sent: true })
    }

    /// The whole text of the error the server answered.
    pub(crate) fn reply_text(&self) -> Option<&Bytes> {
        match &self.kind {
            Kind::Reply(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn address(text: impl Into<Arc<str>>) -> Error {
        Error { kind: Kind::Address(text.into()) }
    }

    pub(crate) fn connect(error: io::Error) -> Error {
        Error { kind: Kind::Connect(Arc::new(error)) }
    }

    pub(crate) fn connect_timeout() -> Error {
        Error { kind: Kind::ConnectTimeout }
    }

    pub(crate) fn lost(cause: Cause, sent: bool) -> Error {
        Error { kind: Kind::Lost { cause, sent } }
    }

    pub(crate) fn timeout(sent: bool) -> Error {
        Error { kind: Kind::Timeout { sent } }
    }

    /// The server's own words.
    pub(crate) fn reply(text: Bytes) -> Error {
        Error { kind: Kind::Reply(text) }
    }

    /// A reply that cannot be read as what was asked for. Shows a part of a long one.
    pub(crate) fn shape(wanted: &'static str, got: &Frame) -> Error {
        let got = match got {
            Frame::Error(text) => return Error::reply(text.clone()),
            Frame::Array(frames) => format!("an array of {}", frames.len()),
            Frame::Set(frames) => format!("a set of {}", frames.len()),
            Frame::Push(frames) => format!("a push of {}", frames.len()),
            Frame::Map(pairs) => format!("a map of {}", pairs.len()),
            Frame::Bulk(text) if text.len() > 64 => format!("a string of {} bytes", text.len()),
            short => short.to_string(),
        };
        Error { kind: Kind::Shape { wanted, got: got.into() } }
    }

    pub(crate) fn refused(why: &'static str) -> Error {
        Error { kind: Kind::Refused(why) }
    }

    pub(crate) fn foreign_slot() -> Error {
        Error { kind: Kind::ForeignSlot }
    }

    pub(crate) fn too_slow() -> Error {
        Error { kind: Kind::TooSlow }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Address(why) => write!(to, "invalid address: {why}"),
            Kind::Connect(error) => write!(to, "cannot connect: {error}"),
            Kind::ConnectTimeout => to.write_str("cannot connect: no answer in time"),
            Kind::Lost { cause, sent: true } => {
                write!(to, "connection lost, the outcome of the call is unknown: {cause}")
            }
            Kind::Lost { cause, sent: false } => write!(to, "connection lost: {cause}"),
            Kind::Timeout { sent: true } => {
                to.write_str("no answer in time, the outcome of the call is unknown")
            }
            Kind::Timeout { sent: false } => to.write_str("not sent in time"),
            Kind::Reply(text) => to.write_str(&String::from_utf8_lossy(text)),
            Kind::Shape { wanted, got } => write!(to, "the reply is not {wanted} but {got}"),
            Kind::Refused(why) => to.write_str(why),
            Kind::ForeignSlot => to.write_str("the slot belongs to another pipeline"),
            Kind::TooSlow => {
                to.write_str("subscription ended: messages came faster than they were taken")
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "Error({self})")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Connect(error) | Kind::Lost { cause: Cause::Io(error), .. } => Some(error),
            Kind::Lost { cause: Cause::Frame(error), .. } => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Closed => to.write_str("the server closed it"),
            Cause::Io(error) => error.fmt(to),
            Cause::Frame(error) => write!(to, "the server sent no RESP: {error}"),
            Cause::Unasked(frame) => write!(to, "the server sent what nobody asked for: {frame}"),
        }
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Cause {
        Cause::Io(Arc::new(error))
    }
}

impl From<FrameError> for Cause {
    fn from(error: FrameError) -> Cause {
        Cause::Frame(error)
    }
}
