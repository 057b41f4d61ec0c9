//! Messages of channels, in both protocol versions, taken in time and not.

use mainstay_client::{Subscription, ping};

use crate::server::{Peer, Server, connected};

/// A subscription to the channels `a` and `b`, and the server's end of it. The type byte of its
/// messages is that of RESP3 or RESP2.
async fn subscribed(server: &Server, messages_max: usize, lead: char) -> (Subscription, Peer) {
    let (client, _peer) = connected(server, server.options().messages_max(messages_max)).await;
    let answer = async {
        let mut peer = server.greet().await;
        peer.expect("SUBSCRIBE a b").await;
        let confirm = |channel, count| {
            format!("{lead}3\r\n$9\r\nsubscribe\r\n$1\r\n{channel}\r\n:{count}\r\n")
        };
        // A message between the confirmations is one too.
        let early = message(lead, "a", "0");
        peer.trickle([confirm("a", 1), early, confirm("b", 2)].concat().as_bytes()).await;
        peer
    };
    let (subscription, peer) = tokio::join!(client.subscribe(&["a", "b"]), answer);
    (subscription.unwrap(), peer)
}

fn message(lead: char, channel: &str, payload: &str) -> String {
    format!("{lead}3\r\n$7\r\nmessage\r\n$1\r\n{channel}\r\n$1\r\n{payload}\r\n")
}

async fn next(subscription: &mut Subscription) -> String {
    let message = subscription.next().await.unwrap().unwrap();
    [&message.channel[..], b" ", &message.payload].concat().escape_ascii().to_string()
}

#[tokio::test]
async fn messages_come_in_order_until_the_connection_is_lost() {
    for lead in ['>', '*'] {
        let server = Server::start().await;
        let (mut subscription, mut peer) = subscribed(&server, 10, lead).await;
        peer.trickle(message(lead, "b", "1").as_bytes()).await;
        peer.send(message(lead, "a", "2").as_bytes()).await;
        drop(peer);
        assert_eq!(next(&mut subscription).await, "a 0");
        assert_eq!(next(&mut subscription).await, "b 1");
        assert_eq!(next(&mut subscription).await, "a 2");
        assert!(subscription.next().await.unwrap().unwrap_err().is_connection());
        assert!(subscription.next().await.is_none());
    }
}

#[tokio::test]
async fn a_slow_subscriber_gets_what_is_held_and_then_an_error() {
    let server = Server::start().await;
    let (mut subscription, mut peer) = subscribed(&server, 2, '>').await;
    let messages = [message('>', "a", "1"), message('>', "a", "2")].concat();
    peer.send(messages.as_bytes()).await;
    peer.expect_end().await;
    assert_eq!(next(&mut subscription).await, "a 0");
    assert_eq!(next(&mut subscription).await, "a 1");
    let error = subscription.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("faster than they were taken"), "{error}");
    assert!(subscription.next().await.is_none());
}

#[tokio::test]
async fn a_dropped_subscription_closes_its_connection() {
    let server = Server::start().await;
    let (subscription, mut peer) = subscribed(&server, 2, '>').await;
    drop(subscription);
    peer.expect_end().await;
}

#[tokio::test]
async fn a_refused_channel_is_the_servers_error_and_the_client_lives_on() {
    let server = Server::start().await;
    let (client, mut first) = connected(&server, server.options()).await;
    let answer = async {
        let mut peer = server.greet().await;
        peer.expect("SUBSCRIBE c").await;
        peer.send(b"-NOPERM this user has no permissions\r\n").await;
    };
    let (subscription, ()) = tokio::join!(client.subscribe(&["c"]), answer);
    assert_eq!(subscription.unwrap_err().code(), Some("NOPERM"));
    let answer = async {
        first.expect("PING").await;
        first.send(b"+PONG\r\n").await;
    };
    let (pong, ()) = tokio::join!(client.run(ping()), answer);
    assert_eq!(pong.unwrap(), "PONG");
}
