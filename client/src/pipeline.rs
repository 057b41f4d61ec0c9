//! Several calls that go out as one piece and come back as one.
//!
//! Each push hands out a slot that knows the type of its reply, so the replies of a pipeline may be
//! of as many types as there are calls. A pipeline is encoded as it grows; it and its replies are
//! in memory at once, so its size is the caller's to bound.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::BytesMut;
use mainstay_protocol::encode_request;

use crate::{Call, Error, Frame};

/// Tells the pipelines of a process apart, so that a slot cannot open another one's reply.
static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// Calls to send together.
#[must_use = "a pipeline does nothing until a client runs it"]
pub struct Pipeline {
    id: u64,
    atomic: bool,
    encoded: BytesMut,
    count: usize,
    /// The first call that a shared connection cannot run.
    refused: Option<Error>,
}

/// Where a reply will be among the [`Replies`].
#[must_use = "the reply is taken by its slot"]
pub struct Slot<T> {
    id: u64,
    index: usize,
    read: fn(Frame) -> Result<T, Error>,
}

/// The replies of a pipeline.
pub struct Replies {
    id: u64,
    frames: Vec<Frame>,
}

impl Default for Pipeline {
    fn default() -> Pipeline {
        Pipeline::new()
    }
}

impl Pipeline {
    /// An empty one, whose calls run in order, possibly with those of others between them.
    pub fn new() -> Pipeline {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Pipeline { id, atomic: false, encoded: BytesMut::new(), count: 0, refused: None }
    }

    /// Makes it a transaction (MULTI and EXEC): nobody else's call runs in between, and if the
    /// server refuses to queue one call, none is run.
    pub fn atomic(mut self) -> Pipeline {
        self.atomic = true;
        self
    }

    /// Adds a call; the slot takes its reply.
    pub fn push<T>(&mut self, call: Call<T>) -> Slot<T> {
        if let Err(error) = call.line.check() {
            self.refused.get_or_insert(error);
        }
        call.line.encode(&mut self.encoded);
        self.count += 1;
        Slot { id: self.id, index: self.count - 1, read: call.read }
    }

    /// How many calls it holds.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it holds no call.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The bytes to send, and how many replies they ask for.
    pub(crate) fn encode(&mut self) -> Result<(BytesMut, usize), Error> {
        if let Some(error) = self.refused.take() {
            return Err(error);
        }
        let calls = std::mem::take(&mut self.encoded);
        if !self.atomic {
            return Ok((calls, self.count));
        }
        let mut framed = BytesMut::with_capacity(calls.len() + 32);
        encode_request([&b"MULTI"[..]].into_iter(), &mut framed);
        framed.extend_from_slice(&calls);
        encode_request([&b"EXEC"[..]].into_iter(), &mut framed);
        Ok((framed, self.count.saturating_add(2)))
    }

    /// What an empty pipeline gets.
    pub(crate) fn no_replies(&self) -> Replies {
        Replies { id: self.id, frames: Vec::new() }
    }

    /// Makes the replies of the frames that came back.
    pub(crate) fn replies(&self, mut frames: Vec<Frame>) -> Result<Replies, Error> {
        if !self.atomic {
            return Ok(Replies { id: self.id, frames });
        }
        let executed = frames.pop().unwrap_or(Frame::Null);
        match executed {
            Frame::Array(frames) if frames.len() == self.count => {
                Ok(Replies { id: self.id, frames })
            }
            // The refusal of a call says more than EXECABORT, which only points at it.
            other => Err(frames
                .into_iter()
                .find_map(|frame| match frame {
                    Frame::Error(text) => Some(Error::reply(text)),
                    _ => None,
                })
                .unwrap_or_else(|| Error::shape("the replies of a transaction", &other))),
        }
    }
}

impl Replies {
    /// The reply of a call.
    ///
    /// # Errors
    /// The server's, of this call only; a reply of another shape; a slot of another pipeline.
    pub fn take<T>(&mut self, slot: Slot<T>) -> Result<T, Error> {
        if slot.id != self.id {
            return Err(Error::foreign_slot());
        }
        let frame = self.frames.get_mut(slot.index).ok_or_else(Error::foreign_slot)?;
        (slot.read)(std::mem::replace(frame, Frame::Null))
    }
}
