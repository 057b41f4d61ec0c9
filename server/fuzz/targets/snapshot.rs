//! Drives `check_snapshot` with what the fuzzer finds.
#![no_main]

use mainstay_server_fuzz::check_snapshot;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check_snapshot(data));
