//! A plain blocking client: preparation, INFO, DBSIZE, and filling a server with keys.
//!
//! Not here: anything that is timed. Measured requests go through `load`.

use std::{
    io::{Read, Write},
    time::Duration,
};

use crate::{
    Error, Result,
    chance::{Distribution, Picker},
    reply::Scanner,
    target::{Stream, Target},
    template::{Batch, Template},
};

/// How long one reply may take; FLUSHALL of many keys is the slowest thing asked here.
const REPLY_TIMEOUT: Duration = Duration::from_secs(60);
/// Requests per write while filling.
const FILL_PIPELINE: usize = 1000;

/// A reply, decoded.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Simple(String),
    Error(String),
    Integer(i64),
    Bulk(Vec<u8>),
    Null,
    Array(Vec<Reply>),
}

/// A blocking connection that waits for every reply.
#[derive(Debug)]
pub struct Direct {
    stream: Stream,
    input: Vec<u8>,
    used: usize,
}

impl Direct {
    /// Connects.
    pub fn connect(target: &Target) -> Result<Self> {
        let stream = target.connect()?;
        stream
            .set_read_timeout(REPLY_TIMEOUT)
            .map_err(|cause| Error::io("setting a read timeout", cause))?;
        Ok(Self { stream, input: Vec::new(), used: 0 })
    }

    /// Sends one request and returns its reply, whatever it is.
    pub fn ask(&mut self, arguments: &[&str]) -> Result<Reply> {
        let mut request = format!("*{}\r\n", arguments.len());
        for argument in arguments {
            request.push_str(&format!("${}\r\n{argument}\r\n", argument.len()));
        }
        self.send(request.as_bytes())?;
        self.reply()
    }

    /// As `ask`, but an error reply is an error.
    pub fn call(&mut self, arguments: &[&str]) -> Result<Reply> {
        match self.ask(arguments)? {
            Reply::Error(reply) => Err(Error::Refused { request: arguments.join(" "), reply }),
            reply => Ok(reply),
        }
    }

    /// A field of `INFO section`, when the server has it.
    pub fn info(&mut self, section: &str, field: &str) -> Result<Option<String>> {
        let text = match self.ask(&["INFO", section])? {
            Reply::Bulk(text) => String::from_utf8_lossy(&text).into_owned(),
            Reply::Simple(text) => text,
            _ => return Ok(None),
        };
        let found = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        Ok(found.map(|value| value.trim().to_owned()))
    }

    /// The number of keys in database 0.
    pub fn dbsize(&mut self) -> Result<u64> {
        match self.call(&["DBSIZE"])? {
            Reply::Integer(keys) => Ok(u64::try_from(keys).unwrap_or(0)),
            other => Err(Error::Refused { request: "DBSIZE".into(), reply: format!("{other:?}") }),
        }
    }

    /// Runs a command line `count` times, pipelined, with key numbers 0, 1, 2 ... below `keys`.
    ///
    /// # Errors
    /// `Refused` with the first error reply; what was sent before it stays done.
    pub fn fill(&mut self, line: &str, count: u64, keys: u64, value: &[u8]) -> Result<()> {
        let template = Template::parse(line, value)?;
        let mut batch = Batch::new(vec![(1, template)], FILL_PIPELINE)?;
        let mut picker = Picker::new(Distribution::Sequential, keys, 0);
        let mut sent = 0;
        self.pump(line, |buffer| {
            let now = (count - sent).min(FILL_PIPELINE as u64);
            sent += now;
            buffer.extend_from_slice(batch.refresh(now as usize, &mut picker));
            now
        })
    }

    /// Sends batches as long as `next` has some: it appends requests to the buffer and returns their
    /// number, 0 for the end. Each batch is sent while the server still works on the one before it.
    pub fn pump(&mut self, label: &str, mut next: impl FnMut(&mut Vec<u8>) -> u64) -> Result<()> {
        let mut scanner = Scanner::default();
        let mut outstanding = 0;
        let mut buffer = Vec::new();
        let mut input = vec![0; 64 << 10];
        loop {
            buffer.clear();
            let added = next(&mut buffer);
            if added > 0 {
                self.send(&buffer)?;
            }
            outstanding += added;
            let allowed = added;
            while outstanding > allowed || (added == 0 && outstanding > 0) {
                let count = self.read(&mut input)?;
                outstanding = outstanding.saturating_sub(scanner.scan(&input[..count])?);
            }
            if let Some(reply) = scanner.first_error() {
                return Err(Error::Refused { request: label.to_owned(), reply });
            }
            if added == 0 {
                return Ok(());
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).map_err(|cause| Error::io("sending a request", cause))
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self.stream.read(buffer) {
            Ok(0) => Err(Error::Closed { outstanding: 1 }),
            Ok(count) => Ok(count),
            Err(cause) => Err(Error::io("waiting for a reply", cause)),
        }
    }

    fn reply(&mut self) -> Result<Reply> {
        let line = self.line()?;
        let Some((&kind, rest)) = line.split_first() else {
            return Err(Error::NotResp { byte: b'\r' });
        };
        let text = String::from_utf8_lossy(rest).into_owned();
        let number = text.parse::<i64>().unwrap_or(-1);
        Ok(match kind {
            b'+' => Reply::Simple(text),
            b'-' => Reply::Error(text),
            b':' => Reply::Integer(number),
            b'$' | b'*' if number < 0 => Reply::Null,
            b'$' => {
                let length = number.unsigned_abs() as usize;
                while self.input.len() - self.used < length + 2 {
                    self.more()?;
                }
                let body = self.input[self.used..self.used + length].to_vec();
                self.used += length + 2;
                Reply::Bulk(body)
            }
            b'*' => {
                let replies = (0..number).map(|_| self.reply()).collect::<Result<_>>()?;
                Reply::Array(replies)
            }
            byte => return Err(Error::NotResp { byte }),
        })
    }

    fn line(&mut self) -> Result<Vec<u8>> {
        loop {
            let rest = &self.input[self.used..];
            if let Some(end) = memchr::memchr(b'\n', rest) {
                let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]).to_vec();
                self.used += end + 1;
                return Ok(line);
            }
            self.more()?;
        }
    }

    fn more(&mut self) -> Result<()> {
        self.input.drain(..self.used);
        self.used = 0;
        let mut buffer = [0; 16 << 10];
        let count = self.read(&mut buffer)?;
        self.input.extend_from_slice(&buffer[..count]);
        Ok(())
    }
}
