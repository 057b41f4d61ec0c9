//! A request that outlives its buffer.

use super::{Request, RequestError, Span};

/// A request with its own memory: what waits in MULTI, is parked, or goes to another thread.
///
/// The arguments lie in one allocation, their places in a second.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnedRequest {
    bytes: Box<[u8]>,
    spans: Box<[Span]>,
}

impl OwnedRequest {
    /// Copies arguments, the name first.
    ///
    /// # Panics
    /// When they are 4 GiB or more together. What comes from outside belongs in
    /// [`try_from_args`](OwnedRequest::try_from_args).
    pub fn from_args<'a>(args: impl IntoIterator<Item = &'a [u8]>) -> OwnedRequest {
        OwnedRequest::try_from_args(args).expect("arguments under 4 GiB")
    }

    /// Copies arguments, the name first.
    ///
    /// # Errors
    /// [`RequestError::TooBigRequest`] when they are 4 GiB or more together.
    pub fn try_from_args<'a>(
        args: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<OwnedRequest, RequestError> {
        let mut bytes = Vec::new();
        let mut spans = Vec::new();
        for arg in args {
            let end = bytes.len() as u64 + arg.len() as u64;
            if end > u64::from(u32::MAX) {
                return Err(RequestError::TooBigRequest);
            }
            spans.push(Span { start: bytes.len() as u32, len: arg.len() as u32 });
            bytes.extend_from_slice(arg);
        }
        Ok(OwnedRequest { bytes: bytes.into(), spans: spans.into() })
    }

    /// Copies a request: exactly two allocations.
    pub(super) fn from_request(request: Request<'_>) -> OwnedRequest {
        // The arguments came from one buffer of at most u32::MAX bytes and do not overlap.
        let mut bytes = Vec::with_capacity(request.args().map(<[u8]>::len).sum());
        let mut spans = Vec::with_capacity(request.len());
        for arg in request.args() {
            spans.push(Span { start: bytes.len() as u32, len: arg.len() as u32 });
            bytes.extend_from_slice(arg);
        }
        OwnedRequest { bytes: bytes.into(), spans: spans.into() }
    }

    /// The request, borrowed. Its start is 0, its end the sum of its arguments' bytes.
    #[inline]
    pub fn as_request(&self) -> Request<'_> {
        Request::of_owned(&self.bytes, &self.spans)
    }

    /// Heap bytes it holds.
    pub fn weight(&self) -> usize {
        self.bytes.len() + size_of_val(&*self.spans)
    }
}

impl std::fmt::Debug for OwnedRequest {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_request().fmt(to)
    }
}
