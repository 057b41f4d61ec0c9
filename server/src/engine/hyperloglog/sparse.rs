//! engine/hyperloglog/sparse.rs — runs of equal registers, for values that few elements made.
//!
//! ```text
//! 00llllll            ZERO:  up to 64 registers of 0
//! 01llllll llllllll   XZERO: up to 16,384 registers of 0
//! 1vvvvvll            VAL:   up to 4 registers of the same value, 1 to 32
//! ```
//!
//! Lengths and values are stored less one. How a run is split and what is joined afterwards is
//! Redis's way to the byte, though other bytes could say the same.

use smallvec::SmallVec;

use super::REGISTERS;
use super::estimate::Histogram;
use super::sketch::HEADER;

/// A value longer than this becomes dense: the default of Redis's `hll-sparse-max-bytes`. It is no
/// setting, since the value's bytes depend on it: two machines with different limits would make
/// different values of the same commands.
pub(super) const BYTES_MAX: usize = 3000;

/// No valid value is longer: a run is of at least one register, in at most two bytes.
pub(super) const VALID_BYTES_MAX: usize = HEADER + 2 * REGISTERS;

/// The highest value of a register in this form.
const VALUE_MAX: u8 = 32;
const ZERO_MAX: usize = 64;
const VAL_MAX: usize = 4;

/// A whole value, header included.
pub(super) type Bytes = SmallVec<[u8; 4096]>;

/// The bytes say nothing that Redis could have written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Corrupt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Zero,
    LongZero,
    Value(u8),
}

/// A run of equal registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    code: Code,
    /// Registers.
    len: usize,
}

impl Run {
    /// The run that begins at a byte; `None` at the end. A cut XZERO reads as if a 0 followed.
    #[inline]
    fn at(bytes: &[u8], at: usize) -> Option<Run> {
        let byte = *bytes.get(at)?;
        Some(match byte >> 6 {
            0 => Run { code: Code::Zero, len: usize::from(byte) + 1 },
            1 => {
                let low = bytes.get(at + 1).copied().unwrap_or_default();
                Run { code: Code::LongZero, len: usize::from(byte & 63) << 8 | usize::from(low) }
                    .longer()
            }
            _ => {
                let value = Code::Value((byte >> 2 & 31) + 1);
                Run { code: value, len: usize::from(byte & 3) + 1 }
            }
        })
    }

    fn longer(self) -> Run {
        Run { len: self.len + 1, ..self }
    }

    /// Bytes it takes.
    fn size(self) -> usize {
        if self.code == Code::LongZero { 2 } else { 1 }
    }

    /// The value of its registers.
    fn value(self) -> u8 {
        match self.code {
            Code::Value(value) => value,
            Code::Zero | Code::LongZero => 0,
        }
    }
}

/// VAL.
fn val(value: u8, len: usize) -> u8 {
    0x80 | (value - 1) << 2 | (len as u8 - 1)
}

/// Appends the shortest run of zeros; nothing for none.
fn push_zeros(len: usize, to: &mut SmallVec<[u8; 8]>) {
    match len {
        0 => {}
        1..=ZERO_MAX => to.push(len as u8 - 1),
        _ => to.extend_from_slice(&((len - 1) as u16 | 0x4000).to_be_bytes()),
    }
}

/// Appends a run of a value; nothing for none.
fn push_val(value: u8, len: usize, to: &mut SmallVec<[u8; 8]>) {
    if len > 0 {
        to.push(val(value, len));
    }
}

/// Shows all runs: how many registers, and their value.
///
/// # Errors
/// They are not of 16,384 registers.
pub(super) fn each_run(bytes: &[u8], mut show: impl FnMut(usize, u8)) -> Result<(), Corrupt> {
    let (mut at, mut registers) = (HEADER, 0);
    while let Some(run) = Run::at(bytes, at) {
        registers += run.len;
        if registers > REGISTERS {
            return Err(Corrupt);
        }
        show(run.len, run.value());
        at += run.size();
    }
    if registers == REGISTERS { Ok(()) } else { Err(Corrupt) }
}

/// Counts the registers by value.
///
/// # Errors
/// See [`each_run`].
pub(super) fn count(bytes: &[u8]) -> Result<Histogram, Corrupt> {
    let mut counts = [0; 64];
    each_run(bytes, |len, value| counts[usize::from(value)] += len as u32)?;
    Ok(counts)
}

/// Raises each of `most` to the register's value.
///
/// # Errors
/// See [`each_run`].
pub(super) fn merge(bytes: &[u8], most: &mut [u8; REGISTERS]) -> Result<(), Corrupt> {
    let mut index = 0;
    each_run(bytes, |len, value| {
        if value > 0 {
            most[index..index + len].iter_mut().for_each(|most| *most = value.max(*most));
        }
        index += len;
    })
}

