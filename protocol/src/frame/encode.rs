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
    put_length(b"*", args.len(), to);
    let mut lead: &[u8] = b"$";
    for arg in args {
        put_length(lead, arg.len(), to);
        to.put_slice(arg);
        // The end of one argument and the head of the next go in one piece.
        lead = b"\r\n$";
    }
    to.put_slice(&lead[..lead.len() - 1]);
}

/// Puts `lead`, at most 3 bytes, a number, and the end of its line, as one slice.
#[inline]
fn put_length(lead: &[u8], number: usize, to: &mut impl BufMut) {
    let mut line = [0; 3 + 20 + 2];
    let mut digits = itoa::Buffer::new();
    let one_digit = [b'0' + (number % 10) as u8];
    let digits = if number < 10 { &one_digit[..] } else { digits.format(number).as_bytes() };
    let end = lead.len() + digits.len();
    line[..lead.len()].copy_from_slice(lead);
    line[lead.len()..end].copy_from_slice(digits);
    line[end..end + 2].copy_from_slice(b"\r\n");
    to.put_slice(&line[..end + 2]);
}
