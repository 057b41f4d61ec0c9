//! The commands a program needs most, with the types of their replies.
//!
//! Everything else is one [`call`] away.

use crate::{Call, Frame, FromFrame, ToArg, call};

/// [PING](https://redis.io/docs/latest/commands/ping/): is the server there? Answers `PONG`.
pub fn ping() -> Call<String> {
    call("PING").reading()
}

/// [GET](https://redis.io/docs/latest/commands/get/): the value of a key, if there is one.
pub fn get<T: FromFrame>(key: impl ToArg) -> Call<Option<T>> {
    call("GET").arg(key).reading()
}

/// [SET](https://redis.io/docs/latest/commands/set/): gives a key a value; its deadline is gone.
pub fn set(key: impl ToArg, value: impl ToArg) -> Call<()> {
    call("SET").arg(key).arg(value).reading()
}

/// SET under conditions; whether the value was set.
pub fn set_with(key: impl ToArg, value: impl ToArg, options: SetOptions) -> Call<bool> {
    let mut call = call("SET").arg(key).arg(value);
    if let Some(word) = options.condition {
        call = call.arg(word);
    }
    match options.expiry {
        None => {}
        Some(Expiry::In(ms)) => call = call.arg("PX").arg(ms),
        Some(Expiry::At(unix_ms)) => call = call.arg("PXAT").arg(unix_ms),
        Some(Expiry::Keep) => call = call.arg("KEEPTTL"),
    }
    call.reading_by(|frame| Ok(Option::<Frame>::from_frame(frame)?.is_some()))
}

/// What [`set_with`] minds besides the value. Of two words on the same matter the later one counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct SetOptions {
    condition: Option<&'static str>,
    expiry: Option<Expiry>,
}

#[derive(Clone, Copy, Debug)]
enum Expiry {
    In(u64),
    At(u64),
    Keep,
}

impl SetOptions {
    /// Sets whatever was there, without a deadline.
    pub fn new() -> SetOptions {
        SetOptions::default()
    }

    /// Only when the key does not exist.
    pub fn if_absent(mut self) -> SetOptions {
        self.condition = Some("NX");
        self
    }

    /// Only when the key exists.
    pub fn if_present(mut self) -> SetOptions {
        self.condition = Some("XX");
        self
    }

    /// The key expires after this many milliseconds, at least 1.
    pub fn expire_ms(mut self, ms: u64) -> SetOptions {
        self.expiry = Some(Expiry::In(ms));
        self
    }

    /// The key expires at this time, in milliseconds since 1970.
    pub fn expire_at_ms(mut self, unix_ms: u64) -> SetOptions {
        self.expiry = Some(Expiry::At(unix_ms));
        self
    }

    /// The key keeps the deadline it has.
    pub fn keep_deadline(mut self) -> SetOptions {
        self.expiry = Some(Expiry::Keep);
        self
    }
}

/// [DEL](https://redis.io/docs/latest/commands/del/): removes keys; how many there were.
pub fn del(keys: impl IntoIterator<Item = impl ToArg>) -> Call<u64> {
    call("DEL").args(keys).reading()
}

/// [INCRBY](https://redis.io/docs/latest/commands/incrby/): adds to a number, 0 when the key does
/// not exist; the sum.
pub fn incr_by(key: impl ToArg, step: i64) -> Call<i64> {
    call("INCRBY").arg(key).arg(step).reading()
}

/// [PEXPIRE](https://redis.io/docs/latest/commands/pexpire/): the key expires after this many
/// milliseconds; whether it exists.
pub fn expire_ms(key: impl ToArg, ms: u64) -> Call<bool> {
    call("PEXPIRE").arg(key).arg(ms).reading()
}

/// [MGET](https://redis.io/docs/latest/commands/mget/): the values of keys, in their order.
pub fn mget<T: FromFrame>(keys: impl IntoIterator<Item = impl ToArg>) -> Call<Vec<Option<T>>> {
    call("MGET").args(keys).reading()
}

/// [MSET](https://redis.io/docs/latest/commands/mset/): gives keys values, all at once.
pub fn mset(pairs: impl IntoIterator<Item = (impl ToArg, impl ToArg)>) -> Call<()> {
    let mut call = call("MSET");
    for (key, value) in pairs {
        call = call.arg(key).arg(value);
    }
    call.reading()
}

/// [PUBLISH](https://redis.io/docs/latest/commands/publish/): sends a message to a channel; how
/// many subscribers got it.
pub fn publish(channel: impl ToArg, message: impl ToArg) -> Call<u64> {
    call("PUBLISH").arg(channel).arg(message).reading()
}
