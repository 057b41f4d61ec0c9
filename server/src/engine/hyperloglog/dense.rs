//! engine/hyperloglog/dense.rs — six bits for each register, lowest bit first.

use super::REGISTERS;
use super::estimate::Histogram;

/// What the registers take.
pub(super) const BYTES: usize = REGISTERS / 4 * 3;

/// The bytes of all registers.
pub(super) type Registers = [u8; BYTES];

/// Where a register begins: its byte, and the bit in it.
fn place(index: usize) -> (usize, u32) {
    (index * 6 / 8, (index * 6 % 8) as u32)
}

/// A register's value.
pub(super) fn get(registers: &Registers, index: usize) -> u8 {
    let (byte, bit) = place(index);
    let next = registers.get(byte + 1).copied().unwrap_or_default();
    (u16::from_le_bytes([registers[byte], next]) >> bit) as u8 & 63
}

/// Raises a register; says whether it was lower.
pub(super) fn raise(registers: &mut Registers, index: usize, value: u8) -> bool {
    if get(registers, index) >= value {
        return false;
    }
    let (byte, bit) = place(index);
    let clear = !(63u16 << bit).to_le_bytes()[0];
    registers[byte] = registers[byte] & clear | value << bit;
    if bit > 2 {
        let next = &mut registers[byte + 1];
        *next = *next & !(63 >> (8 - bit)) | value >> (8 - bit);
    }
    true
}

/// The values of the eight registers in six bytes: each step splits every field in half.
#[inline(always)]
fn unpack(bytes: [u8; 6]) -> [u8; 8] {
    let [a, b, c, d, e, f] = bytes;
    let fields = u64::from_le_bytes([a, b, c, d, e, f, 0, 0]);
    let fields = fields & 0xFF_FFFF | (fields & 0xFFFF_FF00_0000) << 8;
    let fields = fields & 0x0000_0FFF_0000_0FFF | (fields & 0x00FF_F000_00FF_F000) << 4;
    let fields = fields & 0x003F_003F_003F_003F | (fields & 0x0FC0_0FC0_0FC0_0FC0) << 2;
    fields.to_le_bytes()
}

/// Counts the registers by value.
pub(super) fn count(registers: &Registers) -> Histogram {
    count_values(registers.as_chunks::<6>().0.iter().map(|&bytes| unpack(bytes)))
}

/// Counts values, eight at a time. Four counts are kept side by side: neighbours are often equal,
/// and a count that was just stored is slow to load again.
pub(super) fn count_values(values: impl Iterator<Item = [u8; 8]>) -> Histogram {
    let mut counts = [[0u32; 64]; 4];
    for eight in values {
        for (at, value) in eight.into_iter().enumerate() {
            let count = &mut counts[at % 4][usize::from(value & 63)];
            *count = count.wrapping_add(1);
        }
    }
    std::array::from_fn(|value| counts.iter().map(|counts| counts[value]).sum())
}

/// Raises each of `most` to the register's value.
pub(super) fn merge(registers: &Registers, most: &mut [u8; REGISTERS]) {
    let eight = most.as_chunks_mut::<8>().0;
    for (eight, &bytes) in eight.iter_mut().zip(registers.as_chunks::<6>().0) {
        let values = unpack(bytes);
        for (most, value) in eight.iter_mut().zip(values) {
            *most = value.max(*most);
        }
    }
}

/// Makes the registers hold these values.
pub(super) fn pack(values: &[u8; REGISTERS], registers: &mut Registers) {
    let three = registers.as_chunks_mut::<3>().0;
    for (three, &[a, b, c, d]) in three.iter_mut().zip(values.as_chunks::<4>().0) {
        *three = [a | b << 6, b >> 2 | c << 4, c >> 4 | d << 2];
    }
}
