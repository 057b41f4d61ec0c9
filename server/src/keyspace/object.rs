//! keyspace/object.rs — all the keyspace knows about a value that is not a string.

use std::any::Any;
use std::io::{self, BufRead};

use super::mortal::Mortal;
use super::placement::Placed;
use crate::clock::Millis;
use crate::error::Fault;
use crate::structure::dense::Seek;

/// A value of a kind other than string. It lies in its key's entry, so keep it small: one word that
/// leads to the rest is best.
pub trait Object: Any + Send + Placed {
    /// Its kind.
    fn kind(&self) -> &'static Kind;
    /// Heap bytes it holds, without itself: MEMORY USAGE, INFO. Must not cost more than O(1).
    fn weight(&self) -> usize;
    /// The keyspace removes values that are empty; engines never do.
    fn is_empty(&self) -> bool;
    /// How the value is stored, in Redis's words, for OBJECT ENCODING.
    fn encoding(&self) -> &'static str;
    /// Appends the canonical bytes: equal values, order included, give equal bytes. Of a value that
    /// is [`Mortal`] the dead parts too; `freeze_at` leaves them out.
    fn freeze(&self, to: &mut Vec<u8>);
    /// Appends a part of what `freeze_at` appends, of some `most` bytes: the first if `from` is 0,
    /// else the one behind the part for which this said `from`. `None` after the last part. To be
    /// as quick as it can: whoever would change the value waits. Kinds whose values do not get big
    /// have one part.
    fn freeze_part(&self, now: Millis, _from: u64, _most: usize, to: &mut Vec<u8>) -> Option<u64> {
        match self.mortal() {
            Some(mortal) => mortal.freeze_live(now, to),
            None => self.freeze(to),
        }
        None
    }
    /// Appends the value at a time as Redis serialises it: the byte that names the form, then what
    /// it says. The kind's `restore` reads it back.
    fn dump(&self, now: Millis, to: &mut Vec<u8>);
    /// Asks the processor for what finding a member will read. Step 0 comes first, 2 last, with the
    /// same step for other requests in between; a step may read what the one before asked for.
    fn prefetch(&self, _seek: &mut Seek, _step: usize) {}
    /// Frees about `most` of the blocks that the value consists of, and says how many it were; 0
    /// when what is left is freed in no time. Only ever called on a value that is to be freed, and
    /// nothing else is afterwards, so it may leave the value in pieces.
    fn shed(&mut self, _most: usize) -> usize {
        0
    }
    /// A value equal to this one, for COPY.
    fn duplicate(&self) -> Box<dyn Object>;
    /// The value as distinct members, if it is that and no more: ZUNION takes sets, too.
    fn as_distinct(&self) -> Option<&dyn Distinct> {
        None
    }
    /// The value as elements in an order, if SORT can sort it.
    fn as_elements(&self) -> Option<&dyn Elements> {
        None
    }
    /// What is in a field at a time, if the value has fields: SORT looks into hashes.
    fn field(&self, _name: &[u8], _now: Millis) -> Option<&[u8]> {
        None
    }
    /// The value as one that lies on a shelf, if it is of such a kind.
    fn into_shelved(self: Box<Self>) -> Option<Box<dyn Object + Sync>> {
        None
    }
    /// The value as one whose parts may have deadlines, if any ever had one.
    #[inline]
    fn mortal(&self) -> Option<&dyn Mortal> {
        None
    }
    /// As [`Object::mortal`], to free what is dead.
    fn mortal_mut(&mut self) -> Option<&mut dyn Mortal> {
        None
    }
}

/// Elements in an order of their own, as commands on another kind of value see them.
pub trait Elements {
    /// How many there are.
    fn count(&self) -> usize;
    /// Shows `count` elements, all of which must be there, after the first `skip`; from the end if
    /// `back`.
    fn show<'a>(&'a self, skip: usize, count: usize, back: bool, show: &mut dyn FnMut(&'a [u8]));
}

/// Distinct members, as commands on another kind of value see them.
pub trait Distinct {
    /// How many there are.
    fn count(&self) -> usize;
    /// Whether `member` is one of them.
    fn holds(&self, member: &[u8]) -> bool;
    /// Shows all of them, in order.
    fn each(&self, show: &mut dyn FnMut(&[u8]));
}

/// A kind of value.
pub struct Kind {
    /// As TYPE answers it.
    pub name: &'static str,
    /// On disk and in digests; frozen by a test.
    pub tag: u8,
    /// Reads back what [`Object::freeze`] wrote.
    pub thaw: Thaw,
    /// The forms of Redis's serialisation that are values of this kind: no two kinds share one.
    pub forms: &'static [u8],
    /// Reads a value of one of these forms.
    pub restore: Restore,
}

/// Reads a value back, or says where its bytes are damaged.
pub type Thaw = fn(&[u8]) -> Result<Box<dyn Object>, Fault>;

/// Reads a value that Redis or [`Object::dump`] serialised, in the form given. What it reads is not
/// trusted: an error is `InvalidData` or `UnexpectedEof` unless the input itself fails.
pub type Restore = fn(form: u8, from: &mut dyn BufRead) -> io::Result<Box<dyn Object>>;

/// The tag of strings, which are no objects.
pub const STRING_TAG: u8 = 0;

/// What TYPE answers for strings.
pub const STRING_NAME: &str = "string";
