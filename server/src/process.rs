//! process.rs — what all loops share: settings, table, keys, clients, counters, engine states.

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use crate::clients::Clients;
use crate::clock::Millis;
use crate::command::{Engine, Table};
use crate::dice::Dice;
use crate::following::Following;
use crate::keyspace::Keyspace;
use crate::mail::Mailbox;
use crate::observe::Counters;
use crate::observe::rates::{Flow, Rates};
use crate::observe::slow_log::SlowLog;
use crate::persist::store::Store;
use crate::session::Session;
use crate::settings::Settings;
use crate::settings::catalog as said;
use crate::tracking::Tracking;

/// See the module.
pub struct Process {
    /// What is configured.
    pub settings: Arc<Settings>,
    /// The commands.
    pub table: Table,
    /// The engines, as the catalog lists them.
    pub engines: Vec<&'static Engine>,
    /// The keys.
    pub keyspace: Keyspace,
    /// The connections.
    pub clients: Clients,
    /// Who caches which keys.
    pub tracking: Tracking,
    /// The counters of each loop, and last those of whoever applies commands outside of loops.
    pub counters: Vec<Arc<Counters>>,
    /// The inbox of each loop.
    pub mailboxes: Arc<[Mailbox]>,
    /// The latest commands that took long.
    pub slow_log: SlowLog,
    /// How much happened lately.
    pub rates: Rates,
    /// What was resident when the process was ready; INFO counts from there.
    pub memory_startup: AtomicUsize,
    /// Asks the allocator to give unused memory back to the system, on the calling thread; said by
    /// whoever chose the allocator.
    pub give_back: OnceLock<fn()>,
    /// The most memory that INFO's `used_memory` has been seen at.
    pub memory_peak: AtomicUsize,
    /// Whom it follows.
    pub following: Following,
    /// Sources of libraries of functions that came with Redis's data, and that nobody runs yet.
    pub libraries: Mutex<Vec<Vec<u8>>>,
    /// CLIENT PAUSE.
    pub pause: Pause,
    /// What of the data outlives the process.
    store: Store,
    /// Set once the process is to end.
    pub stopping: AtomicBool,
    /// Distinguishes this run from all others: 40 hexadecimal digits.
    pub run_id: String,
    /// When the process started.
    pub started: Millis,
    states: Vec<Box<dyn State>>,
    /// Whether a snapshot is made at the end; as the save points say if nobody does.
    at_end: Mutex<Option<bool>>,
    stop: Mutex<Option<Box<dyn Fn() + Send>>>,
}

/// What an engine keeps for the process besides keys.
pub trait State: Any + Send + Sync {
    /// The connection of this session is going, or is being reset.
    fn leave(&self, session: &mut Session);

    /// Numbers for the stats section of INFO, such as `pubsub_channels`.
    fn stats(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}

/// What the process's memory is used for, as far as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Keys, values, and the tables they stand in.
    pub data: usize,
    /// What was resident when the process was ready to serve.
    pub startup: usize,
    /// Partial requests and unsent output of connections.
    pub buffers: usize,
}

impl Memory {
    /// All of it.
    pub fn used(&self) -> usize {
        self.startup + self.data + self.buffers
    }
}

/// CLIENT PAUSE: until when, and whether only writes are held.
#[derive(Debug, Default)]
pub struct Pause {
    /// The end, in milliseconds since the epoch; 0 for no pause.
    pub until: AtomicU64,
    /// Only commands that write are held.
    pub writes_only: AtomicBool,
}

