//! keyspace/value.rs — what a key holds, as a command sees it.

use super::object::{Object, STRING_NAME};
use crate::clock::Millis;

/// What a key holds.
pub enum Value<'a> {
    /// A string's bytes.
    String(&'a [u8]),
    /// Anything else.
    Object(&'a dyn Object),
}

impl Value<'_> {
    /// As TYPE answers it.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::String(_) => STRING_NAME,
            Value::Object(object) => object.kind().name,
        }
    }
}

/// What becomes of a key's deadline when its value is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    /// It stays.
    Keep,
    /// The key has none afterwards.
    Clear,
    /// It is this one, milliseconds since the epoch.
    At(Millis),
}
