//! engine/pubsub/receivers.rs — who listens to one channel: a dense list to send by, and beside a
//! long one a map of places, so that leaving does not search.

use hashbrown::HashMap;

use crate::mail::Address;
use crate::structure::FixedState;

/// A list longer than this has a map of places.
const SEARCHED_MAX: usize = 32;

/// See the module. The order changes when somebody leaves: receivers cannot tell.
#[derive(Default)]
pub(super) struct Receivers {
    list: Vec<Address>,
    places: Option<Box<HashMap<Address, usize, FixedState>>>,
}

impl Receivers {
    /// Adds a receiver that is not there yet.
    pub(super) fn add(&mut self, address: Address) {
        let place = self.list.len();
        self.list.push(address);
        if let Some(places) = &mut self.places {
            places.insert(address, place);
        } else if place == SEARCHED_MAX {
            let all = self.list.iter().enumerate().map(|(place, &address)| (address, place));
            self.places = Some(Box::new(all.collect()));
        }
    }

    /// Removes a receiver; its place is taken by the last one.
    pub(super) fn remove(&mut self, address: Address) {
        let place = match &mut self.places {
            Some(places) => places.remove(&address),
            None => self.list.iter().position(|&other| other == address),
        };
        let Some(place) = place else { return };
        self.list.swap_remove(place);
        if let (Some(places), Some(&moved)) = (&mut self.places, self.list.get(place)) {
            places.insert(moved, place);
        }
        if self.list.len() < SEARCHED_MAX / 2 {
            self.places = None;
        }
    }

    #[inline]
    pub(super) fn all(&self) -> &[Address] {
        &self.list
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
