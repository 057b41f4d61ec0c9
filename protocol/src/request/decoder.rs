//! Finds whole requests at the start of a buffer, and remembers one that is not whole yet.
//!
//! The state of a partial request is kept small on purpose, since a server holds one decoder per
//! connection. A few arguments are cheap to read again when more bytes come, so up to
//! [`REREAD_ARGS_MAX`] of them are not remembered at all; from there on their spans are boxed and
//! reading goes on behind them. Either way a call costs the new bytes plus a constant.

use memchr::memchr;

use super::{Batch, Limits, RequestError, Span, inline};
use crate::number::parse_i64;

/// Arguments of a partial request that are read again rather than remembered.
const REREAD_ARGS_MAX: usize = 32;

/// No line is being waited for.
const NO_LINE: u32 = u32::MAX;

/// Most bytes of a buffer that are looked at in one go, since a span counts in `u32`.
const VIEW_BYTES_MAX: usize = u32::MAX as usize;

/// Reads the requests of one connection.
///
/// Between calls it holds 16 bytes, and for a partial request of more than 32 arguments their
/// spans.
#[derive(Debug)]
pub struct Decoder {
    partial: Option<Box<Partial>>,
    /// Bytes needed before another attempt makes sense; 0 when idle.
    wanted: u32,
    /// Where the unfinished line starts that `wanted` waits for, or [`NO_LINE`].
    line: u32,
}

/// A partial request with many arguments. Offsets count from the start of the request.
#[derive(Debug)]
struct Partial {
    spans: Vec<Span>,
    next: usize,
    left: usize,
}

/// How far reading came.
enum Progress {
    /// A request or an empty one ends before this offset.
    Done { next: usize },
    /// More bytes are needed: `wanted` counts from the start of the buffer, `line` is where the
    /// unfinished line starts, if it is a line that is waited for.
    Waiting { next: usize, left: usize, wanted: usize, line: Option<usize> },
}

/// A line that holds a length.
enum Header {
    Whole { length: Option<i64>, next: usize },
    Part { wanted: usize },
}

/// Where to go on searching for the end of the one line that was unfinished last time.
#[derive(Clone, Copy)]
struct Resume {
    line: usize,
    from: usize,
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub const fn new() -> Decoder {
        Decoder { partial: None, wanted: 0, line: NO_LINE }
    }

    /// Decodes every whole request at the start of `buffer` into `batch` and returns how many bytes
    /// they took.
    ///
    /// The caller keeps what was not taken, which starts with the partial request if there is one,
    /// and calls again with that and more behind it. The batch should be empty: its places belong
    /// to this slice. Empty requests (`*0`, `*-1`, a line of blanks) are taken and not reported.
    ///
    /// A call costs a few nanoseconds per argument that arrived since the last one.
    ///
    /// # Errors
    /// The first malformed request, or one over a limit. The requests before it are in `batch`, and
    /// the decoder is as new: who raises the limits after running those (AUTH does) may decode
    /// again from [`Request::end`](super::Request::end) of the last one.
    pub fn decode(
        &mut self,
        buffer: &[u8],
        limits: &Limits,
        batch: &mut Batch,
    ) -> Result<usize, RequestError> {
        let buffer = buffer.get(..VIEW_BYTES_MAX).unwrap_or(buffer);
        if buffer.len() < self.wanted() {
            return Ok(0);
        }
        // Two bytes back, so that a CR that lacked its LF is found again.
        let from = self.wanted().saturating_sub(2);
        let resume = Resume { line: self.line as usize, from };
        self.wanted = 0;
        self.line = NO_LINE;

        let mut at = 0;
        if let Some(mut partial) = self.partial.take() {
            let Partial { spans, next, left } = &mut *partial;
            match arguments(buffer, 0, *next, *left, resume, limits, spans)? {
                Progress::Done { next } => {
                    let span_first = batch.spans.len();
                    batch.spans.extend_from_slice(spans);
                    batch.close(span_first, 0, next, false);
                    at = next;
                }
                Progress::Waiting { next, left, wanted, line } => {
                    (partial.next, partial.left) = (next, left);
                    self.partial = Some(partial);
                    self.wait(0, wanted, line);
                    return Ok(0);
                }
            }
        }
        while let Some(&first) = buffer.get(at) {
            // Only the first request of a buffer can be the one that was unfinished.
            let resume = if at == 0 { resume } else { Resume { line: usize::MAX, from: 0 } };
            let progress = if first == b'*' {
                self.multibulk(buffer, at, resume, limits, batch)?
            } else {
                words(buffer, at, resume, limits, batch)?
            };
            match progress {
                Progress::Done { next } => at = next,
                Progress::Waiting { wanted, line, .. } => {
                    self.wait(at, wanted, line);
                    break;
                }
            }
        }
        Ok(at)
    }

