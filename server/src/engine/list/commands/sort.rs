//! engine/list/commands/sort.rs — the elements of a list, set or sorted set in another order, or
//! what is found by them.
//!
//! BY and GET name keys by a pattern, which has an element in the place of its `*`; they may be
//! any, so a request that has such a pattern runs alone: all other requests wait for as long as it
//! takes, as in Redis, which sorts no faster for it. Bytes are compared as bytes, which is what
//! the C locale does: up to a NUL, unless the result is stored.
//!
//! Source: `sort.c` of Redis.

use std::cmp::Ordering;
use std::ops::Range;

use mainstay_protocol::Request;
use smallvec::SmallVec;

use crate::command::options::{self, Words, is_word};
use crate::command::{
    Access, Arg, Command, Cost, Group, Next, Outcome, Read, Reply, Run, Trait, Type, Write, number,
};
use crate::engine::list::sequence::Sequence;
use crate::error::Refusal;
use crate::keyspace::{Elements, Keys, Ttl, Value};
use crate::structure::partial_sort::sort_range;
use crate::structure::segments::{End, List};

const COST: Cost = Cost::Linear(
    "elements, times the logarithm of that if they are sorted; with a pattern of keys (BY or GET) \
     no other request runs meanwhile",
);

const BY: Arg = Arg::Tagged("BY", &Arg::Value("by-pattern", Type::Pattern));

const LIMIT: Arg = Arg::Tagged(
    "LIMIT",
    &Arg::Group(&[Arg::Value("offset", Type::Integer), Arg::Value("count", Type::Integer)]),
);

const GET: Arg = Arg::Many(&Arg::Tagged("GET", &Arg::Value("get-pattern", Type::Pattern)));

const ORDER: Arg = Arg::OneOf(&[Arg::Word("ASC"), Arg::Word("DESC")]);

const SORTED: Reply = Reply::Array(&Reply::Maybe(&Reply::Bulk));

/// See its summary.
pub static SORT: Command = Command {
    name: "SORT",
    summary: "Sorts the elements in a list, a set, or a sorted set, optionally storing the result.",
    since: "1.0.0",
    cost: COST,
    args: &[
        Arg::Key("key", Access::Look),
        Arg::AnyOrder(&[
            BY,
            LIMIT,
            GET,
            ORDER,
            Arg::Word("ALPHA"),
            Arg::Tagged("STORE", &Arg::Key("destination", Access::Replace)),
        ]),
    ],
    reply: Reply::OneOf(&[SORTED, Reply::Int]),
    run: Run::Write(sort),
    also: TRAITS,
};

/// See its summary.
pub static SORT_RO: Command = Command {
    name: "SORT_RO",
    summary: "Returns the sorted elements of a list, a set, or a sorted set.",
    since: "7.0.0",
    cost: COST,
    args: &[
        Arg::Key("key", Access::Look),
        Arg::AnyOrder(&[BY, LIMIT, GET, ORDER, Arg::Word("ALPHA")]),
    ],
    reply: SORTED,
    run: Run::Read(sort_ro),
    also: TRAITS,
};

const TRAITS: &[Trait] = &[
    Trait::Dangerous,
    Trait::InGroup(Group::Generic),
    Trait::InCategory("set"),
    Trait::InCategory("sortedset"),
    Trait::Patterns(&["BY", "GET"]),
];

/// A request, read.
#[derive(Default)]
struct Asked<'a> {
    /// What to sort by, if not by the elements themselves.
    by: Option<Pattern<'a>>,
    is_unsorted: bool,
    offset: i64,
    count: Option<i64>,
    get: SmallVec<[Pattern<'a>; 4]>,
    down: bool,
    alpha: bool,
    target: Option<&'a [u8]>,
}

