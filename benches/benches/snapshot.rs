//! What a snapshot costs, without a socket: how quick the walk is and how long it keeps a lock, how
//! quick files are written and loaded, and what writers meet meanwhile.
//!
//! `cargo bench --bench snapshot [-- KEYS [FOLDER]]`. Durations of a step are the walker's own, so
//! they are bounds for how long it held a lock.

#![allow(clippy::print_stdout, reason = "a program for people")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use mainstay_protocol::OwnedRequest;
use mainstay_server::catalog;
use mainstay_server::clients::Card;
use mainstay_server::clock;
use mainstay_server::dice::Dice;
use mainstay_server::keyspace::{Capture, Keys, Keyspace, Ttl};
use mainstay_server::mail::{Address, Mailbox, Wake};
use mainstay_server::persist::disk::{Disk, Folder};
use mainstay_server::persist::snapshot::{self, Meta, Plan, Progress};
use mainstay_server::process::Process;
use mainstay_server::route::{After, Executor};
use mainstay_server::session::Session;
use mainstay_server::settings::Settings;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NOW: u64 = 1_700_000_000_000;
const ELEMENTS: usize = 1_000_000;
const META: Meta = Meta { set: 1, file: 2, lsn: 3, stamp: NOW };

struct Nobody;

impl Wake for Nobody {
    fn wake(&self) {}
}

fn process() -> Process {
    let settings = Arc::new(Settings::new(&catalog::settings()));
    let mailboxes = vec![Mailbox::new(Box::new(Nobody))];
    Process::new(settings, catalog::ENGINES, Keyspace::new(16, 1, None), mailboxes, NOW, 1)
}

fn key(number: usize) -> [u8; 16] {
    let mut key = *b"key:000000000000";
    for (at, digit) in format!("{number:012}").bytes().enumerate() {
        key[4 + at] = digit;
    }
    key
}

fn put(space: &Keyspace, number: usize, value: &[u8]) {
    let (key, gate) = (key(number), space.gate().share());
    let hash = space.hash(&key);
    Keys::one(space, &gate, 0, &key, hash, NOW).put_string(&key, value, Ttl::Clear);
}

fn begin(space: &Keyspace) -> Capture {
    let mut gate = space.gate().close();
    space.begin_capture(&mut gate, NOW).expect("no other is made")
}

/// Walks to the end; prints what it took.
fn walk(what: &str, space: &Keyspace) {
    let began = clock::instant();
    let mut capture = begin(space);
    let cut = began.elapsed();
    let (mut piece, mut bytes, mut steps) = (Vec::with_capacity(1 << 21), 0, Vec::new());
    loop {
        let step = clock::instant();
        let more = space.walk(&mut capture, &mut piece);
        steps.push(step.elapsed());
        bytes += piece.len();
        piece.clear();
        if !more {
            break;
        }
    }
    let took = began.elapsed();
    let entries = space.captured();
    space.end_capture(capture);
    steps.sort_unstable();
    let at = |share: f64| steps[((steps.len() - 1) as f64 * share) as usize];
    println!(
        "walk {what}: {entries} entries, {} MB in {took:?}, cut {cut:?}; {} steps: median {:?}, \
         99.9 % {:?}, longest {:?}",
        bytes / 1_000_000,
        steps.len(),
        at(0.5),
        at(0.999),
        at(1.0)
    );
}

fn write(disk: &Folder, space: &Keyspace, is_packed: bool, rest: Duration) {
    let capture = begin(space);
    let plan = Plan { name: "snapshot", meta: META, is_packed, rest, sections: &[] };
    let (progress, cancel, began) = (Progress::default(), AtomicBool::new(false), clock::instant());
    let summary = snapshot::write(disk, plan, space, capture, &progress, &cancel)
        .expect("there is room")
        .expect("it is not called off");
    let took = began.elapsed();
    println!(
        "write, packed {is_packed}, resting {rest:?}: {} MB of {} MB in {took:?}, {:.2} M entries/s",
        summary.bytes / 1_000_000,
        summary.whole / 1_000_000,
        summary.entries as f64 / took.as_secs_f64() / 1e6
    );
}

fn load(disk: &Folder, threads: usize) {
    let fresh = process();
    let (kinds, progress, began) = (catalog::kinds(), Progress::default(), clock::instant());
    let space = &fresh.keyspace;
    let loaded = snapshot::load(disk, "snapshot", space, kinds, threads, &progress);
    let (loaded, took) = (loaded.expect("it is sound"), began.elapsed());
    println!(
        "load, {threads} threads: {took:?}, {:.2} M entries/s, {:.0} MB/s",
        loaded.summary.entries as f64 / took.as_secs_f64() / 1e6,
        loaded.summary.whole as f64 / took.as_secs_f64() / 1e6
    );
}

