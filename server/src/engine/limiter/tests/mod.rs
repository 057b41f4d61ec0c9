//! The algorithms against their definitions, in exact integers.
//!
//! A model keeps everything that was admitted and knows nothing but the definition: what may be
//! admitted over an interval. What an algorithm answers is held against it: whether a request
//! passes, how much is left, that one who comes back at `retry_after_ms` passes and one who comes a
//! millisecond earlier does not, and that the budget is full at `reset_after_ms` and not before.

mod models;
mod values;

use super::account::{Account, Head};
use super::algorithm::{Algorithm, Terms};
use super::quota::{MILLI, Nanos, Quota, millis_up, nanos};
use crate::clock::Millis;
use crate::dice::Dice;
use models::{Bucket, Fixed, Fluid, Log, Model, Sliding};

const START: Millis = 1_700_000_000_000;

/// A chance whose seed is printed; `SEED` repeats a run.
fn dice(seed: u64) -> Dice {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(seed);
    eprintln!("SEED={seed}");
    Dice::new(seed)
}

fn pick(dice: &mut Dice, from: &[u64]) -> u64 {
    from.get(dice.below(from.len())).copied().unwrap_or(1)
}

/// Runs requests at random times against an algorithm and its model.
fn run(algorithm: Algorithm, dice: &mut Dice, make: fn(Quota) -> Box<dyn Model>) {
    const DAY: u64 = 86_400_000;
    let limits: &[u64] = match algorithm {
        Algorithm::Log => &[1, 2, 3, 7, 50],
        _ => &[1, 2, 3, 7, 50, 999, 1000, 999_983, 3_000_000, 4_000_000_000],
    };
    let limit = pick(dice, limits);
    let period = pick(dice, &[1, 7, 333, 1000, 60_000, 3_600_000, DAY, 36 * DAY]) * MILLI;
    let burst = match dice.below(3) {
        _ if !algorithm.has_burst() => limit,
        0 => limit,
        1 => 1,
        _ => 1 + dice.next() % (3 * limit),
    };
    let quota = Quota::new(limit, period, burst).expect("within bounds");
    let terms = Terms { algorithm, quota };
    let mut account = Account::full(Head::NONE, algorithm);
    let mut model = make(quota);
    let mut now = START;
    // About as long as a few units take, and now and then a whole period or nothing at all.
    let usual = (period / MILLI / limit).max(1);
    for step in 0..300 {
        now += match dice.below(8) {
            0 => 0,
            1 => 1,
            2 => period / MILLI,
            3 => dice.next() % (3 * period / MILLI + 1),
            _ => dice.next() % (4 * usual),
        };
        let cost = match dice.below(4) {
            0 => burst,
            1 => 1 + dice.next() % burst,
            _ => 1 + dice.next() % (1 + burst / 4),
        }
        .min(burst);
        let context = format!("{algorithm:?} {quota:?} step {step} at {now} cost {cost}");
        let at = |time: Millis| nanos(time);
        let wait = account.wait(at(now), &quota, cost);
        assert_eq!(wait == 0, model.admits(at(now), cost), "{context}: wait {wait}");
        if wait == 0 {
            account.charge(at(now), &terms, cost);
            model.admit(at(now), cost);
        } else {
            let retry = millis_up(wait);
            assert!(model.admits(at(now + retry), cost), "{context}: refused after {retry}");
            assert!(!model.admits(at(now + retry - 1), cost), "{context}: {retry} is too long");
        }
        let (left, reset) = account.room(at(now), &quota);
        assert!(left <= burst, "{context}: {left} left");
        assert!(left == 0 || model.admits(at(now), left), "{context}: {left} are not left");
        assert!(left == burst || !model.admits(at(now), left + 1), "{context}: more than {left}");
        let reset = millis_up(reset);
        assert!(model.admits(at(now + reset), burst), "{context}: not full after {reset}");
        assert!(reset == 0 || !model.admits(at(now + reset - 1), burst), "{context}: {reset} long");
    }
}

