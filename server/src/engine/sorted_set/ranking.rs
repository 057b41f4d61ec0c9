//! engine/sorted_set/ranking.rs — a sorted set as a value: members with scores, ordered by score
//! and then by member.
//!
//! A small one is one packed allocation of members and scores in turn, in order; a big one is a
//! [`SortedSet`]. [`Shape`] says when it becomes big, and it stays so. A rank counts from 0 at the
//! lowest score.
//!
//! Invariant: zero has no sign, in either form, or the form would show. (Redis's listpack drops the
//! sign, its skiplist keeps it.) Knows no RESP.

mod packed;
mod walk;

pub use walk::Walk;

use std::io::{self, BufRead};

use crate::clock::Millis;
use crate::error::Fault;
use crate::keyspace::{Elements, Kind, Object, PACKED_BYTES_MAX, Shape};
use crate::persist::rdb;
use crate::structure::dense::Seek;
use crate::structure::frozen::{Frozen, put_length, put_string};
use crate::structure::ranked::{Change, Score, SortedSet};
use crate::structure::{Form, Small, room};

/// What a score takes in a packed one, its length included.
const SCORE_BYTES: usize = 9;

/// The kind of sorted sets.
pub static KIND: Kind = Kind { name: "zset", tag: 4, thaw, forms: rdb::sorted_set::FORMS, restore };

/// Members with scores.
#[derive(Default)]
pub struct Ranking(Small<SortedSet>);

impl Ranking {
    /// An empty one in the form of big ones.
    pub fn big() -> Ranking {
        Ranking(Small::big(Box::default()))
    }

    /// Packs one that is small enough. What is computed as a whole is computed big, and then stored
    /// as Redis stores it.
    pub fn settle(&mut self) {
        let bounds = Shape::current().sorted_set;
        let mut left = PACKED_BYTES_MAX;
        let fits = self.len() <= bounds.elements
            && self.iter().all(|(member, _)| {
                let bytes = member.len() + SCORE_BYTES;
                left = left.saturating_sub(bytes);
                left > 0 && member.len() <= bounds.bytes
            });
        if fits {
            let mut settled = Ranking::default();
            for (member, score) in self.iter() {
                settled.append(member, score);
            }
            *self = settled;
        }
    }

