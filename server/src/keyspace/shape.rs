//! keyspace/shape.rs — up to which size a collection is one packed allocation.
//!
//! The settings of Redis that decide it (`hash-max-listpack-entries` and the others) are local: two
//! nodes may differ. So they change the form of a value and never its content: a collection has the
//! same elements in the same order in either form, whatever happens to it, and is frozen to the
//! same bytes. What they do change is memory, time, and what OBJECT ENCODING says.
//!
//! Handlers are given no settings, and a value is no place for a copy. So a thread that runs
//! commands [installs](Shape::install) what its process is set to; where nobody did, Redis's
//! defaults hold. A collection becomes big once and stays so.

use std::cell::Cell;

/// The most elements that are packed, whatever is set: a big set or hash of so many is one table,
/// whose order is that of a packed one.
const PACKED_ELEMENTS_MAX: usize = 2944;

/// The most bytes that are packed, whatever is set: every change moves half of them.
pub const PACKED_BYTES_MAX: usize = 64 << 10;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Hashes: `hash-max-listpack-entries` and `-value`.
    pub hash: Bounds,
    /// Sets: `set-max-listpack-entries` and `-value`.
    pub set: Bounds,
    /// Sorted sets: `zset-max-listpack-entries` and `-value`.
    pub sorted_set: Bounds,
    /// Sets of integers, which have an encoding of their own: `set-max-intset-entries`.
    pub integers: usize,
    /// Lists: `list-max-listpack-size`.
    pub list: Pack,
}

/// When a collection is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The most elements: fields of a hash, members of a set.
    pub elements: usize,
    /// The longest string among them, in bytes.
    pub bytes: usize,
}

/// The largest list that Redis keeps in one listpack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pack {
    /// The most elements.
    pub elements: usize,
    /// The most bytes, framing included.
    pub bytes: usize,
}

impl Bounds {
    /// Bounds as they are set; what no packed form should hold is cut off.
    pub fn new(elements: usize, bytes: usize) -> Bounds {
        let elements = elements.min(PACKED_ELEMENTS_MAX);
        Bounds { elements, bytes: bytes.min(PACKED_BYTES_MAX) }
    }
}

impl Pack {
    /// What `list-max-listpack-size` says: a number of elements, within 8 KiB, or -1 to -5 for 4,
    /// 8, 16, 32 and 64 KiB.
    pub fn new(size: i64) -> Pack {
        match usize::try_from(size) {
            Ok(elements) => Pack { elements: elements.max(1), bytes: 8 << 10 },
            Err(_) => Pack { elements: usize::MAX, bytes: 4096 << (-(size.max(-5)) - 1) },
        }
    }
}

impl Shape {
    /// Redis's defaults.
    pub const DEFAULT: Shape = Shape {
        hash: Bounds { elements: 512, bytes: 64 },
        set: Bounds { elements: 128, bytes: 64 },
        sorted_set: Bounds { elements: 128, bytes: 64 },
        integers: 512,
        list: Pack { elements: usize::MAX, bytes: 8 << 10 },
    };

    /// Makes this the shape of what the thread's commands do from now on.
    #[inline]
    pub fn install(self) {
        SHAPE.set(self);
    }

    /// What was installed last.
    #[inline]
    pub fn current() -> Shape {
        SHAPE.get()
    }
}

thread_local! {
    static SHAPE: Cell<Shape> = const { Cell::new(Shape::DEFAULT) };
}

#[cfg(test)]
mod tests {
    use super::{Bounds, PACKED_BYTES_MAX, PACKED_ELEMENTS_MAX, Pack};

    #[test]
    fn settings_become_bounds() {
        assert_eq!(Bounds::new(7, 9), Bounds { elements: 7, bytes: 9 });
        let most = Bounds { elements: PACKED_ELEMENTS_MAX, bytes: PACKED_BYTES_MAX };
        assert_eq!(Bounds::new(usize::MAX, usize::MAX), most);
        let bytes = [-1, -2, -3, -4, -5, -6, i64::MIN].map(|size| Pack::new(size).bytes >> 10);
        assert_eq!(bytes, [4, 8, 16, 32, 64, 64, 64]);
        assert_eq!(Pack::new(0), Pack { elements: 1, bytes: 8192 });
        assert_eq!(Pack::new(100), Pack { elements: 100, bytes: 8192 });
    }
}
