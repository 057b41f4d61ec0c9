//! Drives `check_request` with what the fuzzer finds.
#![no_main]

use mainstay_protocol_fuzz::check_request;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check_request(data));
