//! engine/sorted_set/range.rs — how commands name a part of a sorted set: by rank, by score, by
//! member. All come down to a span of ranks.
//!
//! Ranges by member mean something only where all scores are equal, as in Redis. Knows no RESP.

use std::ops::Range;

use super::ranking::Ranking;
use crate::command::number;
use crate::structure::ranked::Score;

/// One end of a range by score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    score: Score,
    /// The end itself does not belong to the range.
    open: bool,
}

/// A range by score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scores {
    min: Bound,
    max: Bound,
}

impl Scores {
    /// Reads the two ends: a number, `(` in front for an open end. `None` if one is no number.
    pub fn parse(min: &[u8], max: &[u8]) -> Option<Scores> {
        let bound = |text: &[u8]| {
            let (open, number) = match text {
                [b'(', rest @ ..] => (true, rest),
                _ => (false, text),
            };
            Some(Bound { score: number::bound(number)?, open })
        };
        Some(Scores { min: bound(min)?, max: bound(max)? })
    }

    /// The ranks of the members within.
    pub fn span(&self, ranking: &Ranking) -> Range<usize> {
        let Scores { min, max } = *self;
        let begin = ranking.rank_where(|score, _| below(score, min.score, min.open));
        let end = ranking.rank_where(|score, _| below(score, max.score, !max.open));
        begin..end.max(begin)
    }
}

#[inline]
fn below(score: Score, limit: Score, or_equal: bool) -> bool {
    score < limit || or_equal && score == limit
}

/// One end of a range by member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge<'a> {
    /// Before every member: `-`.
    First,
    /// Behind every member: `+`.
    Last,
    /// At this member; `true` if it does not belong to the range.
    At(&'a [u8], bool),
}

/// A range by member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<'a> {
    min: Edge<'a>,
    max: Edge<'a>,
}

impl<'a> Names<'a> {
    /// Reads the two ends: `-`, `+`, `[member` or `(member`. `None` if one is anything else.
    pub fn parse(min: &'a [u8], max: &'a [u8]) -> Option<Names<'a>> {
        let edge = |text: &'a [u8]| match text {
            b"-" => Some(Edge::First),
            b"+" => Some(Edge::Last),
            [b'[', member @ ..] => Some(Edge::At(member, false)),
            [b'(', member @ ..] => Some(Edge::At(member, true)),
            _ => None,
        };
        Some(Names { min: edge(min)?, max: edge(max)? })
    }

    /// The ranks of the members within.
    pub fn span(&self, ranking: &Ranking) -> Range<usize> {
        let count = |edge, upper| match edge {
            Edge::First => 0,
            Edge::Last => ranking.len(),
            Edge::At(limit, open) => {
                ranking.rank_where(|_, member| member < limit || open != upper && member == limit)
            }
        };
        let (begin, end) = (count(self.min, false), count(self.max, true));
        begin..end.max(begin)
    }
}

/// The ranks from `start` to `stop`, both included; negative ones count from the end, -1 being the
/// last.
pub fn ranks(start: i64, stop: i64, len: usize) -> Range<usize> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let absolute = |rank: i64| if rank < 0 { rank.saturating_add(len) } else { rank };
    let (begin, last) = (absolute(start).max(0), absolute(stop).min(len - 1));
    if begin > last { 0..0 } else { begin as usize..last as usize + 1 }
}

/// The same span seen from the other end.
pub fn reversed(span: &Range<usize>, len: usize) -> Range<usize> {
    len - span.end..len - span.start
}

/// What LIMIT leaves of a span that is walked up, or down. A negative offset leaves nothing, a
/// negative count all.
pub fn limit(span: Range<usize>, down: bool, offset: i64, count: i64) -> Range<usize> {
    let Ok(offset) = usize::try_from(offset) else { return 0..0 };
    let left = span.len().saturating_sub(offset);
    let taken = usize::try_from(count).map_or(left, |count| count.min(left));
    if left == 0 {
        0..0
    } else if down {
        let end = span.end - offset;
        end - taken..end
    } else {
        let begin = span.start + offset;
        begin..begin + taken
    }
}
