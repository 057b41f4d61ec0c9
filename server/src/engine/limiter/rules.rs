//! engine/limiter/rules.rs — the named rules of a database.
//!
//! They lie on the database's shelf (`keyspace/shelf.rs`): RL.DEFINE and RL.DROP run alone and are
//! recorded as any write, RL.CHECK looks without a lock.
//!
//! A rule has a number, under which keys keep its accounts. It is made of the name and of the time
//! at which the rule was made: one that is dropped and made again finds all budgets full, and so
//! does one of the same name in another database to which a key is moved. Each change of a
//! definition is a new edition; an account says which one wrote it, and is brought up
//! to date when it is next needed: dropped if it is older than `valid_from`, scaled by the steps
//! that came after it.
//!
//! Invariants: numbers are unique and not 0; parents exist, and no rule is its own ancestor; a
//! chain has at most [`CHAIN_MAX`] rules.

use std::borrow::Cow;
use std::sync::Arc;

use hashbrown::HashMap;

use super::account::{Account, Head};
use super::algorithm::calendar::{Span, Zone};
use super::algorithm::{Algorithm, Terms};
use super::quota::Quota;
use super::stats::Stats;
use crate::clock::Millis;
use crate::error::{Fault, Refusal};
use crate::keyspace::{Kind, Object};
use crate::structure::frozen::{Frozen, put_length, put_string};
use crate::structure::{FixedState, hash};

/// The kind of the rules of a database.
pub static KIND: Kind = Kind {
    name: "ratelimit-rules",
    tag: 192,
    thaw,
    forms: &[],
    restore: |_, _| Err(crate::persist::rdb::malformed("rules are no value of a key")),
};

/// The most rules of a database.
const RULES_MAX: usize = 4096;

/// The most rules in a chain of parents, the first included.
pub const CHAIN_MAX: usize = 8;

/// The longest name, in bytes.
const NAME_MAX: usize = 128;

/// How many changes that scale are remembered; an account that is older is scaled by the rest.
const STEPS_MAX: usize = 16;

/// The seed of the numbers.
const SEED: u64 = 0x7275_6C65_7300_0001;

/// Which key a parent counts for a request on a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The part before the last `:`; if there is none, one key for all, which is named as the
    /// parent.
    Path,
    /// The same key.
    Key,
}

/// What becomes of budgets when their rule changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnChange {
    /// What was taken stays taken.
    AsIs,
    /// The same share of the budget stays taken.
    Scale,
    /// All budgets are full.
    Reset,
}

/// What people say about a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// How much, and how it is counted.
    pub terms: Terms,
    /// The rule that must admit the request too, and which key it counts.
    pub parent: Option<(Box<[u8]>, Scope)>,
    /// Whether nothing is refused, only counted.
    pub is_shadow: bool,
}

/// A change by which older accounts are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The edition that it made.
    edition: u16,
    at: Millis,
    from: Quota,
    to: Quota,
}

/// A rule.
pub struct Rule {
    /// What was said about it.
    pub definition: Definition,
    /// What is counted about it.
    pub stats: Stats,
    number: u32,
    edition: u16,
    valid_from: u16,
    steps: Arc<[Step]>,
}

/// What a request needs to know of a rule while keys are changed.
#[derive(Clone)]
pub struct Facts {
    /// How much, and how it is counted.
    pub terms: Terms,
    /// Whether nothing is refused.
    pub is_shadow: bool,
    /// Whose accounts it has.
    pub head: Head,
    valid_from: u16,
    steps: Option<Arc<[Step]>>,
}

impl Facts {
    /// Of a budget without a rule.
    pub fn of(terms: Terms) -> Facts {
        Facts { terms, is_shadow: false, head: Head::NONE, valid_from: 0, steps: None }
    }

    /// An account brought up to date: nothing if it counts no more.
    pub fn refresh<'a>(&self, account: &'a Account) -> Option<Cow<'a, Account>> {
        let edition = account.head().edition();
        if !account.is_of(self.terms.algorithm) || edition < self.valid_from {
            return None;
        }
        if edition == self.head.edition() {
            return Some(Cow::Borrowed(account));
        }
        let later = self.steps.iter().flat_map(|steps| steps.iter());
        let mut later = later.filter(|step| step.edition > edition).peekable();
        if later.peek().is_none() {
            return Some(Cow::Borrowed(account));
        }
        let mut account = account.clone();
        for step in later {
            account.scale(super::quota::nanos(step.at), &step.from, &step.to);
        }
        account.set_head(self.head);
        Some(Cow::Owned(account))
    }
}

