//! Reads frames: a walk to the end of the frame, then the frame itself.

use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

use super::error::DEPTH_CEILING;
use super::scan::{Head, Scan, head};
use super::{Frame, FrameError, FrameLimits};

/// Reads the first frame of `buffer` if it is all there, and takes its bytes off.
///
/// Starts at the front each time; who reads big frames in pieces keeps a [`FrameDecoder`].
///
/// # Errors
/// What is no frame or over a limit, as soon as that can be seen.
pub fn decode_frame(
    buffer: &mut BytesMut,
    limits: &FrameLimits,
) -> Result<Option<Frame>, FrameError> {
    FrameDecoder::new().decode(buffer, limits)
}

/// Reads the frames of one connection; remembers how far it has looked.
///
/// A frame that arrives in many pieces costs its bytes once to look over and once to build.
#[derive(Debug, Default)]
pub struct FrameDecoder {
    /// Everything before is known to be well formed; a head starts here.
    at: usize,
    /// Bytes needed before another look makes sense; 0 when idle.
    wanted: usize,
    /// The open aggregates, outermost first.
    open: Vec<Open>,
    /// Elements announced so far.
    elements: usize,
}

/// An aggregate that still wants elements.
#[derive(Debug)]
struct Open {
    left: usize,
    /// Attributes stand before a value and are none themselves.
    attribute: bool,
}

impl FrameDecoder {
    /// A decoder that has seen nothing; allocates nothing.
    pub const fn new() -> FrameDecoder {
        FrameDecoder { at: 0, wanted: 0, open: Vec::new(), elements: 0 }
    }

    /// Reads the first frame of `buffer` if it is all there, and takes its bytes off.
    ///
    /// Until then the buffer must keep what it holds and only grow. Strings of the frame are slices
    /// of the buffer and keep its memory alive.
    ///
    /// # Errors
    /// What is no frame or over a limit, as soon as that can be seen. The decoder is then as new.
    pub fn decode(
        &mut self,
        buffer: &mut BytesMut,
        limits: &FrameLimits,
    ) -> Result<Option<Frame>, FrameError> {
        if buffer.is_empty() || buffer.len() < self.wanted {
            return Ok(None);
        }
        if self.wanted == 0
            && let Some(frame) = lone_frame(buffer, limits)?
        {
            return Ok(Some(frame));
        }
        match self.find_end(buffer, limits) {
            Ok(Some(end)) => {
                self.reset();
                let bytes = buffer.split_to(end).freeze();
                Builder { bytes: &bytes, at: 0, limits }.frame().map(Some)
            }
            Ok(None) => Ok(None),
            Err(error) => {
                self.reset();
                Err(error)
            }
        }
    }

    /// A lower bound of the bytes that must be there before another call gets further, counted from
    /// the start of the frame; 0 when idle. It knows the string that is arriving, not what follows.
    pub fn wanted(&self) -> usize {
        self.wanted
    }

    /// Whether no frame is partly read.
    pub fn is_idle(&self) -> bool {
        self.wanted == 0
    }

    /// Heap bytes it holds for a partial frame.
    pub fn weight(&self) -> usize {
        self.open.capacity() * size_of::<Open>()
    }

    /// Forgets a partial frame, for a new connection.
    pub fn reset(&mut self) {
        (self.at, self.wanted, self.elements) = (0, 0, 0);
        self.open.clear();
    }

    /// Walks on to the end of the frame and says where that is, if it is there.
    fn find_end(
        &mut self,
        buffer: &[u8],
        limits: &FrameLimits,
    ) -> Result<Option<usize>, FrameError> {
        loop {
            let (head, next) = match head(buffer, self.at, limits)? {
                Scan::Whole(head, next) => (head, next),
                Scan::Part(wanted) => {
                    self.wanted = wanted;
                    return Ok(None);
                }
            };
            self.at = next;
            let (left, attribute) = match head {
                Head::Array(count) | Head::Set(count) | Head::Push(count) => (count, false),
                Head::Map(pairs) => (twice(pairs)?, false),
                Head::Attribute(pairs) => (twice(pairs)?, true),
                _ => (0, false),
            };
            if left > 0 || attribute {
                // An attribute counts itself too, or empty ones could follow each other for ever.
                self.count(left.saturating_add(usize::from(attribute)), limits)?;
            }
            if left > 0 {
                self.enter(left, attribute, limits)?;
            } else if !attribute && self.leave() {
                return Ok(Some(self.at));
            }
        }
    }

    fn count(&mut self, elements: usize, limits: &FrameLimits) -> Result<(), FrameError> {
        self.elements = self.elements.saturating_add(elements);
        match self.elements > limits.elements_max {
            true => Err(FrameError::TooManyElements),
            false => Ok(()),
        }
    }

