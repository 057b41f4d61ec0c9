//! Why bytes are not a request.

use std::fmt;

/// A request that cannot be read. The connection answers with it and closes, since nothing says
/// where the next request would start.
///
/// [`Display`](fmt::Display) gives Redis's words after `-ERR Protocol error: `; they never hold CR,
/// LF or NUL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// The number of arguments is no number or over the limit.
    InvalidMultibulkLength,
    /// The length of an argument is no number, negative or over the limit.
    InvalidBulkLength,
    /// An argument starts with this byte instead of `$`.
    ExpectedDollar(u8),
    /// The line with the number of arguments does not end.
    TooBigMultibulkCount,
    /// The line with the length of an argument does not end.
    TooBigBulkCount,
    /// The line of an inline request does not end.
    TooBigInline,
    /// An inline request has a quote without its partner, or text right after a closing quote.
    UnbalancedQuotes,
    /// More arguments than a client may send before it authenticates.
    UnauthenticatedMultibulkLength,
    /// A longer argument than a client may send before it authenticates.
    UnauthenticatedBulkLength,
    /// All arguments together are over the limit. Redis has no words for it: it closes.
    TooBigRequest,
}

impl fmt::Display for RequestError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            RequestError::InvalidMultibulkLength => "invalid multibulk length",
            RequestError::InvalidBulkLength => "invalid bulk length",
            RequestError::ExpectedDollar(got) => {
                return write!(to, "expected '$', got '{}'", printable(*got));
            }
            RequestError::TooBigMultibulkCount => "too big mbulk count string",
            RequestError::TooBigBulkCount => "too big bulk count string",
            RequestError::TooBigInline => "too big inline request",
            RequestError::UnbalancedQuotes => "unbalanced quotes in request",
            RequestError::UnauthenticatedMultibulkLength => "unauthenticated multibulk length",
            RequestError::UnauthenticatedBulkLength => "unauthenticated bulk length",
            RequestError::TooBigRequest => "too big request",
        };
        to.write_str(text)
    }
}

impl std::error::Error for RequestError {}

/// The byte if it is printable ASCII, a space for CR and LF as in Redis, else a question mark.
fn printable(byte: u8) -> char {
    match byte {
        b' '..=b'~' => char::from(byte),
        b'\r' | b'\n' => ' ',
        _ => '?',
    }
}