impl Rule {
    /// What a request needs to know of it.
    #[inline]
    pub fn facts(&self) -> Facts {
        Facts {
            terms: self.definition.terms,
            is_shadow: self.definition.is_shadow,
            head: Head::new(self.number, self.edition),
            valid_from: self.valid_from,
            steps: (!self.steps.is_empty()).then(|| Arc::clone(&self.steps)),
        }
    }
}

/// See the module.
#[derive(Default)]
pub struct Rules {
    by_name: HashMap<Box<[u8]>, Rule, FixedState>,
}

/// That there is no rule of a name.
pub fn no_rule(name: &[u8]) -> Refusal {
    Refusal::quoting("NORULE there is no rule '", name, "'")
}

impl Rules {
    /// The rule of a name.
    ///
    /// # Errors
    /// There is none.
    #[inline]
    pub fn get(&self, name: &[u8]) -> Result<&Rule, Refusal> {
        self.by_name.get(name).ok_or_else(|| no_rule(name))
    }

    /// The rule of a number.
    pub fn numbered(&self, number: u32) -> Option<&Rule> {
        self.by_name.values().find(|rule| rule.number == number)
    }

    /// The rules that a request on `key` under the rule of a name must pass, that rule first, each
    /// with its name and the key that it counts.
    ///
    /// # Errors
    /// There is no such rule.
    pub fn chain<'a>(
        &'a self,
        name: &'a [u8],
        key: &'a [u8],
    ) -> Result<impl Iterator<Item = (&'a [u8], &'a Rule, &'a [u8])>, Refusal> {
        let first = (name, self.get(name)?, key);
        Ok(std::iter::successors(Some(first), |&(_, rule, key)| {
            let (parent, scope) = rule.definition.parent.as_ref()?;
            let above = match (scope, key.iter().rposition(|&byte| byte == b':')) {
                (Scope::Key, _) => key,
                (Scope::Path, Some(at)) => key.get(..at).unwrap_or(key),
                (Scope::Path, None) => parent,
            };
            Some((&**parent, self.by_name.get(parent)?, above))
        }))
    }

    /// All rules, by name.
    pub fn sorted(&self) -> Vec<(&[u8], &Rule)> {
        let mut all: Vec<_> = self.by_name.iter().map(|(name, rule)| (&**name, rule)).collect();
        all.sort_unstable_by_key(|(name, _)| *name);
        all
    }

    /// Says why a rule cannot be made, or changed, like this.
    ///
    /// # Errors
    /// The name is not one, the parent is not there or the rule would be its own ancestor, the
    /// chain would be too long, or there are too many rules.
    pub fn check(&self, name: &[u8], definition: &Definition) -> Result<(), Refusal> {
        let fits = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
        if name.is_empty() || name.len() > NAME_MAX || !name.iter().all(fits) {
            return Err(Refusal::text(
                "ERR a rule's name is 1 to 128 printable ASCII characters other than blank, quote and backslash",
            ));
        }
        let known = self.by_name.get(name);
        if known.is_none() && self.by_name.len() >= RULES_MAX {
            return Err(Refusal::text("ERR there are too many rules"));
        }
        if known.is_some_and(|rule| rule.edition == u16::MAX) {
            return Err(Refusal::text("ERR the rule was changed too often, drop it first"));
        }
        let mut above = definition.parent.as_ref().map(|(parent, _)| parent);
        let mut length = 1;
        while let Some(parent) = above
            && length <= CHAIN_MAX
        {
            if **parent == *name {
                return Err(Refusal::quoting(
                    "ERR the rule '",
                    name,
                    "' would be its own ancestor",
                ));
            }
            above = self.get(parent)?.definition.parent.as_ref().map(|(parent, _)| parent);
            length += 1;
        }
        // Children that hang on this rule make their chains longer, too.
        if length + self.depth_below(name) > CHAIN_MAX {
            return Err(Refusal::text("ERR a chain of parents has at most 8 rules"));
        }
        Ok(())
    }

    /// The longest chain of rules below one.
    fn depth_below(&self, name: &[u8]) -> usize {
        let depth = |rule: &Rule| {
            let mut above = rule.definition.parent.as_ref();
            let mut depth = 1;
            while let Some((parent, _)) = above {
                if **parent == *name {
                    return depth;
                }
                above = self.by_name.get(parent).and_then(|rule| rule.definition.parent.as_ref());
                depth += 1;
                if depth > CHAIN_MAX {
                    break;
                }
            }
            0
        };
        self.by_name.values().map(depth).max().unwrap_or(0)
    }

    /// Makes a rule or changes it, after [`Rules::check`]; says whether it is new.
    pub fn define(
        &mut self,
        name: &[u8],
        definition: Definition,
        change: OnChange,
        now: Millis,
    ) -> bool {
        let Some(rule) = self.by_name.get_mut(name) else {
            let number = self.number(name, now);
            let (stats, steps) = (Stats::default(), Arc::default());
            let rule = Rule { definition, stats, number, edition: 0, valid_from: 0, steps };
            self.by_name.insert(name.into(), rule);
            return true;
        };
        let (from, to) = (rule.definition.terms, definition.terms);
        rule.definition = definition;
        if from == to && change != OnChange::Reset {
            return false;
        }
        rule.edition = rule.edition.saturating_add(1);
        let is_other = from.algorithm.word() != to.algorithm.word();
        match change {
            OnChange::Reset => rule.valid_from = rule.edition,
            _ if is_other => rule.valid_from = rule.edition,
            OnChange::AsIs => {}
            OnChange::Scale => {
                let (from, to) = (from.quota, to.quota);
                let step = Step { edition: rule.edition, at: now, from, to };
                let kept = rule.steps.len().saturating_sub(STEPS_MAX - 1);
                rule.steps = rule.steps.iter().skip(kept).copied().chain([step]).collect();
            }
        }
        if rule.valid_from == rule.edition {
            rule.steps = Arc::default();
        }
        false
    }

    /// A number that no rule has.
    fn number(&self, name: &[u8], now: Millis) -> u32 {
        let mut number = hash(name, SEED ^ now) as u32;
        while number == 0 || self.by_name.values().any(|rule| rule.number == number) {
            number = number.wrapping_add(1);
        }
        number
    }

    /// Says why a rule cannot be dropped.
    ///
    /// # Errors
    /// It is not there, or another's parent.
    pub fn check_drop(&self, name: &[u8]) -> Result<(), Refusal> {
        self.get(name)?;
        let is_child = |rule: &Rule| {
            rule.definition.parent.as_ref().is_some_and(|(parent, _)| **parent == *name)
        };
        if self.by_name.values().any(is_child) {
            return Err(Refusal::quoting("ERR the rule '", name, "' is the parent of another"));
        }
        Ok(())
    }

    /// Forgets a rule. What keys know of it goes when they expire.
    pub fn drop(&mut self, name: &[u8]) {
        self.by_name.remove(name);
    }
}

