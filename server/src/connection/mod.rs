//! connection — one client: its bytes in, its replies out in order, and what it may not exceed.
//!
//! A connection owns memory only for a partial request or for output that its peer did not take;
//! everything else lies in the buffers of its loop. It knows no command: requests go to the
//! executor that it is handed.

mod outbox;
mod policy;
mod stream;

pub use outbox::{Arenas, Outbox, Sent};
pub use policy::Policy;
pub use stream::Stream;

use std::io::{self, Read};

use mainstay_protocol::{Batch, Decoder, ReplyWriter};

use crate::clock::Millis;
use crate::route::{After, Executor};
use crate::session::{Replies, Session};

/// Requests planned ahead of those being run. Enough to cover a memory access, few enough that
/// what was fetched is still in the cache.
const WINDOW: usize = 64;

/// One client.
pub struct Connection {
    /// The socket.
    pub stream: Stream,
    /// What we remember.
    pub session: Session,
    /// Output that is still to be written.
    pub outbox: Outbox,
    decoder: Decoder,
    input: Vec<u8>,
    /// Its replies are to be written at the end of the turn.
    pub touched: bool,
    /// It has input that was left because its output was full or clients are paused.
    pub held: Option<Hold>,
    /// It takes no more requests and closes when its output is written.
    pub closing: bool,
    /// When it last sent something.
    pub active: Millis,
    /// Since when it owes the rest of a request; 0 if it owes none.
    pub partial_since: Millis,
    /// Since when it has taken none of its output; 0 if it has no output waiting.
    pub stalled_since: Millis,
    /// Since when its output is over the soft limit; 0 if it is not.
    pub soft_since: Millis,
}

/// Why a connection's input is left for later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Its own output must be taken first.
    Output,
    /// CLIENT PAUSE.
    Pause,
    /// What its commands sent to others, itself included, must be delivered first.
    Delivery,
}

/// What came of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// All there was; the loop is told when there is more.
    Drained,
    /// There may be more: ask again next turn.
    More,
    /// The peer has closed, or the socket failed.
    Ended,
    /// The request being sent is larger than allowed.
    TooLarge,
}

impl Connection {
    /// A connection over a fresh socket.
    pub fn new(stream: Stream, session: Session, now: Millis) -> Connection {
        Connection {
            stream,
            session,
            outbox: Outbox::default(),
            decoder: Decoder::new(),
            input: Vec::new(),
            touched: false,
            held: None,
            closing: false,
            active: now,
            partial_since: 0,
            stalled_since: 0,
            soft_since: 0,
        }
    }

    /// Bytes of a partial request.
    pub fn input_bytes(&self) -> usize {
        self.input.len()
    }

    /// Reads once and runs every complete request.
    pub fn read(
        &mut self,
        buffer: &mut [u8],
        batch: &mut Batch,
        executor: &mut Executor<'_>,
        arenas: &mut Arenas,
        policy: &Policy,
        now: Millis,
    ) -> (Reading, usize) {
        if self.input.is_empty() {
            let read = match self.stream.read(buffer) {
                Ok(0) => return (Reading::Ended, 0),
                Ok(read) => read,
                Err(error) => return (stopped(&error), 0),
            };
            self.active = now;
            let used = self.process(&buffer[..read], batch, executor, arenas, policy);
            self.input.extend_from_slice(&buffer[used..read]);
            self.note_partial(now);
            let more = if read == buffer.len() { Reading::More } else { Reading::Drained };
            return (more, read);
        }
        let had = self.input.len();
        // Room for what the request is known to need, but never much ahead of what has come:
        // an announced length alone takes no memory.
        let room = self.decoder.wanted().saturating_sub(had).clamp(buffer.len(), had.max(1 << 20));
        self.input.resize(had + room, 0);
        let read = match self.stream.read(&mut self.input[had..]) {
            Ok(read) => read,
            Err(error) => {
                self.input.truncate(had);
                return (stopped(&error), 0);
            }
        };
        self.input.truncate(had + read);
        if read == 0 {
            return (Reading::Ended, 0);
        }
        self.active = now;
        self.resume(batch, executor, arenas, policy);
        self.note_partial(now);
        if self.input.len() > policy.input_bytes_max {
            return (Reading::TooLarge, read);
        }
        (if read == room { Reading::More } else { Reading::Drained }, read)
    }

