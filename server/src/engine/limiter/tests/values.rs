//! Budgets and rules as bytes.

use super::{START, dice};
use crate::dice::Dice;
use crate::engine::limiter::account::{Account, Head, Matter, Override};
use crate::engine::limiter::algorithm::bucket::Bucket;
use crate::engine::limiter::algorithm::calendar::{Span, Zone};
use crate::engine::limiter::algorithm::gcra::Gcra;
use crate::engine::limiter::algorithm::log::Log;
use crate::engine::limiter::algorithm::sliding::Sliding;
use crate::engine::limiter::algorithm::window::Window;
use crate::engine::limiter::algorithm::{Algorithm, Terms};
use crate::engine::limiter::budget::{self, Budget};
use crate::engine::limiter::quota::{MILLI, Quota};
use crate::engine::limiter::rules::{self, Definition, OnChange, Rules, Scope};
use crate::keyspace::Object;

/// An account that says anything.
pub(super) fn any_account(dice: &mut Dice) -> Account {
    let head = Head::new(dice.next() as u32 % 4, dice.next() as u16 % 3);
    let mut word = || match dice.below(5) {
        0 => u64::MAX - dice.next() % 3,
        1 => dice.next() % 3,
        2 => START * MILLI + dice.next() % (1 << 40),
        3 => START + dice.next() % 1000,
        _ => dice.next(),
    };
    let (one, two) = (word(), word());
    match one % 7 {
        0 => Account::Gcra(head, Gcra { full: two, fraction: word() }),
        1 => Account::Bucket(head, Bucket { since: two, used: word() }),
        2 => Account::Window(head, Window { end: two, used: word() }),
        3 => {
            let (previous, current) = (word() as u32, word() as u32);
            Account::Sliding(head, Sliding { start: two, previous, current })
        }
        4 => {
            let times = (1..=two % 20).map(|step| (START + step * 7) << 16 | step % 3);
            Account::Log(head, Box::new(Log::from_entries(times).expect("ascending")))
        }
        5 => Account::Blocked(head, two),
        _ => {
            let other = Override { limit: two, burst: word(), until: word() };
            Account::Override(head, Box::new(other))
        }
    }
}

fn frozen(object: &dyn Object) -> Vec<u8> {
    let mut bytes = Vec::new();
    object.freeze(&mut bytes);
    bytes
}

#[test]
fn budgets_survive_freezing_and_damage_is_seen() {
    let mut dice = dice(9);
    for _ in 0..3000 {
        let mut budget = Budget::Full;
        for _ in 0..=dice.below(4) {
            budget.put(any_account(&mut dice));
        }
        let bytes = frozen(&budget);
        let thawed = (budget::KIND.thaw)(&bytes).expect("what was frozen thaws");
        assert_eq!(frozen(&*thawed), bytes);
        assert_eq!(frozen(&*budget.duplicate()), bytes);
        let mut dumped = Vec::new();
        budget.dump(0, &mut dumped);
        let restored = (budget::KIND.restore)(dumped[0], &mut &dumped[1..]).expect("restores");
        assert_eq!(frozen(&*restored), bytes);
        let mut damaged = bytes.clone();
        damaged.truncate(dice.below(bytes.len()));
        assert!((budget::KIND.thaw)(&damaged).is_err(), "cut off and not seen");
        let at = dice.below(bytes.len());
        damaged = bytes;
        damaged[at] ^= 1 << dice.below(8);
        // No panic; a flipped bit of a number cannot be seen here.
        let _ = (budget::KIND.thaw)(&damaged);
    }
}

#[test]
fn a_rule_has_one_account_of_each_matter() {
    let mut dice = dice(10);
    for _ in 0..300 {
        let mut budget = Budget::Full;
        for _ in 0..60 {
            let account = any_account(&mut dice);
            let (rule, matter) = (account.head().rule(), account.matter());
            if dice.below(3) == 0 {
                budget.remove(rule, matter);
                assert!(budget.find(rule, matter).is_none());
            } else {
                budget.put(account.clone());
                assert_eq!(budget.find(rule, matter), Some(&account));
            }
            for rule in 0..4 {
                for matter in [Matter::State, Matter::Block, Matter::Override] {
                    let same =
                        |held: &&Account| held.head().rule() == rule && held.matter() == matter;
                    assert!(budget.accounts().iter().filter(same).count() <= 1);
                }
            }
            assert_eq!(budget.is_empty(), budget.accounts().is_empty());
        }
    }
}

#[test]
fn rules_survive_freezing_and_damage_is_seen() {
    let mut dice = dice(11);
    let mut rules = Rules::default();
    let algorithms = [
        Algorithm::Gcra,
        Algorithm::Bucket,
        Algorithm::Leaky,
        Algorithm::Fixed,
        Algorithm::Sliding,
        Algorithm::Log,
        Algorithm::Calendar(Span::Month, Zone::parse(b"Europe/Berlin").expect("a zone")),
        Algorithm::Calendar(Span::Day, Zone::Fixed(-12_600)),
    ];
    let mut defined = 0;
    for round in 0..400 {
        let name = format!("rule{}", dice.below(12)).into_bytes();
        let algorithm = algorithms[dice.below(algorithms.len())];
        let quota = Quota::new(1 + dice.next() % 100, MILLI, 1).expect("within bounds");
        let parent = format!("rule{}", dice.below(12)).into_bytes();
        let scope = [Scope::Path, Scope::Key][dice.below(2)];
        let definition = Definition {
            terms: Terms { algorithm, quota },
            parent: (dice.below(3) == 0).then(|| (parent.into(), scope)),
            is_shadow: dice.below(4) == 0,
        };
        if rules.check(&name, &definition).is_ok() {
            let change = [OnChange::AsIs, OnChange::Scale, OnChange::Reset][dice.below(3)];
            rules.define(&name, definition, change, START + round);
            defined += 1;
        } else if rules.check_drop(&name).is_ok() && dice.below(4) == 0 {
            rules.drop(&name);
        }
        for (name, _) in rules.sorted() {
            let chain = rules.chain(name, b"a:b:c").expect("it is there");
            assert!(chain.count() <= rules::CHAIN_MAX);
        }
        let bytes = frozen(&rules);
        let thawed = (rules::KIND.thaw)(&bytes).expect("what was frozen thaws");
        assert_eq!(frozen(&*thawed), bytes);
        let mut damaged = bytes;
        let at = dice.below(damaged.len());
        damaged[at] ^= 1 << dice.below(8);
        if let Ok(thawed) = (rules::KIND.thaw)(&damaged) {
            frozen(&*thawed);
        }
    }
    assert!(defined > 100, "only {defined} definitions were taken");
}
