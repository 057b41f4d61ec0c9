//! How much one request may ask for.

/// Upper bounds for one request; each is checked before memory is taken for what it bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most arguments of a request, its name included.
    pub args_max: usize,
    /// Most bytes of one argument.
    pub bulk_bytes_max: usize,
    /// Most bytes of a line: an inline request, or the length of an array or of an argument.
    pub inline_bytes_max: usize,
    /// Most bytes of a request as it travels; what is over 4 GiB counts as 4 GiB - 1.
    pub request_bytes_max: usize,
    /// Whether the client has said who it is. It changes no limit, only the words of a refusal.
    pub authenticated: bool,
}

impl Limits {
    /// Redis's limits for a client that may run commands.
    ///
    /// The sizes are `proto-max-bulk-len`, `client-query-buffer-limit` and `PROTO_INLINE_MAX_SIZE`.
    pub const DEFAULT: Limits = Limits {
        args_max: 1024 * 1024,
        bulk_bytes_max: 512 * 1024 * 1024,
        inline_bytes_max: 64 * 1024,
        request_bytes_max: 1024 * 1024 * 1024,
        authenticated: true,
    };

    /// Limits for a client that has yet to authenticate: 10 arguments of 16 KiB.
    pub const fn unauthenticated() -> Limits {
        Limits { args_max: 10, bulk_bytes_max: 16 * 1024, authenticated: false, ..Limits::DEFAULT }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::DEFAULT
    }
}
