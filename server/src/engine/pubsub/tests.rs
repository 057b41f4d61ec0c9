//! The hub against a model that is a plain list.

use std::sync::Arc;

use super::Hub;
use super::hub::Way;
use crate::dice::Dice;
use crate::mail::{Address, Mailbox, Post, Wake};
use crate::structure::glob;

struct Asleep;

impl Wake for Asleep {
    fn wake(&self) {}
}

fn post() -> Post {
    let mailbox = Mailbox::new(Box::new(Asleep));
    Post::new(0, Arc::new([mailbox]))
}

/// What a publication sends: kind, pattern and receiver, in order.
type Sent = Vec<(&'static str, Option<Vec<u8>>, Address)>;

fn sent(post: &mut Post) -> Sent {
    let mut sent = Sent::new();
    for (message, to) in post.letters() {
        let pattern = message.pattern.map(<[u8]>::to_vec);
        sent.extend(to.iter().map(|&address| (message.kind, pattern.clone(), address)));
    }
    post.clear();
    sent.sort_unstable();
    sent
}

#[test]
fn the_hub_agrees_with_a_list() {
    const NAMES: [&[u8]; 6] = [b"a", b"b", b"ab", b"", b"a*", b"?"];
    const WAYS: [Way; 3] = [Way::Channel, Way::Pattern, Way::Shard];
    for seed in 0..20u64 {
        let mut dice = Dice::new(seed);
        let (hub, mut post) = (Hub::default(), post());
        let mut model: Vec<(Way, &[u8], Address)> = Vec::new();
        // Enough receivers that a channel's list passes the length from which places are kept.
        for _ in 0..4000 {
            let name = NAMES[dice.below(NAMES.len())];
            let way = WAYS[dice.below(3)];
            let address = Address { place: dice.below(60) as u32, ..Address::default() };
            let row = (way, name, address);
            let there = model.iter().position(|&other| other == row);
            match (dice.below(10), there) {
                (0..=5, None) => {
                    hub.add(way, name, address);
                    model.push(row);
                }
                (6..=8, Some(at)) => {
                    hub.remove(way, name, address);
                    model.swap_remove(at);
                }
                _ => {}
            }
            let mut want: Sent = model
                .iter()
                .filter_map(|&(way, subscribed, address)| match way {
                    Way::Channel if subscribed == name => Some(("message", None, address)),
                    Way::Pattern if glob::matches(subscribed, name) => {
                        Some(("pmessage", Some(subscribed.to_vec()), address))
                    }
                    _ => None,
                })
                .collect();
            want.sort_unstable();
            assert_eq!(hub.publish(name, b"x", &mut post), want.len(), "seed {seed}");
            assert_eq!(sent(&mut post), want, "seed {seed}");
            let listening =
                |way, name| model.iter().filter(move |row| (row.0, row.1) == (way, name));
            assert_eq!(hub.count(way, name), listening(way, name).count(), "seed {seed}");
            let shard = hub.publish_shard(name, b"x", &mut post);
            assert_eq!(shard, listening(Way::Shard, name).count(), "seed {seed}");
            assert_eq!(sent(&mut post).len(), shard, "seed {seed}");
            let patterns =
                NAMES.into_iter().filter(|&name| listening(Way::Pattern, name).count() > 0);
            assert_eq!(hub.patterns(), patterns.count(), "seed {seed}");
        }
        let mut names: Vec<&[u8]> = NAMES.to_vec();
        names.retain(|name| model.iter().any(|row| row.0 == Way::Channel && row.1 == *name));
        names.sort_unstable();
        let listed = hub.names(Way::Channel, None);
        assert_eq!(listed.iter().map(|name| &**name).collect::<Vec<_>>(), names, "seed {seed}");
        for (way, name, address) in model {
            hub.remove(way, name, address);
        }
        assert!(hub.names(Way::Channel, None).is_empty() && hub.patterns() == 0, "seed {seed}");
    }
}
