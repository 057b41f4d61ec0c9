//! Several calls as one.

use mainstay_client::{Pipeline, call, get, incr_by, ping, set};

use crate::server::{Server, connected};

#[tokio::test]
async fn each_slot_takes_its_own_reply_in_any_order() {
    let server = Server::start().await;
    let (client, mut peer) = connected(&server, server.options()).await;
    let mut pipeline = Pipeline::new();
    let set = pipeline.push(set("k", "v"));
    let wrong = pipeline.push(incr_by("k", 1));
    let got = pipeline.push(get::<String>("k"));
    let answer = async {
        peer.expect("SET k v").await;
        peer.expect("INCRBY k 1").await;
        peer.expect("GET k").await;
        peer.trickle(b"+OK\r\n-ERR value is not an integer\r\n$1\r\nv\r\n").await;
    };
    let (replies, ()) = tokio::join!(client.run_pipeline(pipeline), answer);
    let mut replies = replies.unwrap();
    assert_eq!(replies.take(got).unwrap().as_deref(), Some("v"));
    assert_eq!(replies.take(wrong).unwrap_err().code(), Some("ERR"));
    replies.take(set).unwrap();
}

#[tokio::test]
async fn an_atomic_pipeline_is_a_transaction() {
    let server = Server::start().await;
    let (client, mut peer) = connected(&server, server.options()).await;
    let mut pipeline = Pipeline::new().atomic();
    let sum = pipeline.push(incr_by("k", 2));
    let wrong = pipeline.push(call("LPOP").arg("k"));
    let answer = async {
        for request in ["MULTI", "INCRBY k 2", "LPOP k", "EXEC"] {
            peer.expect(request).await;
        }
        peer.send(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:2\r\n-WRONGTYPE no list\r\n").await;
    };
    let (replies, ()) = tokio::join!(client.run_pipeline(pipeline), answer);
    let mut replies = replies.unwrap();
    assert_eq!(replies.take(sum).unwrap(), 2);
    assert_eq!(replies.take(wrong).unwrap_err().code(), Some("WRONGTYPE"));
}

#[tokio::test]
async fn a_transaction_that_was_not_run_says_why() {
    let server = Server::start().await;
    let (client, mut peer) = connected(&server, server.options()).await;
    let mut pipeline = Pipeline::new().atomic();
    let _unused = pipeline.push(call("NONSENSE"));
    let answer = async {
        for request in ["MULTI", "NONSENSE", "EXEC"] {
            peer.expect(request).await;
        }
        peer.send(b"+OK\r\n-ERR unknown command\r\n-EXECABORT Transaction discarded\r\n").await;
    };
    let (replies, ()) = tokio::join!(client.run_pipeline(pipeline), answer);
    let error = replies.err().unwrap();
    assert_eq!(error.to_string(), "ERR unknown command");
}

#[tokio::test]
async fn an_empty_pipeline_and_a_refused_one_are_not_sent() {
    let server = Server::start().await;
    let (client, mut peer) = connected(&server, server.options()).await;
    assert!(client.run_pipeline(Pipeline::new().atomic()).await.is_ok());
    let mut pipeline = Pipeline::new();
    let _unused = pipeline.push(call("SUBSCRIBE").arg("c"));
    assert!(client.run_pipeline(pipeline).await.is_err());
    drop(client);
    peer.expect_end().await;
}

#[tokio::test]
async fn a_pipeline_cut_off_in_the_middle_has_an_unknown_outcome() {
    let server = Server::start().await;
    let (client, mut peer) = connected(&server, server.options()).await;
    let mut pipeline = Pipeline::new();
    let _first = pipeline.push(incr_by("k", 1));
    let _second = pipeline.push(incr_by("k", 1));
    let lose = async {
        peer.expect("INCRBY k 1").await;
        peer.expect("INCRBY k 1").await;
        peer.send(b":1\r\n").await;
        drop(peer);
    };
    let (replies, ()) = tokio::join!(client.run_pipeline(pipeline), lose);
    assert!(replies.err().unwrap().is_unknown_outcome());
}

#[tokio::test]
async fn a_slot_of_another_pipeline_takes_nothing() {
    let server = Server::start().await;
    let (client, mut peer) = connected(&server, server.options()).await;
    let (mut one, mut other) = (Pipeline::new(), Pipeline::new());
    let own = one.push(ping());
    let foreign = other.push(ping());
    let answer = async {
        peer.expect("PING").await;
        peer.send(b"+PONG\r\n").await;
    };
    let (replies, ()) = tokio::join!(client.run_pipeline(one), answer);
    let mut replies = replies.unwrap();
    assert!(replies.take(foreign).is_err());
    assert_eq!(replies.take(own).unwrap(), "PONG");
}
