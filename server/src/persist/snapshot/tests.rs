//! persist/snapshot/tests.rs — files that are damaged, cut off or of another time.
