//! persist/rdb/list.rs — lists.

use std::io::{self, BufRead};

use super::entries::{Entries, Layout};
use super::form::{LIST, LIST_QUICKLIST, LIST_QUICKLIST_2, LIST_ZIPLIST};
use super::listpack::Listpack;
use super::reader::{Reader, malformed};
use super::writer::{Count, put_element, put_length, put_string};

/// What a list may be spelled in.
pub const FORMS: &[u8] = &[LIST, LIST_ZIPLIST, LIST_QUICKLIST, LIST_QUICKLIST_2];

/// The container of a quicklist's node: one element, as it is.
const PLAIN: u64 = 1;
/// One listpack.
const PACKED: u64 = 2;

/// The most bytes of a node written, if it has several elements: Redis's default
/// (`list-max-listpack-size -2`).
const NODE_BYTES_MAX: usize = 8192;

/// From here on Redis keeps an element outside listpacks.
const PLAIN_BYTES_MIN: usize = 1 << 30;

/// Shows every element, first to last.
///
/// # Errors
/// If the bytes are no list of this form, the list is empty, or the input ends or fails; and what
/// `take` fails with.
pub fn read(
    form: u8,
    from: &mut dyn BufRead,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut reader = Reader::new(from);
    let mut any = false;
    let mut take = |element: &[u8]| {
        any = true;
        take(element)
    };
    match form {
        LIST => {
            for _ in 0..reader.length()? {
                take(reader.string()?)?;
            }
        }
        LIST_ZIPLIST => each_entry(Layout::Ziplist, reader.string()?, &mut take)?,
        LIST_QUICKLIST => {
            for _ in 0..reader.length()? {
                each_entry(Layout::Ziplist, reader.string()?, &mut take)?;
            }
        }
        LIST_QUICKLIST_2 => {
            for _ in 0..reader.length()? {
                match reader.length()? {
                    PLAIN => take(reader.string()?)?,
                    PACKED => each_entry(Layout::Listpack, reader.string()?, &mut take)?,
                    _ => return Err(malformed("a node of no known container")),
                }
            }
        }
        _ => return Err(malformed("no form of a list")),
    }
    if any { Ok(()) } else { Err(malformed("an empty list")) }
}

fn each_entry(
    layout: Layout,
    packed: &[u8],
    take: &mut impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut digits = itoa::Buffer::new();
    for entry in Entries::new(layout, packed)? {
        take(entry?.text(&mut digits))?;
    }
    Ok(())
}

/// Appends the form and the elements, first to last: listpacks of up to 8 KiB, and the only one
/// compressed if that makes it shorter.
pub fn write<'a>(to: &mut Vec<u8>, elements: impl IntoIterator<Item = &'a [u8]>) {
    to.push(LIST_QUICKLIST_2);
    let start = to.len();
    let mut count = Count::put(to);
    let mut node = Listpack::default();
    for element in elements {
        let is_full = !node.is_empty() && node.len() + element.len() > NODE_BYTES_MAX;
        if is_full || element.len() >= PLAIN_BYTES_MIN {
            put_node(to, &mut count, &mut node);
        }
        if element.len() < PLAIN_BYTES_MIN {
            node.push(element);
        } else {
            count.grow(to);
            put_length(to, PLAIN);
            put_element(to, element);
        }
    }
    if count.is_zero() && !node.is_empty() {
        to.truncate(start);
        put_length(to, 1);
        put_length(to, PACKED);
        put_string(to, &node.framed());
    } else {
        put_node(to, &mut count, &mut node);
    }
}

/// Ends a node. It is not compressed: it is one of many, and they would hold others up.
fn put_node(to: &mut Vec<u8>, count: &mut Count, node: &mut Listpack) {
    if !node.is_empty() {
        count.grow(to);
        put_length(to, PACKED);
        put_element(to, &node.framed());
        node.clear();
    }
}
