//! engine/sorted_set/commands/reply.rs — members, and members with scores, as replies.

use mainstay_protocol::{ReplyWriter, Version};

use crate::command::Reply;
use crate::structure::ranked::Score;

/// Members, with scores if that was asked: pairs in RESP3, both in turn in RESP2.
pub const MEMBERS: Reply = Reply::OneOf(&[Reply::Array(&Reply::Bulk), SCORED]);

/// Members with scores: pairs in RESP3, both in turn in RESP2.
pub const SCORED: Reply = Reply::OneOf(&[
    Reply::Array(&Reply::Tuple(&[Reply::Bulk, Reply::Double])),
    Reply::Array(&Reply::Bulk),
]);

/// Begins a list of `count` members; as many [`member`]s must follow.
#[inline]
pub fn begin(out: &mut ReplyWriter<'_>, count: usize, with_scores: bool) {
    let flat = with_scores && out.version() == Version::Resp2;
    out.array(if flat { count.saturating_mul(2) } else { count });
}

/// A member of a list, with its score if the list has them.
#[inline]
pub fn member(out: &mut ReplyWriter<'_>, member: &[u8], score: Score, with_scores: bool) {
    if with_scores && out.version() == Version::Resp3 {
        out.array(2);
    }
    out.bulk(member);
    if with_scores {
        out.double(score.get());
    }
}