#[test]
fn gcra_admits_what_a_fluid_bucket_does() {
    let mut dice = dice(1);
    for round in 0..150 {
        let algorithm = if round % 2 == 0 { Algorithm::Gcra } else { Algorithm::Leaky };
        run(algorithm, &mut dice, |quota| Box::new(Fluid::new(quota)));
    }
}

#[test]
fn a_bucket_is_filled_in_steps() {
    let mut dice = dice(2);
    for _ in 0..150 {
        run(Algorithm::Bucket, &mut dice, |quota| Box::new(Bucket::new(quota)));
    }
}

#[test]
fn a_fixed_window_counts_from_the_first_request() {
    let mut dice = dice(3);
    for _ in 0..150 {
        run(Algorithm::Fixed, &mut dice, |quota| Box::new(Fixed::new(quota)));
    }
}

#[test]
fn a_log_forgets_nothing_within_a_period() {
    let mut dice = dice(4);
    for _ in 0..150 {
        run(Algorithm::Log, &mut dice, |quota| Box::new(Log::new(quota)));
    }
}

#[test]
fn a_sliding_window_is_the_exact_estimate_and_errs_as_stated() {
    let mut dice = dice(5);
    for _ in 0..150 {
        run(Algorithm::Sliding, &mut dice, |quota| Box::new(Sliding::new(quota)));
    }
}

/// 10^9 units of a third of a second each: not a nanosecond is lost or won.
#[test]
fn nothing_drifts() {
    for (limit, period) in [(3, 1000 * MILLI), (7, 1000 * MILLI), (999_983, 60_000 * MILLI)] {
        let quota = Quota::new(limit, period, limit).expect("within bounds");
        let terms = Terms { algorithm: Algorithm::Gcra, quota };
        let mut account = Account::full(Head::NONE, Algorithm::Gcra);
        let (mut now, mut taken) = (START, 0u128);
        // One by one for a while, always at the instant told; then in jumps of a full budget.
        while taken < 1_000_000_000 {
            let cost = if taken < 200_000 { 1 } else { limit.min(1_000_000_000 - taken as u64) };
            now += millis_up(account.wait(nanos(now), &quota, cost));
            // Not full in between: else the time until now would not count.
            let full = account.room(nanos(now), &quota).1 == 0;
            assert!(!full || taken == 0 || cost == limit, "{limit} {taken}");
            account.charge(nanos(now), &terms, cost);
            taken += u128::from(cost);
        }
        let spent = u128::from(nanos(now - START)) * u128::from(limit);
        let worth = taken * u128::from(period);
        // What was admitted is worth the time that passed and at most one burst; and with the
        // milliseconds that a caller loses by coming at whole ones, not less than that.
        let burst = quota.worth(quota.burst);
        assert!(worth <= spent + burst, "{limit}: too much was admitted");
    }
    // Without a wait the state itself can be held against the sum.
    let quota = Quota::new(3, 1000 * MILLI, 1_000_000_000).expect("within bounds");
    let terms = Terms { algorithm: Algorithm::Gcra, quota };
    let mut account = Account::full(Head::NONE, Algorithm::Gcra);
    for step in 0..1_000_000u64 {
        account.charge(nanos(START), &terms, 1 + step % 1999);
    }
    let taken: u128 = (0..1_000_000u128).map(|step| 1 + step % 1999).sum();
    let Account::Gcra(_, gcra) = account else { panic!("it became another") };
    let exact = u128::from(gcra.full) * 3 + u128::from(gcra.fraction);
    assert_eq!(exact, u128::from(nanos(START)) * 3 + taken * u128::from(quota.period));
}