impl Object for Rules {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn weight(&self) -> usize {
        self.by_name.capacity() * size_of::<(Box<[u8]>, Rule)>()
    }

    fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    fn encoding(&self) -> &'static str {
        "hashtable"
    }

    fn freeze(&self, to: &mut Vec<u8>) {
        put_length(to, self.by_name.len());
        for (name, rule) in self.sorted() {
            put_string(to, name);
            rule.freeze(to);
        }
    }

    fn dump(&self, _now: Millis, _to: &mut Vec<u8>) {}

    fn duplicate(&self) -> Box<dyn Object> {
        let mut bytes = Vec::new();
        self.freeze(&mut bytes);
        thaw(&bytes).unwrap_or_else(|_| Box::<Rules>::default())
    }

    fn into_shelved(self: Box<Self>) -> Option<Box<dyn Object + Sync>> {
        Some(self)
    }
}

fn put_number(to: &mut Vec<u8>, number: u64) {
    to.extend_from_slice(&number.to_le_bytes());
}

fn number(from: &mut Frozen<'_>) -> Option<u64> {
    let mut bytes = [0; 8];
    for byte in &mut bytes {
        *byte = from.byte()?;
    }
    Some(u64::from_le_bytes(bytes))
}

fn put_quota(to: &mut Vec<u8>, quota: &Quota) {
    [quota.limit, quota.period, quota.burst].iter().for_each(|&number| put_number(to, number));
}