impl Process {
    /// A process over these engines. `seed` keys the keyspace's hash and makes the run id.
    pub fn new(
        settings: Arc<Settings>,
        engines: &[&'static Engine],
        mut keyspace: Keyspace,
        mailboxes: Vec<Mailbox>,
        started: Millis,
        seed: u64,
    ) -> Process {
        keyspace.learn(engines.iter().flat_map(|engine| engine.kinds.iter().copied()));
        let table = Table::new(engines);
        let commands = table.entries().len();
        let mut dice = Dice::new(seed);
        let pending_max = settings.bytes(&said::JOURNAL_BUFFER_LIMIT);
        let pending_max = usize::try_from(pending_max).unwrap_or(usize::MAX);
        Process {
            settings,
            engines: engines.to_vec(),
            keyspace,
            clients: Clients::default(),
            tracking: Tracking::new(dice.next()),
            counters: (0..=mailboxes.len()).map(|_| Arc::new(Counters::new(commands))).collect(),
            mailboxes: mailboxes.into(),
            slow_log: SlowLog::default(),
            rates: Rates::default(),
            memory_startup: AtomicUsize::new(0),
            give_back: OnceLock::new(),
            memory_peak: AtomicUsize::new(0),
            following: Following::default(),
            libraries: Mutex::default(),
            pause: Pause::default(),
            store: Store::new(pending_max),
            stopping: AtomicBool::new(false),
            run_id: (0..5).map(|_| format!("{:08x}", dice.next() as u32)).collect(),
            started,
            states: engines.iter().filter_map(|engine| engine.state).map(|make| make()).collect(),
            at_end: Mutex::new(None),
            stop: Mutex::new(None),
            table,
        }
    }

    /// The state of an engine.
    ///
    /// # Panics
    /// If no engine of the catalog makes such a state; a test runs every command once.
    pub fn state<T: State>(&self) -> &T {
        let found = self.states.iter().find_map(|state| (&**state as &dyn Any).downcast_ref());
        match found {
            Some(state) => state,
            None => unreachable!("an engine asks for its own state"),
        }
    }

    /// What of the data outlives the process.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Tells all engines that a session's connection is going.
    pub fn leave(&self, session: &mut Session) {
        self.tracking.leave(session, &self.keyspace);
        self.states.iter().for_each(|state| state.leave(session));
    }

    /// The sum of a counter over all loops.
    pub fn total(&self, pick: impl Fn(&Counters) -> u64) -> u64 {
        self.counters.iter().map(|counters| pick(counters)).sum()
    }

    /// The numbers that engines' states give to INFO.
    pub fn stats(&self) -> Vec<(&'static str, u64)> {
        self.states.iter().flat_map(|state| state.stats()).collect()
    }

    /// Bytes of all data, of what was there before any, and of what connections hold unread and
    /// unsent.
    pub fn memory(&self) -> Memory {
        let databases = 0..self.keyspace.databases();
        let data = databases.map(|number| self.keyspace.census(number).weight).sum();
        let cards = self.clients.all();
        let buffers = cards.iter().map(|card| {
            card.input_bytes.load(Relaxed) as usize + card.output_bytes.load(Relaxed) as usize
        });
        let startup = self.memory_startup.load(Relaxed);
        let memory = Memory { data, startup, buffers: buffers.sum() };
        self.memory_peak.fetch_max(memory.used(), Relaxed);
        memory
    }

    /// Notes how much has happened so far; called by one loop, about ten times a second.
    pub fn report_rates(&self, now: Millis) {
        let total = Flow {
            commands: self.total(|counters| counters.commands.get()),
            input_bytes: self.total(|counters| counters.input_bytes.get()),
            output_bytes: self.total(|counters| counters.output_bytes.get()),
        };
        self.rates.report(now, total);
        // The peak need not be exact; once a second is enough for walking all stripes' meters.
        if now % 1000 < 100 {
            self.memory();
        }
    }

    /// Says whether a snapshot is made when the process ends.
    pub fn save_at_end(&self, save: bool) {
        *self.at_end.lock() = Some(save);
    }

    /// What [`Process::save_at_end`] was told.
    pub fn saves_at_end(&self) -> Option<bool> {
        *self.at_end.lock()
    }

    /// Whether the process is to end.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Relaxed)
    }

    /// Says what is to be done when the process shall end.
    pub fn on_stop(&self, stop: Box<dyn Fn() + Send>) {
        *self.stop.lock() = Some(stop);
    }

    /// Begins to end the process: loops answer what was read, then close.
    pub fn stop(&self) {
        if !self.stopping.swap(true, Relaxed)
            && let Some(stop) = &*self.stop.lock()
        {
            stop();
        }
        self.mailboxes.iter().for_each(|mailbox| mailbox.send(crate::mail::Mail::Look));
        self.following.wake();
    }
}