impl<'a> Asked<'a> {
    fn read(args: Request<'a>, may_store: bool) -> Result<Asked<'a>, Refusal> {
        let mut asked = Asked::default();
        let mut words = Words::new(args, 2);
        while let Some(word) = words.next() {
            let left = words.left();
            let is = |name| is_word(word, name);
            if is("ASC") {
                asked.down = false;
            } else if is("DESC") {
                asked.down = true;
            } else if is("ALPHA") {
                asked.alpha = true;
            } else if is("LIMIT") && left >= 2 {
                asked.offset = options::integer(words.value()?)?;
                asked.count = Some(options::integer(words.value()?)?);
            } else if may_store && is("STORE") && left >= 1 {
                asked.target = Some(words.value()?);
            } else if is("BY") && left >= 1 {
                let pattern = Pattern::read(words.value()?);
                asked.is_unsorted |= !pattern.names_keys();
                asked.by = Some(pattern);
            } else if is("GET") && left >= 1 {
                asked.get.push(Pattern::read(words.value()?));
            } else {
                return Err(Refusal::Syntax);
            }
        }
        Ok(asked)
    }

    /// The part of so many elements that LIMIT leaves.
    fn span(&self, len: usize) -> Range<usize> {
        let start = usize::try_from(self.offset).unwrap_or(0).min(len);
        let count = self.count.and_then(|count| usize::try_from(count).ok()).unwrap_or(len);
        start..len.min(start.saturating_add(count))
    }

    /// The elements asked for, in the order asked for.
    ///
    /// # Errors
    /// A key that has no elements, and numbers to sort by that are none.
    fn elements<'k>(&self, keys: &'k Keys<'_>, key: &[u8]) -> Result<Vec<&'k [u8]>, Refusal> {
        let (elements, is_set) = match keys.value(key) {
            None => return Ok(Vec::new()),
            Some(Value::String(_)) => return Err(Refusal::WrongType),
            Some(Value::Object(object)) => {
                let elements = object.as_elements().ok_or(Refusal::WrongType)?;
                (elements, object.as_distinct().is_some())
            }
        };
        let span = self.span(elements.count());
        // What is stored must not depend on the order that a set happens to have.
        let in_order = is_set && self.target.is_some();
        if self.is_unsorted && !in_order {
            let mut part = Vec::with_capacity(span.len());
            elements.show(span.start, span.len(), self.down, &mut |element| part.push(element));
            return Ok(part);
        }
        let by = self.by.as_ref().filter(|_| !self.is_unsorted);
        let alpha = self.alpha || self.is_unsorted;
        let mut items = self.weigh(keys, elements, by, alpha)?;
        let compare = |one: &Item<'_>, other: &Item<'_>| {
            let order = if alpha {
                one.text.cmp(&other.text)
            } else {
                let order = one.number.partial_cmp(&other.number).unwrap_or(Ordering::Equal);
                order.then_with(|| one.element.cmp(other.element))
            };
            if self.down { order.reverse() } else { order }
        };
        // Redis sorts only the part that is asked for where it has looked up what to sort by.
        let wanted = if by.is_some() { span.clone() } else { 0..items.len() };
        sort_range(&mut items, wanted, compare);
        Ok(items[span].iter().map(|item| item.element).collect())
    }

    /// All elements, each with what it is sorted by.
    fn weigh<'k>(
        &self,
        keys: &'k Keys<'_>,
        elements: &'k dyn Elements,
        by: Option<&Pattern<'_>>,
        alpha: bool,
    ) -> Result<Vec<Item<'k>>, Refusal> {
        let mut items = Vec::with_capacity(elements.count());
        let (mut name, mut is_wrong) = (Vec::new(), false);
        elements.show(0, elements.count(), false, &mut |element| {
            let text = match by {
                Some(pattern) => pattern.find(keys, element, &mut name),
                None => Some(element),
            };
            let number = text.filter(|_| !alpha).map(|text| {
                number::weight(text).unwrap_or_else(|| {
                    is_wrong = true;
                    0.0
                })
            });
            let text = text.map(|text| if self.target.is_some() { text } else { cut(text) });
            items.push(Item { element, text, number: number.unwrap_or(0.0) });
        });
        if is_wrong {
            return Err(Refusal::text("ERR One or more scores can't be converted into double"));
        }
        Ok(items)
    }
}

