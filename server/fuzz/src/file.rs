//! Any bytes as a file of Redis's.

use mainstay_server::persist::rdb::file::{Part, Reader, scan};

/// What a value may be in memory while it is scanned.
const SCANNED_BYTES_MAX: usize = 1 << 20;

/// Goes through bytes as an RDB file and checks that
/// - going through it ends, at the end of the file or with damage somewhere in it;
/// - nothing takes memory that the bytes do not pay for.
pub fn check_file(data: &[u8]) {
    let mut reader = match Reader::new(data) {
        Ok(reader) => reader,
        Err(damage) => return assert_eq!(damage.offset, 0),
    };
    let mut body = Vec::new();
    loop {
        let before = reader.offset();
        match reader.next_part() {
            Ok(Part::End) => return,
            Ok(Part::Key { form, .. }) => {
                body.clear();
                let scanned = scan(form, reader.input(), &mut body, SCANNED_BYTES_MAX);
                assert!(body.len() <= data.len(), "more than there was");
                if scanned.is_err() {
                    return;
                }
            }
            Ok(_) => {}
            Err(damage) => {
                assert!(damage.offset <= data.len() as u64, "damage behind the end: {damage}");
                assert!(!damage.to_string().is_empty());
                return;
            }
        }
        assert!(reader.offset() > before, "a part of no bytes");
        assert!(reader.offset() <= data.len() as u64);
    }
}
