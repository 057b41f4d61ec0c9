//! migration/follow — following a Redis: all its data, then its commands as they come.
//!
//! ```text
//! connect -> handshake -> PSYNC -- FULLRESYNC --> copy beside -> exchange --.
//!    ^                      '------ CONTINUE -------------------------------+-> stream
//!    '------------------------- link broken, after a second ------------------------'
//! ```
//!
//! A thread of its own with blocking sockets does it, and sleeps while nobody is to be followed
//! (`following.rs`). The copy is loaded into a keyspace beside the one in use, which clients go on
//! reading; when it is whole, and its checksum fits, it takes the other's place in some
//! milliseconds. So there is no moment with half of the data, and a link that breaks meanwhile
//! costs nothing; what it costs is the memory of both while there was data before.
//!
//! After a broken link the stream goes on where it was, if the other server still has it (`PSYNC`
//! with the name of the history and an offset); otherwise there is a new copy.
//!
//! Redis says itself when a key has died. So while it is followed dead keys are not freed, and its
//! commands on them run at a time that lags behind ([`LAG_MS`]): a key that had died by our clock
//! when the command on it came would make the two differ for ever.
//!
//! Redis from 7.0 on writes all times as absolute ones, so nothing else depends on that time;
//! before, it may send times to live, and there is no lag.
//!
//! Invariant: the offset told to the other server is behind a request that was applied, and never
//! within a transaction.
//!
//! Not here: replicas of ours.

mod handshake;
mod stream;
mod wire;

use std::io::{self, BufReader, Read};
use std::time::Duration;

use super::apply::Applier;
use super::keep::keep;
use super::libraries;
use super::load::{How, Loaded, load};
use crate::clock;
use crate::error::Fault;
use crate::following::{LAG_MS, Link, Master};
use crate::keyspace::Keyspace;
use crate::persist::rdb::file::Input;
use crate::process::Process;
use crate::record::Sink;
use crate::settings::redis as said;
use handshake::{Announced, Answer};
use wire::{Wire, unwished};

/// How long after a broken link another one is tried.
const RETRY: Duration = Duration::from_secs(1);

/// How long nobody is followed before it is looked again whether the process stops.
const IDLE: Duration = Duration::from_secs(60);

/// Of the other server's versions, the first that writes absolute times only.
const ABSOLUTE_SINCE: u32 = 7;

/// The mark at the end of a copy whose length is not known before.
const MARK_BYTES: usize = 40;

/// What is known of the other server's history.
#[derive(Debug, Clone, PartialEq, Eq)]
struct History {
    /// Its name.
    id: String,
    /// Bytes of it that were applied.
    offset: u64,
    /// How far its commands lag.
    lag: u64,
}

/// Begins to follow the server that the settings name, if they name one.
///
/// # Errors
/// If what they say is no host and port.
pub fn begin(process: &Process) -> Result<(), Fault> {
    let words = process.settings.words(&said::REPLICAOF);
    let master = match &words[..] {
        [] => return Ok(()),
        [no, one] if no.eq_ignore_ascii_case("no") && one.eq_ignore_ascii_case("one") => {
            return Ok(());
        }
        [host, port] => port.parse().ok().map(|port| Master { host: host.clone(), port }),
        _ => None,
    };
    let Some(master) = master else {
        let why = format!("use replicaof '{}': it takes a host and a port", words.join(" "));
        return Err(Fault::io(why)(io::ErrorKind::InvalidInput.into()));
    };
    process.following.follow(master, clock::now());
    Ok(())
}

/// Follows whomever the process wishes to follow, until it stops. Records of what is applied go to
/// `sink`; a copy leaves none.
pub fn run(process: &Process, sink: Option<Box<dyn Sink>>) {
    let mut follower = Follower {
        process,
        applier: Applier::new(process, sink),
        wish: 0,
        history: None,
        complained: String::new(),
    };
    while !process.is_stopping() {
        let following = &process.following;
        let wish = following.wish();
        let Some(master) = following.status().master else {
            follower.history = None;
            following.wait(wish, IDLE);
            continue;
        };
        if wish != follower.wish {
            (follower.wish, follower.history) = (wish, None);
            follower.complained.clear();
        }
        let why = match follower.follow(&master) {
            Ok(never) => match never {},
            Err(why) => why,
        };
        if following.wish() == wish && !process.is_stopping() {
            follower.note_broken(&master, &why);
            following.wait(wish, RETRY);
        }
    }
}

/// Nothing is of this type: following ends in an error.
enum Never {}

struct Follower<'p> {
    process: &'p Process,
    applier: Applier<'p>,
    wish: u64,
    history: Option<History>,
    /// The last complaint in the log: the same every second helps nobody.
    complained: String,
}

