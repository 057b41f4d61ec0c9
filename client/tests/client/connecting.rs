//! What is said before the first call.

use std::collections::BTreeMap;
use std::time::Duration;

use mainstay_client::{Client, call, ping};

use crate::server::Server;

#[tokio::test]
async fn credentials_and_database_of_the_address_are_used() {
    let server = Server::start().await;
    let address = format!("redis://me:secret@{}/3", server.address());
    let peer = async {
        let mut peer = server.accept().await;
        peer.expect("HELLO 3 AUTH me secret").await;
        peer.send(b"%0\r\n").await;
        peer.expect("SELECT 3").await;
        peer.send(b"+OK\r\n").await;
    };
    let (client, ()) = tokio::join!(Client::connect(&address), peer);
    client.unwrap();
}

#[tokio::test]
async fn a_server_without_hello_is_spoken_to_in_resp2() {
    let server = Server::start().await;
    let options = server.options().credentials("me", "secret");
    let peer = async {
        let mut peer = server.accept().await;
        peer.expect("HELLO 3 AUTH me secret").await;
        peer.send(b"-ERR unknown command `HELLO`, with args beginning with: `3`\r\n").await;
        peer.expect("AUTH me secret").await;
        peer.send(b"+OK\r\n").await;
        peer
    };
    let (client, mut peer) = tokio::join!(Client::connect_with(options), peer);
    let client = client.unwrap();
    let fields = call("HGETALL").arg("h").reading::<BTreeMap<String, u64>>();
    let answer = async {
        peer.expect("HGETALL h").await;
        peer.send(b"*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n").await;
    };
    let (fields, ()) = tokio::join!(client.run(fields), answer);
    assert_eq!(fields.unwrap(), BTreeMap::from([("a".into(), 1), ("b".into(), 2)]));
}

#[tokio::test]
async fn a_refused_login_is_the_servers_error() {
    let server = Server::start().await;
    let options = server.options().credentials("me", "wrong");
    let peer = async {
        let mut peer = server.accept().await;
        peer.request().await;
        peer.send(b"-WRONGPASS invalid username-password pair\r\n").await;
        peer
    };
    let (client, mut peer) = tokio::join!(Client::connect_with(options), peer);
    let error = client.unwrap_err();
    assert_eq!(error.code(), Some("WRONGPASS"));
    assert!(!error.is_connection());
    peer.expect_end().await;
}

#[tokio::test]
async fn nobody_listening_and_nobody_answering_are_told() {
    let server = Server::start().await;
    let address = server.address();
    let silent = server.options().connect_timeout(Duration::from_millis(1));
    let error = Client::connect_with(silent).await.unwrap_err();
    assert!(error.is_connection() && !error.is_unknown_outcome(), "{error}");
    drop(server);
    let error = Client::connect(&address).await.unwrap_err();
    assert!(error.is_connection() && !error.is_unknown_outcome(), "{error}");
}

#[tokio::test]
async fn a_unix_socket_is_an_address() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let path = std::env::temp_dir().join(format!("mainstay-client-{}", std::process::id()));
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 22];
        stream.read_exact(&mut request).await.unwrap();
        assert_eq!(&request, b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n");
        stream.write_all(b"%0\r\n").await.unwrap();
        stream.read_exact(&mut request[..14]).await.unwrap();
        stream.write_all(b"+PONG\r\n").await.unwrap();
    };
    let address = format!("unix:{}", path.display());
    let ask = async { Client::connect(&address).await?.run(ping()).await };
    let (pong, ()) = tokio::join!(ask, serve);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(pong.unwrap(), "PONG");
}