/// A register's value. Looks no further than it must.
///
/// # Errors
/// The runs end before it.
pub(super) fn get(bytes: &[u8], index: usize) -> Result<u8, Corrupt> {
    let (mut at, mut first) = (HEADER, 0);
    loop {
        let run = Run::at(bytes, at).ok_or(Corrupt)?;
        if index < first + run.len {
            return Ok(run.value());
        }
        first += run.len;
        at += run.size();
    }
}

/// The runs as PFDEBUG DECODE shows them.
pub(super) fn decode(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut at = HEADER;
    while let Some(run) = Run::at(bytes, at) {
        let space = if text.is_empty() { "" } else { " " };
        text += &match run.code {
            Code::Zero => format!("{space}z:{}", run.len),
            Code::LongZero => format!("{space}Z:{}", run.len),
            Code::Value(value) => format!("{space}v:{value},{}", run.len),
        };
        at += run.size();
    }
    text
}

/// What became of a register that was to be raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raised {
    /// It is as high already.
    Not,
    /// It was raised.
    Yes,
    /// This form cannot hold it; nothing was changed.
    TooMuch,
}

/// Where a search may begin: a byte at which a run begins, and the first register of that run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    at: usize,
    first: usize,
}

impl Spot {
    pub(super) const START: Spot = Spot { at: HEADER, first: 0 };

    fn step(&mut self, run: Run) {
        self.at += run.size();
        self.first += run.len;
    }
}

/// How many runs a [`Spot`] stays behind. Raising a register joins runs from the one before it on,
/// and a joined run has at most four registers, so the next higher register's run begins at most
/// two runs further left.
const LAG: usize = 8;

/// Raises a register. `from` is where to begin looking: at [`Spot::START`], or where the raise of a
/// lower register has left it.
///
/// # Errors
/// The runs end before the register.
pub(super) fn raise(
    bytes: &mut Bytes,
    from: &mut Spot,
    index: usize,
    value: u8,
) -> Result<Raised, Corrupt> {
    if value > VALUE_MAX {
        return Ok(Raised::TooMuch);
    }
    let (mut here, mut before, mut passed) = (*from, None, 0);
    let run = loop {
        let run = Run::at(bytes, here.at).ok_or(Corrupt)?;
        if index < here.first + run.len {
            break run;
        }
        before = Some(here.at);
        here.step(run);
        passed += 1;
        if passed > LAG
            && let Some(run) = Run::at(bytes, from.at)
        {
            from.step(run);
        }
    };
    match run {
        Run { code: Code::Value(held), .. } if held >= value => return Ok(Raised::Not),
        Run { code: Code::Value(_) | Code::Zero, len: 1 } => bytes[here.at] = val(value, 1),
        _ => {
            let (ahead, behind) = (index - here.first, here.first + run.len - 1 - index);
            let mut split: SmallVec<[u8; 8]> = SmallVec::new();
            match run.code {
                Code::Value(held) => {
                    push_val(held, ahead, &mut split);
                    split.push(val(value, 1));
                    push_val(held, behind, &mut split);
                }
                Code::Zero | Code::LongZero => {
                    push_zeros(ahead, &mut split);
                    split.push(val(value, 1));
                    push_zeros(behind, &mut split);
                }
            }
            let size = run.size().min(bytes.len() - here.at);
            if split.len() > size && bytes.len() - size + split.len() > BYTES_MAX {
                return Ok(Raised::TooMuch);
            }
            replace(bytes, here.at, size, &split);
        }
    }
    join(bytes, before.unwrap_or(HEADER));
    Ok(Raised::Yes)
}

/// Puts bytes in the place of others.
fn replace(bytes: &mut Bytes, at: usize, size: usize, new: &[u8]) {
    let (len, end) = (bytes.len(), at + size);
    if new.len() > size {
        bytes.resize(len + new.len() - size, 0);
    }
    bytes.copy_within(end..len, at + new.len());
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes.truncate(len + new.len() - size);
}

/// Joins neighbouring runs of the same value, in five looks from a run on.
fn join(bytes: &mut Bytes, mut at: usize) {
    for _ in 0..5 {
        let Some(run) = Run::at(bytes, at) else { return };
        if let (Code::Value(value), Some(next)) = (run.code, Run::at(bytes, at + 1))
            && run.code == next.code
            && run.len + next.len <= VAL_MAX
        {
            bytes[at] = val(value, run.len + next.len);
            bytes.remove(at + 1);
        } else {
            at += run.size();
        }
    }
}
