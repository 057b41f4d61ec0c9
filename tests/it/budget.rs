//! Counted work: what the hot path may not do, whatever the machine. Counts, never times.

#![allow(unsafe_code, reason = "an allocator that counts is an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use mainstay_protocol::{Batch, Decoder, Frame, Limits, Version, encode_request};
use mainstay_server::catalog;
use mainstay_server::clients::Card;
use mainstay_server::dice::Dice;
use mainstay_server::mail::Address;
use mainstay_server::route::{After, Executor};
use mainstay_server::session::Session;
use mainstay_tests::seed::{pick, seed};
use mainstay_tests::{bare, frozen};

/// Counts the allocations of each thread, growing ones included, and the bytes that it holds.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
    static HELD_MAX: Cell<isize> = const { Cell::new(0) };
}

fn hold(more: isize) {
    let _ = HELD.try_with(|held| {
        held.set(held.get() + more);
        HELD_MAX.with(|max| max.set(max.get().max(held.get())));
    });
}

fn count() {
    // A thread that is ending has no counter any more, and nobody asks for it.
    let _ = ALLOCATIONS.try_with(|counter| counter.set(counter.get() + 1));
}

// SAFETY: everything is left to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        hold(layout.size() as isize);
        // SAFETY: the caller's promise is the one that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        hold(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        hold(size as isize - layout.size() as isize);
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Allocations of the second of two equal rounds: a batch is decoded, planned and run, as a loop
/// does it; buffers that grew in the first round are there.
fn allocations(requests: &[&[&str]]) -> u64 {
    let process = bare::process(1);
    let mut executor = Executor::new(&process, 0, 1, None);
    let card = process.clients.enter(Card::default());
    let mut session = Session::new(1, Address::default(), card, true);
    session.version = Version::Resp2;
    let mut bytes = Vec::new();
    for request in requests {
        encode_request(request.iter().map(|arg| arg.as_bytes()), &mut bytes);
    }
    let (mut batch, mut out) = (Batch::new(), Vec::new());
    let mut decoder = Decoder::new();
    let mut counted = 0;
    for _ in 0..2 {
        out.clear();
        batch.clear();
        let before = ALLOCATIONS.get();
        let used = decoder.decode(&bytes, &Limits::default(), &mut batch).expect("requests");
        executor.begin(bare::START);
        for request in batch.iter(&bytes) {
            let plan = executor.plan(&session, request);
            executor.prefetch(&session, &plan);
            assert_eq!(executor.run(&mut session, request, plan, &mut out), After::Go);
        }
        executor.end();
        counted = ALLOCATIONS.get() - before;
        assert_eq!(used, bytes.len());
        for frame in bare::frames(&out) {
            assert!(!matches!(frame, Frame::Error(_)), "{frame}");
        }
    }
    executor.begin(bare::START);
    executor.leave(&mut session);
    executor.end();
    counted
}

#[test]
fn counting_counts() {
    let before = ALLOCATIONS.get();
    drop(std::hint::black_box(vec![0u8; 100]));
    assert_eq!(ALLOCATIONS.get() - before, 1);
}

/// What LZF can make of a byte, and what a container takes for an element of a byte.
const HELD_PER_BYTE_MAX: isize = 400;

/// A restored value, whole or damaged, takes memory in proportion to its bytes, whatever lengths
/// these announce.
#[test]
fn restoring_takes_memory_in_proportion() {
    let mut dice = Dice::new(seed("restore"));
    let frozen = frozen::all();
    for _ in 0..30_000 {
        let (form, whole) = pick(&mut dice, &frozen);
        let mut bytes = whole.clone();
        for _ in 0..dice.below(3) {
            let at = dice.below(bytes.len());
            bytes[at] = *pick(&mut dice, &[0, 1, 0x7f, 0x80, 0x81, 0xc3, 0xfe, 0xff]);
        }
        let Some(kind) = catalog::kinds().find(|kind| kind.forms.contains(form)) else { continue };
        let held = HELD.get();
        HELD_MAX.set(held);
        drop((kind.restore)(*form, &mut &bytes[..]));
        let most = HELD_MAX.get() - held;
        let allowed = 16_384 + HELD_PER_BYTE_MAX * bytes.len() as isize;
        assert!(most <= allowed, "{most} bytes for {bytes:x?} in form {form}");
        assert_eq!(HELD.get(), held, "memory that is not given back");
    }
}

