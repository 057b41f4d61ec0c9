//! persist/rdb/crc64.rs — the checksum of RDB: CRC-64 by Jones's polynomial, bits reflected, from
//! zero and without a final complement.
//!
//! Sixteen bytes at a step, each looked up in a table of its own.

/// The polynomial, bits reflected.
const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;

const STEP: usize = 16;

static TABLES: [[u64; 256]; STEP] = tables();

const fn tables() -> [[u64; 256]; STEP] {
    let mut tables = [[0; 256]; STEP];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ POLYNOMIAL } else { sum >> 1 };
            bit += 1;
        }
        tables[0][byte] = sum;
        byte += 1;
    }
    let mut behind = 1;
    while behind < STEP {
        let mut byte = 0;
        while byte < 256 {
            let sum = tables[behind - 1][byte];
            tables[behind][byte] = sum >> 8 ^ tables[0][(sum & 0xff) as usize];
            byte += 1;
        }
        behind += 1;
    }
    tables
}

/// The checksum of `bytes` behind others whose checksum is `sum`; 0 if there are none.
pub fn crc64(mut sum: u64, bytes: &[u8]) -> u64 {
    let (steps, rest) = bytes.as_chunks::<STEP>();
    for step in steps {
        let mut mixed = *step;
        for (byte, own) in mixed.iter_mut().zip(sum.to_le_bytes()) {
            *byte ^= own;
        }
        sum = 0;
        for (at, &byte) in mixed.iter().enumerate() {
            sum ^= TABLES[STEP - 1 - at][usize::from(byte)];
        }
    }
    for &byte in rest {
        sum = sum >> 8 ^ TABLES[0][usize::from(sum as u8 ^ byte)];
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::crc64;

    #[test]
    fn it_is_the_checksum_of_redis() {
        // From Redis's crc64.c.
        assert_eq!(crc64(0, b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        let text: Vec<u8> = (0..1000u32).map(|n| ((n * n) >> 3) as u8).collect();
        let at_once = crc64(0, &text);
        for cut in [1, 15, 16, 17, 500, 999] {
            let (one, other) = text.split_at(cut);
            assert_eq!(crc64(crc64(0, one), other), at_once, "cut at {cut}");
            let bytewise = text.iter().fold(0, |sum, &byte| crc64(sum, &[byte]));
            assert_eq!(bytewise, at_once);
        }
    }
}