impl Follower<'_> {
    /// Connects and follows until the link breaks, or the wish changes.
    fn follow(&mut self, master: &Master) -> io::Result<Never> {
        self.tell(Link::Connecting);
        let wire = Wire::connect(self.process, master, self.wish)?;
        self.tell(Link::Handshake);
        let mut wire = BufReader::with_capacity(64 * 1024, wire);
        match handshake::shake(self.process, &mut wire, self.history.as_ref())? {
            Answer::Copy { id, offset } => {
                tracing::info!("{}:{} sends all its data", master.host, master.port);
                self.copy(&mut wire, History { id, offset, lag: 0 })?;
            }
            Answer::Continue { id } => {
                let Some(history) = &mut self.history else {
                    return Err(io::Error::other("CONTINUE of a history that nobody knows"));
                };
                if let Some(id) = id {
                    history.id = id;
                }
                let at = history.offset;
                tracing::info!("{}:{} goes on at offset {at}", master.host, master.port);
            }
        }
        self.complained.clear();
        self.stream(&mut wire)
    }

    /// Takes a copy of all data.
    fn copy(&mut self, wire: &mut BufReader<Wire<'_>>, mut history: History) -> io::Result<()> {
        self.history = None;
        let begun = clock::instant();
        self.process.following.tell(|status| {
            (status.link, status.total, status.read) = (Link::Sync, None, 0);
        });
        let announced = handshake::announced(wire)?;
        wire.get_mut().set_copying(true);
        let (beside, loaded) = match announced {
            Announced::Length(length) => {
                self.process.following.tell(|status| status.total = Some(length));
                let mut part = wire.by_ref().take(length);
                let (beside, loaded, reader) = self.load(&mut part)?;
                if !reader.buffered().is_empty() || part.limit() > 0 {
                    return Err(io::Error::other("its data ends before the end of it"));
                }
                (beside, loaded)
            }
            Announced::Mark(mark) => {
                let (beside, loaded, mut rest) = self.load(&mut *wire)?;
                let mut found = [0; MARK_BYTES];
                rest.read_exact(&mut found)?;
                if found != mark {
                    return Err(io::Error::other("its data ends without the mark"));
                }
                let ahead = rest.buffered().to_vec();
                wire.get_mut().unread(ahead);
                (beside, loaded)
            }
        };
        wire.get_mut().set_copying(false);
        let version = loaded.aux("redis-ver").and_then(|text| text.split('.').next());
        let is_absolute = version
            .and_then(|text| text.parse().ok())
            .is_some_and(|major: u32| major >= ABSOLUTE_SINCE);
        history.lag = if is_absolute { LAG_MS } else { 0 };
        let (process, wish) = (self.process, self.wish);
        let executor = &mut self.applier.executor;
        executor.begin(clock::now());
        let is_done = executor.replace_all(&beside, || process.following.wish() == wish);
        executor.end();
        if !is_done {
            return Err(unwished());
        }
        libraries::keep(process, loaded.libraries);
        for module in &loaded.modules {
            tracing::warn!("what the module {module} keeps besides keys is left out");
        }
        self.applier.restart();
        let past = clock::now().saturating_sub(history.lag);
        keep(&mut self.applier, process, past).map_err(|fault| {
            io::Error::other(format!("what was taken over cannot be kept: {fault}"))
        })?;
        let seconds = begun.elapsed().as_secs_f64();
        let (keys, bytes) = (loaded.keys, loaded.bytes);
        tracing::info!("Took over {keys} keys, {bytes} bytes, in {seconds:.3} s");
        process.following.advance_to(history.offset);
        let id = history.id.clone();
        process.following.tell(|status| {
            status.history = id;
            status.copies += 1;
        });
        self.history = Some(history);
        Ok(())
    }

    /// Loads what comes into a keyspace of its own. Gives back what was read too far.
    fn load<R: Read>(&self, from: R) -> io::Result<(Keyspace, Loaded, Input<R>)> {
        let process = self.process;
        let beside = process.keyspace.beside();
        let tell = |read, _| process.following.tell(|status| status.read = read);
        // The loops have clients to serve meanwhile.
        let how = How { loaders: 1, dead_at: None };
        let (loaded, reader) = load(from, &beside, how, tell)
            .map_err(|damage| io::Error::other(format!("its data is {damage}")))?;
        Ok((beside, loaded, reader.into_input()))
    }

    fn tell(&self, link: Link) {
        self.process.following.tell(|status| status.link = link);
    }

    fn note_broken(&mut self, master: &Master, why: &io::Error) {
        let now = clock::now();
        self.process.following.tell(|status| {
            if status.link == Link::Connected {
                status.down_since = now;
            }
            status.link = Link::Connect;
        });
        let complaint = why.to_string();
        if complaint != self.complained {
            tracing::warn!("following {}:{}: {complaint}; trying again", master.host, master.port);
            self.complained = complaint;
        }
    }
}
