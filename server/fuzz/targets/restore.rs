//! Drives `check_restore` with what the fuzzer finds.
#![no_main]

use mainstay_server_fuzz::check_restore;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check_restore(data));
