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

/// The values of the four registers in three bytes.
#[inline]
fn unpack(bytes: [u8; 3]) -> [u8; 4] {
    let [a, b, c] = bytes;
    [a & 63, (a >> 6 | b << 2) & 63, (b >> 4 | c << 4) & 63, c >> 2]
}

/// Counts the registers by value.
pub(super) fn count(registers: &Registers) -> Histogram {
    // Four counts side by side: neighbours are often equal, and a count that was just stored is
    // slow to load again.
    let mut counts = [[0u32; 64]; 4];
    for &bytes in registers.as_chunks::<3>().0 {
        for (counts, value) in counts.iter_mut().zip(unpack(bytes)) {
            counts[usize::from(value & 63)] += 1;
        }
    }
    std::array::from_fn(|value| counts.iter().map(|counts| counts[value]).sum())
}

/// Raises each of `most` to the register's value.
pub(super) fn merge(registers: &Registers, most: &mut [u8; REGISTERS]) {
    let four = most.as_chunks_mut::<4>().0;
    for (four, &bytes) in four.iter_mut().zip(registers.as_chunks::<3>().0) {
        let values = unpack(bytes);
        for (most, value) in four.iter_mut().zip(values) {
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
