//! engine/geo/commands/search.rs — members within an area: what the older commands (`radius`) ask
//! for, too.
//!
//! Results come in the order of the cells, and within one in the order of scores, unless another is
//! asked for. Options are read in Redis's order, and each with what it looks up, since which of two
//! wrong things is told depends on it.

use mainstay_protocol::{ReplyWriter, Request};

use super::look::find;
use super::read::{self, LATITUDE, LONGITUDE, UNIT};
use crate::command::options::{self, Words, is_word};
use crate::command::{Access, Arg, Command, Cost, Next, Outcome, Read, Reply, Run, Type, Write};
use crate::engine::geo::area::{self, Area, Shape};
use crate::engine::geo::cell::Place;
use crate::engine::sorted_set::ranking::Ranking;
use crate::error::Refusal;
use crate::keyspace::{Keys, Ttl};
use crate::structure::partial_sort::sort_first;
use crate::structure::ranked::Score;

pub(super) const COST: Cost = Cost::Linear("members in the cells around the area");

pub(super) const ORDER: Arg = Arg::OneOf(&[Arg::Word("ASC"), Arg::Word("DESC")]);

pub(super) const COUNT: Arg = Arg::Group(&[
    Arg::Tagged("COUNT", &Arg::Value("count", Type::Positive)),
    Arg::Maybe(&Arg::Word("ANY")),
]);

const FROM: Arg = Arg::OneOf(&[
    Arg::Tagged("FROMMEMBER", &Arg::Value("member", Type::Bytes)),
    Arg::Tagged("FROMLONLAT", &Arg::Group(&[LONGITUDE, LATITUDE])),
]);

const BY: Arg = Arg::OneOf(&[
    Arg::Tagged("BYRADIUS", &Arg::Group(&[Arg::Value("radius", Type::Float), UNIT])),
    Arg::Tagged(
        "BYBOX",
        &Arg::Group(&[Arg::Value("width", Type::Float), Arg::Value("height", Type::Float), UNIT]),
    ),
]);

/// Members, or members each with what was asked for of distance, score and place.
pub(super) const FOUND: Reply =
    Reply::OneOf(&[Reply::Array(&Reply::Bulk), Reply::Array(&Reply::Array(&Reply::Any))]);

/// Which command asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// GEORADIUS: a place and a radius come first.
    Place,
    /// GEORADIUSBYMEMBER: a member and a radius come first.
    Member,
    /// GEOSEARCH: all are options.
    Search,
    /// GEOSEARCHSTORE: as that, with a destination in front.
    SearchStore,
}

/// The order of the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Found,
    Near,
    Far,
}

/// A request of this family, read.
pub(super) struct Asked<'a> {
    source: Option<&'a Ranking>,
    from: Option<Place>,
    shape: Option<Shape>,
    /// Meters of the unit.
    unit: f64,
    order: Order,
    /// 0 is all.
    count: usize,
    any: bool,
    with_distance: bool,
    with_score: bool,
    with_place: bool,
    /// Which argument the key is that the result goes to.
    pub(super) target: Option<usize>,
    store_distance: bool,
}

/// A member that was found.
struct Hit<'a> {
    member: &'a [u8],
    score: f64,
    place: Place,
    distance: f64,
}

