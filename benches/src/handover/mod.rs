//! Hand-over: from the RPUSH of one connection until the BLPOP of another that waits for it has the
//! element, one element at a time.
//!
//! All consumers wait on one list. An element carries its number, and whoever gets anything but the one
//! that was pushed last ends the run. It should be the consumer that has waited longest; when another
//! is served, that one was overtaken, which is counted. Then the consumer sends its next BLPOP and is
//! the last in the row, and the next RPUSH follows once the producer has its reply too.
//!
//! A server with one thread never lets anybody be overtaken. One with several may see two BLPOPs that
//! were sent 30 us apart in the other order when one of its threads sleeps longer than that.
//!
//! The latency counts from just before the RPUSH is written to just after the BLPOP's reply was read. A
//! consumer that is alone might find the next element already there, and then it would not have
//! waited. So in front of the RPUSH the producer sends a PING, and its reply, which is not part of the
//! latency but of the time between two elements, says that the server has seen the BLPOP written
//! earlier (a server with one thread has; one with several almost certainly).

#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    io::{ErrorKind, Read, Write},
    time::{Duration, Instant},
};

use mio::{Events, Poll, Token};

use crate::{
    Error, Result,
    account::{self, Used},
    clock,
    direct::{Direct, Reply},
    latency::Latency,
    load::Edge,
    reply::Scanner,
    target::{Socket, Target},
    template,
};

const LIST: &str = "handover";
/// How long an element may be under way before the run is given up.
const STALL: Duration = Duration::from_secs(10);
/// How long elements are handed over before it is measured.
const WARM_UP_NS: u64 = 200_000_000;
/// An element begins with its number in so many digits, and is not shorter.
const DIGITS: usize = 12;
const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

/// What to hand over to whom.
#[derive(Clone, Debug)]
pub struct Plan {
    pub target: Target,
    /// Connections that wait, at least 1.
    pub consumers: usize,
    /// Bytes of an element, at least 12.
    pub payload_bytes: usize,
    pub time: Duration,
}

/// What was handed over.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub handovers: u64,
    pub seconds: f64,
    /// Elements that another consumer got than the one that had waited longest, from the beginning.
    pub overtaken: u64,
    /// What this process used over the measured time.
    pub client: Used,
    /// From writing an RPUSH until the reply of the BLPOP has been read.
    pub latency: Latency,
}

/// Hands elements over for the time given and tells `watch` when the measured part begins and ends.
///
/// # Errors
/// No connection, a closed one, an element that takes ten seconds or is not the one that was pushed, a
/// server that does not count `blocked_clients` in INFO, or one
/// whose list `handover` is not empty.
pub fn run(plan: &Plan, watch: &mut dyn FnMut(Edge)) -> Result<Tally> {
    let mut line = Line::connect(plan)?;
    let alone = plan.consumers <= 1;
    let start = clock::now();
    let mut tally = Tally::default();
    let mut opened_at = None;
    loop {
        let now = clock::nanos_since(start);
        match opened_at {
            None if now >= WARM_UP_NS => {
                tally.client = own_use();
                watch(Edge::Opens);
                opened_at = Some(clock::nanos_since(start));
            }
            Some(opened) if u128::from(now - opened) >= plan.time.as_nanos() => {
                watch(Edge::Closes);
                tally.client = own_use().since(tally.client);
                tally.overtaken = line.overtaken;
                tally.handovers = tally.latency.count();
                tally.seconds = (now - opened) as f64 / 1e9;
                return Ok(tally);
            }
            _ => {}
        }
        if alone {
            line.ping()?;
        }
        let nanos = line.hand_over()?;
        if opened_at.is_some() {
            tally.latency.record(nanos);
        }
    }
}

/// A reading that fails leaves figures of zero, which the table shows as such.
fn own_use() -> Used {
    account::used(std::process::id()).unwrap_or_default()
}

