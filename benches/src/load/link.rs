//! One connection of a load loop, and the set of them that a thread drives.

use std::{
    io::{ErrorKind, Read, Write},
    time::Duration,
};

use mio::{Events, Poll, Token};

use crate::{
    Error, Result,
    reply::Scanner,
    target::{Socket, Target},
};

/// A connection: what it owes us and what we still owe it.
pub(super) struct Link {
    socket: Socket,
    scanner: Scanner,
    unsent: Vec<u8>,
    unsent_from: usize,
    /// Requests sent, or queued in `unsent`, that have no reply yet.
    pub(super) awaiting: u64,
    /// When the outstanding batch was sent.
    pub(super) sent_at: u64,
}

impl Link {
    /// Sends a batch with one write. What the socket does not take is kept and goes out when it can.
    #[inline]
    pub(super) fn send(&mut self, bytes: &[u8], requests: u64) -> Result<()> {
        self.awaiting += requests;
        let mut rest = bytes;
        if self.unsent.is_empty() {
            let taken = self.write(rest)?;
            rest = &rest[taken..];
        }
        self.unsent.extend_from_slice(rest);
        Ok(())
    }

    /// True while the socket has not taken everything.
    #[inline]
    pub(super) fn is_clogged(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Sends what was kept, as far as the socket takes it.
    pub(super) fn flush(&mut self) -> Result<()> {
        while self.unsent_from < self.unsent.len() {
            let from = self.unsent_from;
            let kept = std::mem::take(&mut self.unsent);
            let taken = self.write(&kept[from..]);
            self.unsent = kept;
            match taken? {
                0 => return Ok(()),
                taken => self.unsent_from += taken,
            }
        }
        self.unsent.clear();
        self.unsent_from = 0;
        Ok(())
    }

    /// How much the socket took, 0 when it is full.
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        loop {
            match self.socket.write(bytes) {
                Ok(taken) => return Ok(taken),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    /// Reads what has come and counts the replies in it. A read that does not fill the buffer has
    /// emptied the socket (epoll(7), question 9), so there is usually only one.
    #[inline]
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Result<u64> {
        let mut replies = 0;
        loop {
            match self.socket.read(buffer) {
                Ok(0) => return Err(Error::Closed { outstanding: self.awaiting }),
                Ok(count) => {
                    replies += self.scanner.scan(&buffer[..count])?;
                    if count < buffer.len() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.lost(error)),
            }
        }
        self.awaiting = self.awaiting.saturating_sub(replies);
        Ok(replies)
    }

    fn lost(&self, error: std::io::Error) -> Error {
        match error.kind() {
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                Error::Closed { outstanding: self.awaiting }
            }
            _ => Error::io("using a connection", error),
        }
    }

    #[inline]
    pub(super) fn errors(&self) -> u64 {
        self.scanner.errors()
    }
}

/// The connections of one thread and the poll they are registered with.
pub(super) struct Links {
    poll: Poll,
    events: Events,
    pub(super) all: Vec<Link>,
}

impl Links {
    /// Opens `count` connections.
    pub(super) fn connect(target: &Target, count: usize) -> Result<Self> {
        let poll = Poll::new().map_err(|cause| Error::io("creating an event loop", cause))?;
        let all = (0..count)
            .map(|index| {
                let mut socket = target
                    .connect()?
                    .into_socket()
                    .map_err(|cause| Error::io("preparing a connection", cause))?;
                socket
                    .register(poll.registry(), Token(index))
                    .map_err(|cause| Error::io("registering a connection", cause))?;
                let (scanner, unsent) = (Scanner::default(), Vec::new());
                Ok(Link { socket, scanner, unsent, unsent_from: 0, awaiting: 0, sent_at: 0 })
            })
            .collect::<Result<_>>()?;
        Ok(Self { poll, events: Events::with_capacity(count.clamp(1, 1024)), all })
    }

    /// Waits for something to happen, then calls `ready` with each link it happened to and returns
    /// how many there were. A link with unsent bytes has been flushed before.
    #[inline]
    pub(super) fn turn(
        &mut self,
        timeout: Duration,
        mut ready: impl FnMut(usize, &mut Link) -> Result<()>,
    ) -> Result<usize> {
        if let Err(error) = self.poll.poll(&mut self.events, Some(timeout)) {
            if error.kind() == ErrorKind::Interrupted {
                return Ok(0);
            }
            return Err(Error::io("waiting for replies", error));
        }
        let mut count = 0;
        for event in &self.events {
            let link = &mut self.all[event.token().0];
            if link.is_clogged() && event.is_writable() {
                link.flush()?;
            }
            ready(event.token().0, link)?;
            count += 1;
        }
        Ok(count)
    }

    /// Requests that have no reply yet.
    pub(super) fn outstanding(&self) -> u64 {
        self.all.iter().map(|link| link.awaiting).sum()
    }

    /// Errors, the first of them, and nulls, over all links.
    pub(super) fn findings(&self) -> (u64, Option<String>, u64) {
        let errors = self.all.iter().map(Link::errors).sum();
        let first = self.all.iter().find_map(|link| link.scanner.first_error());
        let nulls = self.all.iter().map(|link| link.scanner.nulls()).sum();
        (errors, first, nulls)
    }

    /// Ends the run when an error reply has come.
    pub(super) fn refused(&self, label: &str) -> Error {
        let reply = self.findings().1.unwrap_or_default();
        Error::Refused { request: label.to_owned(), reply }
    }
}
