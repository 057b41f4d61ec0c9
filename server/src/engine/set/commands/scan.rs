//! engine/set/commands/scan.rs — a set page by page.

use crate::command::options::Words;
use crate::command::paging::{COUNT, MATCH, Paging};
use crate::command::{Access, Arg, Command, Cost, Outcome, Read, Reply, Run, Trait, Type};
use crate::engine::set::members::Members;

/// See its summary.
pub static SSCAN: Command = Command {
    name: "SSCAN",
    summary: "Iterates over members of a set.",
    since: "2.8.0",
    cost: Cost::Linear("the members looked at; a whole iteration looks at all"),
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("cursor", Type::Cursor),
        Arg::AnyOrder(&[MATCH, COUNT]),
    ],
    reply: Reply::Tuple(&[Reply::Bulk, Reply::Array(&Reply::Bulk)]),
    run: Run::Read(sscan),
    also: &[Trait::Tip("nondeterministic_output")],
};

fn sscan(cx: &mut Read<'_>) -> Outcome {
    let mut paging = Paging::new(cx.args.arg(2))?;
    let Some(set) = cx.keys.get::<Members>(cx.args.arg(1))? else {
        return paging.nothing(&mut cx.out);
    };
    paging.options(Words::new(cx.args, 3))?;
    paging.answer(&mut cx.out, |page| {
        let mut found = 0;
        let next = set.scan(paging.cursor, paging.count, |member| {
            if paging.pattern.matches(member) {
                page.bulk(member);
                found += 1;
            }
        });
        (found, next)
    })
}