impl<'a> Asked<'a> {
    /// Reads a request. `may_store` is whether STORE and STOREDIST are options.
    ///
    /// # Errors
    /// Everything that is wrong with the arguments or with the key.
    pub(super) fn read(
        keys: &'a Keys<'_>,
        args: Request<'a>,
        asker: Asker,
        may_store: bool,
    ) -> Result<Asked<'a>, Refusal> {
        let key = if asker == Asker::SearchStore { 2 } else { 1 };
        let mut asked = Asked {
            source: keys.get::<Ranking>(args.arg(key))?,
            from: None,
            shape: None,
            unit: 1.0,
            order: Order::Found,
            count: 0,
            any: false,
            with_distance: false,
            with_score: false,
            with_place: false,
            target: (asker == Asker::SearchStore).then_some(1),
            store_distance: false,
        };
        let options = match asker {
            Asker::Place => {
                asked.from = Some(read::place(args.arg(2), args.arg(3))?);
                asked.read_radius(args.arg(4), args.arg(5))?;
                6
            }
            Asker::Member => {
                // A key that is not there has no member that could be wrong, nor a radius.
                if asked.source.is_some() {
                    asked.from = asked.member(args.arg(2))?;
                    asked.read_radius(args.arg(3), args.arg(4))?;
                }
                5
            }
            Asker::Search | Asker::SearchStore => key + 1,
        };
        asked.read_options(args, options, asker, may_store)?;
        Ok(asked)
    }

    /// Where a member of the source is; if there is no source, anywhere.
    fn member(&self, member: &[u8]) -> Result<Option<Place>, Refusal> {
        let wrong = Refusal::text("ERR could not decode requested zset member");
        match self.source {
            Some(source) => find(source, member).map(Some).ok_or(wrong),
            None => Ok(None),
        }
    }

    fn read_radius(&mut self, radius: &[u8], unit: &[u8]) -> Result<(), Refusal> {
        let radius = read::length(radius, "ERR need numeric radius")?;
        if radius < 0.0 {
            return Err(Refusal::text("ERR radius cannot be negative"));
        }
        self.unit = read::unit(unit)?;
        self.shape = Some(Shape::Circle(radius * self.unit));
        Ok(())
    }

    fn read_box(&mut self, words: &mut Words<'_>) -> Result<(), Refusal> {
        let width = read::length(words.value()?, "ERR need numeric width")?;
        let height = read::length(words.value()?, "ERR need numeric height")?;
        if width < 0.0 || height < 0.0 {
            return Err(Refusal::text("ERR height or width cannot be negative"));
        }
        self.unit = read::unit(words.value()?)?;
        let (width, height) = (width * self.unit, height * self.unit);
        self.shape = Some(Shape::Box { width, height });
        Ok(())
    }

    fn read_options(
        &mut self,
        args: Request<'a>,
        at: usize,
        asker: Asker,
        may_store: bool,
    ) -> Result<(), Refusal> {
        let (mut words, name) = (Words::new(args, at), args.arg(0));
        let searches = matches!(asker, Asker::Search | Asker::SearchStore);
        let (mut by_member, mut by_place, mut in_circle, mut in_box) = (false, false, false, false);
        while let Some(word) = words.next() {
            let left = words.left();
            let is = |name| is_word(word, name);
            if is("WITHDIST") {
                self.with_distance = true;
            } else if is("WITHHASH") {
                self.with_score = true;
            } else if is("WITHCOORD") {
                self.with_place = true;
            } else if is("ANY") {
                self.any = true;
            } else if is("ASC") {
                self.order = Order::Near;
            } else if is("DESC") {
                self.order = Order::Far;
            } else if is("COUNT") && left >= 1 {
                let count = options::integer(words.value()?)?;
                let count = usize::try_from(count).ok().filter(|&count| count > 0);
                self.count = count.ok_or(Refusal::text("ERR COUNT must be > 0"))?;
            } else if may_store && !searches && (is("STORE") || is("STOREDIST")) && left >= 1 {
                self.target = Some(args.len() - left);
                words.next();
                self.store_distance = is("STOREDIST");
            } else if searches && is("FROMMEMBER") && left >= 1 && !by_place {
                self.from = self.member(words.value()?)?;
                by_member = true;
            } else if searches && is("FROMLONLAT") && left >= 2 && !by_member {
                self.from = Some(read::place(words.value()?, words.value()?)?);
                by_place = true;
            } else if searches && is("BYRADIUS") && left >= 2 && !in_box {
                self.read_radius(words.value()?, words.value()?)?;
                in_circle = true;
            } else if searches && is("BYBOX") && left >= 3 && !in_circle {
                self.read_box(&mut words)?;
                in_box = true;
            } else if asker == Asker::SearchStore && is("STOREDIST") {
                self.store_distance = true;
            } else {
                return Err(Refusal::Syntax);
            }
        }
        let has_place = !searches || by_member || by_place;
        let has_shape = !searches || in_circle || in_box;
        self.check(name, asker, has_place, has_shape)
    }

    /// Refuses what does not go together; `name` is the command as it was written.
    fn check(
        &self,
        name: &[u8],
        asker: Asker,
        has_place: bool,
        has_shape: bool,
    ) -> Result<(), Refusal> {
        if self.target.is_some() && (self.with_distance || self.with_score || self.with_place) {
            return Err(Refusal::text(match asker {
                Asker::SearchStore => {
                    "ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
                }
                _ => {
                    "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
                }
            }));
        }
        if !has_place {
            let text = "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ";
            return Err(Refusal::quoting(text, name, ""));
        }
        if !has_shape {
            let text = "ERR exactly one of BYRADIUS and BYBOX can be specified for ";
            return Err(Refusal::quoting(text, name, ""));
        }
        if self.any && self.count == 0 {
            return Err(Refusal::text("ERR the ANY argument requires COUNT argument"));
        }
        Ok(())
    }

    /// What is in the area, in the order asked for and not more than asked for.
    fn find(&self) -> Vec<Hit<'a>> {
        let (Some(source), Some(center), Some(shape)) = (self.source, self.from, self.shape) else {
            return Vec::new();
        };
        let area = Area { center, shape };
        let enough = if self.any { self.count } else { usize::MAX };
        let mut hits = Vec::new();
        for cell in area.cells() {
            if hits.len() >= enough {
                break;
            }
            let (low, high) = cell.scores();
            let first = source.rank_where(|score, _| score.get() < low);
            let members = source.iter_from(first).map(|(member, score)| (member, score.get()));
            for (member, score) in members.take_while(|&(_, score)| score < high) {
                let place = Place::of_score(score);
                if let Some(distance) = area.reach(place) {
                    hits.push(Hit { member, score, place, distance });
                    if hits.len() >= enough {
                        break;
                    }
                }
            }
        }
        let count = if self.count == 0 { hits.len() } else { self.count.min(hits.len()) };
        let order = match self.order {
            // The first few are the nearest few, unless any will do.
            Order::Found if self.count != 0 && !self.any => Order::Near,
            order => order,
        };
        match order {
            Order::Found => {}
            Order::Near => sort_first(&mut hits, count, |a, b| a.distance.total_cmp(&b.distance)),
            Order::Far => sort_first(&mut hits, count, |a, b| b.distance.total_cmp(&a.distance)),
        }
        hits.truncate(count);
        hits
    }

    /// Answers what was found.
    pub(super) fn answer(&self, out: &mut ReplyWriter<'_>) {
        let hits = self.find();
        let parts = [self.with_distance, self.with_score, self.with_place];
        let parts = parts.into_iter().filter(|&is_asked| is_asked).count();
        out.array(hits.len());
        for hit in &hits {
            if parts > 0 {
                out.array(1 + parts);
            }
            out.bulk(hit.member);
            if self.with_distance {
                read::answer_distance(out, hit.distance / self.unit);
            }
            if self.with_score {
                out.integer(hit.score as i64);
            }
            if self.with_place {
                read::answer_place(out, hit.place);
            }
        }
    }

    /// What was found as a sorted set, scored by place or by distance.
    pub(super) fn collect(&self) -> Ranking {
        let mut result = Ranking::big();
        for hit in self.find() {
            let score = match self.from {
                Some(center) if self.store_distance => {
                    area::exact_distance(center, hit.place) / self.unit
                }
                _ => hit.score,
            };
            result.insert(hit.member, Score::new(score).unwrap_or_default());
        }
        result.settle();
        result
    }
}

