//! Frames: any RESP value, as a client and the tests see it.
//!
//! [`FrameDecoder`] (or [`decode_frame`] for one shot) reads them. It first walks over the bytes to
//! see whether a whole frame is there, taking no memory but a stack of the open aggregates, and
//! only then builds the frame, whose texts are slices of the read buffer. [`encode_frame`] writes a
//! frame as a server would, [`encode_request`] writes what a client sends.
//!
//! Decisions: a null string, a null array and RESP3's null are all [`Frame::Null`]; attributes are
//! checked and skipped, since no command of ours gives them a meaning; streamed strings and
//! aggregates (`$?`, `*?`) are refused, since no server sends them. Unlike the server, which takes
//! Redis's view, a reader of replies insists on CR LF wherever the protocol has it: what comes
//! from a server in other shape means that we lost our place.
//!
//! Not here: which reply belongs to which request.

mod decode;
mod encode;
mod error;
mod scan;
mod show;
#[cfg(test)]
mod tests;

use bytes::Bytes;

pub use decode::{FrameDecoder, decode_frame};
pub use encode::{encode_frame, encode_request};
pub use error::{FrameError, FrameLimits};

/// Any RESP value.
///
/// [`Display`](std::fmt::Display) and [`Debug`] print it in one line, the notation of the golden
/// scripts:
///
/// | value | printed |
/// |---|---|
/// | simple string | `OK`; `+"quoted"` when it could be taken for something else |
/// | error | `(error) ERR syntax error` |
/// | integer | `42` |
/// | bulk string | `"quoted"`, with `\"`, `\\`, `\n`, `\r`, `\t` and `\xHH` |
/// | null | `(nil)` |
/// | array | `[1, 2]` |
/// | map | `{"k": 1, "l": 2}` |
/// | set | `~[1, 2]` |
/// | push | `>["message", "c", "m"]` |
/// | double | `,3.14` |
/// | boolean | `#true`, `#false` |
/// | big number | `(12345678901234567890` |
/// | verbatim string | `=txt:"text"` |
#[derive(Clone, PartialEq)]
pub enum Frame {
    /// A short text such as `OK`.
    Simple(Bytes),
    /// An error: its full text with the code in front.
    Error(Bytes),
    /// An integer.
    Integer(i64),
    /// Bytes of any kind.
    Bulk(Bytes),
    /// Nothing: a null string, a null array, or RESP3's null.
    Null,
    /// An array.
    Array(Vec<Frame>),
    /// A map, in the order and with the repetitions of the wire. RESP2 shows it as an array.
    Map(Vec<(Frame, Frame)>),
    /// A set, in the order of the wire. RESP2 shows it as an array.
    Set(Vec<Frame>),
    /// A message that nobody asked for. RESP2 shows it as an array.
    Push(Vec<Frame>),
    /// A double. RESP2 shows it as a bulk string.
    Double(f64),
    /// A boolean. RESP2 shows it as 1 or 0.
    Boolean(bool),
    /// An integer of any size, as decimal digits. RESP2 shows it as a bulk string.
    BigNumber(Bytes),
    /// A text and its format. RESP2 shows it as a bulk string.
    Verbatim {
        /// `txt`, `mkd`, or what the server likes.
        format: [u8; 3],
        /// The text without its format.
        text: Bytes,
    },
}
