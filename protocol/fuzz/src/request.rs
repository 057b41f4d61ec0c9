//! Any bytes as requests.

use mainstay_protocol::{Batch, Decoder, Limits, OwnedRequest, RequestError, encode_request};

use super::chooser::{Chooser, pieces};

/// What a connection would make of some bytes.
#[derive(Debug, PartialEq)]
struct Outcome {
    requests: Vec<OwnedRequest>,
    /// Bytes that belong to no whole request, or the error.
    left: Result<Vec<u8>, RequestError>,
    wanted: usize,
}

/// Reads bytes as requests and checks that
/// - how they were split into reads changes neither requests nor error;
/// - a decoder says that it waits exactly when bytes are left, and for more than there are;
/// - limits hold; requests lie in the bytes in order and one after the other;
/// - a request written again is read as the same request.
///
/// The first byte chooses how to split, the second the limits.
pub fn check_request(data: &[u8]) {
    let mut chooser = Chooser::new(data);
    let split = chooser.byte();
    let limits = match chooser.byte() % 4 {
        0 => Limits::default(),
        1 => Limits::unauthenticated(),
        2 => Limits {
            args_max: 3,
            bulk_bytes_max: 8,
            inline_bytes_max: 16,
            request_bytes_max: 24,
            authenticated: true,
        },
        _ => Limits { inline_bytes_max: 40, request_bytes_max: 1000, ..Limits::default() },
    };
    let input = chooser.rest();

    let whole = read(std::iter::once(input), &limits);
    let split = read(pieces(input, split), &limits);
    assert_eq!(whole, split, "read at once and in pieces");

    for request in &whole.requests {
        check_one(request, &limits);
    }
}

fn check_one(request: &OwnedRequest, limits: &Limits) {
    let view = request.as_request();
    assert!(!view.is_empty() && view.len() <= limits.args_max);
    assert!(view.args().all(|arg| arg.len() <= limits.bulk_bytes_max.max(limits.inline_bytes_max)));
    let mut bytes = Vec::new();
    encode_request(view.args(), &mut bytes);
    let again = read(std::iter::once(&bytes[..]), &Limits::default());
    assert_eq!(again.requests, std::slice::from_ref(request));
    assert_eq!((again.left, again.wanted), (Ok(Vec::new()), 0));
}

/// Reads pieces as a connection does: what is not taken stays and the next piece goes behind it.
fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>, limits: &Limits) -> Outcome {
    let (mut decoder, mut batch) = (Decoder::new(), Batch::new());
    let (mut buffer, mut requests) = (Vec::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        batch.clear();
        let result = decoder.decode(&buffer, limits, &mut batch);
        let mut end = 0;
        for request in batch.iter(&buffer) {
            assert!(end <= request.start() && request.start() < request.end());
            assert!(request.end() <= buffer.len());
            end = request.end();
            requests.push(request.to_owned());
        }
        match result {
            Ok(taken) => {
                assert!(end <= taken && taken <= buffer.len());
                buffer.drain(..taken);
                assert_eq!(decoder.is_idle(), buffer.is_empty());
                assert!(decoder.is_idle() || decoder.wanted() > buffer.len());
                assert!(decoder.weight() <= 200 + 4 * buffer.len());
            }
            Err(error) => {
                assert!(decoder.is_idle());
                assert!(!error.to_string().contains(['\r', '\n', '\0']));
                return Outcome { requests, left: Err(error), wanted: 0 };
            }
        }
    }
    Outcome { requests, left: Ok(buffer), wanted: decoder.wanted() }
}
