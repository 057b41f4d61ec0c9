//! Drives `check_file` with what the fuzzer finds.
#![no_main]

use mainstay_server_fuzz::check_file;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check_file(data));
