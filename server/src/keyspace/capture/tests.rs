//! keyspace/capture/tests.rs — captures against a copy made at the cut.
