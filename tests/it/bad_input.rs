//! Bytes that are no requests, and requests that make no sense, at a server: it never panics,
//! always answers or closes with a protocol error, and goes on serving others.

use mainstay_protocol::{Frame, encode_request};
use mainstay_server::catalog;
use mainstay_server::command::{Command, Run, Table, Trait};
use mainstay_server::dice::Dice;
use mainstay_tests::lines::Line;
use mainstay_tests::seed::{bytes, pick, seed};
use mainstay_tests::served::{Client, Served};

/// What a connection ends with, and in how many frames.
fn read_to_end(client: &mut Client) -> Vec<Frame> {
    let mut frames = Vec::new();
    loop {
        match client.read() {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return frames,
            Err(error) => panic!("after {} frames: {error}", frames.len()),
        }
    }
}

fn is_protocol_error(frame: &Frame) -> bool {
    matches!(frame, Frame::Error(text) if text.starts_with(b"ERR Protocol error"))
}

/// Commands that end a connection, silence it or hold everybody up, on purpose.
fn is_tame(command: &Command) -> bool {
    let wild = ["SHUTDOWN", "QUIT", "DEBUG", "CLIENT", "CONFIG", "MONITOR", "SUBSCRIBE", "RESET"];
    let name = command.name.split(' ').next().unwrap_or_default();
    // As in Redis, WAIT and SAVE wait and are not said to.
    let waits = command.is(Trait::Blocking) || ["WAIT", "SAVE"].contains(&command.name);
    !waits && !wild.iter().any(|wild| name.ends_with(wild)) && !matches!(command.run, Run::Group(_))
}

fn requests(table: &Table, dice: &mut Dice, count: usize) -> Vec<u8> {
    let tame: Vec<&Command> =
        table.entries().iter().map(|entry| entry.command).filter(|c| is_tame(c)).collect();
    let mut stream = Vec::new();
    for _ in 0..count {
        let command = *pick(dice, &tame);
        let line = Line::random(command, dice);
        encode_request(line.slices().into_iter(), &mut stream);
    }
    stream
}

/// Breaks something: a byte, a run of bytes, a length, the end.
fn mutate(stream: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.below(3) {
        let at = dice.below(stream.len().max(1));
        match dice.below(6) {
            0 => stream.truncate(at),
            1 => stream.splice(at..at, bytes(dice, 20)).for_each(drop),
            2 => {
                let end = (at + dice.below(20)).min(stream.len());
                stream.drain(at..end).for_each(drop);
            }
            3 => {
                let wild: &[&[u8]] = &[
                    b"*2147483648\r\n",
                    b"$-1\r\n",
                    b"*-5\r\n",
                    b"$99999999999\r\n",
                    b"\r\n",
                    b"*0\r\n",
                ];
                stream.splice(at..at, pick(dice, wild).iter().copied()).for_each(drop);
            }
            _ => {
                if let Some(byte) = stream.get_mut(at) {
                    *byte = dice.next() as u8;
                }
            }
        }
    }
}

/// Sends each stream in pieces over a connection of its own; whatever comes back must be RESP, and
/// a protocol error only ever comes last.
fn feed(served: &Served, streams: impl Iterator<Item = Vec<u8>>, dice: &mut Dice) {
    let mut witness = served.connect();
    for stream in streams {
        let mut client = served.connect();
        let mut rest = &stream[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(1 + dice.below(rest.len()));
            rest = after;
            if client.send_bytes(piece).is_err() {
                break;
            }
        }
        client.finish();
        let frames = read_to_end(&mut client);
        let errors = frames.iter().filter(|frame| is_protocol_error(frame)).count();
        let is_last = frames.last().is_some_and(is_protocol_error);
        assert!(
            errors == usize::from(is_last),
            "a protocol error that does not end the connection: {}",
            stream.escape_ascii()
        );
        assert_eq!(witness.line("PING").to_string(), "PONG", "after {}", stream.escape_ascii());
    }
}

