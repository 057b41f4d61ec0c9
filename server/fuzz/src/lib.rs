//! What must hold for any bytes: the checks behind the fuzz targets.
//!
//! Plain functions over the public interface, so that cargo-fuzz drives them with coverage on
//! nightly and `tests/it` drives them with damaged values on stable. Each panics when its promise
//! is broken.

mod file;
mod restore;
mod snapshot;
mod thaw;

pub use file::check_file;
pub use restore::check_restore;
pub use snapshot::check_snapshot;
pub use thaw::check_thaw;
