//! Requests: what a client sends, as slices of the buffer it was read into.
//!
//! A [`Decoder`] belongs to one connection and remembers a request that has not fully arrived. A
//! [`Batch`] belongs to a thread and collects where the arguments of the complete requests lie.
//! [`Batch::get`] joins those places with the buffer again and hands out a [`Request`], which is a
//! handful of words to copy. A request that must outlive its buffer becomes an [`OwnedRequest`].
//!
//! A request is an array of bulk strings, or a line of words (an *inline* request, typed by a
//! person). Both are read as Redis reads them: `networking.c`, `processMultibulkBuffer` and
//! `processInlineBuffer`, and `sdssplitargs` for the words.
//!
//! Differences from Redis 7.0, each on purpose:
//! - a line that is too long is refused however it was split; Redis lets one pass that came in one
//!   read;
//! - NUL is a byte like any other in a line; Redis would never see the end of such a line;
//! - [`Limits::args_max`] is 2^20, as it was until Redis 6.2, instead of 2^31 - 1, and holds for
//!   inline requests too;
//! - a request has a limit on its bytes, [`Limits::request_bytes_max`];
//! - the byte that an error prints is printable ASCII or `?`.
//!
//! Not here: authentication (it chooses the [`Limits`]) and what a name means.

mod batch;
mod decoder;
mod error;
mod inline;
mod limits;
mod owned;
#[cfg(test)]
mod tests;

pub use batch::{Args, Batch, Request, Span};
pub use decoder::Decoder;
pub use error::RequestError;
pub use limits::Limits;
pub use owned::OwnedRequest;
