//! One call at a time, and many at once on one connection.

use std::time::Duration;

use bytes::Bytes;
use mainstay_client::{
    Call, Client, Frame, SetOptions, call, del, expire_ms, get, incr_by, mget, mset, ping, publish,
    set, set_with,
};

use crate::server::{Peer, Server, connected};

/// Runs a call that must look like `request` and is answered with `reply`.
async fn ask<T>(
    (client, peer): &mut (Client, Peer),
    call: Call<T>,
    request: &str,
    reply: &str,
) -> T {
    let answer = async {
        peer.expect(request).await;
        peer.send(reply.as_bytes()).await;
    };
    let (result, ()) = tokio::join!(client.run(call), answer);
    result.unwrap()
}

#[tokio::test]
async fn the_typed_commands_say_and_read_what_they_promise() {
    let server = Server::start().await;
    let both = &mut connected(&server, server.options()).await;
    assert_eq!(ask(both, ping(), "PING", "+PONG\r\n").await, "PONG");
    assert_eq!(ask(both, get::<String>("k"), "GET k", "$1\r\nv\r\n").await, Some("v".into()));
    assert_eq!(ask(both, get::<i64>("k"), "GET k", "_\r\n").await, None);
    ask(both, set("k", 5), "SET k 5", "+OK\r\n").await;
    let options = SetOptions::new().if_absent().expire_ms(9);
    assert!(ask(both, set_with("k", 0.1, options), "SET k 0.1 NX PX 9", "+OK\r\n").await);
    let options = SetOptions::new().if_present().keep_deadline();
    assert!(!ask(both, set_with("k", "v", options), "SET k v XX KEEPTTL", "$-1\r\n").await);
    assert_eq!(ask(both, del(["a", "b"]), "DEL a b", ":2\r\n").await, 2);
    assert_eq!(ask(both, incr_by("k", -3), "INCRBY k -3", ":-3\r\n").await, -3);
    assert!(ask(both, expire_ms("k", 7), "PEXPIRE k 7", ":1\r\n").await);
    let values = ask(both, mget::<Vec<u8>>([b"a", b"b"]), "MGET a b", "*2\r\n$1\r\n1\r\n_\r\n");
    assert_eq!(values.await, [Some(b"1".to_vec()), None]);
    ask(both, mset([("a", 1), ("b", 2)]), "MSET a 1 b 2", "+OK\r\n").await;
    assert_eq!(ask(both, publish("c", Bytes::from("m")), "PUBLISH c m", ":0\r\n").await, 0);
}

#[tokio::test]
async fn replies_may_come_in_any_pieces() {
    let reply = "*9\r\n$2\r\n\r\n\r\n+OK\r\n:-7\r\n_\r\n,0.5\r\n#t\r\n%1\r\n$1\r\nk\r\n*0\r\n\
                 ~1\r\n:1\r\n=6\r\ntxt:hi\r\n";
    let shown = r#"["\r\n", OK, -7, (nil), ,0.5, #true, {"k": []}, ~[1], =txt:"hi"]"#;
    let server = Server::start().await;
    let (client, mut peer) = connected(&server, server.options()).await;
    for cut in 0..=reply.len() {
        let answer = async {
            peer.expect("ANY thing").await;
            peer.send(&reply.as_bytes()[..cut]).await;
            tokio::task::yield_now().await;
            peer.send(&reply.as_bytes()[cut..]).await;
        };
        let (frame, ()) = tokio::join!(client.run(call("ANY").arg("thing")), answer);
        assert_eq!(frame.unwrap().to_string(), shown, "cut at {cut}");
    }
    let answer = async {
        peer.expect("ANY").await;
        peer.trickle(reply.as_bytes()).await;
    };
    let (frame, ()) = tokio::join!(client.run(call("ANY")), answer);
    assert_eq!(frame.unwrap().to_string(), shown);
}

#[tokio::test]
async fn many_tasks_each_get_their_own_reply() {
    const TASKS: usize = 3000;
    let server = Server::start().await;
    // A short queue, so that most tasks have to wait for room.
    let (client, mut peer) = connected(&server, server.options().queue_max(2)).await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move { client.run(call("ECHO").arg(number).reading::<u64>()).await })
        })
        .collect();
    for _ in 0..TASKS {
        let request = peer.request().await;
        let number = request.strip_prefix("ECHO ").unwrap();
        peer.send(format!("${}\r\n{number}\r\n", number.len()).as_bytes()).await;
    }
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap().unwrap(), number as u64);
    }
}

