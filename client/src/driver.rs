//! The task that owns a shared connection.
//!
//! It takes whatever requests have gathered, writes them in one piece, and hands each reply to the
//! oldest request that still lacks one: RESP has no request numbers, order is all there is. A
//! request whose caller has gone keeps its place in that order, so nothing shifts; one whose
//! caller has gone before it was written is not written.
//!
//! Bounds: the queue of requests (`Options::queue_max`), the bytes not yet written
//! ([`OUTPUT_BYTES_MAX`] and one request more), the requests without a reply ([`IN_FLIGHT_MAX`]).
//!
//! Not here: time. A caller that waits too long goes away by itself.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use bytes::BytesMut;
use mainstay_protocol::Frame;
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, oneshot};

use crate::Error;
use crate::call::Line;
use crate::connection::Connection;
use crate::error::Cause;

/// Bytes not yet written above which no further requests are taken.
const OUTPUT_BYTES_MAX: usize = 256 * 1024;
/// Most requests without a reply.
const IN_FLIGHT_MAX: usize = 16 * 1024;
/// Most requests taken from the queue at once.
const BATCH_MAX: usize = 256;

/// What a client asks the driver to send.
pub(crate) enum Request {
    /// A call and who waits for its reply.
    Call(Line, oneshot::Sender<Result<Frame, Error>>),
    /// Encoded calls, how many replies they have, and who waits for them.
    Calls(BytesMut, usize, oneshot::Sender<Result<Vec<Frame>, Error>>),
}

/// Who waits for replies of requests that were written.
enum Waiter {
    One(oneshot::Sender<Result<Frame, Error>>),
    Many { frames: Vec<Frame>, wanted: usize, sender: oneshot::Sender<Result<Vec<Frame>, Error>> },
}

/// Why the connection ended, once it has.
pub(crate) type Ending = Arc<OnceLock<Cause>>;

/// Starts the driver. It ends with the connection, or when all senders are gone.
pub(crate) fn start(connection: Connection, queue_max: usize) -> (mpsc::Sender<Request>, Ending) {
    let (sender, requests) = mpsc::channel(queue_max);
    let ending = Ending::default();
    let driver = Driver {
        connection,
        requests,
        output: BytesMut::new(),
        waiters: VecDeque::new(),
        ending: ending.clone(),
    };
    tokio::spawn(driver.run());
    (sender, ending)
}

struct Driver {
    connection: Connection,
    requests: mpsc::Receiver<Request>,
    /// Encoded and not yet written.
    output: BytesMut,
    /// Oldest first.
    waiters: VecDeque<Waiter>,
    ending: Ending,
}

impl Driver {
    async fn run(mut self) {
        let Err(cause) = self.serve().await else { return };
        // Set before anyone learns of it by an answer.
        let cause = self.ending.get_or_init(|| cause).clone();
        self.requests.close();
        for waiter in self.waiters.drain(..) {
            waiter.fail(Error::lost(cause.clone(), true));
        }
        while let Some(request) = self.requests.recv().await {
            request.fail(Error::lost(cause.clone(), false));
        }
    }

    /// Returns without an error when no client is left: then nobody waits for anything.
    async fn serve(&mut self) -> Result<(), Cause> {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        loop {
            let room = IN_FLIGHT_MAX.saturating_sub(self.waiters.len()).min(BATCH_MAX);
            let takes = room > 0 && self.output.len() < OUTPUT_BYTES_MAX;
            tokio::select! {
                biased;
                read = self.connection.input.read() => {
                    read?;
                    self.answer()?;
                }
                taken = self.requests.recv_many(&mut batch, room), if takes => {
                    if taken == 0 {
                        return Ok(());
                    }
                    for request in batch.drain(..) {
                        self.accept(request);
                    }
                }
                written = self.connection.writer.write_buf(&mut self.output),
                    if !self.output.is_empty() =>
                {
                    if written? == 0 {
                        return Err(Cause::Closed);
                    }
                    if self.output.is_empty() && self.output.capacity() > 2 * OUTPUT_BYTES_MAX {
                        self.output = BytesMut::new();
                    }
                }
            }
        }
    }

