//! Drives `check_thaw` with what the fuzzer finds.
#![no_main]

use mainstay_server_fuzz::check_thaw;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check_thaw(data));
