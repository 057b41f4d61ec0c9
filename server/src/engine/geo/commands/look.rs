//! engine/geo/commands/look.rs — where members are, and how far from each other.

use super::read::{self, PLACE, UNIT};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Trait, Type};
use crate::engine::geo::area;
use crate::engine::geo::cell::Place;
use crate::engine::sorted_set::ranking::Ranking;
use crate::error::Refusal;

const MEMBERS: Arg = Arg::Maybe(&Arg::Many(&Arg::Value("member", Type::Bytes)));

/// Where a member is.
pub(super) fn find(ranking: &Ranking, member: &[u8]) -> Option<Place> {
    ranking.score(member).map(|score| Place::of_score(score.get()))
}

/// See its summary.
pub static GEODIST: Command = Command {
    name: "GEODIST",
    summary: "Returns the distance between two members of a geospatial index.",
    since: "3.2.0",
    cost: Cost::Constant,
    args: &[
        Arg::Key("key", Access::Look),
        Arg::Value("member1", Type::Bytes),
        Arg::Value("member2", Type::Bytes),
        Arg::Maybe(&UNIT),
    ],
    reply: Reply::Maybe(&Reply::Bulk),
    run: Run::Read(geodist),
    also: &[Trait::Slow, Trait::Member(2)],
};

fn geodist(cx: &mut Read<'_>) -> Outcome {
    let meters = match cx.args.len() {
        0..=4 => 1.0,
        5 => read::unit(cx.args.arg(4))?,
        _ => return Err(Refusal::Syntax),
    };
    let places = cx
        .keys
        .get::<Ranking>(cx.args.arg(1))?
        .and_then(|ranking| Some((find(ranking, cx.args.arg(2))?, find(ranking, cx.args.arg(3))?)));
    match places {
        Some((from, to)) => read::answer_distance(&mut cx.out, area::distance(from, to) / meters),
        None => cx.out.null(),
    }
    Ok(Next::Done)
}

/// See its summary.
pub static GEOHASH: Command = Command {
    name: "GEOHASH",
    summary: "Returns members from a geospatial index as geohash strings.",
    since: "3.2.0",
    cost: Cost::Each("members"),
    args: &[Arg::Key("key", Access::Look), MEMBERS],
    reply: Reply::Array(&Reply::Maybe(&Reply::Bulk)),
    run: Run::Read(geohash),
    also: &[Trait::Slow],
};

fn geohash(cx: &mut Read<'_>) -> Outcome {
    let ranking = cx.keys.get::<Ranking>(cx.args.arg(1))?;
    cx.out.array(cx.args.len() - 2);
    for member in cx.args.args().skip(2) {
        match ranking.and_then(|ranking| find(ranking, member)) {
            Some(place) => cx.out.bulk(&place.letters()),
            None => cx.out.null(),
        }
    }
    Ok(Next::Done)
}

/// See its summary.
pub static GEOPOS: Command = Command {
    name: "GEOPOS",
    summary: "Returns the longitude and latitude of members from a geospatial index.",
    since: "3.2.0",
    cost: Cost::Each("members"),
    args: &[Arg::Key("key", Access::Look), MEMBERS],
    reply: Reply::Array(&Reply::Maybe(&PLACE)),
    run: Run::Read(geopos),
    also: &[Trait::Slow],
};

fn geopos(cx: &mut Read<'_>) -> Outcome {
    let ranking = cx.keys.get::<Ranking>(cx.args.arg(1))?;
    cx.out.array(cx.args.len() - 2);
    for member in cx.args.args().skip(2) {
        match ranking.and_then(|ranking| find(ranking, member)) {
            Some(place) => read::answer_place(&mut cx.out, place),
            None => cx.out.null_array(),
        }
    }
    Ok(Next::Done)
}
