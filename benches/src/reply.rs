//! Counts replies in a stream of bytes without decoding them.
//!
//! A closed loop needs to know how many replies have come, not what they say. The scanner walks RESP2
//! and RESP3 headers, jumps over bulk bodies, and can be stopped and resumed at any byte, so nothing
//! is ever copied or kept. It notices what a load run must not miss: error replies and nulls.
//!
//! Not here: values. See `direct` for a client that wants to read what a server says.

use crate::{Error, Result};

/// The longest error text that is kept for the report.
const ERROR_BYTES_MAX: usize = 200;

/// A resumable counter of replies; one per connection.
#[derive(Clone, Debug, Default)]
pub struct Scanner {
    state: State,
    /// Values that are still to come before the present top-level reply is complete.
    open: u64,
    /// The present top-level value is a RESP3 push, which answers no request.
    push: bool,
    errors: u64,
    nulls: u64,
    first_error: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    /// At the first byte of a value.
    #[default]
    Start,
    /// Inside a line whose content does not matter.
    Line,
    /// Inside the text of an error; the flag says that it is kept.
    Error(bool),
    /// Inside the number of a `$`, `*`, `%`, `~`, `>`, `=`, `!` or `|` header.
    Length { kind: u8, negative: bool, number: u64 },
    /// Inside a bulk body and its line end, so many bytes before it is over.
    Body(u64),
}

impl Scanner {
    /// Takes the next bytes of the stream and says how many replies became complete in them.
    ///
    /// # Errors
    /// `NotResp` when a value begins with a byte that no RESP version knows. The scanner is of no
    /// further use then.
    #[inline]
    pub fn scan(&mut self, bytes: &[u8]) -> Result<u64> {
        let mut complete = 0;
        let mut at = 0;
        while at < bytes.len() {
            match self.state {
                State::Start => {
                    // By far the most frequent reply to writes, and it has no length to jump over.
                    while self.open == 0 && bytes[at..].starts_with(b"+OK\r\n") {
                        at += 5;
                        complete += 1;
                    }
                    let Some(&kind) = bytes.get(at) else { break };
                    if self.open == 0 {
                        self.open = 1;
                        self.push = kind == b'>';
                    }
                    self.state = self.begin(kind)?;
                    at += 1;
                }
                State::Line => match memchr::memchr(b'\n', &bytes[at..]) {
                    Some(offset) => {
                        at += offset + 1;
                        complete += self.finish(0);
                    }
                    None => break,
                },
                State::Error(keep) => {
                    let end = memchr::memchr(b'\n', &bytes[at..]);
                    let text = &bytes[at..end.map_or(bytes.len(), |offset| at + offset)];
                    if keep {
                        let room = ERROR_BYTES_MAX - self.first_error.len().min(ERROR_BYTES_MAX);
                        self.first_error.extend_from_slice(&text[..text.len().min(room)]);
                    }
                    let Some(offset) = end else { break };
                    at += offset + 1;
                    complete += self.finish(0);
                }
                State::Length { kind, mut negative, mut number } => {
                    let mut ended = false;
                    for &byte in &bytes[at..] {
                        at += 1;
                        match byte {
                            b'0'..=b'9' => {
                                number =
                                    number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
                            }
                            b'-' => negative = true,
                            b'\n' => {
                                ended = true;
                                break;
                            }
                            _ => {}
                        }
                    }
                    if ended {
                        complete += self.measured(kind, negative, number);
                    } else {
                        self.state = State::Length { kind, negative, number };
                    }
                }
                State::Body(left) => {
                    let here = (bytes.len() - at) as u64;
                    if here < left {
                        self.state = State::Body(left - here);
                        break;
                    }
                    at += left as usize;
                    complete += self.finish(0);
                }
            }
        }
        Ok(complete)
    }

    fn begin(&mut self, kind: u8) -> Result<State> {
        match kind {
            b'+' | b':' | b',' | b'#' | b'(' => Ok(State::Line),
            b'_' => {
                self.nulls += 1;
                Ok(State::Line)
            }
            b'-' => {
                self.errors += 1;
                Ok(State::Error(self.errors == 1))
            }
            b'$' | b'*' | b'%' | b'~' | b'>' | b'=' | b'!' | b'|' => {
                self.errors += u64::from(kind == b'!');
                Ok(State::Length { kind, negative: false, number: 0 })
            }
            byte => Err(Error::NotResp { byte }),
        }
    }

