//! mail.rs — what one connection's command sends to other connections.
//!
//! A handler puts messages into its loop's [`Post`]. What is for connections of the same loop is
//! delivered right after the command; the rest goes to the other loops' [`Mailbox`]es, which wakes
//! them. A published message is encoded once for each version of RESP and each loop, however many
//! receive it.
//!
//! With several loops, a loop's own letters leave a mark in its own mailbox, and are delivered when
//! the mark is read: so every loop sees messages in the order in which they were published.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::AcqRel};

use crossbeam::queue::SegQueue;
use mainstay_protocol::{ReplyWriter, Version};

use crate::connection::Stream;

/// Where a connection is: its loop, its place there, and how often that place was used before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Address {
    /// The loop's number.
    pub reactor: u16,
    /// Distinguishes connections that had the place one after the other.
    pub generation: u16,
    /// The place in the loop.
    pub place: u32,
}

/// A published message, as its receivers see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// The first element: `message`, `pmessage`, `smessage`.
    pub kind: &'static str,
    /// The pattern, for `pmessage`.
    pub pattern: Option<&'a [u8]>,
    /// The channel.
    pub channel: &'a [u8],
    /// What was published.
    pub payload: &'a [u8],
}

/// The kind of an invalidation.
const INVALIDATE: &str = "invalidate";

/// The kind of the news that nobody is there to be redirected to.
const REDIRECT_BROKEN: &str = "tracking-redir-broken";

/// The channel that RESP2 is sent invalidations by.
const INVALIDATION_CHANNEL: &[u8] = b"__redis__:invalidate";

impl<'a> Message<'a> {
    /// Tells a cache that keys have changed; `keys` is the encoded array of their names, or empty
    /// if everything has.
    pub fn invalidation(keys: &'a [u8]) -> Message<'a> {
        let channel = INVALIDATION_CHANNEL;
        Message { kind: INVALIDATE, pattern: None, channel, payload: keys }
    }

    /// Tells a cache that the client which got its invalidations, its number in digits, is gone.
    pub fn redirect_broken(client: &'a [u8]) -> Message<'a> {
        Message { kind: REDIRECT_BROKEN, pattern: None, channel: b"", payload: client }
    }

    fn encode_invalidation(&self, out: &mut ReplyWriter<'_>) {
        if out.version() == Version::Resp3 {
            out.push(2);
            out.bulk_str(self.kind);
        } else {
            out.push(3);
            out.bulk_str("message");
            out.bulk(self.channel);
        }
        if self.payload.is_empty() {
            out.null();
        } else {
            out.raw(self.payload);
        }
    }

    /// Appends the encoded message.
    pub fn encode(&self, version: Version, to: &mut Vec<u8>) {
        let mut out = ReplyWriter::new(to, version);
        match self.kind {
            INVALIDATE => return self.encode_invalidation(&mut out),
            REDIRECT_BROKEN => {
                // RESP2 has nothing to say it by.
                if version == Version::Resp3 {
                    out.push(2);
                    out.bulk_str(self.kind);
                    out.raw(b":");
                    out.raw(self.payload);
                    out.raw(b"\r\n");
                }
                return;
            }
            _ => {}
        }
        out.push(if self.pattern.is_some() { 4 } else { 3 });
        out.bulk_str(self.kind);
        if let Some(pattern) = self.pattern {
            out.bulk(pattern);
        }
        out.bulk(self.channel);
        out.bulk(self.payload);
    }
}

/// A message with bytes of its own: where they are cut into pattern, channel and payload.
#[derive(Debug, Clone)]
struct Cut {
    kind: &'static str,
    has_pattern: bool,
    start: usize,
    channel: usize,
    payload: usize,
    end: usize,
}

impl Cut {
    fn append(message: Message<'_>, to: &mut Vec<u8>) -> Cut {
        let start = to.len();
        to.extend_from_slice(message.pattern.unwrap_or_default());
        let channel = to.len();
        to.extend_from_slice(message.channel);
        let payload = to.len();
        to.extend_from_slice(message.payload);
        let has_pattern = message.pattern.is_some();
        Cut { kind: message.kind, has_pattern, start, channel, payload, end: to.len() }
    }

    fn view<'a>(&self, bytes: &'a [u8]) -> Message<'a> {
        Message {
            kind: self.kind,
            pattern: self.has_pattern.then(|| &bytes[self.start..self.channel]),
            channel: &bytes[self.channel..self.payload],
            payload: &bytes[self.payload..self.end],
        }
    }
}

/// A message on its way to another loop.
pub struct Parcel {
    cut: Cut,
    bytes: Vec<u8>,
    to: Vec<Address>,
}

impl Parcel {
    /// The message.
    pub fn message(&self) -> Message<'_> {
        self.cut.view(&self.bytes)
    }

    /// Its receivers.
    pub fn to(&self) -> &[Address] {
        &self.to
    }
}

/// Something for a loop.
pub enum Mail {
    /// A message for connections of that loop, from another one.
    Message(Parcel),
    /// The loop's own next letter is due. It stands between messages from elsewhere, so that all
    /// loops see the messages of a channel in one order.
    Letter,
    /// Close this connection.
    Close(Address),
    /// The answer to a call that waited.
    Answer(Address, Vec<u8>),
    /// A connection's waiting call is to end, if it is still in this wait: with an error, or as if
    /// its time were over.
    Unblock(Address, u64, Option<&'static str>),
    /// A freshly accepted socket.
    Accepted(Stream),
    /// Look at the process's state again: it is shutting down, or a setting has changed.
    Look,
}

/// How a loop is woken.
pub trait Wake: Send + Sync {
    /// Makes the loop's wait return.
    fn wake(&self);
}

/// The inbox of a loop.
pub struct Mailbox {
    queue: SegQueue<Mail>,
    pending: AtomicBool,
    waker: Box<dyn Wake>,
}

impl Mailbox {
    /// An empty inbox.
    pub fn new(waker: Box<dyn Wake>) -> Mailbox {
        Mailbox { queue: SegQueue::new(), pending: AtomicBool::new(false), waker }
    }

