//! What the integration tests share.
//!
//! | module | its job |
//! |---|---|
//! | [`bare`] | a process and an executor without sockets; time is handed in |
//! | [`frozen`] | values of every form of Redis's serialisation |
//! | [`served`] | real loops on a unix socket, and a client that waits for its replies |
//! | [`script`] | golden scripts: the notation, and running one in any setting |
//! | [`pattern`] | expected replies with places left open |
//! | [`lines`] | random request lines made from a command's grammar |
//! | [`seed`] | the seed of a random test, from the clock or from `SEED` |
//!
//! Nothing here sleeps, listens on a fixed port, or needs another program.

pub mod bare;
pub mod frozen;
pub mod lines;
pub mod pattern;
pub mod script;
pub mod seed;
pub mod served;
