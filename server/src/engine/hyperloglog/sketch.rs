//! engine/hyperloglog/sketch.rs — a whole value: its header, its form, and a copy to be changed.

use super::dense::{self, Registers};
use super::estimate::estimate;
use super::sparse::{self, Bytes, Corrupt, Raised, Spot};
use super::{REGISTERS, element};

/// Bytes before the registers.
pub(super) const HEADER: usize = 16;
const MAGIC: &[u8; 4] = b"HYLL";
const FORM: usize = 4;
const DENSE: u8 = 0;
const SPARSE: u8 = 1;
/// Where the cardinality is; the highest bit of the last byte says that it is out of date.
const CARDINALITY: std::ops::Range<usize> = 8..HEADER;
const STALE: u8 = 0x80;

/// Why a string cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It does not look like a HyperLogLog.
    Other,
    /// It does, and its registers make no sense.
    Corrupt,
}

impl From<Corrupt> for Wrong {
    fn from(_: Corrupt) -> Wrong {
        Wrong::Corrupt
    }
}

/// A value to look at. What is here has a right header; sparse runs are looked at when needed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sketch<'a> {
    /// All bytes, header included.
    Sparse(&'a [u8]),
    /// All bytes, and the registers.
    Dense(&'a [u8], &'a Registers),
}

impl<'a> Sketch<'a> {
    /// A string as a HyperLogLog.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Sketch<'a>, Wrong> {
        if bytes.len() < HEADER || !bytes.starts_with(MAGIC) {
            return Err(Wrong::Other);
        }
        match bytes[FORM] {
            DENSE => {
                let registers = bytes[HEADER..].try_into().map_err(|_| Wrong::Other)?;
                Ok(Sketch::Dense(bytes, registers))
            }
            // So long a value is not even walked through.
            SPARSE if bytes.len() > sparse::VALID_BYTES_MAX => Err(Wrong::Corrupt),
            SPARSE => Ok(Sketch::Sparse(bytes)),
            _ => Err(Wrong::Other),
        }
    }

    fn bytes(self) -> &'a [u8] {
        match self {
            Sketch::Sparse(bytes) | Sketch::Dense(bytes, _) => bytes,
        }
    }

    /// The cardinality that was stored, unless it is out of date.
    pub(super) fn stored(self) -> Option<u64> {
        let bytes = self.bytes()[CARDINALITY].try_into().map(u64::from_le_bytes);
        bytes.ok().filter(|stored| stored >> 63 == 0)
    }

    /// Counts anew.
    ///
    /// # Errors
    /// [`Wrong::Corrupt`].
    pub(super) fn count(self) -> Result<u64, Wrong> {
        Ok(estimate(&match self {
            Sketch::Sparse(bytes) => sparse::count(bytes)?,
            Sketch::Dense(_, registers) => dense::count(registers),
        }))
    }

    /// Raises each of `most` to the register's value.
    ///
    /// # Errors
    /// [`Wrong::Corrupt`]; some may have been raised.
    pub(super) fn merge(self, most: &mut [u8; REGISTERS]) -> Result<(), Wrong> {
        match self {
            Sketch::Sparse(bytes) => sparse::merge(bytes, most)?,
            Sketch::Dense(_, registers) => dense::merge(registers, most),
        }
        Ok(())
    }
}

/// The registers of a dense value that is to be changed in place, whose cardinality is from now on
/// out of date.
pub(super) fn registers_mut(bytes: &mut [u8]) -> Option<&mut Registers> {
    *bytes.get_mut(HEADER - 1)? |= STALE;
    bytes.get_mut(HEADER..)?.try_into().ok()
}

/// Stores a cardinality.
pub(super) fn store(bytes: &mut [u8], cardinality: u64) {
    if let Some(place) = bytes.get_mut(CARDINALITY) {
        place.copy_from_slice(&cardinality.to_le_bytes());
    }
}

/// The number of different elements of which these are the registers.
pub(super) fn count_values(values: &[u8; REGISTERS]) -> u64 {
    estimate(&dense::count_values(values.as_chunks::<8>().0.iter().copied()))
}

/// A value that is being made or changed, apart from the keys: what goes wrong leaves nothing
/// behind.
pub(super) struct Draft {
    bytes: Bytes,
    /// See [`sparse::raise`].
    spot: Spot,
}

impl Draft {
    /// A value that has seen nothing: a single run of zeros.
    pub(super) fn empty() -> Draft {
        let mut bytes = Bytes::from_slice(&[0; HEADER]);
        bytes[..MAGIC.len()].copy_from_slice(MAGIC);
        bytes[FORM] = SPARSE;
        bytes.extend_from_slice(&[0x7F, 0xFF]);
        Draft { bytes, spot: Spot::START }
    }

    /// A copy of a value.
    pub(super) fn of(sketch: Sketch<'_>) -> Draft {
        Draft { bytes: Bytes::from_slice(sketch.bytes()), spot: Spot::START }
    }

    /// The bytes, whose cardinality is out of date.
    pub(super) fn finish(mut self) -> Bytes {
        self.bytes[HEADER - 1] |= STALE;
        self.bytes
    }

    /// The bytes, with the cardinality that was there.
    pub(super) fn recast(self) -> Bytes {
        self.bytes
    }

    /// Counts anew.
    ///
    /// # Errors
    /// [`Wrong::Corrupt`].
    pub(super) fn count(&self) -> Result<u64, Wrong> {
        Sketch::new(&self.bytes)?.count()
    }

    fn is_dense(&self) -> bool {
        self.bytes[FORM] == DENSE
    }

    /// Sees an element; says whether a register was raised.
    ///
    /// # Errors
    /// [`Wrong::Corrupt`].
    pub(super) fn add(&mut self, element: &[u8]) -> Result<bool, Wrong> {
        let (index, value) = element::place(element);
        self.spot = Spot::START;
        self.raise(index, value)
    }

    /// Raises all registers to these values. A dense value becomes just them, so none may be
    /// below what is there.
    ///
    /// # Errors
    /// [`Wrong::Corrupt`].
    pub(super) fn raise_all(&mut self, values: &[u8; REGISTERS]) -> Result<(), Wrong> {
        self.spot = Spot::START;
        for (index, &value) in values.iter().enumerate() {
            if self.is_dense() {
                dense::pack(values, self.registers()?);
                return Ok(());
            }
            if value > 0 {
                self.raise(index, value)?;
            }
        }
        Ok(())
    }

    fn registers(&mut self) -> Result<&mut Registers, Wrong> {
        self.bytes[HEADER..].as_mut().try_into().map_err(|_| Wrong::Corrupt)
    }

    /// Raises a register; those that follow must be higher, or `spot` be put back.
    fn raise(&mut self, index: usize, value: u8) -> Result<bool, Wrong> {
        if !self.is_dense() {
            match sparse::raise(&mut self.bytes, &mut self.spot, index, value)? {
                Raised::Not => return Ok(false),
                Raised::Yes => return Ok(true),
                Raised::TooMuch => self.make_dense()?,
            }
        }
        Ok(dense::raise(self.registers()?, index, value))
    }

    /// Makes the value dense, if it is not; the rest of the header stays.
    ///
    /// # Errors
    /// [`Wrong::Corrupt`].
    pub(super) fn make_dense(&mut self) -> Result<(), Wrong> {
        if self.is_dense() {
            return Ok(());
        }
        let mut values = [0; REGISTERS];
        sparse::merge(&self.bytes, &mut values)?;
        self.bytes[FORM] = DENSE;
        self.bytes.resize(HEADER + dense::BYTES, 0);
        dense::pack(&values, self.registers()?);
        Ok(())
    }
}
