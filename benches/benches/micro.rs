//! Micro benchmarks of the protocol: what one request and one reply cost without a socket.
//!
//! The requests are the ones that the load generator sends, so that the figures here can be set
//! against a server's CPU per operation in `compare`. Every figure is per request or per reply.

use std::hint::black_box;

use bytes::BytesMut;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mainstay_benches::{
    chance::{Distribution, Picker},
    template, workload,
};
use mainstay_protocol::{
    Batch, Decoder, FrameDecoder, FrameLimits, Limits, ReplyWriter, Version, encode_request,
};

/// Requests or replies in one buffer: a deep pipeline, so that the costs per read disappear.
const COUNT: usize = 100;
/// What a server reads at once; cuts a buffer of requests at odd places.
const READ_BYTES: usize = 1000;

/// The bytes of `COUNT` requests of a workload.
fn requests(name: &str) -> Vec<u8> {
    let workload = workload::find(name).expect("a workload of that name");
    let mut batch = workload.batch(COUNT, &template::value(64)).expect("its batch");
    let mut picker = Picker::new(Distribution::Uniform, 1_000_000, 1);
    batch.refresh(COUNT, &mut picker).to_vec()
}

fn decode_requests(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode_request");
    group.throughput(Throughput::Elements(COUNT as u64));
    let limits = Limits::default();
    let named = ["ping", "get", "set", "hset", "mset_10"].map(|name| (name, requests(name)));
    let inline = ("inline_get", b"GET key:000000000042\r\n".repeat(COUNT));
    for (name, buffer) in named.into_iter().chain([inline]) {
        let (mut decoder, mut batch) = (Decoder::new(), Batch::new());
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                batch.clear();
                let taken = decoder.decode(black_box(&buffer), &limits, &mut batch);
                assert_eq!((taken, batch.len()), (Ok(buffer.len()), COUNT));
                for request in batch.iter(&buffer) {
                    black_box((request.name(), request.arg(request.len() - 1)));
                }
            });
        });
    }
    let buffer = requests("set");
    let (mut decoder, mut batch) = (Decoder::new(), Batch::new());
    group.bench_function("set_in_cut_reads", |bencher| {
        bencher.iter(|| {
            let (mut from, mut to, mut count) = (0, 0, 0);
            while to < buffer.len() {
                to = (to + READ_BYTES).min(buffer.len());
                batch.clear();
                let taken = decoder.decode(black_box(&buffer[from..to]), &limits, &mut batch);
                from += taken.expect("well formed requests");
                count += batch.len();
            }
            assert_eq!(count, COUNT);
        });
    });
    group.finish();
}

fn encode_replies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode_reply");
    group.throughput(Throughput::Elements(COUNT as u64));
    let value = template::value(64);
    type Write<'a> = Box<dyn Fn(&mut ReplyWriter<'_>, usize) + 'a>;
    let shapes: [(&str, Version, Write<'_>); 7] = [
        ("ok", Version::Resp2, Box::new(|reply, _| reply.ok())),
        ("integer", Version::Resp2, Box::new(|reply, n| reply.integer(n as i64 * 7919))),
        ("bulk_64", Version::Resp2, Box::new(|reply, _| reply.bulk(&value))),
        ("null", Version::Resp2, Box::new(|reply, _| reply.null())),
        ("error", Version::Resp2, Box::new(|reply, _| reply.error("ERR syntax error"))),
        ("double", Version::Resp3, Box::new(|reply, n| reply.double(n as f64 / 7.0))),
        (
            "array_of_10",
            Version::Resp2,
            Box::new(|reply, _| {
                reply.array(10);
                for _ in 0..10 {
                    reply.bulk(&value);
                }
            }),
        ),
    ];
    let mut output = Vec::with_capacity(1 << 20);
    for (name, version, write) in shapes {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                output.clear();
                for number in 0..COUNT {
                    write(&mut ReplyWriter::new(&mut output, version), black_box(number));
                }
                black_box(output.len())
            });
        });
    }
    group.finish();
}

fn frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("client");
    group.throughput(Throughput::Elements(COUNT as u64));
    let value = template::value(64);
    let mut output = Vec::with_capacity(1 << 16);
    group.bench_function("encode_set", |bencher| {
        bencher.iter(|| {
            output.clear();
            for _ in 0..COUNT {
                let args: [&[u8]; 3] = [b"SET", b"key:000000000042", &value];
                encode_request(black_box(args).into_iter(), &mut output);
            }
            black_box(output.len())
        });
    });
    let mut replies = Vec::new();
    for _ in 0..COUNT {
        ReplyWriter::new(&mut replies, Version::Resp2).bulk(&value);
    }
    let limits = FrameLimits::default();
    group.bench_function("decode_bulk_64", |bencher| {
        bencher.iter(|| {
            let mut buffer = BytesMut::from(&replies[..]);
            let mut decoder = FrameDecoder::new();
            let mut count = 0;
            while let Ok(Some(frame)) = decoder.decode(&mut buffer, &limits) {
                black_box(frame);
                count += 1;
            }
            assert_eq!(count, COUNT);
        });
    });
    group.finish();
}

criterion_group!(micro, decode_requests, encode_replies, frames);
criterion_main!(micro);
