//! The sorted set as a value against a plain sorted vector, and the ways to name its parts.

use super::range::{Names, Scores, limit, ranks, reversed};
use super::ranking::{KIND, Ranking};
use crate::dice::Dice;
use crate::keyspace::{Object, Shape};
use crate::structure::ranked::{Change, Score};

const PACKED_MEMBERS_MAX: usize = Shape::DEFAULT.sorted_set.elements;
const PACKED_BYTES_MAX: usize = Shape::DEFAULT.sorted_set.bytes;

fn score(number: f64) -> Score {
    Score::new(number).expect("a number")
}

fn frozen(object: &dyn Object) -> Vec<u8> {
    let mut bytes = Vec::new();
    object.freeze(&mut bytes);
    bytes
}

type Model = Vec<(Score, Vec<u8>)>;

fn listed<'a>(pairs: impl Iterator<Item = (&'a [u8], Score)>) -> Model {
    pairs.map(|(member, score)| (score, member.to_vec())).collect()
}

fn put(model: &mut Model, member: &[u8], score: Score) -> Change {
    let old = model.iter().position(|(_, other)| other == member).map(|at| model.remove(at).0);
    model.push((score, member.to_vec()));
    model.sort();
    match old {
        None => Change::Added,
        Some(old) if old == score => Change::Same,
        Some(old) => Change::Moved(old),
    }
}

#[test]
fn a_sorted_set_does_what_a_sorted_vector_does_and_survives_freezing_and_copying() {
    for seed in 0..20 {
        eprintln!("seed {seed}");
        let mut dice = Dice::new(seed);
        let names = [40, 400][seed as usize % 2];
        let (mut ranking, mut model) = (Ranking::default(), Model::new());
        for step in 0..2000 {
            let mut member = dice.below(names).to_string().into_bytes();
            if dice.below(1500) == 0 {
                member.resize(PACKED_BYTES_MAX - 2 + dice.below(5), b'x');
            }
            let found = model.iter().position(|(_, other)| *other == member);
            assert_eq!(ranking.score(&member), found.map(|at| model[at].0));
            assert_eq!(ranking.rank(&member), found);
            match dice.below(9) {
                0 => {
                    assert_eq!(ranking.remove(&member), found.map(|at| model.remove(at).0));
                }
                1 if !model.is_empty() => {
                    let rank = dice.below(model.len());
                    let (score, member) = model.remove(rank);
                    assert_eq!(ranking.at(rank), Some((&member[..], score)));
                    assert!(ranking.remove_at(rank));
                }
                2 if dice.below(40) == 0 => {
                    let rank = dice.below(model.len() + 3);
                    let end = (rank + dice.below(20)).min(model.len());
                    let there = end.saturating_sub(rank);
                    assert_eq!(ranking.remove_range(rank, end - rank.min(end)), there);
                    model.drain(rank.min(end)..end);
                }
                _ => {
                    let score = score((dice.below(60) as f64 - 30.0) / 2.0);
                    assert_eq!(ranking.insert(&member, score), put(&mut model, &member, score));
                }
            }
            assert_eq!((ranking.len(), ranking.at(model.len())), (model.len(), None));
            if step % 97 == 0 && !model.is_empty() {
                let at = dice.below(model.len());
                assert_eq!(listed(ranking.iter()), model);
                assert_eq!(listed(ranking.iter_from(at)), model[at..]);
                let mut down = listed(ranking.iter_back_from(at));
                down.reverse();
                assert_eq!(down, model[..=at]);
                let bytes = frozen(&ranking);
                let thawed = (KIND.thaw)(&bytes).expect("what was frozen thaws");
                assert_eq!(frozen(&*thawed), bytes);
                let copy = ranking.duplicate();
                assert_eq!((frozen(&*copy), copy.encoding()), (bytes, ranking.encoding()));
                check_ranges(&ranking, &model, &mut dice);
            }
        }
        let (mut cursor, mut scanned) = (0, Model::new());
        loop {
            cursor = ranking.scan(cursor, 7, |member, score| {
                scanned.push((score, member.to_vec()));
            });
            if cursor == 0 {
                break;
            }
        }
        scanned.sort();
        assert_eq!(scanned, model);
    }
}

/// Ranges by score against asking every member.
fn check_ranges(ranking: &Ranking, model: &Model, dice: &mut Dice) {
    for _ in 0..8 {
        let mut end = || {
            let number = (dice.below(80) as f64 - 40.0) / 2.0;
            (number, dice.below(2) == 0)
        };
        let ((min, min_open), (max, max_open)) = (end(), end());
        let text = |number: f64, open: bool| format!("{}{number}", if open { "(" } else { "" });
        let (low, high) = (text(min, min_open), text(max, max_open));
        let span = Scores::parse(low.as_bytes(), high.as_bytes()).expect("a range").span(ranking);
        let inside = |score: f64| {
            (score > min || score == min && !min_open) && (score < max || score == max && !max_open)
        };
        let want: Vec<usize> =
            (0..model.len()).filter(|&rank| inside(model[rank].0.get())).collect();
        assert_eq!(span.collect::<Vec<_>>(), want, "{low} {high}");
    }
}

