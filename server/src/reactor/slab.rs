//! reactor/slab.rs — the connections of a loop, by place. A place that becomes free is used again
//! under the next generation, so that mail for the one before does not reach the one after.

use crate::connection::Connection;
use crate::mail::Address;

/// See the module.
#[derive(Default)]
pub(super) struct Slab {
    places: Vec<Place>,
    free: Vec<usize>,
    count: usize,
}

#[derive(Default)]
struct Place {
    generation: u16,
    connection: Option<Box<Connection>>,
}

impl Slab {
    /// A free place, and the generation that uses it next.
    pub(super) fn reserve(&mut self) -> (usize, u16) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place::default());
            self.places.len() - 1
        });
        (place, self.places[place].generation)
    }

    /// Gives a reserved place back.
    pub(super) fn release(&mut self, place: usize) {
        self.free.push(place);
    }

    pub(super) fn put(&mut self, place: usize, connection: Connection) {
        self.places[place].connection = Some(Box::new(connection));
        self.count += 1;
    }

    #[inline]
    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut Connection> {
        self.places.get_mut(place)?.connection.as_deref_mut()
    }

    pub(super) fn take(&mut self, place: usize) -> Option<Box<Connection>> {
        let slot = self.places.get_mut(place)?;
        let connection = slot.connection.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(place);
        self.count -= 1;
        Some(connection)
    }

    /// Whether the address means the connection that is there now.
    #[inline]
    pub(super) fn is_current(&self, address: Address) -> bool {
        self.places
            .get(address.place as usize)
            .is_some_and(|slot| slot.generation == address.generation && slot.connection.is_some())
    }

    /// The connection that the address means, if it is still there.
    #[inline]
    pub(super) fn current(&mut self, address: Address) -> Option<&mut Connection> {
        let slot = self.places.get_mut(address.place as usize)?;
        if slot.generation != address.generation {
            return None;
        }
        slot.connection.as_deref_mut()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many places there are, taken or not.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The places that are taken.
    pub(super) fn places(&self) -> Vec<usize> {
        (0..self.places.len()).filter(|&place| self.places[place].connection.is_some()).collect()
    }
}