    /// A lower bound, in bytes from the start of the partial request, of what must be there before
    /// another call gets further; 0 when idle.
    ///
    /// It knows the argument that is arriving, not those behind it, so a reader that sizes its
    /// buffer by it takes at most [`Limits::bulk_bytes_max`] more than has arrived.
    #[inline]
    pub fn wanted(&self) -> usize {
        self.wanted as usize
    }

    /// Whether no request is partly read.
    #[inline]
    pub fn is_idle(&self) -> bool {
        self.wanted == 0
    }

    /// Heap bytes it holds for a partial request.
    pub fn weight(&self) -> usize {
        self.partial.as_ref().map_or(0, |partial| {
            size_of::<Partial>() + partial.spans.capacity() * size_of::<Span>()
        })
    }

    /// Where reading goes on and how many arguments are left, if spans are kept.
    #[cfg(test)]
    pub(super) fn progress(&self) -> Option<(usize, usize)> {
        self.partial.as_ref().map(|partial| (partial.next, partial.left))
    }

    fn wait(&mut self, start: usize, wanted: usize, line: Option<usize>) {
        // Both are under VIEW_BYTES_MAX: the buffer is, and a bulk beyond it has been refused.
        self.wanted = (wanted - start) as u32;
        self.line = line.map_or(NO_LINE, |line| (line - start) as u32);
    }

    /// Reads a request that is an array of bulk strings.
    #[inline]
    fn multibulk(
        &mut self,
        buffer: &[u8],
        start: usize,
        resume: Resume,
        limits: &Limits,
        batch: &mut Batch,
    ) -> Result<Progress, RequestError> {
        let too_big = RequestError::TooBigMultibulkCount;
        let (length, next) = match header(buffer, start, resume, limits, too_big)? {
            Header::Whole { length, next } => (length, next),
            Header::Part { wanted } => {
                return Ok(Progress::Waiting { next: start, left: 0, wanted, line: Some(start) });
            }
        };
        let Some(length) = length else { return Err(RequestError::InvalidMultibulkLength) };
        let Ok(count) = usize::try_from(length) else { return Ok(Progress::Done { next }) };
        if count == 0 {
            return Ok(Progress::Done { next });
        }
        if count > limits.args_max {
            return Err(too_many_args(count, limits));
        }
        let span_first = batch.spans.len();
        match arguments(buffer, start, next, count, resume, limits, &mut batch.spans) {
            Ok(Progress::Done { next }) => {
                batch.close(span_first, start, next, false);
                Ok(Progress::Done { next })
            }
            Ok(Progress::Waiting { next, left, wanted, line }) => {
                self.remember(&batch.spans[span_first..], start, next, left);
                batch.spans.truncate(span_first);
                Ok(Progress::Waiting { next, left, wanted, line })
            }
            Err(error) => {
                batch.spans.truncate(span_first);
                Err(error)
            }
        }
    }

    #[cold]
    fn remember(&mut self, spans: &[Span], start: usize, next: usize, left: usize) {
        if spans.len() <= REREAD_ARGS_MAX {
            return;
        }
        let moved = |span: &Span| Span { start: span.start - start as u32, len: span.len };
        let spans = spans.iter().map(moved).collect();
        self.partial = Some(Box::new(Partial { spans, next: next - start, left }));
    }
}

impl Default for Decoder {
    fn default() -> Decoder {
        Decoder::new()
    }
}

/// Reads `left` arguments from `at` on, of the request that starts at `start`.
#[inline]
fn arguments(
    buffer: &[u8],
    start: usize,
    mut at: usize,
    mut left: usize,
    resume: Resume,
    limits: &Limits,
    spans: &mut Vec<Span>,
) -> Result<Progress, RequestError> {
    let end_max = start.saturating_add(limits.request_bytes_max.min(VIEW_BYTES_MAX));
    let fence = buffer.len().min(end_max);
    while left > 0 {
        let too_big = RequestError::TooBigBulkCount;
        let (length, body) = match header(buffer, at, resume, limits, too_big)? {
            Header::Whole { length, next } => (length, next),
            Header::Part { wanted } => {
                return Ok(Progress::Waiting { next: at, left, wanted, line: Some(at) });
            }
        };
        if buffer[at] != b'$' {
            return Err(RequestError::ExpectedDollar(buffer[at]));
        }
        let length = match length.map(usize::try_from) {
            Some(Ok(length)) if length <= limits.bulk_bytes_max => length,
            length => return Err(invalid_bulk(length.and_then(Result::ok), limits)),
        };
        let end = body.saturating_add(length).saturating_add(2);
        if end > fence {
            if end > end_max {
                return Err(RequestError::TooBigRequest);
            }
            return Ok(Progress::Waiting { next: at, left, wanted: end, line: None });
        }
        // Redis takes any two bytes for the CRLF behind an argument, and so do we.
        spans.push(Span { start: body as u32, len: length as u32 });
        at = end;
        left -= 1;
    }
    Ok(Progress::Done { next: at })
}