fn finish(served: Served) {
    if let Err(fault) = served.stop() {
        panic!("the server ended with: {fault}");
    }
}

#[test]
fn random_bytes_are_answered_or_refused() {
    let seed = seed("bytes");
    let mut dice = Dice::new(seed);
    let served = Served::start(&["--threads", "2"], seed);
    let mut other = Dice::new(dice.next());
    let streams = (0..1500).map(move |_| {
        let mut stream = bytes(&mut other, 300);
        if other.below(2) == 0 {
            stream.insert(0, *pick(&mut other, b"*$\r\n+-:"));
        }
        stream
    });
    feed(&served, streams, &mut dice);
    finish(served);
}

#[test]
fn broken_requests_are_answered_or_refused() {
    let seed = seed("broken");
    let mut dice = Dice::new(seed);
    let served = Served::start(&["--threads", "2"], seed);
    let table = Table::new(catalog::ENGINES);
    let mut other = Dice::new(dice.next());
    let streams = (0..1000).map(move |_| {
        let count = 1 + other.below(12);
        let mut stream = requests(&table, &mut other, count);
        mutate(&mut stream, &mut other);
        stream
    });
    feed(&served, streams, &mut dice);
    finish(served);
}

/// Every request is answered, in order, however many come at once.
#[test]
fn every_request_of_a_pipeline_is_answered() {
    let seed = seed("pipeline");
    let mut dice = Dice::new(seed);
    let served = Served::start(&["--threads", "2"], seed);
    let mut client = served.connect();
    for round in 0..60 {
        let count = 1 + dice.below(300);
        let mut stream = Vec::new();
        let mut expected = Vec::new();
        for number in 0..count {
            let (key, value) = (format!("k{}", dice.below(5)), format!("{round}:{number}"));
            let echo = [b"PING", value.as_bytes()];
            let set = [b"SET", key.as_bytes(), value.as_bytes()];
            if dice.below(2) == 0 {
                encode_request(echo.into_iter(), &mut stream);
                expected.push(format!("\"{value}\""));
            } else {
                encode_request(set.into_iter(), &mut stream);
                expected.push("OK".to_owned());
            }
        }
        let mut rest = &stream[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(1 + dice.below(rest.len()));
            client.send_bytes(piece).expect("the connection stays");
            rest = after;
        }
        for (number, expected) in expected.iter().enumerate() {
            let got = client.read().expect("a reply").expect("an open connection");
            assert_eq!(got.to_string(), *expected, "reply {number} of {count}");
        }
    }
    finish(served);
}

#[test]
fn what_is_too_large_is_refused_before_it_is_sent() {
    let seed = seed("large");
    let served = Served::start(&["--threads", "1", "--proto-max-bulk-len", "1mb"], seed);
    for (sent, want) in [
        (
            &b"*2\r\n$4\r\nECHO\r\n$1048577\r\n"[..],
            "(error) ERR Protocol error: invalid bulk length",
        ),
        (b"*2000000\r\n", "(error) ERR Protocol error: invalid multibulk length"),
        (b"*1\r\n:4\r\n", "(error) ERR Protocol error: expected '$', got ':'"),
        (&[b'x'; 70_000], "(error) ERR Protocol error: too big inline request"),
    ] {
        let mut client = served.connect();
        client.send_bytes(sent).expect("a fresh connection");
        let frames: Vec<String> = read_to_end(&mut client).iter().map(Frame::to_string).collect();
        assert_eq!(frames, [want]);
    }
    finish(served);
}

/// Before AUTH little is taken: few arguments, short ones.
#[test]
fn strangers_may_send_little() {
    let seed = seed("strangers");
    let served = Served::start(&["--threads", "1", "--requirepass", "secret"], seed);
    for (sent, want) in [
        (&b"*11\r\n"[..], "(error) ERR Protocol error: unauthenticated multibulk length"),
        (
            b"*2\r\n$4\r\nECHO\r\n$16385\r\n",
            "(error) ERR Protocol error: unauthenticated bulk length",
        ),
    ] {
        let mut client = served.connect();
        client.send_bytes(sent).expect("a fresh connection");
        let frames: Vec<String> = read_to_end(&mut client).iter().map(Frame::to_string).collect();
        assert_eq!(frames, [want]);
    }
    finish(served);
}

