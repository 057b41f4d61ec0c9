//! A call that is not yet sent: a line of arguments and how to read the reply.
//!
//! One type for every command, so that a connection, a pipeline and a transaction each need one
//! method and not one per command.

use bytes::{Bytes, BytesMut};
use mainstay_protocol::{Frame, encode_request, format_double};

use crate::{Error, FromFrame};

/// Starts a call of any command. Reads the reply as it is until [`Call::reading`] says otherwise.
///
/// ```
/// let call = mainstay_client::call("SET").arg("key").arg(5).reading::<()>();
/// ```
pub fn call(name: &str) -> Call<Frame> {
    Call { line: Line::default(), read: Frame::from_frame }.arg(name)
}

/// A call not yet sent, whose reply will be a `T`.
#[must_use = "a call does nothing until a client runs it"]
pub struct Call<T> {
    pub(crate) line: Line,
    pub(crate) read: fn(Frame) -> Result<T, Error>,
}

impl<T> Call<T> {
    /// Adds an argument.
    pub fn arg(mut self, arg: impl ToArg) -> Call<T> {
        self.line.push(&arg);
        self
    }

    /// Adds several arguments.
    pub fn args(mut self, args: impl IntoIterator<Item = impl ToArg>) -> Call<T> {
        for arg in args {
            self.line.push(&arg);
        }
        self
    }

    /// The same call with its reply read as a `U`.
    pub fn reading<U: FromFrame>(self) -> Call<U> {
        self.reading_by(U::from_frame)
    }

    pub(crate) fn reading_by<U>(self, read: fn(Frame) -> Result<U, Error>) -> Call<U> {
        Call { line: self.line, read }
    }
}

/// The arguments of a call, one after the other in one buffer.
#[derive(Default)]
pub(crate) struct Line {
    text: Vec<u8>,
    /// Where each argument ends.
    ends: Vec<usize>,
}

impl Line {
    fn push(&mut self, arg: &impl ToArg) {
        arg.append_to(&mut self.text);
        self.ends.push(self.text.len());
    }

    fn arg(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[index]]
    }

    pub(crate) fn encode(&self, to: &mut BytesMut) {
        encode_request((0..self.ends.len()).map(|index| self.arg(index)), to);
    }

    /// Refuses what would disturb the other users of a shared connection: a command that has no
    /// reply or several would shift the replies of all that follow, others change what a
    /// connection is for everybody.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let name = self.arg(0);
        let is = |names: &[&str]| names.iter().any(|one| name.eq_ignore_ascii_case(one.as_bytes()));
        if is(&["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"])
            || is(&["UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"])
        {
            return Err(Error::refused("a subscription has its own connection: Client::subscribe"));
        }
        if is(&["MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH"]) {
            return Err(Error::refused("a shared connection has transactions by Pipeline::atomic"));
        }
        if is(&["SELECT", "HELLO", "RESET", "AUTH"]) {
            return Err(Error::refused("Options say this for all users of the connection"));
        }
        let silences =
            is(&["CLIENT"]) && self.ends.len() > 1 && self.arg(1).eq_ignore_ascii_case(b"REPLY");
        if silences || is(&["MONITOR", "SYNC", "PSYNC"]) {
            return Err(Error::refused("this command cannot be run on a shared connection"));
        }
        Ok(())
    }
}

/// What can be an argument.
pub trait ToArg {
    /// Appends the bytes of the argument.
    fn append_to(&self, text: &mut Vec<u8>);
}

impl ToArg for [u8] {
    fn append_to(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(self);
    }
}

/// As Redis writes doubles: the shortest text that reads back as the same number, `inf`, `nan`.
impl ToArg for f64 {
    fn append_to(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(&format_double(*self));
    }
}

impl<T: ToArg + ?Sized> ToArg for &T {
    fn append_to(&self, text: &mut Vec<u8>) {
        (**self).append_to(text);
    }
}

impl<const N: usize> ToArg for [u8; N] {
    fn append_to(&self, text: &mut Vec<u8>) {
        text.extend_from_slice(self);
    }
}

macro_rules! bytes_to_arg {
    ($($type:ty),*) => {$(
        impl ToArg for $type {
            fn append_to(&self, text: &mut Vec<u8>) {
                let bytes: &[u8] = self.as_ref();
                text.extend_from_slice(bytes);
            }
        }
    )*};
}
bytes_to_arg!(str, String, Vec<u8>, Bytes);

macro_rules! integer_to_arg {
    ($($type:ty),*) => {$(
        impl ToArg for $type {
            fn append_to(&self, text: &mut Vec<u8>) {
                text.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
            }
        }
    )*};
}
integer_to_arg!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);
