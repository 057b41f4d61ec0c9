//! An async client of Mainstay, and of any server that speaks RESP.
//!
//! ```no_run
//! use mainstay_client::{Client, Pipeline, call, get, incr_by, set};
//!
//! # async fn run() -> Result<(), mainstay_client::Error> {
//! let client = Client::connect("127.0.0.1:6379").await?;
//! client.run(set("greeting", "hello")).await?;
//! let greeting: Option<String> = client.run(get("greeting")).await?;
//! assert_eq!(greeting.as_deref(), Some("hello"));
//!
//! // Any command, and how to read its reply.
//! let length = client.run(call("STRLEN").arg("greeting").reading::<u64>()).await?;
//! assert_eq!(length, 5);
//!
//! // Several at once, in one transaction; a slot remembers the type of its reply.
//! let mut pipeline = Pipeline::new().atomic();
//! let visits = pipeline.push(incr_by("visits", 1));
//! let previous = pipeline.push(call("GETSET").arg("last").arg("you").reading::<Option<String>>());
//! let mut replies = client.run_pipeline(pipeline).await?;
//! println!("{} visits, {:?} before you", replies.take(visits)?, replies.take(previous)?);
//! # Ok(())
//! # }
//! ```
//!
//! | module | its job |
//! |---|---|
//! | `client` | a connection that many tasks share |
//! | `call`, `commands` | what to send and how to read the answer |
//! | `reading` | a frame as a Rust value |
//! | `pipeline` | several calls as one |
//! | `subscription` | messages of channels, on a connection of their own |
//! | `options` | where to connect and how long to wait |
//! | `driver`, `connection` | the task that owns the socket, and what precedes it |
//!
//! Invariants: a reply goes to the call it belongs to or the connection ends; every queue has a
//! limit; whether a call without an answer may have been run is never guessed but told by
//! [`Error::is_unknown_outcome`].
//!
//! Not here: reconnecting, retrying, pools, TLS. A client whose connection is lost stays lost
//! ([`Client::is_lost`]); connect again.
#![forbid(unsafe_code)]
#![deny(missing_docs, unreachable_pub)]

mod call;
mod client;
mod commands;
mod connection;
mod driver;
mod error;
mod options;
mod pipeline;
mod reading;
mod subscription;

pub use call::{Call, ToArg, call};
pub use client::Client;
pub use commands::{
    SetOptions, del, expire_ms, get, incr_by, mget, mset, ping, publish, set, set_with,
};
pub use error::Error;
pub use mainstay_protocol::Frame;
pub use options::Options;
pub use pipeline::{Pipeline, Replies, Slot};
pub use reading::FromFrame;
pub use subscription::{Message, Subscription};
