//! mainstay-server — reads the configuration, wires the rooms together, and serves.

use std::io::Write as _;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

use mainstay_server::assembly::Assembly;
use mainstay_server::error::Fault;
use mainstay_server::reactor::Listeners;
use mainstay_server::settings::{Settings, Start, start};
use mainstay_server::{catalog, clock};

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

fn serve(settings: Settings) -> Result<(), Fault> {
    let listeners = Listeners::open(&settings)?;
    let seed = clock::micros() ^ u64::from(std::process::id()).rotate_left(40);
    let assembly = Assembly::new(settings, seed)?;
    let mut signals = signal_hook::iterator::Signals::new([
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGINT,
    ])
    .map_err(Fault::io("listen for signals"))?;
    let handle = signals.handle();
    assembly.process.on_stop(Box::new(move || handle.close()));
    for place in listeners.places() {
        tracing::info!("listening on {place}");
    }
    assembly.serve(listeners, |process| {
        if let Some(signal) = signals.forever().next() {
            tracing::info!("signal {signal}: stopping");
            process.stop();
        }
    })
}