/// Reads the line at `at`: one byte that the caller judges, a number, CR and any byte.
#[inline(always)]
fn header(
    buffer: &[u8],
    at: usize,
    resume: Resume,
    limits: &Limits,
    too_big: RequestError,
) -> Result<Header, RequestError> {
    match &buffer[at..] {
        [_, ones @ b'0'..=b'9', b'\r', _, ..] => {
            Ok(Header::Whole { length: Some(i64::from(ones - b'0')), next: at + 4 })
        }
        [_, tens @ b'1'..=b'9', ones @ b'0'..=b'9', b'\r', _, ..] => {
            let length = i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
            Ok(Header::Whole { length: Some(length), next: at + 5 })
        }
        _ => long_header(buffer, at, resume, limits, too_big),
    }
}

/// [`header`] without the short cut for small numbers.
fn long_header(
    buffer: &[u8],
    at: usize,
    resume: Resume,
    limits: &Limits,
    too_big: RequestError,
) -> Result<Header, RequestError> {
    match line_end(b'\r', buffer, at, resume, limits, too_big)? {
        Some(end) if end + 1 < buffer.len() => {
            let length = buffer.get(at + 1..end).and_then(parse_i64);
            Ok(Header::Whole { length, next: end + 2 })
        }
        Some(end) => Ok(Header::Part { wanted: end + 2 }),
        None => Ok(Header::Part { wanted: buffer.len() + 1 }),
    }
}

/// Reads a request that is a line of words.
#[cold]
fn words(
    buffer: &[u8],
    start: usize,
    resume: Resume,
    limits: &Limits,
    batch: &mut Batch,
) -> Result<Progress, RequestError> {
    let too_big = RequestError::TooBigInline;
    let Some(end) = line_end(b'\n', buffer, start, resume, limits, too_big)? else {
        let wanted = buffer.len() + 1;
        return Ok(Progress::Waiting { next: start, left: 0, wanted, line: Some(start) });
    };
    let line = &buffer[start..end];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (span_first, side_first) = (batch.spans.len(), batch.side.len());
    let too_many = too_many_args(limits.args_max, limits);
    let split = inline::split(line, limits.args_max, too_many, &mut batch.side, &mut batch.spans);
    if let Err(error) = split {
        batch.spans.truncate(span_first);
        batch.side.truncate(side_first);
        return Err(error);
    }
    if batch.spans.len() > span_first {
        batch.close(span_first, start, end + 1, true);
    }
    Ok(Progress::Done { next: end + 1 })
}

/// Where the line that starts at `at` has its `mark`.
///
/// The search stops at the limit and not at what has arrived, so a line is too long or not however
/// it was split into reads.
fn line_end(
    mark: u8,
    buffer: &[u8],
    at: usize,
    resume: Resume,
    limits: &Limits,
    too_big: RequestError,
) -> Result<Option<usize>, RequestError> {
    let from = if at == resume.line { resume.from.max(at) } else { at };
    let stop = at.saturating_add(limits.inline_bytes_max).saturating_add(1);
    let window = buffer.get(from..stop.min(buffer.len())).unwrap_or_default();
    match memchr(mark, window) {
        Some(found) => Ok(Some(from + found)),
        None if buffer.len() >= stop => Err(too_big),
        None => Ok(None),
    }
}

/// The words for a number of arguments over the limit: Redis tells a stranger so, unless it would
/// refuse that number from anybody.
#[cold]
fn too_many_args(count: usize, limits: &Limits) -> RequestError {
    if !limits.authenticated && count <= i32::MAX as usize {
        RequestError::UnauthenticatedMultibulkLength
    } else {
        RequestError::InvalidMultibulkLength
    }
}

/// The words for an argument that is over the limit or has no length; see [`too_many_args`].
#[cold]
fn invalid_bulk(length: Option<usize>, limits: &Limits) -> RequestError {
    match length {
        Some(length) if !limits.authenticated && length <= Limits::DEFAULT.bulk_bytes_max => {
            RequestError::UnauthenticatedBulkLength
        }
        _ => RequestError::InvalidBulkLength,
    }
}
