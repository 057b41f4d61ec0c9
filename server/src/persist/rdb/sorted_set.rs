//! persist/rdb/sorted_set.rs — sorted sets.

use std::io::{self, BufRead};

use mainstay_protocol::format_double;

use super::entries::{Entries, Layout, each_pair, score};
use super::form::{ZSET, ZSET_2, ZSET_LISTPACK, ZSET_ZIPLIST};
use super::listpack::Listpack;
use super::reader::{Reader, malformed};
use super::writer::{put_element, put_length, put_string};

/// What a sorted set may be spelled in.
pub const FORMS: &[u8] = &[ZSET, ZSET_2, ZSET_ZIPLIST, ZSET_LISTPACK];

/// Whole numbers from here on are not exact, and Redis stores them as text.
const WHOLE_MAX: f64 = (1u64 << 52) as f64;

/// Shows every member with its score, which is a number; in any order. That no member comes twice
/// is for the caller to check.
///
/// # Errors
/// If the bytes are no sorted set of this form, the set is empty, or the input ends or fails; and
/// what `take` fails with.
pub fn read(
    form: u8,
    from: &mut dyn BufRead,
    mut take: impl FnMut(&[u8], f64) -> io::Result<()>,
) -> io::Result<()> {
    let mut reader = Reader::new(from);
    let mut any = false;
    let mut take = |member: &[u8], score: f64| {
        any = true;
        if score.is_nan() {
            Err(malformed("a score that is no number"))
        } else {
            take(member, score)
        }
    };
    match form {
        ZSET | ZSET_2 => {
            let mut member = Vec::new();
            for _ in 0..reader.length()? {
                member.clear();
                member.extend_from_slice(reader.string()?);
                let score = match form {
                    ZSET => text_score(&mut reader)?,
                    _ => f64::from_bits(reader.u64_le()?),
                };
                take(&member, score)?;
            }
        }
        ZSET_ZIPLIST | ZSET_LISTPACK => {
            let layout = if form == ZSET_ZIPLIST { Layout::Ziplist } else { Layout::Listpack };
            let mut digits = itoa::Buffer::new();
            each_pair(Entries::new(layout, reader.string()?)?, |member, score| {
                take(member.text(&mut digits), score.score()?)
            })?;
        }
        _ => return Err(malformed("no form of a sorted set")),
    }
    if any { Ok(()) } else { Err(malformed("an empty sorted set")) }
}

/// A score as its length and its text; the highest lengths stand for what is no finite number.
fn text_score(reader: &mut Reader<'_>) -> io::Result<f64> {
    match reader.byte()? {
        255 => Ok(f64::NEG_INFINITY),
        254 => Ok(f64::INFINITY),
        253 => Ok(f64::NAN),
        length => score(reader.bytes(usize::from(length))?),
    }
}

/// Appends the form and the members, whose number is given; Redis reads them quickest from the
/// highest score down.
pub fn write<'a>(
    to: &mut Vec<u8>,
    count: usize,
    members: impl IntoIterator<Item = (&'a [u8], f64)>,
) {
    to.push(ZSET_2);
    put_length(to, count as u64);
    for (member, score) in members {
        put_element(to, member);
        to.extend_from_slice(&score.to_bits().to_le_bytes());
    }
}

/// Appends the form and the members, from the lowest score up, as one listpack. Meant for few.
pub fn write_packed<'a>(to: &mut Vec<u8>, members: impl IntoIterator<Item = (&'a [u8], f64)>) {
    let mut packed = Listpack::default();
    for (member, score) in members {
        packed.push(member);
        if score.abs() < WHOLE_MAX && score.trunc() == score {
            packed.push_integer(score as i64);
        } else {
            packed.push(&format_double(score));
        }
    }
    to.push(ZSET_LISTPACK);
    put_string(to, &packed.framed());
}
