//! engine/limiter — may this caller go ahead now, and if not, when?
//!
//! A *rule* says how much is allowed in which time and by which algorithm; a *budget* is what a key
//! has left of it. A request takes its *cost* from the budgets of a key and of its rule's parents,
//! or is refused and told when to come back, or waits in line until then. `docs/limiters.md` is the
//! page for users.
//!
//! - `algorithm` has the algorithms, pure functions of (state, now, cost), `quota` the arithmetic.
//! - `account` is what one rule knows of one key, `budget` the value that holds a key's accounts.
//! - `rules` are the named rules of a database, `stats` what is counted about them.
//! - `admission` looks at all rules that a request must pass, and charges all or none.
//! - `commands` has the statics and handlers.
//!
//! Invariants
//! - Time is the command's `now`, in whole milliseconds, counted in nanoseconds: what is admitted,
//!   and every deadline, is a function of (state, stamp, request). No figure is rounded before it
//!   is told, and what is told is rounded up: who comes back after `retry_after_ms` is admitted,
//!   and one millisecond earlier would not have been.
//! - A key expires at the instant at which all its budgets are full, so a full one costs no memory.
//! - A refusal, and `PEEK`, change nothing and leave no record.
//! - Rules lie on the database's shelf, not at a key: a request locks the stripes of the keys that
//!   it counts and nothing else, and changing a rule runs alone.
//! - Who waits for a key is served in the order of arrival, and nobody who comes later gets ahead,
//!   whether they wait or not.
//!
//! Not here: how many may be in flight at once (`lease`), INCREX (it counts strings: `string`).

mod account;
mod admission;
mod algorithm;
mod budget;
mod commands;
mod quota;
mod rules;
mod stats;
#[cfg(test)]
mod tests;

use crate::command::{Engine, Group};
use commands::{adjust, check, compatible, define, look, many, take};

/// See the module.
pub static ENGINE: Engine = Engine {
    name: "limiter",
    summary: "Rate limits: exact, atomic over many rules, with waiting in line.",
    group: Group::RateLimit,
    kinds: &[&budget::KIND, &rules::KIND],
    commands: &[
        &take::RL_TAKE,
        &check::RL_CHECK,
        &many::RL_MCHECK,
        &define::RL_DEFINE,
        &define::RL_DROP,
        &adjust::RL_REFUND,
        &adjust::RL_BLOCK,
        &adjust::RL_OVERRIDE,
        &adjust::RL_RESET,
        &look::RL_LIST,
        &look::RL_STATS,
        &look::RL_TOP,
        &look::RL_HEADERS,
        &compatible::CL_THROTTLE,
        &compatible::GCRA,
    ],
    settings: &[],
    state: None,
};