#[test]
fn reading_and_overwriting_strings_allocates_nothing() {
    let long = "x".repeat(1000);
    for request in [
        &["SET", "key", "a value of some length"][..],
        &["SET", "long", &long],
        &["GET", "key"],
        &["GET", "missing"],
        &["INCR", "counter"],
        &["INCRBY", "counter", "1000"],
        &["EXISTS", "key"],
        &["TTL", "key"],
        &["PING"],
        &["ECHO", "hello"],
    ] {
        assert_eq!(allocations(&[request; 20]), 0, "{request:?}, twenty times");
    }
}

/// A new deadline is a store beside the slot.
#[test]
fn overwriting_with_a_deadline_allocates_nothing() {
    for request in [
        &["SET", "key", "value", "EX", "100"][..],
        &["EXPIRE", "key", "100"],
        &["GETEX", "key", "PX", "5000"],
    ] {
        let set = ["SET", "key", "value"];
        assert_eq!(allocations(&[&set, request]), 0, "{request:?}");
    }
}

/// What writers save for a snapshot is bounded: when the walker does not follow, they wait.
#[test]
fn a_snapshot_that_is_not_written_takes_bounded_memory() {
    let process = bare::small(1);
    let mut bare = bare::Bare::new(&process, 1);
    let client = bare.connect(Version::Resp2);
    let value = "x".repeat(16 << 10);
    for number in 0..4_000 {
        bare.line(client, &format!("SET key:{number} {value}"));
        bare.take_records();
    }
    let space = &process.keyspace;
    let mut capture = {
        let mut gate = space.gate().close();
        space.begin_capture(&mut gate, bare.now).expect("no other is made")
    };
    let before = HELD.get();
    HELD_MAX.set(before);
    let mut done = 0;
    let mut write = |bare: &mut bare::Bare<'_>| {
        let after = bare.line(client, &format!("SETRANGE key:{done} 0 changed")).after;
        bare.take_records();
        done += usize::from(after == After::Go);
        after
    };
    while write(&mut bare) == After::Go {}
    let most = HELD_MAX.get() - before;
    assert!((32 << 20..40 << 20).contains(&most), "{most} bytes until writers wait");
    let mut piece = Vec::new();
    space.walk(&mut capture, &mut piece);
    assert_eq!(write(&mut bare), After::Go, "the walker follows");
    while space.walk(&mut capture, &mut piece) {
        piece.clear();
    }
    space.end_capture(capture);
    drop(piece);
    let left = HELD.get() - before;
    assert!(left < 1 << 20, "{left} bytes are left of it");
}

/// A look into a container, or a change in it that takes no more room, is done where it lies.
#[test]
fn asking_containers_and_changing_what_is_there_allocates_nothing() {
    for requests in [
        [&["SETBIT", "bits", "9999", "1"][..], &["GETBIT", "bits", "77"]],
        [&["SETBIT", "bits", "9999", "1"], &["SETBIT", "bits", "77", "0"]],
        [&["PFADD", "sketch", "a", "b"], &["PFCOUNT", "sketch"]],
        [&["PFADD", "sketch", "a", "b"], &["PFADD", "sketch", "b"]],
        [&["SET", "key", "value"], &["EXISTS", "key"]],
        [&["SET", "key", "value"], &["MGET", "key"]],
        [&["SADD", "set", "a", "word"], &["SISMEMBER", "set", "a"]],
        [&["HSET", "hash", "f", "value"], &["HGET", "hash", "f"]],
        [&["ZADD", "ranked", "1", "a"], &["ZSCORE", "ranked", "a"]],
        [&["ZADD", "ranked", "1", "a"], &["ZRANK", "ranked", "a"]],
    ] {
        let [make, request] = requests;
        let mut requests = vec![make];
        requests.extend([request; 20]);
        assert_eq!(allocations(&requests), 0, "{make:?}, then {request:?}");
    }
    let lists: [&[&str]; 5] = [
        &["DEL", "list"],
        &["RPUSH", "list", "a", "b", "c"],
        &["LINDEX", "list", "1"],
        &["LSET", "list", "1", "d"],
        &["LRANGE", "list", "0", "-1"],
    ];
    // The list is made anew: its entry, its items' memory, once smaller.
    let made = allocations(&lists[..2]);
    assert_eq!(allocations(&lists), made, "asking a list");
}
