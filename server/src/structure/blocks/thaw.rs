//! structure/blocks/thaw.rs — reading frozen blocks back with distrust.
//!
//! Whatever is not what [`Blocks::freeze`] would have written is refused: equal streams have equal
//! bytes, and nothing that is read later can fail.

use super::block::{Block, listed_entry, listed_names};
use super::entry::{NUMBERED, Parts, SHARED, narrow, width};
use super::{Blocks, ENTRIES_MAX, Id, Value, listed};
use crate::structure::frozen::Frozen;

impl Blocks {
    /// Reads what [`Blocks::freeze`] wrote; `None` if it is not that.
    pub fn thaw(frozen: &mut Frozen<'_>) -> Option<Blocks> {
        // A block takes more than ten bytes.
        let count = frozen.length().filter(|&count| count <= frozen.left() / 10)?;
        let mut blocks = Blocks::default();
        let mut top = None;
        for number in 0..count {
            let block = block(frozen, top)?;
            if block.live == 0 && number > 0 {
                return None;
            }
            top = block.entries().last().map(|entry| entry.id).or(Some(block.first));
            blocks.len += u64::from(block.live);
            blocks.directory.append(block);
        }
        Some(blocks)
    }
}

/// A block whose entries are above `floor`.
fn block(frozen: &mut Frozen<'_>, floor: Option<Id>) -> Option<Block> {
    let mut number = || frozen.length().map(|number| number as u64);
    let first = Id::new(number()?, number()?);
    let last = Id::new(number()?, number()?);
    let (live, dead) = (number()?, number()?);
    let (listed, names) = (u32::try_from(number()?).ok()?, u32::try_from(number()?).ok()?);
    let bytes = frozen.string()?;
    let taken = live.checked_add(dead).filter(|&all| (1..=ENTRIES_MAX as u64).contains(&all))?;
    if u32::try_from(bytes.len()).is_err() || floor.is_some_and(|floor| floor >= first) {
        return None;
    }
    let mut rest = Frozen::new(bytes);
    let mut shared = Vec::new();
    for _ in 0..names {
        shared.push(rest.string()?);
    }
    let start = rest.offset() as u32;
    let mut least = listed_names(shared.iter().copied(), shared.len());
    let mut found = 0;
    let mut top = None;
    while rest.left() > 0 {
        let (id, like) = entry(rest.string()?, first, &shared)?;
        let follows = top.map_or(id >= first, |top| id > top);
        if !follows || found == 0 && dead == 0 && id != first {
            return None;
        }
        (top, found, least) = (Some(id), found + 1, least + like);
    }
    let is_whole = dead == 0 && listed as usize == least && top == Some(last);
    let is_part = dead > 0 && listed as usize > least && top.is_none_or(|top| top <= last);
    if found != live || !(is_whole || is_part) || last < first {
        return None;
    }
    let (live, dead) = (live as u16, (taken - live) as u16);
    let bytes = bytes.to_vec();
    let mut block = Block { first, last, bytes, start, tail: 0, names, listed, live, dead };
    block.tail = block.find_tail() as u32;
    Some(block)
}

/// The id of an entry without its length, and what it takes in Redis's listpack.
fn entry(bytes: &[u8], first: Id, shared: &[&[u8]]) -> Option<(Id, usize)> {
    let mut strict = Frozen::new(bytes);
    let marks = strict.byte().filter(|marks| marks & !(SHARED | NUMBERED) == 0)?;
    strict.length()?;
    if marks & NUMBERED != 0 && strict.length()? == 0 {
        return None;
    }
    let (id, _) = Parts(bytes).id(first)?;
    let own = marks & SHARED == 0;
    let count = if own { strict.length()? } else { shared.len() };
    if count == 0 || count > strict.left() {
        return None;
    }
    let mut like = listed_entry(first, id, count, !own);
    let mut is_like_shared = own && count == shared.len();
    for at in 0..count {
        if own {
            let name = strict.string()?;
            like += listed::text(name);
            is_like_shared &= shared.get(at) == Some(&name);
        }
        let before = strict.offset();
        let tag = strict.length()?;
        for _ in 0..tag >> 1 {
            strict.byte()?;
        }
        like += match Parts(&bytes[before..]).value()? {
            Value::Bytes(text) if narrow(text).is_none() => listed::text(text),
            Value::Integer(value) if is_spelled(tag >> 1, value) => listed::integer(value),
            _ => return None,
        };
    }
    (!is_like_shared && strict.left() == 0).then_some((id, like))
}

/// Whether a number would have been written as one, in so many bytes.
fn is_spelled(bytes: usize, value: i64) -> bool {
    bytes == width(value) && bytes < digits(value)
}

fn digits(value: i64) -> usize {
    let mut rest = value.unsigned_abs() / 10;
    let mut digits = 1 + usize::from(value < 0);
    while rest > 0 {
        (rest, digits) = (rest / 10, digits + 1);
    }
    digits
}
