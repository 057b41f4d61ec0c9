//! Drives `check_round_trip` with what the fuzzer finds.
#![no_main]

use mainstay_protocol_fuzz::check_round_trip;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check_round_trip(data));
