//! Fan-out: one publisher, many subscribers on one poll loop, a window of messages.
//!
//! The window is the number of messages published that are not yet with every subscriber. One message
//! outstanding shows the price of a delivery by itself; hundreds show what the server does when it can
//! put many messages into one write. Deliveries are counted by their bytes: in RESP2 every message on
//! a channel with a payload of fixed size has the same length, and each stream is checked to consist of
//! those frames by comparing the beginning of every read.

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read, Write},
    ops::Range,
    time::Duration,
};

use mio::{Events, Poll, Token};

use crate::{
    Error, Result,
    account::{self, Used},
    clock,
    latency::Latency,
    load::Edge,
    reply::Scanner,
    target::{Socket, Target},
    template,
};

const CHANNEL: &str = "channel";
const STALL: Duration = Duration::from_secs(10);
const READ_BYTES: usize = 256 << 10;
/// How long the window of messages is tried before it is measured.
const WARM_UP_NS: u64 = 200_000_000;

/// What to publish to whom.
#[derive(Clone, Debug)]
pub struct Plan {
    pub target: Target,
    pub subscribers: usize,
    pub payload_bytes: usize,
    /// Messages outstanding.
    pub window: u64,
    /// PUBLISH requests in one write, at most.
    pub pipeline: u64,
    pub time: Duration,
}

/// What was delivered.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Messages that reached every subscriber within the measured time.
    pub published: u64,
    /// `published` times the subscribers.
    pub delivered: u64,
    pub seconds: f64,
    /// What this process used over the measured time.
    pub client: Used,
    /// From writing a PUBLISH until the last subscriber has the message.
    pub latency: Latency,
}

struct Subscriber {
    socket: Socket,
    bytes: u64,
}

/// Publishes for the time given and tells `watch` when the measured part begins and ends.
///
/// # Errors
/// No connection, a closed one, no delivery for ten seconds, or bytes that are not the message that
/// was published.
pub fn run(plan: &Plan, watch: &mut dyn FnMut(Edge)) -> Result<Tally> {
    let payload = template::value(plan.payload_bytes);
    let frame = frame(&payload);
    let mut poll = Poll::new().map_err(|cause| Error::io("creating an event loop", cause))?;
    let mut subscribers = (0..plan.subscribers)
        .map(|index| subscribe(&plan.target, &poll, index))
        .collect::<Result<Vec<_>>>()?;
    let mut publisher = Publisher::connect(plan, &poll, &payload)?;
    let mut events = Events::with_capacity(plan.subscribers + 1);
    let mut input = vec![0; READ_BYTES];
    let mut tally = Tally::default();
    let (mut with_all, mut opened_at, mut with_all_at_opening) = (0u64, None, 0u64);
    let mut sent_at: VecDeque<u64> = VecDeque::new();
    let start = clock::now();
    let mut last_delivery = 0;
    loop {
        let now = clock::nanos_since(start);
        match opened_at {
            None if now >= WARM_UP_NS => {
                tally.client = own_use();
                watch(Edge::Opens);
                opened_at = Some(clock::nanos_since(start));
                with_all_at_opening = with_all;
            }
            Some(opened) if u128::from(now - opened) >= plan.time.as_nanos() => {
                watch(Edge::Closes);
                tally.client = own_use().since(tally.client);
                tally.published = with_all - with_all_at_opening;
                tally.delivered = tally.published * plan.subscribers as u64;
                tally.seconds = (now - opened) as f64 / 1e9;
                return Ok(tally);
            }
            _ => {}
        }
        let room = (with_all + plan.window).saturating_sub(publisher.published);
        let count = publisher.publish(room.min(plan.pipeline))?;
        sent_at.extend(std::iter::repeat_n(now, count as usize));
        match poll.poll(&mut events, Some(STALL / 10)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other.map_err(|cause| Error::io("waiting for messages", cause))?,
        }
        for event in &events {
            let Token(index) = event.token();
            match subscribers.get_mut(index) {
                Some(subscriber) => subscriber.receive(&mut input, &frame)?,
                None => publisher.receive(&mut input)?,
            }
        }
        let frame_bytes = frame.len() as u64;
        let slowest = subscribers.iter().map(|one| one.bytes / frame_bytes).min().unwrap_or(0);
        if slowest > with_all {
            last_delivery = clock::nanos_since(start);
            for sent in sent_at.drain(..((slowest - with_all) as usize).min(sent_at.len())) {
                if opened_at.is_some() {
                    tally.latency.record(last_delivery - sent);
                }
            }
            with_all = slowest;
        } else if clock::nanos_since(start) - last_delivery > STALL.as_nanos() as u64 {
            let outstanding = publisher.published - with_all;
            return Err(Error::Stalled { seconds: STALL.as_secs(), outstanding });
        }
    }
}

/// A reading that fails leaves figures of zero, which the table shows as such.
fn own_use() -> Used {
    account::used(std::process::id()).unwrap_or_default()
}

/// The bytes of one message as a subscriber gets it.
fn frame(payload: &[u8]) -> Vec<u8> {
    let mut frame =
        format!("*3\r\n$7\r\nmessage\r\n${}\r\n{CHANNEL}\r\n${}\r\n", CHANNEL.len(), payload.len())
            .into_bytes();
    frame.extend_from_slice(payload);
    frame.extend_from_slice(b"\r\n");
    frame
}

