//! A collection behind eight bytes: packed while it is small, a box of something else once it is
//! big.
//!
//! An enum of the two would be sixteen bytes, and a million small hashes have a million of them. So
//! the form is a bit of the byte that a [`Thin`] leaves free, and the other seven bits are a *note*
//! of the owner's.
//!
//! Invariant: the mark has [`BIG`] exactly when the word holds an address from `Box::into_raw` that
//! nothing else owns. Not here: when a collection changes its form.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use super::packed::Packed;
use super::thin::Thin;

/// The bit of the mark that says the word is a box.
const BIG: u8 = 0x80;

/// A packed sequence or a `B`, in eight bytes.
pub struct Small<B> {
    word: Packed,
    big: PhantomData<Box<B>>,
}

/// What a [`Small`] is at the moment.
pub enum Form<P, B> {
    /// One packed allocation.
    Packed(P),
    /// A box.
    Big(B),
}

impl<B> Default for Small<B> {
    fn default() -> Self {
        Self { word: Packed::new(), big: PhantomData }
    }
}

impl<B> Small<B> {
    /// The packed sequence with a note of 0.
    pub fn packed(packed: Packed) -> Self {
        let mut small = Self { word: packed, big: PhantomData };
        small.word.0.set_mark(0);
        small
    }

    /// The big form with a note of 0.
    pub fn big(big: Box<B>) -> Self {
        let mut word = Thin::hold(Box::into_raw(big).cast());
        word.set_mark(BIG);
        Self { word: Packed(word), big: PhantomData }
    }

    /// Whether it is packed.
    #[inline]
    pub fn is_packed(&self) -> bool {
        self.word.0.mark() & BIG == 0
    }

    /// What it is.
    #[inline]
    pub fn form(&self) -> Form<&Packed, &B> {
        if self.is_packed() {
            return Form::Packed(&self.word);
        }
        // SAFETY: the mark says that the address is that of a box this value owns, and `&self`
        // keeps it shared.
        Form::Big(unsafe { &*self.word.0.held().cast::<B>() })
    }

    /// What it is, to change it. The form cannot change through this.
    #[inline]
    pub fn form_mut(&mut self) -> Form<&mut Packed, &mut B> {
        if self.is_packed() {
            return Form::Packed(&mut self.word);
        }
        // SAFETY: as in `form`, and `&mut self` makes the reference the only one.
        Form::Big(unsafe { &mut *self.word.0.held().cast::<B>() })
    }

    /// The owner's seven bits.
    #[inline]
    pub fn note(&self) -> u8 {
        self.word.0.mark() & !BIG
    }

    /// Sets the owner's seven bits; a higher one is left out.
    #[inline]
    pub fn set_note(&mut self, note: u8) {
        let form = self.word.0.mark() & BIG;
        self.word.0.set_mark(form | note & !BIG);
    }

    /// Puts another form in place of this one and keeps the note.
    pub fn replace(&mut self, other: Self) {
        let note = self.note();
        *self = other;
        self.set_note(note);
    }
}

impl<B> Drop for Small<B> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_packed() {
            // SAFETY: as in `form`; the word itself frees nothing, since it reads as an empty
            // string.
            drop(unsafe { Box::from_raw(self.word.0.held().cast::<B>()) });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::{Form, Small};
    use crate::structure::packed::Packed;
    use crate::structure::thin::tests::LIVE;

    #[test]
    fn both_forms_keep_the_note_and_are_freed_once() {
        assert_eq!(size_of::<Small<[u64; 9]>>(), 8);
        let (live, count) = (LIVE.get(), Rc::new(()));
        for note in [0, 1, 0x55, 0x7f] {
            let mut small = Small::<(Rc<()>, u64)>::default();
            small.set_note(note);
            for len in 0..300usize {
                let Form::Packed(packed) = small.form_mut() else { panic!("it is packed") };
                packed.push_back([&vec![7; len % 20]]);
                assert_eq!((packed.len(), small.note()), (len + 1, note));
            }
            small.replace(Small::big(Box::new((Rc::clone(&count), 5))));
            assert_eq!((small.is_packed(), small.note(), LIVE.get()), (false, note, live));
            let Form::Big(big) = small.form_mut() else { panic!("it is big") };
            big.1 += 1;
            assert!(matches!(small.form(), Form::Big((_, 6))));
            small.replace(Small::big(Box::new((Rc::clone(&count), 7))));
            assert_eq!(Rc::strong_count(&count), 2);
            small.replace(Small::packed(Packed::new()));
            assert_eq!(
                (small.is_packed(), small.note(), Rc::strong_count(&count)),
                (true, note, 1)
            );
        }
        drop(Small::big(Box::new((Rc::clone(&count), 5))));
        assert_eq!(Rc::strong_count(&count), 1);
    }
}
