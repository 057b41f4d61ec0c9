//! Any frame, written and read.

use bytes::{Bytes, BytesMut};
use mainstay_protocol::{
    Frame, FrameLimits, ReplyWriter, Version, decode_frame, encode_frame, format_double,
};

use super::chooser::Chooser;

/// Makes a frame of bytes and checks that
/// - in RESP3 it reads as itself, in RESP2 as what RESP2 shows of it;
/// - lengths that are filled in late make the same bytes as lengths written first.
pub fn check_round_trip(data: &[u8]) {
    let frame = any_frame(&mut Chooser::new(data), 4);
    for version in [Version::Resp2, Version::Resp3] {
        let mut bytes = Vec::new();
        encode_frame(&frame, version, &mut bytes);
        let mut buffer = BytesMut::from(&bytes[..]);
        let read = decode_frame(&mut buffer, &FrameLimits::default()).expect("valid");
        let expected = match version {
            Version::Resp2 => as_resp2(&frame),
            Version::Resp3 => frame.clone(),
        };
        assert_eq!(read.expect("whole").to_string(), expected.to_string());
        assert!(buffer.is_empty());

        let mut late = Vec::new();
        write_late(&frame, &mut ReplyWriter::new(&mut late, version));
        assert_eq!(bytes, late, "lengths written first and late");
    }
}

fn any_frame(chooser: &mut Chooser<'_>, depth: usize) -> Frame {
    let kinds = if depth == 0 { 9 } else { 13 };
    match chooser.below(kinds) {
        0 => Frame::Null,
        1 => Frame::Integer(chooser.number() as i64),
        2 => Frame::Integer(chooser.number() as i8 as i64),
        3 => Frame::Bulk(Bytes::copy_from_slice(chooser.text(200))),
        4 => Frame::Simple(line(chooser)),
        5 => Frame::Error(line(chooser)),
        6 => Frame::Double(f64::from_bits(chooser.number())),
        7 => Frame::Boolean(chooser.below(2) == 1),
        8 => match chooser.below(2) {
            0 => Frame::BigNumber(Bytes::from(chooser.number().to_string())),
            _ => {
                Frame::Verbatim { format: *b"txt", text: Bytes::copy_from_slice(chooser.text(20)) }
            }
        },
        9 => Frame::Array(any_frames(chooser, depth)),
        10 => Frame::Set(any_frames(chooser, depth)),
        11 => Frame::Push(any_frames(chooser, depth)),
        _ => {
            let pair = |_| (any_frame(chooser, depth - 1), any_frame(chooser, depth - 1));
            Frame::Map((0..3).map(pair).collect())
        }
    }
}

fn any_frames(chooser: &mut Chooser<'_>, depth: usize) -> Vec<Frame> {
    let count = [0, 1, 2, 3, 9, 10, 11, 100][chooser.below(8)];
    (0..count).map(|_| any_frame(chooser, depth - 1)).collect()
}

/// A text without what would end its line.
fn line(chooser: &mut Chooser<'_>) -> Bytes {
    let keeps = |byte: &u8| !matches!(byte, b'\r' | b'\n' | 0);
    chooser.text(30).iter().copied().filter(keeps).collect()
}

/// What a client of RESP2 sees of a frame.
fn as_resp2(frame: &Frame) -> Frame {
    let all = |frames: &[Frame]| Frame::Array(frames.iter().map(as_resp2).collect());
    match frame {
        Frame::Array(frames) | Frame::Set(frames) | Frame::Push(frames) => all(frames),
        Frame::Map(pairs) => Frame::Array(
            pairs.iter().flat_map(|(key, value)| [as_resp2(key), as_resp2(value)]).collect(),
        ),
        Frame::Double(value) => Frame::Bulk(Bytes::copy_from_slice(&format_double(*value))),
        Frame::Boolean(value) => Frame::Integer(i64::from(*value)),
        Frame::BigNumber(text) | Frame::Verbatim { text, .. } => Frame::Bulk(text.clone()),
        other => other.clone(),
    }
}

/// Writes a frame with every length filled in late that can be.
fn write_late(frame: &Frame, to: &mut ReplyWriter<'_>) {
    match frame {
        Frame::Array(frames) => {
            let begun = to.begin_array();
            frames.iter().for_each(|frame| write_late(frame, to));
            to.finish_array(begun, frames.len());
        }
        Frame::Set(frames) => {
            let begun = to.begin_set();
            frames.iter().for_each(|frame| write_late(frame, to));
            to.finish_set(begun, frames.len());
        }
        Frame::Map(pairs) => {
            let begun = to.begin_map();
            for (key, value) in pairs {
                write_late(key, to);
                write_late(value, to);
            }
            to.finish_map(begun, pairs.len());
        }
        Frame::Push(frames) => {
            to.push(frames.len());
            frames.iter().for_each(|frame| write_late(frame, to));
        }
        Frame::Bulk(text) if text.is_ascii() => to.bulk_display(String::from_utf8_lossy(text)),
        other => {
            let mut bytes = Vec::new();
            encode_frame(other, to.version(), &mut bytes);
            to.raw(&bytes);
        }
    }
}