    /// Runs what is complete in the connection's own input.
    pub fn resume(
        &mut self,
        batch: &mut Batch,
        executor: &mut Executor<'_>,
        arenas: &mut Arenas,
        policy: &Policy,
    ) {
        let input = std::mem::take(&mut self.input);
        let used = self.process(&input, batch, executor, arenas, policy);
        self.input = input;
        if used == self.input.len() {
            self.input = Vec::new();
        } else if used > 0 {
            self.input.drain(..used);
        }
    }

    fn note_partial(&mut self, now: Millis) {
        if self.input.is_empty() {
            self.partial_since = 0;
        } else if self.partial_since == 0 {
            self.partial_since = now;
        }
    }

    /// Runs every complete request at the start of `bytes`; says how many bytes are done with.
    fn process(
        &mut self,
        bytes: &[u8],
        batch: &mut Batch,
        executor: &mut Executor<'_>,
        arenas: &mut Arenas,
        policy: &Policy,
    ) -> usize {
        if self.closing {
            return bytes.len();
        }
        batch.clear();
        let limits =
            if self.session.authenticated { &policy.limits } else { &policy.limits_before_auth };
        let decoded = self.decoder.decode(bytes, limits, batch);
        let begin = arenas.replies.len();
        let mut used = None;
        let was_authenticated = self.session.authenticated;
        let mut plans = [None; WINDOW];
        let mut at = 0;
        'batch: while at < batch.len() {
            let window = (batch.len() - at).min(WINDOW);
            for (offset, plan) in plans.iter_mut().enumerate().take(window) {
                *plan = batch
                    .get(at + offset, bytes)
                    .map(|request| executor.plan(&self.session, request));
            }
            if policy.prefetch_entries && window > 1 {
                for plan in plans.iter().take(window).flatten() {
                    executor.prefetch(&self.session, plan);
                }
            }
            for plan in plans.iter().take(window).flatten() {
                let Some(request) = batch.get(at, bytes) else { break 'batch };
                let out = &mut arenas.replies;
                match executor.run(&mut self.session, request, *plan, out) {
                    After::Go => {}
                    After::Close => {
                        self.closing = true;
                        used = Some(bytes.len());
                        break 'batch;
                    }
                    After::Wait => {
                        self.held = Some(Hold::Pause);
                        used = Some(request.start());
                        break 'batch;
                    }
                }
                at += 1;
                let pending = self.outbox.unsent() + (arenas.replies.len() - begin);
                if pending > policy.backpressure_bytes {
                    self.held = Some(Hold::Output);
                } else if !executor.post.is_empty() && self.session.subscriptions.is_some() {
                    // It may be sending to itself: what it sent comes before what it asks next.
                    self.held = Some(Hold::Delivery);
                }
                if self.held.is_some() || was_authenticated != self.session.authenticated {
                    used = Some(request.end());
                    break 'batch;
                }
            }
        }
        let mut consumed = 0;
        match (used, decoded) {
            (Some(used), _) => {
                // What was decoded behind this point is decoded again.
                self.decoder = Decoder::new();
                consumed = used;
            }
            (None, Ok(decoded)) => consumed = decoded,
            (None, Err(error)) => {
                let text = format!("ERR Protocol error: {error}");
                ReplyWriter::new(&mut arenas.replies, self.session.version).error(&text);
                self.closing = true;
                arenas.protocol_errors += 1;
            }
        }
        if self.closing {
            consumed = bytes.len();
        }
        if arenas.replies.len() > begin {
            self.outbox.push_replies(begin..arenas.replies.len());
        }
        if was_authenticated != self.session.authenticated
            && !self.closing
            && self.held.is_none()
            && consumed < bytes.len()
        {
            // The limits were lifted by AUTH or HELLO within the batch: go on with the new ones.
            return consumed + self.process(&bytes[consumed..], batch, executor, arenas, policy);
        }
        consumed
    }

    /// Appends an error reply of the connection itself.
    pub fn say(&mut self, text: &str, arenas: &mut Arenas) {
        let begin = arenas.replies.len();
        ReplyWriter::new(&mut arenas.replies, self.session.version).error(text);
        self.outbox.push_replies(begin..arenas.replies.len());
    }

    /// Whether messages out of turn may be sent.
    pub fn takes_pushes(&self) -> bool {
        self.session.replies != Replies::Off || self.session.subscriptions.is_some()
    }
}

fn stopped(error: &io::Error) -> Reading {
    match error.kind() {
        io::ErrorKind::WouldBlock => Reading::Drained,
        io::ErrorKind::Interrupted => Reading::More,
        _ => Reading::Ended,
    }
}
