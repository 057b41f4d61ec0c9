//! A server that does what the test tells it, byte by byte.

use bytes::BytesMut;
use mainstay_client::{Client, Frame, Options};
use mainstay_protocol::{FrameLimits, decode_frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub struct Server {
    listener: TcpListener,
}

/// The server's end of a connection.
pub struct Peer {
    stream: TcpStream,
    input: BytesMut,
}

impl Server {
    pub async fn start() -> Server {
        Server { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    pub fn options(&self) -> Options {
        Options::new(&self.address()).unwrap()
    }

    pub async fn accept(&self) -> Peer {
        let (stream, _) = self.listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        Peer { stream, input: BytesMut::new() }
    }

    /// Accepts a connection and answers HELLO.
    pub async fn greet(&self) -> Peer {
        let mut peer = self.accept().await;
        peer.expect("HELLO 3").await;
        peer.send(b"%1\r\n$5\r\nproto\r\n:3\r\n").await;
        peer
    }
}

/// A client and the server's end of its connection.
pub async fn connected(server: &Server, options: Options) -> (Client, Peer) {
    let (client, peer) = tokio::join!(Client::connect_with(options), server.greet());
    (client.unwrap(), peer)
}

impl Peer {
    /// The next request, its arguments parted by spaces.
    pub async fn request(&mut self) -> String {
        self.next().await.expect("the client closed the connection")
    }

    pub async fn expect(&mut self, request: &str) {
        assert_eq!(self.request().await, request);
    }

    /// Waits until the client closes the connection without another request.
    pub async fn expect_end(&mut self) {
        assert_eq!(self.next().await, None);
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends one byte at a time and lets the client run after each.
    pub async fn trickle(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.send(&[*byte]).await;
            tokio::task::yield_now().await;
        }
    }

    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(frame) = decode_frame(&mut self.input, &FrameLimits::DEFAULT).unwrap() {
                let Frame::Array(args) = frame else { panic!("no request: {frame}") };
                let words: Vec<String> = args
                    .into_iter()
                    .map(|arg| match arg {
                        Frame::Bulk(text) => String::from_utf8(text.to_vec()).unwrap(),
                        other => panic!("no argument: {other}"),
                    })
                    .collect();
                return Some(words.join(" "));
            }
            // A client that ends with replies unread resets the connection.
            match self.stream.read_buf(&mut self.input).await {
                Ok(0) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
