//! engine/limiter/budget.rs — what lies at a key: the accounts of all rules that know it.
//!
//! Nearly always it is one account, which lies in the key's entry itself: 24 bytes. The key expires
//! when all its accounts are full again, so a full budget costs nothing.
//!
//! Invariants: accounts keep the order in which they came; a rule has at most one of each
//! [`Matter`]; what is over is dropped only by changes that are recorded, so that a replay drops
//! the same.

use std::io::{self, BufRead, Read};

use super::account::{Account, Head, Matter};
use crate::clock::Millis;
use crate::error::Fault;
use crate::keyspace::{Kind, Object};
use crate::persist::rdb::malformed;
use crate::structure::frozen::{Frozen, put_length};
use crate::structure::room;

/// The form of DUMP: none of Redis's.
const FORM: u8 = 200;

/// The kind of budgets.
pub static KIND: Kind = Kind { name: "ratelimit", tag: 32, thaw, forms: &[FORM], restore };

/// See the module.
#[derive(Debug, Default, Clone)]
pub enum Budget {
    /// Nothing: a full budget.
    #[default]
    Full,
    /// One account.
    One(Account),
    /// Several.
    Many(Box<Vec<Account>>),
}

impl Budget {
    /// Its accounts, in their order.
    #[inline]
    pub fn accounts(&self) -> &[Account] {
        match self {
            Budget::Full => &[],
            Budget::One(account) => std::slice::from_ref(account),
            Budget::Many(accounts) => accounts,
        }
    }

    /// As [`Budget::accounts`], to change them.
    #[inline]
    pub fn accounts_mut(&mut self) -> &mut [Account] {
        match self {
            Budget::Full => &mut [],
            Budget::One(account) => std::slice::from_mut(account),
            Budget::Many(accounts) => accounts,
        }
    }

    /// What a rule knows of the key.
    #[inline]
    pub fn find(&self, rule: u32, matter: Matter) -> Option<&Account> {
        let is_it =
            |account: &&Account| account.head().rule() == rule && account.matter() == matter;
        self.accounts().iter().find(is_it)
    }

    /// As [`Budget::find`], to change it.
    #[inline]
    pub fn find_mut(&mut self, rule: u32, matter: Matter) -> Option<&mut Account> {
        let is_it =
            |account: &&mut Account| account.head().rule() == rule && account.matter() == matter;
        self.accounts_mut().iter_mut().find(is_it)
    }

    /// Puts an account in place of the one about the same, or behind the others.
    pub fn put(&mut self, account: Account) {
        let (rule, matter) = (account.head().rule(), account.matter());
        if let Some(held) = self.find_mut(rule, matter) {
            *held = account;
            return;
        }
        *self = match std::mem::take(self) {
            Budget::Full => Budget::One(account),
            Budget::One(first) => Budget::Many(Box::new(vec![first, account])),
            Budget::Many(mut accounts) => {
                accounts.push(account);
                Budget::Many(accounts)
            }
        };
    }

    /// Keeps the accounts for which `keep` says yes.
    pub fn retain(&mut self, mut keep: impl FnMut(&Account) -> bool) {
        match self {
            Budget::Full => {}
            Budget::One(account) => {
                if !keep(account) {
                    *self = Budget::Full;
                }
            }
            Budget::Many(accounts) => {
                accounts.retain(|account| keep(account));
                if accounts.len() < 2 {
                    *self = accounts.pop().map_or(Budget::Full, Budget::One);
                }
            }
        }
    }

    /// Takes out what a rule knows about a matter; says whether there was something.
    pub fn remove(&mut self, rule: u32, matter: Matter) -> bool {
        let before = self.accounts().len();
        self.retain(|held| held.head().rule() != rule || held.matter() != matter);
        self.accounts().len() != before
    }

    /// Drops what is certainly over, before something is added.
    pub fn tidy(&mut self, now: Millis) {
        if let Budget::Many(_) = self {
            self.retain(|account| !account.is_over(now));
        }
    }

    /// Whether the only account is that of a head's rule about what was taken.
    #[inline]
    pub fn is_only(&self, head: Head) -> bool {
        matches!(self, Budget::One(held) if held.head().rule() == head.rule()
            && held.matter() == Matter::State)
    }
}

impl Object for Budget {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn weight(&self) -> usize {
        match self {
            Budget::Full => 0,
            Budget::One(account) => account.weight(),
            Budget::Many(accounts) => {
                let list = accounts.capacity() * size_of::<Account>();
                let own: usize = accounts.iter().map(Account::weight).sum();
                room(size_of::<Vec<Account>>()) + room(list.max(8)) + own
            }
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Budget::Full)
    }

    fn encoding(&self) -> &'static str {
        match self {
            Budget::Many(_) | Budget::One(Account::Log(..)) => "raw",
            _ => "embstr",
        }
    }

    fn freeze(&self, to: &mut Vec<u8>) {
        put_length(to, self.accounts().len());
        self.accounts().iter().for_each(|account| account.freeze(to));
    }

    fn dump(&self, _now: Millis, to: &mut Vec<u8>) {
        to.push(FORM);
        self.freeze(to);
    }

    fn duplicate(&self) -> Box<dyn Object> {
        Box::new(self.clone())
    }
}

fn read(bytes: &[u8]) -> Result<Budget, usize> {
    let mut from = Frozen::new(bytes);
    let Some(count) = from.length().filter(|&count| count <= ACCOUNTS_MAX) else {
        return Err(from.offset());
    };
    let mut budget = Budget::Full;
    for _ in 0..count {
        let Some(account) = Account::thaw(&mut from) else { return Err(from.offset()) };
        let (rule, matter) = (account.head().rule(), account.matter());
        if budget.find(rule, matter).is_some() {
            return Err(from.offset());
        }
        budget.put(account);
    }
    let is_whole = from.left() == 0 && !budget.is_empty();
    if is_whole { Ok(budget) } else { Err(from.offset()) }
}

fn thaw(bytes: &[u8]) -> Result<Box<dyn Object>, Fault> {
    match read(bytes) {
        Ok(budget) => Ok(Box::new(budget)),
        Err(offset) => Err(Fault::Corrupt { what: "a budget".into(), offset }),
    }
}

/// The longest budget that is restored, in bytes, and how many accounts it may have.
const RESTORED_MAX: u64 = 1 << 20;
const ACCOUNTS_MAX: usize = 4096;

fn restore(_form: u8, from: &mut dyn BufRead) -> io::Result<Box<dyn Object>> {
    let mut bytes = Vec::new();
    from.take(RESTORED_MAX).read_to_end(&mut bytes)?;
    read(&bytes)
        .map(|budget| Box::new(budget) as Box<dyn Object>)
        .map_err(|_| malformed("no budget"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_small() {
        assert_eq!((size_of::<Account>(), size_of::<Budget>()), (24, 24));
    }
}
