//! What a reader of frames accepts, and why it refuses.

use std::fmt;

/// Most open aggregates a frame can have whatever the limits say: building and dropping a frame
/// recurse once for each.
pub(super) const DEPTH_CEILING: usize = 512;

/// Upper bounds for one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLimits {
    /// Most aggregates inside each other; what is over 512 counts as 512.
    pub depth_max: usize,
    /// Most bytes of one string.
    pub bulk_bytes_max: usize,
    /// Most bytes of a line: a simple string, an error, a number, a length.
    pub line_bytes_max: usize,
    /// Most elements of all aggregates of a frame together; a pair of a map counts as two.
    pub elements_max: usize,
}

impl FrameLimits {
    /// Room for whatever Redis sends: 128 deep, strings of 512 MiB, lines of 64 KiB, 2^28 elements.
    pub const DEFAULT: FrameLimits = FrameLimits {
        depth_max: 128,
        bulk_bytes_max: 512 * 1024 * 1024,
        line_bytes_max: 64 * 1024,
        elements_max: 1 << 28,
    };
}

impl Default for FrameLimits {
    fn default() -> FrameLimits {
        FrameLimits::DEFAULT
    }
}

/// Bytes that are not a frame, or one over a limit. The connection is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// A frame starts with this byte, which no type has.
    UnknownType(u8),
    /// A length is no number, or is negative where nothing is negative.
    InvalidLength,
    /// An integer, a double or a big number is none.
    InvalidNumber,
    /// A boolean is neither `t` nor `f`.
    InvalidBoolean,
    /// A null holds something.
    InvalidNull,
    /// A verbatim string lacks its format.
    InvalidVerbatim,
    /// A string or a line does not end in CR LF.
    MissingLineEnd,
    /// A streamed string or aggregate, which is not supported.
    Streamed,
    /// More aggregates inside each other than the limit.
    TooDeep,
    /// A line is over the limit.
    LineTooLong,
    /// A string is over the limit.
    BulkTooLong,
    /// The elements of a frame are over the limit.
    TooManyElements,
}

impl fmt::Display for FrameError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            FrameError::UnknownType(byte) => {
                return write!(to, "no frame starts with '{}'", byte.escape_ascii());
            }
            FrameError::InvalidLength => "invalid length",
            FrameError::InvalidNumber => "invalid number",
            FrameError::InvalidBoolean => "invalid boolean",
            FrameError::InvalidNull => "invalid null",
            FrameError::InvalidVerbatim => "verbatim string without a format",
            FrameError::MissingLineEnd => "no CR LF where it must stand",
            FrameError::Streamed => "streamed strings and aggregates are not supported",
            FrameError::TooDeep => "aggregates nested too deep",
            FrameError::LineTooLong => "line too long",
            FrameError::BulkTooLong => "string too long",
            FrameError::TooManyElements => "too many elements",
        };
        to.write_str(text)
    }
}

impl std::error::Error for FrameError {}