/// The producer and the consumers in the order in which they wait.
struct Line {
    poll: Poll,
    events: Events,
    producer: Producer,
    consumers: Vec<Consumer>,
    /// Indices of `consumers`; the first has waited longest.
    waiting: VecDeque<usize>,
    overtaken: u64,
    /// Elements handed over: the number of the next.
    number: u64,
    push: Numbered,
    /// What the consumer has to get.
    frame: Numbered,
    pop: Vec<u8>,
    input: Vec<u8>,
}

/// Bytes with a place for the number of an element.
struct Numbered {
    bytes: Vec<u8>,
    place: usize,
}

impl Numbered {
    fn new(head: String, payload: &[u8]) -> Self {
        let mut bytes = head.into_bytes();
        let place = bytes.len();
        bytes.extend_from_slice(payload);
        bytes.extend_from_slice(b"\r\n");
        Self { bytes, place }
    }

    fn set(&mut self, number: u64) {
        template::put_digits(&mut self.bytes[self.place..self.place + DIGITS], number);
    }
}

struct Producer {
    socket: Socket,
    scanner: Scanner,
}

struct Consumer {
    socket: Socket,
    /// The part of a reply that has come.
    got: Vec<u8>,
}

impl Line {
    fn connect(plan: &Plan) -> Result<Self> {
        let poll = Poll::new().map_err(|cause| Error::io("creating an event loop", cause))?;
        let mut direct = Direct::connect(&plan.target)?;
        match direct.call(&["LLEN", LIST])? {
            Reply::Integer(0) => {}
            _ => return Err(Error::Usage(format!("the list {LIST} of this server is not empty"))),
        }
        let count = plan.consumers.max(1);
        let pop = format!("*3\r\n$5\r\nBLPOP\r\n${}\r\n{LIST}\r\n$1\r\n0\r\n", LIST.len());
        let pop = pop.into_bytes();
        let before = blocked(&mut direct)?;
        let mut consumers = Vec::with_capacity(count);
        for index in 0..count {
            let mut consumer =
                Consumer { socket: connect(&plan.target, &poll, index)?, got: Vec::new() };
            send(&mut consumer.socket, &pop)?;
            consumers.push(consumer);
            // The order is known only if each waits before the next one comes.
            let start = clock::now();
            while blocked(&mut direct)? < before + index as u64 + 1 {
                if start.elapsed() > STALL {
                    return Err(Error::Stalled { seconds: STALL.as_secs(), outstanding: 1 });
                }
            }
        }
        let payload = template::value(plan.payload_bytes.max(DIGITS));
        let (list, length) = (LIST.len(), payload.len());
        let push = format!("*3\r\n$5\r\nRPUSH\r\n${list}\r\n{LIST}\r\n${length}\r\n");
        let frame = format!("*2\r\n${list}\r\n{LIST}\r\n${length}\r\n");
        Ok(Self {
            producer: Producer {
                socket: connect(&plan.target, &poll, count)?,
                scanner: Scanner::default(),
            },
            poll,
            events: Events::with_capacity(count + 1),
            consumers,
            waiting: (0..count).collect(),
            overtaken: 0,
            number: 0,
            push: Numbered::new(push, &payload),
            frame: Numbered::new(frame, &payload),
            pop,
            input: vec![0; 64 << 10],
        })
    }

    /// A round trip of the producer.
    fn ping(&mut self) -> Result<()> {
        send(&mut self.producer.socket, PING)?;
        self.until(false).map(|_| ())
    }

    /// Pushes the next element and says after how many nanoseconds a consumer had it. That one waits
    /// again afterwards.
    fn hand_over(&mut self) -> Result<u64> {
        self.push.set(self.number);
        self.frame.set(self.number);
        self.number += 1;
        let pushed = clock::now();
        send(&mut self.producer.socket, &self.push.bytes)?;
        let Some((served, arrived)) = self.until(true)? else { return Ok(0) };
        self.consumers[served].got.clear();
        send(&mut self.consumers[served].socket, &self.pop)?;
        self.overtaken += u64::from(self.waiting.front() != Some(&served));
        self.waiting.retain(|&index| index != served);
        self.waiting.push_back(served);
        Ok(u64::try_from((arrived - pushed).as_nanos()).unwrap_or(u64::MAX))
    }

