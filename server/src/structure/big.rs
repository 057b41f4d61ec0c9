//! structure/big.rs — non-negative integers of any size: as much as reading and printing an
//! [`Extended`](super::extended::Extended) needs.
//!
//! Lengths are bounded by what is read: a few thousand decimal digits.

use std::cmp::Ordering;
use std::fmt;

/// The least digit first, no zeros at the end.
#[derive(Debug, Clone)]
pub(super) struct Big(Vec<u32>);

/// The most decimal digits that fit one digit of ours, and their power of ten.
const CHUNK: usize = 9;
const CHUNK_POWER: u32 = 1_000_000_000;

impl From<u64> for Big {
    fn from(value: u64) -> Big {
        let mut big = Big(vec![value as u32, (value >> 32) as u32]);
        big.trim();
        big
    }
}

impl Big {
    /// The value of decimal digits.
    pub(super) fn from_decimal(digits: &[u8]) -> Big {
        let mut big = Big(Vec::with_capacity(digits.len() / CHUNK + 3));
        for chunk in digits.chunks(CHUNK) {
            let value = chunk.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
            big.multiply_add(10u32.pow(chunk.len() as u32), value);
        }
        big
    }

    pub(super) fn multiply_by_power_of_ten(&mut self, power: u32) {
        for _ in 0..power / CHUNK as u32 {
            self.multiply_add(CHUNK_POWER, 0);
        }
        self.multiply_add(10u32.pow(power % CHUNK as u32), 0);
    }

    fn multiply_add(&mut self, factor: u32, summand: u32) {
        let mut carry = u64::from(summand);
        for digit in &mut self.0 {
            carry += u64::from(*digit) * u64::from(factor);
            *digit = carry as u32;
            carry >>= 32;
        }
        if carry != 0 {
            self.0.push(carry as u32);
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// Bits without leading zeros.
    pub(super) fn bits(&self) -> u32 {
        self.0.last().map_or(0, |top| self.0.len() as u32 * 32 - top.leading_zeros())
    }

    pub(super) fn shift_left(&mut self, bits: u32) {
        if self.is_zero() {
            return;
        }
        let part = bits % 32;
        if part > 0 {
            let mut carry = 0;
            for digit in &mut self.0 {
                let shifted = u64::from(*digit) << part | carry;
                *digit = shifted as u32;
                carry = shifted >> 32;
            }
            if carry != 0 {
                self.0.push(carry as u32);
            }
        }
        if bits >= 32 {
            let whole = (bits / 32) as usize;
            self.0.splice(0..0, std::iter::repeat_n(0, whole));
        }
    }

    pub(super) fn compare(&self, other: &Big) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// Takes off something that is not greater.
    pub(super) fn subtract(&mut self, other: &Big) {
        let mut borrow = false;
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        for (digit, other) in self.0.iter_mut().zip(others) {
            let (less, first) = digit.overflowing_sub(other);
            let (less, second) = less.overflowing_sub(borrow.into());
            *digit = less;
            borrow = first || second;
        }
        debug_assert!(!borrow, "the subtrahend is not greater");
        self.trim();
    }

    fn divide_by_chunk(&mut self) -> u32 {
        let mut rest = 0u64;
        for digit in self.0.iter_mut().rev() {
            rest = rest << 32 | u64::from(*digit);
            *digit = (rest / u64::from(CHUNK_POWER)) as u32;
            rest %= u64::from(CHUNK_POWER);
        }
        self.trim();
        rest as u32
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

impl fmt::Display for Big {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.clone();
        let mut chunks = Vec::with_capacity(self.0.len() + self.0.len() / 14 + 1);
        while !left.is_zero() {
            chunks.push(left.divide_by_chunk());
        }
        write!(f, "{}", chunks.pop().unwrap_or(0))?;
        chunks.iter().rev().try_for_each(|chunk| write!(f, "{chunk:09}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    fn big(value: u128) -> Big {
        Big::from_decimal(value.to_string().as_bytes())
    }

    #[test]
    fn everything_agrees_with_128_bits() {
        let seed = 5;
        let mut dice = Dice::new(seed);
        for round in 0..2_000 {
            let mut draw = || {
                let wide = u128::from(dice.next()) << 64 | u128::from(dice.next());
                wide >> (20 + dice.below(108))
            };
            let (a, b) = (draw(), draw());
            let (less, more) = (a.min(b), a.max(b));
            assert_eq!(big(a).to_string(), a.to_string(), "seed {seed}, round {round}");
            assert_eq!(big(a).compare(&big(b)), a.cmp(&b));
            assert_eq!(big(a).bits(), 128 - a.leading_zeros());
            let mut difference = big(more);
            difference.subtract(&big(less));
            assert_eq!(difference.to_string(), (more - less).to_string());
            let (mut shifted, bits) = (big(a), (a % 20) as u32);
            shifted.shift_left(bits);
            assert_eq!(shifted.to_string(), (a << bits).to_string());
            let (mut scaled, power) = (big(a >> 60), (b % 14) as u32);
            scaled.multiply_by_power_of_ten(power);
            assert_eq!(scaled.to_string(), ((a >> 60) * 10u128.pow(power)).to_string());
        }
        let mut far = big(1);
        far.shift_left(100);
        assert_eq!(far.to_string(), (1u128 << 100).to_string());
    }
}
