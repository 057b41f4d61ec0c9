//! connection/outbox.rs — what is still to be written to one client, in order.
//!
//! During a loop turn a segment is a range of one of the loop's arenas: replies, or messages
//! encoded once for all their receivers. What the socket does not take by the end of the turn is
//! kept: replies are copied, messages are shared with all others who were too slow.

use std::io::{self, IoSlice, Write};
use std::ops::Range;
use std::rc::Rc;

use smallvec::SmallVec;

use super::Stream;

/// Slices handed to the operating system at once.
const SLICES: usize = 64;

/// An arena is shared by a connection that has at least this part of it, so that what is kept is at
/// most so many times what counts against output limits.
const SHARE: usize = 4;

/// What the commands of one turn have written, for all connections of a loop.
#[derive(Default)]
pub struct Arenas {
    /// Replies, one range after the other.
    pub replies: Vec<u8>,
    /// Messages in RESP2 and in RESP3.
    pub messages: [Vec<u8>; 2],
    /// Connections that sent bytes which are not RESP.
    pub protocol_errors: u64,
}

/// The messages of a turn, kept for those who did not take them in it.
pub type Kept = [Option<Rc<Vec<u8>>>; 2];

/// An arena keeps at most this much memory from one turn to the next.
const KEEP_BYTES: usize = 1 << 20;

impl Arenas {
    /// Begins a new turn.
    pub fn clear(&mut self) {
        for arena in [&mut self.replies].into_iter().chain(&mut self.messages) {
            arena.clear();
            arena.shrink_to(KEEP_BYTES);
        }
    }

    /// Takes the messages out, to be shared.
    pub fn keep_messages(&mut self) -> Kept {
        self.messages
            .each_mut()
            .map(|arena| (!arena.is_empty()).then(|| Rc::new(std::mem::take(arena))))
    }
}

enum Segment {
    Replies(Range<usize>),
    Messages(u8, Range<usize>),
    Own(Vec<u8>, usize),
    Shared(Rc<Vec<u8>>, Range<usize>),
}

impl Segment {
    fn bytes<'a>(&'a self, arenas: &'a Arenas) -> &'a [u8] {
        match self {
            Segment::Replies(range) => &arenas.replies[range.clone()],
            Segment::Messages(version, range) => {
                &arenas.messages[usize::from(*version)][range.clone()]
            }
            Segment::Own(bytes, sent) => &bytes[*sent..],
            Segment::Shared(bytes, range) => &bytes[range.clone()],
        }
    }

    fn advance(&mut self, by: usize) {
        match self {
            Segment::Replies(range) | Segment::Messages(_, range) | Segment::Shared(_, range) => {
                range.start += by;
            }
            Segment::Own(_, sent) => *sent += by,
        }
    }

    /// Drops the last so many bytes.
    fn shorten(&mut self, by: usize) {
        match self {
            Segment::Replies(range) | Segment::Messages(_, range) | Segment::Shared(_, range) => {
                range.end -= by;
            }
            Segment::Own(bytes, _) => bytes.truncate(bytes.len() - by),
        }
    }

    fn len(&self) -> usize {
        match self {
            Segment::Replies(range) | Segment::Messages(_, range) | Segment::Shared(_, range) => {
                range.len()
            }
            Segment::Own(bytes, sent) => bytes.len() - sent,
        }
    }
}

/// See the module.
#[derive(Default)]
pub struct Outbox {
    segments: Vec<Segment>,
    unsent: usize,
    /// Of these, the last so many wait for the journal.
    held: usize,
    /// Bytes added since the last write.
    fresh: usize,
}

/// What came of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Everything is written.
    All(usize),
    /// The peer takes no more for now; so many bytes were written.
    Some(usize),
    /// Everything is written that does not wait for the journal.
    Held(usize),
    /// The socket failed.
    Failed,
}

impl Outbox {
    /// Bytes that are to be written.
    pub fn unsent(&self) -> usize {
        self.unsent
    }

    /// Whether there is nothing to be written.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// What was added since the last write waits until it is let go; answers how many bytes it is.
    pub fn hold(&mut self) -> usize {
        let fresh = std::mem::take(&mut self.fresh);
        self.held += fresh;
        fresh
    }

    /// Bytes that wait for nothing but the peer.
    pub fn sendable(&self) -> usize {
        self.unsent - self.held
    }

    /// The first so many bytes of those held may be written.
    pub fn let_go(&mut self, bytes: usize) {
        self.held = self.held.saturating_sub(bytes);
    }

    /// What was held is never sent; this is, instead.
    pub fn replace_held(&mut self, bytes: &[u8]) {
        let mut left = self.held;
        while left > 0
            && let Some(last) = self.segments.last_mut()
        {
            let length = last.len();
            if length > left {
                last.shorten(left);
                break;
            }
            left -= length;
            self.segments.pop();
        }
        self.unsent += bytes.len();
        self.unsent -= self.held;
        self.held = 0;
        self.segments.push(Segment::Own(bytes.to_vec(), 0));
    }

    /// Whether all of it was written by commands of this turn, on this connection or for it.
    #[inline]
    pub fn has_only_replies(&self) -> bool {
        self.segments.iter().all(|segment| matches!(segment, Segment::Replies(_)))
    }

