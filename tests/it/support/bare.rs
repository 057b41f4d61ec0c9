//! support/bare.rs — a process and an executor without sockets.
//!
//! Time stands still until [`Bare::advance`]; replies come back decoded; messages for a client wait
//! in its inbox; every record is kept. What a loop does besides (reading, writing, limits,
//! sweeping) is not here: `served` has that.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use mainstay_protocol::{Frame, FrameDecoder, FrameLimits, OwnedRequest, Version};
use mainstay_server::catalog;
use mainstay_server::clients::Card;
use mainstay_server::clock::Millis;
use mainstay_server::error::Fault;
use mainstay_server::keyspace::{Capture, Keys, Keyspace, STRING_TAG, Swept, Value};
use mainstay_server::mail::{Address, Mail, Mailbox, Wake};
use mainstay_server::persist::disk::Memory;
use mainstay_server::persist::snapshot::{self, Loaded, Meta, Plan, Progress, Summary};
use mainstay_server::process::Process;
use mainstay_server::record::{Record, RecordRef, Sink};
use mainstay_server::route::{After, Executor, Replay};
use mainstay_server::session::Session;
use mainstay_server::settings::catalog as said;
use mainstay_server::settings::{Settings, Start, start};

/// When a bare process starts: 14 November 2023, 22:13:20 UTC.
pub const START: Millis = 1_700_000_000_000;

/// A process with one loop's mailbox and nobody to wake. `seed` keys its hash.
pub fn process(seed: u64) -> Process {
    process_with(Settings::new(&catalog::settings()), seed)
}

/// As [`process`], with four databases: looking through all keys costs a fourth.
///
/// # Panics
/// If there is no such setting.
pub fn small(seed: u64) -> Process {
    let flags = ["--databases", "4"].map(|word| word.as_bytes().to_vec());
    match start(&catalog::settings(), &flags, &mut std::io::empty()) {
        Ok(Start::Serve(configured)) => process_with(configured.settings, seed),
        other => panic!("four databases are refused: {other:?}"),
    }
}

/// As [`process`], with these settings.
pub fn process_with(settings: Settings, seed: u64) -> Process {
    struct Nobody;
    impl Wake for Nobody {
        fn wake(&self) {}
    }
    let databases = settings.integer(&said::DATABASES) as usize;
    let keyspace = Keyspace::new(databases, seed, None);
    let mailboxes = vec![Mailbox::new(Box::new(Nobody))];
    Process::new(Arc::new(settings), catalog::ENGINES, keyspace, mailboxes, START, seed)
}

/// The digests of all databases at `now`, added up.
pub fn digest(process: &Process, now: Millis) -> u64 {
    let space = &process.keyspace;
    let gate = space.gate().share();
    (0..space.databases())
        .map(|database| Keys::roving(space, &gate, database, now).digest())
        .fold(0, u64::wrapping_add)
}

/// Replays records on a process; says which one was refused.
pub fn replay(process: &Process, records: &[Record]) -> Result<(), String> {
    let mut replay = Replay::new(process);
    for (number, record) in records.iter().enumerate() {
        replay.apply(record.as_ref()).map_err(|refusal| {
            format!("record {number}, {:?}, is refused: {refusal}", record.request)
        })?;
    }
    Ok(())
}

/// The name of the file that [`save`] writes.
pub const SNAPSHOT: &str = "snapshot";

/// Writes a capture to its end.
///
/// # Panics
/// If that fails.
pub fn save(disk: &Memory, process: &Process, capture: Capture) -> Summary {
    let meta = Meta { set: 1, file: 2, lsn: 3, stamp: START };
    let sections: &[(&str, &[u8])] = &[("nothing", b""), ("something", b"of a kind")];
    let plan = Plan { name: SNAPSHOT, meta, is_packed: true, rest: Duration::ZERO, sections };
    let (progress, cancel) = (Progress::default(), AtomicBool::new(false));
    let written = snapshot::write(disk, plan, &process.keyspace, capture, &progress, &cancel);
    written.expect("memory never fails").expect("nobody calls it off")
}

/// Loads what [`save`] wrote, on so many threads.
///
/// # Errors
/// If it is damaged.
pub fn load(disk: &Memory, process: &Process, threads: usize) -> Result<Loaded, Fault> {
    let (kinds, progress) = (catalog::kinds(), Progress::default());
    snapshot::load(disk, SNAPSHOT, &process.keyspace, kinds, threads, &progress)
}

/// What lies on the shelves of all databases, as a snapshot has it.
pub fn shelves(process: &Process) -> Vec<u8> {
    process.keyspace.freeze_shelves(&mut process.keyspace.gate().close())
}

