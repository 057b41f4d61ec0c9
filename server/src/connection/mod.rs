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
use std::ops::Range;

use mainstay_protocol::{Batch, Decoder, ReplyWriter, RequestError};

use crate::clock::Millis;
use crate::route::{After, Executor, Plan};
use crate::session::Session;

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
    /// Requests of it are decoded and wait to be run.
    pub taken: bool,
    /// It has input that was left, and why.
    pub held: Option<Hold>,
    /// It takes no more requests and closes when its output is written.
    pub closing: bool,
    /// Its peer has closed its side: it is read until that shows, since no edge follows.
    pub ends: bool,
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
    /// A snapshot must have what its request would change first.
    Snapshot,
    /// Its call waits for a key.
    Park,
    /// Only what its commands sent to others, itself included, must be delivered first.
    Delivery,
}

/// Requests of one connection in a batch, and what the decoder said of the bytes.
pub struct Decoded {
    /// The places in the batch.
    pub requests: Range<usize>,
    result: Result<usize, RequestError>,
}

/// What a loop lends a connection for a turn.
pub struct Turn<'t, 'p> {
    /// Runs requests.
    pub executor: &'t mut Executor<'p>,
    /// Takes replies.
    pub arenas: &'t mut Arenas,
    /// Says what may not be exceeded.
    pub policy: &'t Policy,
    /// The time of the turn.
    pub now: Millis,
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
            taken: false,
            held: None,
            closing: false,
            ends: false,
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

    /// Whether it owns the beginning of a request, which more input must be put behind.
    #[inline]
    pub fn has_input(&self) -> bool {
        !self.input.is_empty()
    }

    /// Reads once into the loop's buffer. Only for connections without input of their own.
    ///
    /// # Errors
    /// What the socket says; `WouldBlock` when nothing has come.
    #[inline]
    pub fn receive(&mut self, buffer: &mut [u8], now: Millis) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        self.active = now;
        Ok(read)
    }

    /// Reads once behind the connection's own input.
    ///
    /// # Errors
    /// As [`Connection::receive`].
    pub fn receive_more(&mut self, least: usize, now: Millis) -> io::Result<(usize, bool)> {
        let had = self.input.len();
        // Room for what the request is known to need, but never much ahead of what has come:
        // an announced length alone takes no memory.
        let room = self.decoder.wanted().saturating_sub(had).clamp(least, had.max(1 << 20));
        self.input.resize(had + room, 0);
        let read = self.stream.read(&mut self.input[had..]);
        self.input.truncate(had + read.as_ref().copied().unwrap_or(0));
        let read = read?;
        self.active = now;
        Ok((read, read == room))
    }

    /// Adds the complete requests at the start of `bytes` to the batch.
    #[inline]
    pub fn decode(&mut self, bytes: &[u8], batch: &mut Batch, policy: &Policy) -> Decoded {
        let limits =
            if self.session.authenticated { &policy.limits } else { &policy.limits_before_auth };
        let from = batch.len();
        let result = self.decoder.decode(bytes, limits, batch);
        Decoded { requests: from..batch.len(), result }
    }

    /// Runs the requests decoded from `bytes`, of which the first are planned already, and keeps
    /// what is left of the bytes.
    pub fn run<'p>(
        &mut self,
        bytes: &[u8],
        batch: &Batch,
        decoded: Decoded,
        planned: &[Plan<'p>],
        turn: &mut Turn<'_, 'p>,
    ) {
        let used = self.process(bytes, batch, decoded, planned, turn);
        self.input.extend_from_slice(&bytes[used..]);
        self.note_partial(turn.now);
    }

    /// Runs what is complete in the connection's own input.
    pub fn resume(&mut self, batch: &mut Batch, turn: &mut Turn<'_, '_>) {
        let input = std::mem::take(&mut self.input);
        batch.clear();
        let decoded = self.decode(&input, batch, turn.policy);
        let used = self.process(&input, batch, decoded, &[], turn);
        self.input = input;
        if used == self.input.len() {
            self.input = Vec::new();
        } else if used > 0 {
            self.input.drain(..used);
            // What is left is the beginning of another request.
            self.partial_since = 0;
        }
        self.note_partial(turn.now);
    }

    fn note_partial(&mut self, now: Millis) {
        if self.input.is_empty() || self.held.is_some() {
            self.partial_since = 0;
        } else if self.partial_since == 0 {
            self.partial_since = now;
        }
    }

    /// Runs decoded requests; says how many bytes are done with.
    fn process<'p>(
        &mut self,
        bytes: &[u8],
        batch: &Batch,
        decoded: Decoded,
        planned: &[Plan<'p>],
        turn: &mut Turn<'_, 'p>,
    ) -> usize {
        if self.closing {
            return bytes.len();
        }
        let begin = turn.arenas.replies.len();
        let was_authenticated = self.session.authenticated;
        let mut used = None;
        for (number, at) in decoded.requests.clone().enumerate() {
            let Some(request) = batch.get(at, bytes) else { break };
            let plan = match planned.get(number) {
                Some(plan) => *plan,
                None => turn.executor.plan(&self.session, request),
            };
            let out = &mut turn.arenas.replies;
            let after = turn.executor.run(&mut self.session, request, plan, out);
            match after {
                After::Go => {}
                After::Close => {
                    self.closing = true;
                    break;
                }
                After::Park => {
                    self.held = Some(Hold::Park);
                    used = Some(request.end());
                    break;
                }
                After::Wait | After::Hold => {
                    let is_pause = after == After::Wait;
                    self.held = Some(if is_pause { Hold::Pause } else { Hold::Snapshot });
                    used = Some(request.start());
                    break;
                }
            }
            let pending = self.outbox.unsent() + (turn.arenas.replies.len() - begin);
            if pending > turn.policy.backpressure_bytes {
                self.held = Some(Hold::Output);
            } else if was_authenticated != self.session.authenticated
                || (!turn.executor.post.is_empty() && self.session.may_be_sent_to())
            {
                // After AUTH, what follows is decoded anew, under other limits. And who may be
                // sending to itself gets what it sent before what it asks next.
                self.held = Some(Hold::Delivery);
            }
            if self.held.is_some() {
                used = Some(request.end());
                break;
            }
        }
        let consumed = match (used, decoded.result) {
            _ if self.closing => bytes.len(),
            (Some(used), _) => {
                // What was decoded behind this point is decoded again.
                self.decoder = Decoder::new();
                used
            }
            (None, Ok(decoded)) => decoded,
            (None, Err(error)) => {
                let text = format!("ERR Protocol error: {error}");
                ReplyWriter::new(&mut turn.arenas.replies, self.session.version).error(&text);
                turn.arenas.protocol_errors += 1;
                self.closing = true;
                bytes.len()
            }
        };
        if turn.arenas.replies.len() > begin {
            self.outbox.push_replies(begin..turn.arenas.replies.len());
        }
        consumed
    }
}
