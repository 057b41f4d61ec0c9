//! The list: byte strings in order, quick at both ends and fair in the middle.
//!
//! The entries stand in segments of 4 KiB; a short list is one segment, a long one a directory of
//! them. A push or pop at an end touches one segment's edge. A value too large for a segment has
//! one of its own.
//!
//! Invariants: see `segment` and `directory`. How a list is cut into segments depends on its past
//! and shows in nothing but its weight. Cost: ends O(1); an index skips whole groups of segments by
//! their counts; a range costs that and its length. Not here: what Redis calls the encoding of a
//! list; it follows from [`List::len`] and [`List::bytes`].

mod directory;
mod iter;
mod segment;
#[cfg(test)]
mod tests;

use self::directory::Directory;
pub use self::iter::{Iter, IterBack};
pub use self::segment::End;
use self::segment::{FULL, Segment};

/// A list of byte strings. A 16-byte entry costs 18 bytes, and one percent for the segments.
pub struct List {
    form: Form,
    /// Bytes of all entries, with their lengths.
    bytes: usize,
}

enum Form {
    Short(Segment),
    Long(Box<Directory>),
}

impl Default for List {
    fn default() -> Self {
        Self::new()
    }
}

impl List {
    /// An empty list; allocates nothing.
    pub fn new() -> Self {
        Self { form: Form::Short(Segment::default()), bytes: 0 }
    }

    /// How many entries there are.
    #[inline]
    pub fn len(&self) -> usize {
        match &self.form {
            Form::Short(segment) => segment.len(),
            Form::Long(directory) => directory.len(),
        }
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of all entries, each with its length twice.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Heap bytes, in O(1).
    pub fn weight(&self) -> usize {
        match &self.form {
            Form::Short(segment) => segment.weight(),
            Form::Long(directory) => directory.weight() + size_of::<Directory>(),
        }
    }

    /// Adds an entry at an end.
    #[inline]
    pub fn push(&mut self, end: End, entry: &[u8]) {
        let pushed = match &mut self.form {
            Form::Short(segment) => segment.push(end, entry),
            Form::Long(directory) => directory
                .end(end)
                .and_then(|place| directory.change(place, |segment| segment.push(end, entry)))
                .unwrap_or(false),
        };
        if !pushed {
            self.push_segment(end, entry);
        }
        self.bytes += Segment::entry_bytes(entry.len());
    }

    #[cold]
    fn push_segment(&mut self, end: End, entry: &[u8]) {
        let mut segment = Segment::beside(end, entry.len());
        segment.push(end, entry);
        let directory = self.lengthen();
        if let Some(place) = directory.end(end) {
            directory.change(place, Segment::settle);
        }
        directory.add(end, segment);
    }

    /// The list as a directory.
    fn lengthen(&mut self) -> &mut Directory {
        if let Form::Short(segment) = &mut self.form {
            let only = std::mem::take(segment);
            self.form = Form::Long(Box::new(Directory::new(only)));
        }
        match &mut self.form {
            Form::Long(directory) => directory,
            Form::Short(_) => unreachable!("the form was set above"),
        }
    }

    /// The entry at an end.
    #[inline]
    pub fn peek(&self, end: End) -> Option<&[u8]> {
        match &self.form {
            Form::Short(segment) => segment.peek(end),
            Form::Long(directory) => directory.get(directory.end(end)?)?.peek(end),
        }
    }

    /// Shows the entry at an end and removes it; `None` when there is none.
    #[inline]
    pub fn pop<R>(&mut self, end: End, show: impl FnOnce(&[u8]) -> R) -> Option<R> {
        let mut bytes = 0;
        let show = |entry: &[u8]| {
            bytes = Segment::entry_bytes(entry.len());
            show(entry)
        };
        let shown = match &mut self.form {
            Form::Short(segment) => segment.pop(end, show),
            Form::Long(directory) => {
                let place = directory.end(end)?;
                directory.change(place, |segment| segment.pop(end, show))?
            }
        };
        self.bytes -= bytes;
        self.shorten();
        shown
    }

    /// Gives up the directory when one segment is left.
    #[inline]
    fn shorten(&mut self) {
        if let Form::Long(directory) = &mut self.form
            && directory.is_single()
        {
            self.form = Form::Short(directory.take_only());
        }
    }

    /// The entry of this index.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.iter_from(index).next()
    }