#[test]
fn encodings_are_those_of_redis() {
    let of = |count: usize| {
        let mut ranking = Ranking::default();
        (0..count).for_each(|n| {
            ranking.insert(n.to_string().as_bytes(), score(1.0));
        });
        ranking
    };
    assert_eq!(of(PACKED_MEMBERS_MAX).encoding(), "listpack");
    let mut ranking = of(PACKED_MEMBERS_MAX + 1);
    assert_eq!(ranking.encoding(), "skiplist");
    ranking.remove_range(1, PACKED_MEMBERS_MAX);
    assert_eq!((ranking.encoding(), ranking.len()), ("skiplist", 1));
    let mut ranking = of(3);
    ranking.insert(&[b'x'; PACKED_BYTES_MAX], score(0.0));
    assert_eq!(ranking.encoding(), "listpack");
    ranking.insert(&[b'x'; PACKED_BYTES_MAX + 1], score(0.0));
    assert_eq!((ranking.encoding(), ranking.len()), ("skiplist", 5));
    let mut ranking = Ranking::default();
    ranking.expect(PACKED_MEMBERS_MAX + 1, b"m");
    assert_eq!(ranking.encoding(), "skiplist");
}

#[test]
fn results_settle_in_the_form_that_fits() {
    for (count, longest, want) in [
        (PACKED_MEMBERS_MAX, PACKED_BYTES_MAX, "listpack"),
        (PACKED_MEMBERS_MAX + 1, PACKED_BYTES_MAX, "skiplist"),
        (PACKED_MEMBERS_MAX, PACKED_BYTES_MAX + 1, "skiplist"),
    ] {
        let mut ranking = Ranking::big();
        ranking.insert(&vec![b'x'; longest], score(-0.0));
        for n in 1..count {
            ranking.insert(n.to_string().as_bytes(), score(1.0));
        }
        let before = listed(ranking.iter());
        ranking.settle();
        assert_eq!((ranking.encoding(), listed(ranking.iter())), (want, before));
        // Zero has no sign in either form.
        let first = ranking.at(0).map(|(_, score)| score.get().is_sign_negative());
        assert_eq!(first, Some(false));
    }
}

#[test]
fn members_are_a_range_where_scores_are_equal() {
    for count in [26, 260] {
        let mut ranking = Ranking::default();
        for n in 0..count {
            ranking.insert(format!("{n:03}").as_bytes(), score(0.0));
        }
        let last = count - 1;
        for (min, max, want) in [
            ("-", "+", 0..count),
            ("+", "-", count..count),
            ("[003", "[007", 3..8),
            ("(003", "(007", 4..7),
            ("[0031", "(007", 4..7),
            ("[7", "+", count..count),
            ("-", "(000", 0..0),
            ("(007", "[003", 8..8),
        ] {
            let range = Names::parse(min.as_bytes(), max.as_bytes()).expect("a range");
            assert_eq!(range.span(&ranking), want, "{min} {max} of {last}");
        }
    }
    for wrong in ["", "a", "+a", "-a", "]a"] {
        assert_eq!(Names::parse(b"-", wrong.as_bytes()), None, "{wrong:?}");
    }
}

#[test]
fn ranks_and_limits_do_not_wrap() {
    for (start, stop, want) in [
        (0, -1, 0..10),
        (-3, -1, 7..10),
        (-100, 2, 0..3),
        (8, 100, 8..10),
        (5, 4, 0..0),
        (10, 20, 0..0),
        (i64::MIN, i64::MAX, 0..10),
        (i64::MAX, i64::MIN, 0..0),
    ] {
        assert_eq!(ranks(start, stop, 10), want, "{start} {stop}");
    }
    assert_eq!(ranks(0, -1, 0), 0..0);
    assert_eq!(reversed(&(0..3), 10), 7..10);
    for (down, offset, count, want) in [
        (false, 0, -1, 2..8),
        (false, 1, 2, 3..5),
        (true, 1, 2, 5..7),
        (true, 0, i64::MAX, 2..8),
        (false, 6, 1, 0..0),
        (false, -1, 1, 0..0),
        (true, i64::MAX, 1, 0..0),
        (false, 2, i64::MIN, 4..8),
    ] {
        assert_eq!(limit(2..8, down, offset, count), want, "{down} {offset} {count}");
    }
    assert_eq!(limit(2..8, false, 2, 0).len(), 0);
}

#[test]
fn damaged_bytes_are_refused_or_mean_what_they_say() {
    for count in [9, 200] {
        let mut ranking = Ranking::default();
        for n in 0..count {
            ranking.insert(format!("member {n}").as_bytes(), score(f64::from(n % 7)));
        }
        let whole = frozen(&ranking);
        for cut in 0..whole.len() {
            assert!((KIND.thaw)(&whole[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..whole.len().min(300) {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                if let Ok(thawed) = (KIND.thaw)(&bytes) {
                    assert_eq!(frozen(&*thawed), bytes, "bit {bit} of byte {at}");
                }
            }
        }
    }
}
