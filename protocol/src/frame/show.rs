//! Prints frames in the notation of the golden scripts; the table is at [`Frame`].

use std::fmt::{Debug, Display, Formatter, Result, Write};

use super::Frame;
use crate::reply::format_double;

impl Display for Frame {
    fn fmt(&self, to: &mut Formatter<'_>) -> Result {
        match self {
            Frame::Simple(text) if is_plain(text) => escaped(text, to),
            Frame::Simple(text) => {
                to.write_char('+')?;
                quoted(text, to)
            }
            Frame::Error(text) => {
                to.write_str("(error) ")?;
                escaped(text, to)
            }
            Frame::Integer(value) => Display::fmt(value, to),
            Frame::Bulk(text) => quoted(text, to),
            Frame::Null => to.write_str("(nil)"),
            Frame::Array(frames) => listed("[", frames, to),
            Frame::Map(pairs) => {
                to.write_char('{')?;
                for (index, (key, value)) in pairs.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(to, "{comma}{key}: {value}")?;
                }
                to.write_char('}')
            }
            Frame::Set(frames) => listed("~[", frames, to),
            Frame::Push(frames) => listed(">[", frames, to),
            Frame::Double(value) => write!(to, ",{}", format_double(*value).as_str()),
            Frame::Boolean(value) => write!(to, "#{value}"),
            Frame::BigNumber(digits) => {
                to.write_char('(')?;
                escaped(digits, to)
            }
            Frame::Verbatim { format, text } => {
                write!(to, "={}:", format.escape_ascii())?;
                quoted(text, to)
            }
        }
    }
}

impl Debug for Frame {
    fn fmt(&self, to: &mut Formatter<'_>) -> Result {
        Display::fmt(self, to)
    }
}

/// Whether a simple string can be taken for nothing else: a word or words, as servers send them.
fn is_plain(text: &[u8]) -> bool {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || b" _-.".contains(byte);
    text.first().is_some_and(u8::is_ascii_alphabetic)
        && text.last() != Some(&b' ')
        && text.iter().all(word)
}

fn listed(open: &str, frames: &[Frame], to: &mut Formatter<'_>) -> Result {
    to.write_str(open)?;
    for (index, frame) in frames.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(to, "{comma}{frame}")?;
    }
    to.write_char(']')
}

fn quoted(text: &[u8], to: &mut Formatter<'_>) -> Result {
    to.write_char('"')?;
    for &byte in text {
        match byte {
            b'"' => to.write_str("\\\"")?,
            _ => escape(byte, to)?,
        }
    }
    to.write_char('"')
}

fn escaped(text: &[u8], to: &mut Formatter<'_>) -> Result {
    text.iter().try_for_each(|&byte| escape(byte, to))
}

fn escape(byte: u8, to: &mut Formatter<'_>) -> Result {
    match byte {
        b'\\' => to.write_str("\\\\"),
        b'\n' => to.write_str("\\n"),
        b'\r' => to.write_str("\\r"),
        b'\t' => to.write_str("\\t"),
        b' '..=b'~' => to.write_char(char::from(byte)),
        _ => write!(to, "\\x{byte:02x}"),
    }
}
