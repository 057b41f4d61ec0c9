//! mainstay-server — reads the configuration, opens what it names, and serves.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::Write as _;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;

use mainstay_server::assembly::Assembly;
use mainstay_server::error::Fault;
use mainstay_server::migration::{files, follow};
use mainstay_server::observe::log;
use mainstay_server::offline::Task;
use mainstay_server::process::Process;
use mainstay_server::reactor::Listeners;
use mainstay_server::settings::catalog as said;
use mainstay_server::settings::start::Configured;
use mainstay_server::settings::{Settings, Start, start};
use mainstay_server::startup::{self, PidFile};
use mainstay_server::{REDIS_VERSION, VERSION, catalog, clock, machine};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[allow(unsafe_code, reason = "the crate has no safe name for it")]
mod allocator {
    unsafe extern "C" {
        fn mi_collect(force: bool);
    }

    /// Gives back to the system what the calling thread's heap does not need.
    pub(super) fn give_back() {
        // SAFETY: mimalloc is the allocator, and `mi_collect` may be called by any thread at any
        // time (mimalloc.h).
        unsafe { mi_collect(true) }
    }
}

fn main() -> ExitCode {
    clock::start();
    let args: Vec<Vec<u8>> = std::env::args_os().skip(1).map(OsStringExt::into_vec).collect();
    let (task, args) = match Task::read(&args) {
        Ok(None) => (None, &args[..]),
        Ok(Some((task, rest))) => (Some(task), rest),
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::FAILURE;
        }
    };
    let configured = match start(&catalog::settings(), args, &mut std::io::stdin()) {
        Ok(Start::Serve(configured)) => *configured,
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
    // Its path is meant from where the process was started.
    let task = task.map(Task::made_absolute).transpose();
    let task = match task.and_then(|task| {
        startup::enter_folder(&configured.settings)?;
        log::open(&configured.settings)?;
        Ok(task)
    }) {
        Ok(task) => task,
        Err(fault) => {
            eprintln!("mainstay-server: {fault}");
            return ExitCode::FAILURE;
        }
    };
    let has_file = !configured.settings.text(&said::LOGFILE).is_empty();
    let done = match task {
        None => serve(configured),
        Some(task) => task.run(configured.settings, secret()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            tracing::error!("{fault}");
            if has_file {
                // Whoever started it by hand looks here, not into the log.
                eprintln!("mainstay-server: {fault}");
            }
            ExitCode::FAILURE
        }
    }
}

fn serve(configured: Configured) -> Result<(), Fault> {
    let Configured { settings, idle } = configured;
    let from = match settings.file() {
        Some(path) => path.display().to_string(),
        None => "no file, defaults and flags".into(),
    };
    let pid = std::process::id();
    tracing::info!("Mainstay {VERSION} (as Redis {REDIS_VERSION}), pid {pid}, is starting");
    tracing::info!("Configuration: {from}");
    if !idle.is_empty() {
        tracing::info!("Accepted, but without effect here: {}", idle.join(", "));
    }
    startup::make_room_for_clients(&settings);
    let listeners = Listeners::open(&settings)?;
    // SIGPIPE is ignored by Rust's runtime. Who leaves the terminal must not end the server, so
    // SIGHUP is taken and nothing done about it.
    let mut signals =
        Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(Fault::io("listen for signals"))?;
    let _pid_file = PidFile::write(&settings);
    let places = listeners.places();
    let hint = hint(&settings, &places);
    let mut assembly = Assembly::new(settings, secret())?;
    // The process is new: nobody has said it before.
    let _ = assembly.process.give_back.set(allocator::give_back);
    let resident = usize::try_from(machine::resident_bytes()).unwrap_or(0);
    assembly.process.memory_startup.store(resident, Relaxed);
    let handle = signals.handle();
    assembly.process.on_stop(Box::new(move || handle.close()));
    let threads = assembly.process.mailboxes.len();
    tracing::info!("Running standalone with {threads} threads, listening on {}", places.join(", "));
    let is_taken_over = files::load_found(&assembly.process)?;
    assembly.restore()?;
    if is_taken_over {
        files::keep_loaded(&assembly.process)?;
    }
    follow::begin(&assembly.process)?;
    match assembly.process.store().place() {
        Some(place) => tracing::info!("Data is kept in {place}"),
        None => tracing::info!(
            "Data lives in memory only and is gone when the process ends; --dir PATH keeps it"
        ),
    }
    tracing::info!("Ready to accept connections: {hint}");
    assembly.serve(listeners, |process| wait(process, &mut signals))?;
    tracing::info!("Mainstay has stopped, bye");
    Ok(())
}

/// What the hash of keys is seeded with: whoever knows it can choose keys that collide.
fn secret() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Waits for the process to stop, or for a signal to stop it.
fn wait(process: &Process, signals: &mut Signals) {
    for signal in signals.forever() {
        if signal != SIGHUP {
            let name = if signal == SIGINT { "SIGINT" } else { "SIGTERM" };
            tracing::warn!("Received {name}, stopping");
            process.stop();
            return;
        }
    }
}

/// How redis-cli gets here.
fn hint(settings: &Settings, places: &[String]) -> String {
    let port = settings.integer(&said::PORT);
    let where_to = match (port, places.first()) {
        (0, Some(path)) => format!("-s {path}"),
        _ => format!("-p {port}"),
    };
    let password = match settings.text(&said::REQUIREPASS).is_empty() {
        true => "",
        false => " --askpass",
    };
    format!("redis-cli {where_to}{password}")
}