    /// Waits for the producer's reply and, if one is under way, for the element. Says who got the latter
    /// and when.
    fn until(&mut self, element: bool) -> Result<Option<(usize, Instant)>> {
        let start = clock::now();
        let (mut replied, mut arrived) = (false, None);
        while !replied || (element && arrived.is_none()) {
            match self.poll.poll(&mut self.events, Some(STALL / 10)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other.map_err(|cause| Error::io("waiting for an element", cause))?,
            }
            for event in &self.events {
                let Token(index) = event.token();
                let Some(consumer) = self.consumers.get_mut(index) else {
                    replied |= self.producer.receive(&mut self.input)?;
                    continue;
                };
                if !consumer.receive(&mut self.input)? {
                    continue;
                }
                if consumer.is_served(&self.frame.bytes)? {
                    arrived = Some((index, clock::now()));
                }
            }
            if self.events.is_empty() && start.elapsed() > STALL {
                let outstanding = u64::from(!replied) + u64::from(element && arrived.is_none());
                return Err(Error::Stalled { seconds: STALL.as_secs(), outstanding });
            }
        }
        Ok(arrived)
    }
}

impl Producer {
    /// Whether a reply has come.
    fn receive(&mut self, input: &mut [u8]) -> Result<bool> {
        let mut replies = 0;
        while let Some(count) = read(&mut self.socket, input)? {
            replies += self.scanner.scan(&input[..count])?;
            if let Some(reply) = self.scanner.first_error() {
                return Err(Error::Refused { request: "RPUSH".into(), reply });
            }
        }
        Ok(replies > 0)
    }
}

impl Consumer {
    /// Keeps what has come; false when it was nothing.
    fn receive(&mut self, input: &mut [u8]) -> Result<bool> {
        let before = self.got.len();
        while let Some(count) = read(&mut self.socket, input)? {
            self.got.extend_from_slice(&input[..count]);
        }
        Ok(self.got.len() > before)
    }

    /// Whether the whole reply is there; an error when it is not the one it should be.
    fn is_served(&self, frame: &[u8]) -> Result<bool> {
        if !frame.starts_with(&self.got) {
            let reply = String::from_utf8_lossy(&self.got).into_owned();
            return Err(Error::Unexpected { request: "BLPOP".into(), reply });
        }
        Ok(self.got.len() == frame.len())
    }
}

fn connect(target: &Target, poll: &Poll, index: usize) -> Result<Socket> {
    let failed = |cause| Error::io("preparing a connection", cause);
    let mut socket = target.connect()?.into_socket().map_err(failed)?;
    socket.register(poll.registry(), Token(index)).map_err(failed)?;
    Ok(socket)
}

/// Clients that wait in a blocking command.
fn blocked(direct: &mut Direct) -> Result<u64> {
    let missing = || Error::Unexpected {
        request: "INFO clients".into(),
        reply: "no number called blocked_clients".into(),
    };
    let count = direct.info("clients", "blocked_clients")?;
    count.and_then(|count| count.parse().ok()).ok_or_else(missing)
}

/// Writes all of it: one small request at a time always finds room in the socket, or nearly.
fn send(socket: &mut Socket, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match socket.write(bytes) {
            Ok(taken) => bytes = &bytes[taken..],
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(cause) => return Err(Error::io("sending a request", cause)),
        }
    }
    Ok(())
}

/// Bytes read, none when there are no more for now.
fn read(socket: &mut Socket, input: &mut [u8]) -> Result<Option<usize>> {
    loop {
        match socket.read(input) {
            Ok(0) => return Err(Error::Closed { outstanding: 1 }),
            Ok(count) => return Ok(Some(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(cause) => return Err(Error::io("reading an element", cause)),
        }
    }
}