fn quota(from: &mut Frozen<'_>) -> Option<Quota> {
    let [limit, period, burst]: [u64; 3] = [number(from)?, number(from)?, number(from)?];
    Quota::new(limit, period, burst).ok()
}

impl Rule {
    fn freeze(&self, to: &mut Vec<u8>) {
        let Definition { terms, parent, is_shadow } = &self.definition;
        put_string(to, terms.algorithm.word().as_bytes());
        if let Algorithm::Calendar(span, zone) = terms.algorithm {
            to.push(u8::from(span == Span::Month));
            put_string(to, zone.name().as_bytes());
        }
        put_quota(to, &terms.quota);
        to.push(u8::from(*is_shadow));
        put_length(to, usize::from(parent.is_some()));
        if let Some((parent, scope)) = parent {
            put_string(to, parent);
            to.push(u8::from(*scope == Scope::Key));
        }
        put_number(to, self.number.into());
        put_number(to, self.edition.into());
        put_number(to, self.valid_from.into());
        put_length(to, self.steps.len());
        for step in self.steps.iter() {
            put_number(to, step.edition.into());
            put_number(to, step.at);
            put_quota(to, &step.from);
            put_quota(to, &step.to);
        }
    }

    fn thaw(from: &mut Frozen<'_>) -> Option<Rule> {
        let algorithm = match from.string()? {
            b"gcra" => Algorithm::Gcra,
            b"bucket" => Algorithm::Bucket,
            b"leaky" => Algorithm::Leaky,
            b"fixed" => Algorithm::Fixed,
            b"sliding" => Algorithm::Sliding,
            b"log" => Algorithm::Log,
            b"calendar" => {
                let span = if from.byte()? == 0 { Span::Day } else { Span::Month };
                Algorithm::Calendar(span, Zone::parse(from.string()?)?)
            }
            _ => return None,
        };
        let terms = Terms { algorithm, quota: quota(from)? };
        let is_shadow = from.byte()? != 0;
        let parent = match from.length()? {
            0 => None,
            _ => {
                let name = from.string()?.into();
                Some((name, if from.byte()? == 0 { Scope::Path } else { Scope::Key }))
            }
        };
        let own = u32::try_from(number(from)?).ok()?;
        let edition = u16::try_from(number(from)?).ok()?;
        let valid_from = u16::try_from(number(from)?).ok()?;
        let count = from.length().filter(|&count| count <= STEPS_MAX)?;
        let mut steps = Vec::new();
        for _ in 0..count {
            let edition = u16::try_from(number(from)?).ok()?;
            steps.push(Step { edition, at: number(from)?, from: quota(from)?, to: quota(from)? });
        }
        Some(Rule {
            definition: Definition { terms, parent, is_shadow },
            stats: Stats::default(),
            number: own,
            edition,
            valid_from,
            steps: steps.into(),
        })
    }
}

fn thaw(bytes: &[u8]) -> Result<Box<dyn Object>, Fault> {
    let mut from = Frozen::new(bytes);
    let damaged =
        |from: &Frozen<'_>| Fault::Corrupt { what: "rules".into(), offset: from.offset() };
    let Some(count) = from.length().filter(|&count| count <= RULES_MAX) else {
        return Err(damaged(&from));
    };
    let mut rules = Rules::default();
    for _ in 0..count {
        let rule = from.string().and_then(|name| Some((name, Rule::thaw(&mut from)?)));
        let Some((name, rule)) = rule else { return Err(damaged(&from)) };
        rules.by_name.insert(name.into(), rule);
    }
    // Whoever follows parents trusts that the chains end.
    let is_sound = |(name, rule): (&Box<[u8]>, &Rule)| rules.check(name, &rule.definition).is_ok();
    if from.left() > 0 || !rules.by_name.iter().all(is_sound) {
        return Err(damaged(&from));
    }
    Ok(Box::new(rules))
}
