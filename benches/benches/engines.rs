//! Micro benchmarks of the executor: what a command costs without a socket, from its decoded request
//! to its reply, on a million keys or a container of a million elements.
//!
//! Every figure is per request. `plan_ahead` runs them as an event loop does, in batches that are
//! planned and prefetched first; `one_by_one` does not, and so shows what the cold reads cost.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mainstay_protocol::OwnedRequest;
use mainstay_server::catalog;
use mainstay_server::clients::Card;
use mainstay_server::dice::Dice;
use mainstay_server::keyspace::Keyspace;
use mainstay_server::mail::{Address, Mailbox, Wake};
use mainstay_server::process::Process;
use mainstay_server::route::Executor;
use mainstay_server::session::Session;
use mainstay_server::settings::Settings;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keys, or elements of one container.
const COUNT: usize = 1_000_000;
/// Requests of one iteration.
const BATCH: usize = 64;
const NOW: u64 = 1_700_000_000_000;

struct Nobody;

impl Wake for Nobody {
    fn wake(&self) {}
}

fn process() -> Process {
    let settings = Arc::new(Settings::new(&catalog::settings()));
    let mailboxes = vec![Mailbox::new(Box::new(Nobody))];
    Process::new(settings, catalog::ENGINES, Keyspace::new(1, 1, None), mailboxes, NOW, 1)
}

/// A request, with `#` standing for a random number of 12 digits.
fn request(line: &str, dice: &mut Dice) -> OwnedRequest {
    let words = line
        .split(' ')
        .map(|word| word.replace('#', &format!("{:012}", dice.below(COUNT))).into_bytes());
    let words: Vec<Vec<u8>> = words.collect();
    OwnedRequest::from_args(words.iter().map(|word| &word[..]))
}

fn commands(criterion: &mut Criterion) {
    let value = "v".repeat(64);
    let cases = [
        ("ping", String::new(), "PING".to_owned()),
        ("get", format!("SET key:# {value}"), "GET key:#".to_owned()),
        ("set", format!("SET key:# {value}"), format!("SET key:# {value}")),
        ("incr", "INCR n:#".to_owned(), "INCR n:#".to_owned()),
        ("expire", format!("SET key:# {value}"), "EXPIRE key:# 3600".to_owned()),
        ("hset_big", format!("HSET h f:# {value}"), format!("HSET h f:# {value}")),
        ("hget_big", format!("HSET h f:# {value}"), "HGET h f:#".to_owned()),
        ("sadd_big", "SADD s m:#".to_owned(), "SADD s m:#".to_owned()),
        ("zadd_big", "ZADD z # m:#".to_owned(), "ZADD z # m:#".to_owned()),
        ("zscore_big", "ZADD z # m:#".to_owned(), "ZSCORE z m:#".to_owned()),
        ("pfadd", "PFADD c e:#".to_owned(), "PFADD c e:#".to_owned()),
        ("pfcount", "PFADD c e:#".to_owned(), "PFCOUNT c".to_owned()),
        ("lrange_100", "RPUSH l m:#".to_owned(), "LRANGE l 500 599".to_owned()),
    ];
    for (name, fill, line) in cases {
        let process = process();
        let mut executor = Executor::new(&process, 0, 1, None);
        let card = process.clients.enter(Card { id: 1, ..Card::default() });
        let mut session = Session::new(1, Address::default(), card, true);
        let mut dice = Dice::new(7);
        let mut out = Vec::new();
        executor.begin(NOW);
        for _ in 0..if fill.is_empty() { 0 } else { COUNT * 2 } {
            let request = request(&fill, &mut dice);
            let plan = executor.plan(&session, request.as_request());
            executor.run(&mut session, request.as_request(), plan, &mut out);
            out.clear();
        }
        // More requests than the cache holds entries for, so that each meets cold memory.
        let requests: Vec<OwnedRequest> =
            (0..BATCH * 4096).map(|_| request(&line, &mut dice)).collect();
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(BATCH as u64));
        for ahead in [true, false] {
            let mut next = 0;
            let mode = if ahead { "plan_ahead" } else { "one_by_one" };
            group.bench_function(mode, |bencher| {
                bencher.iter(|| {
                    let batch = &requests[next..next + BATCH];
                    next = (next + BATCH) % requests.len();
                    out.clear();
                    if ahead {
                        let plans: [_; BATCH] = std::array::from_fn(|at| {
                            executor.plan(&session, batch[at].as_request())
                        });
                        plans.iter().for_each(|plan| executor.prefetch(&session, plan));
                        for (request, plan) in batch.iter().zip(plans) {
                            executor.run(&mut session, request.as_request(), plan, &mut out);
                        }
                    } else {
                        for request in batch {
                            let plan = executor.plan(&session, request.as_request());
                            executor.run(&mut session, request.as_request(), plan, &mut out);
                        }
                    }
                    black_box(out.len());
                });
            });
        }
        group.finish();
        executor.end();
    }
}

criterion_group!(engines, commands);
criterion_main!(engines);