    fn accept(&mut self, request: Request) {
        match request {
            Request::Call(line, sender) if !sender.is_closed() => {
                line.encode(&mut self.output);
                self.waiters.push_back(Waiter::One(sender));
            }
            Request::Calls(encoded, wanted, sender) if !sender.is_closed() => {
                self.output.unsplit(encoded);
                let frames = Vec::with_capacity(wanted);
                self.waiters.push_back(Waiter::Many { frames, wanted, sender });
            }
            _ => {}
        }
    }

    /// Hands out the replies that are there.
    fn answer(&mut self) -> Result<(), Cause> {
        while let Some(frame) = self.connection.input.ready_frame()? {
            // Nobody here has asked for pushes, but a server may tell things of its own accord.
            if matches!(frame, Frame::Push(_)) {
                continue;
            }
            let Some(waiter) = self.waiters.front_mut() else {
                return Err(Cause::Unasked(frame.to_string().into()));
            };
            if let Waiter::Many { frames, wanted, .. } = waiter
                && frames.len() + 1 < *wanted
            {
                frames.push(frame);
                continue;
            }
            // A caller that has gone is none of our business.
            match self.waiters.pop_front() {
                Some(Waiter::One(sender)) => drop(sender.send(Ok(frame))),
                Some(Waiter::Many { mut frames, sender, .. }) => {
                    frames.push(frame);
                    drop(sender.send(Ok(frames)));
                }
                None => {}
            }
        }
        Ok(())
    }
}

impl Waiter {
    fn fail(self, error: Error) {
        match self {
            Waiter::One(sender) => drop(sender.send(Err(error))),
            Waiter::Many { sender, .. } => drop(sender.send(Err(error))),
        }
    }
}

impl Request {
    fn fail(self, error: Error) {
        match self {
            Request::Call(_, sender) => drop(sender.send(Err(error))),
            Request::Calls(_, _, sender) => drop(sender.send(Err(error))),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex, split};

    use super::*;
    use crate::{Call, ping};

    /// A connection that holds one byte each way shows the driver every reply cut at every byte,
    /// and cuts every write.
    #[tokio::test]
    async fn a_connection_of_one_byte_loses_nothing() {
        let (ours, mut theirs) = duplex(1);
        let (reader, writer) = split(ours);
        let (requests, ending) = start(Connection::new(reader, writer), 8);
        let pair = {
            let Call { line, .. } = ping();
            let (mut encoded, (sender, frames)) = (BytesMut::new(), oneshot::channel());
            line.encode(&mut encoded);
            line.encode(&mut encoded);
            assert!(requests.send(Request::Calls(encoded, 2, sender)).await.is_ok());
            frames
        };
        let (sender, single) = oneshot::channel();
        assert!(requests.send(Request::Call(ping().line, sender)).await.is_ok());

        let mut written = [0; 3 * 14];
        theirs.read_exact(&mut written).await.unwrap();
        assert_eq!(&written[..], b"*1\r\n$4\r\nPING\r\n".repeat(3));
        theirs.write_all(b"*2\r\n$2\r\n\r\n\r\n:12\r\n-ERR no\r\n%1\r\n+k\r\n_\r\n").await.unwrap();

        let shown: Vec<String> =
            pair.await.unwrap().unwrap().iter().map(Frame::to_string).collect();
        assert_eq!(shown, [r#"["\r\n", 12]"#, "(error) ERR no"]);
        assert_eq!(single.await.unwrap().unwrap().to_string(), "{k: (nil)}");
        drop(theirs);
        requests.closed().await;
        assert!(matches!(ending.get(), Some(Cause::Closed)));
    }
}