/// What is given back is as if it had never been taken, as long as the budget was never full in
/// between.
#[test]
fn a_refund_undoes_a_charge() {
    let mut dice = dice(6);
    for round in 0..600 {
        let algorithm =
            [Algorithm::Gcra, Algorithm::Bucket, Algorithm::Fixed, Algorithm::Sliding][round % 4];
        let limit = pick(&mut dice, &[3, 10, 999, 65_536]);
        let quota = Quota::new(limit, 1000 * MILLI, limit).expect("within bounds");
        let terms = Terms { algorithm, quota };
        let mut account = Account::full(Head::NONE, algorithm);
        account.charge(nanos(START), &terms, 1 + dice.next() % (limit - 1));
        let later = nanos(START) + dice.next() % 100;
        let (before, _) = account.room(later, &quota);
        if before == 0 {
            continue;
        }
        let cost = 1 + dice.next() % before;
        account.charge(later, &terms, cost);
        assert_eq!(account.room(later, &quota).0, before - cost, "{terms:?}");
        account.refund(later, &quota, cost);
        assert_eq!(account.room(later, &quota).0, before, "{terms:?}");
        account.refund(later, &quota, u64::MAX);
        assert_eq!(account.room(later, &quota), (limit, 0), "{terms:?}");
    }
}

/// The span that a budget takes to fill is the same share of the new one after a change.
#[test]
fn scaling_keeps_the_share() {
    let mut dice = dice(7);
    for _ in 0..2000 {
        let mut quota = || {
            let limit = pick(&mut dice, &[1, 3, 10, 999, 1_000_000, 1_000_000_000_000_000]);
            let period = pick(&mut dice, &[1, 1000, 3_600_000, 86_400_000]) * MILLI;
            let burst = pick(&mut dice, &[1, 5, 1000, limit]);
            Quota::new(limit, period, burst).unwrap_or(Quota { limit, period, burst: 1 })
        };
        let (from, to) = (quota(), quota());
        let terms = Terms { algorithm: Algorithm::Gcra, quota: from };
        let mut account = Account::full(Head::NONE, Algorithm::Gcra);
        let cost = 1 + dice.next() % from.burst;
        account.charge(nanos(START), &terms, cost);
        account.scale(nanos(START), &from, &to);
        let Account::Gcra(_, gcra) = &account else { panic!("it became another") };
        let debt = gcra.debt(nanos(START), &to);
        // As a fraction of the burst's worth, within one part of a unit.
        let exact = u128::from(to.period) * u128::from(to.burst) / u128::from(from.burst);
        let (low, high) = (exact * u128::from(cost), (exact + 1) * u128::from(cost));
        let slack = u128::from(to.period);
        assert!(debt + slack >= low && debt <= high + slack, "{from:?} {to:?} {cost}: {debt}");
    }
}

/// Bytes that were restored may say anything; nothing panics on it.
#[test]
fn any_state_is_met_without_panic() {
    let mut dice = dice(8);
    for _ in 0..20_000 {
        let account = values::any_account(&mut dice);
        let mut quota = || {
            let limit = pick(&mut dice, &[1, 3, 1000, 1_000_000_000_000_000]);
            let period = pick(&mut dice, &[1, MILLI, 3_600_000 * MILLI, super::quota::SPAN_MAX]);
            Quota::new(limit, period, limit).expect("within bounds")
        };
        let (quota, other) = (quota(), quota());
        let now = nanos(pick(&mut dice, &[0, 1, START, START * 2, u64::MAX]));
        let algorithms = [
            Algorithm::Gcra,
            Algorithm::Bucket,
            Algorithm::Fixed,
            Algorithm::Sliding,
            Algorithm::Log,
        ];
        for algorithm in algorithms.into_iter().filter(|&algorithm| account.is_of(algorithm)) {
            let terms = Terms { algorithm, quota };
            let cost: Nanos = 1 + dice.next() % quota.burst;
            let mut account = account.clone();
            account.wait(now, &quota, cost);
            account.room(now, &quota);
            account.charge(now, &terms, cost);
            account.room(now, &quota);
            account.refund(now, &quota, cost);
            account.scale(now, &quota, &other);
            account.room(now, &other);
        }
    }
}
