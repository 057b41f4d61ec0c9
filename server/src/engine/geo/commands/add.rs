//! engine/geo/commands/add.rs — giving members places.

use smallvec::SmallVec;

use super::read::{LATITUDE, LONGITUDE, place};
use crate::command::options::is_word;
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Reply, Run, Trait, Type, Write};
use crate::engine::sorted_set::ranking::Ranking;
use crate::error::Refusal;
use crate::structure::ranked::{Change, Score};

/// See its summary.
pub static GEOADD: Command = Command {
    name: "GEOADD",
    summary: "Adds one or more members to a geospatial index. The key is created if it doesn't exist.",
    since: "3.2.0",
    cost: Cost::Each("members, times the logarithm of the sorted set's size"),
    args: &[
        Arg::Key("key", Access::Edit),
        Arg::AnyOrder(&[Arg::OneOf(&[Arg::Word("NX"), Arg::Word("XX")]), Arg::Word("CH")]),
        Arg::Many(&Arg::Group(&[LONGITUDE, LATITUDE, Arg::Value("member", Type::Bytes)])),
    ],
    reply: Reply::Int,
    run: Run::Write(geoadd),
    also: &[Trait::Slow],
};

fn geoadd(cx: &mut Write<'_, '_>) -> Outcome {
    let (mut new, mut old, mut count_moved) = (false, false, false);
    let mut first = 2;
    while let Some(word) = cx.args.get(first) {
        match word {
            _ if is_word(word, "NX") => new = true,
            _ if is_word(word, "XX") => old = true,
            _ if is_word(word, "CH") => count_moved = true,
            _ => break,
        }
        first += 1;
    }
    let words = cx.args.len() - first;
    if words == 0 || !words.is_multiple_of(3) || new && old {
        return Err(Refusal::Syntax);
    }
    let mut scores = SmallVec::<[Score; 8]>::new();
    for at in (first..cx.args.len()).step_by(3) {
        let place = place(cx.args.arg(at), cx.args.arg(at + 1))?;
        scores.push(Score::new(place.score()).unwrap_or_default());
    }
    let key = cx.args.arg(1);
    let edit = if old {
        cx.keys.edit_existing::<Ranking>(key)?
    } else {
        Some(cx.keys.edit::<Ranking>(key)?)
    };
    let (mut added, mut moved) = (0, 0);
    if let Some(mut edit) = edit {
        let ranking = &mut *edit;
        ranking.expect(scores.len(), cx.args.arg(first + 2));
        for (at, score) in scores.into_iter().enumerate() {
            let member = cx.args.arg(first + 3 * at + 2);
            if (new || old) && ranking.score(member).is_some() == new {
                continue;
            }
            match ranking.insert(member, score) {
                Change::Added => added += 1,
                Change::Moved(_) => moved += 1,
                Change::Same => {}
            }
        }
        if added + moved == 0 {
            edit.unchanged();
        }
    }
    cx.out.integer(if count_moved { added + moved } else { added });
    Ok(Next::Done)
}