    /// The entries from first to last.
    pub fn iter(&self) -> Iter<'_> {
        self.iter_from(0)
    }

    /// The entries from this index to the last.
    pub fn iter_from(&self, index: usize) -> Iter<'_> {
        match &self.form {
            Form::Short(segment) => Iter::short(segment, index),
            Form::Long(directory) => Iter::long(directory, index),
        }
    }

    /// The entries from the last to the first.
    pub fn iter_back(&self) -> IterBack<'_> {
        self.iter_back_from(self.len().saturating_sub(1))
    }

    /// The entries from this index back to the first; from the last when the index is behind it.
    pub fn iter_back_from(&self, index: usize) -> IterBack<'_> {
        match &self.form {
            Form::Short(segment) => IterBack::short(segment, index),
            Form::Long(directory) => IterBack::long(directory, index),
        }
    }

    /// Replaces the entry of this index; false when there is none.
    pub fn set(&mut self, index: usize, entry: &[u8]) -> bool {
        let Some(old) = self.get(index).map(<[u8]>::len) else { return false };
        self.bytes = self.bytes - Segment::entry_bytes(old) + Segment::entry_bytes(entry.len());
        self.splice(index, 1, entry);
        true
    }

    /// Puts an entry before the one of this index, or behind the last; false when the index is
    /// beyond.
    pub fn insert(&mut self, index: usize, entry: &[u8]) -> bool {
        if index >= self.len() {
            let behind = index == self.len();
            if behind {
                self.push(End::Back, entry);
            }
            return behind;
        }
        self.bytes += Segment::entry_bytes(entry.len());
        self.splice(index, 0, entry);
        true
    }

    /// Replaces `gone` entries (none or one) at `index`, which exists, by `entry`. A segment that
    /// cannot take it is cut at the index.
    fn splice(&mut self, index: usize, gone: usize, entry: &[u8]) {
        if let Form::Short(segment) = &mut self.form
            && segment.splice(index, gone, &[entry])
        {
            return;
        }
        let directory = self.lengthen();
        let Some((place, index)) = directory.find(index) else { return };
        if directory.change(place, |segment| segment.splice(index, gone, &[entry])) == Some(true) {
            return;
        }
        // The back part first, so that `place` stays where it is.
        let back = directory.change(place, |segment| {
            let back = segment.split_off(index + gone);
            if gone > 0 {
                segment.splice(index, gone, &[]);
            }
            (back, segment.len())
        });
        let Some((mut back, left)) = back else { return };
        let mut middle = Segment::default();
        if back.len() > 0 && back.used() + Segment::entry_bytes(entry.len()) <= FULL {
            back.push(End::Front, entry);
        } else {
            middle.push(End::Back, entry);
        }
        // A front part that became empty is gone: then its place is free.
        let mut free = (place.0, place.1 + usize::from(left > 0));
        for segment in [back, middle] {
            if segment.len() > 0 {
                free = directory.insert(free, segment);
            }
        }
    }

    /// Frees about `most` segments and says how many it were, 0 when at most one is left. For a
    /// list that is to be dropped: nothing else may be called afterwards.
    pub fn shed(&mut self, most: usize) -> usize {
        match &mut self.form {
            Form::Short(_) => 0,
            Form::Long(directory) => directory.shed(most),
        }
    }

    /// Takes the entries from `index` on out, as a list of their own.
    ///
    /// Of a long list whole segments change hands, and only one is cut: ten million entries go in
    /// some hundred microseconds. What frees them is another matter, see [`List::shed`].
    pub fn split_off(&mut self, index: usize) -> List {
        let mut tail = List::new();
        if index >= self.len() {
            return tail;
        }
        match &mut self.form {
            Form::Short(segment) => {
                let cut = segment.split_off(index);
                tail.bytes = cut.used();
                tail.form = Form::Short(cut);
            }
            Form::Long(directory) => {
                let Some((mut place, at)) = directory.find(index) else { return tail };
                let mut cut = None;
                if at > 0 {
                    cut = directory.change(place, |segment| segment.split_off(at));
                    place.1 += 1;
                }
                let (mut rest, bytes) = directory.split_off(place);
                tail.bytes = bytes;
                if let Some(cut) = cut {
                    tail.bytes += cut.used();
                    rest.add(End::Front, cut);
                }
                tail.form = Form::Long(Box::new(rest));
            }
        }
        self.bytes -= tail.bytes;
        tail.shorten();
        self.shorten();
        tail
    }

    /// Removes `count` entries from `index` on, or as many as there are; returns how many.
    ///
    /// Whole segments are dropped unread, so trimming a long list costs its segments and not its
    /// entries.
    pub fn remove(&mut self, index: usize, count: usize) -> usize {
        let count = count.min(self.len().saturating_sub(index));
        let mut left = count;
        while left > 0 {
            let (gone, bytes) = match &mut self.form {
                Form::Short(segment) => segment.cut(index, left),
                Form::Long(directory) => {
                    let Some((place, at)) = directory.find(index) else { break };
                    let cut = directory.change(place, |segment| segment.cut(at, left));
                    directory.join(place);
                    cut.unwrap_or((left, 0))
                }
            };
            left -= gone;
            self.bytes -= bytes;
        }
        self.shorten();
        count
    }
}
