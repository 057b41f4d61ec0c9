//! What must hold for any bytes: the checks behind the fuzz targets.
//!
//! Plain functions over the public interface, so that cargo-fuzz drives them with coverage on
//! nightly and the crate's own tests drive them with random inputs on stable. Each panics when its
//! promise is broken.

mod chooser;
mod reply;
mod request;
mod round_trip;

pub use reply::check_reply;
pub use request::check_request;
pub use round_trip::check_round_trip;