/// An element and what it is sorted by.
struct Item<'k> {
    element: &'k [u8],
    /// `None` comes first.
    text: Option<&'k [u8]>,
    number: f64,
}

/// A name with an element in the place of its `*`, see BY and GET.
struct Pattern<'a> {
    /// Stands for the element itself.
    is_self: bool,
    /// What is before and behind the `*`; without one, nothing is ever found.
    key: Option<(&'a [u8], &'a [u8])>,
    /// The field of a hash.
    field: Option<&'a [u8]>,
}

impl<'a> Pattern<'a> {
    fn read(text: &'a [u8]) -> Pattern<'a> {
        // What tells the parts apart is looked for up to a NUL only; the parts go on behind it.
        let seen = cut(text);
        let mut pattern = Pattern { is_self: seen == b"#", key: None, field: None };
        if let Some(star) = seen.iter().position(|&byte| byte == b'*') {
            let arrow = seen[star + 1..].windows(2).position(|two| two == b"->");
            let arrow = arrow.map(|at| star + 1 + at).filter(|&at| at + 2 < seen.len());
            pattern.key = Some((&text[..star], &text[star + 1..arrow.unwrap_or(text.len())]));
            pattern.field = arrow.map(|at| &text[at + 2..]);
        }
        pattern
    }

    fn names_keys(&self) -> bool {
        self.key.is_some()
    }

    /// What the pattern leads to from an element. `name` is room for the key's name.
    fn find<'k>(
        &self,
        keys: &'k Keys<'_>,
        element: &'k [u8],
        name: &mut Vec<u8>,
    ) -> Option<&'k [u8]> {
        if self.is_self {
            return Some(element);
        }
        let (before, behind) = self.key?;
        name.clear();
        for part in [before, element, behind] {
            name.extend_from_slice(part);
        }
        match (keys.value(name)?, self.field) {
            (Value::String(text), None) => Some(text),
            (Value::Object(object), Some(field)) => object.field(field, keys.now()),
            _ => None,
        }
    }
}

/// The text up to a NUL: a string of C's.
fn cut(text: &[u8]) -> &[u8] {
    text.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Shows what is answered for these elements: themselves, or what GET finds by each.
fn each_found<'k>(
    keys: &'k Keys<'_>,
    get: &[Pattern<'_>],
    elements: &[&'k [u8]],
    mut show: impl FnMut(Option<&'k [u8]>),
) {
    let mut name = Vec::new();
    for &element in elements {
        if get.is_empty() {
            show(Some(element));
        }
        for pattern in get {
            show(pattern.find(keys, element, &mut name));
        }
    }
}

fn sort_ro(cx: &mut Read<'_>) -> Outcome {
    let asked = Asked::read(cx.args, false)?;
    let elements = asked.elements(cx.keys, cx.args.arg(1))?;
    cx.out.array(elements.len() * asked.get.len().max(1));
    each_found(cx.keys, &asked.get, &elements, |found| match found {
        Some(found) => cx.out.bulk(found),
        None => cx.out.null(),
    });
    Ok(Next::Done)
}

fn sort(cx: &mut Write<'_, '_>) -> Outcome {
    let asked = Asked::read(cx.args, true)?;
    let elements = asked.elements(&cx.keys, cx.args.arg(1))?;
    let count = elements.len() * asked.get.len().max(1);
    let Some(target) = asked.target else {
        cx.out.array(count);
        each_found(&cx.keys, &asked.get, &elements, |found| match found {
            Some(found) => cx.out.bulk(found),
            None => cx.out.null(),
        });
        return Ok(Next::Done);
    };
    let mut entries = List::new();
    each_found(&cx.keys, &asked.get, &elements, |found| {
        entries.push(End::Back, found.unwrap_or_default());
    });
    if count == 0 {
        cx.keys.remove(target);
    } else {
        cx.keys.put_object(target, Box::new(Sequence { entries }), Ttl::Clear);
    }
    cx.out.integer(count as i64);
    Ok(Next::Done)
}
