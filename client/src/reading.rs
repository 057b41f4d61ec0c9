//! A frame as a Rust value.
//!
//! Both protocol versions are read alike: what RESP2 shows as a string or an integer is taken for a
//! double, a boolean or a map when one is asked for.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{Error, Frame};

/// What a reply can be read as.
pub trait FromFrame: Sized {
    /// Reads a frame.
    ///
    /// # Errors
    /// The server's, when the frame is an error; else a frame of another shape.
    fn from_frame(frame: Frame) -> Result<Self, Error>;
}

impl FromFrame for Frame {
    fn from_frame(frame: Frame) -> Result<Frame, Error> {
        match frame {
            Frame::Error(text) => Err(Error::reply(text)),
            frame => Ok(frame),
        }
    }
}

/// Whatever the server answered, as long as it is no error.
impl FromFrame for () {
    fn from_frame(frame: Frame) -> Result<(), Error> {
        Frame::from_frame(frame).map(drop)
    }
}

/// Shares the read buffer, and keeps all of it alive; a `Vec<u8>` is a copy.
impl FromFrame for Bytes {
    fn from_frame(frame: Frame) -> Result<Bytes, Error> {
        match frame {
            Frame::Simple(text) | Frame::Bulk(text) | Frame::BigNumber(text) => Ok(text),
            Frame::Verbatim { text, .. } => Ok(text),
            Frame::Integer(value) => Ok(value.to_string().into()),
            other => Err(Error::shape("a string", &other)),
        }
    }
}

impl FromFrame for Vec<u8> {
    fn from_frame(frame: Frame) -> Result<Vec<u8>, Error> {
        Bytes::from_frame(frame).map(|bytes| bytes.to_vec())
    }
}

impl FromFrame for String {
    fn from_frame(frame: Frame) -> Result<String, Error> {
        let bytes = Bytes::from_frame(frame)?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(Error::shape("text in UTF-8", &Frame::Bulk(bytes))),
        }
    }
}

/// Reads a number that may have come as text.
fn number<T: std::str::FromStr>(wanted: &'static str, frame: &Frame) -> Result<T, Error> {
    match frame {
        Frame::Simple(text) | Frame::Bulk(text) | Frame::BigNumber(text) => {
            std::str::from_utf8(text).ok().and_then(|text| text.parse().ok())
        }
        _ => None,
    }
    .ok_or_else(|| Error::shape(wanted, frame))
}

impl FromFrame for i64 {
    fn from_frame(frame: Frame) -> Result<i64, Error> {
        match frame {
            Frame::Integer(value) => Ok(value),
            other => number("an integer", &other),
        }
    }
}

impl FromFrame for u64 {
    fn from_frame(frame: Frame) -> Result<u64, Error> {
        const WANTED: &str = "an integer of 0 or more";
        match frame {
            Frame::Integer(value) => {
                u64::try_from(value).map_err(|_| Error::shape(WANTED, &Frame::Integer(value)))
            }
            other => number(WANTED, &other),
        }
    }
}

impl FromFrame for f64 {
    fn from_frame(frame: Frame) -> Result<f64, Error> {
        match frame {
            Frame::Double(value) => Ok(value),
            Frame::Integer(value) => Ok(value as f64),
            other => number("a number", &other),
        }
    }
}

impl FromFrame for bool {
    fn from_frame(frame: Frame) -> Result<bool, Error> {
        match frame {
            Frame::Boolean(value) => Ok(value),
            Frame::Integer(0) => Ok(false),
            Frame::Integer(1) => Ok(true),
            other => Err(Error::shape("yes or no", &other)),
        }
    }
}

impl<T: FromFrame> FromFrame for Option<T> {
    fn from_frame(frame: Frame) -> Result<Option<T>, Error> {
        match frame {
            Frame::Null => Ok(None),
            frame => T::from_frame(frame).map(Some),
        }
    }
}

/// An array or a set.
impl<T: FromFrame> FromFrame for Vec<T> {
    fn from_frame(frame: Frame) -> Result<Vec<T>, Error> {
        match frame {
            Frame::Array(frames) | Frame::Set(frames) => {
                frames.into_iter().map(T::from_frame).collect()
            }
            other => Err(Error::shape("an array", &other)),
        }
    }
}

/// A map, or RESP2's array of keys and values in turn. Of equal keys the last one stays.
impl<K: FromFrame + Ord, V: FromFrame> FromFrame for BTreeMap<K, V> {
    fn from_frame(frame: Frame) -> Result<BTreeMap<K, V>, Error> {
        match frame {
            Frame::Map(pairs) => pairs
                .into_iter()
                .map(|(key, value)| Ok((K::from_frame(key)?, V::from_frame(value)?)))
                .collect(),
            Frame::Array(frames) if frames.len() % 2 == 0 => {
                let mut map = BTreeMap::new();
                let mut frames = frames.into_iter();
                while let (Some(key), Some(value)) = (frames.next(), frames.next()) {
                    map.insert(K::from_frame(key)?, V::from_frame(value)?);
                }
                Ok(map)
            }
            other => Err(Error::shape("a map", &other)),
        }
    }
}
