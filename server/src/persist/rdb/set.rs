//! persist/rdb/set.rs — sets.

use std::io::{self, BufRead};

use super::entries::{Entries, Layout};
use super::form::{SET, SET_INTSET, SET_LISTPACK};
use super::reader::{Reader, malformed};
use super::writer::{put_element, put_length, put_string};

/// What a set may be spelled in.
pub const FORMS: &[u8] = &[SET, SET_INTSET, SET_LISTPACK];

/// Shows every member. That none comes twice is for the caller to check.
///
/// # Errors
/// If the bytes are no set of this form, the set is empty, or the input ends or fails; and what
/// `take` fails with.
pub fn read(
    form: u8,
    from: &mut dyn BufRead,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut reader = Reader::new(from);
    let mut digits = itoa::Buffer::new();
    let mut any = false;
    let mut take = |member: &[u8]| {
        any = true;
        take(member)
    };
    match form {
        SET => {
            for _ in 0..reader.length()? {
                take(reader.string()?)?;
            }
        }
        SET_INTSET => {
            each_integer(reader.string()?, |number| take(digits.format(number).as_bytes()))?;
        }
        SET_LISTPACK => {
            for entry in Entries::new(Layout::Listpack, reader.string()?)? {
                take(entry?.text(&mut digits))?;
            }
        }
        _ => return Err(malformed("no form of a set")),
    }
    if any { Ok(()) } else { Err(malformed("an empty set")) }
}

/// Integers as a sorted vector: their width in bytes, their number, and they; lowest byte first.
fn each_integer(packed: &[u8], mut take: impl FnMut(i64) -> io::Result<()>) -> io::Result<()> {
    let broken = || malformed("a broken set of integers");
    let (header, integers) = packed.split_at_checked(8).ok_or_else(broken)?;
    let half = |at: usize| {
        let bytes = header.get(at..).and_then(|rest| rest.first_chunk());
        usize::try_from(u32::from_le_bytes(bytes.copied().unwrap_or_default()))
    };
    let (Ok(width @ (2 | 4 | 8)), Ok(count)) = (half(0), half(4)) else { return Err(broken()) };
    if count.checked_mul(width) != Some(integers.len()) {
        return Err(broken());
    }
    let mut last = None;
    for bytes in integers.chunks_exact(width) {
        let mut wide = [0; 8];
        wide[8 - width..].copy_from_slice(bytes);
        let number = i64::from_le_bytes(wide) >> (8 * (8 - width));
        if last.is_some_and(|last| last >= number) {
            return Err(malformed("integers that are not in order"));
        }
        last = Some(number);
        take(number)?;
    }
    Ok(())
}

/// Appends the form and the members, whose number is given.
pub fn write<'a>(to: &mut Vec<u8>, count: usize, members: impl IntoIterator<Item = &'a [u8]>) {
    to.push(SET);
    put_length(to, count as u64);
    members.into_iter().for_each(|member| put_element(to, member));
}

/// Appends the form and the members, all integers, in any order.
pub fn write_integers(to: &mut Vec<u8>, mut members: Vec<i64>) {
    members.sort_unstable();
    let fits = |low: i64, high: i64| members.iter().all(|number| (low..=high).contains(number));
    let width: usize = if fits(i16::MIN.into(), i16::MAX.into()) {
        2
    } else if fits(i32::MIN.into(), i32::MAX.into()) {
        4
    } else {
        8
    };
    let mut packed = Vec::with_capacity(8 + width * members.len());
    packed.extend_from_slice(&(width as u32).to_le_bytes());
    packed.extend_from_slice(&(members.len() as u32).to_le_bytes());
    for number in members {
        packed.extend_from_slice(&number.to_le_bytes()[..width]);
    }
    to.push(SET_INTSET);
    put_string(to, &packed);
}
