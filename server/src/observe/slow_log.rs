//! observe/slow_log.rs — the latest commands that took long, for SLOWLOG.
//!
//! Bounded by `slowlog-max-len`; each entry keeps at most 32 arguments of 128 bytes, as in Redis.
//! Secrets are taken out before an argument is kept.

use std::collections::VecDeque;

use mainstay_protocol::Request;
use parking_lot::Mutex;

use crate::clock::Millis;

/// Arguments of a command that are kept.
const ARGS_MAX: usize = 32;
/// Bytes of an argument that are kept.
const ARG_BYTES_MAX: usize = 128;
const REDACTED: &[u8] = b"(redacted)";

/// A command that took long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slow {
    /// Counts up from 0 and is never used again.
    pub id: u64,
    /// When it ended.
    pub at: Millis,
    /// How long it took.
    pub micros: u64,
    /// Name and arguments, cut.
    pub args: Vec<Vec<u8>>,
    /// Who called it, `ip:port`.
    pub peer: String,
    /// What the caller calls itself.
    pub name: String,
}

/// See the module.
#[derive(Debug, Default)]
pub struct SlowLog {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    next_id: u64,
    /// The latest first.
    entries: VecDeque<Slow>,
}

impl SlowLog {
    /// Enters a command; its id is given here. Keeps at most `most` entries.
    pub fn enter(&self, mut slow: Slow, most: usize) {
        let mut inner = self.inner.lock();
        slow.id = inner.next_id;
        inner.next_id += 1;
        inner.entries.push_front(slow);
        inner.entries.truncate(most);
    }

    /// Forgets all but the latest `most`.
    pub fn keep(&self, most: usize) {
        self.inner.lock().entries.truncate(most);
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.inner.lock().entries.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The latest `most`, the latest first.
    pub fn latest(&self, most: usize) -> Vec<Slow> {
        self.inner.lock().entries.iter().take(most).cloned().collect()
    }
}

/// The arguments as they are kept. `is_secret` says whether the setting of a name is one.
pub fn cut(request: Request<'_>, is_secret: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let count = request.len();
    let kept = if count > ARGS_MAX { ARGS_MAX - 1 } else { count };
    let mut args: Vec<Vec<u8>> = (0..kept)
        .map(|at| match hides(request, at, &is_secret) {
            true => REDACTED.to_vec(),
            false => cut_arg(request.arg(at)),
        })
        .collect();
    if kept < count {
        args.push(format!("... ({} more arguments)", count - kept).into_bytes());
    }
    args
}

fn cut_arg(arg: &[u8]) -> Vec<u8> {
    if arg.len() <= ARG_BYTES_MAX {
        return arg.to_vec();
    }
    let mut kept = arg[..ARG_BYTES_MAX].to_vec();
    kept.extend_from_slice(format!("... ({} more bytes)", arg.len() - ARG_BYTES_MAX).as_bytes());
    kept
}

/// Whether an argument is a password.
fn hides(request: Request<'_>, at: usize, is_secret: &impl Fn(&[u8]) -> bool) -> bool {
    let word = |at: usize, word: &str| request.arg(at).eq_ignore_ascii_case(word.as_bytes());
    if word(0, "AUTH") {
        return at > 0;
    }
    if word(0, "HELLO") {
        return (2..at).rev().take(2).any(|before| word(before, "AUTH"));
    }
    word(0, "CONFIG") && word(1, "SET") && at >= 3 && at % 2 == 1 && is_secret(request.arg(at - 1))
}

#[cfg(test)]
mod tests {
    use mainstay_protocol::OwnedRequest;

    use super::*;

    fn shown(line: &[&str]) -> String {
        let request = OwnedRequest::from_args(line.iter().map(|arg| arg.as_bytes()));
        let args = cut(request.as_request(), |name| name == b"requirepass");
        let args: Vec<String> =
            args.into_iter().map(|arg| String::from_utf8(arg).unwrap()).collect();
        args.join(" ")
    }

    #[test]
    fn secrets_are_taken_out() {
        for (line, kept) in [
            ("auth pw", "auth (redacted)"),
            ("AUTH user pw", "AUTH (redacted) (redacted)"),
            ("HELLO 3 AUTH user pw SETNAME n", "HELLO 3 AUTH (redacted) (redacted) SETNAME n"),
            ("HELLO 3 SETNAME n", "HELLO 3 SETNAME n"),
            (
                "CONFIG SET timeout 1 requirepass pw port 1",
                "CONFIG SET timeout 1 requirepass (redacted) port 1",
            ),
            ("CONFIG GET requirepass", "CONFIG GET requirepass"),
            ("SET requirepass x", "SET requirepass x"),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(shown(&words), kept);
        }
    }

    #[test]
    fn long_requests_are_cut_as_redis_cuts_them() {
        let long = "x".repeat(130);
        let many: Vec<&str> = std::iter::repeat_n("a", 40).collect();
        assert!(shown(&["SET", "k", &long]).ends_with("x... (2 more bytes)"));
        assert!(shown(&many).ends_with("a a ... (9 more arguments)"));
        assert_eq!(shown(&many[..32]), many[..32].join(" "));
    }

    #[test]
    fn the_log_keeps_the_latest_and_never_reuses_an_id() {
        let log = SlowLog::default();
        let slow = |at| Slow {
            id: 0,
            at,
            micros: 1,
            args: Vec::new(),
            peer: String::new(),
            name: String::new(),
        };
        for at in 0..5 {
            log.enter(slow(at), 3);
        }
        let ids = |most| log.latest(most).iter().map(|slow| slow.id).collect::<Vec<_>>();
        assert_eq!(ids(9), [4, 3, 2]);
        assert_eq!(ids(1), [4]);
        log.keep(0);
        log.enter(slow(9), 3);
        assert_eq!(ids(9), [5]);
    }
}
