//! Replies of every length, on several connections at once: each whole, in order, whoever reads
//! slowly and whatever is published meanwhile. Long ones are written before the turn ends, so what
//! a connection is sent comes from more than one write, and from memory that is used again.

use mainstay_protocol::{Frame, encode_request};
use mainstay_server::dice::Dice;
use mainstay_tests::seed::seed;
use mainstay_tests::served::Served;

/// More than is written at once, and more than a socket takes.
const LONG_BYTES: [usize; 3] = [30_000, 90_000, 400_000];

#[test]
fn long_and_short_replies_and_messages_keep_their_order() {
    let folder = std::env::temp_dir().join(format!("mainstay-replies-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the journal");
    let always = ["--appendonly", "yes", "--appendfsync", "always", "--dir"];
    let dir = folder.display().to_string();
    let always = [&["--threads", "2"], &always[..], &[&dir]].concat();
    for flags in [&["--threads", "1"][..], &["--threads", "2"], &always] {
        let seed = seed("replies");
        let mut dice = Dice::new(seed);
        let served = Served::start(flags, seed);
        let mut clients: Vec<_> = (0..5).map(|_| served.connect()).collect();
        for (number, bytes) in LONG_BYTES.into_iter().enumerate() {
            let value: Vec<u8> = (0..bytes).map(|at| b'a' + (at % 23) as u8).collect();
            let key = format!("long{number}");
            assert_eq!(clients[0].call(&[b"SET", key.as_bytes(), &value]).to_string(), "OK");
        }
        for client in &mut clients {
            client.line("HELLO 3");
            client.line("SUBSCRIBE news");
        }
        let mut published = 0;
        let mut pushes = vec![0; clients.len()];
        for round in 0..12 {
            let mut expected: Vec<Vec<String>> = Vec::new();
            for (number, client) in clients.iter_mut().enumerate() {
                let (mut stream, mut replies) = (Vec::new(), Vec::new());
                for at in 0..dice.below(20) {
                    let text = format!("{round}:{number}:{at}");
                    match dice.below(8) {
                        0..2 => {
                            let which = dice.below(LONG_BYTES.len());
                            let key = format!("long{which}");
                            let get = [b"GET", key.as_bytes()];
                            encode_request(get.into_iter(), &mut stream);
                            replies.push(format!("{} bytes", LONG_BYTES[which]));
                        }
                        2 => {
                            let publish = [&b"PUBLISH"[..], b"news", text.as_bytes()];
                            encode_request(publish.into_iter(), &mut stream);
                            replies.push("5".to_owned());
                            published += 1;
                        }
                        3 => {
                            let set = [&b"SET"[..], b"short", text.as_bytes()];
                            encode_request(set.into_iter(), &mut stream);
                            replies.push("OK".to_owned());
                        }
                        _ => {
                            encode_request(
                                [&b"ECHO"[..], text.as_bytes()].into_iter(),
                                &mut stream,
                            );
                            replies.push(text);
                        }
                    }
                }
                client.send_bytes(&stream).expect("the connection stays");
                expected.push(replies);
            }
            for ((client, expected), pushes) in clients.iter_mut().zip(&expected).zip(&mut pushes) {
                let mut expected = expected.iter();
                while expected.len() > 0 {
                    match client.read().expect("a frame").expect("an open connection") {
                        Frame::Push(_) => *pushes += 1,
                        got => assert_eq!(Some(&show(&got)), expected.next(), "round {round}"),
                    }
                }
            }
        }
        for (client, mut pushes) in clients.iter_mut().zip(pushes) {
            while pushes < published {
                match client.read().expect("a frame").expect("an open connection") {
                    Frame::Push(_) => pushes += 1,
                    got => panic!("{got} that nobody asked for"),
                }
            }
            assert_eq!(show(&client.line("ECHO end")), "end", "nothing more comes");
        }
        served.stop().expect("no loop failed");
    }
    let _ = std::fs::remove_dir_all(&folder);
}

/// A reply as it is expected: of a long one the number of its bytes, if they are the right ones.
fn show(reply: &Frame) -> String {
    match reply {
        Frame::Bulk(bytes) if bytes.len() >= LONG_BYTES[0] => {
            let is_whole =
                bytes.iter().enumerate().all(|(at, &byte)| byte == b'a' + (at % 23) as u8);
            assert!(is_whole, "{} bytes, and not those that were stored", bytes.len());
            format!("{} bytes", bytes.len())
        }
        Frame::Bulk(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => other.to_string(),
    }
}