/// Keeps what was found at the key that argument `target` is, or removes that key, and answers how
/// many there were.
pub(super) fn store(cx: &mut Write<'_, '_>, target: usize, result: Ranking) -> Outcome {
    let (target, count) = (cx.args.arg(target), result.len());
    if count == 0 {
        cx.keys.remove(target);
    } else {
        cx.keys.put_object(target, Box::new(result), Ttl::Clear);
    }
    cx.out.integer(count as i64);
    Ok(Next::Done)
}

/// See its summary.
pub static GEOSEARCH: Command = Command {
    name: "GEOSEARCH",
    summary: "Queries a geospatial index for members inside an area of a box or a circle.",
    since: "6.2.0",
    cost: COST,
    args: &[
        Arg::Key("key", Access::Look),
        FROM,
        BY,
        Arg::AnyOrder(&[
            ORDER,
            COUNT,
            Arg::Word("WITHCOORD"),
            Arg::Word("WITHDIST"),
            Arg::Word("WITHHASH"),
        ]),
    ],
    reply: FOUND,
    run: Run::Read(geosearch),
    also: &[],
};

fn geosearch(cx: &mut Read<'_>) -> Outcome {
    Asked::read(cx.keys, cx.args, Asker::Search, false)?.answer(&mut cx.out);
    Ok(Next::Done)
}

/// See its summary.
pub static GEOSEARCHSTORE: Command = Command {
    name: "GEOSEARCHSTORE",
    summary: "Queries a geospatial index for members inside an area of a box or a circle, optionally stores the result.",
    since: "6.2.0",
    cost: COST,
    args: &[
        Arg::Key("destination", Access::Replace),
        Arg::Key("source", Access::Look),
        FROM,
        BY,
        Arg::AnyOrder(&[ORDER, COUNT, Arg::Word("STOREDIST")]),
    ],
    reply: Reply::Int,
    run: Run::Write(geosearchstore),
    also: &[],
};

fn geosearchstore(cx: &mut Write<'_, '_>) -> Outcome {
    let result = Asked::read(&cx.keys, cx.args, Asker::SearchStore, false)?.collect();
    store(cx, 1, result)
}
