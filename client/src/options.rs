//! Where to connect, as whom, and how long to wait.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::Error;

/// How to reach a server. Every limit has a default.
#[derive(Clone)]
pub struct Options {
    pub(crate) place: Place,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: u32,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
    pub(crate) queue_max: usize,
    pub(crate) messages_max: usize,
}

/// Where a server listens.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A host and its port.
    Tcp(String),
    /// The path of a socket.
    Unix(String),
}

impl Options {
    /// Reads an address: `host:port`, `redis://[[user]:password@]host[:port][/database]` or
    /// `unix:/path`. In the second form `%40` and the like stand for bytes in user and password;
    /// the port is 6379 when it is missing.
    ///
    /// # Errors
    /// What is none of these.
    pub fn new(address: &str) -> Result<Options, Error> {
        let mut options = Options {
            place: Place::Tcp(String::new()),
            user: None,
            password: None,
            database: 0,
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(5),
            queue_max: 1024,
            messages_max: 1024,
        };
        if let Some(path) = address.strip_prefix("unix:") {
            if path.is_empty() {
                return Err(Error::address("no path after unix:"));
            }
            options.place = Place::Unix(path.to_owned());
        } else if let Some(rest) = address.strip_prefix("redis://") {
            options.read_url(rest)?;
        } else {
            if !has_port(address) {
                return Err(Error::address("expected host:port, redis://host:port or unix:/path"));
            }
            options.place = Place::Tcp(address.to_owned());
        }
        Ok(options)
    }

    fn read_url(&mut self, url: &str) -> Result<(), Error> {
        let (credentials, rest) = match url.rsplit_once('@') {
            Some((credentials, rest)) => (Some(credentials), rest),
            None => (None, url),
        };
        if let Some(credentials) = credentials {
            let (user, password) = credentials
                .split_once(':')
                .ok_or_else(|| Error::address("expected user:password before @"))?;
            self.user = (!user.is_empty()).then(|| unescape(user)).transpose()?;
            self.password = Some(unescape(password)?);
        }
        let (host, database) = rest.split_once('/').unwrap_or((rest, ""));
        if !database.is_empty() {
            self.database =
                database.parse().map_err(|_| Error::address("the database is no number"))?;
        }
        self.place = Place::Tcp(match has_port(host) {
            true => host.to_owned(),
            false if host.is_empty() || host.ends_with(':') => {
                return Err(Error::address("host or port is missing"));
            }
            false => format!("{host}:6379"),
        });
        Ok(())
    }

    /// Logs in with this name and password.
    #[must_use]
    pub fn credentials(mut self, user: &str, password: &str) -> Options {
        self.user = Some(user.to_owned());
        self.password = Some(password.to_owned());
        self
    }

    /// Uses this database; 0 by default.
    #[must_use]
    pub fn database(mut self, index: u32) -> Options {
        self.database = index;
        self
    }

    /// Longest time until a connection can be used; 5 s by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Options {
        self.connect_timeout = timeout;
        self
    }

    /// Longest time from [`Client::run`](crate::Client::run) to its reply; 5 s by default. Who runs
    /// commands that wait on purpose, such as BLPOP, needs more, and a client of their own: the
    /// calls behind one on the same connection wait with it.
    #[must_use]
    pub fn response_timeout(mut self, timeout: Duration) -> Options {
        self.response_timeout = timeout;
        self
    }

    /// Most calls that wait to be written before further ones wait for room; 1024 by default, at
    /// least 1.
    #[must_use]
    pub fn queue_max(mut self, calls: usize) -> Options {
        self.queue_max = calls.clamp(1, 1 << 20);
        self
    }

    /// Most messages a subscription holds that were not taken; 1024 by default, at least 1.
    #[must_use]
    pub fn messages_max(mut self, messages: usize) -> Options {
        self.messages_max = messages.clamp(1, 1 << 20);
        self
    }

    /// User and password as HELLO wants them.
    pub(crate) fn login(&self) -> Option<(Bytes, Bytes)> {
        let password = self.password.clone()?;
        let user = self.user.clone().unwrap_or_else(|| "default".to_owned());
        Some((user.into(), password.into()))
    }
}

/// Shows no password.
impl fmt::Debug for Options {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Options")
            .field("place", &self.place)
            .field("user", &self.user)
            .field("database", &self.database)
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .field("queue_max", &self.queue_max)
            .field("messages_max", &self.messages_max)
            .finish_non_exhaustive()
    }
}

/// Whether a host and a port are there. The colons of an IPv6 address stand in brackets.
fn has_port(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let host_is_whole = !host.contains(':') || (host.starts_with('[') && host.ends_with(']'));
        !host.is_empty() && host_is_whole && port.parse::<u16>().is_ok()
    })
}

/// Replaces `%40` and the like by the byte they stand for (RFC 3986, section 2.1).
fn unescape(text: &str) -> Result<String, Error> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, after),
                _ => return Err(Error::address("two hexadecimal digits must follow %")),
            },
            (b'%', _) => return Err(Error::address("two hexadecimal digits must follow %")),
            (byte, after) => (*byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_| Error::address("user or password is no UTF-8"))
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::{Options, Place};

    fn tcp(address: &str) -> Options {
        let options = Options::new(address).unwrap();
        assert!(matches!(options.place, Place::Tcp(_)), "{options:?}");
        options
    }

    fn place(options: &Options) -> &str {
        match &options.place {
            Place::Tcp(text) | Place::Unix(text) => text,
        }
    }

    #[test]
    fn addresses_are_read() {
        assert_eq!(place(&tcp("localhost:7")), "localhost:7");
        assert_eq!(place(&tcp("[::1]:7")), "[::1]:7");
        assert_eq!(place(&tcp("redis://cache")), "cache:6379");
        assert_eq!(place(&tcp("redis://[::1]")), "[::1]:6379");
        assert_eq!(place(&Options::new("unix:/tmp/s").unwrap()), "/tmp/s");
        let full = tcp("redis://me:p%40ss@cache:7/3");
        assert_eq!((place(&full), full.database), ("cache:7", 3));
        assert_eq!(full.login(), Some(("me".into(), "p@ss".into())));
        assert_eq!(tcp("redis://:secret@cache").login(), Some(("default".into(), "secret".into())));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "cache", "cache:x", "cache:70000", ":7", "::1:7", "unix:", "redis://"] {
            assert!(Options::new(text).is_err(), "{text}");
        }
        for text in ["redis://me@cache", "redis://:%4@cache", "redis://cache/x", "redis://cache:"] {
            assert!(Options::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        assert!(!format!("{:?}", tcp("redis://me:secret@cache")).contains("secret"));
    }
}