#[tokio::test]
async fn a_dropped_future_does_not_shift_the_replies() {
    let server = Server::start().await;
    let (client, mut peer) = connected(&server, server.options()).await;
    let dropped = tokio::spawn({
        let client = client.clone();
        async move { client.run(get::<String>("dropped")).await }
    });
    peer.expect("GET dropped").await;
    dropped.abort();
    assert!(dropped.await.unwrap_err().is_cancelled());
    let answer = async {
        peer.expect("GET kept").await;
        peer.send(b"$7\r\ndropped\r\n$4\r\nkept\r\n").await;
    };
    let (kept, ()) = tokio::join!(client.run(get::<String>("kept")), answer);
    assert_eq!(kept.unwrap().as_deref(), Some("kept"));
}

#[tokio::test]
async fn a_connection_lost_during_a_call_leaves_its_outcome_unknown() {
    let server = Server::start().await;
    let (client, mut peer) = connected(&server, server.options()).await;
    let lose = async {
        peer.expect("INCRBY k 1").await;
        // Half a reply is none.
        peer.send(b":1").await;
        drop(peer);
    };
    let (result, ()) = tokio::join!(client.run(incr_by("k", 1)), lose);
    let error = result.unwrap_err();
    assert!(error.is_connection() && error.is_unknown_outcome(), "{error}");

    // What is asked for afterwards was surely not run.
    let error = client.run(incr_by("k", 1)).await.unwrap_err();
    assert!(error.is_connection() && !error.is_unknown_outcome(), "{error}");
    assert!(client.is_lost());
}

#[tokio::test]
async fn a_call_without_an_answer_ends_with_an_unknown_outcome() {
    let server = Server::start().await;
    let options = server.options().response_timeout(Duration::from_millis(1));
    let (client, _peer) = connected(&server, options).await;
    let error = client.run(incr_by("k", 1)).await.unwrap_err();
    assert!(error.is_unknown_outcome() && !error.is_connection(), "{error}");
    assert!(!client.is_lost());
}

#[tokio::test]
async fn an_error_reply_has_a_code_and_the_connection_lives_on() {
    let server = Server::start().await;
    let mut both = connected(&server, server.options()).await;
    let answer = async {
        both.1.expect("INCRBY k 1").await;
        both.1.send(b"-WRONGTYPE Operation against a key\r\n").await;
    };
    let (result, ()) = tokio::join!(both.0.run(incr_by("k", 1)), answer);
    let error = result.unwrap_err();
    assert_eq!(error.code(), Some("WRONGTYPE"));
    assert_eq!(error.to_string(), "WRONGTYPE Operation against a key");
    assert!(!error.is_connection() && !error.is_unknown_outcome());

    let answer = async {
        both.1.expect("GET k").await;
        both.1.send(b"*0\r\n").await;
    };
    let (result, ()) = tokio::join!(both.0.run(get::<String>("k")), answer);
    let error = result.unwrap_err();
    assert_eq!((error.code(), error.is_connection()), (None, false), "{error}");
    assert_eq!(ask(&mut both, ping(), "PING", "+PONG\r\n").await, "PONG");
}

#[tokio::test]
async fn a_reply_nobody_asked_for_ends_the_connection_and_a_push_does_not() {
    let server = Server::start().await;
    let mut both = connected(&server, server.options()).await;
    let push = ">2\r\n+invalidate\r\n_\r\n+PONG\r\n";
    assert_eq!(ask(&mut both, ping(), "PING", push).await, "PONG");
    both.1.send(b"+PONG\r\n").await;
    both.1.expect_end().await;
    let error = both.0.run(ping()).await.unwrap_err();
    assert!(error.is_connection() && !error.is_unknown_outcome(), "{error}");
}

#[tokio::test]
async fn what_would_disturb_the_others_is_not_sent() {
    let server = Server::start().await;
    let (client, mut peer) = connected(&server, server.options()).await;
    for words in ["subscribe c", "MULTI", "SELECT 1", "client reply off", "MONITOR"] {
        let mut words = words.split(' ');
        let refused = call(words.next().unwrap()).args(words);
        let error = client.run(refused).await.unwrap_err();
        assert_eq!((error.code(), error.is_connection()), (None, false), "{error}");
    }
    drop(client);
    peer.expect_end().await;
}

#[tokio::test]
async fn values_are_read_alike_in_both_versions() {
    let server = Server::start().await;
    let both = &mut connected(&server, server.options()).await;
    for reply in ["$3\r\n1.5\r\n", ",1.5\r\n"] {
        assert_eq!(ask(both, call("X").reading::<f64>(), "X", reply).await, 1.5);
    }
    for reply in [":1\r\n", "#t\r\n"] {
        assert!(ask(both, call("X").reading::<bool>(), "X", reply).await);
    }
    for reply in ["*1\r\n:4\r\n", "~1\r\n$1\r\n4\r\n"] {
        assert_eq!(ask(both, call("X").reading::<Vec<u64>>(), "X", reply).await, [4]);
    }
    assert_eq!(ask(both, call("X").arg([0x61]), "X a", "_\r\n").await, Frame::Null);
}
