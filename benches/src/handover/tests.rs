//! The hand-over against a server of a few lines that knows BLPOP, RPUSH, LLEN, PING and INFO.

use std::{
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use super::*;

/// Whom the server serves, and with what.
#[derive(Clone, Copy, PartialEq)]
enum Manners {
    Fair,
    LastComeFirst,
    Liar,
}

/// Serves any number of connections, each in a thread of its own that ends with it.
fn serve(manners: Manners) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let waiting: Arc<Mutex<VecDeque<TcpStream>>> = Arc::default();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let waiting = Arc::clone(&waiting);
            std::thread::spawn(move || answer(stream, &waiting, manners));
        }
    });
    Target::local(port)
}

fn answer(mut stream: TcpStream, waiting: &Mutex<VecDeque<TcpStream>>, manners: Manners) {
    let mut input = BufReader::new(stream.try_clone().unwrap());
    while let Some(request) = request(&mut input) {
        let mut waiting = waiting.lock().unwrap();
        let reply = match request.first().map(String::as_str) {
            Some("BLPOP") => {
                waiting.push_back(stream.try_clone().unwrap());
                continue;
            }
            Some("RPUSH") => {
                let last = manners == Manners::LastComeFirst;
                let next = if last { waiting.pop_back() } else { waiting.pop_front() };
                let element = if manners == Manners::Liar { "nothing" } else { &request[2] };
                let body = format!("${}\r\n{element}\r\n", element.len());
                let served = format!("*2\r\n$8\r\nhandover\r\n{body}");
                let _ = next.unwrap().write_all(served.as_bytes());
                ":1\r\n".to_owned()
            }
            Some("INFO") => {
                let text = format!("blocked_clients:{}\r\n", waiting.len());
                format!("${}\r\n{text}\r\n", text.len())
            }
            Some("LLEN") => ":0\r\n".to_owned(),
            _ => "+PONG\r\n".to_owned(),
        };
        if stream.write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}

fn request(input: &mut impl BufRead) -> Option<Vec<String>> {
    let mut line = || {
        let mut line = String::new();
        input.read_line(&mut line).ok().filter(|&count| count > 0)?;
        Some(line.trim_end().to_owned())
    };
    let words = line()?.strip_prefix('*')?.parse().ok()?;
    (0..words).map(|_| line().and_then(|_| line())).collect()
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
        assert!(tally.handovers > 10, "{} to {consumers}", tally.handovers);
        assert_eq!(tally.latency.count(), tally.handovers);
        // One at a time: all latencies fit into the time, less what rounding up adds.
        assert!(tally.latency.mean_ms() * tally.handovers as f64 <= tally.seconds * 1e3 * 1.01);
    }
}

#[test]
fn a_consumer_that_is_served_before_its_turn_is_noticed() {
    let Err(error) = run(&plan(Manners::LastComeFirst, 3), &mut |_| {}) else {
        panic!("the wrong order was missed");
    };
    assert!(matches!(error, Error::OutOfTurn { served: 2, waiting: 0 }), "{error}");
}

#[test]
fn an_element_that_is_another_is_noticed() {
    let Err(error) = run(&plan(Manners::Liar, 1), &mut |_| {}) else {
        panic!("the wrong element was missed");
    };
    assert!(matches!(error, Error::Unexpected { .. }), "{error}");
}
