//! keyspace/digest.rs — one number that says whether two keyspaces mean the same.
//!
//! The sum over all live entries of the hash of (database, key, deadline, kind, frozen value), and
//! over what is on the shelves. The
//! order of keys does not count, the order within a container does: a later SPOP depends on it.

use super::keys::Keys;
use super::object::STRING_TAG;
use super::value::Value;
use crate::structure::hash;

/// The seed of the digest's own hash; unlike the keyspace's it is the same everywhere.
const SEED: u64 = 0x6D61_696E_7374_6179;

impl Keys<'_> {
    /// The digest of the database that is selected, at the view's time.
    pub fn digest(&self) -> u64 {
        let mut sum = 0u64;
        let mut bytes = Vec::new();
        self.each_with_deadline(|key, value, deadline| {
            bytes.clear();
            bytes.extend_from_slice(&deadline.to_le_bytes());
            bytes.extend_from_slice(&(key.len() as u64).to_le_bytes());
            bytes.extend_from_slice(key);
            match value {
                Value::String(string) => {
                    bytes.push(STRING_TAG);
                    bytes.extend_from_slice(string);
                }
                Value::Object(object) => {
                    bytes.push(object.kind().tag);
                    object.freeze_at(self.now(), &mut bytes);
                }
            }
            sum = sum.wrapping_add(hash(&bytes, SEED ^ self.database() as u64));
        });
        for kept in self.shelf().each() {
            bytes.clear();
            bytes.push(kept.kind().tag);
            kept.freeze(&mut bytes);
            sum = sum.wrapping_add(hash(&bytes, !SEED ^ self.database() as u64));
        }
        sum
    }
}
