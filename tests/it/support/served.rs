//! support/served.rs — real loops on a unix socket in a folder of their own, and a client that
//! waits.
//!
//! The loops run in threads of the test's process. [`Served::stop`] ends them the way SIGTERM does
//! and says how they ended; dropping does the same and asks nothing.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::BytesMut;
use mainstay_protocol::{Frame, FrameDecoder, FrameLimits, encode_request};
use mainstay_server::assembly::Assembly;
use mainstay_server::catalog;
use mainstay_server::error::Fault;
use mainstay_server::process::Process;
use mainstay_server::reactor::Listeners;
use mainstay_server::settings::{Start, start};

/// No reply for so long is a failure; never waited for otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

static FOLDERS: AtomicU32 = AtomicU32::new(0);

/// A server in this process.
pub struct Served {
    /// What its loops share.
    pub process: Arc<Process>,
    folder: PathBuf,
    end: mpsc::Sender<()>,
    thread: Option<JoinHandle<Result<(), Fault>>>,
}

impl Served {
    /// Starts one with flags as on the command line, `["--threads", "2"]`. Only if it is given a
    /// folder, `--dir`, does it read and keep data.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(flags: &[&str], seed: u64) -> Served {
        let number = FOLDERS.fetch_add(1, Relaxed);
        let name = format!("mainstay-it-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder for the socket");
        let socket = folder.join("socket").display().to_string();
        let dir = folder.display().to_string();
        let memory_only = ["--dir", &dir, "--appendonly", "no"];
        let args = [&["--port", "0", "--unixsocket", &socket], &memory_only[..]].concat();
        let args: Vec<Vec<u8>> =
            args.iter().chain(flags).map(|word| word.as_bytes().to_vec()).collect();
        let settings = match start(&catalog::settings(), &args, &mut io::empty()) {
            Ok(Start::Serve(configured)) => configured.settings,
            other => panic!("the flags {flags:?} do not start a server: {other:?}"),
        };
        let listeners = Listeners::open(&settings).expect("a socket to listen on");
        let mut assembly = Assembly::new(settings, seed).expect("loops");
        if flags.contains(&"--dir") {
            assembly.restore().expect("what the folder holds, if anything");
        }
        let process = Arc::clone(&assembly.process);
        let (end, ended) = mpsc::channel();
        let ends_too = end.clone();
        // Whoever stops the process from inside (SHUTDOWN) ends the wait as well.
        process.on_stop(Box::new(move || {
            // Nobody waits any more if the owner was first.
            let _ = ends_too.send(());
        }));
        let serve = move || {
            assembly.serve(listeners, |process| {
                // An error means that the owner is gone, which ends the server too.
                let _ = ended.recv();
                process.stop();
            })
        };
        Served { process, folder, end, thread: Some(std::thread::spawn(serve)) }
    }

    /// A new client.
    ///
    /// # Panics
    /// If it cannot connect.
    pub fn connect(&self) -> Client {
        let stream = UnixStream::connect(self.folder.join("socket")).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a read timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a write timeout");
        Client { stream, input: BytesMut::new(), decoder: FrameDecoder::new() }
    }

    /// Ends it, and says how it ended.
    ///
    /// # Errors
    /// What a loop ended with, a panic included.
    pub fn stop(mut self) -> Result<(), Fault> {
        self.finish()
    }

    fn finish(&mut self) -> Result<(), Fault> {
        let _ = self.end.send(());
        let ended = match self.thread.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(ended)) => ended,
            Some(Err(_)) => Err(Fault::Panic("the server's main thread".into())),
        };
        let _ = std::fs::remove_dir_all(&self.folder);
        ended
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.finish();
    }
}

/// A client that waits for what it reads.
pub struct Client {
    stream: UnixStream,
    input: BytesMut,
    decoder: FrameDecoder,
}

impl Client {
    /// Sends a request and reads one frame.
    ///
    /// # Panics
    /// If the connection fails or ends.
    pub fn call(&mut self, args: &[&[u8]]) -> Frame {
        self.send(args);
        match self.read() {
            Ok(Some(frame)) => frame,
            other => panic!("no reply to {:?}: {other:?}", args.first().map(|a| a.escape_ascii())),
        }
    }

    /// As [`Client::call`], with words parted by blanks.
    pub fn line(&mut self, line: &str) -> Frame {
        let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        self.call(&args)
    }

    /// Sends a request. A connection that has ended is noticed when reading.
    pub fn send(&mut self, args: &[&[u8]]) {
        let mut bytes = Vec::new();
        encode_request(args.iter().copied(), &mut bytes);
        let _ = self.send_bytes(&bytes);
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// If the connection has ended.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Says that nothing more will be sent.
    pub fn finish(&mut self) {
        // A connection that the server has closed already needs no goodbye.
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
    }

    /// Reads one frame; `None` once the server has closed the connection.
    ///
    /// # Errors
    /// If nothing comes for a minute, or what comes is not RESP.
    pub fn read(&mut self) -> io::Result<Option<Frame>> {
        loop {
            match self.decoder.decode(&mut self.input, &FrameLimits::DEFAULT) {
                Ok(Some(frame)) => return Ok(Some(frame)),
                Ok(None) => {}
                Err(error) => return Err(io::Error::other(error.to_string())),
            }
            let mut piece = [0; 16 * 1024];
            match self.stream.read(&mut piece) {
                Ok(0) if self.input.is_empty() => return Ok(None),
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.input.extend_from_slice(&piece[..read]),
                // Closing with unread input resets a connection: closed all the same.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }
}
