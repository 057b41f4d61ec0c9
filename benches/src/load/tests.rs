//! The loops against the floor server, which answers `+OK` to everything.

use std::{collections::BTreeSet, time::Duration};

use super::*;
use crate::{Error, floor::Floor, template::Template};

fn plan(floor: &Floor, line: &str, pipeline: usize) -> Plan {
    let template = Template::parse(line, b"value").unwrap();
    Plan {
        target: Target::local(floor.port()),
        connections: 5,
        threads: 1,
        pipeline,
        batch: Batch::new(vec![(1, template)], pipeline).unwrap(),
        label: line.to_owned(),
        keys: 100,
        distribution: Distribution::Uniform,
        warm_up: Extent::NONE,
        window: Extent::requests(10_000),
        rate: None,
        allow_errors: false,
        seed: 1,
    }
}

#[test]
fn every_request_of_a_closed_loop_is_answered() {
    let floor = Floor::start(0).unwrap();
    for (pipeline, threads) in [(1, 1), (16, 1), (7, 2), (1000, 3)] {
        let mut edges = Vec::new();
        let plan = Plan { threads, ..plan(&floor, "SET __key__ __value__", pipeline) };
        let tally = run(&plan, &mut |edge| edges.push(edge)).unwrap();
        assert_eq!(tally.requests, 10_000, "pipeline {pipeline}, threads {threads}");
        assert_eq!(edges, [Edge::Opens, Edge::Closes]);
        assert!(tally.latency.count() >= 10_000 / pipeline as u64);
        assert!(tally.rate() > 0.0);
        assert_eq!(tally.errors, 0);
    }
}

#[test]
fn the_warm_up_is_not_counted() {
    let floor = Floor::start(0).unwrap();
    let plan = Plan { warm_up: Extent::requests(500), ..plan(&floor, "PING", 10) };
    let tally = run(&plan, &mut |_| {}).unwrap();
    assert_eq!(tally.requests, 10_000);
}

#[test]
fn batches_larger_than_the_socket_buffers_get_through() {
    let floor = Floor::start(0).unwrap();
    let template =
        Template::parse("SET __key__ __value__", &crate::template::value(1 << 20)).unwrap();
    let mut plan = plan(&floor, "SET", 16);
    plan.batch = Batch::new(vec![(1, template)], 16).unwrap();
    plan.window = Extent::requests(160);
    assert_eq!(run(&plan, &mut |_| {}).unwrap().requests, 160);
}

#[test]
fn an_open_loop_answers_all_that_was_due() {
    let floor = Floor::start(0).unwrap();
    let mut plan = plan(&floor, "GET __key__", 1);
    plan.rate = Some(20_000.0);
    plan.warm_up = Extent::time(Duration::from_millis(50));
    plan.window = Extent::requests(2000);
    let tally = run(&plan, &mut |_| {}).unwrap();
    assert_eq!(tally.requests, 2000);
    assert_eq!(tally.latency.count(), 2000);
    assert_eq!(tally.service.count(), 2000);
    assert!(tally.latency.mean_ms() >= tally.service.mean_ms());
}

#[test]
fn an_error_reply_ends_the_run_unless_allowed() {
    let floor = Floor::start(0).unwrap();
    let mut plan = plan(&floor, "FAIL __key__", 4);
    let Err(Error::Refused { request, reply }) = run(&plan, &mut |_| {}) else {
        panic!("the error was missed");
    };
    assert_eq!((request.as_str(), reply.as_str()), ("FAIL __key__", "ERR as you wish"));
    plan.allow_errors = true;
    let tally = run(&plan, &mut |_| {}).unwrap();
    assert_eq!((tally.requests, tally.errors), (10_000, 10_000));
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let floor = Floor::start(0).unwrap();
    let mut plan = plan(&floor, "PING", 1);
    plan.target = Target::Unix("/nonexistent/server.sock".into());
    plan.threads = 3;
    let message = run(&plan, &mut |_| {}).unwrap_err().to_string();
    assert!(message.contains("cannot connect to /nonexistent/server.sock"), "{message}");
}

#[test]
fn shares_add_up() {
    for threads in 1..8 {
        let shares: Vec<u64> = (0..threads)
            .map(|index| Extent::requests(100).share(index, threads).requests)
            .collect();
        assert_eq!(shares.iter().sum::<u64>(), 100);
        assert!(shares.iter().collect::<BTreeSet<_>>().len() <= 2);
    }
}
