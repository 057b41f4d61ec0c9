//! Calls that wait, when several loops meet over them.

use std::{sync::mpsc, thread};

use mainstay_protocol::{Frame, Version};
use mainstay_server::keyspace::Keys;
use mainstay_tests::bare::{self, Bare};

/// A move waits for a key; when something is pushed there, another loop holds the stripe of its
/// destination. Whatever the pusher's loop runs next comes after the move all the same.
#[test]
fn who_waits_is_served_before_what_the_pusher_asks_next() {
    for in_transaction in [false, true] {
        let process = bare::process(1);
        let mut bare = Bare::new(&process, 1);
        let (waiting, pushing) = (bare.connect(Version::Resp3), bare.connect(Version::Resp3));
        let parked = bare.line(waiting, "BLMOVE from to LEFT RIGHT 0");
        assert_eq!(parked.frames, []);

        let space = &process.keyspace;
        let stripe = |key: &[u8]| space.stripe_of(0, space.hash(key));
        assert_ne!(stripe(b"from"), stripe(b"to"), "the seed is one for which they differ");
        let changes = || process.counters[0].changes.get();
        let (before, now) = (changes(), bare.now);
        let (held, is_held) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let gate = space.gate().share();
                let to = Keys::one(space, &gate, 0, b"to", space.hash(b"to"), now);
                held.send(()).expect("somebody listens");
                while changes() == before {
                    thread::yield_now();
                }
                // The pusher has pushed and holds this; when it lets go, it has tried in vain.
                let from = Keys::one(space, &gate, 0, b"from", space.hash(b"from"), now);
                drop((from, to));
            });
            is_held.recv().expect("the other loop lives");
            if in_transaction {
                bare.line(pushing, "MULTI");
                bare.line(pushing, "RPUSH from x");
                bare.line(pushing, "EXEC");
            } else {
                bare.line(pushing, "RPUSH from x");
            }
        });
        assert_eq!(bare.line(pushing, "LPOP from").frames, [Frame::Null]);
        assert_eq!(bare.message(waiting), Some(Frame::Bulk("x".into())));
        assert_eq!(bare.line(pushing, "LRANGE to 0 -1").frames.len(), 1);
        assert!(!bare.is_parked(waiting));
    }
}