/// Puts back what [`shelves`] answered.
///
/// # Panics
/// If it did not.
pub fn put_shelves(process: &Process, shelves: &[u8]) {
    let mut gate = process.keyspace.gate().close();
    let kind = |tag| catalog::kinds().find(|kind| kind.tag == tag);
    process.keyspace.thaw_shelves(&mut gate, shelves, kind).expect("what was frozen thaws");
}

/// Decodes everything in `bytes`.
///
/// # Panics
/// If it is not a sequence of whole frames.
pub fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut buffer = BytesMut::from(bytes);
    let mut decoder = FrameDecoder::new();
    let mut frames = Vec::new();
    while !buffer.is_empty() {
        match decoder.decode(&mut buffer, &FrameLimits::DEFAULT) {
            Ok(Some(frame)) => frames.push(frame),
            other => panic!("not whole frames ({other:?}): {}", bytes.escape_ascii()),
        }
    }
    frames
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The replies: none, one, or several (SUBSCRIBE).
    pub frames: Vec<Frame>,
    /// Whether the connection ends with it, or the call waits for CLIENT UNPAUSE.
    pub after: After,
}

/// See the module.
pub struct Bare<'p> {
    /// What it runs on.
    pub process: &'p Process,
    /// The time that commands see.
    pub now: Millis,
    executor: Executor<'p>,
    peers: Vec<Peer>,
    records: Arc<Mutex<Vec<Record>>>,
}

struct Peer {
    session: Session,
    inbox: VecDeque<Frame>,
    is_open: bool,
}

struct Collector(Arc<Mutex<Vec<Record>>>);

impl Sink for Collector {
    fn take(&mut self, record: RecordRef<'_>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(record.to_record());
    }
}

