//! The client against a server that answers what each test wants, when it wants.

#![allow(clippy::unwrap_used)]

mod calls;
mod connecting;
mod pipelines;
mod server;
mod subscriptions;
