//! What can stop a run, in words for the person who started it.

use std::{fmt, io};

/// The result of anything in this crate that talks to a server or to the kernel.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a run was given up.
#[derive(Debug)]
pub enum Error {
    /// No connection could be made.
    Connect { target: String, cause: io::Error },
    /// The server closed a connection that still had requests without a reply.
    Closed { outstanding: u64 },
    /// No reply came for a long time although requests were outstanding.
    Stalled { seconds: u64, outstanding: u64 },
    /// The server answered with an error, and errors were not allowed.
    Refused { request: String, reply: String },
    /// The server answered, but not with what had to come.
    Unexpected { request: String, reply: String },
    /// The bytes that came back are no RESP reply.
    NotResp { byte: u8 },
    /// A server process did not come up.
    Start { command: String, reason: String },
    /// The command line asks for something that cannot be.
    Usage(String),
    /// Everything else the operating system refused.
    Io { doing: String, cause: io::Error },
}

impl Error {
    /// An operating system error together with what was being done.
    pub fn io(doing: impl Into<String>, cause: impl Into<io::Error>) -> Self {
        Self::Io { doing: doing.into(), cause: cause.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { target, cause } => write!(f, "cannot connect to {target}: {cause}"),
            Self::Closed { outstanding } => write!(
                f,
                "the server closed a connection with {outstanding} requests not answered on it"
            ),
            Self::Stalled { seconds, outstanding } => {
                write!(f, "no reply for {seconds} s with {outstanding} requests outstanding")
            }
            Self::Refused { request, reply } => {
                write!(f, "the server answered {request} with the error: {reply}")
            }
            Self::Unexpected { request, reply } => {
                write!(f, "the server answered {request} with {reply:?}, which it should not")
            }
            Self::NotResp { byte } => write!(
                f,
                "the server does not speak RESP: a reply begins with byte 0x{byte:02x} ({:?})",
                char::from(*byte)
            ),
            Self::Start { command, reason } => write!(f, "cannot start `{command}`: {reason}"),
            Self::Usage(message) => f.write_str(message),
            Self::Io { doing, cause } => write!(f, "{doing}: {cause}"),
        }
    }
}

impl std::error::Error for Error {}
