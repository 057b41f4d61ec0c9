//! Where the arguments of decoded requests lie, and the requests seen through that.

use super::OwnedRequest;

/// Capacity in spans and side bytes that an idle batch may keep; one huge request must not hold its
/// megabytes for ever.
const KEPT_SPANS_MAX: usize = 64 * 1024;
const KEPT_SIDE_BYTES_MAX: usize = 256 * 1024;

/// Where one argument lies in its buffer, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl Span {
    #[inline]
    pub(crate) fn of(self, buffer: &[u8]) -> Option<&[u8]> {
        let start = self.start as usize;
        buffer.get(start..start + self.len as usize)
    }
}

/// One request of a batch: its spans, and the bytes of the buffer it came from.
#[derive(Clone, Copy, Debug)]
struct Place {
    span_first: usize,
    span_count: u32,
    start: u32,
    end: u32,
    /// The spans lie in the side buffer.
    inline: bool,
}

/// The complete requests of one buffer, as places in it.
///
/// Meant to be kept by a thread and cleared for each buffer, so that steady work allocates nothing.
/// The places hold for the slice that was given to [`Decoder::decode`](super::Decoder::decode) and
/// for no other; with another buffer arguments come out wrong or empty, never out of bounds.
#[derive(Debug, Default)]
pub struct Batch {
    pub(super) spans: Vec<Span>,
    places: Vec<Place>,
    /// Arguments of inline requests: quotes and escapes keep them from being slices of the buffer.
    pub(super) side: Vec<u8>,
}

impl Batch {
    /// An empty batch; allocates nothing.
    pub fn new() -> Batch {
        Batch::default()
    }

    /// Forgets all requests and keeps a bounded amount of memory.
    #[inline]
    pub fn clear(&mut self) {
        self.spans.clear();
        self.places.clear();
        self.side.clear();
        if self.spans.capacity() > KEPT_SPANS_MAX {
            self.spans.shrink_to(KEPT_SPANS_MAX);
        }
        if self.places.capacity() > KEPT_SPANS_MAX {
            self.places.shrink_to(KEPT_SPANS_MAX);
        }
        if self.side.capacity() > KEPT_SIDE_BYTES_MAX {
            self.side.shrink_to(KEPT_SIDE_BYTES_MAX);
        }
    }

    /// How many requests there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no request.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The request with this number, in order of arrival. `buffer` is what was decoded.
    #[inline]
    pub fn get<'a>(&'a self, index: usize, buffer: &'a [u8]) -> Option<Request<'a>> {
        let place = self.places.get(index)?;
        let last = place.span_first + place.span_count as usize;
        let spans = self.spans.get(place.span_first..last)?;
        let buffer = if place.inline { self.side.as_slice() } else { buffer };
        Some(Request { buffer, spans, start: place.start, end: place.end })
    }

    /// All requests in order of arrival. `buffer` is what was decoded.
    pub fn iter<'a>(&'a self, buffer: &'a [u8]) -> impl ExactSizeIterator<Item = Request<'a>> {
        let missing = Request { buffer: &[], spans: &[], start: 0, end: 0 };
        (0..self.len()).map(move |index| self.get(index, buffer).unwrap_or(missing))
    }

    /// Adds a request whose arguments lie at these places of a buffer, the name first: requests
    /// that were written down otherwise than as RESP.
    ///
    /// Places beyond 4 GiB read as empty.
    pub fn push(&mut self, places: impl IntoIterator<Item = std::ops::Range<usize>>) {
        let span_first = self.spans.len();
        let mut end = 0;
        for place in places {
            end = place.end;
            let start = u32::try_from(place.start).unwrap_or(u32::MAX);
            let len = u32::try_from(place.len()).unwrap_or(u32::MAX);
            self.spans.push(Span { start, len });
        }
        self.close(span_first, 0, end, false);
    }

    /// Makes a request of the spans from `span_first` on.
    #[inline]
    pub(super) fn close(&mut self, span_first: usize, start: usize, end: usize, inline: bool) {
        // The decoder looks at no more than u32::MAX bytes, and a span takes some of them.
        let span_count = (self.spans.len() - span_first) as u32;
        let (start, end) = (start as u32, end as u32);
        self.places.push(Place { span_first, span_count, start, end, inline });
    }
}

/// One request: a name and its arguments, borrowed from the read buffer. Cheap to copy.
///
/// Nothing here panics: an argument that is not there reads as empty.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    buffer: &'a [u8],
    spans: &'a [Span],
    start: u32,
    end: u32,
}

impl<'a> Request<'a> {
    pub(super) fn of_owned(bytes: &'a [u8], spans: &'a [Span]) -> Request<'a> {
        Request { buffer: bytes, spans, start: 0, end: bytes.len() as u32 }
    }

    /// How many arguments, the name included. A decoded request has at least one.
    #[inline]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is not even a name.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The argument with this number; 0 is the name.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.spans.get(index).and_then(|span| span.of(self.buffer))
    }

    /// As [`get`](Request::get), with an empty slice for what is not there.
    #[inline]
    pub fn arg(&self, index: usize) -> &'a [u8] {
        self.get(index).unwrap_or_default()
    }

    /// The name of the command as the client spelled it.
    #[inline]
    pub fn name(&self) -> &'a [u8] {
        self.arg(0)
    }

    /// All arguments in order, the name first.
    #[inline]
    pub fn args(&self) -> Args<'a> {
        Args { buffer: self.buffer, spans: self.spans.iter() }
    }

    /// Where the request starts in the decoded slice, in bytes.
    #[inline]
    pub fn start(&self) -> usize {
        self.start as usize
    }

    /// Where the next request starts in the decoded slice, in bytes.
    #[inline]
    pub fn end(&self) -> usize {
        self.end as usize
    }

    /// A copy that outlives the buffer: two allocations.
    pub fn to_owned(&self) -> OwnedRequest {
        OwnedRequest::from_request(*self)
    }
}

impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_list().entries(self.args().map(Quoted)).finish()
    }
}

/// Prints bytes as text in quotes.
struct Quoted<'a>(&'a [u8]);

impl std::fmt::Debug for Quoted<'_> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "\"{}\"", self.0.escape_ascii())
    }
}

/// Equal arguments make equal requests, wherever they lie.
impl PartialEq for Request<'_> {
    fn eq(&self, other: &Request<'_>) -> bool {
        self.args().eq(other.args())
    }
}

impl Eq for Request<'_> {}

/// The arguments of a [`Request`], in order.
#[derive(Clone, Debug)]
pub struct Args<'a> {
    buffer: &'a [u8],
    spans: std::slice::Iter<'a, Span>,
}

impl<'a> Iterator for Args<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.spans.next().map(|span| span.of(self.buffer).unwrap_or_default())
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.spans.size_hint()
    }
}

impl DoubleEndedIterator for Args<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        self.spans.next_back().map(|span| span.of(self.buffer).unwrap_or_default())
    }
}

impl ExactSizeIterator for Args<'_> {}
