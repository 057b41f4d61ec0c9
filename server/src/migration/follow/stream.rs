//! migration/follow/stream.rs — the commands of the other server, as they come.

use std::io::{self, BufReader};
use std::time::{Duration, Instant};

use super::wire::{Wire, unwished};
use super::{Follower, Never};
use crate::clock;
use crate::following::Link;
use crate::migration::apply::{Became, Times};
use crate::persist::journal::Trouble;

/// Bytes read at once: the gate is held while they are applied.
const PIECE_BYTES: usize = 64 * 1024;

/// How often the other server is told how far we are.
const TELL: Duration = Duration::from_secs(1);

/// Refused commands of one link that are named in the log.
const NAMED_MAX: u64 = 10;

impl Follower<'_> {
    /// Applies what comes until the link breaks.
    pub(super) fn stream(&mut self, wire: &mut BufReader<Wire<'_>>) -> io::Result<Never> {
        self.process.following.tell(|status| {
            status.link = Link::Connected;
            status.heard = clock::now();
        });
        self.applier.break_off();
        let mut stream = Stream {
            bytes: wire.buffer().to_vec(),
            begin: self.history.as_ref().map_or(0, |history| history.offset),
            refused: 0,
            told: clock::instant(),
        };
        let wire = wire.get_mut();
        // A server that sends its copy with a mark waits for this.
        self.acknowledge(wire, &mut stream)?;
        loop {
            self.apply(wire, &mut stream)?;
            if stream.told.elapsed() >= TELL {
                self.acknowledge(wire, &mut stream)?;
            }
            let had = stream.bytes.len();
            stream.bytes.resize(had + PIECE_BYTES, 0);
            let read = wire.read_some(&mut stream.bytes[had..]);
            stream.bytes.truncate(had + read.as_ref().ok().copied().flatten().unwrap_or(0));
            if read?.is_some() {
                self.process.following.tell(|status| status.heard = clock::now());
            }
        }
    }

    fn acknowledge(&mut self, wire: &mut Wire<'_>, stream: &mut Stream) -> io::Result<()> {
        stream.told = clock::instant();
        let offset = self.process.following.offset().to_string();
        wire.send(&[b"REPLCONF", b"ACK", offset.as_bytes()])
    }

    /// Applies what is whole.
    fn apply(&mut self, wire: &mut Wire<'_>, stream: &mut Stream) -> io::Result<()> {
        if stream.bytes.is_empty() {
            return Ok(());
        }
        let Some(history) = &mut self.history else { return Ok(()) };
        let journal = &self.process.store().journal;
        if journal.trouble() != Trouble::None {
            let why = format!("what comes cannot be kept: {}", journal.reason());
            return Err(io::Error::other(why));
        }
        let now = clock::now();
        let times = Times { now, before: now.saturating_sub(history.lag) };
        let (following, wish) = (&self.process.following, self.wish);
        let (mut asks, mut refused, mut is_wished, mut lost) = (false, Vec::new(), true, false);
        let applied = self.applier.apply(&stream.bytes, times, |request, run| {
            if request.name().eq_ignore_ascii_case(b"REPLCONF") {
                asks |= request.arg(1).eq_ignore_ascii_case(b"GETACK");
                return true;
            }
            let mut became = Became::Done;
            is_wished = following.apply(wish, || became = run());
            if let Became::Refused(why) = became {
                // What follows would go to another database.
                lost = request.name().eq_ignore_ascii_case(b"SELECT");
                let key = request.arg(1);
                let key = key[..key.len().min(64)].escape_ascii();
                refused.push(format!("{} {key}: {why}", request.name().escape_ascii()));
            }
            is_wished && !lost
        });
        for command in &refused {
            stream.refused += 1;
            if stream.refused <= NAMED_MAX {
                tracing::error!("a command of the server that is followed is refused: {command}");
            }
        }
        if !refused.is_empty() {
            following.tell(|status| status.refused += refused.len() as u64);
        }
        if let Some(behind) = applied.settled {
            history.offset = stream.begin + behind as u64;
            following.advance_to(history.offset);
        }
        stream.begin += applied.used as u64;
        stream.bytes.drain(..applied.used);
        if !is_wished {
            return Err(unwished());
        }
        if lost {
            return Err(io::Error::other("it has more databases; raise `databases`"));
        }
        if let Err(error) = applied.rest {
            // What came is not what was sent; the next link begins anew.
            self.history = None;
            return Err(io::Error::other(format!("no requests in the stream: {error}")));
        }
        if asks {
            self.acknowledge(wire, stream)?;
        }
        Ok(())
    }
}

/// How far the stream of one link is.
struct Stream {
    /// What came and is not applied.
    bytes: Vec<u8>,
    /// Where that is in the history.
    begin: u64,
    refused: u64,
    told: Instant,
}