    /// Puts something in; wakes the loop unless it is about to look anyway.
    pub fn send(&self, mail: Mail) {
        self.queue.push(mail);
        if !self.pending.swap(true, AcqRel) {
            self.waker.wake();
        }
    }

    /// Puts something in without waking: the loop itself will look before it waits.
    fn put(&self, mail: Mail) {
        self.queue.push(mail);
    }

    /// Everything that is there. What comes while this is being read wakes the loop again.
    pub fn drain(&self) -> impl Iterator<Item = Mail> + '_ {
        self.pending.swap(false, AcqRel);
        std::iter::from_fn(|| self.queue.pop())
    }
}

/// Commands that run outside of all loops have this for their loop.
const OUTSIDE: u16 = u16::MAX;

/// Messages of the commands of one loop turn.
pub struct Post {
    reactor: u16,
    mailboxes: Arc<[Mailbox]>,
    bytes: Vec<u8>,
    letters: Vec<(Cut, std::ops::Range<usize>)>,
    to: Vec<Address>,
    due: usize,
    answers: Vec<(Address, Vec<u8>)>,
}

impl Post {
    /// The post of loop `reactor`.
    pub fn new(reactor: u16, mailboxes: Arc<[Mailbox]>) -> Post {
        let (bytes, letters, to, answers) = Default::default();
        Post { reactor, mailboxes, bytes, letters, to, due: 0, answers }
    }

    /// The post of commands that run outside of all loops: everything goes to an inbox.
    pub fn outside(mailboxes: Arc<[Mailbox]>) -> Post {
        Post::new(OUTSIDE, mailboxes)
    }

    /// Whether there is no other loop: letters may be delivered without looking at the inbox.
    #[inline]
    pub fn is_alone(&self) -> bool {
        self.mailboxes.len() == 1 && self.reactor != OUTSIDE
    }

    /// Sends a message to each receiver. Whoever orders several publishers by a lock calls this
    /// under it.
    pub fn publish(&mut self, message: Message<'_>, to: &[Address]) {
        let start = self.to.len();
        if self.is_alone() {
            self.to.extend_from_slice(to);
            let cut = Cut::append(message, &mut self.bytes);
            self.letters.push((cut, start..self.to.len()));
            return;
        }
        let own = self.reactor;
        self.to.extend(to.iter().filter(|address| address.reactor == own));
        if self.to.len() > start {
            let cut = Cut::append(message, &mut self.bytes);
            self.letters.push((cut, start..self.to.len()));
            self.mailboxes[usize::from(own)].put(Mail::Letter);
        }
        if self.to.len() - start == to.len() {
            return;
        }
        for (reactor, mailbox) in self.mailboxes.iter().enumerate() {
            let theirs = to.iter().filter(|address| {
                usize::from(address.reactor) == reactor && address.reactor != own
            });
            let theirs: Vec<Address> = theirs.copied().collect();
            if !theirs.is_empty() {
                let mut bytes = Vec::new();
                let cut = Cut::append(message, &mut bytes);
                mailbox.send(Mail::Message(Parcel { cut, bytes, to: theirs }));
            }
        }
    }

    /// Sends a call that waited its answer.
    pub fn answer(&mut self, address: Address, reply: Vec<u8>) {
        if address.reactor == self.reactor {
            self.answers.push((address, reply));
        } else if let Some(mailbox) = self.mailboxes.get(usize::from(address.reactor)) {
            mailbox.send(Mail::Answer(address, reply));
        }
    }

    /// The answers to calls of this loop's connections; they are taken out.
    pub fn take_answers(&mut self) -> Vec<(Address, Vec<u8>)> {
        std::mem::take(&mut self.answers)
    }

    /// Asks a connection's loop to end its waiting call, see [`Mail::Unblock`].
    pub fn unblock(&self, address: Address, wait: u64, error: Option<&'static str>) {
        if let Some(mailbox) = self.mailboxes.get(usize::from(address.reactor)) {
            mailbox.send(Mail::Unblock(address, wait, error));
        }
    }

    /// Asks a connection's loop to close it.
    pub fn close(&self, address: Address) {
        if let Some(mailbox) = self.mailboxes.get(usize::from(address.reactor)) {
            mailbox.send(Mail::Close(address));
        }
    }

    /// Asks all loops to look at the process's state.
    pub fn look(&self) {
        self.mailboxes.iter().for_each(|mailbox| mailbox.send(Mail::Look));
    }

    /// Whether nothing waits to be delivered within the loop.
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty() && self.answers.is_empty()
    }

    /// The messages for this loop's connections, in order, each with its receivers.
    pub fn letters(&self) -> impl Iterator<Item = (Message<'_>, &[Address])> {
        self.letters.iter().map(|(cut, to)| (cut.view(&self.bytes), &self.to[to.clone()]))
    }

    /// The next letter that was not asked for yet, see [`Mail::Letter`].
    pub fn next_letter(&mut self) -> Option<(Message<'_>, &[Address])> {
        let (cut, to) = self.letters.get(self.due)?;
        self.due += 1;
        Some((cut.view(&self.bytes), &self.to[to.clone()]))
    }

    /// Forgets what was delivered.
    pub fn clear(&mut self) {
        self.due = 0;
        self.letters.clear();
        self.to.clear();
        self.bytes.clear();
    }
}
