//! keyspace/placement.rs — what must be known of a type so that its values can lie inside entries.
//!
//! A box of its own and a fat pointer to it would cost a small hash 32 bytes, a fifth of all it
//! takes. So an entry holds the object itself, and a byte beside it says of which kind: the kind's
//! tag, which leads to the [`Placement`] of its type.
//!
//! Invariants: one tag belongs to one type for as long as the process runs; [`Placement::known`]
//! answers for a tag only after [`Placement::of`] was asked for it, which is what whoever makes an
//! entry does first.

use std::any::TypeId;
use std::sync::OnceLock;

use super::object::{Kind, Object};

/// The largest object that may lie in an entry. Larger ones belong in a box of their own: an entry
/// is written anew when its key is renamed.
pub(super) const SIZE_MAX: usize = 256;

/// The alignment of objects in entries.
pub(super) const ALIGN: usize = 8;

/// See the module.
#[derive(Clone, Copy)]
pub struct Placement {
    type_id: TypeId,
    pub(super) size: usize,
    view: fn(*mut u8) -> *mut dyn Object,
}

static KNOWN: [OnceLock<Placement>; 256] = [const { OnceLock::new() }; 256];

/// What every [`Object`] can say of its own type, whoever asks.
pub trait Placed {
    /// Where values of this type lie in entries.
    fn placement(&self) -> Placement;
}

impl<T: Object> Placed for T {
    fn placement(&self) -> Placement {
        Placement::new::<T>()
    }
}

impl Placement {
    fn new<T: Object>() -> Placement {
        const {
            assert!(size_of::<T>() <= SIZE_MAX, "too large for an entry: box a part of it");
            assert!(align_of::<T>() <= ALIGN, "aligned to more than an entry is");
        }
        Placement { type_id: TypeId::of::<T>(), size: size_of::<T>(), view: view::<T> }
    }

    /// The placement of an object's type, which from now on is known by its kind's tag.
    ///
    /// # Panics
    /// If values of another type have the same tag: a mistake in the program, which its first run
    /// shows.
    pub(super) fn of(object: &dyn Object) -> (u8, &'static Placement) {
        let Kind { name, tag, .. } = *object.kind();
        let placement = object.placement();
        let known = KNOWN[usize::from(tag)].get_or_init(|| placement);
        assert!(known.type_id == placement.type_id, "two types of kind {name:?}, tag {tag}");
        (tag, known)
    }

    /// What [`Placement::of`] once said of a tag.
    #[inline]
    pub(super) fn known(tag: u8) -> &'static Placement {
        match KNOWN[usize::from(tag)].get() {
            Some(placement) => placement,
            None => unreachable!("an entry holds an object whose kind nobody has met"),
        }
    }

    #[inline]
    pub(super) fn is_of<T: Object>(&self) -> bool {
        self.type_id == TypeId::of::<T>()
    }

    /// An address as a pointer to an object of the type. Reads nothing.
    #[inline]
    pub(super) fn view(&self, at: *mut u8) -> *mut dyn Object {
        (self.view)(at)
    }
}

fn view<T: Object>(at: *mut u8) -> *mut dyn Object {
    at.cast::<T>()
}
