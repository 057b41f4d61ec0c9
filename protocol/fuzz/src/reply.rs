//! Any bytes as replies.

use bytes::BytesMut;
use mainstay_protocol::{
    Frame, FrameDecoder, FrameError, FrameLimits, Version, decode_frame, encode_frame,
};

use super::chooser::{Chooser, pieces};

/// What a client would make of some bytes. Frames are compared as printed, where NaN equals NaN.
#[derive(Debug, PartialEq)]
struct Outcome {
    frames: Vec<String>,
    left: Result<Vec<u8>, FrameError>,
}

/// Reads bytes as frames and checks that
/// - how they were split into reads changes neither frames nor error;
/// - a decoder says that it waits exactly when bytes are left, and for more than there are;
/// - a frame written and read again is written the same, in both versions.
///
/// The first byte chooses how to split, the second the limits.
pub fn check_reply(data: &[u8]) {
    let mut chooser = Chooser::new(data);
    let split = chooser.byte();
    let limits = match chooser.byte() % 2 {
        0 => FrameLimits::default(),
        _ => FrameLimits { depth_max: 3, bulk_bytes_max: 9, line_bytes_max: 12, elements_max: 8 },
    };
    let input = chooser.rest();
    let mut frames = Vec::new();
    let whole = read(std::iter::once(input), &limits, &mut frames);
    assert_eq!(whole, read(pieces(input, split), &limits, &mut Vec::new()));
    for frame in &frames {
        check_stable(frame, Version::Resp2);
        check_stable(frame, Version::Resp3);
    }
}

/// Writing may tidy a frame (a line cannot hold LF), but only once.
fn check_stable(frame: &Frame, version: Version) {
    let mut first = Vec::new();
    encode_frame(frame, version, &mut first);
    let mut buffer = BytesMut::from(&first[..]);
    // What was read under the default limits may have become longer as text: a tidy long error.
    let limits = FrameLimits { line_bytes_max: usize::MAX, ..FrameLimits::default() };
    let read = decode_frame(&mut buffer, &limits).expect("what was written can be read");
    let read = read.expect("what was written is whole");
    assert!(buffer.is_empty());
    let mut second = Vec::new();
    encode_frame(&read, version, &mut second);
    assert_eq!(first, second);
}

fn read<'a>(
    pieces: impl Iterator<Item = &'a [u8]>,
    limits: &FrameLimits,
    frames: &mut Vec<Frame>,
) -> Outcome {
    let (mut decoder, mut buffer) = (FrameDecoder::new(), BytesMut::new());
    let mut left = Ok(());
    'reads: for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut buffer, limits) {
                Ok(Some(frame)) => {
                    assert!(decoder.is_idle());
                    frames.push(frame);
                }
                Ok(None) => {
                    assert_eq!(decoder.is_idle(), buffer.is_empty());
                    assert!(decoder.is_idle() || decoder.wanted() > buffer.len());
                    break;
                }
                Err(error) => {
                    left = Err(error);
                    break 'reads;
                }
            }
        }
    }
    let frames = frames.iter().map(Frame::to_string).collect();
    Outcome { frames, left: left.map(|()| buffer.to_vec()) }
}