    /// Adds a range of the arena of replies.
    pub fn push_replies(&mut self, range: Range<usize>) {
        self.unsent += range.len();
        self.fresh += range.len();
        if let Some(Segment::Replies(last)) = self.segments.last_mut()
            && last.end == range.start
        {
            last.end = range.end;
            return;
        }
        self.segments.push(Segment::Replies(range));
    }

    /// Adds a range of the arena of messages of a version (0 for RESP2).
    pub fn push_message(&mut self, version: u8, range: Range<usize>) {
        self.unsent += range.len();
        self.fresh += range.len();
        if let Some(Segment::Messages(last_version, last)) = self.segments.last_mut()
            && *last_version == version
            && last.end == range.start
        {
            last.end = range.end;
            return;
        }
        self.segments.push(Segment::Messages(version, range));
    }

    /// Writes as much as the peer takes.
    pub fn write(&mut self, stream: &mut Stream, arenas: &Arenas) -> Sent {
        let mut total = 0;
        self.fresh = 0;
        while !self.segments.is_empty() {
            let mut left = self.sendable();
            if left == 0 {
                return Sent::Held(total);
            }
            let segments = self.segments.iter().take(SLICES);
            let slices = segments.map_while(|segment| {
                let bytes = segment.bytes(arenas);
                let part = bytes.len().min(left);
                left -= part;
                (part > 0).then(|| IoSlice::new(&bytes[..part]))
            });
            let slices: SmallVec<[IoSlice<'_>; 8]> = slices.collect();
            let offered: usize = slices.iter().map(|slice| slice.len()).sum();
            let result = match &slices[..] {
                [one] => stream.write(one),
                many => stream.write_vectored(many),
            };
            drop(slices);
            match result {
                Ok(0) => return Sent::Failed,
                Ok(sent) => {
                    total += sent;
                    self.advance(sent);
                    if sent < offered {
                        // The socket is full; asking again would only say so.
                        return Sent::Some(total);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Sent::Some(total);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Sent::Failed,
            }
        }
        Sent::All(total)
    }

    fn advance(&mut self, mut by: usize) {
        self.unsent -= by;
        let mut done = 0;
        for segment in &mut self.segments {
            let len = segment.len();
            if by < len {
                segment.advance(by);
                break;
            }
            by -= len;
            done += 1;
        }
        if done == self.segments.len() {
            self.segments.clear();
        } else {
            self.segments.drain(..done);
        }
    }

    /// Makes what is left independent of the arenas, which are about to be cleared.
    pub fn keep(&mut self, replies: &[u8], messages: &Kept) {
        let mut left = [0; 2];
        for segment in &self.segments {
            if let Segment::Messages(version, range) = segment {
                left[usize::from(*version)] += range.len();
            }
        }
        let mut kept: Vec<Segment> = Vec::with_capacity(self.segments.len());
        for segment in self.segments.drain(..) {
            match segment {
                Segment::Replies(range) => keep_own(&mut kept, &replies[range]),
                Segment::Messages(version, range) => {
                    let version = usize::from(version);
                    let Some(shared) = &messages[version] else { continue };
                    // Shared, the whole arena stays as long as this connection is slow; only what
                    // it has in it counts against its limit.
                    if left[version] < shared.len() / SHARE {
                        keep_own(&mut kept, &shared[range]);
                    } else {
                        kept.push(Segment::Shared(Rc::clone(shared), range));
                    }
                }
                Segment::Own(..) | Segment::Shared(..) => kept.push(segment),
            }
        }
        self.segments = kept;
    }
}

/// Adds a copy of bytes, behind what is copied already.
fn keep_own(segments: &mut Vec<Segment>, bytes: &[u8]) {
    match segments.last_mut() {
        Some(Segment::Own(own, _)) if own.len() + bytes.len() <= KEEP_BYTES => {
            own.extend_from_slice(bytes);
        }
        _ => segments.push(Segment::Own(bytes.to_vec(), 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(outbox: &Outbox, arenas: &Arenas) -> Vec<u8> {
        outbox.segments.iter().flat_map(|segment| segment.bytes(arenas).to_vec()).collect()
    }

    #[test]
    fn who_has_little_in_an_arena_does_not_keep_it() {
        let mut arenas = Arenas::default();
        arenas.messages[0] = (0..40_000u32).map(|at| at as u8).collect();
        let (mut small, mut large) = (Outbox::default(), Outbox::default());
        arenas.replies.extend_from_slice(b"reply");
        small.push_replies(0..5);
        small.push_message(0, 10..20);
        small.push_message(0, 300..310);
        large.push_message(0, 0..20_000);
        let expected = [b"reply".to_vec(), (10..20).collect(), (44..54).collect()].concat();
        let before = text(&large, &arenas);
        let kept = arenas.keep_messages();
        small.keep(&arenas.replies, &kept);
        large.keep(&arenas.replies, &kept);
        let arena = kept[0].as_ref().expect("there were messages");
        assert_eq!(Rc::strong_count(arena), 2, "only who has much of it shares it");
        arenas.clear();
        assert_eq!(text(&small, &arenas), expected);
        assert_eq!(small.segments.len(), 1, "copies stand together");
        assert_eq!(text(&large, &arenas), before);
        assert_eq!((small.unsent(), large.unsent()), (25, 20_000));
    }
}
