//! Writes frames as a server does, and requests as a client does.

use bytes::BufMut;

use super::Frame;
use crate::reply::{ReplyWriter, Version};

/// Appends a frame in either version; see [`Frame`] for how RESP2 shows what it does not know.
///
/// Recurses once per aggregate inside another.
pub fn encode_frame(frame: &Frame, version: Version, to: &mut Vec<u8>) {
    write(frame, &mut ReplyWriter::new(to, version));
}

fn write(frame: &Frame, to: &mut ReplyWriter<'_>) {
    match frame {
        Frame::Simple(text) => to.line(b'+', text),
        Frame::Error(text) => to.line(b'-', text),
        Frame::Integer(value) => to.integer(*value),
        Frame::Bulk(text) => to.bulk(text),
        Frame::Null => to.null(),
        Frame::Array(frames) => {
            to.array(frames.len());
            write_all(frames, to);
        }
        Frame::Map(pairs) => {
            to.map(pairs.len());
            for (key, value) in pairs {
                write(key, to);
                write(value, to);
            }
        }
        Frame::Set(frames) => {
            to.set(frames.len());
            write_all(frames, to);
        }
        Frame::Push(frames) => {
            to.push(frames.len());
            write_all(frames, to);
        }
        Frame::Double(value) => to.double(*value),
        Frame::Boolean(value) => to.boolean(*value),
        Frame::BigNumber(digits) => match to.version() {
            Version::Resp2 => to.bulk(digits),
            Version::Resp3 => to.line(b'(', digits),
        },
        Frame::Verbatim { format, text } => to.verbatim(*format, text),
    }
}

fn write_all(frames: &[Frame], to: &mut ReplyWriter<'_>) {
    for frame in frames {
        write(frame, to);
    }
}

/// Appends a request: the name and its arguments as an array of bulk strings. `to` is a `Vec<u8>`
/// or a `BytesMut`.
pub fn encode_request<'a>(args: impl ExactSizeIterator<Item = &'a [u8]>, to: &mut impl BufMut) {
    put_length(b'*', args.len(), to);
    for arg in args {
        put_length(b'$', arg.len(), to);
        to.put_slice(arg);
        to.put_slice(b"\r\n");
    }
}

#[inline]
fn put_length(marker: u8, number: usize, to: &mut impl BufMut) {
    if number < 10 {
        to.put_slice(&[marker, b'0' + number as u8, b'\r', b'\n']);
    } else {
        to.put_u8(marker);
        to.put_slice(itoa::Buffer::new().format(number).as_bytes());
        to.put_slice(b"\r\n");
    }
}