/// A client that sends no more still gets all its replies, and then the end.
#[test]
fn half_closed_clients_get_their_replies_and_the_end() {
    let seed = seed("half-closed");
    let served = Served::start(&["--threads", "2"], seed);
    let mut witness = served.connect();
    // More than the socket takes at once, less than what holds further requests back.
    let value = vec![b'v'; 700_000];
    assert_eq!(witness.call(&[b"SET", b"key", &value]).to_string(), "OK");
    let mut client = served.connect();
    client.send(&[b"GET", b"key"]);
    client.finish();
    assert_eq!(witness.line("PING").to_string(), "PONG");
    let frames = read_to_end(&mut client);
    assert!(matches!(&frames[..], [Frame::Bulk(got)] if got[..] == value[..]));

    // Its end shows while it waits for a pause to pass.
    assert_eq!(witness.line("CLIENT PAUSE 200 WRITE").to_string(), "OK");
    let mut client = served.connect();
    client.send(&[b"SET", b"key", b"1"]);
    assert_eq!(witness.line("PING").to_string(), "PONG");
    client.send(&[b"INCR", b"key"]);
    client.finish();
    let frames: Vec<String> = read_to_end(&mut client).iter().map(Frame::to_string).collect();
    assert_eq!(frames, ["OK", "2"]);
    finish(served);
}

/// Settings and arguments at the ends of their ranges are refused or taken, and do not overflow.
#[test]
fn extreme_numbers_do_not_end_the_server() {
    let seed = seed("extremes");
    let mut dice = Dice::new(seed);
    let served = Served::start(&["--threads", "2"], seed);
    let table = Table::new(catalog::ENGINES);
    // These two take half a gigabyte for the last bit there may be, and that is no mistake.
    let is_modest = |command: &&Command| !["SETBIT", "BITFIELD"].contains(&command.name);
    let all = table.entries().iter().map(|entry| entry.command);
    let tame: Vec<&Command> = all.filter(|c| is_tame(c)).filter(is_modest).collect();
    let numbers: Vec<String> = [
        i128::from(i64::MIN),
        i128::from(i64::MIN) + 1,
        i128::from(i64::MIN) / 1000,
        -1,
        0,
        i128::from(u32::MAX),
        i128::from(i64::MAX) / 1000,
        i128::from(i64::MAX) / 1000 + 1,
        i128::from(i64::MAX) - 1,
        i128::from(i64::MAX),
        i128::from(u64::MAX),
    ]
    .iter()
    .map(i128::to_string)
    .collect();
    let mut client = served.connect();
    for number in &numbers {
        client.call(&[
            b"CONFIG",
            b"SET",
            b"client-output-buffer-limit",
            format!("normal 0 1 {number}").as_bytes(),
        ]);
        let mut deaf = served.connect();
        client.call(&[b"SET", b"big", &vec![b'b'; 2_000_000]]);
        deaf.send(&[b"GET", b"big"]);
        assert_eq!(client.line("PING").to_string(), "PONG");
    }
    for round in 0..20_000 {
        let command = *pick(&mut dice, &tame);
        let line = Line::random(command, &mut dice);
        let mut args: Vec<&[u8]> = line.slices();
        for arg in args.iter_mut().skip(1) {
            if dice.below(3) == 0 {
                *arg = pick(&mut dice, &numbers).as_bytes();
            }
        }
        client.send(&args);
        let reply = client.read();
        assert!(matches!(reply, Ok(Some(_))), "round {round}, {args:?}: {reply:?}");
    }
    finish(served);
}