fn subscribe(target: &Target, poll: &Poll, index: usize) -> Result<Subscriber> {
    let mut stream = target.connect()?;
    let failed = |cause| Error::io("subscribing", cause);
    write!(stream, "*2\r\n$9\r\nSUBSCRIBE\r\n${}\r\n{CHANNEL}\r\n", CHANNEL.len())
        .map_err(failed)?;
    let (mut scanner, mut byte) = (Scanner::default(), [0]);
    loop {
        stream.read_exact(&mut byte).map_err(failed)?;
        if scanner.scan(&byte)? > 0 {
            break;
        }
    }
    if let Some(reply) = scanner.first_error() {
        return Err(Error::Refused { request: "SUBSCRIBE".into(), reply });
    }
    let mut socket = stream.into_socket().map_err(failed)?;
    socket.register(poll.registry(), Token(index)).map_err(failed)?;
    Ok(Subscriber { socket, bytes: 0 })
}

impl Subscriber {
    /// Counts what has come. The beginning of every read is compared with the frame it must continue,
    /// so a stream of anything else, or one that has lost a byte, is noticed.
    fn receive(&mut self, input: &mut [u8], frame: &[u8]) -> Result<()> {
        loop {
            let count = match read(&mut self.socket, input)? {
                Some(count) => count,
                None => return Ok(()),
            };
            let phase = (self.bytes % frame.len() as u64) as usize;
            let compared = count.min(frame.len() - phase);
            if input[..compared] != frame[phase..phase + compared] {
                let reply = String::from_utf8_lossy(&input[..compared]).into_owned();
                return Err(Error::Refused { request: "a subscription".into(), reply });
            }
            self.bytes += count as u64;
            if count < input.len() {
                return Ok(());
            }
        }
    }
}

struct Publisher {
    socket: Socket,
    scanner: Scanner,
    requests: Vec<u8>,
    request_bytes: usize,
    /// The part of `requests` that the socket has not taken yet.
    unsent: Range<usize>,
    published: u64,
}

impl Publisher {
    fn connect(plan: &Plan, poll: &Poll, payload: &[u8]) -> Result<Self> {
        let failed = |cause| Error::io("preparing the publisher", cause);
        let mut socket = plan.target.connect()?.into_socket().map_err(failed)?;
        socket.register(poll.registry(), Token(plan.subscribers)).map_err(failed)?;
        let mut request = format!(
            "*3\r\n$7\r\nPUBLISH\r\n${}\r\n{CHANNEL}\r\n${}\r\n",
            CHANNEL.len(),
            payload.len()
        )
        .into_bytes();
        request.extend_from_slice(payload);
        request.extend_from_slice(b"\r\n");
        Ok(Self {
            socket,
            scanner: Scanner::default(),
            request_bytes: request.len(),
            requests: request.repeat(plan.pipeline.max(1) as usize),
            unsent: 0..0,
            published: 0,
        })
    }

    /// Publishes this many, or none while the socket still has to take the rest of the last ones.
    fn publish(&mut self, count: u64) -> Result<u64> {
        self.flush()?;
        if !self.unsent.is_empty() || count == 0 {
            return Ok(0);
        }
        self.unsent = 0..count as usize * self.request_bytes;
        self.published += count;
        self.flush()?;
        Ok(count)
    }

    fn flush(&mut self) -> Result<()> {
        if self.unsent.is_empty() {
            return Ok(());
        }
        match self.socket.write(&self.requests[self.unsent.clone()]) {
            Ok(taken) => self.unsent.start += taken,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(cause) => return Err(Error::io("publishing", cause)),
        }
        Ok(())
    }

    fn receive(&mut self, input: &mut [u8]) -> Result<()> {
        while let Some(count) = read(&mut self.socket, input)? {
            self.scanner.scan(&input[..count])?;
            if let Some(reply) = self.scanner.first_error() {
                return Err(Error::Refused { request: "PUBLISH".into(), reply });
            }
            if count < input.len() {
                break;
            }
        }
        Ok(())
    }
}

/// Bytes read, none when there are no more for now.
fn read(socket: &mut Socket, input: &mut [u8]) -> Result<Option<usize>> {
    match socket.read(input) {
        Ok(0) => Err(Error::Closed { outstanding: 0 }),
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(cause) => Err(Error::io("reading messages", cause)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_what_resp2_says() {
        let text = "*3\r\n$7\r\nmessage\r\n$7\r\nchannel\r\n$2\r\nhi\r\n";
        assert_eq!(frame(b"hi"), text.as_bytes());
    }

    #[test]
    fn a_stream_that_is_no_message_is_noticed() {
        let (mut there, here) = std::os::unix::net::UnixStream::pair().unwrap();
        let socket = crate::target::Stream::Unix(here).into_socket().unwrap();
        let mut subscriber = Subscriber { socket, bytes: 0 };
        let (message, mut input) = (frame(b"hi"), [0; 64]);
        // A whole message and the beginning of the next, then its end: two messages.
        let sent = message.repeat(2);
        let cut = message.len() + 5;
        for part in [&sent[..cut], &sent[cut..]] {
            there.write_all(part).unwrap();
            subscriber.receive(&mut input, &message).unwrap();
        }
        assert_eq!(subscriber.bytes, sent.len() as u64);
        there.write_all(b"-ERR gone\r\n").unwrap();
        assert!(subscriber.receive(&mut input, &message).is_err());
    }
}