    /// How many members there are.
    #[inline]
    pub fn len(&self) -> usize {
        match self.0.form() {
            Form::Packed(packed) => packed.len() / 2,
            Form::Big(tree) => tree.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The score of a member.
    #[inline]
    pub fn score(&self, member: &[u8]) -> Option<Score> {
        match self.0.form() {
            Form::Packed(packed) => packed::score(packed, member),
            Form::Big(tree) => tree.score(member),
        }
    }

    /// Gives a member a score.
    #[inline]
    pub fn insert(&mut self, member: &[u8], score: Score) -> Change {
        self.insert_signed(member, score.unsigned_zero())
    }

    /// As [`Ranking::insert`], but zero may have a sign: for what is answered and not stored.
    pub fn insert_signed(&mut self, member: &[u8], score: Score) -> Change {
        match self.0.form_mut() {
            Form::Big(tree) => tree.insert(member, score),
            Form::Packed(_) => self.insert_packed(member, score),
        }
    }

    fn insert_packed(&mut self, member: &[u8], score: Score) -> Change {
        let bounds = Shape::current().sorted_set;
        if let Form::Packed(packed) = self.0.form_mut() {
            let old = packed::score(packed, member);
            if old == Some(score) {
                return Change::Same;
            }
            let has_room = packed.len() < 2 * bounds.elements
                && packed.bytes() + member.len() + SCORE_BYTES <= PACKED_BYTES_MAX;
            if old.is_some() || has_room && member.len() <= bounds.bytes {
                if old.is_some() {
                    packed::remove(packed, member);
                }
                packed::insert(packed, member, score);
                return old.map_or(Change::Added, Change::Moved);
            }
        }
        self.unpack().insert(member, score)
    }

    /// Says that as many members are about to come, the first of them this one. Redis chooses the
    /// encoding by that.
    pub fn expect(&mut self, count: usize, first: &[u8]) {
        let bounds = Shape::current().sorted_set;
        if count > bounds.elements || self.is_empty() && first.len() > bounds.bytes {
            self.unpack();
        }
    }

    /// The members as a tree.
    #[cold]
    fn unpack(&mut self) -> &mut SortedSet {
        if let Form::Packed(packed) = self.0.form() {
            let mut tree = SortedSet::new();
            for (member, score) in packed::iter(packed) {
                tree.insert(member, score);
            }
            self.0.replace(Small::big(Box::new(tree)));
        }
        match self.0.form_mut() {
            Form::Big(tree) => tree,
            Form::Packed(_) => unreachable!("the form was set above"),
        }
    }

    /// Removes a member and returns its score.
    pub fn remove(&mut self, member: &[u8]) -> Option<Score> {
        match self.0.form_mut() {
            Form::Packed(packed) => packed::remove(packed, member),
            Form::Big(tree) => tree.remove(member),
        }
    }

    /// Removes the member of this rank; false when there is none.
    #[inline]
    pub fn remove_at(&mut self, rank: usize) -> bool {
        match self.0.form_mut() {
            Form::Packed(packed) => packed::remove_range(packed, rank, 1) > 0,
            Form::Big(tree) => tree.remove_at(rank),
        }
    }

    /// Removes as many members from this rank on; how many there were.
    pub fn remove_range(&mut self, rank: usize, count: usize) -> usize {
        match self.0.form_mut() {
            Form::Packed(packed) => packed::remove_range(packed, rank, count),
            Form::Big(tree) => (0..count).take_while(|_| tree.remove_at(rank)).count(),
        }
    }

    /// How many members stand before this one.
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        match self.0.form() {
            Form::Packed(packed) => packed::iter(packed).position(|(other, _)| other == member),
            Form::Big(tree) => tree.rank(member),
        }
    }

    /// How many members are `before`, which must hold for a first part of the order and for none
    /// behind it.
    pub fn rank_where(&self, before: impl Fn(Score, &[u8]) -> bool) -> usize {
        match self.0.form() {
            Form::Packed(packed) => {
                packed::iter(packed).take_while(|&(member, score)| before(score, member)).count()
            }
            Form::Big(tree) => tree.rank_where(before),
        }
    }

    /// The member of this rank and its score.
    #[inline]
    pub fn at(&self, rank: usize) -> Option<(&[u8], Score)> {
        match self.0.form() {
            Form::Packed(packed) => packed::iter(packed).nth(rank),
            Form::Big(tree) => tree.at(rank),
        }
    }

    /// The members in order.
    pub fn iter(&self) -> Walk<'_> {
        self.iter_from(0)
    }

    /// The members from this rank up.
    pub fn iter_from(&self, rank: usize) -> Walk<'_> {
        match self.0.form() {
            Form::Packed(packed) => Walk::packed(packed, rank),
            Form::Big(tree) => Walk::Tree(tree.iter_from(rank)),
        }
    }

    /// The members from this rank, which must be there, down.
    pub fn iter_back_from(&self, rank: usize) -> Walk<'_> {
        match self.0.form() {
            Form::Packed(packed) => Walk::packed_back(packed, self.len() - 1 - rank),
            Form::Big(tree) => Walk::TreeBack(tree.iter_back_from(rank)),
        }
    }

    /// Visits about `count` members from a cursor on and returns the next one; 0 begins and ends.
    /// A packed one is visited as a whole, as Redis does.
    pub fn scan<'a>(
        &'a self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(&'a [u8], Score),
    ) -> u64 {
        match self.0.form() {
            Form::Packed(packed) => {
                packed::iter(packed).for_each(|(member, score)| visit(member, score));
                0
            }
            Form::Big(tree) => tree.scan(cursor, count, visit),
        }
    }

    /// An empty one in the same form.
    fn like(&self) -> Ranking {
        match self.0.form() {
            Form::Packed(_) => Ranking::default(),
            Form::Big(_) => Ranking::big(),
        }
    }
}

/// How many members ahead of the one that is written down are asked for.
const AHEAD: usize = 32;

impl Object for Ranking {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn weight(&self) -> usize {
        match self.0.form() {
            Form::Packed(packed) => packed.weight(),
            Form::Big(tree) => room(size_of::<SortedSet>()) + tree.weight(),
        }
    }

    fn prefetch(&self, seek: &mut Seek, step: usize) {
        match self.0.form() {
            Form::Packed(packed) if step == 0 => packed.prefetch(),
            Form::Packed(_) => {}
            Form::Big(tree) => tree.prefetch_step(seek, step),
        }
    }

    fn shed(&mut self, most: usize) -> usize {
        match self.0.form_mut() {
            Form::Packed(_) => 0,
            Form::Big(tree) => tree.shed(most),
        }
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn encoding(&self) -> &'static str {
        match self.0.form() {
            Form::Packed(_) => "listpack",
            Form::Big(_) => "skiplist",
        }
    }