/// Writes 5,000 times a second while a snapshot is written; prints how late they were.
fn load_and_write(what: &str, disk: &Folder, process: &Process, keys: usize) {
    let space = &process.keyspace;
    let mut client = Client::new(process);
    let (is_done, before) = (AtomicBool::new(false), resident());
    let most = AtomicU64::new(0);
    let (mut late, mut quiet) = (Vec::new(), Vec::new());
    let has_begun = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            clock::block(Duration::from_millis(800));
            has_begun.store(true, Relaxed);
            write(disk, space, true, Duration::from_millis(1));
            is_done.store(true, Relaxed);
        });
        let (mut dice, began) = (Dice::new(3), clock::instant());
        let value = [b'y'; 100];
        for number in 0.. {
            let due = began + Duration::from_micros(200) * number;
            while let Some(left) = due.checked_duration_since(clock::instant()) {
                // As a loop that waits for requests does.
                clock::block(left);
            }
            let key = key(dice.below(keys));
            while client.call(&[b"SET", &key, &value]) == After::Hold {}
            let to = if has_begun.load(Relaxed) { &mut late } else { &mut quiet };
            to.push(due.elapsed());
            if number % 64 == 0 {
                most.fetch_max(resident(), Relaxed);
                if is_done.load(Relaxed) {
                    break;
                }
            }
        }
    });
    for (when, mut late) in [("before", quiet), ("meanwhile", late)] {
        late.sort_unstable();
        let at = |share: f64| late[((late.len() - 1) as f64 * share) as usize];
        println!(
            "writes {when}, {what}: {} of them, 99 % {:?}, 99.9 % {:?}, longest {:?}",
            late.len(),
            at(0.99),
            at(0.999),
            at(1.0)
        );
    }
    println!(
        "memory meanwhile {:+.1} %",
        (most.load(Relaxed) as f64 / before as f64 - 1.0) * 100.0
    );
}

/// How long writers of one key wait for it.
fn wait_for_one(what: &str, disk: &Folder, process: &Process, line: &[&[u8]]) {
    let mut client = Client::new(process);
    std::thread::scope(|scope| {
        let capture = begin(&process.keyspace);
        scope.spawn(|| {
            let rest = Duration::from_millis(1);
            let plan = Plan { name: "big", meta: META, is_packed: true, rest, sections: &[] };
            let (progress, cancel) = (Progress::default(), AtomicBool::new(false));
            let space = &process.keyspace;
            snapshot::write(disk, plan, space, capture, &progress, &cancel).expect("there is room")
        });
        let began = clock::instant();
        while client.call(line) == After::Hold {
            clock::block(Duration::from_micros(100));
        }
        println!("a write to {what} waits {:?}", began.elapsed());
    });
}

fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(1)
}

struct Client<'p> {
    executor: Executor<'p>,
    session: Session,
    out: Vec<u8>,
}

impl<'p> Client<'p> {
    fn new(process: &'p Process) -> Client<'p> {
        let card = process.clients.enter(Card { id: 1, ..Card::default() });
        let session = Session::new(1, Address::default(), card, true);
        Client { executor: Executor::new(process, 0, 1, None), session, out: Vec::new() }
    }

    /// A request in a turn of its own.
    fn call(&mut self, args: &[&[u8]]) -> After {
        let request = OwnedRequest::from_args(args.iter().copied());
        self.executor.begin(NOW);
        let plan = self.executor.plan(&self.session, request.as_request());
        let (session, out) = (&mut self.session, &mut self.out);
        let after = self.executor.run(session, request.as_request(), plan, out);
        self.executor.end();
        self.out.clear();
        after
    }
}

fn fill_big(process: &Process, line: &[&str]) {
    let mut client = Client::new(process);
    let mut dice = Dice::new(7);
    for _ in 0..ELEMENTS / 100 {
        let mut args: Vec<Vec<u8>> =
            line[..2].iter().map(|word| word.as_bytes().to_vec()).collect();
        for _ in 0..100 {
            let fresh = dice.next() % 1_000_000_000_000;
            args.extend(
                line[2..].iter().map(|word| word.replace('#', &fresh.to_string()).into_bytes()),
            );
        }
        client.call(&args.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
}

fn main() {
    let args: Vec<String> = std::env::args().filter(|arg| !arg.starts_with("--")).collect();
    let keys = args.get(1).and_then(|text| text.parse().ok()).unwrap_or(5_000_000);
    let folder = args.get(2).map_or("/tmp/mainstay-snapshot-bench", String::as_str);
    let disk = Folder::enter(Path::new(folder)).expect("a folder to write to");
    let process_of_small = process();
    let start = clock::instant();
    for number in 0..keys {
        put(&process_of_small.keyspace, number, &[b'x'; 100]);
    }
    println!("filled {keys} keys in {:?}", start.elapsed());
    let space = &process_of_small.keyspace;
    walk("small strings", space);
    walk("small strings", space);
    write(&disk, space, false, Duration::ZERO);
    load(&disk, 1);
    load(&disk, 2);
    write(&disk, space, true, Duration::ZERO);
    load(&disk, 1);
    load(&disk, 2);
    load_and_write("small strings", &disk, &process_of_small, keys);
    for (what, fill, line) in [
        ("sorted set", &["ZADD", "big", "#", "member:#"][..], &["ZADD", "big", "1", "m"][..]),
        ("set", &["SADD", "big", "member:#"], &["SADD", "big", "m"]),
        ("hash", &["HSET", "big", "field:#", "value:#"], &["HSET", "big", "f", "v"]),
        ("list", &["RPUSH", "big", "element:#"], &["RPUSH", "big", "m"]),
    ] {
        let process = process();
        fill_big(&process, fill);
        walk(&format!("1 M elements of a {what}"), &process.keyspace);
        let line: Vec<&[u8]> = line.iter().map(|word| word.as_bytes()).collect();
        wait_for_one(&format!("a {what} of 1 M"), &disk, &process, &line);
        write(&disk, &process.keyspace, true, Duration::ZERO);
        load(&disk, 1);
    }
    for name in disk.names().expect("the folder is there") {
        disk.remove(&name).expect("it is ours");
    }
}
