//! Messages of channels.
//!
//! A subscription has a connection of its own and a task that reads it. Between the task and the
//! subscriber stands a buffer of `Options::messages_max` messages. A subscriber that falls behind
//! by more loses the subscription, with an error that says so, after the messages that are still
//! in the buffer: nothing is left out in silence, and a slow reader costs neither side memory.

use std::fmt;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::connection::{Connection, Input, Writer};
use crate::{Error, Frame, FromFrame, Options, call};

/// A message that was published.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Where it was published.
    pub channel: Bytes,
    /// What was published.
    pub payload: Bytes,
}

/// The messages of some channels. Dropping it ends the subscription.
pub struct Subscription {
    messages: mpsc::Receiver<Message>,
    /// Why there are no more messages.
    ending: Option<oneshot::Receiver<Error>>,
}

impl Subscription {
    pub(crate) async fn open(options: &Options, channels: &[&str]) -> Result<Subscription, Error> {
        let mut connection = Connection::open(options).await?;
        let subscribe = call("SUBSCRIBE").args(channels);
        let (sender, messages) = mpsc::channel(options.messages_max);
        let subscribing = async {
            let lost = |cause| Error::lost(cause, false);
            connection.send(&subscribe).await.map_err(lost)?;
            let mut confirmed = 0;
            while confirmed < channels.len().max(1) {
                match Notice::read(connection.input.frame().await.map_err(lost)?)? {
                    Notice::Subscribed => confirmed += 1,
                    // The first channels may already be busy while the others are confirmed.
                    Notice::Message(message) => {
                        sender.try_send(message).map_err(|_| Error::too_slow())?;
                    }
                    Notice::Other => {}
                }
            }
            Ok(())
        };
        timeout(options.response_timeout, subscribing)
            .await
            .unwrap_or_else(|_| Err(Error::timeout(false)))?;
        let (end, ending) = oneshot::channel();
        tokio::spawn(listen(connection.input, connection.writer, sender, end));
        Ok(Subscription { messages, ending: Some(ending) })
    }

    /// The next message. After the last one it says once why it was the last, then gives `None`.
    /// Dropping the future loses no message.
    ///
    /// # Errors
    /// The connection is lost, or messages came faster than they were taken.
    pub async fn next(&mut self) -> Option<Result<Message, Error>> {
        if let Some(message) = self.messages.recv().await {
            return Some(Ok(message));
        }
        let error = self.ending.as_mut()?.await;
        self.ending = None;
        error.ok().map(Err)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Subscription").field("waiting", &self.messages.len()).finish()
    }
}

/// Reads until the subscriber or the connection is gone. The writer is kept because dropping it
/// would close our side of the connection.
async fn listen(
    mut input: Input,
    _writer: Writer,
    sender: mpsc::Sender<Message>,
    end: oneshot::Sender<Error>,
) {
    let error = loop {
        let frame = tokio::select! {
            frame = input.frame() => frame,
            () = sender.closed() => return,
        };
        match frame.map_err(|cause| Error::lost(cause, false)).and_then(Notice::read) {
            Ok(Notice::Message(message)) => match sender.try_send(message) {
                Ok(()) => {}
                Err(_) => break Error::too_slow(),
            },
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    // The reason first: `next` looks for it as soon as the sender is gone.
    drop(end.send(error));
}

/// What comes over a connection that subscribes.
enum Notice {
    Subscribed,
    Message(Message),
    Other,
}

impl Notice {
    fn read(frame: Frame) -> Result<Notice, Error> {
        let (Frame::Push(parts) | Frame::Array(parts)) = frame else {
            return Err(Error::shape("a message", &frame));
        };
        let mut parts = parts.into_iter();
        let mut part = || Bytes::from_frame(parts.next().unwrap_or(Frame::Null));
        Ok(match &*part()? {
            b"message" => Notice::Message(Message { channel: part()?, payload: part()? }),
            b"subscribe" => Notice::Subscribed,
            _ => Notice::Other,
        })
    }
}
