//! engine/limiter/admission.rs — may a request pass the rules it must pass, and what it costs them.
//!
//! A request is a list of [`Link`]s: a rule, the key that it counts, and how much. All are looked
//! at before any is charged, so either all are charged or none. Knows no RESP.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::account::{Account, Matter};
use super::algorithm::Terms;
use super::budget::Budget;
use super::quota::{Nanos, Quota, millis_up, nanos};
use super::rules::{Facts, Rules};
use crate::clock::Millis;
use crate::error::Refusal;
use crate::keyspace::{Edit, Keys};

/// A rule that a request must pass.
pub struct Link<'a> {
    /// Its terms, and whose accounts it has.
    pub facts: Facts,
    /// The key that it counts.
    pub key: Cow<'a, [u8]>,
    /// How much is taken.
    pub cost: u64,
    /// The terms that hold for this key.
    pub terms: Terms,
    /// How long until it can be taken.
    pub wait: Nanos,
}

/// The wait for more than can ever be taken; only a shadow's.
pub const NEVER: u64 = u64::MAX;

/// The links of a request; nearly always few.
pub type Links<'a> = SmallVec<[Link<'a>; 2]>;

/// What a request is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is admitted.
    pub is_admitted: bool,
    /// The most that can be taken at once.
    pub limit: u64,
    /// How much can be taken now.
    pub remaining: u64,
    /// After how many milliseconds the same request is admitted if nobody else asks; 0 if it is,
    /// [`NEVER`] if it is a shadow that would never.
    pub retry: Millis,
    /// After how many milliseconds the budget is full.
    pub reset: Millis,
}

/// That a cost can never be admitted.
#[cold]
fn too_costly(cost: u64, burst: u64) -> Refusal {
    let text = format!("TOOCOSTLY a cost of {cost} is never admitted, the most at once is {burst}");
    Refusal::from(text)
}

/// What a rule knows of a key, brought up to date.
struct View<'b> {
    terms: Terms,
    blocked: Millis,
    account: Option<Cow<'b, Account>>,
}

