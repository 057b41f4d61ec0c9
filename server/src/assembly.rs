//! assembly.rs — a process and its loops, put together: `main` and the tests start them alike.
//!
//! Not here: signals and the log, which belong to the program.

use std::sync::Arc;
use std::thread;

use mio::{Poll, Waker};

use crate::dice::Dice;
use crate::error::Fault;
use crate::keyspace::{Keyspace, Later};
use crate::mail::Mailbox;
use crate::migration::follow;
use crate::persist::journal::Tap;
use crate::process::Process;
use crate::reactor::{Listeners, LoopWaker, Reactor, WAKE};
use crate::settings::Settings;
use crate::settings::catalog as said;
use crate::{catalog, clock, restore, saving};

/// A process whose loops are made and do not run yet.
pub struct Assembly {
    /// What the loops share.
    pub process: Arc<Process>,
    polls: Vec<Poll>,
    chance: Dice,
}

impl Assembly {
    /// A process with as many loops as the settings say. `seed` starts all its chance.
    ///
    /// # Errors
    /// If the operating system refuses a loop.
    pub fn new(settings: Settings, seed: u64) -> Result<Assembly, Fault> {
        let settings = Arc::new(settings);
        let loops = match settings.integer(&said::THREADS) {
            0 => thread::available_parallelism().map_or(1, usize::from),
            loops => loops as usize,
        };
        let mut polls = Vec::new();
        let mut mailboxes = Vec::new();
        for _ in 0..loops {
            let poll = Poll::new().map_err(Fault::io("make an event loop"))?;
            let waker =
                Waker::new(poll.registry(), WAKE).map_err(Fault::io("make an event loop"))?;
            mailboxes.push(Mailbox::new(Box::new(LoopWaker(waker))));
            polls.push(poll);
        }
        let mut chance = Dice::new(seed);
        let databases = settings.integer(&said::DATABASES).max(1) as usize;
        let keyspace = Keyspace::new(databases, chance.next(), Some(Later::default()));
        let (engines, now) = (catalog::ENGINES, clock::now());
        let process = Process::new(settings, engines, keyspace, mailboxes, now, chance.next());
        Ok(Assembly { process: Arc::new(process), polls, chance })
    }

    /// Reads what is stored, and goes on recording if the settings say so.
    ///
    /// # Errors
    /// If what is stored cannot be read.
    pub fn restore(&mut self) -> Result<(), Fault> {
        restore::restore(&self.process, &mut self.chance)
    }

    /// Serves until the process stops. `meanwhile` runs on the calling thread once the loops do; it
    /// is what calls [`Process::stop`], or waits for whoever does.
    ///
    /// # Errors
    /// If a thread cannot be started, or a loop fails.
    pub fn serve(
        self,
        listeners: Listeners,
        meanwhile: impl FnOnce(&Process),
    ) -> Result<(), Fault> {
        let Assembly { process, polls, mut chance } = self;
        let process = &*process;
        let mut listeners = Some(listeners);
        thread::scope(|scope| {
            let mut threads = Vec::new();
            for (number, poll) in polls.into_iter().enumerate() {
                let (listeners, seed) = (listeners.take(), chance.next());
                let name = format!("loop-{number}");
                let serve = move || {
                    let tap = Box::new(Tap::new(Arc::clone(&process.store().journal)));
                    let number = number as u16;
                    let reactor = Reactor::new(process, number, poll, listeners, seed, Some(tap));
                    let ended = reactor.run();
                    // One loop that fails ends them all.
                    process.stop();
                    ended
                };
                let thread = thread::Builder::new().name(name).spawn_scoped(scope, serve);
                let thread = thread.map_err(Fault::io("start a thread")).inspect_err(|_| {
                    process.stop();
                })?;
                threads.push(thread);
            }
            let dice = Dice::new(chance.next());
            let saving = thread::Builder::new().name("saving".into());
            saving
                .spawn_scoped(scope, move || saving::run(process, dice))
                .map_err(Fault::io("start a thread"))
                .inspect_err(|_| process.stop())?;
            let follow = || {
                let tap = Box::new(Tap::new(Arc::clone(&process.store().journal)));
                follow::run(process, Some(tap));
            };
            let follower = thread::Builder::new().name("follower".into());
            let follower = follower.spawn_scoped(scope, follow);
            let follower = follower.map_err(Fault::io("start a thread")).inspect_err(|_| {
                process.stop();
            })?;
            meanwhile(process);
            let mut ended = Ok(());
            for thread in threads {
                let result = thread.join().unwrap_or_else(|_| Err(Fault::Panic("a loop".into())));
                ended = ended.and(result);
            }
            let followed = follower.join();
            ended = ended.and(followed.map_err(|_| Fault::Panic("the follower".into())));
            ended
        })
        // Whatever became of the loops, what they have recorded is kept.
        .inspect_err(|_| saving::finish(process, Some(false), &mut chance))
        .inspect(|()| saving::finish(process, process.saves_at_end(), &mut chance))
    }
}
