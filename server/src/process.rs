//! process.rs — what all loops share: settings, table, keys, clients, counters, engine states.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;

use crate::clients::Clients;
use crate::clock::Millis;
use crate::command::{Engine, Table};
use crate::dice::Dice;
use crate::keyspace::Keyspace;
use crate::mail::Mailbox;
use crate::observe::Counters;
use crate::session::Session;
use crate::settings::Settings;

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
    /// The counters of each loop.
    pub counters: Vec<Arc<Counters>>,
    /// The inbox of each loop.
    pub mailboxes: Arc<[Mailbox]>,
    /// CLIENT PAUSE.
    pub pause: Pause,
    /// Set once the process is to end.
    pub stopping: AtomicBool,
    /// Distinguishes this run from all others: 40 hexadecimal digits.
    pub run_id: String,
    /// When the process started.
    pub started: Millis,
    states: Vec<Box<dyn State>>,
    stop: Mutex<Option<Box<dyn Fn() + Send>>>,
}

/// What an engine keeps for the process besides keys.
pub trait State: Any + Send + Sync {
    /// The connection of this session is going, or is being reset.
    fn leave(&self, session: &mut Session);
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
        keyspace: Keyspace,
        mailboxes: Vec<Mailbox>,
        started: Millis,
        seed: u64,
    ) -> Process {
        let table = Table::new(engines);
        let commands = table.entries().len();
        let mut dice = Dice::new(seed);
        Process {
            settings,
            engines: engines.to_vec(),
            keyspace,
            clients: Clients::default(),
            counters: mailboxes.iter().map(|_| Arc::new(Counters::new(commands))).collect(),
            mailboxes: mailboxes.into(),
            pause: Pause::default(),
            stopping: AtomicBool::new(false),
            run_id: (0..5).map(|_| format!("{:08x}", dice.next() as u32)).collect(),
            started,
            states: engines.iter().filter_map(|engine| engine.state).map(|make| make()).collect(),
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

    /// Tells all engines that a session's connection is going.
    pub fn leave(&self, session: &mut Session) {
        self.states.iter().for_each(|state| state.leave(session));
    }

    /// The sum of a counter over all loops.
    pub fn total(&self, pick: impl Fn(&Counters) -> u64) -> u64 {
        self.counters.iter().map(|counters| pick(counters)).sum()
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
    }
}
