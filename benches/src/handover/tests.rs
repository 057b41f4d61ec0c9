//! The hand-over against a server of a few lines that knows BLPOP, RPUSH, LLEN, PING and INFO.

use std::net::{TcpListener, TcpStream};

use super::*;

/// Whom the server serves, and with what.
#[derive(Clone, Copy, PartialEq)]
enum Manners {
    Fair,
    LastComeFirst,
    Liar,
}

/// Serves in one thread, connection after connection, until all of them have gone.
fn serve(manners: Manners) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut server = Server { peers: Vec::new(), waiting: VecDeque::new(), manners };
        let mut input = [0; 4096];
        while server.peers.is_empty() || server.peers.iter().any(Option::is_some) {
            while let Ok((stream, _)) = listener.accept() {
                stream.set_nonblocking(true).unwrap();
                server.peers.push(Some(stream));
            }
            for index in 0..server.peers.len() {
                match server.peers[index].as_mut().map(|stream| stream.read(&mut input)) {
                    Some(Ok(0)) => server.peers[index] = None,
                    Some(Ok(count)) => server.answer(index, &input[..count]),
                    _ => std::thread::yield_now(),
                }
            }
        }
    });
    Target::local(port)
}

struct Server {
    peers: Vec<Option<TcpStream>>,
    waiting: VecDeque<usize>,
    manners: Manners,
}

impl Server {
    /// Every request comes alone and whole.
    fn answer(&mut self, index: usize, request: &[u8]) {
        let request = String::from_utf8_lossy(request).into_owned();
        let words: Vec<&str> = request.split("\r\n").skip(2).step_by(2).collect();
        let reply = match words[0] {
            "BLPOP" => return self.waiting.push_back(index),
            "RPUSH" => {
                let last = self.manners == Manners::LastComeFirst;
                let next = if last { self.waiting.pop_back() } else { self.waiting.pop_front() };
                let element = if self.manners == Manners::Liar { "nothing" } else { words[2] };
                let body = format!("${}\r\n{element}\r\n", element.len());
                self.send(next.unwrap(), &format!("*2\r\n$8\r\nhandover\r\n{body}"));
                ":1\r\n".to_owned()
            }
            "INFO" => {
                let text = format!("blocked_clients:{}\r\n", self.waiting.len());
                format!("${}\r\n{text}\r\n", text.len())
            }
            "LLEN" => ":0\r\n".to_owned(),
            _ => "+PONG\r\n".to_owned(),
        };
        self.send(index, &reply);
    }

    fn send(&mut self, index: usize, reply: &str) {
        // Whoever has gone needs no reply.
        let _ = self.peers[index].as_mut().map(|stream| stream.write_all(reply.as_bytes()));
    }
}

fn plan(manners: Manners, consumers: usize) -> Plan {
    let time = Duration::from_millis(50);
    Plan { target: serve(manners), consumers, payload_bytes: 64, time }
}

#[test]
fn elements_are_handed_over_one_at_a_time() {
    for consumers in [1, 2, 7] {
        let mut edges = Vec::new();
        let tally = run(&plan(Manners::Fair, consumers), &mut |edge| edges.push(edge)).unwrap();
        assert_eq!(edges, [Edge::Opens, Edge::Closes]);
        assert!(tally.handovers > 0, "none to {consumers}");
        assert_eq!(tally.latency.count(), tally.handovers);
        assert_eq!(tally.overtaken, 0);
        // One at a time: all latencies fit into the time, less what rounding up adds.
        assert!(tally.latency.mean_ms() * tally.handovers as f64 <= tally.seconds * 1e3 * 1.01);
    }
}

#[test]
fn consumers_that_are_overtaken_are_counted() {
    let tally = run(&plan(Manners::LastComeFirst, 3), &mut |_| {}).unwrap();
    // Only the last two get anything: one of them while the other has not come back yet.
    assert!(tally.overtaken >= tally.handovers && tally.handovers > 0, "{tally:?}");
}

#[test]
fn an_element_that_is_another_is_noticed() {
    let Err(error) = run(&plan(Manners::Liar, 1), &mut |_| {}) else {
        panic!("the wrong element was missed");
    };
    assert!(matches!(error, Error::Unexpected { .. }), "{error}");
}
