//! Any split of the input into reads gives the same requests and the same error.

use mainstay_protocol::{Batch, Decoder, Limits, OwnedRequest, RequestError, encode_request};
use proptest::collection::vec;
use proptest::prelude::*;

/// What a client might send: whole requests, lines, nothing, or something malformed.
fn some_bytes() -> impl Strategy<Value = Vec<u8>> {
    let arg = prop_oneof![
        4 => vec(any::<u8>(), 0..12),
        1 => vec(any::<u8>(), 90..130),
        1 => Just(b"\r\n$3\r\n*2\r\n".to_vec()),
    ];
    let request = prop_oneof![4 => vec(arg.clone(), 1..5), 1 => vec(arg, 30..70)];
    let request = request.prop_map(|args| {
        let mut bytes = Vec::new();
        encode_request(args.iter().map(Vec::as_slice), &mut bytes);
        bytes
    });
    let line = "[ a-z\"'\\\\x0-9\t]{0,40}\r?\n".prop_map(String::into_bytes);
    let header = "[*$][-0-9x]{0,9}\r\n".prop_map(String::into_bytes);
    let nothing = prop_oneof![Just("*0\r\n"), Just("*-1\r\n"), Just("\r\n"), Just(" \n")];
    prop_oneof![
        8 => request,
        3 => line,
        1 => header,
        1 => nothing.prop_map(|text| text.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..20),
    ]
}

type Read = (Vec<OwnedRequest>, Result<Vec<u8>, RequestError>);

fn read(pieces: &[&[u8]], limits: &Limits) -> Read {
    let (mut decoder, mut batch) = (Decoder::new(), Batch::new());
    let (mut buffer, mut requests) = (Vec::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        batch.clear();
        let result = decoder.decode(&buffer, limits, &mut batch);
        requests.extend(batch.iter(&buffer).map(|request| request.to_owned()));
        match result {
            Ok(taken) => drop(buffer.drain(..taken)),
            Err(error) => return (requests, Err(error)),
        }
    }
    (requests, Ok(buffer))
}

#[test]
fn every_pair_of_cuts_reads_the_same() {
    // A request whose spans are kept, between others, so that it is cut at every place while
    // something stands before it and behind it.
    let mut input = b"PING\r\n*0\r\nset k \"a b\"\r\n".to_vec();
    encode_request((0..40).map(|_| &b"arg"[..]), &mut input);
    encode_request([&b"GET"[..], &[b'k'; 101]].into_iter(), &mut input);
    let limits = Limits::default();
    let whole = read(&[&input], &limits);
    assert_eq!((whole.0.len(), &whole.1), (4, &Ok(Vec::new())));
    for first in 0..=input.len() {
        for second in (first..=input.len()).step_by(3) {
            let pieces = [&input[..first], &input[first..second], &input[second..]];
            assert_eq!(read(&pieces, &limits), whole, "cut at {first} and {second}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn splits_do_not_matter(
        parts in vec(some_bytes(), 0..8),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
        stranger: bool,
    ) {
        let input = parts.concat();
        let limits = if stranger {
            Limits { inline_bytes_max: 50, ..Limits::unauthenticated() }
        } else {
            Limits { inline_bytes_max: 50, ..Limits::default() }
        };
        let whole = read(&[&input], &limits);

        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        cuts.extend([0, input.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &input[pair[0]..pair[1]]).collect();
        prop_assert_eq!(&whole, &read(&pieces, &limits));

        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        prop_assert_eq!(&whole, &read(&bytes, &limits));
    }

    #[test]
    fn requests_are_read_as_they_were_written(
        requests in vec(vec(vec(any::<u8>(), 0..300), 1..80), 1..5),
    ) {
        let mut input = Vec::new();
        for args in &requests {
            encode_request(args.iter().map(Vec::as_slice), &mut input);
        }
        let (read, left) = read(&[&input], &Limits::default());
        prop_assert_eq!(left, Ok(Vec::new()));
        let written: Vec<OwnedRequest> = requests
            .iter()
            .map(|args| OwnedRequest::from_args(args.iter().map(Vec::as_slice)))
            .collect();
        prop_assert_eq!(read, written);
    }
}
