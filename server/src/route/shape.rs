//! route/shape.rs — the forms of collections as the settings say, for the thread's commands.

use crate::keyspace::{Bounds, Pack, Shape};
use crate::settings::Settings;
use crate::settings::catalog as said;

/// What is set.
pub(super) fn read(settings: &Settings) -> Shape {
    let entries = |setting| usize::try_from(settings.integer(setting)).unwrap_or(0);
    let bytes = |setting| usize::try_from(settings.bytes(setting)).unwrap_or(usize::MAX);
    let bounds = |count, length| Bounds::new(entries(count), bytes(length));
    Shape {
        hash: bounds(&said::HASH_MAX_LISTPACK_ENTRIES, &said::HASH_MAX_LISTPACK_VALUE),
        set: bounds(&said::SET_MAX_LISTPACK_ENTRIES, &said::SET_MAX_LISTPACK_VALUE),
        sorted_set: bounds(&said::ZSET_MAX_LISTPACK_ENTRIES, &said::ZSET_MAX_LISTPACK_VALUE),
        integers: entries(&said::SET_MAX_INTSET_ENTRIES),
        list: Pack::new(settings.integer(&said::LIST_MAX_LISTPACK_SIZE)),
    }
}

#[cfg(test)]
mod tests {
    use crate::keyspace::Shape;
    use crate::settings::Settings;

    #[test]
    fn the_defaults_are_those_of_the_settings() {
        assert_eq!(super::read(&Settings::new(&crate::catalog::settings())), Shape::DEFAULT);
    }
}