    fn enter(
        &mut self,
        left: usize,
        attribute: bool,
        limits: &FrameLimits,
    ) -> Result<(), FrameError> {
        if self.open.len() >= limits.depth_max.min(DEPTH_CEILING) {
            return Err(FrameError::TooDeep);
        }
        self.open.push(Open { left, attribute });
        Ok(())
    }

    /// Counts a value that is whole, and with it each aggregate it completes. True when that was
    /// the outermost.
    fn leave(&mut self) -> bool {
        while let Some(open) = self.open.last_mut() {
            open.left -= 1;
            if open.left > 0 {
                return false;
            }
            let attribute = open.attribute;
            self.open.pop();
            if attribute {
                // The value they belong to is still to come.
                return false;
            }
        }
        true
    }
}

/// Reads a frame that is no aggregate, if one stands there whole: most replies are of this kind,
/// and their bytes can be taken off without sharing the buffer or with sharing it once.
fn lone_frame(buffer: &mut BytesMut, limits: &FrameLimits) -> Result<Option<Frame>, FrameError> {
    let Scan::Whole(head, next) = head(buffer, 0, limits)? else { return Ok(None) };
    let mut take = |text: Range<usize>| {
        buffer.advance(text.start);
        let bytes = buffer.split_to(text.len()).freeze();
        buffer.advance(next - text.end);
        bytes
    };
    let frame = match head {
        Head::Bulk(text) => Frame::Bulk(take(text)),
        Head::Simple(text) => Frame::Simple(take(text)),
        Head::Error(text) => Frame::Error(take(text)),
        Head::Integer(value) => {
            buffer.advance(next);
            Frame::Integer(value)
        }
        Head::Null => {
            buffer.advance(next);
            Frame::Null
        }
        _ => return Ok(None),
    };
    Ok(Some(frame))
}

fn twice(pairs: usize) -> Result<usize, FrameError> {
    pairs.checked_mul(2).ok_or(FrameError::TooManyElements)
}

/// Builds a frame of bytes that are known to hold exactly one. It recurses once per open aggregate,
/// whose number the walk has bounded.
struct Builder<'a> {
    bytes: &'a Bytes,
    at: usize,
    limits: &'a FrameLimits,
}

impl Builder<'_> {
    fn frame(&mut self) -> Result<Frame, FrameError> {
        Ok(match self.value_head()? {
            Head::Simple(text) => Frame::Simple(self.bytes.slice(text)),
            Head::Error(text) => Frame::Error(self.bytes.slice(text)),
            Head::Integer(value) => Frame::Integer(value),
            Head::Bulk(text) => Frame::Bulk(self.bytes.slice(text)),
            Head::Null => Frame::Null,
            Head::Double(value) => Frame::Double(value),
            Head::Boolean(value) => Frame::Boolean(value),
            Head::BigNumber(text) => Frame::BigNumber(self.bytes.slice(text)),
            Head::Verbatim(format, text) => {
                Frame::Verbatim { format, text: self.bytes.slice(text) }
            }
            Head::Array(count) => Frame::Array(self.frames(count)?),
            Head::Set(count) => Frame::Set(self.frames(count)?),
            Head::Push(count) => Frame::Push(self.frames(count)?),
            Head::Map(pairs) => {
                let mut map = Vec::with_capacity(pairs);
                for _ in 0..pairs {
                    map.push((self.frame()?, self.frame()?));
                }
                Frame::Map(map)
            }
            // Skipped by `value_head`.
            Head::Attribute(_) => Frame::Null,
        })
    }

    /// The next head that is no attribute. Attributes may come in any number, so they are a loop.
    fn value_head(&mut self) -> Result<Head, FrameError> {
        loop {
            match self.head()? {
                Head::Attribute(pairs) => {
                    for _ in 0..pairs.saturating_mul(2) {
                        self.frame()?;
                    }
                }
                head => return Ok(head),
            }
        }
    }

    /// As many frames as have been counted, so the capacity is owed to bytes that are there.
    fn frames(&mut self, count: usize) -> Result<Vec<Frame>, FrameError> {
        let mut frames = Vec::with_capacity(count);
        for _ in 0..count {
            frames.push(self.frame()?);
        }
        Ok(frames)
    }

    fn head(&mut self) -> Result<Head, FrameError> {
        match head(self.bytes, self.at, self.limits)? {
            Scan::Whole(head, next) => {
                self.at = next;
                Ok(head)
            }
            Scan::Part(_) => Err(FrameError::MissingLineEnd),
        }
    }
}