impl<'b> View<'b> {
    #[inline]
    fn of(budget: Option<&'b Budget>, facts: &Facts, now: Millis) -> View<'b> {
        let mut view = View { terms: facts.terms, blocked: 0, account: None };
        for account in budget.map_or(&[][..], Budget::accounts) {
            if account.head().rule() != facts.head.rule() {
                continue;
            }
            match account {
                Account::Blocked(_, until) => view.blocked = *until,
                Account::Override(_, other) if now < other.until => {
                    let quota = view.terms.quota;
                    let changed = Quota::new(other.limit, quota.period, other.burst);
                    view.terms.quota = changed.unwrap_or(quota);
                }
                Account::Override(..) => {}
                state => view.account = facts.refresh(state),
            }
        }
        view
    }

    #[inline]
    fn wait(&self, now: Millis, cost: u64) -> Nanos {
        let quota = &self.terms.quota;
        let own = match &self.account {
            Some(account) => account.wait(nanos(now), quota, cost),
            // A full budget.
            None => 0,
        };
        own.max(nanos(self.blocked.saturating_sub(now)))
    }

    fn room(&self, now: Millis) -> (u64, Nanos) {
        let quota = &self.terms.quota;
        match &self.account {
            Some(account) => account.room(nanos(now), quota),
            None => (quota.burst, 0),
        }
    }
}

impl Verdict {
    /// What is told of a budget that has this room.
    fn new(
        is_admitted: bool,
        terms: &Terms,
        wait: Nanos,
        (remaining, reset): (u64, Nanos),
    ) -> Self {
        let retry = if wait == NEVER { NEVER } else { millis_up(wait) };
        let reset = millis_up(reset);
        Verdict { is_admitted, limit: terms.quota.burst, remaining, retry, reset }
    }
}

impl<'a> Link<'a> {
    /// A link that has not been weighed.
    pub fn new(facts: Facts, key: Cow<'a, [u8]>, cost: u64) -> Link<'a> {
        let terms = facts.terms;
        Link { facts, key, cost, terms, wait: 0 }
    }

    /// Looks how long the request would have to wait for it.
    ///
    /// # Errors
    /// The key holds something else, or so much can never be taken.
    pub fn weigh(&mut self, keys: &Keys<'_>, now: Millis) -> Result<(), Refusal> {
        let view = View::of(keys.get(&self.key)?, &self.facts, now);
        self.terms = view.terms;
        let burst = view.terms.quota.burst;
        if self.cost > burst {
            if !self.facts.is_shadow {
                return Err(too_costly(self.cost, burst));
            }
            self.wait = NEVER;
            return Ok(());
        }
        self.wait = view.wait(now, self.cost);
        Ok(())
    }

    /// Whether it does not admit the request now.
    #[inline]
    pub fn refuses(&self) -> bool {
        self.wait > 0 && !self.facts.is_shadow
    }

    /// What is told of it when nothing is taken.
    pub fn show(&self, keys: &Keys<'_>, now: Millis) -> Verdict {
        // It was weighed, so the key holds a budget or nothing.
        let view = View::of(keys.get(&self.key).unwrap_or(None), &self.facts, now);
        Verdict::new(!self.refuses(), &view.terms, self.wait, view.room(now))
    }

    /// Takes what it costs, if it admits it, and says what is told of it.
    ///
    /// # Errors
    /// The key holds something else.
    pub fn charge(&self, keys: &mut Keys<'_>, now: Millis) -> Result<Verdict, Refusal> {
        if self.wait > 0 {
            return Ok(self.show(keys, now));
        }
        let mut budget = keys.edit::<Budget>(&self.key)?;
        let room = charge(&mut budget, &self.facts, &self.terms, self.cost, now);
        Ok(Verdict::new(true, &self.terms, 0, room))
    }
}

/// Takes what was found to be there.
fn charge(
    budget: &mut Edit<'_, '_, Budget>,
    facts: &Facts,
    terms: &Terms,
    cost: u64,
    now: Millis,
) -> (u64, Nanos) {
    // Nobody who waits can use what is taken.
    budget.hush();
    budget.tidy(now);
    let rule = facts.head.rule();
    let held = budget.find_mut(rule, Matter::State);
    let (room, full) = match held {
        Some(held) if matches!(facts.refresh(held), Some(Cow::Borrowed(_))) => {
            held.set_head(facts.head);
            take(held, terms, cost, now)
        }
        other => {
            let refreshed = other.as_deref().and_then(|held| facts.refresh(held));
            let full = || Account::full(facts.head, terms.algorithm);
            let mut account = refreshed.map_or_else(full, Cow::into_owned);
            let taken = take(&mut account, terms, cost, now);
            budget.put(account);
            taken
        }
    };
    set_deadline(budget, facts, full);
    room
}

#[inline]
fn take(account: &mut Account, terms: &Terms, cost: u64, now: Millis) -> ((u64, Nanos), Millis) {
    account.charge(nanos(now), terms, cost);
    let room = account.room(nanos(now), &terms.quota);
    (room, millis_up(nanos(now).saturating_add(room.1)))
}

/// The key expires when all its budgets are full, of which one is full at an instant.
fn set_deadline(budget: &mut Edit<'_, '_, Budget>, facts: &Facts, full: Millis) {
    let deadline = if budget.is_only(facts.head) { full } else { full.max(budget.expires_at()) };
    budget.expire_at(deadline);
}

/// A request under one rule: looked at and charged with one look-up.
///
/// # Errors
/// The key holds something else, or so much can never be taken.
#[inline]
pub fn take_one(
    keys: &mut Keys<'_>,
    key: &[u8],
    facts: &Facts,
    cost: u64,
    now: Millis,
) -> Result<Verdict, Refusal> {
    let mut budget = keys.edit::<Budget>(key)?;
    budget.unchanged();
    let view = View::of(Some(&budget), facts, now);
    let (terms, burst) = (view.terms, view.terms.quota.burst);
    let wait = if cost <= burst { view.wait(now, cost) } else { NEVER };
    if wait > 0 {
        if cost > burst && !facts.is_shadow {
            return Err(too_costly(cost, burst));
        }
        return Ok(Verdict::new(facts.is_shadow, &terms, wait, view.room(now)));
    }
    drop(view);
    budget.changed();
    let room = charge(&mut budget, facts, &terms, cost, now);
    Ok(Verdict::new(true, &terms, 0, room))
}

/// Takes out of a key's budget what a rule knows of these matters; says whether there was any.
/// The key then expires when what is left is full.
///
/// # Errors
/// The key holds something else.
pub fn remove(
    keys: &mut Keys<'_>,
    key: &[u8],
    rule: u32,
    matters: &[Matter],
    now: Millis,
) -> Result<bool, Refusal> {
    let is_gone =
        |account: &Account| account.head().rule() == rule && matters.contains(&account.matter());
    let Some(budget) = keys.get::<Budget>(key)? else { return Ok(false) };
    if !budget.accounts().iter().any(is_gone) {
        return Ok(false);
    }
    let rules = keys.shelf().get::<Rules>();
    let left = budget.accounts().iter().filter(|account| !is_gone(account));
    let until = left.map(|account| over_at(account, budget, rules, now)).max();
    if let Some(mut budget) = keys.edit_existing::<Budget>(key)? {
        budget.retain(|account| !is_gone(account));
        if let Some(until) = until {
            // At once, if nothing that is left counts any more.
            budget.expire_at(until.max(now));
        }
    }
    Ok(true)
}

/// When an account counts no more.
fn over_at(account: &Account, budget: &Budget, rules: Option<&Rules>, now: Millis) -> Millis {
    match account {
        Account::Blocked(_, until) => return *until,
        Account::Override(_, other) => return other.until,
        Account::Gcra(_, gcra) => return millis_up(gcra.full),
        Account::Window(_, window) => return millis_up(window.end),
        Account::Bucket(..) | Account::Sliding(..) | Account::Log(..) => {}
    }
    let Some(rule) = rules.and_then(|rules| rules.numbered(account.head().rule())) else {
        return now;
    };
    let (_, reset) = View::of(Some(budget), &rule.facts(), now).room(now);
    millis_up(nanos(now).saturating_add(reset))
}

/// Gives back what was taken, and says what is told then.
///
/// # Errors
/// The key holds something else.
pub fn refund(
    keys: &mut Keys<'_>,
    key: &[u8],
    facts: &Facts,
    cost: u64,
    now: Millis,
) -> Result<Verdict, Refusal> {
    let rule = facts.head.rule();
    let Some(mut budget) = keys.edit_existing::<Budget>(key)? else {
        let room = (facts.terms.quota.burst, 0);
        return Ok(Verdict::new(true, &facts.terms, 0, room));
    };
    let view = View::of(Some(&budget), facts, now);
    let terms = view.terms;
    let Some(mut account) = view.account.map(Cow::into_owned) else {
        budget.unchanged();
        return Ok(Verdict::new(true, &terms, 0, (terms.quota.burst, 0)));
    };
    account.refund(nanos(now), &terms.quota, cost);
    let room = account.room(nanos(now), &terms.quota);
    if room.1 == 0 {
        budget.remove(rule, Matter::State);
    } else {
        budget.put(account);
        let full = millis_up(nanos(now).saturating_add(room.1));
        set_deadline(&mut budget, facts, full);
    }
    Ok(Verdict::new(true, &terms, 0, room))
}

/// Adds the links of a request under the rule of a name: the rule itself and its ancestors. What is
/// there already is asked for more.
///
/// # Errors
/// There is no such rule.
pub fn add_links<'a>(
    rules: &Rules,
    name: &[u8],
    key: &'a [u8],
    cost: u64,
    links: &mut Links<'a>,
) -> Result<(), Refusal> {
    for (_, rule, counted) in rules.chain(name, key)? {
        let facts = rule.facts();
        let is_same = |link: &&mut Link<'_>| {
            link.facts.head.rule() == facts.head.rule() && *link.key == *counted
        };
        if let Some(link) = links.iter_mut().find(is_same) {
            link.cost = link.cost.saturating_add(cost);
            continue;
        }
        let counted = match key.get(..counted.len()) {
            Some(part) if std::ptr::eq(part, counted) => Cow::Borrowed(part),
            _ => Cow::Owned(counted.to_vec()),
        };
        links.push(Link::new(facts, counted, cost));
    }
    Ok(())
}
