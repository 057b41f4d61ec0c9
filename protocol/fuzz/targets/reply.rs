//! Drives `check_reply` with what the fuzzer finds.
#![no_main]

use mainstay_protocol_fuzz::check_reply;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check_reply(data));
