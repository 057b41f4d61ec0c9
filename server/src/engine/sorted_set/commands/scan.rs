//! engine/sorted_set/commands/scan.rs — a sorted set page by page.

use mainstay_protocol::format_double;

use crate::command::options::Words;
use crate::command::paging::{COUNT, MATCH, Paging};
use crate::command::{Access, Arg, Command, Cost, Outcome, Read, Reply, Run, Trait, Type};
use crate::engine::sorted_set::ranking::Ranking;

/// See its summary.
pub static ZSCAN: Command = Command {
    name: "ZSCAN",
    summary: "Iterates over members and scores of a sorted set.",
    since: "2.8.0",
    cost: Cost::Linear("the members looked at; a whole iteration looks at all"),
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("cursor", Type::Cursor),
        Arg::AnyOrder(&[MATCH, COUNT]),
    ],
    reply: Reply::Tuple(&[Reply::Bulk, Reply::Array(&Reply::Bulk)]),
    run: Run::Read(zscan),
    also: &[Trait::Tip("nondeterministic_output")],
};

fn zscan(cx: &mut Read<'_>) -> Outcome {
    let mut paging = Paging::new(cx.args.arg(2))?;
    let Some(ranking) = cx.keys.get::<Ranking>(cx.args.arg(1))? else {
        return paging.nothing(&mut cx.out);
    };
    paging.options(Words::new(cx.args, 3))?;
    paging.answer(&mut cx.out, |page| {
        let mut found = 0;
        let next = ranking.scan(paging.cursor, paging.count, |member, score| {
            if paging.pattern.matches(member) {
                page.bulk(member);
                // Bytes in RESP3 too, unlike everywhere else.
                page.bulk(&format_double(score.get()));
                found += 2;
            }
        });
        (found, next)
    })
}
