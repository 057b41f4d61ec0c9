//! What an idle connection costs the server in resident memory.
//!
//! Every connection is used once (PING) before it idles, so that buffers which a server allocates at
//! the first request and keeps are counted. The kernel's own memory for the sockets is not.

use std::{
    io::{Read, Write},
    time::Duration,
};

use crate::{
    Error, Result,
    memory::settled,
    server::{Server, raise_open_files},
    target::Stream,
};

/// File descriptors needed beside the connections.
const SPARE_FILES: u64 = 200;

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Resident bytes per connection.
    pub rss: f64,
    /// Bytes per connection by the server's own counter.
    pub used: Option<f64>,
}

/// To be called before the server starts, because it inherits the limit.
pub fn allow(connections: usize) -> Result<()> {
    raise_open_files(connections as u64 + SPARE_FILES)
}

/// Opens this many connections, uses each once, and measures while they idle.
///
/// # Errors
/// `Connect` or `Refused` when the server (its `maxclients`) or a limit of open files says no.
pub fn measure(server: &Server, connections: usize) -> Result<Found> {
    let mut direct = server.direct()?;
    let before = settled(server, &mut direct)?;
    let mut idle = Vec::with_capacity(connections);
    for _ in 0..connections {
        let mut stream = server.target().connect()?;
        ping(&mut stream)?;
        idle.push(stream);
    }
    let after = settled(server, &mut direct)?;
    drop(idle);
    let each = |after: u64, before: u64| (after as f64 - before as f64) / connections as f64;
    Ok(Found {
        rss: each(after.0, before.0),
        used: after.1.zip(before.1).map(|(after, before)| each(after, before)),
    })
}

fn ping(stream: &mut Stream) -> Result<()> {
    let failed = |cause| Error::io("using a connection once", cause);
    stream.set_read_timeout(Duration::from_secs(10)).map_err(failed)?;
    stream.write_all(b"*1\r\n$4\r\nPING\r\n").map_err(failed)?;
    let mut reply = Vec::new();
    let mut buffer = [0; 256];
    while !reply.ends_with(b"\n") {
        match stream.read(&mut buffer).map_err(failed)? {
            0 => return Err(Error::Closed { outstanding: 1 }),
            count => reply.extend_from_slice(&buffer[..count]),
        }
    }
    match reply.first() {
        Some(b'-') => {
            let reply = String::from_utf8_lossy(&reply).trim().to_owned();
            Err(Error::Refused { request: "PING".into(), reply })
        }
        _ => Ok(()),
    }
}