impl<'p> Bare<'p> {
    /// An executor on `process` whose chance starts at `seed`, and no clients yet.
    pub fn new(process: &'p Process, seed: u64) -> Bare<'p> {
        let records = Arc::new(Mutex::new(Vec::new()));
        let sink = Box::new(Collector(Arc::clone(&records)));
        let executor = Executor::new(process, 0, seed, Some(sink));
        Bare { process, now: START, executor, peers: Vec::new(), records }
    }

    /// A new client, by number.
    pub fn connect(&mut self, version: Version) -> usize {
        self.connect_as(version, true)
    }

    /// A new client that has or has not authenticated.
    pub fn connect_as(&mut self, version: Version, authenticated: bool) -> usize {
        let number = self.peers.len();
        let address = Address { reactor: 0, generation: 0, place: number as u32 };
        let id = self.process.clients.number();
        let name = format!("bare:{number}");
        let card = Card {
            id,
            address,
            peer: name.clone().into(),
            local: name.into(),
            since: self.now,
            ..Card::default()
        };
        let card = self.process.clients.enter(card);
        let mut session = Session::new(id, address, card, authenticated);
        session.version = version;
        session.settle();
        self.peers.push(Peer { session, inbox: VecDeque::new(), is_open: true });
        number
    }

    /// The client's connection ends.
    pub fn disconnect(&mut self, client: usize) {
        let peer = &mut self.peers[client];
        if std::mem::take(&mut peer.is_open) {
            self.executor.begin(self.now);
            self.executor.leave(&mut peer.session);
            self.executor.end();
            self.process.clients.leave(peer.session.id);
        }
    }

    /// Runs one request in a turn of its own.
    ///
    /// # Panics
    /// If what was written is not a sequence of whole frames.
    pub fn call(&mut self, client: usize, args: &[&[u8]]) -> Answer {
        let request = OwnedRequest::from_args(args.iter().copied());
        self.run(client, &request)
    }

    /// As [`Bare::call`], with words parted by blanks.
    pub fn line(&mut self, client: usize, line: &str) -> Answer {
        let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        self.call(client, &args)
    }

    /// As [`Bare::call`], with a request at hand.
    ///
    /// # Panics
    /// If what was written is not a sequence of whole frames.
    pub fn run(&mut self, client: usize, request: &OwnedRequest) -> Answer {
        let request = request.as_request();
        let mut out = Vec::new();
        self.executor.begin(self.now);
        let peer = &mut self.peers[client];
        let plan = self.executor.plan(&peer.session, request);
        let after = self.executor.run(&mut peer.session, request, plan, &mut out);
        self.executor.end();
        self.deliver();
        if after == After::Close {
            self.disconnect(client);
        }
        Answer { frames: frames(&out), after }
    }

    /// Ends waits whose time is over, and brings what is due to inboxes.
    fn wake(&mut self) {
        self.executor.begin(self.now);
        self.executor.wake();
        self.executor.end();
        self.deliver();
    }

    /// Brings messages and answers to inboxes and ends connections that were killed, as a loop
    /// does.
    fn deliver(&mut self) {
        let mut encoded = Vec::new();
        for (message, to) in self.executor.post.letters() {
            for address in to {
                let Some(peer) = self.peers.get_mut(address.place as usize) else { continue };
                if peer.is_open {
                    encoded.clear();
                    message.encode(peer.session.version, &mut encoded);
                    peer.inbox.extend(frames(&encoded));
                }
            }
        }
        let answers = self.executor.post.take_answers();
        self.executor.post.clear();
        self.executor.begin(self.now);
        for (address, reply) in answers {
            let peer = &mut self.peers[address.place as usize];
            if peer.is_open && self.executor.answered(&peer.session) == Some(true) {
                peer.inbox.extend(frames(&reply));
            }
        }
        self.executor.end();
        let mail: Vec<Mail> = self.process.mailboxes[0].drain().collect();
        for mail in mail {
            match mail {
                Mail::Close(address) => self.disconnect(address.place as usize),
                Mail::Unblock(address, wait, error) => {
                    self.executor.unblock(address, Some(wait), error);
                    self.deliver();
                }
                _ => {}
            }
        }
    }

    /// Time passes.
    pub fn advance(&mut self, span: Millis) {
        self.now += span;
        self.wake();
    }

    /// Frees what is dead now; says how many keys' own deadlines had passed.
    pub fn sweep(&mut self) -> usize {
        self.sweep_some(usize::MAX).freed
    }

    /// One round of sweeping that frees about `most` keys and parts at most.
    pub fn sweep_some(&mut self, most: usize) -> Swept {
        self.executor.begin(self.now);
        let swept = self.executor.sweep(0, 1, most);
        self.executor.end();
        self.wake();
        swept
    }

    /// The next message that the client was sent unasked.
    pub fn message(&mut self, client: usize) -> Option<Frame> {
        self.peers[client].inbox.pop_front()
    }

    /// Whether the client is still connected.
    pub fn is_open(&self, client: usize) -> bool {
        self.peers[client].is_open
    }

    /// Ends the client's waiting call as if its time were over.
    pub fn unblock(&mut self, client: usize) {
        self.executor.unblock(self.peers[client].session.address, None, None);
        self.deliver();
    }

    /// Whether a call of the client waits for a key.
    pub fn is_parked(&self, client: usize) -> bool {
        self.peers[client].session.card.blocked.load(Relaxed) != 0
    }

    /// What we remember of the client.
    pub fn session(&mut self, client: usize) -> &mut Session {
        &mut self.peers[client].session
    }

    /// How many clients there have been.
    pub fn clients(&self) -> usize {
        self.peers.len()
    }

    /// The records made so far; they are taken out.
    pub fn take_records(&mut self) -> Vec<Record> {
        std::mem::take(&mut *self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The digest of all databases now.
    pub fn digest(&self) -> u64 {
        digest(self.process, self.now)
    }
}

impl Drop for Bare<'_> {
    fn drop(&mut self) {
        for client in 0..self.peers.len() {
            self.disconnect(client);
        }
    }
}

/// What a key holds: its deadline, its kind's tag, and the value as a snapshot has it.
pub type Held = (Option<Millis>, u8, Vec<u8>);

/// Everything that is alive at `now`, by database and key; what lies on a shelf by its kind.
pub fn contents(process: &Process, now: Millis) -> BTreeMap<(usize, Vec<u8>), Held> {
    let space = &process.keyspace;
    let mut gate = space.gate().close();
    let mut contents = BTreeMap::new();
    for database in 0..space.databases() {
        let keys = Keys::whole(space, &mut gate, database, now);
        keys.each(|key, value| {
            let (tag, bytes) = match value {
                Value::String(bytes) => (STRING_TAG, bytes.to_vec()),
                Value::Object(object) => {
                    let mut bytes = Vec::new();
                    object.freeze_at(now, &mut bytes);
                    (object.kind().tag, bytes)
                }
            };
            let deadline = keys.deadline(key).flatten();
            contents.insert((database, key.to_vec()), (deadline, tag, bytes));
        });
        for kept in keys.shelf().each() {
            let (tag, mut bytes) = (kept.kind().tag, Vec::new());
            kept.freeze(&mut bytes);
            contents.insert((database, vec![0xFF, tag]), (None, tag, bytes));
        }
    }
    contents
}