    /// The number of members; the members in order, each with the eight bytes of its score, lowest
    /// first.
    fn freeze(&self, to: &mut Vec<u8>) {
        put_length(to, self.len());
        for (member, score) in self.iter() {
            put_string(to, member);
            to.extend_from_slice(&score.get().to_le_bytes());
        }
    }

    fn freeze_part(&self, _: Millis, from: u64, most: usize, to: &mut Vec<u8>) -> Option<u64> {
        let begin = to.len();
        if from == 0 {
            put_length(to, self.len());
        }
        let (mut at, mut asked) = (from, from as usize);
        for (member, score) in self.iter_from(from as usize) {
            if to.len() - begin >= most {
                return Some(at);
            }
            // A leaf ahead.
            if let Form::Big(tree) = self.0.form()
                && asked <= at as usize + AHEAD
            {
                asked += tree.prefetch_from(asked).max(1);
            }
            put_string(to, member);
            to.extend_from_slice(&score.get().to_le_bytes());
            at += 1;
        }
        None
    }

    fn dump(&self, _now: Millis, to: &mut Vec<u8>) {
        let pair = |(member, score): (_, Score)| (member, score.get());
        match self.0.form() {
            Form::Packed(_) => rdb::sorted_set::write_packed(to, self.iter().map(pair)),
            Form::Big(tree) => {
                let down = tree.iter_back_from(tree.len() - 1);
                rdb::sorted_set::write(to, tree.len(), down.map(pair));
            }
        }
    }

    fn duplicate(&self) -> Box<dyn Object> {
        let mut copy = self.like();
        for (member, score) in self.iter() {
            copy.append(member, score);
        }
        Box::new(copy)
    }

    fn as_elements(&self) -> Option<&dyn Elements> {
        Some(self)
    }
}

impl Elements for Ranking {
    fn count(&self) -> usize {
        self.len()
    }

    fn show<'a>(&'a self, skip: usize, count: usize, back: bool, show: &mut dyn FnMut(&'a [u8])) {
        let walk = match (self.len() - skip).checked_sub(1) {
            Some(rank) if back => self.iter_back_from(rank),
            _ => self.iter_from(skip),
        };
        walk.take(count).for_each(|(member, _)| show(member));
    }
}

impl Ranking {
    /// Adds a member that belongs behind all others, in the form that there is.
    fn append(&mut self, member: &[u8], score: Score) -> bool {
        match self.0.form_mut() {
            Form::Packed(packed) => {
                let is_new = packed.find(member, 2).is_none();
                packed::push(packed, member, score);
                is_new
            }
            Form::Big(tree) => tree.insert(member, score) == Change::Added,
        }
    }
}

fn restore(form: u8, from: &mut dyn BufRead) -> io::Result<Box<dyn Object>> {
    let mut ranking = Ranking::big();
    rdb::sorted_set::read(form, from, |member, score| {
        match Score::new(score).map(|score| ranking.insert(member, score)) {
            Some(Change::Added) => Ok(()),
            _ => Err(rdb::malformed("a member twice")),
        }
    })?;
    ranking.settle();
    Ok(Box::new(ranking))
}

fn thaw(bytes: &[u8]) -> Result<Box<dyn Object>, Fault> {
    let mut frozen = Frozen::new(bytes);
    match read(&mut frozen) {
        Some(ranking) => Ok(Box::new(ranking)),
        None => Err(Fault::Corrupt { what: "a sorted set".into(), offset: frozen.offset() }),
    }
}

/// A whole frozen sorted set; `None` if it is not what one would have written.
fn read(frozen: &mut Frozen<'_>) -> Option<Ranking> {
    let count = frozen.length().filter(|&count| count > 0 && count <= frozen.left() / 9)?;
    let mut ranking = Ranking::big();
    let mut last: Option<(Score, &[u8])> = None;
    for _ in 0..count {
        let member = frozen.string()?;
        let mut score = [0; 8];
        for byte in &mut score {
            *byte = frozen.byte()?;
        }
        let score = Score::new(f64::from_le_bytes(score))?;
        let fits = score.get().to_bits() != (-0.0f64).to_bits();
        let follows = last.is_none_or(|last| last < (score, member));
        if !fits || !follows || !ranking.append(member, score) {
            return None;
        }
        last = Some((score, member));
    }
    ranking.settle();
    (frozen.left() == 0).then_some(ranking)
}
