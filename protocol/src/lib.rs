//! RESP, the protocol of Redis, as bytes on one side and requests, replies and frames on the other.
//!
//! | module | its job |
//! |---|---|
//! | [`request`] | the server reads: requests as slices of the read buffer |
//! | [`reply`] | the server writes: a typed writer for both protocol versions |
//! | [`frame`] | the client and the tests: any value, read and written |
//!
//! ```
//! use mainstay_protocol::{Batch, Decoder, Limits, ReplyWriter, Version};
//!
//! let buffer = b"*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\nPING\r\n*1\r\n$4\r\nPI";
//! let (mut decoder, mut batch, mut output) = (Decoder::new(), Batch::new(), Vec::new());
//! let taken = decoder.decode(buffer, &Limits::default(), &mut batch)?;
//! assert_eq!(&buffer[taken..], b"*1\r\n$4\r\nPI");
//! for request in batch.iter(buffer) {
//!     let mut reply = ReplyWriter::new(&mut output, Version::Resp2);
//!     match request.name() {
//!         b"ECHO" => reply.bulk(request.arg(1)),
//!         _ => reply.simple("PONG"),
//!     }
//! }
//! assert_eq!(output, b"$2\r\nhi\r\n+PONG\r\n");
//! # Ok::<(), mainstay_protocol::RequestError>(())
//! ```
//!
//! Invariants: no input panics; a limit is checked before the memory it guards is taken; how the
//! input was split into reads changes no request, no frame and no error.
//!
//! Not here: what a command means, sockets, and which limit applies to whom.
//!
//! Source: the [protocol
//! description](https://redis.io/docs/latest/develop/reference/protocol-spec/) and the behaviour of
//! Redis 7.0 where the description is silent.
#![deny(missing_docs, unreachable_pub)]
#![forbid(unsafe_code)]

pub mod frame;
mod number;
pub mod reply;
pub mod request;

pub use frame::{
    Frame, FrameDecoder, FrameError, FrameLimits, decode_frame, encode_frame, encode_request,
};
pub use number::parse_i64;
pub use reply::{Deferred, DoubleText, ReplyWriter, Version, format_double};
pub use request::{Args, Batch, Decoder, Limits, OwnedRequest, Request, RequestError, Span};
