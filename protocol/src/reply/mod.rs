//! Replies: the only way a server writes to a client.
//!
//! A [`ReplyWriter`] knows the client's protocol [`Version`], so that a handler says what it means
//! (a map, a double, nothing) and never how that looks in RESP2. It appends to a buffer that the
//! caller owns and does nothing else: it never allocates beside it and never fails.
//!
//! Text that would break the framing cannot be written: [`ReplyWriter::simple`] and
//! [`ReplyWriter::error`] put a space for CR, LF and NUL.
//!
//! Not here: whether the number of elements announced was also written. A handler that cannot know
//! it beforehand uses the `begin_` and `finish_` pairs.

mod double;
mod length;
#[cfg(test)]
mod tests;
mod writer;

pub use double::{DoubleText, format_double};
pub use length::Deferred;
pub use writer::ReplyWriter;

/// Which protocol a client asked for with HELLO. RESP2 until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// What every client understands: strings, errors, integers, arrays.
    Resp2,
    /// Adds maps, sets, doubles, booleans, pushes and a null of its own.
    Resp3,
}
