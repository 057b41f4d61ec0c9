//! structure/size_class.rs — how much memory the allocator really gives for a number of bytes.
//!
//! Weights count it, and entries use it: bytes that come for free are room to grow in place.

/// The bytes that an allocation of `bytes` takes from mimalloc 3: eight, then multiples of sixteen
/// up to 128, then four classes between one power of two and the next. (Measured: 24 bytes take 32,
/// 40 take 48.)
#[inline]
pub const fn room(bytes: usize) -> usize {
    if bytes <= 8 {
        return if bytes == 0 { 0 } else { 8 };
    }
    let step = if bytes <= 128 { 16 } else { 1 << (usize::BITS - (bytes - 1).leading_zeros() - 3) };
    (bytes + (step - 1)) & !(step - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_size_classes() {
        let classes = [8, 16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
        let mut expected = classes.iter();
        let mut class = 0;
        for bytes in 1..=320 {
            if bytes > class {
                class = *expected.next().expect("a class for every size");
            }
            assert_eq!(room(bytes), class, "{bytes} bytes");
        }
    }
}
