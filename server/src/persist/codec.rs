//! persist/codec.rs — records as bytes: what the journal's blocks hold.
//!
//! ```text
//! record  | bytes behind this: u32 | flags: u8 | database | [seed: u64] | count | argument ... |
//! argument| length | bytes |                         numbers without a width: LEB128, at most u32
//! flags   1: belongs to the unit of the record before it     2: a seed stands there
//! ```
//!
//! A unit is done again as a whole or not at all: one record, or all those of a transaction. The
//! stamp is the block's. A seed is there if the command drew from its chance.
//!
//! Invariants: reading allocates nothing per argument and takes no memory on an announced length;
//! whatever the bytes are, it ends in records or in an error.

use std::ops::Range;

use mainstay_protocol::{Batch, Request};

use crate::record::RecordRef;

const JOINED: u8 = 1;
const SEEDED: u8 = 2;

/// Appends a record; `joined` to the unit of the one before it.
#[inline]
pub fn encode(record: &RecordRef<'_>, joined: bool, to: &mut Vec<u8>) {
    let start = to.len();
    let is_seeded = record.seed != 0;
    to.extend_from_slice(&[0, 0, 0, 0, u8::from(joined) * JOINED + u8::from(is_seeded) * SEEDED]);
    put(record.database as u32, to);
    if is_seeded {
        to.extend_from_slice(&record.seed.to_le_bytes());
    }
    put(record.request.len() as u32, to);
    for arg in record.request.args() {
        put(arg.len() as u32, to);
        to.extend_from_slice(arg);
    }
    // Arguments come from one buffer of less than 4 GiB.
    let bytes = u32::try_from(to.len() - start - 4).unwrap_or(u32::MAX);
    to[start..start + 4].copy_from_slice(&bytes.to_le_bytes());
}

/// Where the unit behind so many others begins, in a payload that [`encode`] has made.
pub fn skip(payload: &[u8], units: u64) -> usize {
    let (mut at, mut begun) = (0, 0);
    while let Some((bytes, [flags, ..])) =
        payload.get(at..).and_then(<[u8]>::split_first_chunk::<4>)
    {
        begun += u64::from(flags & JOINED == 0);
        if begun > units {
            break;
        }
        at += 4 + u32::from_le_bytes(*bytes) as usize;
    }
    at
}

#[inline]
fn put(mut number: u32, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// The records of a block.
#[derive(Debug, Default)]
pub struct Records {
    batch: Batch,
    heads: Vec<Head>,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    joined: bool,
    seed: u64,
    database: u32,
}

/// A record of a block, without its stamp.
#[derive(Debug, Clone, Copy)]
pub struct Encoded<'a> {
    /// Whether it belongs to the unit of the one before it.
    pub joined: bool,
    /// What its chance was seeded with; 0 if it drew nothing.
    pub seed: u64,
    /// The database it ran in.
    pub database: usize,
    /// The request, name included.
    pub request: Request<'a>,
}

/// Where a payload is no sequence of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub usize);

impl Records {
    /// Reads all records of a payload in place of those read before. Answers how many units they
    /// are.
    ///
    /// # Errors
    /// If the payload is anything else than whole records.
    pub fn read(&mut self, payload: &[u8]) -> Result<u32, Malformed> {
        self.batch.clear();
        self.heads.clear();
        let (mut at, mut units) = (0, 0);
        while at < payload.len() {
            let bad = Malformed(at);
            let bytes = *payload[at..].first_chunk().ok_or(bad)?;
            let start = at + 4;
            let end = start + u32::from_le_bytes(bytes) as usize;
            if end > payload.len() {
                return Err(bad);
            }
            let head = self.read_one(payload, start..end).ok_or(bad)?;
            if head.joined && units == 0 {
                return Err(bad);
            }
            units += u32::from(!head.joined);
            self.heads.push(head);
            at = end;
        }
        Ok(units)
    }

    fn read_one(&mut self, payload: &[u8], place: Range<usize>) -> Option<Head> {
        let mut at = place.start;
        let bytes = &payload[..place.end];
        let flags = *bytes.get(at)?;
        at += 1;
        let database = take(bytes, &mut at)?;
        let mut seed = 0;
        if flags & SEEDED != 0 {
            seed = u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
            at += 8;
        }
        let count = take(bytes, &mut at)?;
        // An argument has at least its length.
        if count == 0 || count as usize > bytes.len() - at {
            return None;
        }
        let mut is_whole = true;
        self.batch.push((0..count).map_while(|_| {
            let length = take(bytes, &mut at).map(|length| length as usize);
            match length {
                Some(length) if length <= bytes.len() - at => {
                    at += length;
                    Some(at - length..at)
                }
                _ => {
                    is_whole = false;
                    None
                }
            }
        }));
        let is_record = is_whole && at == place.end && flags & !(JOINED | SEEDED) == 0;
        is_record.then_some(Head { joined: flags & JOINED != 0, seed, database })
    }

    /// The records; `payload` is what was read.
    pub fn iter<'a>(&'a self, payload: &'a [u8]) -> impl ExactSizeIterator<Item = Encoded<'a>> {
        self.heads.iter().zip(self.batch.iter(payload)).map(|(head, request)| Encoded {
            joined: head.joined,
            seed: head.seed,
            database: head.database as usize,
            request,
        })
    }
}

#[inline]
fn take(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let mut number = 0u64;
    for shift in [0, 7, 14, 21, 28] {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return u32::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use mainstay_protocol::OwnedRequest;

    use super::*;
    use crate::dice::Dice;
    use crate::record::Record;

    fn random(dice: &mut Dice) -> Record {
        let count = 1 + dice.below(5);
        let args: Vec<Vec<u8>> = (0..count)
            .map(|_| {
                let most = if dice.below(20) == 0 { 20_000 } else { 200 };
                (0..dice.below(most)).map(|_| dice.below(256) as u8).collect()
            })
            .collect();
        Record {
            stamp: 0,
            seed: if dice.below(2) == 0 { 0 } else { dice.next() | 1 },
            database: dice.below(300),
            request: OwnedRequest::from_args(args.iter().map(Vec::as_slice)),
        }
    }

    #[test]
    fn records_read_back_and_no_damage_is_taken_for_more() {
        let mut dice = Dice::new(0x5eed);
        for _ in 0..200 {
            let records: Vec<Record> = (0..1 + dice.below(4)).map(|_| random(&mut dice)).collect();
            let mut payload = Vec::new();
            for (number, record) in records.iter().enumerate() {
                encode(&record.as_ref(), number == 2, &mut payload);
            }
            let mut read = Records::default();
            let units = read.read(&payload).unwrap();
            assert_eq!(units as usize, records.len() - usize::from(records.len() > 2));
            let encoded: Vec<usize> =
                (0..=records.len() as u64).map(|n| skip(&payload, n)).collect();
            assert_eq!((encoded[0], encoded[units as usize]), (0, payload.len()));
            for (n, at) in encoded.iter().enumerate().take(units as usize) {
                let left = Records::default().read(&payload[*at..]);
                assert_eq!(left, Ok(units - n as u32));
            }
            for (record, found) in records.iter().zip(read.iter(&payload)) {
                assert_eq!(record.request.as_request(), found.request);
                assert_eq!((record.seed, record.database), (found.seed, found.database));
            }
            // Cut off anywhere, or with any byte changed, it is read or refused and no more.
            let cut = dice.below(payload.len());
            let _ = read.read(&payload[..cut]);
            payload[cut] = dice.below(256) as u8;
            let _ = read.read(&payload);
        }
    }
}
