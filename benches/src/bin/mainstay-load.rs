//! `mainstay-load`.
fn main() {}
