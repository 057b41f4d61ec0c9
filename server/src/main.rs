//! mainstay-server — reads the configuration, wires the rooms together, and serves.

use std::io::Write as _;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use mainstay_server::error::Fault;
use mainstay_server::keyspace::Keyspace;
use mainstay_server::mail::Mailbox;
use mainstay_server::process::Process;
use mainstay_server::reactor::{Listeners, LoopWaker, Reactor, WAKE};
use mainstay_server::settings::catalog as said;
use mainstay_server::settings::{Start, start};
use mainstay_server::{catalog, clock, dice};
use mio::{Poll, Waker};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    clock::start();
    let args: Vec<Vec<u8>> = std::env::args_os().skip(1).map(OsStringExt::into_vec).collect();
    let configured = match start(&catalog::settings(), &args, &mut std::io::stdin()) {
        Ok(Start::Serve(configured)) => configured,
        Ok(Start::Print(text)) => {
            // Nobody is left to tell if standard output is closed.
            let _ = std::io::stdout().write_all(text.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(problems) => {
            eprintln!("{problems}");
            return ExitCode::FAILURE;
        }
    };
    tracing_subscriber::fmt().with_target(false).init();
    if !configured.idle.is_empty() {
        tracing::info!("accepted, but without effect here: {}", configured.idle.join(", "));
    }
    match serve(configured.settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            tracing::error!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn serve(settings: mainstay_server::settings::Settings) -> Result<(), Fault> {
    let settings = Arc::new(settings);
    let loops = match settings.integer(&said::THREADS) {
        0 => thread::available_parallelism().map_or(1, usize::from),
        loops => loops as usize,
    };
    let listeners = Listeners::open(&settings)?;
    let places = listeners.places();
    let mut polls = Vec::new();
    let mut mailboxes = Vec::new();
    for _ in 0..loops {
        let poll = Poll::new().map_err(Fault::io("make an event loop"))?;
        let waker = Waker::new(poll.registry(), WAKE).map_err(Fault::io("make an event loop"))?;
        mailboxes.push(Mailbox::new(Box::new(LoopWaker(waker))));
        polls.push(poll);
    }
    let seed = clock::micros() ^ u64::from(std::process::id()).rotate_left(40);
    let mut chance = dice::Dice::new(seed);
    let databases = settings.integer(&said::DATABASES).max(1) as usize;
    let (reaper, garbage) = crossbeam::channel::unbounded();
    let keyspace = Keyspace::new(databases, chance.next(), Some(reaper));
    let process =
        Process::new(settings, catalog::ENGINES, keyspace, mailboxes, clock::now(), chance.next());
    let mut signals = signal_hook::iterator::Signals::new([
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGINT,
    ])
    .map_err(Fault::io("listen for signals"))?;
    let handle = signals.handle();
    process.on_stop(Box::new(move || handle.close()));
    for place in &places {
        tracing::info!("listening on {place}");
    }
    let mut listeners = Some(listeners);
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for (number, poll) in polls.into_iter().enumerate() {
            let (process, listeners, seed) = (&process, listeners.take(), chance.next());
            let name = format!("loop-{number}");
            let serve =
                move || Reactor::new(process, number as u16, poll, listeners, seed, None).run();
            let thread = thread::Builder::new().name(name).spawn_scoped(scope, serve);
            threads.push(thread.map_err(Fault::io("start a thread"))?);
        }
        thread::Builder::new()
            .name("reaper".into())
            .spawn(move || garbage.into_iter().for_each(drop))
            .map_err(Fault::io("start a thread"))?;
        if let Some(signal) = signals.forever().next() {
            tracing::info!("signal {signal}: stopping");
            process.stop();
        }
        for thread in threads {
            match thread.join() {
                Ok(result) => result?,
                Err(_) => tracing::error!("a loop has panicked"),
            }
        }
        Ok(())
    })
}