    /// A header's number is complete.
    #[inline]
    fn measured(&mut self, kind: u8, negative: bool, number: u64) -> u64 {
        if negative {
            self.nulls += 1;
            return self.finish(0);
        }
        match kind {
            b'$' | b'=' | b'!' => {
                self.state = State::Body(number.saturating_add(2));
                0
            }
            b'%' => self.finish(number.saturating_mul(2)),
            // An attribute precedes the value it describes and is none itself.
            b'|' => self.finish(number.saturating_mul(2).saturating_add(1)),
            _ => self.finish(number),
        }
    }

    /// A value is complete apart from `inside` values that it announced.
    #[inline]
    fn finish(&mut self, inside: u64) -> u64 {
        self.state = State::Start;
        self.open = (self.open - 1).saturating_add(inside);
        u64::from(self.open == 0 && !self.push)
    }

    /// Error replies seen, those nested in other replies included.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Null replies seen, those nested in other replies included.
    pub fn nulls(&self) -> u64 {
        self.nulls
    }

    /// The text of the first error.
    pub fn first_error(&self) -> Option<String> {
        (self.errors > 0).then(|| String::from_utf8_lossy(&self.first_error).trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Dice;

    /// Every reply shape, and how many of the values are top-level replies.
    const STREAM: &[u8] = b"+OK\r\n+OK\r\n:12\r\n$-1\r\n$3\r\nabc\r\n$0\r\n\r\n*-1\r\n*0\r\n\
        *2\r\n$1\r\na\r\n*2\r\n:1\r\n+OK\r\n-ERR no such thing\r\n$62\r\n\
        0123456789abcdef0123456789abcdef0123456789abcdef0123456789\r\n+O\r\n\
        %2\r\n+a\r\n:1\r\n+b\r\n_\r\n~1\r\n#t\r\n,1.5\r\n(123\r\n=5\r\ntxt:a\r\n\
        >2\r\n+message\r\n$2\r\nhi\r\n|1\r\n+ttl\r\n:1\r\n+value\r\n!5\r\nERR x\r\n+PONG\r\n";
    const REPLIES: u64 = 19;

    fn whole() -> Scanner {
        let mut scanner = Scanner::default();
        assert_eq!(scanner.scan(STREAM).unwrap(), REPLIES);
        scanner
    }

    #[test]
    fn every_shape_counts_once() {
        let scanner = whole();
        assert_eq!(scanner.state, State::Start);
        assert_eq!(scanner.open, 0);
        assert_eq!(scanner.errors(), 2);
        assert_eq!(scanner.nulls(), 3);
        assert_eq!(scanner.first_error().as_deref(), Some("ERR no such thing"));
    }

    #[test]
    fn any_two_way_split_gives_the_same() {
        let expected = whole();
        for cut in 0..=STREAM.len() {
            let mut scanner = Scanner::default();
            let replies =
                scanner.scan(&STREAM[..cut]).unwrap() + scanner.scan(&STREAM[cut..]).unwrap();
            assert_eq!(replies, REPLIES, "cut at {cut}");
            assert_eq!(scanner.errors(), expected.errors());
            assert_eq!(scanner.nulls(), expected.nulls());
            assert_eq!(scanner.first_error(), expected.first_error());
        }
    }

    #[test]
    fn random_splits_give_the_same() {
        let seed = 3;
        eprintln!("seed {seed}");
        let mut dice = Dice::new(seed);
        let stream = STREAM.repeat(20);
        for _ in 0..200 {
            let mut scanner = Scanner::default();
            let (mut rest, mut replies) = (&stream[..], 0);
            while !rest.is_empty() {
                let (now, later) = rest.split_at((dice.below(40) as usize + 1).min(rest.len()));
                replies += scanner.scan(now).unwrap();
                rest = later;
            }
            assert_eq!(replies, REPLIES * 20);
        }
    }

    #[test]
    fn a_stranger_is_named() {
        let answer = Scanner::default().scan(b"HTTP/1.1 400 Bad Request\r\n");
        assert!(matches!(answer, Err(Error::NotResp { byte: b'H' })));
    }

    #[test]
    fn an_endless_error_is_cut() {
        let mut scanner = Scanner::default();
        scanner.scan(b"-").unwrap();
        for _ in 0..100 {
            scanner.scan(&[b'x'; 50]).unwrap();
        }
        assert_eq!(scanner.scan(b"\r\n").unwrap(), 1);
        assert_eq!(scanner.first_error().unwrap().len(), ERROR_BYTES_MAX);
    }
}
