//! A connection that many tasks share.

use std::fmt;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::connection::Connection;
use crate::driver::{self, Ending, Request};
use crate::error::Cause;
use crate::{Call, Error, Frame, FromFrame, Options, Pipeline, Replies, Subscription};

/// A client with one connection. Clones share it; calls of many tasks are pipelined over it.
///
/// A future that is dropped before its reply came is no harm to the others: the call may or may
/// not be run, its reply is thrown away. Once the connection is lost, every call fails with
/// [`Error::is_connection`]. It closes with the last clone.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    requests: mpsc::Sender<Request>,
    ending: Ending,
    options: Options,
}

impl Client {
    /// Connects with the default options; [`Options::new`] tells how an address looks.
    ///
    /// # Errors
    /// An address that is none, no connection within 5 seconds, a login the server refuses.
    pub async fn connect(address: &str) -> Result<Client, Error> {
        Client::connect_with(Options::new(address)?).await
    }

    /// Connects. Must be called inside a tokio runtime, which then runs a task for the connection.
    ///
    /// # Errors
    /// No connection in time, a login or a database the server refuses.
    pub async fn connect_with(options: Options) -> Result<Client, Error> {
        let connection = Connection::open(&options).await?;
        let (requests, ending) = driver::start(connection, options.queue_max);
        Ok(Client { shared: Arc::new(Shared { requests, ending, options }) })
    }

    /// Runs a call and reads its reply.
    ///
    /// # Errors
    /// The server's; a reply of another shape; no reply in time; a lost connection; a command that
    /// cannot be run on a shared connection, such as SUBSCRIBE, SELECT or MULTI.
    pub async fn run<T>(&self, call: Call<T>) -> Result<T, Error> {
        call.line.check()?;
        let (sender, reply) = oneshot::channel();
        let frame = self.exchange(Request::Call(call.line, sender), reply).await?;
        (call.read)(Frame::from_frame(frame)?)
    }

    /// Runs the calls of a pipeline. That one of them failed is told when its reply is taken.
    ///
    /// # Errors
    /// Those of [`Client::run`] that concern the whole: then no reply is known. For an atomic
    /// pipeline also the server's refusal, after which no call was run.
    pub async fn run_pipeline(&self, mut pipeline: Pipeline) -> Result<Replies, Error> {
        let (encoded, wanted) = pipeline.encode()?;
        if pipeline.is_empty() {
            return Ok(pipeline.no_replies());
        }
        let (sender, replies) = oneshot::channel();
        let frames = self.exchange(Request::Calls(encoded, wanted, sender), replies).await?;
        pipeline.replies(frames)
    }

    /// Subscribes to channels, on a new connection made with the options of this client.
    ///
    /// # Errors
    /// Those of [`Client::connect_with`]; a channel the server refuses.
    pub async fn subscribe(&self, channels: &[&str]) -> Result<Subscription, Error> {
        Subscription::open(&self.shared.options, channels).await
    }

    /// Whether the connection has ended.
    pub fn is_lost(&self) -> bool {
        self.shared.ending.get().is_some()
    }

    /// Hands a request to the driver and waits for the answer.
    async fn exchange<A>(
        &self,
        request: Request,
        answer: oneshot::Receiver<Result<A, Error>>,
    ) -> Result<A, Error> {
        let mut sent = false;
        let exchange = async {
            let room = self.shared.requests.reserve().await.map_err(|_| self.lost(false))?;
            room.send(request);
            sent = true;
            // The driver answers everything it has taken, unless its runtime is shut down.
            answer.await.unwrap_or_else(|_| Err(self.lost(true)))
        };
        match timeout(self.shared.options.response_timeout, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::timeout(sent)),
        }
    }

    fn lost(&self, sent: bool) -> Error {
        Error::lost(self.shared.ending.get().cloned().unwrap_or(Cause::Closed), sent)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Client")
            .field("options", &self.shared.options)
            .field("is_lost", &self.is_lost())
            .finish()
    }
}
