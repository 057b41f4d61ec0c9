//! Any bytes as a value that a snapshot holds.

use mainstay_server::catalog;

/// Reads bytes as a frozen value, whose kind the first one chooses, and checks that what thaws is
/// frozen to the same bytes again.
pub fn check_thaw(data: &[u8]) {
    let Some((&chosen, bytes)) = data.split_first() else { return };
    let kinds: Vec<_> = catalog::kinds().collect();
    let kind = kinds[usize::from(chosen) % kinds.len()];
    let Ok(value) = (kind.thaw)(bytes) else { return };
    let mut frozen = Vec::new();
    value.freeze(&mut frozen);
    assert_eq!(frozen, bytes, "a {} that is frozen in two ways", kind.name);
}
